"""The desk: what is shown and kept of what is said, and in which order."""

import pytest

from smtp_repl.script.actions import Opened
from smtp_repl.script.text import parse
from smtp_repl.term.desk import Desk
from smtp_repl.term.settings import Settings
from smtp_repl.wire.states import Phase
from tests.term.sitting import TARGET, Sitting


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_late_reply_names_its_command() -> None:
    """A reply that comes when something else was said meanwhile, or after its time, says to what."""
    clock = Clock()
    desk = Desk(Settings(reply_seconds=30), clock=clock)
    desk.connected(Opened("", "192.0.2.1", 25, "192.0.2.9", 1), TARGET)
    desk.heard(b"220 hi\r\n")
    desk.wrote(b"NOOP one\r\n")
    desk.wrote(b"NOOP two\r\n")
    texts = [line.text for line in desk.heard(b"250 one\r\n250 two\r\n").lines]
    assert texts == ["# to NOOP one:", "S: 250 one", "# to NOOP two:", "S: 250 two"]
    desk.wrote(b"RSET\r\n")
    clock.now = 31
    assert desk.heard(b"250 three\r\n").lines[0].text == "# to RSET:"
    assert desk.round_trip == 31


def test_unsolicited_replies_say_so_once() -> None:
    sitting = Sitting().open()
    lines = [line.text for line in sitting.desk.heard(b"421 4.3.2 bye\r\n").lines]
    assert lines[:2] == ["# unsolicited", "S: 421 4.3.2 bye"]
    assert "unsolicited" not in "".join(lines[2:])


def test_findings_stand_below_what_they_are_about() -> None:
    """A command that is not due is sent, with the reason to expect a refusal beside it."""
    sitting = Sitting(b"503 5.5.1 MAIL first\r\n").greeted()
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    at = sitting.shown.index("C: RCPT TO:<b@example.com>")
    assert sitting.shown[at + 1].startswith("# RCPT is not due here: expect 503")
    assert sitting.shown[at + 2] == "S: 503 5.5.1 MAIL first"


def test_the_lens_masks_and_shows() -> None:
    """Elsewhere the password is a mask in both forms; with leave both forms show; files never have it."""
    plain = b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n"
    sitting = Sitting(b"235 ok\r\n", b"235 ok\r\n").greeted("AUTH PLAIN")
    sitting.say(plain)
    assert any(r"\0bob\0•••• in base64" in line for line in sitting.shown)
    sitting.desk.settings.show_secrets = True
    sitting.say(plain)
    assert any(r"AGJvYgBodW50ZXIyMg== is base64 of \0bob\0hunter22" in line for line in sitting.shown)
    kept = "\n".join(line.text for line in sitting.desk.transcript)
    assert "hunter22" not in kept
    assert "AGJvYg" not in kept


def test_exchange_is_followed() -> None:
    """What was answered so far, for /pass and for the history; the final reply ends it."""
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"535 no\r\n").greeted("AUTH LOGIN")
    sitting.say(b"AUTH LOGIN\r\n")
    assert sitting.desk.login.challenge is not None
    sitting.say(b"Ym9i\r\n")
    assert sitting.desk.login.exchange == ("LOGIN", 1, b"bob")
    sitting.say(b"eA==\r\n")
    assert sitting.desk.login.exchange is None
    assert sitting.desk.login.challenge is None


def test_the_end_of_a_connection() -> None:
    """What was cut is shown as far as it came; afterwards there is no phase but CLOSED."""
    sitting = Sitting().greeted()
    sitting.desk.wrote(b"NOOP\r\n")
    heard = sitting.desk.heard(b"250 o")
    assert not heard.lines
    texts = [line.text for line in sitting.desk.gone(reset=True).lines]
    assert texts[0] == 'S"250 o"'
    assert any(text.startswith("# the server closed the connection") for text in texts)
    assert texts[-1] == "# the connection was cut (reset), not closed"
    assert sitting.desk.phase is Phase.CLOSED
    assert sitting.desk.dropped() == []


def test_an_unfinished_line_is_kept() -> None:
    """What /raw said without a line end is in the transcript when the connection ends."""
    sitting = Sitting().open()
    sitting.desk.wrote(b"NOO")
    assert 'C"NOO"' in [line.text for line in sitting.desk.dropped()]


def test_a_transcript_is_a_script() -> None:
    sitting = Sitting(b"250 ok\r\n", b"354 go\r\n", b"250 done\r\n").greeted("AUTH PLAIN")
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"DATA\r\n")
    sitting.say(b"S: 250 fake\r\n..\r\n\xff\r\n.\r\n")
    sitting.desk.dropped()
    text = "\n".join(line.text for line in sitting.desk.transcript).encode()
    assert not parse(text).problems


def test_times_on_request() -> None:
    sitting = Sitting(b"250 ok\r\n").greeted()
    sitting.desk.settings.timing = True
    sitting.say(b"NOOP\r\n")
    assert sitting.shown[-1] == "# 0.0 ms"


@pytest.mark.parametrize(
    ("address", "name"),
    [("192.0.2.9", "[192.0.2.9]"), ("2001:db8::1", "[IPv6:2001:db8::1]"), ("", "localhost")],
)
def test_the_name_for_ehlo(address: str, name: str) -> None:
    """Without a name of its own a client gives its address (RFC 5321 §4.1.3)."""
    desk = Desk()
    desk.connected(Opened("", "192.0.2.1", 25, address, 1), TARGET)
    assert desk.ehlo_name == name


def test_the_name_said_last_is_said_again() -> None:
    """`/starttls` greets by the name that the person greeted with."""
    desk = Desk()
    assert desk.ehlo_name == "localhost"
    desk.note_wrote(desk.conversation.client_said(b"EHLO client.example.net\r\n"))
    assert desk.ehlo_name == "client.example.net"
    desk.note_wrote(desk.conversation.client_said(b"EHLO two words\r\n"))
    assert desk.ehlo_name == "client.example.net"


def test_a_slow_reply_tells_when_it_began() -> None:
    """With /timing on: how long each reply took, and when its first octet came if that is another time."""
    clock = Clock()
    desk = Desk(Settings(timing=True), clock=clock)
    desk.connected(Opened("", "192.0.2.1", 25, "192.0.2.9", 1), TARGET)
    desk.heard(b"220 hi\r\n")
    desk.wrote(b"EHLO client.example.org\r\n")
    clock.now = 0.25
    assert desk.heard(b"250-hi\r\n").lines == []
    clock.now = 1.5
    assert desk.heard(b"250 HELP\r\n").lines[-1].text == "# 1500.0 ms, the first octet after 250.0 ms"
    desk.wrote(b"NOOP\r\n")
    clock.now = 2.0
    assert desk.heard(b"250 ok\r\n").lines[-1].text == "# 500.0 ms"
