"""What a history file holds."""

from pathlib import Path

from smtp_repl.term.remembered import Entry, read_entry


def kept(path: Path) -> list[Entry]:
    """Its entries, oldest first."""
    return [read_entry(line) for line in path.read_text().splitlines()]


def kept_lines(path: Path) -> list[str]:
    """The lines that were typed, oldest first."""
    return [entry.line for entry in kept(path)]
