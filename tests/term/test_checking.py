# ruff: noqa: RUF001 (full-width characters are what is tested)
"""Checking while typing: each fault in a line that has it, no fault in a line that may still become right."""

import timeit

import pytest

from smtp_repl.term.checking import Standing, judge
from smtp_repl.term.suggestions import State
from smtp_repl.term.trouble import Trouble, gravest
from smtp_repl.wire.conversation import Envelope
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.states import Phase
from tests.term.sitting import TARGET, Sitting

OFFERED = Capabilities.from_reply(
    [
        b"mail.example.com",
        *(b"PIPELINING", b"SIZE 1000", b"STARTTLS", b"AUTH PLAIN LOGIN", b"8BITMIME", b"SMTPUTF8", b"CHUNKING", b"DSN"),
    ]
)
BARE = Capabilities.from_reply([b"mail.example.com", b"SIZE"])
GREETED = State(True, Phase.GREETED, OFFERED, path_is_private=True)
SESSIONS = {
    "connected": State(True, Phase.CONNECTED),
    "opened": State(True, Phase.OPENED),
    "unwelcome": State(True, Phase.UNWELCOME),
    "greeted": GREETED,
    "cleartext": GREETED._replace(path_is_private=False),
    "bare": State(True, Phase.GREETED, BARE, path_is_private=True),
    "helo": State(True, Phase.GREETED),
    "tls": GREETED._replace(tls_active=True),
    "logged in": GREETED._replace(authenticated=True),
    "mail": GREETED._replace(phase=Phase.MAIL, envelope=Envelope(b"a@example.org")),
    "rcpt": GREETED._replace(phase=Phase.RCPT),
    "data": GREETED._replace(phase=Phase.DATA),
    "lmtp": State(True, Phase.CONNECTED, lmtp=True),
    "gone": State(),
}


def standing(where: str) -> Standing:
    return Standing(SESSIONS[where])


def marked(text: str, found: list[Trouble]) -> str:
    """The line with what is faulted in brackets, and the first letter of the severity."""
    for one in reversed(found):
        inside = text[one.start : one.end]
        text = f"{text[: one.start]}[{one.severity[0]}:{inside}]{text[one.end :]}"
    return text


@pytest.mark.parametrize(
    ("where", "text", "shown", "says"),
    [
        ("greeted", "MAIL FROM:a@example.org", "MAIL FROM:[e:a@example.org]", "needs < and >"),
        ("greeted", "MAIL FROM: <a@example.org>", "MAIL FROM:[e: ]<a@example.org>", 'No blank after "FROM:"'),
        ("greeted", "MAIL FROM :<a@example.org>", "MAIL [e:FROM] :<a@example.org>", "No blank before the colon"),
        ("greeted", "MAIL <a@example.org>", "MAIL [e:<a@example.org>]", 'No "FROM:" before'),
        ("mail", "RCPT FROM:<b@example.com>", "RCPT [e:FROM:<b@example.com>]", '"TO:", not "FROM:"'),
        ("mail", "RCPT TO:<>", "RCPT TO:<[e:>]", "a recipient needs an address"),
        ("greeted", "MAIL FROM:<a>", "MAIL FROM:<[e:a>]", 'no "@domain"'),
        ("greeted", "MAIL FROM:<a@example.org>SIZE=1", "MAIL FROM:<a@example.org>[e:SIZE=1]", "A blank must follow"),
        ("greeted", "MAIL FROM:<a@example.org> SIZE=x", "MAIL FROM:<a@example.org> [e:SIZE=x]", "SIZE is malformed"),
        ("greeted", "MAIL FROM:<a@example.org> COLOUR=1", "MAIL FROM:<a@example.org> [w:COLOUR=1]", "no parameter"),
        ("bare", "MAIL FROM:<a@example.org> RET=HDRS", "MAIL FROM:<a@example.org> [w:RET=HDRS]", "DSN, which is not"),
        ("helo", "MAIL FROM:<a@example.org> SIZE=1", "MAIL FROM:<a@example.org>[w: ]SIZE=1", "you said HELO"),
        ("greeted", "EHLO my_host!", "EHLO [e:my_host!]", 'no "_"'),
        ("greeted", "EHLO a b", "EHLO [e:a] b", "one host name"),
        ("greeted", "DATA now", "[w:DATA] [e:now]", "takes no argument"),
        ("greeted", "MALI FROM:<a@example.org>", "[e:MALI] FROM:<a@example.org>", "did you mean MAIL?"),
        ("greeted", "HELLO", "[e:HELLO]", "did you mean EHLO?"),
        ("greeted", "NOOP\tx", "NOOP[e:\t]x", "TAB"),
        ("greeted", " EHLO x", "[e: ]EHLO x", "without a blank"),
        ("greeted", ".", "[e:.]", "lone dot ends a message"),
        ("greeted", "BDAT ten", "[w:BDAT] [e:ten]", "number of octets"),
        ("greeted", "NOOP " + "x" * 508, "NOOP " + "x" * 507 + "[e:x]", "a server must take 512"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) and len(value) > 20 else None,
)
def test_what_cannot_be_read(where: str, text: str, shown: str, says: str) -> None:
    """Red where the syntax is wrong whatever follows, amber where only this server minds."""
    found = judge(text, standing(where))
    assert any(says in one.message for one in found), found
    assert marked(text, found) == shown


@pytest.mark.parametrize(
    ("where", "text", "shown", "says", "hint"),
    [
        ("rcpt", "Subject: hello", "[e:Subject:] hello", "Subject is a header", "DATA comes first"),
        ("greeted", "From: a@example.org", "[e:From:] a@example.org", "a header", "MAIL, then RCPT, then DATA come"),
        ("connected", "To: b", "[e:To:] b", "a header", "EHLO, then MAIL, then RCPT, then DATA come first"),
        ("greeted", "C: EHLO x", "[e:C:] EHLO x", "mark C:", "what stands behind it"),
        ("greeted", "250 ok", "[w:250] ok", "a reply", "type a command"),
        ("greeted", "MAIL FROM：＜a@b>", "MAIL FROM[e:：＜]a@b>", "：＜ is full-width", "F3"),
        ("greeted", "ＥＨＬＯ　x", "[e:ＥＨＬＯ　]x", "full-width", "F3"),
        ("connected", "MAIL", "[w:MAIL]", "MAIL is not due here: expect 503", "EHLO comes first"),
        ("greeted", "DATA", "[w:DATA]", "DATA is not due here", "MAIL, then RCPT come first"),
        ("mail", "MAIL", "[w:MAIL]", "not due here", ""),
        ("lmtp", "MAIL", "[w:MAIL]", "not due here", "LHLO comes first"),
        ("bare", "STARTTLS", "[w:STARTTLS]", "STARTTLS needs STARTTLS, which this server does not offer", ""),
        ("tls", "STARTTLS", "[w:STARTTLS]", "encrypted already", ""),
        ("logged in", "AUTH PLAIN", "[w:AUTH] PLAIN", "logged in already", ""),
        ("unwelcome", "EHLO x", "[w:EHLO] x", "not due here", ""),
        ("bare", "AUTH PLAIN", "[w:AUTH] PLAIN", "AUTH needs AUTH", ""),
        ("greeted", "AUTH NTLM", "AUTH [w:NTLM]", "NTLM is not offered here: expect 504", "PLAIN, LOGIN"),
        ("cleartext", "AUTH PLAIN", "AUTH [w:PLAIN]", "shows your password to everyone", "/starttls first"),
        ("greeted", "AUTH PLAIN tutor", "AUTH PLAIN [w:tutor]", "a plain word", "F4"),
        ("greeted", "MAIL FROM:<ü@example.org>", "MAIL FROM:<[w:ü@example.org>]", "needs SMTPUTF8", "add SMTPUTF8"),
        ("bare", "MAIL FROM:<ü@example.org>", "MAIL FROM:<[w:ü@example.org>]", "needs SMTPUTF8", "not offer it"),
        ("mail", "RCPT TO:<ü@example.org>", "RCPT TO:<[w:ü@example.org>]", "needs SMTPUTF8", "first"),
        ("greeted", "MAIL FROM:<> SIZE=1001", "MAIL FROM:<> [w:SIZE=1001]", "at most 1000 octets: expect 552", ""),
        ("gone", "/conect", "[e:/conect]", 'no command "/conect"', "/help"),
        ("greeted", "//EHLO x", "/[e:/EHLO] x", "Unknown command", ""),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) and len(value) > 20 else None,
)
def test_what_is_refused_here(where: str, text: str, shown: str, says: str, hint: str) -> None:
    """What was hardly meant, and what this server refuses at this point, with the way out."""
    found = judge(text, standing(where))
    assert marked(text, found) == shown
    assert says in found[0].message
    assert hint in found[0].hint


LINES = [
    ("connected", "EHLO client.example.org"),
    ("connected", "ehlo [192.0.2.1]"),
    ("connected", "EHLO [IPv6:2001:db8::1]"),
    ("opened", "HELO x"),
    ("lmtp", "LHLO client.example.org"),
    ("greeted", "MAIL FROM:<> SIZE=120 BODY=8BITMIME RET=HDRS ENVID=a AUTH=<>"),
    ("greeted", "MAIL FROM:<a@example.org> SMTPUTF8"),
    ("greeted", "MAIL FROM:<first.last@[192.0.2.1]> BODY=7BIT"),
    ("greeted", 'MAIL FROM:<"first last"@example.org>'),
    ("mail", "RCPT TO:<Postmaster>"),
    ("mail", "RCPT TO:<b@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@example.com"),
    ("rcpt", "DATA"),
    ("rcpt", "BDAT 120 LAST"),
    ("greeted", "AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA=="),
    ("greeted", "STARTTLS"),
    ("greeted", "NOOP ：＜"),
    ("greeted", "VRFY b@example.com"),
    ("greeted", "HELP MAIL"),
    ("unwelcome", "QUIT"),
    ("data", "Subject: x"),
    ("gone", "EHLO x"),
    ("greeted", "/status"),
]


@pytest.mark.parametrize(("where", "line"), LINES, ids=[line for _, line in LINES])
def test_nothing_is_faulted_while_a_right_line_is_typed(where: str, line: str) -> None:
    """At no key does a line that will be right show a fault."""
    for end in range(len(line) + 1):
        found = [one for one in judge(line[:end], standing(where)) if one.severity != "info"]
        assert not found, (line[:end], found)


@pytest.mark.parametrize(
    ("mechanism", "number", "text", "severity", "says"),
    [
        ("LOGIN", 0, "tutor", "warning", "a plain word"),
        ("LOGIN", 1, "not-a-secret", "error", "no base64"),
        ("LOGIN", 0, "dHV0b3IK", "warning", "a line end in it"),
        ("LOGIN", 0, "dHV0b3INCg==", "warning", "a line end in it"),
        ("LOGIN", 0, "dHV0b3I= ", "error", "a blank beside"),
        ("LOGIN", 0, "dHV0b3J=", "error", "bits that belong to nothing"),
        ("LOGIN", 0, "dHV=b3I=", "error", "at the end of base64 only"),
        ("LOGIN", 0, "dHV0b3I", "info", "1 more character is due"),
        ("PLAIN", 0, "dHV0b3I=", "warning", "PLAIN wants"),
        ("CRAM-MD5", 0, "dHV0b3I=", "warning", "CRAM-MD5 wants"),
        ("GSSAPI", 0, "//79", "info", "base64 of ••••"),
        ("PLAIN", 0, "AHR1dG9yAG5vdC1hLXNlY3JldA==", "info", "base64 of \\0tutor\\0••••"),
        ("PLAIN", 0, "AHR1dG9y", "info", "PLAIN wants"),
        ("LOGIN", 0, "dHV0b3I=", "info", "base64 of tutor"),
        ("LOGIN", 1, "bm90LWEtc2VjcmV0", "info", "base64 of ••••"),
        ("LOGIN", 0, "*", "", ""),
        ("LOGIN", 0, "", "", ""),
    ],
)
def test_steps(mechanism: str, number: int, text: str, severity: str, says: str) -> None:
    """At a 334: what is no base64, what was encoded with its line end, what has not the mechanism's shape."""
    session = GREETED._replace(phase=Phase.AUTH)
    found = judge(text, Standing(session, mechanism, number))
    assert [one.severity for one in found] == ([severity] if severity else [])
    assert all(says in one.message and (len(text) < 5 or text not in one.shown) for one in found)


def test_lines_of_a_paste_are_judged_each_where_it_will_be_said() -> None:
    """MAIL is due now, RCPT after it, and what follows DATA is nobody's business."""
    text = "MAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\nSubject: x\n"
    assert judge(text, standing("greeted")) == []
    wrong = "MAIL FROM:<a@example.org>\nRCPT TO: <b@example.com>"
    assert marked(wrong, judge(wrong, standing("greeted"))).endswith("\nRCPT TO:[e: ]<b@example.com>")
    unicode = "MAIL FROM:<a@example.org> SMTPUTF8\nRCPT TO:<ü@example.com>"
    assert judge(unicode, standing("greeted")) == []


def test_the_gravest_is_told() -> None:
    """What no server can read before what this one minds, and an info only when there is nothing else."""
    found = judge("BDAT ten", standing("greeted"))
    assert [one.severity for one in found] == ["warning", "error"]
    told = gravest(found)
    assert told is not None
    assert told.shown == "BDAT needs a number of octets; write BDAT 120, or BDAT 120 LAST"
    assert gravest([]) is None


def test_standing_of_a_desk() -> None:
    """A desk tells how far AUTH and MAIL have come, and whether LMTP is spoken."""
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n").greeted("AUTH LOGIN", "SMTPUTF8")
    sitting.say(b"AUTH LOGIN\r\n")
    assert Standing.of(sitting.desk)[1:3] == ("LOGIN", 0)
    sitting.say(b"Ym9i\r\n")
    assert Standing.of(sitting.desk)[1:3] == ("LOGIN", 1)
    assert judge("bob", Standing.of(sitting.desk, in_command=True)) == []
    sitting = Sitting(b"250 ok\r\n").greeted("SMTPUTF8")
    sitting.say(b"MAIL FROM:<a@example.org> SMTPUTF8\r\n")
    sitting.desk.target = TARGET._replace(lmtp=True)
    assert Standing.of(sitting.desk).smtputf8
    assert Standing.of(sitting.desk).session.lmtp


def test_it_costs_next_to_nothing() -> None:
    """A key is on the screen in 2 ms; of this, checking may take a tenth."""
    here = standing("greeted")
    for line in ("MAIL FROM:<alice@example.org> SIZE=120 BODY=8BIT", "MAIL FROM:<ali", "SUBJ", "AUTH PLAIN AHR1dG9y"):
        best = min(timeit.repeat("judge(line, here)", number=20, repeat=20, globals=globals() | locals())) / 20
        assert best < 0.001, line
