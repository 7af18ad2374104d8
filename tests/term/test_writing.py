"""What the toolbar says of a message, whichever way it came to be what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.teach.message_check import Circumstances
from smtp_repl.term.writing import Written

GIVEN = Circumstances(b"alice@example.com", 10_000)
PARTS = st.sampled_from(["From: alice@example.com\n", "To: x", "\n", ".", "..\n", "ä", "\r", "\0", "a" * 999, " b\n"])


@given(st.lists(st.tuples(PARTS, st.integers(0, 2000)), max_size=12))
def test_it_does_not_depend_on_what_was_typed_before(typed: list[tuple[str, int]]) -> None:
    """What is kept of the lines above the last is what reading them again would give."""
    written, text = Written(), ""
    for part, at in typed:
        text = text[:at] + part + text[at:]
        assert written.pieces(text, GIVEN) == Written().pieces(text, GIVEN)
        assert written.pieces(text[:at], GIVEN) == Written().pieces(text[:at], GIVEN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("To: x\n\n.a", "1 dot doubled"),
        (".\n\n..\n.\n", "3 dots doubled"),
        ("To: x\n.", None),
    ],
    ids=["in the last line", "above it", "the one that ends it"],
)
def test_dots(text: str, shown: str | None) -> None:
    told = [piece for _, piece in Written().pieces(text, GIVEN) if "dot" in piece]
    assert told == ([shown] if shown else [])
