"""What a strict server has against a command: one row per kind of fault, with the answer that it gets.

The rows know codes and sections, not how a fault is found; the checks stand in `commands` and `path_syntax`.
"""

from smtp_repl.wire.language import Phrase, phrase
from smtp_repl.wire.records import Record


class Problem(Record):
    """What a strict server has against a command.

    `rule` is a key of `RULES`; `code` and `enhanced` are what such a server answers, `column` (from 1) is the
    octet where the trouble begins. `hint` tells how to write it, and may be empty. Both texts are what such a
    server says, so in English; who shows them to a person calls `_`.
    """

    rule: str
    message: str
    code: int
    enhanced: str
    column: int
    hint: str = ""
    ref: str = ""


class Rule(Record):
    """The answer to a kind of syntax fault; `for_recipient` is the answer where RCPT gets another one."""

    code: int
    enhanced: str
    ref: str
    for_recipient: tuple[int, str] | None = None


RULES: dict[str, Rule] = {
    "empty-line": Rule(500, "5.5.2", "RFC 5321 §4.1.1"),
    "control-char": Rule(501, "5.5.2", "RFC 5321 §4.1.2"),
    "line-over-512": Rule(500, "5.5.2", "RFC 5321 §4.5.3.1.4"),
    "auth-line-too-long": Rule(500, "5.5.6", "RFC 4954 §4"),
    "unknown-verb": Rule(500, "5.5.1", "RFC 5321 §4.2.4"),
    "verb-not-offered": Rule(502, "5.5.1", "RFC 5321 §4.2.4"),
    "argument-missing": Rule(501, "5.5.4", "RFC 5321 §4.1.1"),
    "argument-unwanted": Rule(501, "5.5.4", "RFC 5321 §4.1.1"),
    "bad-host-name": Rule(501, "5.5.4", "RFC 5321 §4.1.1.1"),
    "missing-keyword": Rule(501, "5.5.4", "RFC 5321 §4.1.1"),
    "blank-before-colon": Rule(501, "5.5.4", "RFC 5321 §4.1.2"),
    "blank-after-colon": Rule(501, "5.5.4", "RFC 5321 §4.1.2"),
    "missing-address": Rule(501, "5.5.4", "RFC 5321 §4.1.2"),
    "missing-brackets": Rule(501, "5.5.4", "RFC 5321 §4.1.2"),
    "missing-blank": Rule(501, "5.5.4", "RFC 5321 §4.1.2"),
    "null-recipient": Rule(501, "5.1.3", "RFC 5321 §4.1.1.3"),
    "no-domain": Rule(501, "5.1.7", "RFC 5321 §4.1.2", (501, "5.1.3")),
    "bad-local-part": Rule(501, "5.1.7", "RFC 5321 §4.1.2", (501, "5.1.3")),
    "bad-domain": Rule(501, "5.1.7", "RFC 5321 §4.1.2", (501, "5.1.3")),
    "local-part-too-long": Rule(501, "5.1.7", "RFC 5321 §4.5.3.1.1", (501, "5.1.3")),
    "path-too-long": Rule(501, "5.1.7", "RFC 5321 §4.5.3.1.3", (501, "5.1.3")),
    "non-ascii": Rule(550, "5.6.7", "RFC 6531 §3.5", (553, "5.6.7")),
    "non-utf8": Rule(501, "5.5.2", "RFC 6531 §3.3"),
    "parameters-after-helo": Rule(555, "5.5.4", "RFC 5321 §4.1.1.11"),
    "unknown-parameter": Rule(555, "5.5.4", "RFC 5321 §4.1.1.11"),
    "parameter-not-offered": Rule(555, "5.5.4", "RFC 5321 §4.1.1.11"),
    "duplicate-parameter": Rule(501, "5.5.4", "RFC 5321 §4.1.1.11"),
    "bad-parameter": Rule(501, "5.5.4", "RFC 5321 §4.1.2"),
    "bad-mechanism": Rule(501, "5.5.4", "RFC 4954 §4"),
    "bad-base64": Rule(501, "5.5.2", "RFC 4954 §4"),
    "bad-chunk-size": Rule(501, "5.5.4", "RFC 3030 §2"),
    "bad-attribute": Rule(501, "5.5.4", "Postfix XCLIENT_README"),
}
"""Every rule that a problem can name, with what a strict server answers."""


def write_like(example: str) -> Phrase:
    """The hint that shows how a command is written."""
    return phrase("write {example}", example=example)


def problem(rule: str, message: str, at: int, hint: str = "", *, recipient: bool = False) -> Problem:
    """The problem of a rule; `at` counts octets before the trouble. Raises KeyError for a rule that is none."""
    row = RULES[rule]
    code, enhanced = row.for_recipient if recipient and row.for_recipient else (row.code, row.enhanced)
    return Problem(rule, message, code, enhanced, at + 1, hint, row.ref)
