"""The toolbar: the state of the session in one line."""

import pytest

from smtp_repl.term.toolbar import toolbar
from tests.term.sitting import FACTS, TARGET, Sitting


def text(sitting: Sitting, width: int = 120, note: str = "") -> str:
    return "".join(piece for _, piece in toolbar(sitting.desk, width=width, note=note)).strip()


def test_without_a_connection() -> None:
    assert text(Sitting()).startswith("not connected")


def test_plaintext_is_loud_beyond_this_machine() -> None:
    assert "PLAINTEXT" in text(Sitting().open())
    assert "PLAINTEXT" not in text(Sitting(loopback=True).open())


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        (FACTS, "TLS 1.3 verified"),
        (FACTS._replace(trust="pin"), "TLS 1.3 pinned"),
        (FACTS._replace(verified=False, trust="insecure"), "TLS 1.3 NOT VERIFIED"),
    ],
    ids=["verified", "pinned", "insecure"],
)
def test_the_verdict_on_the_certificate(facts, shown: str) -> None:  # type: ignore[no-untyped-def]
    sitting = Sitting().open()
    sitting.desk.secured(facts)
    assert shown in text(sitting)


def test_what_is_due() -> None:
    """Verbs that lead on, as far as this server offers them."""
    assert "next: EHLO" in text(Sitting().open())
    assert "next: STARTTLS MAIL" in text(Sitting().greeted("STARTTLS"))
    assert "next: AUTH MAIL" in text(Sitting().greeted("AUTH PLAIN"))
    sitting = Sitting(b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n").greeted()
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    assert "next: RCPT RSET" in text(sitting)
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    assert "<a@example.org> → <b@example.com>" in text(sitting)
    sitting.say(b"DATA\r\n")
    assert "a lone . sends it" in text(sitting)


def test_lmtp_begins_with_its_own_greeting() -> None:
    """RFC 2033 §4.1: LHLO in place of EHLO."""
    sitting = Sitting().open()
    sitting.desk.target = TARGET._replace(lmtp=True)
    assert "next: LHLO" in text(sitting)


def test_nothing_is_cut_in_the_middle() -> None:
    """What does not fit is left out; a note of the moment comes first."""
    sitting = Sitting().greeted("STARTTLS")
    assert text(sitting, 20) == "mail.example.com:25"
    assert text(sitting, 60, "3 lines wait").startswith("3 lines wait  mail.example.com:25")
    assert len(text(sitting, 10)) <= 10


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, "mail.example.com:25  PLAINTEXT  next: STARTTLS AUTH MAIL"),
        (57, "mail.example.com:25  PLAINTEXT  next: STARTTLS AUTH MAIL"),
        (56, "mail.example.com:25  PLAINTEXT  next: STARTTLS AUTH …"),
        (50, "mail.example.com:25  PLAINTEXT  next: STARTTLS …"),
        (47, "mail.example.com:25  PLAINTEXT"),
    ],
)
def test_as_many_verbs_as_fit(width: int, shown: str) -> None:
    """On a narrow terminal the first of what may come next is worth more than nothing."""
    sitting = Sitting().greeted("STARTTLS", "AUTH PLAIN")
    sitting.desk.round_trip = None
    assert text(sitting, width) == shown


def test_foreign_text_is_printable() -> None:
    sitting = Sitting(b"250 ok\r\n").greeted()
    sitting.say(b"MAIL FROM:<\x1b[2J@example.org>\r\n")
    assert "\x1b" not in text(sitting)


def test_how_to_keep_what_was_said() -> None:
    """When the connection is gone and nothing is kept, the way to keep it comes first; 40 columns have room for it."""
    sitting = Sitting(b"221 bye\r\n").open()
    sitting.say(b"QUIT\r\n")
    sitting.desk.gone()
    assert text(sitting, width=40) == "not connected  /save FILE keeps it"


def test_columns_not_characters() -> None:
    """East Asian characters take two columns; a note that is too long is cut so that it fits."""
    sitting = Sitting().greeted()
    assert text(sitting, width=12, note="用户用户用户用户") == "用户用户用…"
