"""`/template`: what a message lacks is filled in, and nothing else changes."""

from email import message_from_string
from email.utils import parsedate_to_datetime

import pytest

from smtp_repl.teach.message_check import survey, troubles
from smtp_repl.term.commands import read_command
from smtp_repl.term.template import Filling, fill_in
from smtp_repl.term.writing import circumstances
from smtp_repl.wire.errors import UsageError
from tests.term.sitting import Sitting

FILLING = Filling(
    "bob@example.org", ("al@example.com", "cy@example.com"), "Tue, 15 Jan 2008 16:02:43 -0500", "<1@x.org>"
)
OK = b"250 ok\r\n"

FILLED = """From: bob@example.org
To: al@example.com,
 cy@example.com
Date: Tue, 15 Jan 2008 16:02:43 -0500
Message-ID: <1@x.org>
"""

TABLE = {
    "nothing": ("", FILLED + "Subject: |"),
    "body": ("Hello.\nBob", FILLED + "Subject: |\n\nHello.\nBob"),
    "body after a blank line": ("\nHello.", FILLED + "Subject: |\n\nHello."),
    "subject": ("Subject: Hi", "Subject: Hi\n" + FILLED + "\n|"),
    "header and body": ("subject: Hi\n\nHello.\n", "subject: Hi\n" + FILLED + "\nHello.\n|"),
    "no values": (
        "To: \nfrom:\nSubject: Hi",
        "To: al@example.com,\n cy@example.com\nfrom: bob@example.org\n"
        "Subject: Hi\nDate: Tue, 15 Jan 2008 16:02:43 -0500\nMessage-ID: <1@x.org>\n\n|",
    ),
    "a value below": (
        "From: b@x.org\nDate: x\nMessage-ID: x\nSubject: x\nTo:\n b@x.org\n\nHello.",
        "From: b@x.org\nDate: x\nMessage-ID: x\nSubject: x\nTo:\n b@x.org\n\nHello.|",
    ),
    "all there": (FILLED + "Subject: Hi\n\nHello.", FILLED + "Subject: Hi\n\nHello.|"),
    "text after the header": ("X-A: b\nHello Bob.", "X-A: b\n" + FILLED + "Subject: |\n\nHello Bob."),
    "folded": ("To: a@x.org,\n b@x.org", "To: a@x.org,\n b@x.org\n" + FILLED.replace(FILLED[22:58], "") + "Subject: |"),
}


@pytest.mark.parametrize(("text", "expected"), TABLE.values(), ids=TABLE)
def test_fill_in(text: str, expected: str) -> None:
    """`|` is where the cursor comes to stand; a second time nothing changes but that."""
    whole, cursor = fill_in(text, FILLING)
    assert whole[:cursor] + "|" + whole[cursor:] == expected
    if "Subject: |" not in expected:
        assert fill_in(whole, FILLING)[0] == whole


def test_a_subject_may_be_given() -> None:
    whole, cursor = fill_in("", FILLING._replace(subject="Test"))
    assert whole == FILLED + "Subject: Test\n\n"
    assert cursor == len(whole)


def test_mime_where_it_is_needed() -> None:
    """Text that is not ASCII needs a charset; 8bit is said only where it may be sent."""
    whole, _ = fill_in("Gr\u00fc\u00dfe", FILLING._replace(subject="x", eight_bit=True))
    assert "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n" in whole
    assert "MIME" not in fill_in("Gr\u00fc\u00dfe", FILLING)[0]
    assert "MIME" not in fill_in("Hello", FILLING._replace(eight_bit=True))[0]


def at(sender: bytes, recipient: bytes = b"b@example.com", *, draft: str | None = "") -> Sitting:
    sitting = Sitting(OK, OK, b"354 go\r\n").greeted("8BITMIME")
    sitting.say(b"MAIL FROM:<%s>\r\n" % sender)
    sitting.say(b"RCPT TO:<%s>\r\n" % recipient)
    sitting.draft, sitting.desk.at_prompt = draft, draft is not None
    return sitting


def test_what_it_makes_is_correct() -> None:
    """Nothing is wrong with it, by our own rules and by those of the standard library."""
    sitting = at(b"a@example.org")
    sitting.run(read_command("/template Hello there").start(sitting.desk))
    text = sitting.draft or ""
    assert sitting.sent.endswith(b"DATA\r\n")
    assert not troubles(survey(text.encode(), finished=True), circumstances(sitting.desk), finished=True)
    message = message_from_string(text)
    assert (message["From"], message["To"], message["Subject"]) == ("a@example.org", "b@example.com", "Hello there")
    assert message["Message-ID"].endswith("@example.org>")
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None


@pytest.mark.parametrize(
    ("sender", "recipient", "fields"),
    [
        (b"", b"b@example.com", {"From": "postmaster@client.example.org", "To": "b@example.com"}),
        (b"a", b"b", {"From": "a", "To": "b"}),
        ("\u00fc@example.org".encode(), b"b@example.com", {"From": "\u00fc@example.org"}),
        (b"a\xff@example.org", b"b\x1b@example.com", {"From": "", "To": ""}),
    ],
    ids=["bounce", "no domains", "SMTPUTF8", "octets that no header should have"],
)
def test_odd_envelopes(sender: bytes, recipient: bytes, fields: dict[str, str]) -> None:
    sitting = at(sender, recipient)
    sitting.run(read_command("/template x").start(sitting.desk))
    header = dict(line.split(":", 1) for line in (sitting.draft or "").split("\n\n")[0].split("\n"))
    assert {name: header[name].strip() for name in fields} == fields


def test_where_no_message_is_written() -> None:
    """In line mode, with /data live, or without a mail there is nothing to fill in."""
    for sitting in (at(b"a@example.org", draft=None), Sitting().greeted()):
        with pytest.raises(UsageError, match="no message is being written"):
            sitting.run(read_command("/template").start(sitting.desk))
        assert b"DATA" not in sitting.sent


def test_refused_data() -> None:
    sitting = Sitting(OK, OK, b"554 no\r\n").greeted()
    sitting.desk.at_prompt = True
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    sitting.run(read_command("/template").start(sitting.desk))
    assert sitting.sent.endswith(b"DATA\r\n")
    assert sitting.draft is None
