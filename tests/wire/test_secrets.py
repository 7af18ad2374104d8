"""A secret does not show, wherever it turns up."""

import copy
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.wire.secrets import MASK, Secret, SecretBook

CANARY = b"hunter2hunter2"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r:>30}".format, "{:>30}".format, lambda s: f"{[s]}"])
def test_shows_as_a_mask(show: object) -> None:
    """Every way of printing a secret gives the mask."""
    assert callable(show)
    shown = show(Secret(CANARY))
    assert "hunter2" not in shown
    assert MASK in shown


def test_does_not_show_in_a_traceback() -> None:
    """Nor in an exception and its traceback."""
    with pytest.raises(ValueError, match=MASK) as caught:
        raise ValueError(Secret(CANARY))
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_is_not_written(write: object) -> None:
    """Pickling and copying by value are refused."""
    assert callable(write)
    with pytest.raises(TypeError):
        write(Secret(CANARY))


def test_is_compared_by_octets() -> None:
    """Equality, truth and hashing work on the octets; a secret equals no bare octets."""
    assert Secret(b"a") == Secret(b"a")
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != b"a"
    assert len({Secret(b"a"), Secret(b"a")}) == 1
    assert not Secret(b"")
    assert Secret(b"a").reveal() == b"a"


ECHOES = {
    "plain": b"500 5.5.1 unrecognised command: 'hunter2hunter2'",
    "base64": b"535 5.7.8 bad: aHVudGVyMmh1bnRlcjI= echoed",
    "base64 without padding": b"535 5.7.8 bad: aHVudGVyMmh1bnRlcjI echoed",
    "hexadecimal": b"535 68756e7465723268756e74657232",
    "upper-case hexadecimal": b"535 68756E7465723268756E74657232",
}


@pytest.mark.parametrize("line", ECHOES.values(), ids=ECHOES)
def test_echo_is_masked(line: bytes) -> None:
    """What a server echoes of a secret is found in every form."""
    book = SecretBook()
    book.add(Secret(CANARY))
    assert book.occurs_in(line)
    masked = book.mask(line)
    assert MASK.encode() in masked
    assert not book.occurs_in(masked)


def test_short_secrets_do_not_blot_out_text() -> None:
    """A secret of three octets is not searched for: it would occur everywhere."""
    book = SecretBook()
    book.add(Secret(b"250"))
    assert book.mask(b"250 Ok") == b"250 Ok"


@pytest.mark.parametrize("echo", [b"AHRpbQBodW50ZXIyaHVudGVyMg==", b"hunter2hunter2", b"aHVudGVyMmh1bnRlcjI="])
def test_parts_of_a_step_are_remembered(echo: bytes) -> None:
    """Of an AUTH PLAIN step, the step itself and the password in it are masked, the user name is not."""
    book = SecretBook()
    book.add_step(b"AHRpbQBodW50ZXIyaHVudGVyMg==")
    assert book.occurs_in(b"535 no: " + echo)
    assert not book.occurs_in(b"535 no such user tim")


def test_a_step_that_is_no_base64_is_remembered_whole() -> None:
    """A password typed as it is, where base64 was due, is a secret too."""
    book = SecretBook()
    book.add_step(b"hunter2!")
    assert book.occurs_in(b"501 hunter2! is no base64")


@given(st.binary(min_size=4), st.binary(), st.binary())
def test_nothing_is_left_of_a_secret(secret: bytes, before: bytes, after: bytes) -> None:
    """A secret with anything around it is found."""
    book = SecretBook()
    book.add(Secret(secret))
    assert book.occurs_in(before + secret + after)
    assert MASK.encode() in book.mask(before + secret + after)
