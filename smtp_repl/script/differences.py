"""How two lines differ, as data: levels, differences, and the result of a comparison.

Knows nothing of how the comparing is done (see `comparison`) or shown. No RFC.
"""

from enum import IntEnum

from smtp_repl.script.model import Wire
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record


class Level(IntEnum):
    """How closely a reply is compared (`@match`)."""

    CLASS = 1
    CODE = 2
    STATUS = 3
    PREFIX = 4
    TEXT = 5
    EXACT = 6

    @classmethod
    def from_word(cls, word: str) -> "Level":
        """The level of a word such as "code"; KeyError for others."""
        return cls[word.upper()]


class Difference(Record):
    """One difference. `line`, `column` and `width` say where in the script; `want` and `got` are printable.

    `what`: "code", "enhanced", "text", "missing line", "extra line", "forbidden", "caps", "cut short", "verb";
    of a client also "left", "credentials", "surplus", "close".
    """

    line: int
    column: int
    width: int
    want: str
    got: str
    what: str


class Match(Record):
    """`status` is "ok", "drift" or "fail"; `differences` are those that made it so."""

    status: str
    differences: tuple[Difference, ...] = ()


def line_difference(wire: Wire, want: bytes, got: bytes, what: str) -> Difference:
    """A difference of whole lines; what is underlined begins where they part."""
    expected, actual = printable(want), printable(got)
    if wire.form in ('"', "~") or not got:
        return Difference(wire.line, wire.column, max(1, len(printable(wire.text))), expected, actual, what)
    start = next(
        (i for i, (a, b) in enumerate(zip(expected, actual, strict=False)) if a != b), min(len(expected), len(actual))
    )
    return Difference(wire.line, wire.column + start, max(1, len(expected) - start), expected, actual, what)
