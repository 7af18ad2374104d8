"""A typed line: for the server, or for us? The rules that the shell and line mode share."""

from collections.abc import Mapping


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


def wire_text(line: str) -> str:
    """What of a typed line goes to the server: `//x` is `/x`."""
    return line[1:] if line.startswith("//") else line
