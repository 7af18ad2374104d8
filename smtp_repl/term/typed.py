"""A typed line: for the server, or for us? The rules that the shell and line mode share."""

from collections.abc import Mapping

from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record


def is_command(line: str) -> bool:
    """Whether a typed line is for us and not for the server: `/word`, but not `//word`."""
    return line.startswith("/") and not line.startswith("//")


def expand(line: str, aliases: Mapping[str, str]) -> str:
    """What an alias stands for, with what was typed behind it; any other line as it is. Never done twice."""
    if not is_command(line):
        return line
    name, blank, argument = line[1:].partition(" ")
    meant = aliases.get(name)
    return line if meant is None else f"{meant}{blank}{argument}"


class Alias(Record):
    """A command of the user's own, as a row for whoever lists commands."""

    name: str
    line: str
    arguments: str = ""
    kind: str = ""

    @property
    def help(self) -> str:
        return phrase("stands for {line}", line=printable(self.line))


def wire_text(line: str) -> str:
    """What of a typed line goes to the server: `//x` is `/x`."""
    return line[1:] if line.startswith("//") else line


def line_octets(line: str) -> bytes:
    """What a typed line is on the wire."""
    return wire_text(line).encode("utf-8", "surrogateescape") + b"\r\n"
