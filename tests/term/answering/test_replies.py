"""The table of replies: in order by themselves, and right for what they answer."""

import re

import pytest

from smtp_repl.knowledge import entries
from smtp_repl.term.answering.replies import ANYWHERE, REPLIES, UNASKED, UNKNOWN, Due, proposed
from smtp_repl.wire.conversation import Conversation, Side
from smtp_repl.wire.events import CommandSaid, Finding, finding
from smtp_repl.wire.replies import ReplyReader
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, LAST_CHUNK, RULES

EXCHANGES = {
    f"{said} {mechanism} {steps}": Due(said, mechanism=mechanism, steps=steps)
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "NTLM", "")
    for said, steps in (("AUTH", 0), ("AUTH", 1), (AUTH_STEP, 1), (AUTH_STEP, 2))
}
DUES = {**{said or "nothing": Due(said) for said in ("", "FROBNICATE", *REPLIES)}, **EXCHANGES}
KNOWN_AS = {END_OF_DATA: ".", LAST_CHUNK: "BDAT", AUTH_STEP: "AUTH"}


@pytest.mark.parametrize("due", DUES.values(), ids=DUES.keys())
def test_each_is_one_reply_in_good_order(due: Due) -> None:
    """Whatever is proposed is a whole reply about which nothing is notable, with a meaning."""
    for reply in proposed(due):
        read = ReplyReader().feed(reply.text.replace("\n", "\r\n").encode() + b"\r\n")
        assert len(read) == 1, reply
        assert set(read[0].flags) <= {"no-text"}, reply  # 334 may stand alone
        assert 5 <= len(reply.meaning) <= 70
        if read[0].enhanced is not None:
            assert entries.enhanced(str(read[0].enhanced)) is not None, reply


@pytest.mark.parametrize("said", [said for said in REPLIES if said != GREETING])
def test_codes_stand_where_they_may(said: str) -> None:
    """The codes are those that the RFCs let answer this command."""
    entry = entries.verb(KNOWN_AS.get(said, said))
    assert entry is not None
    allowed = set(re.findall("[2-5][0-9]{2}", entry.replies))
    assert {text[:3] for text, _ in REPLIES[said] if text != "{ehlo}"} <= allowed


def test_greetings() -> None:
    """RFC 5321 §4.3.2 and RFC 7504 for the greeting."""
    assert {text[:3] for text, _ in REPLIES[GREETING]} == {"220", "554", "521"}


@pytest.mark.parametrize("said", RULES)
def test_the_first_leads_on(said: str) -> None:
    """The first proposal is the one that a client hopes for; each thing that can be answered has one."""
    rule = RULES[said]
    if said == "handshake" or said in ("AUTH", AUTH_STEP):
        return
    first = proposed(Due(said))[0].text
    hoped = rule.outcomes[0][0] if rule.outcomes else "2"
    assert first.startswith(hoped)


@pytest.mark.parametrize(
    ("due", "first"),
    [
        (Due("AUTH", mechanism="LOGIN"), "334 VXNlcm5hbWU6"),
        (Due(AUTH_STEP, mechanism="LOGIN", steps=1), "334 UGFzc3dvcmQ6"),
        (Due(AUTH_STEP, mechanism="LOGIN", steps=2), "235 2.7.0 Authentication successful"),
        (Due("AUTH", mechanism="PLAIN"), "334 "),
        (Due("AUTH", mechanism="PLAIN", steps=1), "235 2.7.0 Authentication successful"),
        (Due("AUTH", mechanism="CRAM-MD5"), "334 PDIwMjYwMTE1LjFAbWFpbC5leGFtcGxlLmNvbT4="),
        (Due("AUTH", mechanism="NTLM"), "504 5.5.4 This mechanism is not offered"),
        (Due(AUTH_STEP, mechanism="LOGIN", steps=2, cancelled=True), "501 5.7.0 Authentication cancelled"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.said} {value.mechanism} {value.steps}",
)
def test_auth_has_its_steps(due: Due, first: str) -> None:
    """An AUTH exchange is walked as its mechanism wants it (RFC 4954 §4)."""
    assert proposed(due)[0].text == first


def faults(*lines: bytes) -> tuple[Finding, ...]:
    """What is notable about the last of some lines of a client, each answered 250."""
    conversation = Conversation(Side.SERVER)
    conversation.send(b"220 hi\r\n")
    found: list[Finding] = []
    for line in lines:
        events = conversation.receive(line + b"\r\n")
        assert any(isinstance(event, CommandSaid) for event in events)
        found = [event for event in events if isinstance(event, Finding)]
        conversation.send(b"250 ok\r\n")
    return tuple(found)


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        ([b"EHLO x", b"RCPT TO:<a@example.com>"], "503 5.5.1 Bad sequence of commands"),
        ([b"EHLO x", b"MAIL FROM: <a@example.com>"], "501 5.5.4 "),
        ([b"EHLO x", b"STARTTLS"], "502 5.5.1 Command not implemented"),
        ([b"EHLO x", b"MAIL FROM:<a@example.com>"], "250 2.1.0 Ok"),
    ],
    ids=["order", "syntax", "not offered", "good"],
)
def test_faults_come_first(lines: list[bytes], first: str) -> None:
    """What a strict server has against a command is the first proposal."""
    said = lines[-1].split(b" ")[0].decode()
    assert proposed(Due(said, faults(*lines)))[0].text.startswith(first)


def test_no_finding_breaks_a_reply() -> None:
    """A finding with odd text in it is proposed as one line, or not at all."""
    for message in ("a\r\n250 b", "{host}", "ü"):
        found = finding("step-not-base64")._replace(rule="missing-keyword", message=message)
        assert all("\n" not in reply.text for reply in proposed(Due("MAIL", (found,))))


def test_ehlo_offers_starttls_in_plaintext_only() -> None:
    """RFC 3207 §4.2: not offered again once it is active."""
    assert "STARTTLS" in proposed(Due("EHLO"))[0].text
    assert "STARTTLS" not in proposed(Due("EHLO", tls_active=True))[0].text


def test_what_is_unknown() -> None:
    """An unknown verb is 500 or 502; with nothing to answer only 421 may come."""
    assert [one.text[:3] for one in proposed(Due("FROBNICATE"))][:2] == [text[:3] for text, _ in UNKNOWN]
    assert [one.text[:3] for one in proposed(Due())] == ["421"]
    assert ANYWHERE[2:] == UNASKED
