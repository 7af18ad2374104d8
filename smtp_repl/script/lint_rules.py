"""The rules of `check`: one table of what can be odd about a script, read by the linter, the docs and the tests.

Rules about the order of commands, their syntax and replies are those of the wire (`wire.events`, `wire.problems`) under
the same ids; what only a script can have stands here. To add a rule, add one row, and find it in one of the modules
beside this one. `{blanks}` of a message are filled with what was found, which is never a secret.
"""

from smtp_repl.script.model import Remark
from smtp_repl.wire.events import FINDINGS, Finding
from smtp_repl.wire.language import phrase
from smtp_repl.wire.problems import RULES as SYNTAX
from smtp_repl.wire.records import Record


class Rule(Record):
    """One row. `severity` is info, warning or error; only an error keeps a script from being played."""

    id: str
    severity: str
    message: str
    hint: str = ""


_WIRE = (
    "out-of-order",
    "no-ehlo-after-tls",
    "not-offered",
    "pipelining-not-offered",
    "step-not-base64",
    "unexpected-code",
    "enhanced-mismatch",
    "enhanced-bad",
    "body-as-commands",
)
"""What a conversation notices that goes for its script as well."""

_STRICT = "what a strict server would refuse: {name}"
_NEVER = frozenset({"verb-not-offered", "parameter-not-offered", "parameters-after-helo"})
"""Faults of syntax that depend on what a server offers; for scripts there is `not-offered`."""
_NEVER |= {"auth-line-too-long", "bad-mechanism", "bad-base64"}  # of what may be a secret: see `step-not-base64`

_OWN = (
    # what would never be sent, or never be answered
    Rule("ends-in-data", "warning", "the script ends inside a message: without C: . it is never sent"),
    Rule("unfinished-reply", "warning", 'this reply does not end: its last line has "-" after the code'),
    Rule(
        "unread-reply",
        "warning",
        "nobody expects the reply to {said}: it counts as drift",
        "write S: 2xx, or what it should be",
    ),
    Rule(
        "unanswered",
        "warning",
        "nothing is said that this reply could answer: it would be waited for",
        "a server answers each command once",
    ),
    Rule("said-after-close", "warning", "nothing can be said here: the server has closed the connection"),
    Rule("chunk-miscounted", "warning", "the chunk ends in the middle of this line: BDAT says {octets} octets too few"),
    Rule("chunk-unfinished", "warning", "this reply answers a chunk of which {octets} octets are missing"),
    Rule("data-not-due", "warning", "no message is due here", "@data comes behind C: DATA and S: 354"),
    # what would be said, and was not meant so
    Rule("literal-hole", "warning", "{hole} is sent as it stands; in a C~ line it would be filled in"),
    Rule("placeholder", "warning", "{text} looks like something that was to be replaced", "C~ with {{name}}, and @set"),
    Rule("stage-direction", "warning", "this looks like a stage direction, and is sent", "a remark begins with #"),
    Rule("roles-swapped", "warning", "the {who} does not say this", "write {other}: for what the {whom} says"),
    Rule(
        "secret-in-clear",
        "warning",
        "a password, or what takes its place, stands in this file",
        "C~ with {{auth.plain}}, {{auth.user}}, {{auth.pass}} or {{auth.reply}}, and @auth user=… before it",
    ),
    Rule("invisible-char", "warning", "a character stands in this line and cannot be seen"),
    Rule("control-char", "warning", "a control character stands in this line as it is"),
    Rule("bare-line-end", "info", "this line holds a CR or LF on its own", "on purpose? CRLF is \\r\\n"),
    Rule(
        "pipelined-group",
        "warning",
        "{verb} must be the last command of a group that is sent at once (RFC 2920 §3.1)",
    ),
    Rule(
        "unstuffed-dot",
        "warning",
        "the server takes the dot that begins this line of the message away (RFC 5321 §4.5.2)",
        "write two dots",
    ),
    Rule(
        "long-body-line",
        "warning",
        "this line of the message has {octets} octets; a server must take 998 (RFC 5321 §4.5.3.1.6)",
    ),
    # what has no effect, or comes too late
    Rule("unused-set", "warning", "nothing uses {{{name}}}"),
    Rule("late-require", "warning", "{keyword} was used before: it is too late to skip", "@require comes before it"),
    # the play
    Rule("self-play", "error", "this does not hold even when the script itself is the server: {why}"),
    Rule("not-played", "info", "the script was read and not played against itself: {why}"),
)

_HINTS = {"step-not-base64": "C~ {b64:text} encodes"}
"""Where the wire's own hint is for somebody who sits at a shell."""


def _wire_rows() -> list[tuple[str, Finding]]:
    return [(name, FINDINGS[name]) for name in _WIRE]


def _severity(found: Finding) -> str:
    """However grave it is on the wire, a script that says it can be played."""
    return "info" if found.severity == "info" else "warning"


RULES: dict[str, Rule] = {
    **{
        name: Rule(name, "warning", _STRICT.format(name=name.replace("-", " ")))
        for name in SYNTAX
        if name not in _NEVER
    },
    **{name: Rule(name, _severity(row), row.message, _HINTS.get(name, row.hint)) for name, row in _wire_rows()},
    **{row.id: row for row in _OWN},
}


def lint_remark(rule: str, line: int, column: int, width: int = 1, **facts: object) -> Remark:
    """The remark of a rule with its blanks filled. Raises KeyError for a rule that is none."""
    row = RULES[rule]
    message, hint = phrase(row.message, **facts), phrase(row.hint, **facts)
    return Remark(rule, message, line, column, row.severity, hint, width)


def wire_remark(found: Finding, line: int, column: int) -> Remark:
    """What a conversation found, as a remark on a script."""
    hint = _HINTS.get(found.rule, found.hint)
    return Remark(found.rule, found.message, line, column, _severity(found), hint)
