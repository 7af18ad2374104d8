"""Replies that are quoted in logs, bounces and errors: taken out, with who said them and to what."""

import time

import pytest

from smtp_repl.teach.asking import answer
from smtp_repl.teach.explanation import NOWHERE, Circumstances
from smtp_repl.teach.quoted import quoted_reply


@pytest.mark.parametrize(
    ("line", "reply", "host", "said"),
    [
        (
            "Nov 24 10:00:00 mx postfix/smtp[4711]: 4XyZ12: to=<bob@example.com>, relay=mx.example.com[192.0.2.1]:25, "
            "delay=1, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 5.1.1 <bob@example.com>: "
            "Recipient address rejected: User unknown (in reply to RCPT TO command))",
            "550 5.1.1 <bob@example.com>: Recipient address rejected: User unknown",
            "mx.example.com",
            "RCPT",
        ),
        (
            "(host mx.example.com[192.0.2.1] said: 451 4.7.1 Greylisted (in reply to end of DATA command))",
            "451 4.7.1 Greylisted",
            "mx.example.com",
            ".",
        ),
        (
            "host mx.example.com[192.0.2.1] refused to talk to me: 554 5.7.1 Service unavailable",
            "554 5.7.1 Service unavailable",
            "mx.example.com",
            "",
        ),
        (
            "** bob@example.com R=dnslookup T=remote_smtp H=mx.example.com [192.0.2.1]: SMTP error from remote mail "
            "server after RCPT TO:<bob@example.com>: 550 no such user",
            "550 no such user",
            "mx.example.com",
            "RCPT",
        ),
        (
            "SMTP error from remote mail server after end of data: 552 5.3.4 Message too big",
            "552 5.3.4 Message too big",
            "",
            ".",
        ),
        ("Diagnostic-Code: smtp; 550 5.1.1 unknown", "550 5.1.1 unknown", "", ""),
        ("Diagnostic-Code: smtp;550-5.7.26 unauthenticated", "550-5.7.26 unauthenticated", "", ""),
        ("192.0.2.1 failed after I sent the message. Remote host said: 554 no", "554 no", "", ""),
        ("smtplib.SMTPAuthenticationError: (535, b'5.7.8 Error: authentication failed')",
         "535 5.7.8 Error: authentication failed", "", ""),
        ("smtplib.SMTPRecipientsRefused: {'bob@example.com': (550, b'5.1.1 <bob@example.com>: no\\n5.1.1 sorry')}",
         "550 5.1.1 <bob@example.com>: no", "", ""),
        ("<** 550 5.7.1 Relaying denied", "550 5.7.1 Relaying denied", "", ""),
        ("it says 550 5.7.1 go away", "550 5.7.1 go away", "", ""),
    ],
)  # fmt: skip
def test_quoted(line: str, reply: str, host: str, said: str) -> None:
    found = quoted_reply(line, NOWHERE)
    assert found is not None
    assert found.reply == reply
    assert (found.circumstances.host, found.circumstances.said) == (host, said)


@pytest.mark.parametrize("line", ["", "nothing of the kind", "delay=550, dsn=2.0.0", "450 5.1.1 mixed", "(50, b'x')"])
def test_not_quoted(line: str) -> None:
    assert quoted_reply(line, NOWHERE) is None


def test_what_is_known_goes_before_what_the_line_tells() -> None:
    found = quoted_reply(
        "host a.example.com[192.0.2.1] said: 550 no (in reply to MAIL FROM command)", Circumstances("b", "", "RCPT")
    )
    assert found is not None
    assert found.circumstances == Circumstances("b", "", "RCPT")


def test_an_answer() -> None:
    """The line is explained as the reply in it, to the command that it names."""
    (found,) = answer("status=bounced (host mx.example.com[192.0.2.1] said: 550 no (in reply to RCPT TO command))")
    assert found.source == "550 as the answer to RCPT"


def test_several_words() -> None:
    """Each is explained, if each is known; behind a verb they are its arguments."""
    assert [one.subject for one in answer("DSN CHUNKING") if one.kind == "keyword"] == ["DSN", "CHUNKING"]
    assert answer("AUTH PLAIN")[0].subject == "AUTH PLAIN"
    assert [one.subject for one in answer("RCPT TO:<x@example.com> NOTIFY=NEVER")] == ["RCPT", "NOTIFY"]


@pytest.mark.parametrize(
    "line", ["(550, b'" * 500, "H=a " * 1000, "said: 550 " + "(in reply to " * 300, "host a[" * 700]
)
def test_no_line_is_slow(line: str) -> None:
    began = time.perf_counter()
    quoted_reply(line, NOWHERE)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("reply", "subjects"),
    [
        ("250-mx.example.com\n250-SIZE 1000\n250-XNOTHING\n250 AUTH PLAIN LOGIN", ["250", "SIZE", "AUTH"]),
        ("S: 250-PIPELINING", ["250", "PIPELINING"]),
        ("250 Ok", ["250"]),
        ("550 SIZE", ["550"]),
    ],
)
def test_an_answer_to_ehlo(reply: str, subjects: list[str]) -> None:
    """What is offered is explained as well."""
    assert [one.subject for one in answer(reply)] == subjects
