"""Percentiles: exact for few samples, within a percent for many, in flat memory."""

from random import Random

import pytest

from smtp_repl.view.latencies import EXACT, Histogram, Latencies, milliseconds
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, LAST_CHUNK


def nearest_rank(samples: list[float], share: float) -> float:
    return sorted(samples)[max(0, -int(-len(samples) * share // 1) - 1)]


@pytest.mark.parametrize("count", [1, 2, 3, 10, 100, 101, 5000, EXACT])
def test_few_samples_are_exact(count: int) -> None:
    """Each percentile is a sample that occurred, by nearest rank."""
    random = Random(count)
    samples = [random.expovariate(100) for _ in range(count)]
    histogram = Histogram()
    for sample in samples:
        histogram.add(sample)
    row = histogram.percentiles()
    assert (row.samples, row.maximum) == (count, max(samples))
    assert (row.p50, row.p90, row.p99) == tuple(nearest_rank(samples, share) for share in (0.5, 0.9, 0.99))


def test_many_samples_are_within_a_percent_and_take_no_room() -> None:
    """From `EXACT` samples on there are buckets: as many as there are sizes of values, not values."""
    random = Random(1)
    samples = [random.lognormvariate(-6, 2) for _ in range(60_000)]
    histogram = Histogram()
    for sample in samples:
        histogram.add(sample)
    row = histogram.percentiles()
    assert row.samples == len(samples)
    assert row.maximum == max(samples)
    for value, share in ((row.p50, 0.5), (row.p90, 0.9), (row.p99, 0.99)):
        assert value == pytest.approx(nearest_rank(samples, share), rel=0.01)
    assert len(histogram.bars()) < 4000


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e-6, 255e-9, 256e-9, 1.0, 86_400.0])
def test_any_time_has_a_bucket(seconds: float) -> None:
    histogram = Histogram()
    for _ in range(EXACT + 1):
        histogram.add(seconds)
    assert histogram.percentiles().p99 == pytest.approx(seconds, rel=0.01, abs=1e-9)


def test_nothing_is_no_time() -> None:
    assert Histogram().percentiles() == (0, 0.0, 0.0, 0.0, 0.0)


def test_names_are_those_of_json() -> None:
    """A lane's timings and single ones come together under one name; greetings are no commands."""
    latencies = Latencies()
    sink = latencies.sink([GREETING, "EHLO", AUTH_STEP, END_OF_DATA, LAST_CHUNK])
    sink([0.1, 0.2, 0.3, 0.4, 0.5])
    latencies.add("AUTH", 0.6)
    counts = {name: histogram.count for name, histogram in latencies.by_name.items()}
    assert counts == {"greeting": 1, "EHLO": 1, "AUTH": 2, ".": 1, "BDAT": 1}
    assert latencies.commands == 5


@pytest.mark.parametrize(("seconds", "text"), [(0.00012345, "0.12"), (0.012345, "12.3"), (1.2345, "1234"), (0, "0.00")])
def test_times_are_written_with_three_digits(seconds: float, text: str) -> None:
    assert milliseconds(seconds) == text
