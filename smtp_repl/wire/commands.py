"""Commands: what a client says, and what a strict server would have against the way it is said (RFC 5321 §4.1).

Form only: whether a command is due here is a matter of phases (see `states`). Nothing is refused: `check_syntax`
tells the problems, and whoever asked does with them what it likes (a warning for the person who typed the line,
a 501 for the client of the practice server). The one thing that raises is `build`, which takes parts from people
and files and must not let a line end through.
"""

import re

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import N_, phrase
from smtp_repl.wire.path_syntax import check_path
from smtp_repl.wire.paths import Path, check_domain, parse_path
from smtp_repl.wire.problems import RULES, Problem, problem, write_like
from smtp_repl.wire.records import Record
from smtp_repl.wire.verbs import PARAMETERS, VERBS, Parameter, VerbSyntax, near_verb, parameters_of

__all__ = [
    "LINE_LIMIT",
    "PARAMETERS",
    "RULES",
    "VERBS",
    "Command",
    "Parameter",
    "Path",
    "Problem",
    "VerbSyntax",
    "build",
    "check_syntax",
    "near_verb",
    "parse_command",
    "parse_path",
]

LINE_LIMIT = 512
"""Octets of a command line with its CRLF (RFC 5321 §4.5.3.1.4); parameters add to it."""
AUTH_LINE_LIMIT = 12288
"""Octets of a line of an AUTH exchange with its CRLF (RFC 4954 §4)."""


class Command(Record):
    """A command line as sent, without its line end.

    `verb` is in upper case, and "" when the line does not begin with printable ASCII; `argument` is everything
    after the verb and one blank.
    """

    line: bytes
    verb: str
    argument: bytes


def parse_command(line: bytes) -> Command:
    """Split a line (bytes without line end) into verb and argument. Never raises."""
    word, _, argument = line.partition(b" ")
    # bytes.upper() knows ASCII only; str.upper() makes an S of U+017F.
    verb = word.upper().decode("ascii") if word.isascii() else ""
    return Command(line, verb if verb.isprintable() else "", argument)


_CONTROL = rb"[\x00-\x1f\x7f]"
_MECHANISM = rb"[A-Za-z0-9_-]{1,20}"
_STEP = rb"=|(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_SIZE = rb"[0-9]{1,20}"
_ATTRIBUTE = rb"[A-Za-z][A-Za-z0-9_-]*=[!-~]*"


def check_syntax(
    command: Command,
    *,
    smtputf8: bool = False,
    extended: bool = True,
    offered: frozenset[str] | None = None,
) -> tuple[Problem, ...]:
    """What a strict server would have against this command, the gravest first; empty when nothing.

    `smtputf8` tells that MAIL had that parameter, `extended` that EHLO was said and not HELO, `offered` the
    upper-case EHLO keywords; None where they are not known, and then everything counts as offered.
    """
    if not command.line.strip(b" "):
        return (problem("empty-line", "An empty line is no command", 0, "write QUIT to leave"),)
    control = re.search(_CONTROL, command.line)
    if control is not None:
        what = N_("TAB is not a blank here") if control[0] == b"\t" else N_("The line holds a control character")
        return (problem("control-char", what, control.start()),)
    syntax = VERBS.get(command.verb)
    length = len(command.line) + 2
    if syntax is None or syntax.status == "pseudo":
        return (_unknown(command), *_check_length(length, LINE_LIMIT, "line-over-512"))
    found: list[Problem] = []
    if syntax.keyword and offered is not None and syntax.keyword not in offered:
        missing = phrase("{verb} is not offered here", verb=command.verb)
        found.append(problem("verb-not-offered", missing, 0))
    rule = "auth-line-too-long" if syntax.argument == "auth" else "line-over-512"
    found += _check_length(length, _line_limit(syntax, extended, offered), rule)
    if syntax.argument == "path":
        found += check_path(command.verb, command.argument, smtputf8, extended, offered)
    else:
        found += _CHECKS[syntax.argument](command, syntax)
    return tuple(found)


def _line_limit(syntax: VerbSyntax, extended: bool, offered: frozenset[str] | None) -> int:
    if syntax.argument == "auth":
        return AUTH_LINE_LIMIT
    if not (extended and syntax.takes_parameters):
        return LINE_LIMIT
    known = parameters_of(syntax.verb).values()
    usable = (parameter for parameter in known if offered is None or parameter.keyword in offered)
    return LINE_LIMIT + sum(parameter.octets for parameter in usable)


def _check_length(octets: int, limit: int, rule: str) -> list[Problem]:
    if octets <= limit:
        return []
    what = phrase("The line has {octets} octets with its end; a server must take {limit}", octets=octets, limit=limit)
    return [problem(rule, what, limit)]


def _unknown(command: Command) -> Problem:
    if command.line.startswith(b" "):
        return problem("unknown-verb", "A command begins without a blank", 0)
    if command.verb in VERBS:
        dot = N_("A lone dot ends a message, and none is open")
        what = dot if command.verb == "." else N_("No AUTH is open to cancel")
        return problem("unknown-verb", what, 0)
    near = near_verb(command.verb)
    if near is not None:
        return problem("unknown-verb", phrase("Unknown command; did you mean {verb}?", verb=near), 0)
    return problem("unknown-verb", "Unknown command", 0, "write HELP for a list")


def _check_nothing(command: Command, syntax: VerbSyntax) -> list[Problem]:
    if not command.argument.strip(b" "):  # RFC 5321 §4.1.1: trailing blanks should be tolerated
        return []
    verb = command.verb
    return [
        problem(
            "argument-unwanted",
            phrase("{verb} takes no argument", verb=verb),
            len(verb) + 1,
            phrase("write {verb} alone", verb=verb),
        )
    ]


def _check_anything(command: Command, syntax: VerbSyntax) -> list[Problem]:
    return []


def _check_text(command: Command, syntax: VerbSyntax) -> list[Problem]:
    if command.argument.strip(b" "):
        return []
    return [_missing(command, syntax)]


def _missing(command: Command, syntax: VerbSyntax) -> Problem:
    return problem(
        "argument-missing",
        phrase("{verb} needs an argument", verb=command.verb),
        len(command.line),
        write_like(_EXAMPLES.get(command.verb, syntax.form)),
    )


def _check_domain(command: Command, syntax: VerbSyntax) -> list[Problem]:
    name = command.argument.strip(b" ")
    if not name:
        return [_missing(command, syntax)]
    column = command.line.index(name, len(command.verb))
    hint = write_like(_EXAMPLES[command.verb])
    if b" " in name:
        return [problem("argument-unwanted", phrase("{verb} takes one host name", verb=command.verb), column, hint)]
    if not name.isascii():
        return [problem("bad-host-name", "A host name is ASCII here", column, 'write its "xn--" form')]
    reason = check_domain(name)
    return [problem("bad-host-name", reason, column, hint)] if reason else []


def _check_auth(command: Command, syntax: VerbSyntax) -> list[Problem]:
    # Nothing of the argument may show in a message or a hint: it can be a password.
    words = command.argument.split()
    column = len(command.verb) + 1
    if not words:
        return [_missing(command, syntax)]
    if re.fullmatch(_MECHANISM, words[0]) is None:
        return [problem("bad-mechanism", "This is not the name of a mechanism", column, write_like("AUTH PLAIN"))]
    column += command.argument.index(words[0]) + len(words[0]) + 1
    if len(words) > 2:
        return [problem("argument-unwanted", "AUTH takes a mechanism and one step", column)]
    if len(words) == 2 and re.fullmatch(_STEP, words[1]) is None:
        return [problem("bad-base64", "What follows the mechanism is not base64", column)]
    return []


def _check_chunk(command: Command, syntax: VerbSyntax) -> list[Problem]:
    words = command.argument.split()
    if not words:
        return [_missing(command, syntax)]
    column = len(command.verb) + 1
    hint = N_("write BDAT 120, or BDAT 120 LAST")
    if re.fullmatch(_SIZE, words[0]) is None:
        return [problem("bad-chunk-size", "BDAT needs a number of octets", column, hint)]
    if len(words) > 2 or (len(words) == 2 and words[1].upper() != b"LAST"):
        unwanted = column + command.argument.index(words[0]) + len(words[0]) + 1
        return [problem("argument-unwanted", "Only LAST may follow the number of octets", unwanted, hint)]
    return []


def _check_attributes(command: Command, syntax: VerbSyntax) -> list[Problem]:
    words = command.argument.split()
    if not words:
        return [_missing(command, syntax)]
    bad = [word for word in words if re.fullmatch(_ATTRIBUTE, word) is None]
    column = len(command.verb) + 1
    return [
        problem("bad-attribute", phrase("{verb} takes NAME=value only", verb=command.verb), column) for _ in bad[:1]
    ]


_EXAMPLES = {
    "EHLO": "EHLO client.example.org",
    "HELO": "HELO client.example.org",
    "LHLO": "LHLO client.example.org",
    "AUTH": "AUTH PLAIN",
    "BDAT": "BDAT 120 LAST",
    "VRFY": "VRFY b@example.com",
    "ETRN": "ETRN example.org",
}

_CHECKS = {
    "none": _check_nothing,
    "optional": _check_anything,
    "text": _check_text,
    "domain": _check_domain,
    "chunk": _check_chunk,
    "auth": _check_auth,
    "attributes": _check_attributes,
}


def build(verb: str, *words: str) -> bytes:
    """A command line without line end from parts that people or files gave. Raises `UsageError`.

    `kind` is control-char when a part holds one (nothing must be sent then: RFC 5321 §4.1.1 ends a command at
    CRLF, so a line end inside a part would begin another command), bad-verb when the verb is no word.
    """
    if not verb or not verb.isascii() or not verb.isprintable() or " " in verb:
        raise UsageError("this is no SMTP verb", "a verb is one word in ASCII", kind="bad-verb")
    for word in words:
        if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in word):
            raise UsageError(
                phrase("the argument of {verb} holds a control character; nothing was sent", verb=verb),
                "/raw sends exact bytes",
                kind="control-char",
            )
    try:
        return " ".join((verb, *words)).encode()
    except UnicodeEncodeError:
        raise UsageError(phrase("the argument of {verb} is not UTF-8", verb=verb), kind="bad-utf8") from None
