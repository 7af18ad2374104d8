"""Whose a typed line is, and what an alias makes of it."""

import pytest

from smtp_repl.term.typed import expand

ALIASES = {"hi": "EHLO client.example.org", "work": "/connect work", "a": "/b", "b": "/a"}


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/hi", "EHLO client.example.org"),
        ("/hi SIZE=1", "EHLO client.example.org SIZE=1"),
        ("/work", "/connect work"),
        ("/a", "/b"),
        ("//hi", "//hi"),
        ("hi", "hi"),
        ("/hix", "/hix"),
        ("", ""),
    ],
)
def test_expand(line: str, meant: str) -> None:
    """An alias becomes its line once, with what was typed behind it; nothing else changes."""
    assert expand(line, ALIASES) == meant
