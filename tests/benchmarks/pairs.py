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
    """The ratio of the medians that we want at most."""
    by: tuple[str, ...] = ("seconds",)
    """The fields of `Cost` that the ratio is of, each on a line of its own."""
    aside: tuple[str, ...] = ()
    """Fields of which it is shown as well, without a goal."""
    per: int = 1
    """How often it is done each time: costs are shown for one."""
    rounds: int = 0
    """How often to measure, where that takes long; 0 as often as asked for."""
    turns: int = 1
    """How many turns make a round, of what is quick."""
    within: float | None = None
    """The seconds that we want ours to take at most, whatever the other takes."""
    tail: float | None = None
    """The ratio of the slowest twentieths that we want at most; they get a line of their own."""


class Row(NamedTuple):
    """What was measured, by one field of the costs; `missing` says why there are no numbers."""

    comparison: Comparison
    by: str
    ours: Sequence[float] = ()
    other: Sequence[float] = ()
    missing: str = ""


def measure(comparison: Comparison, rounds: int) -> list[Row]:
    """Let both take turns, after one turn each that does not count (it fills the disk cache)."""
    pair = (comparison.ours, comparison.other)
    fields = comparison.by + comparison.aside
    try:
        for contender in pair:
            contender.once()
        costs: tuple[list[Cost], list[Cost]] = ([], [])
        for _ in range(min(rounds, comparison.rounds or rounds) * comparison.turns):
            for contender, column in zip(pair, costs, strict=True):
                column.append(contender.once())
    except Missing as missing:
        return [Row(comparison, fields[0], missing=str(missing))]
    return [
        Row(comparison, by, *([getattr(cost, by) / comparison.per for cost in column] for column in costs))
        for by in fields
    ]


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of a Markdown table: medians, with the quartiles."""
    yield "| what | by | ours | other | ratio | goal |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        yield _medians(row)
        if row.comparison.tail is not None and not row.missing:
            yield _tails(row, row.comparison.tail)


def _medians(row: Row) -> str:
    title, ours, other, goal = row.comparison[:4]
    by = {"seconds": "time", "cpu": "processor time", "octets": "memory"}[row.by]
    within = row.comparison.within
    if row.by in row.comparison.aside:
        goal = within = None
    goals = [] if goal is None else [f"≤ {goal:.2f}"]
    goals += [] if within is None else [f"≤ {_value(within, row.by)}"]
    wanted = ", ".join(goals)
    if row.missing:
        return f"| {title} | {by} | | {other.name} | not measured: {row.missing} | {wanted} |"
    mine, theirs = statistics.median(row.ours), statistics.median(row.other)
    return (
        f"| {title} | {by} | {ours.name} {_shown(row.ours, row.by)}{_verdict(mine, within)}"
        f" | {other.name} {_shown(row.other, row.by)} | {mine / theirs:.2f}{_verdict(mine / theirs, goal)}"
        f" | {wanted} |"
    )


def _tails(row: Row, goal: float) -> str:
    """What nineteen of twenty stay below."""
    title, ours, other = row.comparison[:3]
    mine, theirs = (statistics.quantiles(values, n=20, method="inclusive")[-1] for values in (row.ours, row.other))
    by = row.by
    return (
        f"| {title}, 95 of 100 within | time | {ours.name} {_value(mine, by)} | {other.name} {_value(theirs, by)}"
        f" | {mine / theirs:.2f}{_verdict(mine / theirs, goal)} | ≤ {goal:.2f} |"
    )


def _verdict(value: float, goal: float | None) -> str:
    return "" if goal is None or value <= goal else " (missed)"


def _shown(values: Sequence[float], by: str) -> str:
    middle = statistics.median(values)
    if len(values) < 3:
        return _value(middle, by)
    _, scale = _unit(middle, by)
    low, _, high = (value * scale for value in statistics.quantiles(values, n=4, method="inclusive"))
    return f"{_value(middle, by)} ({low:.1f} to {high:.1f})"


def _value(value: float, by: str) -> str:
    unit, scale = _unit(value, by)
    return f"{value * scale:.1f} {unit}"


def _unit(value: float, by: str) -> tuple[str, float]:
    return ("MB", 1e-6) if by == "octets" else ("ms", 1e3) if value >= 1e-3 else ("µs", 1e6)
