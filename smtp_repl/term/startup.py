"""The lines that the settings type once the server has greeted, one after the other, each answered first."""

from collections.abc import Iterable

from smtp_repl.term.commands import read_command
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell, say
from smtp_repl.term.typed import expand, is_command, wire_text


def start_up(desk: Desk, lines: Iterable[str]) -> Handling:
    """Do what each line says, as long as there is a connection. What is refused stops nothing."""
    for line in lines:
        if not desk.is_connected:
            return
        line = expand(line, desk.aliases)
        if is_command(line):
            typed = read_command(line)
            yield Tell(typed.shown(show_secrets=desk.shows_secrets))
            yield from typed.start(desk)
        else:
            yield from say(wire_text(line).encode() + b"\r\n")
