"""The report as one page of HTML: verdicts, times, and each conversation that was kept, in colours.

The page needs nothing but itself: no script, no font, no picture from elsewhere, and its own policy forbids them.
Everything foreign goes through the template's escaping. jinja2 is imported here, when a page is asked for.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from math import log10

from jinja2 import Environment, StrictUndefined
from pygments.token import _TokenType

from smtp_repl.view.latencies import Histogram, milliseconds, word_for
from smtp_repl.view.lines import tokens
from smtp_repl.view.results import VERDICTS, RunResult, SessionResult, StepShown
from smtp_repl.view.styles import LOOKS
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

_COLOURS: Mapping[str, tuple[str, str]] = {
    # name: on light, on dark; each with a contrast of at least 4.5 to the page
    "blue": ("#0550ae", "#79c0ff"),
    "magenta": ("#8a2f8f", "#d2a8ff"),
    "green": ("#116329", "#7ee787"),
    "yellow": ("#7d4e00", "#e3b341"),
    "red": ("#b3101c", "#ff9492"),
    "cyan": ("#0a6570", "#76e3ea"),
}
_CLASSES = {token: f"k{number}" for number, token in enumerate(LOOKS)}

# Of the latency picture, in the units of its viewBox.
_LABELS, _WIDTH, _ROW, _RIGHT = 110, 520, 22, 80


class Bar(Record):
    """A reply's time: how it is written, and its share of the slowest one's, in percent."""

    step: StepShown
    word: str
    time: str
    percent: float


class Span(Record):
    """One row of the latency picture: positions along the axis."""

    word: str
    top: float
    p50: float
    p90: float
    p99: float
    maximum: float
    text: str


class Tick(Record):
    x: float
    text: str


class Picture(Record):
    """Latencies on a logarithmic axis."""

    width: int
    height: int
    spans: tuple[Span, ...]
    ticks: tuple[Tick, ...]


def html_report(run: RunResult) -> str:
    """The page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(coloured=coloured, bars=bars, printable=printable)
    text = files("smtp_repl.view").joinpath("report.html").read_text(encoding="utf-8")
    rows = {name: histogram.percentiles() for name, histogram in run.latencies.by_name.items()}
    page = environment.from_string(text).render(
        run=run,
        verdicts=[(verdict, sum(file.verdicts.get(verdict, 0) for file in run.files)) for verdict in VERDICTS],
        latencies=[(printable(word_for(name)), row) for name, row in rows.items()],
        milliseconds=milliseconds,
        picture=picture(run.latencies.by_name),
        style=style(),
    )
    return page.rstrip("\n") + "\n"


def coloured(transcript: str) -> Iterator[tuple[str, str]]:
    """The pieces of a transcript, each with the class of its colour, "" for none."""
    safe = "\n".join(printable(line) for line in transcript.removesuffix("\n").split("\n"))
    for token, piece in tokens(safe):
        yield _class(token), piece


def _class(token: _TokenType) -> str:
    while token not in _CLASSES and token.parent is not None:
        token = token.parent
    look = LOOKS.get(token)
    return _CLASSES[token] if look is not None and any(look) else ""


def bars(session: SessionResult) -> list[Bar]:
    """The times of a session's replies, as bars."""
    most = max((step.seconds for step in session.steps), default=0.0)
    return [
        Bar(
            step,
            printable(word_for(step.answers)),
            f"{milliseconds(step.seconds)} ms",
            round(100 * step.seconds / most, 1) if most else 0.0,
        )
        for step in session.steps
    ]


def picture(histograms: Mapping[str, Histogram]) -> Picture | None:
    """How long replies took; None when there were none."""
    rows = [(name, histogram.percentiles()) for name, histogram in histograms.items()]
    values = [max(value, 1e-6) for _, row in rows for value in (row.p50, row.maximum)]
    if not values:
        return None
    low, high = int(log10(min(values)) - 1), int(log10(max(values)) + 1)
    low = max(exponent for exponent in range(low, high + 1) if 10.0**exponent <= min(values) or exponent == low)
    high = max(low + 1, min(exponent for exponent in range(low, high + 2) if 10.0**exponent >= max(values)))

    def x(seconds: float) -> float:
        share = (log10(max(seconds, 10.0**low)) - low) / (high - low)
        return round(_LABELS + _WIDTH * min(1.0, share), 1)

    spans = tuple(
        Span(
            printable(word_for(name)),
            number * _ROW + 4,
            x(row.p50),
            x(row.p90),
            x(row.p99),
            x(row.maximum),
            f"{row.samples} replies: p50 {milliseconds(row.p50)} ms, p90 {milliseconds(row.p90)} ms, "
            f"p99 {milliseconds(row.p99)} ms, max {milliseconds(row.maximum)} ms",
        )
        for number, (name, row) in enumerate(rows)
    )
    ticks = tuple(Tick(x(10.0**exponent), _axis(exponent)) for exponent in range(low, high + 1))
    return Picture(_LABELS + _WIDTH + _RIGHT, len(rows) * _ROW + 30, spans, ticks)


def _axis(exponent: int) -> str:
    if exponent >= 0:
        return f"{10**exponent} s"
    return f"{10 ** (exponent + 3)} ms" if exponent >= -3 else f"{10 ** (exponent + 6)} µs"


def style() -> str:
    """The colours of the one table in `styles`, for light pages and for dark ones."""
    names = {look.light.removeprefix("bright") for look in LOOKS.values() if look.light}
    variables = ["".join(f"--{name}:{_COLOURS[name][dark]};" for name in sorted(names)) for dark in (False, True)]
    rules = [f":root{{{variables[0]}}}", f"@media (prefers-color-scheme:dark){{:root{{{variables[1]}}}}}"]
    for token, name in _CLASSES.items():
        look = LOOKS[token]
        body = f"color:var(--{look.light.removeprefix('bright')});" if look.light else ""
        body += "font-weight:bold;" * look.bold + "text-decoration:underline;" * look.underline
        if body:
            rules.append(f".{name}{{{body}}}")
    return "\n".join(rules)
