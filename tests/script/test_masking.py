"""Masking: what changes from run to run is masked, what a server means is not."""

import time

import pytest

from smtp_repl.script.masking import mask


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tue, 15 Jan 2008 16:02:43 -0500 (EST)", "Wed, 16 Feb 2028 1:02:43 +0100"),
        ("at 15 January 2008", "at 3 May 2026"),
        ("Tue Jan 15 16:02:43 2008", "Wed Mar  1 06:12:01 CET 2028"),
        ("2008-01-15T16:02:43Z ready", "2028-11-15 06:00:01.123+02:00 ready"),
        ("2008-01-15", "2028-11-15"),
        ("it is 16:02", "it is 06:12:11"),
        ("[192.0.2.1], hello", "[192.0.2.254], hello"),
        ("[IPv6:2001:db8::1]", "[IPv6:::1]"),
        ("from 2001:db8:0:0:0:0:0:1", "from ::1"),
        ("Ok: queued as 12345", "Ok: queued as 4B3C21A0F"),
        ("message id <1a@b.example.com>", "message id <2c@b.example.com>"),
        ("OK id=1qXyZ2-0001Ab-3C", "OK id=2rAbC3-0009Zz-9K"),
        ("kept as message 1", "kept as message 2"),
        ("OK  1700000000 d2e1a72fcca58-6b1c3a.12 - gsmtp", "OK  1800000001 aae1a72fcca58-6b1c3b.99 - gsmtp"),
        ("m0FKx2hR201234 Message accepted", "m1AKx2hR209999 Message accepted"),
        ("PDE4OTYuNjk3MTcwOTUyQHBvc3Q+", "PDE3OTYuNjk4MTcwOTUyQHBvc3Q+"),
    ],
)
def test_masked(one: str, other: str) -> None:
    assert mask(one.encode()) == mask(other.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5.1.1 no such user", "5.1.2 no such user"),
        ("SIZE 10240000", "SIZE 52428800"),
        ("mx1.example.com ready", "mx2.example.com ready"),
        ("<user1234@example.com> ok", "<user5678@example.com> ok"),
        ("<longuser1234@example.com> ok", "<longuser5678@example.com> ok"),
        ("SMTPUTF8", "8BITMIME"),
        ("SCRAM-SHA-256", "SCRAM-SHA-512"),
        ("Postfix/3.7.4", "Postfix/3.7.5"),
        ("Ok", "ok"),
        ("1.2.3.4.5.6", "1.2.3.4.5.7"),
    ],
)
def test_kept(one: str, other: str) -> None:
    assert mask(one.encode()) != mask(other.encode())


def test_own_names() -> None:
    """The names that we said, in any case, but not as a part of another name."""
    names = (b"relay.example.org", b"")
    assert mask(b"Hello RELAY.example.org, hi", names) == mask(b"Hello relay.example.org, hi", names)
    assert mask(b"Hello my-relay.example.org", names) == b"Hello my-relay.example.org"
    assert mask(b"relay.example.org.", names) == mask(b"Relay.example.org.", names)
    assert mask(b"relay.example.org.uk", names) == b"relay.example.org.uk"


@pytest.mark.parametrize("piece", [b"A-", b"1", b"a.", b"1:", b"ab:", b"1.", b"Jan ", b"A1-", b"a1/", b"id=", b"<@"])
def test_hostile_lines_are_cheap(piece: bytes) -> None:
    """A line as long as a reply line may be is masked at once, whatever it repeats."""
    begun = time.perf_counter()
    mask(piece * (8192 // len(piece)), (b"a.example.org",))
    assert time.perf_counter() - begun < 0.5
