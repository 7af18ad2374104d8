"""How many columns of a terminal a text takes, and where it has to be cut: East Asian characters take two."""

import unicodedata


def cells(text: str) -> int:
    """The columns of a printable text: East Asian wide characters two, marks none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def split(text: str, columns: int) -> tuple[str, str]:
    """As much of the beginning as fits into so many columns, and the rest. Marks stay with what they stand on."""
    if text.isascii():
        return text[: max(0, columns)], text[max(0, columns) :]
    used = 0
    for at, character in enumerate(text):
        used += _cells(character)
        if used > columns:
            return text[:at], text[at:]
    return text, ""


def cut(text: str, columns: int) -> str:
    """The text if it fits, else as much of it as does, and an ellipsis."""
    return text if cells(text) <= columns else split(text, columns - 1)[0] + "…"


def fold(text: str, columns: int, further: int = 0) -> list[str]:
    """The text in lines that fit: broken at blanks, and between characters that take two columns; else anywhere.

    Lines behind the first may be of another length.
    """
    lines: list[str] = []
    rest = text.strip()
    while cells(rest) > columns:
        head, tail = split(rest, columns)
        if not head:
            return [*lines, rest]
        if not tail.startswith(" "):
            at = _last_break(head, tail)
            head, tail = head[:at], head[at:] + tail
        lines.append(head.rstrip())
        rest = tail.lstrip()
        columns = further or columns
    return [*lines, rest]


def _last_break(head: str, tail: str) -> int:
    """Where to break a text that goes on with `tail`: behind a blank or beside a wide character, not before a comma."""
    for at in range(len(head), 0, -1):
        before, after = head[at - 1], (head[at:] + tail)[0]
        is_wide = _cells(before) == 2 or _cells(after) == 2
        holds = unicodedata.category(before) in _BEGIN or unicodedata.category(after) in _END
        if before == " " or (is_wide and not holds):
            return at
    return len(head)


_BEGIN = ("Ps", "Pi")
_END = ("Po", "Pe", "Pf", "Mn", "Me")
"""Categories of what stays with the character behind it, and with the one before it."""


def rows(text: str, columns: int) -> int:
    """How many rows of a terminal a line takes: what takes two columns never stands with one on either row."""
    count, rest = 1, split(text, columns)[1]
    while rest and columns > 1:
        count, rest = count + 1, split(rest, columns)[1]
    return count
