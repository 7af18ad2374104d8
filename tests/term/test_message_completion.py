"""What is proposed in the header of a message."""

import pytest

from smtp_repl.term.message_completion import message_proposals
from smtp_repl.term.suggestions import State
from smtp_repl.wire.conversation import Envelope
from smtp_repl.wire.states import Phase

STATE = State(
    connected=True,
    phase=Phase.DATA,
    envelope=Envelope(b"bob@example.org", (b"al@example.com", b"cy@example.com")),
    senders=("old@example.org", "bob@example.org"),
    recipients=("dee@example.net",),
)

ADDRESSES = {
    "author": ("From: ", ["bob@example.org", "old@example.org", "dee@example.net"]),
    "readers": ("To: ", ["al@example.com", "cy@example.com", "dee@example.net", "old@example.org", "bob@example.org"]),
    "those that stand there": ("Cc: al@example.com, x", ["cy@example.com", "dee@example.net", "old@example.org"]),
    "in brackets": ("From: Bob <b", ["bob@example.org>", "old@example.org>", "dee@example.net>"]),
    "folded": ("X: y\nTo: al@example.com,\n ", ["al@example.com", "cy@example.com", "dee@example.net"]),
    "any case": ("SENDER: ", ["bob@example.org", "old@example.org", "dee@example.net"]),
    "values": ("MIME-Version: ", ["1.0"]),
    "nothing known": ("X-Mailer: ", []),
    "another field goes on": ("Subject: x\n y", []),
    "body": ("To: x\n\nFrom: ", []),
    "body at once": ("\nFrom: ", []),
    "a dot": ("Subject: x\n.", []),
}


@pytest.mark.parametrize(("text", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_values(text: str, expected: list[str]) -> None:
    """The envelope first, then what was used before."""
    found = [one.text for one in message_proposals(text, STATE).proposals]
    assert found[: len(expected)] == expected
    assert bool(found) is bool(expected)


def test_where_they_come_from() -> None:
    meanings = {one.text: one.meaning for one in message_proposals("From: ", STATE).proposals}
    assert meanings["bob@example.org"] == "in the envelope"
    assert meanings["old@example.org"] == "used before"


@pytest.mark.parametrize(
    ("text", "replaced"),
    [("From: b", "b"), ("To: a, Al <al", "al"), ("From:", ""), ("To: x,\n  c", "c"), ("Content-Type: te", "te")],
)
def test_what_they_replace(text: str, replaced: str) -> None:
    assert text[message_proposals(text, STATE).start :] == replaced


def test_fields_that_are_missing() -> None:
    """Each once, at the beginning of a line."""
    found = [one.text for one in message_proposals("From: x\nsubject: y\n", STATE).proposals]
    assert found[:2] == ["To: ", "Date: "]
    assert "Subject: " not in found
    assert "Bcc: " not in found
