"""The HTML report: one page that needs nothing else, with nothing foreign in it that is not text."""

import re
from html.parser import HTMLParser

import pytest

from smtp_repl.view.html_report import coloured, html_report, picture, style
from smtp_repl.view.latencies import Histogram
from tests.view.reported import HOSTILE, TRANSCRIPT, everything, file, run, session

VOID = frozenset({"meta", "line", "circle", "rect", "br"})


class Page(HTMLParser):
    """Checks that tags close in order; gathers tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(html_report(everything()))


def test_needs_nothing_else(page: Page) -> None:
    """No script, no picture, no font, no style sheet from anywhere; and its own policy forbids them."""
    assert {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "object", "embed", "form"} == set()
    for _, attributes in page.tags:
        assert attributes.keys() & {"src", "srcset", "onclick", "onload", "data"} == set()
        assert (attributes.get("href") or "#").startswith("#")
    text = html_report(everything())
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'; style-src 'unsafe-inline'" in text


def test_what_is_foreign_is_text(page: Page) -> None:
    """Titles, messages and transcripts are shown as they are and mean nothing."""
    assert page.text.count(HOSTILE) >= 3
    assert "49" not in re.findall(r"\b49\b", page.text)
    assert TRANSCRIPT.rstrip("\n") in page.text


def test_shows_every_verdict(page: Page) -> None:
    for verdict in ("pass", "drift", "fail", "error", "skip"):
        assert any(verdict in (attributes.get("class") or "").split() for _, attributes in page.tags)


def test_failures_are_open_and_all_else_is_closed(page: Page) -> None:
    """Readable without a script: what matters is unfolded."""
    opened = [("open" in attributes) for tag, attributes in page.tags if tag == "details"]
    assert opened == [False, False, True, True, False, True, False]


def test_on_paper_nothing_is_closed_or_cut() -> None:
    """A report is a hand-out too: there is nobody to unfold a conversation or to move a long line aside."""
    paper = html_report(everything()).partition("@media print {")[2].partition("</style>")[0]
    assert "details::details-content { content-visibility: visible; display: block; }" in paper
    assert "pre { white-space: pre-wrap; overflow-wrap: anywhere; }" in paper


def test_bars_are_shares_of_the_slowest(page: Page) -> None:
    widths = [attributes["style"] for tag, attributes in page.tags if tag == "span" and "style" in attributes]
    assert widths[:3] == ["width:25.0%", "width:100.0%", "width:50.0%"]


def test_a_run_without_any_reply_has_no_picture() -> None:
    nothing = run(file("a.smtp", session(status="error")._replace(transcript="", steps=())))
    nothing.latencies.by_name.items()
    assert picture({}) is None
    Page(html_report(nothing))


@pytest.mark.parametrize(
    "seconds", [[0.001], [0.0], [1e-7, 3600.0], [0.01, 0.01], [10.0]], ids=["one", "zero", "far", "same", "ten"]
)
def test_the_picture_has_room_for_every_time(seconds: list[float]) -> None:
    """Everything lies between the ends of the axis, in order."""
    histogram = Histogram()
    for value in seconds:
        histogram.add(value)
    made = picture({"EHLO": histogram})
    assert made is not None
    assert len(made.ticks) >= 2
    for span in made.spans:
        places = [made.ticks[0].x, span.p50, span.p90, span.p99, span.maximum, made.ticks[-1].x]
        assert places == sorted(places)


def test_colours_are_those_of_the_lexer() -> None:
    """The pieces joined are the transcript; tags and codes have classes that the style knows."""
    pieces = list(coloured(TRANSCRIPT))
    assert "".join(piece for _, piece in pieces) == TRANSCRIPT.removesuffix("\n")
    used = {name for name, _ in pieces if name}
    assert len(used) > 3
    assert all(f".{name}{{" in style() for name in used)


def test_there_are_colours_for_light_and_dark() -> None:
    assert style().count(":root{") == 2
    assert "prefers-color-scheme:dark" in style()
