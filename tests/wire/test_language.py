"""Texts for people pass through one hook, and are English until somebody says otherwise."""

import gettext
from collections.abc import Iterator

import pytest

from smtp_repl.wire.language import N_, _, advice, either, listed, n_, phrase, phrase_of, speak


@pytest.fixture
def backwards() -> Iterator[None]:
    """A language in which everything is said backwards."""
    speak(lambda message: message[::-1], lambda one, many, count: (one if count == 1 else many)[::-1])
    yield
    speak()


def test_english_needs_no_catalog() -> None:
    """What nobody translated is said as it is written."""
    assert _("no such file: {path}").format(path="a") == "no such file: a"
    assert [n_("{count} line", "{count} lines", count).format(count=count) for count in (0, 1, 2)] == [
        "0 lines",
        "1 line",
        "2 lines",
    ]


def test_another_language(backwards: None) -> None:
    """From then on every text is looked up; a mark alone looks up nothing."""
    assert _("tac") == "cat"
    assert n_("eno", "ynam", 1) == "one"
    assert n_("eno", "ynam", 2) == "many"
    assert N_("tac") == "tac"


def test_a_phrase_is_english_until_it_is_read() -> None:
    """It is a text like any other; in another language its template is looked up, and a phrase in it too."""
    catalog = {
        "{verb} needs {what}": "{what} is what {verb} needs",
        "an argument": "something",
        "{count} line": "{count} row",
        "{count} lines": "{count} rows",
    }
    needs = phrase("{verb} needs {what}", verb="EHLO", what=phrase("an argument"))
    counted = [phrase_of("{count} line", "{count} lines", count) for count in (1, 2)]
    assert (needs, *counted) == ("EHLO needs an argument", "1 line", "2 lines")
    assert [_(text) for text in (needs, *counted)] == [needs, *counted]
    speak(lambda message: catalog.get(message, message), lambda one, many, count: catalog[one if count == 1 else many])
    try:
        assert [_(text) for text in (needs, *counted)] == ["something is what EHLO needs", "1 row", "2 rows"]
        assert f"{needs}" == "EHLO needs an argument"
    finally:
        speak()


@pytest.mark.parametrize(
    ("parts", "all_of_them", "one_of_them"),
    [((), "", ""), (("a",), "a", "a"), (("a", "b"), "a, b", "a or b"), (("a", "b", "c"), "a, b, c", "a, b or c")],
)
def test_several_facts_of_a_sentence(parts: tuple[str, ...], all_of_them: str, one_of_them: str) -> None:
    """How they are put together is a text of its own, and so is each of them that is one."""
    assert listed(parts) == all_of_them
    assert either(parts) == one_of_them
    speak({"{facts}, {fact}": "{facts}/{fact}", "{facts} or {fact}": "{facts}|{fact}", "a": "A"}.__getitem__)
    try:
        assert _(listed(("a", "a"))) == "A/A"
        assert _(either(("a", "a"))) == "A|A"
    finally:
        speak()


def test_the_empty_text_is_no_key() -> None:
    """A catalog keeps its header under the empty text; nobody is to read it."""
    null = gettext.NullTranslations()
    speak(lambda message: "header" if not message else null.gettext(message))
    try:
        assert _("") == ""
    finally:
        speak()


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (("late",), "late"),
        (("late", "wait"), "late; wait"),
        (("late", "", "RFC 5321"), "late (RFC 5321)"),
        (("late", "wait", "RFC 5321"), "late; wait (RFC 5321)"),
    ],
)
def test_advice(parts: tuple[str, ...], line: str) -> None:
    """A line says what there is to say, and nothing stands for what there is not."""
    assert advice(*parts) == line
