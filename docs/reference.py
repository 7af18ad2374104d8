"""The tables of the docs, made from the tables of the program: none of them is kept up by hand.

Each function gives the text of a generated block (see `docs/check.py`). What a table of the program does not say
itself, such as what an exit status means to whoever runs a CI, stands here under the program's own keys, and a key
without its text is an error.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from smtp_repl.cli import options
from smtp_repl.cli.config import example
from smtp_repl.knowledge.rows import groups_of, rows_of
from smtp_repl.knowledge.texts import speakers
from smtp_repl.net.practice.answers import ANSWERS, teach
from smtp_repl.script.directives import DIRECTIVES
from smtp_repl.teach.pitfalls.rows import Row
from smtp_repl.teach.pitfalls.table import ROWS
from smtp_repl.term.commands import ANSWER_COMMANDS, COMMANDS, ShellCommand
from smtp_repl.term.hosts import HOST_KEYS
from smtp_repl.term.settings import SETTINGS, Settings, value_of, written
from smtp_repl.wire import states
from smtp_repl.wire.commands import check_syntax, parse_command
from smtp_repl.wire.errors import ExitStatus
from smtp_repl.wire.events import FINDINGS
from smtp_repl.wire.octets import printable
from smtp_repl.wire.problems import RULES, Problem


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code(text: str) -> str:
    """Text as code, blanks at its ends included; nothing for nothing."""
    return f"`{text}`" if text else ""


def phases() -> str:
    """The phases of a session, drawn from the transition table."""
    return f"```mermaid\n{states.diagram().strip()}\n```\n"


# ---------------------------------------------------------------- scripts

SCOPES = {
    "script": "the script",
    "onwards": "from here on",
    "next": "the next reply",
    "last": "the reply before",
    "here": "here",
}


def directives() -> str:
    """What a script may say beside the wire."""
    return table(
        ("directive", "what it says", "holds for"),
        ((code(f"@{row.name} {row.form}".rstrip()), row.meaning, SCOPES[row.scope]) for row in DIRECTIVES.values()),
    )


# ---------------------------------------------------------------- the shell


def shell_commands() -> str:
    """The `/commands`."""
    return _commands(COMMANDS)


def answer_commands() -> str:
    """The `/commands` of whoever plays the server."""
    return _commands(ANSWER_COMMANDS)


def _commands(rows: Mapping[str, ShellCommand]) -> str:
    return table(
        ("command", "what it does", "key"),
        ((code(row.usage), row.help, row.key) for row in rows.values()),
    )


def settings() -> str:
    """Every setting, as the table has it."""
    defaults = Settings()
    return table(
        ("setting", "values", "default", "what it does", "environment", "command line"),
        (
            (
                code(row.name) + ("" if row.kept else " (not in the file)"),
                code(row.kind.form),
                code(written(row, value_of(defaults, row))),
                row.meaning,
                code(row.variable),
                code(f"--{row.option}") if row.option else code(f"--set {row.name}=…"),
            )
            for row in SETTINGS.values()
        ),
    )


def host_keys() -> str:
    """What a profile may say."""
    return table(
        ("key", "values", "what it says"),
        ((code(row.name), code(row.form), row.meaning) for row in HOST_KEYS.values()),
    )


def settings_example() -> str:
    """`config --example`, as it is."""
    return f"```toml\n{example()}```\n"


# ---------------------------------------------------------------- the command line


def _options(command: str) -> str:
    return table(
        ("option", "what it does", "about"),
        (
            (
                ", ".join(code(flag) for flag in option.flags) + (f" {code(option.value)}" if option.value else ""),
                option.help + (" (may be repeated)" if option.many else ""),
                option.group,
            )
            for option in options.options_of(command)
            if option.key != "help"
        ),
    )


def sub_commands() -> str:
    """How the program is called."""
    return table(
        ("call", "what it does"),
        ((code(options.usage(row)), row.summary) for row in options.COMMANDS.values()),
    )


_STATUSES = {
    ExitStatus.OK: "done; all that was expected held (drift is allowed)",
    ExitStatus.FAILED: "an expectation did not hold or, in line mode, the server refused; `fmt --check` or "
    "`check --strict` found something",
    ExitStatus.USAGE: "wrong usage, a script that does not parse, a password without a source",
    ExitStatus.CONNECT: "no connection: no such name, refused, unreachable, timed out",
    ExitStatus.TLS: "TLS failed: handshake, certificate, injected plaintext; or a password would have gone out in "
    "cleartext",
    ExitStatus.TIMEOUT: "no reply in time",
    ExitStatus.CLOSED: "the peer closed or cut the connection where a reply was due, or its reply had no end",
    ExitStatus.OUTPUT: "a recording, a report or standard output could not be written",
    ExitStatus.SKIPPED: "every script was skipped",
    ExitStatus.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitStatus.TERMINATED: "terminated (SIGTERM)",
}


def exit_statuses() -> str:
    """What the exit status tells."""
    return table(("status", "meaning"), ((str(int(status)), _STATUSES[status]) for status in ExitStatus))


# ---------------------------------------------------------------- the practice server


def answers() -> str:
    """Everything that the practice server says, but for refusals of bad syntax."""
    blanks = re.compile(r"\{(\w+)(?::\w+)?\}")
    return table(
        ("name", "reply"),
        ((name, code(blanks.sub(lambda blank: blank[1].upper(), text))) for name, text in ANSWERS.items()),
    )


# ---------------------------------------------------------------- findings


def findings() -> str:
    """What is remarked on while a conversation goes on."""
    return table(
        ("rule", "severity", "what it says", "hint", "see"),
        (
            (code(row.rule), row.severity, _blanks(row.message), *(_unless_blank(text) for text in (row.hint, row.ref)))
            for row in FINDINGS.values()
        ),
    )


def _blanks(text: str) -> str:
    return re.sub(r"\{\w+\}", "…", text)


def _unless_blank(text: str) -> str:
    """A text that depends on the case altogether is left out."""
    return "" if re.fullmatch(r"\{\w+\}", text) else _blanks(text)


_PHASES = {
    "order": "Order",
    "syntax": "Commands",
    "data": "Lines of a message",
    "message": "Messages",
    "auth": "Logging in",
    "tls": "TLS",
    "transport": "Line ends and timing",
    "tool": "Tools",
    "reading": "Reading replies",
    "policy": "Policies",
    "network": "The network",
    "protocol": "Another protocol",
}


def pitfalls() -> str:
    """All pitfalls, with what is taken as evidence of each."""
    texts = rows_of("pitfalls")
    groups = {phase: [row for row in ROWS if texts[row.rule]["phase"] == phase] for phase in _PHASES}
    if sum(map(len, groups.values())) != len(texts):
        raise KeyError(f"phases without a title: {sorted({row['phase'] for row in texts.values()} - set(_PHASES))}")
    parts = []
    for phase, rows in groups.items():
        cells = (
            (code(row.rule), *(texts[row.rule][name] for name in ("severity", "title")), _evidence(row), _remedy(row))
            for row in rows
        )
        heads = ("rule", "severity", "pitfall", "evidence", "what to do")
        parts.append(f"### {_PHASES[phase]}\n\n{table(heads, map(_escaped, cells))}")
    return "\n".join(parts)


def _evidence(row: Row) -> str:
    said = f" (also finding {', '.join(map(code, row.told_by))})" if row.told_by else ""
    return row.trigger + said


def _remedy(row: Row) -> str:
    texts = rows_of("pitfalls")[row.rule]
    return f"{texts['fix']} ({texts['ref']})"


def _escaped(cells: Sequence[str]) -> tuple[str, ...]:
    """Angle brackets are no HTML here."""
    return tuple(cell if cell.startswith("`") else cell.replace("<", "&lt;").replace(">", "&gt;") for cell in cells)


_OFFERED = frozenset({"SIZE", "AUTH", "CHUNKING", "SMTPUTF8", "XCLIENT"})
_WRONG: dict[str, bytes] = {
    "empty-line": b"",
    "control-char": b"NOOP\t",
    "line-over-512": b"NOOP " + b"x" * 600,
    "auth-line-too-long": b"AUTH PLAIN " + b"A" * 12_284,
    "unknown-verb": b"MALI FROM:<a@example.org>",
    "verb-not-offered": b"STARTTLS",
    "argument-missing": b"EHLO",
    "argument-unwanted": b"DATA now",
    "bad-host-name": b"EHLO my_host!",
    "missing-keyword": b"MAIL <a@example.org>",
    "blank-before-colon": b"MAIL FROM :<a@example.org>",
    "blank-after-colon": b"MAIL FROM: <a@example.org>",
    "missing-address": b"MAIL FROM:",
    "missing-brackets": b"MAIL FROM:a@example.org",
    "missing-blank": b"MAIL FROM:<a@example.org>SIZE=100",
    "null-recipient": b"RCPT TO:<>",
    "no-domain": b"RCPT TO:<b>",
    "bad-local-part": b"RCPT TO:<b..c@example.com>",
    "bad-domain": b"RCPT TO:<b@-.example>",
    "local-part-too-long": b"RCPT TO:<" + b"b" * 65 + b"@example.com>",
    "path-too-long": b"RCPT TO:<b@" + b"x." * 150 + b"example>",
    "non-ascii": "RCPT TO:<bücher@example.com>".encode(),
    "non-utf8": b"RCPT TO:<\xfc@example.com>",
    "parameters-after-helo": b"MAIL FROM:<a@example.org> SIZE=100",
    "unknown-parameter": b"MAIL FROM:<a@example.org> COLOUR=red",
    "parameter-not-offered": b"MAIL FROM:<a@example.org> BODY=8BITMIME",
    "duplicate-parameter": b"MAIL FROM:<a@example.org> SIZE=1 SIZE=2",
    "bad-parameter": b"MAIL FROM:<a@example.org> SIZE=big",
    "bad-mechanism": b"AUTH PL?IN",
    "bad-base64": b"AUTH PLAIN tutor",
    "bad-chunk-size": b"BDAT all",
    "bad-attribute": b"XCLIENT 192.0.2.1",
}
"""A command for each rule that breaks it, said to a server that offers `_OFFERED`."""


def wrong_commands() -> str:
    """Each syntax fault: a command that has it, and the reply of a strict server."""
    rows = [(rule, _WRONG[rule], _first_problem(rule)) for rule in RULES]
    return table(
        ("rule", "a command that breaks it", "what a strict server replies", "see"),
        ((code(rule), _short(line), code(teach(found)), found.ref) for rule, line, found in rows),
    )


def _first_problem(rule: str) -> Problem:
    """What is wrong with the example. Raises ValueError when the example does not show its rule."""
    command = parse_command(_WRONG[rule])
    after_helo = rule == "parameters-after-helo"
    found = check_syntax(command, extended=not after_helo, offered=None if after_helo else _OFFERED)
    if not found or found[0].rule != rule:
        raise ValueError(f"{command.line!r} is no example of {rule}, but of {[problem.rule for problem in found]}")
    return found[0]


def _short(line: bytes) -> str:
    """A command as code; of a long one its beginning."""
    text = printable(line)
    return code(text if len(text) < 60 else f"{text[:24]}… ({len(line)} octets)") or "(an empty line)"


# ---------------------------------------------------------------- explanations

_LOOK_UPS = (
    ("a text of the provider", "Gmail's `gsmtp`", "the name that was dialled, the greeting or a mark in the reply"),
    ("a text of the server program, or one that nobody else says", "`Relay access denied`", "the greeting, or nothing"),
    ("the enhanced code", "`5.7.26`", "what the reply answers, where that matters"),
    ("a common wording that stands for an enhanced code", "`No such user`", ""),
    ("the code as the answer to this command", "`550` to RCPT, `550` after the message", "what the reply answers"),
    ("the code", "`550`", ""),
    ("the first digit", "`559`", ""),
)


def look_ups() -> str:
    """In which order a reply is looked up."""
    heads = ("look-up", "for instance", "what it needs to know beside the reply")
    return table(("", *heads), ((str(number), *row) for number, row in enumerate(_LOOK_UPS, 1)))


def known_speakers() -> str:
    """Whose texts are known, and how many of them somebody has read in a source."""
    texts = groups_of("texts")
    rows = []
    for speaker in speakers():
        verified = [row["verified"] for row in texts[speaker.key].values()]
        rows.append((speaker.name, speaker.kind, str(len(verified)), str(verified.count("memory") or "")))
    return table(("whose texts", "", "known", "reported, not confirmed"), rows)


GENERATORS: dict[str, Callable[[], str]] = {
    "phases": phases,
    "directives": directives,
    "shell-commands": shell_commands,
    "answer-commands": answer_commands,
    "sub-commands": sub_commands,
    "options-shell": lambda: _options("shell"),
    "options-run": lambda: _options("run"),
    "options-check": lambda: _options("check"),
    "options-mock": lambda: _options("mock"),
    "options-answer": lambda: _options("answer"),
    "options-explain": lambda: _options("explain"),
    "options-fmt": lambda: _options("fmt"),
    "options-encoding": lambda: _options("b64"),
    "options-auth": lambda: _options("auth"),
    "options-serve": lambda: _options("serve"),
    "options-learn": lambda: _options("learn"),
    "options-config": lambda: _options("config"),
    "settings": settings,
    "host-keys": host_keys,
    "settings-example": settings_example,
    "exit-statuses": exit_statuses,
    "answers": answers,
    "findings": findings,
    "pitfalls": pitfalls,
    "wrong-commands": wrong_commands,
    "look-ups": look_ups,
    "known-speakers": known_speakers,
}
