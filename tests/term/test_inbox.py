"""`/inbox`: the list, envelope beside header, the parts, in any width; and nothing in it that could hurt a terminal."""

from datetime import UTC, datetime

import pytest

from smtp_repl.net.practice import Inbox
from smtp_repl.term.commands import read_command
from smtp_repl.term.practice import Account, Practice
from smtp_repl.view.width import cells
from smtp_repl.wire.errors import UsageError
from tests.term.sitting import TARGET, Sitting

PLAIN = b"From: Alice <alice@example.org>\r\nTo: bob@example.com\r\nSubject: hi\r\n\r\nHello Bob.\r\n"


def shown(*octets: bytes, line: str = "/inbox 1", columns: int = 100, **envelope: object) -> list[str]:
    """What a command shows, of an inbox with these messages from alice for bob; without the `# `."""
    inbox = Inbox()
    facts = {"sender": b"alice@example.org", "recipients": (b"bob@example.com",), "ehlo": b"client.example.org"}
    for one in octets:
        inbox.add(octets=one, received_at=datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC), **(facts | envelope))  # type: ignore[arg-type] # a test's short hand
    sitting = Sitting().open()
    sitting.desk.practice = Practice(TARGET, inbox, Account("tutor", "not-a-secret"), lambda: b"")
    sitting.desk.columns = lambda: columns
    before = len(sitting.shown)
    sitting.run(read_command(line).start(sitting.desk))
    return [text.removeprefix("# ") for text in sitting.shown[before:]]


def test_the_list() -> None:
    assert shown(line="/inbox") == ["the inbox is empty"]
    encoded = b"Subject: =?utf-8?b?5L2g5aW9?=\r\n\r\n"
    assert shown(PLAIN, encoded, b"\r\n", line="/inbox") == [
        "1  <alice@example.org> to <bob@example.com>: hi",
        "2  <alice@example.org> to <bob@example.com>: 你好",
        "3  <alice@example.org> to <bob@example.com>: (no subject)",
    ]


def test_a_message_whose_envelope_and_header_agree() -> None:
    assert shown(PLAIN) == [
        "message 1, 81 octets, EHLO client.example.org, in the clear",
        "      envelope           header",
        "from  alice@example.org  Alice <alice@example.org>",
        "to    bob@example.com    To",
        "text/plain, 7bit, 12 octets",
        "| Hello Bob.",
    ]


def test_in_a_narrow_terminal_they_stand_below_each_other() -> None:
    lines = shown(PLAIN, columns=40)
    assert lines[1:5] == [
        "from  envelope  alice@example.org",
        "      header    Alice <alice@example.org>",
        "to    envelope  bob@example.com",
        "      header    To",
    ]


def test_what_differs_is_said_and_why_it_may_be_right() -> None:
    octets = (
        b"From: News <news@example.net>\r\nSender: robot@example.net\r\nTo: bob@example.com, dave@example.com\r\n"
        b"Bcc: erin@example.com\r\n\r\n"
    )
    lines = shown(octets, recipients=(b"bob@example.com", b"carol@example.com", b"erin@example.com"))
    assert lines[2:14] == [
        "from  alice@example.org  News <news@example.net>",
        "      they differ: bounces go to the envelope's, and SPF looks at it; "
        "lists and newsletters are sent like this",
        "                         Sender: robot@example.net",
        "to    bob@example.com    To",
        "to    carol@example.com  -",
        "      in no field: a blind copy (Bcc) is sent like this, and mail from a list",
        "to    erin@example.com   Bcc",
        "      in a Bcc field that every reader can see: a mail program takes the field out before it sends",
        "to    -                  To: dave@example.com",
        "      in the header only: nothing is sent there by this envelope",
        "text/plain, 7bit, 0 octets",
        "| ",
    ]


@pytest.mark.parametrize(
    ("sender", "octets", "says"),
    [
        (b"", PLAIN, "from nobody: a bounce or a report; nothing will ever come back for it (RFC 5321 §4.5.5)"),
        (b"a@example.org", b"\r\n", "no From field: every message needs one (RFC 5322 §3.6)"),
        (b"ALICE@Example.ORG", PLAIN, None),
    ],
)
def test_senders(sender: bytes, octets: bytes, says: str | None) -> None:
    lines = [line.strip() for line in shown(octets, sender=sender)]
    assert lines[3] == (says or "to    bob@example.com    To")


def test_how_it_came_and_what_was_asked() -> None:
    lines = shown(PLAIN, user="tutor", tls=True, asked=(b"RET=HDRS ENVID=1", b"NOTIFY=SUCCESS"))
    assert lines[0].endswith(", EHLO client.example.org, over TLS, logged in as tutor")
    assert lines[4:6] == ["MAIL  RET=HDRS ENVID=1", "RCPT  NOTIFY=SUCCESS"]


def test_the_parts() -> None:
    octets = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=gbk\r\nContent-Transfer-Encoding: base64\r\n\r\nxOO6ww==\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n--b--\r\n"
        b"--a\r\nContent-Type: image/png; name*=utf-8''%E5%9B%BE.png\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\naGk\r\n"
    )
    lines = shown(octets)
    assert lines[lines.index("multipart/mixed") :] == [
        "multipart/mixed",
        "  ! the closing boundary is missing",
        "  1 multipart/alternative",
        "    1.1 text/plain, gbk, base64, 4 octets",
        "    1.2 text/html, 7bit, 9 octets",
        '  2 image/png, base64, 2 octets, "图.png"',
        "    ! base64 that does not end well",
        "| 你好",
    ]


def test_a_report_of_delivery_shows_its_fields() -> None:
    octets = (
        b"Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example.com\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--a--\r\n"
    )
    lines = shown(octets)
    assert lines[lines.index("multipart/report") :] == [
        "multipart/report",
        "  1 message/delivery-status",
        "      Reporting-MTA: dns; mx.example.com",
        "      Action: failed",
        "      Status: 5.1.1",
    ]


def test_raw_is_what_came() -> None:
    octets = b"Subject: =?utf-8?q?x?=\r\n\r\n\x1b[2J\nbare\r\n"
    assert shown(octets, line="/inbox 1 --raw") == ["| Subject: =?utf-8?q?x?=", "| ", "| \\x1b[2J\\nbare"]
    assert shown(b"x\r\n" * 300, line="/inbox --raw 1")[-1] == "… and 100 more lines"


@pytest.mark.parametrize(
    "line", ["/inbox 2", "/inbox x", "/inbox \u0661", "/inbox 99999999999999999999", "/inbox --raw"]
)
def test_what_is_not_there(line: str) -> None:
    with pytest.raises(UsageError):
        shown(PLAIN, line=line)


HOSTILE = [
    b"",
    b"\r\n\r\n",
    b":\r\n: :\r\n",
    b"\xff\xfe\x00" * 50,
    b"Subject: \x1b]0;x\x07 \xe2\x80\xae\r\nFrom: \x1b[2J <\x1b@x>\r\n\r\n\x1b[2J\x9b31m",
    b"Subject: =?utf-8?b?/////?= =?x-none?q?a?= =?utf-8?q?=1B=5B2J?=\r\n\r\n",
    b"From: =?utf-8?b?G1sySg==?= <a@example.org>\r\n\r\n",
    b"Content-Type: text/plain; charset=\x1b[2J\r\n\r\nx",
    b"Content-Type: text/plain; charset=rot13\r\n\r\nx",
    b"Content-Type: text/plain; charset=idna\r\n\r\n" + b"\xc3" * 9,
    b"Content-Type: text/plain; charset=utf-16\r\n\r\nx",
    b"Content-Type: multipart/mixed\r\n\r\n--x",
    b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * 5000,
    b'Content-Type: image/png; name="\x1b[2J=?utf-8?b?G1sySg==?="\r\n\r\n',
    b"Content-Type: image/png; name*0*=x''%; name*=broken'; filename*=utf-8''%zz\r\n\r\n",
    b"Content-Type: message/rfc822\r\n\r\n" * 1500,
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" * 1500,
    b"To: " + b"(" * 3000 + b"\r\nFrom: " + b"<" * 3000 + b"\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!!=",
    b"Content-Transfer-Encoding: x-uuencode\r\nContent-Type: text/plain\r\n\r\nbegin 666 a\r\nM\r\n",
    b"a: b\r\n" * 20_000 + b"\r\n",
    "From: \uff41@\uff42.example\r\nSubject: 用户\u2028\r\n\r\n你好\r\n".encode(),
]


@pytest.mark.parametrize("octets", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("columns", [1, 40, 200])
def test_whatever_a_message_holds_the_lines_are_safe(octets: bytes, columns: int) -> None:
    for line in ("/inbox", "/inbox 1", "/inbox 1 --raw"):
        lines = shown(octets, line=line, columns=columns, sender=b"\xff\x1b", recipients=(b"\x9b@x",), ehlo=b"\x1b[2J")
        assert lines
        assert all(text.isprintable() for text in lines)
        assert len(lines) < 900


def test_wide_characters_are_aligned_by_their_columns() -> None:
    recipients = ("用户@例子.cn".encode(), b"b@example.com")
    lines = shown("From: alice@example.org\r\nTo: 用户@例子.cn, b@example.com\r\n\r\n".encode(), recipients=recipients)
    starts = {cells(line[: line.rindex("To")]) for line in lines if line.startswith("to ")}
    assert len(starts) == 1
