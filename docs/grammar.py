"""The blocks of docs/grammar.md: the notation of scripts, from the tables by which it is read.

Each form has an example here, under the program's own keys where there are some; a key without one is an error, and a
test reads them all.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from docs.reference import SCOPES, table
from smtp_repl.cli import sources
from smtp_repl.script import arguments, directives, holes, limits, patterns, steps, text
from smtp_repl.script.lint_rules import RULES
from smtp_repl.wire import replies


class Form(NamedTuple):
    """One form of line: an example, what it is, and what the reader makes of it (side, mod, form, asserts)."""

    example: str
    meaning: str
    read_as: tuple[str, str, str, bool]


FORMS = (
    Form("C: MAIL FROM:<a@example.org>", "the client says this line and CRLF", ("C", "", ":", False)),
    Form("C~ MAIL FROM:<{who}>", "the same, holes filled in", ("C", "", "~", True)),
    Form("C= QUIT", "the same; who plays the server wants exactly this line", ("C", "", "=", True)),
    Form(r'C"EHLO x\r\n" "x"*100', "exactly these octets, no CRLF added", ("C", "", '"', False)),
    Form(r'C="QUIT\r\n"', "the same; who plays the server wants exactly this", ("C", "", '"', True)),
    Form("S: 250 Ok", "a line of a reply, compared at the level of `@match`", ("S", "", ":", False)),
    Form("S~ 250 {} as {id:[0-9A-F]+}", "assertion: a line with holes", ("S", "", "~", True)),
    Form("S= 250 2.0.0 Ok", "assertion: exactly this line", ("S", "", "=", True)),
    Form(r'S"250 Ok\n"', "exactly these octets, compared at the level", ("S", "", '"', False)),
    Form(r'S="250 Ok\r\n"', "assertion: exactly these octets", ("S", "", '"', True)),
    Form("S?: 250-HELP", "may be missing", ("S", "?", ":", False)),
    Form("S?~ 250-SIZE {}", "may be missing; with holes", ("S", "?", "~", True)),
    Form("S?= 250-HELP", "may be missing; exactly this line", ("S", "?", "=", True)),
    Form("S*: 250", "the rest of the reply: any lines that begin so", ("S", "*", ":", False)),
    Form("S*~ 250{}", "the rest of the reply: each like this", ("S", "*", "~", True)),
    Form("S*= 250-x", "the rest of the reply: each exactly this", ("S", "*", "=", True)),
    Form("S!: 250-XCLIENT", "no line of the reply holds this", ("S", "!", ":", True)),
    Form("S!~ 250-{:X[A-Z]+}", "no line of the reply holds something like this", ("S", "!", "~", True)),
    Form("S!= 250 Ok", "no line of the reply is this", ("S", "!", "=", True)),
)

OTHERS = (
    ("", "a blank line", "Blank"),
    ("# text", "a remark", "Comment"),
    ("@wait 0.5", "a directive", "Directive"),
    ("@auth[bob] user=bob", "a directive for one connection or identity", "Directive"),
    ("{The server closes the connection}", "a note; so are `(…)`, `[…]`, `<…>`", "Note"),
    ("... time passes", "a note; so is what begins with `---`", "Note"),
    ("  C: QUIT", "blanks before a tag mean nothing", "Wire"),
    ("C:", "an empty line is said", "Wire"),
    ("C:  x", "of the blanks behind a tag one belongs to the notation; this says blank and x", "Wire"),
)

ESCAPES = (
    (r"\r", "CR"),
    (r"\n", "LF"),
    (r"\t", "TAB"),
    (r"\0", "NUL"),
    (r"\\", "a backslash"),
    (r"\"", "a quote"),
    (r"\xff", "the octet of these two hexadecimal digits"),
)

HOLES = (
    ("S~ 250 {}", "anything"),
    ("S~ 250 {id}", "anything, remembered; if it is known, just that"),
    ("S~ 250 {id:[0-9A-F]+}", "what the pattern matches, remembered"),
    ("S~ 250 {:[0-9]+} octets", "what the pattern matches"),
    ("C~ NOOP {id}", "what is known under the name, from a reply, `@set` or `--var`"),
    (r"C~ AUTH PLAIN {b64:\0alice\0wrong}", 'base64 of this text, with the escapes of `"…"`'),
    ("C~ AUTH PLAIN {auth.plain}", "a step of AUTH: `plain`, `user`, `pass` or `reply` of an `@auth`"),
    ("C~ AUTH XOAUTH2 {secret.1}", "a step that whoever runs the script gives"),
    ("S~ 250 {{ and }}", "braces"),
)

ARGUMENTS = {
    "connect": "@connect mail.example.com:587 bind=192.0.2.1",
    "tls": "@tls manual",
    "auth": '@auth user="alice smith" mech=LOGIN',
    "match": "@match text",
    "strict": "@strict",
    "caps": "@caps STARTTLS AUTH=PLAIN,LOGIN !XCLIENT",
    "require": "@require SIZE 8BITMIME",
    "timeout": "@timeout 5",
    "within": "@within 2..10",
    "wait": "@wait 0.5",
    "data": "@data mails/hello.eml",
    "send": "@send octets.bin",
    "set": "@set who=alice@example.org",
    "include": "@include hello.smtp",
    "early": "@early",
    "eof": "@eof",
    "close": "@close",
    "shutdown": "@shutdown",
    "title": "@title First mail",
    "about": "@about One message to one recipient.",
    "source": "@source RFC 5321",
    "tag": "@tag auth tls",
    "recorded": "@recorded 2026-01-02 with mail.example.com",
}

LEVELS = {
    "class": "the first digit of the code",
    "code": "the code; so it is unless something else is said",
    "status": "the code, and the enhanced code of the last line where the script has one",
    "prefix": "each line must begin so",
    "text": "each line, but for what changes: dates, addresses, ids, one's own name; EHLO keywords in any order",
    "exact": "every octet, line ends included",
}

LIMITS = (
    ("octets of a script", sources.SIZE_LIMIT),
    ("octets of a line", text.LINE_LIMIT),
    ("lines, with those of included files", limits.LINES),
    ("lines that cannot be read, before the rest is not read", limits.PROBLEMS),
    ('repeats (`"…"*N`)', text.TIMES_LIMIT),
    ("octets that all `C` lines say, repeats counted", limits.SAID),
    ("octets of one write that are held in memory; more is streamed", steps.WRITE_LIMIT),
    ("octets that all `S` lines say, repeats counted", limits.EXPECTED),
    ("lines of one expected reply", limits.EXPECTED_LINES),
    ("octets of a file that is sent", sources.FILE_LIMIT),
    ("files that are included, in all", limits.INCLUDES),
    ("octets of these files together", limits.INCLUDED_OCTETS),
    ("scripts that include one another, one in the other", limits.INCLUDE_DEPTH),
    ("connections", limits.CONNECTIONS),
    ("seconds of one `@wait`, `@timeout` or `@within`", int(arguments.SECONDS_LIMIT)),
    ("seconds of all `@wait` together", int(limits.WAITS)),
    ("holes in a line", holes.HOLES_LIMIT),
    ("characters of a pattern", patterns.LENGTH_LIMIT),
    ("unbounded quantifiers (`*`, `+`, `{2,}`) in a line", 2),
    ("the number in a `{m,n}`", patterns.COUNT_LIMIT),
    ("octets of a reply line that is read", replies.LINE_LIMIT),
    ("lines of a reply that is read", replies.LINES_LIMIT),
    ("octets of a reply that is read", replies.REPLY_LIMIT),
)


def _code(example: str) -> str:
    return f"`` {example} ``" if "`" in example else f"`{example}`" if example else ""


def forms() -> str:
    """What a line may be."""
    rows = [(_code(row.example), row.meaning) for row in FORMS]
    return table(("line", "meaning"), rows + [(_code(example), meaning) for example, meaning, _ in OTHERS])


def escapes() -> str:
    return table(("escape", "octet"), [(_code(escape), meaning) for escape, meaning in ESCAPES])


def the_holes() -> str:
    return table(("example", "the hole is"), [(_code(example), meaning) for example, meaning in HOLES])


def the_directives() -> str:
    """Each directive with its argument, an example, and how long it holds."""
    rows = [
        (_code(f"@{row.name} {row.form}".rstrip()), _code(ARGUMENTS[row.name]), SCOPES[row.scope])
        for row in directives.DIRECTIVES.values()
    ]
    return table(("directive", "example", "holds for"), rows)


def levels() -> str:
    return table(("level", "what must be as the script has it"), [(_code(n), LEVELS[n]) for n in arguments.LEVELS])


def the_limits() -> str:
    return table(("at most", ""), [(f"{number:,}", what) for what, number in LIMITS])


def lint_rules() -> str:
    """What `check` finds in a script that can be read."""
    rows = [
        (_code(row.id), row.severity, _blank(row.message), _blank(row.hint).replace("{{", "{").replace("}}", "}"))
        for row in RULES.values()
    ]
    return table(("rule", "severity", "message", "hint"), rows)


def _blank(message: str) -> str:
    """A message with its blanks as `…`."""
    return re.sub(r"(?<!\{)\{[a-z]+\}(?!\})", "…", message).replace("{{{name}}}", "…")


GENERATORS: dict[str, Callable[[], str]] = {
    "line-forms": forms,
    "escapes": escapes,
    "holes": the_holes,
    "directive-arguments": the_directives,
    "levels": levels,
    "limits": the_limits,
    "lint-rules": lint_rules,
}
