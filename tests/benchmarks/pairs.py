"""Measuring side by side: A B A B … in one run, medians and their ratio.

Seconds mean nothing on a machine that one does not know, and little on one that does other things as well; the
ratio of two programs that took turns says more, and of these the ratio of their processor time is the steadier one.
What is missing is named, never left out in silence.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple


class Missing(Exception):
    """A contender cannot be measured here; says why."""


class Cost(NamedTuple):
    """What it took to do the whole thing once."""

    seconds: float
    cpu: float = 0.0
    """Seconds of processor time, in user and system mode."""
    octets: int = 0
    """Most memory that was in use."""


class Contender(NamedTuple):
    name: str
    once: Callable[[], Cost]
    """Does the whole thing once. Raises `Missing` when it cannot here, anything else when it went wrong."""


class Comparison(NamedTuple):
    title: str
    ours: Contender
    other: Contender
    goal: float | None = None
    """The ratio that we want at most."""
    by: str = "seconds"
    """The field of `Cost` that the ratio is of."""
    per: int = 1
    """How often it is done each time: costs are shown for one."""
    rounds: int = 0
    """How often to measure, where that takes long; 0 as often as asked for."""


class Row(NamedTuple):
    """One line of the table; `missing` says why there are no numbers."""

    comparison: Comparison
    ours: Sequence[float] = ()
    other: Sequence[float] = ()
    missing: str = ""

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.other)


def measure(comparison: Comparison, rounds: int) -> Row:
    """Let both take turns, after one turn each that does not count (it fills the disk cache)."""
    pair = (comparison.ours, comparison.other)
    try:
        for contender in pair:
            contender.once()
        values: tuple[list[float], list[float]] = ([], [])
        for _ in range(min(rounds, comparison.rounds or rounds)):
            for contender, column in zip(pair, values, strict=True):
                column.append(getattr(contender.once(), comparison.by) / comparison.per)
    except Missing as missing:
        return Row(comparison, missing=str(missing))
    return Row(comparison, *values)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of a Markdown table: medians, with the quartiles."""
    yield "| what | by | ours | other | ratio | goal |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        comparison = row.comparison
        title, ours, other, goal = comparison[:4]
        wanted = "" if goal is None else f"≤ {goal:.2f}"
        by = {"seconds": "time", "cpu": "processor time", "octets": "memory"}[comparison.by]
        if row.missing:
            yield f"| {title} | {by} | | {other.name} | not measured: {row.missing} | {wanted} |"
        else:
            verdict = "" if goal is None or row.ratio <= goal else " (missed)"
            yield (
                f"| {title} | {by} | {ours.name} {_shown(row.ours, comparison.by)}"
                f" | {other.name} {_shown(row.other, comparison.by)} | {row.ratio:.2f}{verdict} | {wanted} |"
            )


def _shown(values: Sequence[float], by: str) -> str:
    unit, scale = ("MB", 1e-6) if by == "octets" else ("ms", 1e3) if statistics.median(values) >= 1e-3 else ("µs", 1e6)
    middle = statistics.median(values) * scale
    if len(values) < 3:
        return f"{middle:.1f} {unit}"
    low, _, high = (value * scale for value in statistics.quantiles(values, n=4, method="inclusive"))
    return f"{middle:.1f} {unit} ({low:.1f} to {high:.1f})"
