"""Parts of a session as scripts: what a replay plays, and what /save --from keeps."""

from pathlib import Path

import pytest

from smtp_repl.script.actions import Opened
from smtp_repl.script.text import parse
from smtp_repl.term.excerpt import lines_from, script_until, unkept_message
from smtp_repl.term.outgoing import KEPT, Outgoing
from smtp_repl.term.records import handle_save
from smtp_repl.term.rewind import handle_rewind
from smtp_repl.wire.errors import UsageError
from tests.term.sitting import TARGET, Sitting


def until(sitting: Sitting, step: int) -> list[str]:
    desk = sitting.desk
    return script_until(desk.transcript, desk.ledger, step).decode().splitlines()[1:]


def since(sitting: Sitting, step: int) -> list[str]:
    desk = sitting.desk
    lines = [line.text for line in lines_from(desk.transcript, desk.ledger, step)]
    return [line for line in lines if not line.startswith(("#", "@recorded"))]


def test_until_a_step() -> None:
    """Without the greeting, which the new connection brings, and without remarks."""
    sitting = Sitting(b"250 ok\r\n", b"250 fine\r\n").greeted()
    sitting.say(b"NOOP\r\n")
    sitting.say(b"RSET\r\n")
    assert until(sitting, 0) == []
    assert until(sitting, 2) == [
        *("C: EHLO client.example.org", "S: 250 mail.example.com"),
        *("C: NOOP", "S: 250 ok"),
    ]
    assert until(sitting, 3)[-2:] == ["C: RSET", "S: 250 fine"]


def test_a_client_that_talked_too_early() -> None:
    """What was said before the greeting is played after it: the new connection's greeting has come by then."""
    sitting = Sitting()
    sitting.desk.connected(Opened("", "192.0.2.1", 25, "192.0.2.9", 1), TARGET)
    sitting.desk.wrote(b"EHLO x\r\n")
    sitting.desk.heard(b"220 hi\r\n250 hello\r\n")
    assert until(sitting, 1) == ["C: EHLO x", "S: 250 hello"]


def test_what_nobody_asked_for_is_not_waited_for() -> None:
    sitting = Sitting().greeted()
    sitting.desk.heard(b"250 by the way\r\n")
    sitting.say(b"NOOP\r\n")
    sitting.desk.heard(b"250 ok\r\n")
    assert until(sitting, 2)[2:] == ["C: NOOP", "S: 250 ok"]


def test_separate_writes_stay_apart() -> None:
    """Two writes before the first reply are two steps, and the script parts them."""
    sitting = Sitting().greeted()
    sitting.desk.wrote(b"MAIL FROM:<a@example.org>\r\n")
    sitting.desk.wrote(b"RCPT TO:<b@example.com>\r\n")
    sitting.desk.heard(b"250 one\r\n250 two\r\n")
    assert until(sitting, 2)[2:] == ["C: MAIL FROM:<a@example.org>"]
    assert until(sitting, 3)[2:5] == ["C: MAIL FROM:<a@example.org>", "@wait 0", "C: RCPT TO:<b@example.com>"]
    assert since(sitting, 3)[:3] == ["@connect mail.example.com:25", "@match status", "C: RCPT TO:<b@example.com>"]


def test_from_a_step() -> None:
    """Under the head of the recording, with the identities that are spoken of and no others."""
    sitting = Sitting(b"535 no\r\n", b"235 ok\r\n", b"250 ok\r\n").greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    sitting.say(b"AUTH PLAIN AGFtYQBodW50ZXIyMw==\r\n")
    sitting.say(b"NOOP\r\n")
    assert since(sitting, 3) == [
        *("@connect mail.example.com:25", "@match status"),
        *("@auth[auth2] user=ama", "C~ AUTH PLAIN {auth2.plain}", "S: 235 ok"),
        *("C: NOOP", "S: 250 ok"),
    ]
    assert since(sitting, 4)[2:] == ["C: NOOP", "S: 250 ok"]
    desk = sitting.desk
    assert lines_from(desk.transcript, desk.ledger, 0) == desk.transcript


def test_an_identity_that_was_declared_before() -> None:
    """From the password of AUTH LOGIN on, it is still known whose it is."""
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n").greeted("AUTH LOGIN")
    for line in (b"AUTH LOGIN\r\n", b"Ym9i\r\n", b"aHVudGVyMjI=\r\n"):
        sitting.say(line)
    assert since(sitting, 4)[2:] == ["@auth user=bob", "C~ {auth.pass}", "S: 235 ok"]
    assert not parse("\n".join(since(sitting, 4)).encode()).problems


def test_save_from_a_step(tmp_path: Path) -> None:
    """A file of its own that can be played on a session that stands there."""
    sitting = Sitting(b"250 ok\r\n", b"250 fine\r\n").greeted()
    sitting.say(b"NOOP\r\n")
    sitting.say(b"RSET\r\n")
    path = tmp_path / "a b.smtp"
    sitting.run(handle_save(sitting.desk, f"{path} --from 3"))
    assert path.read_text().endswith("@match status\nC: RSET\nS: 250 fine\n")
    for word in ("4", "x", "-1"):
        with pytest.raises(UsageError, match="no step of this session"):
            sitting.run(handle_save(sitting.desk, f"{tmp_path / 'b.smtp'} --from {word}"))
    assert not (tmp_path / "b.smtp").exists()


def test_a_message_that_is_kept_as_a_file() -> None:
    """It belongs to its own step and not to DATA; one of which nothing is kept cannot be played again."""
    sitting = Sitting(b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 kept\r\n").greeted()
    for line in (b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n"):
        sitting.say(line)
    desk = sitting.desk
    desk.message_begins(Outgoing("big.eml", KEPT + 1, "big.eml"))
    sitting.say(b"x\r\n.\r\n")
    desk.message_ends()
    assert until(sitting, 4)[-2:] == ["C: DATA", "S: 354 go"]
    assert until(sitting, 5)[-2:] == ["@data big.eml", "S: 250 kept"]
    assert unkept_message(desk.transcript, desk.ledger, 5) is None
    place = next(number for number, line in enumerate(desk.transcript) if line.text == "@data big.eml")
    desk.transcript[place] = desk.transcript[place - 1]
    assert unkept_message(desk.transcript, desk.ledger, 5) == 5
    with pytest.raises(UsageError, match="too large to be kept"):
        sitting.run(handle_rewind(desk, "5"))
