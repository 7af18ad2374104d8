"""A message on its way out in blocks: how much of it has gone, and what of its lines is shown and kept.

A short message is shown and kept like all else that is said. Of a long one the first lines are shown, and one that
is larger than memory should hold is kept as what it was made of. A recording has every line of both.
"""

import re
from collections.abc import Sequence

from smtp_repl.script.transcript import DIRECTIVE, FILE_ONLY, Line, remark
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

SHOWN_WHOLE = 64 * 1024
"""Octets up to which a message is shown whole."""
LINES_SHOWN = 20
KEPT = 8 * 1024 * 1024
"""Octets up to which its lines are kept in memory, for `/save` and `/rewind`."""
_BAR = 20
_SIMPLE = re.compile(r"[\w.+=,@%-]+(?:/[\w.+=,@%-]+)*", re.ASCII)


class Outgoing:
    """One message. `total` is about how many octets it has; `source` is the file that it comes from, if it is one."""

    __slots__ = ("_shown", "at_dot", "done", "is_ending", "is_interrupted", "name", "source", "total")

    def __init__(self, name: str, total: int, source: str = "") -> None:
        self.name = name
        self.total = total
        self.source = source
        self.done = 0
        self.is_interrupted = False
        """The person wants to stop it."""
        self.is_ending = False
        """All of it has gone, and its end is being said: there is nothing left to stop."""
        self.at_dot = False
        """Its final dot is being said, which is always shown."""
        self._shown = 0

    @property
    def is_long(self) -> bool:
        return self.total > SHOWN_WHOLE

    @property
    def is_kept(self) -> bool:
        return self.total <= KEPT

    @property
    def shows_nothing_more(self) -> bool:
        """Whether more of its text is neither shown nor kept in memory."""
        return self._shown > LINES_SHOWN and not self.is_kept and not self.at_dot

    def thin(self, lines: Sequence[Line]) -> list[Line]:
        """What is shown of some lines of its text."""
        if not self.is_long:
            return list(lines)
        if self.at_dot:
            return list(lines[-1:])
        room = max(0, LINES_SHOWN - self._shown)
        shown = list(lines[:room])
        if len(lines) > room and self._shown <= LINES_SHOWN:
            shown.append(remark(phrase("… (the rest of {name} is not shown)", name=printable(self.name))))
            self._shown = LINES_SHOWN
            lines = [*lines, lines[-1]]
        self._shown += len(lines)
        return shown

    def stand_in(self) -> list[Line]:
        """What is kept of a message whose lines are not: it plays again where the file is beside the script."""
        if self.is_kept:
            return []
        said = Line(
            FILE_ONLY,
            phrase(
                "# a message of some {total} octets, {name}; /record keeps such in full",
                total=self.total,
                name=printable(self.name),
            ),
        )
        if not self.source or not _SIMPLE.fullmatch(self.source) or ".." in self.source.split("/"):
            return [said]
        return [said, Line(DIRECTIVE, f"@data {self.source}")]

    def progress(self) -> str:
        """A bar and numbers, for the toolbar."""
        share = min(1.0, self.done / self.total) if self.total else 1.0
        bar = "#" * round(share * _BAR)
        return f"{printable(self.name)} [{bar.ljust(_BAR, '.')}] {share:.0%} of {size(self.total)}"


def size(octets: int) -> str:
    """Octets for people: `812 octets`, `34 kB`, `5.1 MB`."""
    if octets < 10_000:
        return f"{octets:,} octets"
    if octets < 1_000_000:
        return f"{octets / 1000:.0f} kB"
    return f"{octets / 1_000_000:.1f} MB"
