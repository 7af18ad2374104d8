"""The Pygments lexers: `SmtpLexer` for scripts and transcripts, `SmtpInputLexer` for what is typed in the shell.

`SmtpLexer` is the entry point `smtp` of Pygments, so `pygmentize -l smtp FILE` works. It walks line by line and
remembers one thing: whether client lines are commands, a step of AUTH, or a message. A reader may therefore begin
at any line, as prompt_toolkit does in long texts. Knows neither colours nor terminals (see `styles`).
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import Error, Name, Operator, String, Whitespace, _TokenType

from smtp_repl.view.spans import (
    CLIENT_TAG,
    NOTE,
    REMARK,
    SERVER_TAG,
    Span,
    body_spans,
    bytes_spans,
    command_spans,
    directive_spans,
    header_spans,
    reply_spans,
    slash_spans,
    step_spans,
    with_holes,
)


class Place(Enum):
    """What a client line is here."""

    COMMAND = "command"
    STEP = "step"
    HEADER = "header"
    BODY = "body"


_TAG = re.compile(r"([ \t]*)([CS])(\[[^\]]*\])?(?:([?*!]?)([:~=])(?=\s|$)|(=?)(?=\"))")
_NOTES = {"{": "}", "(": ")", "[": "]", "<": ">"}


class _LineLexer(Lexer):
    """A lexer that reads one line at a time; what it remembers between lines is `Place`."""

    place: ClassVar[Place] = Place.COMMAND
    """Where the first line stands."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Every span with its offset; the pieces joined are the text, whatever it is."""
        place = type(self).place
        at = 0
        # Not splitlines(): U+2028 and its kin end no line here.
        for line in text.split("\n"):
            content = line.removesuffix("\r")
            spans, place = self._line(content, place, at == 0)
            end = text[at + len(content) : at + len(line) + 1]
            for token, piece in _joined([*spans, (Whitespace, end)]):
                yield at, token, piece
                at += len(piece)

    def _line(self, content: str, place: Place, first: bool) -> tuple[list[Span], Place]:
        raise NotImplementedError


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Without empty spans, and neighbours of one kind as one."""
    held, text = spans[0]
    for token, piece in spans[1:]:
        if token is held or not piece:
            text += piece
            continue
        if text:
            yield held, text
        held, text = token, piece
    if text:
        yield held, text


class SmtpLexer(_LineLexer):
    """Scripts and transcripts in the `C:`/`S:` notation."""

    name = "SMTP conversation"
    aliases: ClassVar[list[str]] = ["smtp"]
    filenames: ClassVar[list[str]] = ["*.smtp"]
    mimetypes: ClassVar[list[str]] = ["text/x-smtp"]
    url = "https://www.rfc-editor.org/rfc/rfc5321#appendix-D"

    @staticmethod
    def analyse_text(text: str) -> float:
        """How sure Pygments may be that a text without a known name is one of ours."""
        if re.search(r"^S: 220[ -]", text, re.MULTILINE):
            return 0.6 if re.search(r"^C: (?:EHLO|HELO|LHLO) ", text, re.MULTILINE) else 0.2
        return 0.0

    def _line(self, content: str, place: Place, first: bool) -> tuple[list[Span], Place]:
        spans: list[Span] = []
        if first and content.startswith("\ufeff"):
            spans.append((Whitespace, "\ufeff"))
            content = content[1:]
        tag = _TAG.match(content)
        if tag is not None:
            return _wire_line(spans, content, tag, place)
        bare = content.strip()
        indent = content[: len(content) - len(content.lstrip())]
        spans.append((Whitespace, indent))
        rest = content[len(indent) :]
        if rest.startswith("@"):
            spans += directive_spans(rest)
            # The file of @data has its own final dot.
            return spans, Place.COMMAND if rest.startswith("@data") else place
        token = REMARK if bare.startswith("#") else NOTE if _is_note(bare) else Error
        return [*spans, (token if bare else Whitespace, rest)], place


def _is_note(bare: str) -> bool:
    if bare.startswith(("...", "---", "…")):
        return True
    return len(bare) > 1 and bare[0] in _NOTES and bare.endswith(_NOTES[bare[0]])


def _wire_line(spans: list[Span], content: str, tag: re.Match[str], place: Place) -> tuple[list[Span], Place]:
    side, connection, mod, form = tag[2], tag[3] or "", tag[4] or "", tag[5] or ""
    token = CLIENT_TAG if side == "C" else SERVER_TAG
    spans += [(Whitespace, tag[1]), (token, side), (Name.Label, connection), (Operator, mod)]
    spans.append((Operator, tag[6] or "") if not form else (token if form == ":" else Operator, form))
    payload = content[tag.end() :]
    if not form:
        return [*spans, *bytes_spans(payload)], _after_bytes(side, payload, place)
    # One blank is syntax, the rest is payload.
    spans.append((Whitespace, payload[:1]))
    payload = payload[1:]
    if side == "C":
        inner, place = _client_spans(payload, place)
    elif mod == "!":
        inner = [(String, payload)]
    else:
        inner = list(reply_spans(payload))
        place = _after_reply(payload, place)
    return [*spans, *(with_holes(inner, payload) if form == "~" else inner)], place


def _client_spans(text: str, place: Place) -> tuple[list[Span], Place]:
    """A line of the client, and what the next one is if the server agrees."""
    match place:
        case Place.STEP:
            return list(step_spans(text)), Place.COMMAND
        case Place.HEADER | Place.BODY if text == ".":
            return list(body_spans(text)), Place.COMMAND
        case Place.HEADER if text and not text.startswith("."):
            return list(header_spans(text)), Place.HEADER
        case Place.HEADER | Place.BODY:
            return list(body_spans(text)), Place.BODY
        case _:
            is_data = text.rstrip(" \t").upper() == "DATA"
            return list(command_spans(text)), Place.HEADER if is_data else Place.COMMAND


def _after_reply(text: str, place: Place) -> Place:
    """A 334 asks for a step, a 354 for a message, and a refusal of either ends it."""
    if text.startswith("334"):
        return Place.STEP
    if text.startswith("354"):
        return place if place is Place.BODY else Place.HEADER
    return Place.COMMAND if text[:1] in ("4", "5") else place


def _after_bytes(side: str, text: str, place: Place) -> Place:
    is_end = side == "C" and place in (Place.HEADER, Place.BODY) and text.rstrip().endswith('\\r\\n.\\r\\n"')
    return Place.COMMAND if is_end else place


class SmtpInputLexer(_LineLexer):
    """What is typed at the prompt `C: `: a bare command, or a `/command`."""

    name = "SMTP input"
    aliases: ClassVar[list[str]] = ["smtp-input"]
    filenames: ClassVar[list[str]] = []

    def _line(self, content: str, place: Place, first: bool) -> tuple[list[Span], Place]:
        if place in (Place.COMMAND, Place.STEP) and content.startswith("/"):
            if not content.startswith("//"):
                return list(slash_spans(content)), place
            inner, place = _client_spans(content[1:], place)
            return [(String.Escape, "/"), *inner], place
        return _client_spans(content, place)


class SmtpStepLexer(SmtpInputLexer):
    """What is typed when a 334 is pending: base64, the star, or a `/command`."""

    name = "SMTP AUTH step"
    aliases: ClassVar[list[str]] = ["smtp-step"]
    place: ClassVar[Place] = Place.STEP


class SmtpMessageLexer(SmtpInputLexer):
    """What is typed after a 354: a message; a slash means nothing here."""

    name = "SMTP message"
    aliases: ClassVar[list[str]] = ["smtp-message"]
    place: ClassVar[Place] = Place.HEADER


def tokens(text: str) -> list[tuple[_TokenType, str]]:
    """The tokens of lines of a transcript, line ends as given; the pieces joined are the text."""
    return [(token, piece) for _, token, piece in SmtpLexer().get_tokens_unprocessed(text)]
