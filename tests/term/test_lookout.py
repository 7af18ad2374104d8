"""Pitfalls in a session by hand: told as they happen, one remark for one act, and none where nobody wants any."""

from collections.abc import Sequence

import pytest

from smtp_repl.script.actions import Opened
from smtp_repl.script.casting import Observer
from smtp_repl.term.desk import Desk
from smtp_repl.term.settings import Settings
from smtp_repl.wire.events import Event, Finding
from smtp_repl.wire.targets import Target
from tests.term.sitting import Sitting

OK = b"250 2.0.0 Ok\r\n"


def remarks_after(sitting: Sitting, line: bytes) -> list[str]:
    before = len(sitting.shown)
    sitting.say(line + b"\r\n")
    return [line for line in sitting.shown[before:] if line.startswith("# ")]


def test_in_place_of_a_finding() -> None:
    """What a header is that was typed as a command, and not that the command is unknown."""
    sitting = Sitting(b"500 5.5.1 What?\r\n").greeted()
    told = remarks_after(sitting, b"Subject: Lunch")
    assert told == [
        "# A header field typed as a command. Say DATA, wait for the 354, and then type the header fields. "
        "(RFC 5321 §4.1.1.4; www.postfix.org/postconf.5.html)"
    ]


def test_a_lenient_server() -> None:
    """The finding when it is said; when it is taken, what others would say."""
    sitting = Sitting(OK).greeted()
    told = remarks_after(sitting, b"MAIL FROM:alice@example.org")
    assert told == [
        "# The address needs < and >; write MAIL FROM:<alice@example.org> (RFC 5321 §4.1.2)",
        "# Accepted here, but Gmail would answer 555 5.5.2: the address needs < and >. (RFC 5321 §4.1.2)",
    ]


def test_a_strict_server() -> None:
    """The finding has said it: the refusal needs no explanation. One for another reason does."""
    sitting = Sitting(b"555 5.5.2 Syntax error\r\n", b"451 4.3.0 Not now\r\n").greeted()
    told = remarks_after(sitting, b"MAIL FROM:alice@example.org")
    assert told == ["# The address needs < and >; write MAIL FROM:<alice@example.org> (RFC 5321 §4.1.2)"]
    assert len(remarks_after(sitting, b"MAIL FROM:alice@example.org")) == 2


def test_of_several_faults_the_gravest() -> None:
    """A lenient server takes two faults in one line; one of them is told of when it does."""
    told = remarks_after(Sitting(OK).greeted(), b"MAIL FROM: alice@example.org")
    assert [line for line in told if "Accepted" in line] == [
        "# Accepted here, but Gmail would answer 555 5.5.2: the address needs < and >. (RFC 5321 §4.1.2)"
    ]


@pytest.mark.parametrize("line", [b"Subject: Lunch", b"MAIL FROM:alice@example.org"])
def test_explain_off(line: bytes) -> None:
    sitting = Sitting(OK).greeted()
    sitting.desk.settings.explain = False
    assert remarks_after(sitting, line) == []


def test_in_the_middle_of_a_reply() -> None:
    """Who speaks before the last line of a reply has come has taken a hyphen for a blank."""
    sitting = Sitting().greeted()
    sitting.desk.wrote(b"HELP\r\n")
    sitting.desk.heard(b"214-One\r\n")
    *_, said, told = [line.text for line in sitting.desk.wrote(b"QUIT\r\n")]
    assert said == "C: QUIT"
    assert told.startswith("# A reply of several lines. Wait for the line")


def test_silence_on_465() -> None:
    desk = Desk(Settings())
    desk.connected(Opened("mail.example.com", "192.0.2.1", 465, "192.0.2.9", 1), Target("mail.example.com", 465))
    assert desk.quiet(3) == []
    (line,) = desk.quiet(30)
    assert line.text.startswith("# Plain text where TLS is spoken. Connect with TLS from the first octet.")
    assert desk.quiet(60) == []


def test_the_dot_was_forgotten() -> None:
    """In a message that is typed line by line; once."""
    sitting = Sitting(OK, OK, b"354 Go on\r\n").greeted()
    for line in (b"MAIL FROM:<alice@example.org>\r\n", b"RCPT TO:<bob@example.com>\r\n", b"DATA\r\n"):
        sitting.say(line)
    (line,) = sitting.desk.quiet(30)
    assert line.text.startswith("# The message was never ended. Type a dot on a line of its own.")
    assert sitting.desk.quiet(30) == []


class Listener(Observer):
    def __init__(self) -> None:
        self.rules: list[str] = []

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self.rules += [event.rule for event in events if isinstance(event, Finding)]

    heard = wrote


def test_programs_are_told_all() -> None:
    """Findings under their own rule, and each pitfall as one, whoever has said it to the person."""
    sitting = Sitting(b"503 no\r\n", b"500 no\r\n").greeted()
    listener = sitting.desk.observer = Listener()
    sitting.say(b"RCPT TO:<bob@example.com>\r\n")
    assert listener.rules == ["out-of-order", "rcpt-first"]
    sitting.say(b"Subject: Lunch\r\n")
    assert listener.rules[2:] == ["header-as-command", "unknown-verb"]


def test_nothing_is_told_of_the_connection_before() -> None:
    """What is known of one connection is forgotten with it."""
    sitting = Sitting(b"235 2.7.0 Ok\r\n", OK).greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN AGFAYgBj\r\n")
    sitting.desk.dropped()
    sitting.open()
    told = [line.text for line in sitting.desk.wrote(b"AUTH PLAIN AGFAYgBj\r\n")]
    assert not any("second AUTH" in line for line in told)
