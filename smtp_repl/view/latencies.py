"""How long replies took, by what they answer: percentiles of millions of samples in flat memory.

The first `EXACT` samples of a kind are kept as they are; then they become counts in buckets, each at most one
percent wide. Pure arithmetic: knows no clock and no connection.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from smtp_repl.wire.language import N_
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, LAST_CHUNK

EXACT = 10_000
"""Samples that are kept one by one."""
HELD = 200
"""Plays whose times are sorted into histograms in one go."""
_COARSE = 45
"""Bits of a double that a bucket leaves away: 7 bits of the fraction stay, 128 buckets for each doubling."""

_JSON_NAMES = {AUTH_STEP: "AUTH", LAST_CHUNK: "BDAT"}
_WORDS = {END_OF_DATA: N_("end of data")}


class Percentiles(Record):
    """Seconds. `maximum` is exact whatever the number of samples."""

    samples: int
    p50: float
    p90: float
    p99: float
    maximum: float


class Histogram:
    """Takes seconds; gives percentiles."""

    __slots__ = ("_buckets", "_folded", "_fresh", "maximum")

    def __init__(self) -> None:
        self._fresh: list[float] = []
        self._buckets: Counter[int] = Counter()
        self._folded = 0
        self.maximum = 0.0

    @property
    def count(self) -> int:
        return self._folded + len(self._fresh)

    def add(self, seconds: float) -> None:
        """Take a sample."""
        self.add_all((seconds,))

    def add_all(self, seconds: Iterable[float]) -> None:
        """Take several samples."""
        self._fresh += seconds
        if len(self._fresh) > EXACT:
            self._fold()

    def _fold(self) -> None:
        self.maximum = max(self.maximum, max(self._fresh))
        # Doubles that are not negative are in the order of their bits, taken as a number.
        bits = memoryview(array("d", self._fresh)).cast("B").cast("Q")
        self._buckets.update([number >> _COARSE for number in bits])
        self._folded += len(self._fresh)
        self._fresh = []

    def percentiles(self) -> Percentiles:
        """The nearest-rank percentiles: a sample that occurred, or the middle of its bucket."""
        rows = self.bars()
        ranks = [ceil(self.count * share) for share in (0.5, 0.9, 0.99)]
        values: list[float] = []
        seen = 0
        for seconds, number in rows:
            seen += number
            while len(values) < len(ranks) and ranks[len(values)] <= seen:
                values.append(min(seconds, self.largest))
        p50, p90, p99 = values or (0.0, 0.0, 0.0)
        return Percentiles(self.count, p50, p90, p99, self.largest)

    @property
    def largest(self) -> float:
        """The largest sample."""
        return max(self.maximum, max(self._fresh, default=0.0))

    def bars(self) -> list[tuple[float, int]]:
        """Values in ascending order, and how many samples each stands for."""
        if not self._folded:
            return [(seconds, 1) for seconds in sorted(self._fresh)]
        if self._fresh:
            self._fold()
        return [(_middle(key), self._buckets[key]) for key in sorted(self._buckets)]


def _middle(bucket: int) -> float:
    bits = array("Q", [(bucket << _COARSE) + (1 << _COARSE >> 1)])
    return float(memoryview(bits).cast("B").cast("d")[0])


class Latencies:
    """A histogram for each thing that is answered, in the order in which they first were."""

    def __init__(self) -> None:
        self._histograms: dict[str, Histogram] = {}
        self._sinks: list[Sink] = []

    def add(self, answers: str, seconds: float) -> None:
        """Take a sample; `answers` is as in `StepResult`."""
        name = _JSON_NAMES.get(answers, answers)
        histogram = self._histograms.get(name)
        if histogram is None:
            histogram = self._histograms[name] = Histogram()
        histogram.add(seconds)

    def sink(self, answers: Sequence[str]) -> "Sink":
        """Takes the seconds of whole plays whose replies answer these things."""
        for name in answers:
            self._histograms.setdefault(_JSON_NAMES.get(name, name), Histogram())
        self._sinks.append(Sink([self._histograms[_JSON_NAMES.get(name, name)] for name in answers]))
        return self._sinks[-1]

    def _settled(self) -> Mapping[str, Histogram]:
        for sink in self._sinks:
            sink.flow()
        return self._histograms

    @property
    def by_name(self) -> Mapping[str, Histogram]:
        """The names are those of the field `answers` in `--json`."""
        return {name: histogram for name, histogram in self._settled().items() if histogram.count}

    @property
    def commands(self) -> int:
        """How many commands (and messages) were answered."""
        return sum(histogram.count for name, histogram in self._settled().items() if name != GREETING)


class Sink:
    """The way of a lane's timings into the histograms, many plays at a time."""

    __slots__ = ("_held", "_histograms")

    def __init__(self, histograms: Iterable[Histogram]) -> None:
        self._histograms = tuple(histograms)
        self._held: list[Sequence[float]] = []

    def __call__(self, seconds: Sequence[float]) -> None:
        self._held.append(seconds)
        if len(self._held) >= HELD:
            self.flow()

    def flow(self) -> None:
        """Give the histograms what they have not got yet."""
        held, self._held = self._held, []
        if held:
            for histogram, samples in zip(self._histograms, zip(*held, strict=True), strict=True):
                histogram.add_all(samples)


def word_for(name: str) -> str:
    """What is answered, for people."""
    return _WORDS.get(name, name)


def milliseconds(seconds: float) -> str:
    """A time with three digits that count, in milliseconds."""
    value = seconds * 1000
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
