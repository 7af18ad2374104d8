"""What the lines of a session leave behind for the next ones."""

from pathlib import Path

import pytest

from smtp_repl.term.completion import candidates
from smtp_repl.term.memory import Memory
from tests.term.sitting import Sitting


def test_addresses_of_this_host_first() -> None:
    """An address used here is likelier than a later one that was used elsewhere."""
    memory = Memory()
    for line, host in (
        ("RCPT TO:<here@example.com>", "a.example.com"),
        ("rcpt to:<elsewhere@example.com>", "b.example.com"),
        ("MAIL FROM:<me@example.org> SIZE=3", "a.example.com"),
        ("VRFY postmaster", "a.example.com"),
    ):
        memory.learn(line, host)
    desk = Sitting().greeted("SIZE").desk
    assert memory.state(desk, "a.example.com").recipients == ("here@example.com", "elsewhere@example.com")
    assert memory.state(desk, "b.example.com").recipients == ("elsewhere@example.com", "here@example.com")
    assert memory.state(desk).senders == ("me@example.org",)
    assert candidates("VRFY ", memory.state(desk))[0].text == "postmaster"


def test_size_of_the_file_that_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIZE counts CR LF where the file has LF (RFC 1870 §5); a file that is gone is not proposed."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "some letter.eml"
    file.write_bytes(b"Subject: x\n\nhi\r\n")
    memory = Memory()
    memory.learn('/send "some letter.eml" --bdat')
    desk = Sitting().greeted("SIZE").desk
    found = candidates("MAIL FROM:<> SIZE=", memory.state(desk))
    assert [(one.text, one.meaning) for one in found] == [("18", "octets of some letter.eml")]
    file.unlink()
    assert not candidates("MAIL FROM:<> SIZE=", memory.state(desk))


def test_steps_of_this_session() -> None:
    """What /rewind can go back to, the last first; a password is a mask there too."""
    sitting = Sitting(b"535 5.7.8 no\r\n").greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN AGEAaHVudGVyMjI=\r\n")
    found = candidates("/rewind ", Memory().state(sitting.desk))
    assert [(one.text, one.meaning) for one in found] == [("2", "AUTH PLAIN ••••"), ("1", "EHLO client.example.org")]
