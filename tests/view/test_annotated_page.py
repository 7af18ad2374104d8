"""An explained conversation as a page: nothing but itself, nothing foreign that is not text."""

import re

from smtp_repl.script.text import parse
from smtp_repl.teach.annotating import annotate
from smtp_repl.view.annotated_page import annotated_page
from tests.view.test_html_report import Page

HOSTILE = b"""\
# <script>alert(1)</script>
S: 220 <img src=x onerror=alert(1)> \xe2\x80\xae"quoted" & more
C: EHLO '"><b>
S: 550 5.7.1 </code></ol>{{ 7*7 }}
S"250 \\x1b[2J\\xff\\r\\n"
nonsense <i>
"""


def page(text: bytes, title: str = "A title") -> str:
    return annotated_page(annotate(parse(text)), title)


def test_needs_nothing_else() -> None:
    """No script, no picture, no font from anywhere; its own policy forbids them."""
    text = page(HOSTILE, "<u>t</u>")
    read = Page(text)
    assert {tag for tag, _ in read.tags} & {"script", "img", "link", "iframe", "b", "i", "u", "form"} == set()
    for _, attributes in read.tags:
        assert attributes.keys() & {"src", "onerror", "onclick"} == set()
        assert (attributes.get("href") or "#").startswith("#")
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "url(" not in text


def test_what_is_foreign_is_text() -> None:
    """Lines are shown as they are and mean nothing; what acts on a terminal or hides is escaped."""
    text = Page(page(HOSTILE)).text
    for shown in (
        "# <script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</code></ol>{{ 7*7 }}",
        "nonsense <i>",
    ):
        assert shown in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_each_line_has_its_number_and_its_notes() -> None:
    text = page(b"S: 220 x\nC: EHLO y\nS: 550 5.7.1 no\n\nC: QUIT\nS: 221 bye\n")
    assert re.findall(r'<li id="l(\d+)">', text) == ["1", "2", "3", "4", "5", "6"]
    refused = text[text.index('<li id="l3">') : text.index('<li id="l4">')]
    assert '<ul class="notes error">' in refused
    assert "Change this: " in refused
    assert text.index("EHLO y was refused with 550 5.7.1") < text.index('<li id="l1">')
