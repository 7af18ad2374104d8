"""A person at a terminal that prints one line behind the other: what they are asked, without moving a cursor."""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.passwords import ask_password
from smtp_repl.term.requests import Ask
from smtp_repl.wire.language import N_, _
from smtp_repl.wire.octets import printable

PLAIN = N_("TERM={term}: the cursor cannot be moved here, so lines are taken one by one; Ctrl-D leaves")
"""Why there is no shell."""


def answer_of(question: Ask, environment: Environment) -> str | None:
    """Put a question; None is no answer."""
    shown = f"# {printable(_(question.prompt))}"
    if question.hidden:
        secret = ask_password(shown, environment)
        return None if secret is None else secret.reveal().decode("utf-8", "surrogateescape")
    environment.paint(f"{shown}[{printable(question.default)}] " if question.default else shown)
    line = environment.stdin.readline() if environment.stdin is not None else b""
    if not line:
        return None
    return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape") or question.default
