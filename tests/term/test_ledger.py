"""The steps of a session: where each begins, what it said and what came of it."""

from tests.term.sitting import Sitting


def said(sitting: Sitting) -> list[tuple[str, str]]:
    return [(", ".join(step.said), " ".join(step.codes)) for step in sitting.desk.ledger.steps]


def mailing() -> Sitting:
    """A session up to the 354."""
    sitting = Sitting(b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 kept\r\n").greeted()
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    sitting.say(b"DATA\r\n")
    return sitting


def test_each_write_is_a_step() -> None:
    sitting = mailing()
    sitting.say(b"Subject: x\r\n\r\nhi\r\n.\r\n")
    assert said(sitting) == [
        ("", "220"),
        ("EHLO client.example.org", "250"),
        ("MAIL FROM:<a@example.org>", "250"),
        ("RCPT TO:<b@example.com>", "250"),
        ("DATA", "354"),
        ("message of 3 lines, 18 octets", "250"),
    ]
    assert [step.accepted_message for step in sitting.desk.ledger.steps] == [False] * 5 + [True]


def test_a_message_line_by_line_is_one_step() -> None:
    """As over telnet: nothing is answered before the dot."""
    sitting = mailing()
    for line in (b"Subject: x\r\n", b"\r\n", b".\r\n"):
        sitting.say(line)
    assert said(sitting)[5:] == [("message of 2 lines, 14 octets", "250")]


def test_a_pipelined_group_is_one_step() -> None:
    sitting = Sitting(b"250 one\r\n550 two\r\n").greeted()
    sitting.say(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n")
    assert said(sitting)[2:] == [("MAIL FROM:<a@example.org>, RCPT TO:<b@example.com>", "250 550")]


def test_a_chunk_belongs_to_its_command() -> None:
    """RFC 3030: BDAT and its octets, whether they come in one write or in two."""
    sitting = Sitting(b"250 ok\r\n", b"250 ok\r\n", b"250 kept\r\n").greeted("CHUNKING")
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    sitting.desk.wrote(b"BDAT 4 LAST\r\n")
    sitting.say(b"hi\r\n")
    assert said(sitting)[4:] == [("BDAT 4 LAST", "250")]


def test_steps_of_auth_are_masked() -> None:
    """And whether they were shown to the path is kept: a replay would show them again."""
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n").greeted("AUTH LOGIN")
    for line in (b"AUTH LOGIN\r\n", b"Ym9i\r\n", b"aHVudGVyMjI=\r\n"):
        sitting.say(line)
    assert said(sitting)[2:] == [("AUTH LOGIN", "334"), ("••••", "334"), ("••••", "235")]
    steps = sitting.desk.ledger.steps
    assert [step.in_clear for step in steps] == [False, False, False, True, True]
    assert sitting.desk.ledger.before_last_command() == 1


def test_the_last_command() -> None:
    """A message is no command: what led to it is."""
    sitting = mailing()
    assert sitting.desk.ledger.before_last_command() == 3
    sitting.say(b"x\r\n.\r\n")
    assert sitting.desk.ledger.before_last_command() == 3
    assert Sitting().open().desk.ledger.before_last_command() is None


def test_a_step_begins_where_the_transcript_stood() -> None:
    """Lines of a step: from its beginning to that of the next."""
    sitting = mailing()
    desk = sitting.desk
    begin, end = desk.ledger.steps[2].begin, desk.ledger.steps[3].begin
    assert [line.text for line in desk.transcript[begin:end]] == ["C: MAIL FROM:<a@example.org>", "S: 250 ok"]


def test_what_a_replay_does_not_wait_for() -> None:
    """The greeting, what nobody asked for, and what was cut."""
    sitting = Sitting().greeted()
    desk = sitting.desk
    desk.heard(b"421 4.3.2 bye\r\n")
    desk.wrote(b"NOOP\r\n")
    desk.heard(b"250 o")
    desk.gone()
    aside = [line.text for begin, end in desk.ledger.asides for line in desk.transcript[begin:end]]
    assert aside[:3] == ["S: 220 mail.example.com ESMTP", "# unsolicited", "S: 421 4.3.2 bye"]
    assert aside[3] == 'S"250 o"'
    assert "S: 250 mail.example.com" not in aside


def test_traffic() -> None:
    """Octets and lines both ways; secrets count too."""
    sitting = Sitting(b"235 ok\r\n").open()
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    assert sitting.desk.ledger.said == (len("AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n"), 1)
    assert sitting.desk.ledger.heard == (len("220 mail.example.com ESMTP\r\n235 ok\r\n"), 2)
