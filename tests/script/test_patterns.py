"""The patterns of holes: what may stand in one, what it costs, and its shortest sample."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.script.patterns import FLAGS, read_pattern
from smtp_repl.wire.errors import ScriptError


@pytest.mark.parametrize(
    ("source", "unbounded", "ways"),
    [
        ("", 0, 1),
        ("abc", 0, 1),
        ("[0-9]+", 1, 1),
        ("a*b+", 2, 1),
        ("a{2,}", 1, 1),
        ("a{2}", 0, 1),
        ("a{2,4}", 0, 3),
        ("a{,3}?", 0, 4),
        ("a?b?", 0, 4),
        ("a?|b", 0, 3),
        ("a|b+", 1, 2),
        (r"\d{3}\.\x41\(", 0, 1),
        ("[]a]*", 1, 1),
        ("[^]a]", 0, 1),
        (r"[\]a]", 0, 1),
        ("a{x}", 0, 1),
        ("a*+", 1, 1),
    ],
)
def test_cost(source: str, unbounded: int, ways: int) -> None:
    """Unbounded quantifiers are counted, the ways of bounded ones multiplied."""
    pattern = read_pattern(source)
    assert (pattern.unbounded, pattern.ways) == (unbounded, ways)


@pytest.mark.parametrize(
    ("source", "column", "words"),
    [
        ("(a)", 1, "no groups"),
        ("a(?=b)", 2, "no groups"),
        ("a)", 2, "no groups"),
        (r"a\1", 2, "no back-references"),
        ("*", 1, "nothing to repeat"),
        ("a**", 3, "nothing to repeat"),
        ("{2}", 1, "nothing to repeat"),
        ("[a", 1, "not closed"),
        ("[[a]]", 1, "inside a character class"),
        ("[a--b]", 1, "inside a character class"),
        ("a\\", 2, "backslash"),
        ("a{1,99999}", 2, "a count goes up"),
        ("a{4,2}", 3, "no regular expression"),
        ("a" * 1001, 1001, "at most 1000"),
        (r"\q", 1, "no regular expression"),
        ("[z-a]", 2, "no regular expression"),
    ],
)
def test_refused(source: str, column: int, words: str) -> None:
    """Groups, lookaround, back-references and whatever Python would not compile are errors with a place."""
    with pytest.raises(ScriptError, match=words) as raised:
        read_pattern(source)
    assert (raised.value.kind, raised.value.column) == ("bad-regex", column)


@pytest.mark.parametrize(
    ("source", "sample"),
    [
        ("", ""),
        ("abc|de", "de"),
        ("[0-9]+", "0"),
        ("[^0-9]", "a"),
        (r"[A-Z]{3}\.\d?", "AAA."),
        (r"\w\s.", "0 0"),
        ("^a$", "a"),
        (r"\x41{2}", "AA"),
    ],
)
def test_sample(source: str, sample: str) -> None:
    """A sample is a shortest text that matches."""
    assert read_pattern(source).sample() == sample


@pytest.mark.parametrize("source", [r"a\Bb?\b-\b", r"\u0041\u0042", "[^\\x00-\\xff]"])
def test_without_sample(source: str) -> None:
    """Where no sample is found, that is an error of the script and not a wrong line."""
    with pytest.raises(ScriptError, match="no text is known"):
        read_pattern(source).sample()


@given(st.text(alphabet=r"ab01\dws.[]^-*+?{},|()$x&~", max_size=12))
def test_any_text_is_read_or_refused(source: str) -> None:
    """Any text gives a pattern or a `ScriptError`; Python never warns of what was let through."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            pattern = read_pattern(source)
        except ScriptError:
            return
        compiled = re.compile(f"(?:{source})", FLAGS)
        assert compiled.groups == 0
        try:
            sample = pattern.sample()
        except ScriptError:
            return
        assert compiled.fullmatch(sample)
