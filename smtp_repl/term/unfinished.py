"""Lines that are not finished: a fault that typing on can mend is no fault yet.

Whether it can is found out by typing on: a few ways in which a command of this kind may go on are put behind it, and
what is wrong with all of them is wrong for good. Pure; what is wrong is asked of `wire.commands`.
"""

from collections.abc import Iterator

from smtp_repl.wire.commands import VERBS, Command, Problem, check_syntax, parse_command
from smtp_repl.wire.verbs import VerbSyntax, parameters_of

_ELSEWHERE = frozenset(("verb-not-offered", "bad-base64"))
"""Problems that whoever checks a line says better himself."""
_ADDRESS_ENDS = (b">", b"x>", b"@x>", b"x@x>", b'"@x>', b'x"@x>')
_AFTER_LITERAL = frozenset(("bad-domain", "bad-host-name"))


def may_become_verb(line: str) -> bool:
    """Whether a line without a blank can become a verb that the program knows."""
    begin = line.upper()
    return any(verb.startswith(begin) for verb, row in VERBS.items() if row.status != "pseudo")


def lasting_problems(
    command: Command, *, smtputf8: bool, extended: bool, offered: frozenset[str] | None
) -> list[Problem]:
    """What is wrong with a command however it goes on, the gravest first."""

    def check(line: bytes) -> list[Problem]:
        found = check_syntax(parse_command(line), smtputf8=smtputf8, extended=extended, offered=offered)
        return [problem for problem in found if problem.rule not in _ELSEWHERE]

    lasting = check(command.line)
    syntax = VERBS.get(command.verb)
    if syntax is None:
        return lasting
    for suffix in _continuations(syntax, command):
        if not lasting:
            break
        still = {(problem.rule, problem.column) for problem in check(command.line + suffix)}
        lasting = [problem for problem in lasting if (problem.rule, problem.column) in still]
    if _in_literal(command.argument):
        lasting = [problem for problem in lasting if problem.rule not in _AFTER_LITERAL]
    return lasting


def _continuations(syntax: VerbSyntax, command: Command) -> Iterator[bytes]:
    """What may follow a command as far as it is typed."""
    line, argument = command.line, command.argument
    if line.rstrip(b" ") == line and len(line) == len(command.verb):
        # The verb alone: its whole argument is still to come.
        yield b" " + _SAMPLES.get(syntax.argument, b"")
        if syntax.argument == "path":
            yield b" " + _keyword(syntax) + b"<x@x>"
        return
    match syntax.argument:
        case "path":
            yield from _path_continuations(syntax, argument)
        case "domain" | "text":
            yield b"x"
        case "chunk":
            word = argument.rpartition(b" ")[2]
            yield b"1"
            if b"LAST".startswith(word.upper()):
                yield b"LAST"[len(word) :]
        case "attributes":
            yield from (b"x=x", b"=x")
        case "auth":
            yield b"PLAIN"
        case _:
            pass


_SAMPLES = {"domain": b"x", "text": b"x", "chunk": b"1", "auth": b"PLAIN", "attributes": b"x=x"}


def _keyword(syntax: VerbSyntax) -> bytes:
    return b"TO:" if syntax.verb == "RCPT" else b"FROM:"


def _path_continuations(syntax: VerbSyntax, argument: bytes) -> Iterator[bytes]:
    keyword = _keyword(syntax)
    if keyword.startswith(argument.upper()):
        yield keyword[len(argument) :] + b"<x@x>"
        return
    _, opened, after = argument.partition(b"<")
    if not opened:
        # The bracket may come yet behind the colon, and nowhere else.
        if argument.endswith(b":"):
            yield b"<x@x>"
        return
    if b">" not in after:
        yield from _ADDRESS_ENDS
        return
    blank, word = argument.rpartition(b" ")[1:]
    if blank and not word.endswith(b">"):
        yield from _parameter_continuations(syntax, word)


def _parameter_continuations(syntax: VerbSyntax, word: bytes) -> Iterator[bytes]:
    """How the parameter that is typed last may go on."""
    name, equals, value = word.upper().partition(b"=")
    for parameter in parameters_of(syntax.verb).values():
        full = parameter.name.encode()
        samples = _WORDS.get(parameter.name, ())
        form = _FORMS.get(parameter.name, b"")
        if equals and name == full:
            yield from (sample[len(value) :] for sample in samples if sample.startswith(value))
            yield from (form[begin:] for begin in range(len(form)))
        elif not equals and full.startswith(name):
            rest = full[len(name) :]
            yield rest + b"=" + (form or samples[0] if parameter.value else b"")
            yield rest


_WORDS = {
    "BODY": (b"8BITMIME", b"7BIT", b"BINARYMIME"),
    "AUTH": (b"<>",),
    "RET": (b"HDRS", b"FULL"),
    "NOTIFY": (b"NEVER", b"FAILURE", b"DELAY", b"SUCCESS"),
}
"""Values of parameters that are words."""
_FORMS = {
    "SIZE": b"1",
    "AUTH": b"x",
    "ENVID": b"x",
    "NOTIFY": b"SUCCESS,FAILURE,DELAY",
    "ORCPT": b"rfc822;x",
    "BY": b"1;R",
    "HOLDFOR": b"1",
    "HOLDUNTIL": b"2026-01-01T00:00:00Z",
    "MT-PRIORITY": b"1",
    "MTRK": b"A",
    "SOLICIT": b"x",
    "TRANSID": b"<x@x>",
    "SUBMITTER": b"x",
    "RRVS": b"2026-01-01T00:00:00Z",
    "ALT-ADDRESS": b"x",
}
"""A value for each parameter whose values are no words; what is typed of one goes on with an end of it."""


def _in_literal(argument: bytes) -> bool:
    """Whether an address literal is open: `[192.0.`."""
    return b"[" in argument and b"]" not in argument
