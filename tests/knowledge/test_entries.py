"""The prose has an entry for everything that the tables of wire know, and says where it comes from."""

import pytest

from smtp_repl.knowledge import entries
from smtp_repl.knowledge.entries import Entry, code, enhanced, entries_of, look_up, look_up_all, suggest
from smtp_repl.wire.extensions import EXTENSIONS
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.verbs import PARAMETERS, VERBS

KINDS = ("verb", "keyword", "parameter", "code", "enhanced", "mechanism")
ALL = [pytest.param(entry, id=f"{kind} {entry.word}") for kind in KINDS for entry in entries_of(kind).values()]


@pytest.mark.parametrize("entry", ALL)
def test_entry(entry: Entry) -> None:
    """A line short enough for the menu, a source, and the word of warning where the source is missing."""
    assert 0 < len(entry.plain) <= 70
    assert entry.plain.isprintable()
    assert not entry.plain.endswith(".")
    assert entry.ref
    assert entry.verified in ("rfc", "registry", "documentation", "observed", "memory")
    assert entry.is_confirmed == (entries.UNCONFIRMED not in entry.plain)
    assert entry.is_confirmed or entries.UNCONFIRMED in entry.detail.lower()


def test_verbs_and_prose_have_the_same_keys() -> None:
    """One row of syntax in wire, one entry of prose here, for every verb."""
    assert set(entries_of("verb")) == set(VERBS)


def test_keywords_and_prose_have_the_same_keys() -> None:
    """The same for EHLO keywords."""
    assert list(entries_of("keyword")) == list(EXTENSIONS)


def test_verbs_of_extensions_are_verbs() -> None:
    """What a keyword is said to bring has a row of syntax (but ONEX, of which nobody knows one)."""
    assert {verb for row in EXTENSIONS.values() for verb in row.verbs} - set(VERBS) <= {"ONEX"}


def test_parameters_have_prose() -> None:
    """The same for parameters; prose may know private ones that have no syntax."""
    assert {row.name for row in PARAMETERS} <= set(entries_of("parameter"))
    for row in EXTENSIONS.values():
        assert {*row.mail_parameters, *row.rcpt_parameters} <= set(entries_of("parameter"))


def test_mechanisms_have_prose() -> None:
    """Every mechanism that we speak is described; prose may know more."""
    assert set(MECHANISMS) <= set(entries_of("mechanism"))


LOOKED_UP = {
    "ehlo": ("verb", "EHLO"),
    "MAIL FROM": ("verb", "MAIL"),
    "RCPT TO:": ("verb", "RCPT"),
    "AUTH PLAIN": ("mechanism", "PLAIN"),
    "8bitmime": ("keyword", "8BITMIME"),
    "SIZE=1000": ("keyword", "SIZE"),
    "notify": ("parameter", "NOTIFY"),
    "250": ("code", "250"),
    "5.7.8": ("enhanced", "5.7.8"),
    "x.7.8": ("enhanced", "X.7.8"),
    ".": ("verb", "."),
    "*": ("verb", "*"),
    "SCRAM-SHA-256-PLUS": ("mechanism", "SCRAM-SHA-256-PLUS"),
}


@pytest.mark.parametrize(("words", "found"), LOOKED_UP.items(), ids=LOOKED_UP)
def test_look_up(words: str, found: tuple[str, str]) -> None:
    """A word is found by what it looks like, in any case."""
    entry = look_up(words)
    assert entry is not None
    assert (entry.kind, entry.word) == found


@pytest.mark.parametrize("word", ["", "FOO", "99", "199", "600", "1.2.3", "5.9.1", "X.7.99", "٢٥٠", "2_5"])
def test_look_up_nothing(word: str) -> None:
    """What is not known is not made up."""
    assert look_up(word) is None
    assert look_up_all(word) == ()


def test_one_word_many_things() -> None:
    """AUTH is a verb, a keyword and a parameter; all are found."""
    assert [entry.kind for entry in look_up_all("auth")] == ["verb", "keyword", "parameter"]


def test_unregistered_codes() -> None:
    """Of a code that nobody registered, what its digits say (RFC 5321 §4.2.1, RFC 3463 §2)."""
    assert code(299) == look_up("299")
    assert "done" in (code(299) or pytest.fail("no entry")).plain
    assert code(250) is entries_of("code")["250"]
    entry = enhanced("4.7.99")
    assert entry is not None
    assert entry.plain.startswith("temporary failure: security or policy")


def test_by_kind() -> None:
    """Each kind has its own way in."""
    for found in (entries.verb("mail"), entries.keyword("size"), entries.parameter("size"), entries.mechanism("login")):
        assert found is not None
    assert entries.verb("SIZE") is None


@pytest.mark.parametrize(("word", "nearest"), [("MIAL", "MAIL"), ("startls", "STARTTLS"), ("PLAINN", "PLAIN")])
def test_suggest(word: str, nearest: str) -> None:
    """A misspelled word finds the one that was meant."""
    assert nearest in suggest(word)


def test_suggest_nothing() -> None:
    """No suggestion is better than a silly one."""
    assert suggest("QQQQQQ") == []
