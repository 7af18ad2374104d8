"""Measuring side by side: A B A B … in one run, medians and their ratio.

Seconds mean nothing on a machine that one does not know, and little on one that does other things as well; the
ratio of two programs that took turns says more. What is missing is named, never left out in silence.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple


class Missing(Exception):
    """A contender cannot be measured here; says why."""


class Contender(NamedTuple):
    name: str
    once: Callable[[], None]
    """Does the whole thing once. Raises `Missing` when it cannot here, anything else when it went wrong."""


class Comparison(NamedTuple):
    title: str
    ours: Contender
    other: Contender
    goal: float | None = None
    """The ratio that we want at most."""


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
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            for contender, seconds in zip(pair, times, strict=True):
                began = time.perf_counter()
                contender.once()
                seconds.append(time.perf_counter() - began)
    except Missing as missing:
        return Row(comparison, missing=str(missing))
    return Row(comparison, *times)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of a Markdown table; milliseconds are medians, with the quartiles."""
    yield "| what | ours | other | ratio | goal |"
    yield "|---|---|---|---|---|"
    for row in rows:
        title, ours, other, goal = row.comparison
        wanted = "" if goal is None else f"≤ {goal:.2f}"
        if row.missing:
            yield f"| {title} | | {other.name} | not measured: {row.missing} | {wanted} |"
        else:
            verdict = "" if goal is None or row.ratio <= goal else " (missed)"
            yield (
                f"| {title} | {ours.name} {_milliseconds(row.ours)} | {other.name} {_milliseconds(row.other)}"
                f" | {row.ratio:.2f}{verdict} | {wanted} |"
            )


def _milliseconds(seconds: Sequence[float]) -> str:
    low, middle, high = (1000 * value for value in statistics.quantiles(seconds, n=4, method="inclusive"))
    return f"{middle:.1f} ms ({low:.1f} to {high:.1f})"
