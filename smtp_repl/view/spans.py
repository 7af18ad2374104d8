"""Spans: the pieces of one line of an SMTP conversation, each with the Pygments token that says what it is.

Every function takes a piece of a line without its line end and gives spans whose texts, joined, are that piece:
nothing is lost, changed or judged. Which words are verbs, parameters, keywords and directives is read from the
tables of `wire` and `script`. Knows neither colours nor where in a session the line stands (see `lexer`).
Every pattern takes time linear in the line: what is being typed is read anew at each key.
"""

import re
from collections.abc import Iterable, Iterator

from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
    _TokenType,
)

from smtp_repl.script.directives import DIRECTIVES
from smtp_repl.wire.extensions import EXTENSIONS
from smtp_repl.wire.verbs import PARAMETERS, VERBS

Kind = _TokenType
Span = tuple[Kind, str]

CLIENT_TAG = Generic.Prompt.Client
SERVER_TAG = Generic.Prompt.Server
VERB = Keyword
UNKNOWN_VERB = Name.Other
PATH_KEYWORD = Keyword.Pseudo
ADDRESS = String.Address
PARAMETER = Name.Attribute
MECHANISM = Name.Class
STEP = String.Other
KEYWORD = Name.Builtin
ENHANCED = Number.Float
REPLY_TEXT = Generic.Output
HEADER = Name.Tag
SLASH_COMMAND = Name.Function
DIRECTIVE = Name.Decorator
NOTE = Comment.Special
REMARK = Comment.Single
CODES = {"2": Generic.Inserted, "3": Generic.Subheading, "4": Generic.Deleted, "5": Generic.Error}
"""Reply codes by class: done, go on, not now, no."""

_PARAMETER_NAMES = frozenset(parameter.name for parameter in PARAMETERS)

_WORD = re.compile(r"(\S*)(\s*)(.*)", re.DOTALL)
_PATH = re.compile(r'<(?:"(?:[^"\\]|\\.)*"|[^>"])*>', re.DOTALL)
_OPEN_PATH = re.compile(r"<[^>]*>?", re.DOTALL)
_PATH_KEYWORD = re.compile(r"([A-Za-z]+ *:)( *)")
_REPLY = re.compile(r"([0-9][0-9x]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?=\s|$)")
_KEYWORD = re.compile(r"([A-Z0-9][A-Z0-9_-]*)(=?)")
_HEADER = re.compile(r"([!-9;-~]+)(:)(.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"(@[A-Za-z0-9-]*)(\[[^\]]*\]?)?(.*)", re.DOTALL)
_PIECE = re.compile(r'(\\x[0-9A-Fa-f]{2}|\\[rnt0\\"])|\\.?|"|[^"\\]+', re.DOTALL)
_BETWEEN = re.compile(r'"|\s+|(\*)([0-9]+)|[^"\s*]+|\*', re.DOTALL)
_WORDS = re.compile(r"\s+|\S+")


def command_spans(text: str) -> Iterator[Span]:
    """A command line: verb, then what the verb's row in `VERBS` says of its argument."""
    found = _match(_WORD, text)
    syntax = VERBS.get(found[1].upper()) if found[1].isascii() else None
    yield (VERB if syntax else UNKNOWN_VERB), found[1]
    yield Whitespace, found[2]
    argument = found[3]
    match syntax.argument if syntax else "":
        case "path":
            yield from _path_spans(argument)
        case "auth":
            yield from _auth_spans(argument)
        case "attributes":
            yield from _parameter_spans(argument)
        case "domain":
            yield ADDRESS, argument
        case "chunk":
            yield from _plain_spans(argument)
        case _:
            yield Text, argument


def _path_spans(text: str) -> Iterator[Span]:
    keyword = _PATH_KEYWORD.match(text)
    if keyword is not None:
        yield PATH_KEYWORD, keyword[1]
        yield Whitespace, keyword[2]
        text = text[keyword.end() :]
    path = _PATH.match(text) or _OPEN_PATH.match(text)
    if path is None:
        found = _match(_WORD, text)
        yield ADDRESS, found[1]
        text = text[len(found[1]) :]
    else:
        closed = path[0].endswith(">")
        yield Punctuation, "<"
        yield ADDRESS, path[0][1:-1] if closed else path[0][1:]
        yield Punctuation, ">" if closed else ""
        text = text[path.end() :]
    yield from _parameter_spans(text)


def _parameter_spans(text: str) -> Iterator[Span]:
    for word in _WORDS.findall(text):
        name, equals, value = word.partition("=")
        if name.isspace():
            yield Whitespace, name
            continue
        yield (PARAMETER if name.upper() in _PARAMETER_NAMES else Name), name
        yield Operator, equals
        yield (Number.Integer if value.isdigit() else String), value


def _auth_spans(text: str) -> Iterator[Span]:
    found = _match(_WORD, text)
    yield MECHANISM, found[1]
    yield Whitespace, found[2]
    yield STEP, found[3]


def _plain_spans(text: str) -> Iterator[Span]:
    for word in _WORDS.findall(text):
        yield (Whitespace if word.isspace() else Number.Integer if word.isdigit() else Name), word


def step_spans(text: str) -> Iterator[Span]:
    """A line that answers a 334: base64, or the star that cancels."""
    yield (VERB if text == "*" else STEP), text


def reply_spans(text: str) -> Iterator[Span]:
    """A reply line: code by class, enhanced code, and in a 250 the EHLO keyword with its parameters."""
    found = _REPLY.fullmatch(text)
    if found is None:
        yield REPLY_TEXT, text
        return
    yield CODES.get(found[1][0], Number), found[1]
    yield Punctuation, found[2] or ""
    rest = found[3] or ""
    enhanced = _ENHANCED.match(rest)
    if enhanced is not None:
        yield ENHANCED, enhanced[1]
        rest = rest[enhanced.end() :]
    elif found[1] == "250" and (keyword := _KEYWORD.match(rest)) and keyword[1] in EXTENSIONS:
        yield KEYWORD, keyword[1]
        yield Operator, keyword[2]
        yield from _offer_spans(keyword[1], rest[keyword.end() :])
        return
    yield REPLY_TEXT, rest


def _offer_spans(keyword: str, text: str) -> Iterator[Span]:
    other = MECHANISM if keyword in ("AUTH", "X-EXPS") else REPLY_TEXT
    for word in _WORDS.findall(text):
        yield (Whitespace if word.isspace() else Number.Integer if word.isdigit() else other), word


def header_spans(text: str) -> Iterator[Span]:
    """A line of a message header; a folded line is text."""
    found = _HEADER.fullmatch(text)
    if found is None:
        yield Text, text
        return
    yield HEADER, found[1]
    yield Punctuation, found[2]
    yield Text, found[3]


def body_spans(text: str) -> Iterator[Span]:
    """A line of a message body; of a doubled dot the first is only transparency (RFC 5321 §4.5.2)."""
    if text.startswith("."):
        yield (VERB if text == "." else String.Escape), "."
        text = text[1:]
    yield Text, text


def slash_spans(text: str) -> Iterator[Span]:
    """A `/command` of the shell."""
    found = _match(_WORD, text)
    yield SLASH_COMMAND, found[1]
    yield Whitespace, found[2]
    yield Text, found[3]


def directive_spans(text: str) -> Iterator[Span]:
    """A directive of a script; a word that no row of `DIRECTIVES` has is an error."""
    found = _match(_DIRECTIVE, text)
    yield (DIRECTIVE if found[1][1:] in DIRECTIVES else Error), found[1]
    yield Name.Label, found[2] or ""
    yield Text, found[3]


def bytes_spans(text: str) -> Iterator[Span]:
    r"""Exact bytes: `"…\r\n" "A"*1000`."""
    at = 0
    quoted = False
    while at < len(text):
        found = _match(_PIECE if quoted else _BETWEEN, text, at)
        piece = found[0]
        at = found.end()
        if piece == '"':
            quoted = not quoted
            yield String.Double, piece
        elif quoted:
            token = String.Escape if found[1] else Error if piece.startswith("\\") else String.Double
            yield token, piece
        elif found[1]:
            yield Operator, found[1]
            yield Number.Integer, found[2]
        else:
            yield (Whitespace if piece.isspace() else Error), piece


def with_holes(spans: Iterable[Span], text: str) -> Iterator[Span]:
    """The spans of a text with those of its holes (`{name:regex}`, `{{`) laid over them."""
    holes = _holes(text)
    start, hole = next(holes, (len(text), []))
    covered = at = 0
    for token, piece in spans:
        at += len(piece)
        while start < at:
            yield token, text[covered:start]
            yield from hole
            covered = start + sum(len(part) for _, part in hole)
            start, hole = next(holes, (len(text), []))
        yield token, text[covered:at]
        covered = max(covered, at)


def _holes(text: str) -> Iterator[tuple[int, list[Span]]]:
    at = 0
    while (at := _next_brace(text, at)) >= 0:
        if text[at : at + 2] in ("{{", "}}"):
            yield at, [(String.Escape, text[at : at + 2])]
            at += 2
        elif text[at] == "}":
            yield at, [(Error, "}")]
            at += 1
        else:
            end = _closing(text, at)
            if end < 0:
                yield at, [(Error, text[at:])]
                return
            name, colon, rest = text[at + 1 : end].partition(":")
            middle = [(Name.Variable, name), (Operator, colon), (String.Regex, rest)]
            yield at, [(String.Interpol, "{"), *middle, (String.Interpol, "}")]
            at = end + 1


def _next_brace(text: str, at: int) -> int:
    places = [place for place in (text.find("{", at), text.find("}", at)) if place >= 0]
    return min(places, default=-1)


def _closing(text: str, at: int) -> int:
    """Where the hole that begins at `at` ends, braces inside balanced; -1 when it does not."""
    depth = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return at
        at += 1
    return -1


def _match(pattern: re.Pattern[str], text: str, at: int = 0) -> re.Match[str]:
    found = pattern.match(text, at)
    assert found is not None  # noqa: S101 (these patterns match any text; mypy cannot know)
    return found
