"""The engine: octets of both streams in, the same events out, on either side of the wire, in any cut."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.wire.client_octets import LINE_KEPT
from smtp_repl.wire.conversation import Authenticated, Conversation, Envelope, Side
from smtp_repl.wire.errors import WireLimit
from smtp_repl.wire.events import (
    BodySaid,
    Broken,
    CapabilitiesKnown,
    ChallengeSaid,
    ChunkSaid,
    Closed,
    CommandSaid,
    Event,
    Finding,
    HandshakeDue,
    ReplySaid,
)
from smtp_repl.wire.extensions import NO_CAPABILITIES
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.states import Phase
from tests.wire.pair import Pair, commands, kinds, merged, replies, rules

EHLO = """
C: EHLO client.example.net
S: 250-mail.example.com
S: 250-PIPELINING
S: 250-SIZE 1000
S: 250-STARTTLS
S: 250-AUTH PLAIN LOGIN CRAM-MD5
S: 250-CHUNKING
S: 250 8BITMIME
"""
MAIL = """
C: MAIL FROM:<bob@example.org>
S: 250 2.1.0 Ok
C: RCPT TO:<alice@example.com>
S: 250 2.1.5 Ok
"""


def greeted(*, lint: bool = False) -> Pair:
    pair = Pair(lint=lint)
    pair.talk(EHLO)
    return pair


def with_recipient() -> Pair:
    pair = greeted()
    pair.talk(MAIL)
    return pair


# ---------------------------------------------------------------- where other programs die


@pytest.mark.parametrize(
    ("before", "answers"),
    [
        ("", None),
        ("C: EHLO client.example.net", "EHLO"),
        (EHLO, None),
        (EHLO + "C: MAIL FROM:<bob@example.org>", "MAIL"),
        (EHLO + MAIL + "C: DATA", "DATA"),
        (EHLO + MAIL + "C: DATA\nS: 354 go\nC: some text", None),
        (EHLO + MAIL + "C: DATA\nS: 354 go\nC: .", "."),
        (EHLO + "C: AUTH LOGIN", "AUTH"),
        (EHLO + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dGlt", "AUTH step"),
        (EHLO + "C: STARTTLS", "STARTTLS"),
        (EHLO + "C: QUIT", "QUIT"),
    ],
    ids=lambda value: repr(str(value)[-20:]),
)
def test_421_at_any_time(before: str, answers: str | None) -> None:
    """RFC 5321 §3.8: it may answer whatever was said, or nothing, and then the server closes, as announced."""
    pair = Pair(lint=False)
    pair.talk(before)
    events = pair.s(b"421 4.3.2 closing\r\n")
    assert replies(events) == [(421, answers)]
    assert pair.client.phase is Phase.CLOSED
    assert pair.client.receive_eof() == [Closed(True, pair.client.awaiting)]


def test_421_instead_of_a_greeting() -> None:
    pair = Pair(b"421 too busy\r\n")
    assert pair.client.phase is Phase.CLOSED
    assert replies(pair.events) == [(421, "greeting")]


@pytest.mark.parametrize("reply", [b"454 4.7.0 not now\r\n", b"502 no\r\n", b"250 ok\r\n", b"554 no\r\n"])
def test_only_220_starts_tls(reply: bytes) -> None:
    """RFC 3207 §4: after a refusal the session goes on in the clear, and nothing is forgotten."""
    pair = greeted()
    events = pair.talk("C: STARTTLS") + pair.s(reply)
    assert not [event for event in events if isinstance(event, HandshakeDue)]
    assert pair.client.phase is Phase.GREETED
    assert pair.client.capabilities.offers("SIZE")
    assert replies(pair.talk("C: NOOP\nS: 250 ok")) == [(250, "NOOP")]


def test_a_bare_code() -> None:
    """`220` and no blank is a reply."""
    pair = Pair(b"220\r\n")
    assert pair.client.phase is Phase.CONNECTED
    assert rules(pair.events) == ["no-text"]


def test_a_greeting_in_utf8() -> None:
    pair = Pair("220 пошта.example.com ✉\r\n".encode())
    assert pair.client.phase is Phase.CONNECTED
    assert rules(pair.events) == ["non-ascii"]


def test_two_replies_in_one_chunk_come_at_once() -> None:
    """The second one is not kept until more octets come."""
    pair = greeted()
    pair.c(b"MAIL FROM:<bob@example.org>\r\nRCPT TO:<alice@example.com>\r\n")
    assert replies(pair.s(b"250 Ok\r\n250 Ok\r\n")) == [(250, "MAIL"), (250, "RCPT")]
    assert pair.client.phase is Phase.RCPT


def test_what_was_offered_is_forgotten_across_starttls() -> None:
    """RFC 3207 §4.2: the EHLO reply, the envelope and who one is were said in the clear, and count no more."""
    pair = greeted()
    pair.talk("C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS: 235 ok\nC: STARTTLS\nS: 220 go")
    assert pair.events[-1] == HandshakeDue(b"")
    assert pair.client.phase is Phase.TLS
    assert pair.client.authenticated == Authenticated("PLAIN", b"tim")
    events = pair.handshake()
    assert events == [
        next(event for event in events if isinstance(event, Finding)),
        CapabilitiesKnown(NO_CAPABILITIES),
    ]
    assert rules(events) == ["capabilities-forgotten"]
    assert pair.client.capabilities is NO_CAPABILITIES
    assert pair.client.previous_capabilities.offers("SIZE")
    assert pair.client.authenticated is None
    assert pair.client.phase is Phase.CONNECTED
    assert pair.client.tls_active
    assert pair.client.path_is_private


def test_keywords_that_tls_made_vanish_are_named() -> None:
    pair = greeted()
    pair.talk("C: STARTTLS\nS: 220 go")
    pair.handshake()
    pair.talk("C: EHLO client.example.net\nS: 250-mail.example.com\nS: 250 SIZE 1000")
    (lost,) = [event for event in pair.events if isinstance(event, Finding) and event.rule == "keywords-lost"]
    assert "AUTH" in lost.message
    assert "STARTTLS" not in lost.message


INJECTED = {
    "replies": b"220 go\r\n250-injected\r\n250 AUTH PLAIN X-INJECTED\r\n",
    "a partial line": b"220 go\r\n250-inj",
    "one octet": b"220 go\r\n\0",
    "a TLS record": b"220 go\r\n\x16\x03\x01",
}


@pytest.mark.parametrize("octets", INJECTED.values(), ids=INJECTED)
def test_plaintext_between_220_and_handshake(octets: bytes) -> None:
    """RFC 3207 §5: it is handed out to be refused, and never taken for a reply."""
    client = Conversation(lint=False)
    for side, said in (("S", b"220 x\r\n"), ("C", b"EHLO x.example\r\n"), ("S", b"250-x\r\n250 STARTTLS\r\n")):
        client.send(said) if side == "C" else client.receive(said)
    client.send(b"STARTTLS\r\n")
    events = client.receive(octets)
    assert replies(events) == [(220, "STARTTLS")]
    assert rules(events) == ["data-before-handshake"]
    assert events[-1] == HandshakeDue(octets.removeprefix(b"220 go\r\n"))
    assert not client.pending_reply


def test_plaintext_in_a_segment_of_its_own() -> None:
    """Cut otherwise, it is still what nobody asked for where the handshake is due."""
    pair = greeted()
    pair.talk("C: STARTTLS\nS: 220 go")
    events = pair.client.receive(b"250 injected\r\n")
    assert rules(events) == ["data-before-handshake"]
    assert events[-1] == HandshakeDue(b"250 injected\r\n")
    assert replies(events) == []


def test_somebody_who_goes_on_in_the_clear_is_answered() -> None:
    """`@tls manual`: the server may say what it thinks of that, and that is a reply."""
    pair = greeted()
    pair.talk("C: STARTTLS\nS: 220 go")
    events = pair.talk("C: NOOP\nS: 554 no")
    assert replies(events) == [(554, "NOOP")]
    assert not [event for event in events if isinstance(event, HandshakeDue)]


def test_what_a_client_says_behind_starttls_is_seen_by_the_server() -> None:
    """STARTTLS command injection: the server must know of octets that it has to forget (RFC 3207 §4.2)."""
    server = Conversation(Side.SERVER, lint=False)
    server.send(b"220 x\r\n")
    server.receive(b"EHLO x.example\r\n")
    server.send(b"250-x\r\n250 STARTTLS\r\n")
    server.receive(b"STARTTLS\r\nMAIL FROM:<bob@example.org>\r\nRCPT")
    events = server.send(b"220 go\r\n")
    assert events[-1] == HandshakeDue(b"MAIL FROM:<bob@example.org>\r\nRCPT")
    server.handshake_done()
    assert server.awaiting == ()
    assert commands(server.receive(b"NOOP\r\n")) == [b"NOOP"]


def test_implicit_tls_knows_that_nobody_reads_along() -> None:
    conversation = Conversation(tls_active=True)
    assert conversation.path_is_private
    assert conversation.tls_active


def test_a_handshake_before_anything_was_said() -> None:
    """`@tls start`: the greeting is still to come."""
    pair = Pair(b"")
    assert pair.handshake() == []
    assert pair.client.phase is Phase.OPENED
    assert replies(pair.s(b"220 hi\r\n")) == [(220, "greeting")]


# ---------------------------------------------------------------- replies that nobody asked for


@pytest.mark.parametrize("reply", [b"554 I also say this\r\n", b"220 go\r\n", b"250 ok\r\n"])
def test_an_unsolicited_reply_answers_nothing_later(reply: bytes) -> None:
    """A 220 after the greeting must not answer a STARTTLS that is said afterwards."""
    pair = Pair(b"220 hi\r\n" + reply, lint=False)
    assert replies(pair.events) == [(220, "greeting"), (int(reply[:3]), None)]
    assert rules(pair.events) == ["unsolicited"]
    pair.talk(EHLO)
    events = pair.talk("C: STARTTLS")
    assert pair.client.awaiting == ("STARTTLS",)
    assert events[-1].answers_due == 0 if isinstance(events[-1], CommandSaid) else False


def test_two_replies_to_one_message() -> None:
    pair = with_recipient()
    events = pair.talk("C: DATA\nS: 354 go\nC: text\nC: .\nS: 250 queued\nS: 250 queued again")
    assert replies(events)[-2:] == [(250, "."), (250, None)]


def test_data_after_221() -> None:
    pair = greeted()
    assert replies(pair.talk("C: QUIT\nS: 221 bye\nS: 250 and more")) == [(221, "QUIT"), (250, None)]
    assert pair.client.phase is Phase.CLOSED


# ---------------------------------------------------------------- replies that are no good

DOUBTFUL = {
    "codes that differ": (b"550-no\r\n250 yes\r\n", 250, "code-mismatch"),
    "neither blank nor hyphen": (b"250-a\r\n250_b\r\n250 c\r\n", 250, "malformed-line"),
    "no code": (b"hello\r\n", None, "malformed-line"),
    "a sign": (b"-20 hi\r\n", None, "malformed-line"),
    "underscore": (b"2_2 hi\r\n", None, "malformed-line"),
    "Arabic digits": ("٢٥٠ hi\r\n".encode(), None, "malformed-line"),
    "superscript digits": ("²⁵⁰ hi\r\n".encode(), None, "malformed-line"),
    "NUL in the code": (b"25\x000 hi\r\n", None, "malformed-line"),
}


@pytest.mark.parametrize(("octets", "code", "rule"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_doubtful_reply_moves_nothing(octets: bytes, code: int | None, rule: str) -> None:
    """It is shown and it answers what was asked, but nothing is believed of it."""
    pair = greeted()
    pair.talk("C: MAIL FROM:<bob@example.org>")
    events = pair.s(octets)
    assert replies(events) == [(code, "MAIL")]
    assert rule in rules(events)
    assert pair.client.phase is Phase.GREETED
    assert pair.client.envelope == Envelope()


@pytest.mark.parametrize("octets", [b"", b"250", b"250-mail\r\n", b"250 mail\r", b"250 mail"])
def test_a_cut_reply_answers_nothing(octets: bytes) -> None:
    """RFC 5321 §4.2: without its line end it is no reply; what came is told, and that it was awaited."""
    pair = greeted()
    pair.talk("C: NOOP")
    pair.client.receive(octets)
    *partial, closed = pair.client.receive_eof()
    assert closed == Closed(False, ("NOOP",))
    assert [event.reply.raw for event in partial if isinstance(event, ReplySaid)] == ([octets] if octets else [])
    assert all(event.reply.partial and event.reply.klass == 0 for event in partial if isinstance(event, ReplySaid))


def test_closing_is_expected_when_nothing_is_due() -> None:
    pair = greeted()
    assert pair.client.receive_eof() == [Closed(True, ())]


@pytest.mark.parametrize("before", ["C: DATA\nS: 354 go\nC: some text", "C: BDAT 10\nC: 123"])
def test_closing_inside_a_message_is_not_expected(before: str) -> None:
    pair = with_recipient()
    pair.talk(before)
    (closed,) = pair.server.receive_eof()
    assert isinstance(closed, Closed)
    assert not closed.expected


def test_a_reply_without_end_breaks_the_conversation() -> None:
    client = Conversation()
    events = client.receive(b"220-" + b"x" * 10_000)
    assert isinstance(events[-1], Broken)
    assert events[-1].error.kind == "line-too-long"
    with pytest.raises(WireLimit):
        client.receive(b"250 ok\r\n")


# ---------------------------------------------------------------- EHLO


def test_the_issues_ehlo_reply() -> None:
    pair = Pair(lint=False)
    events = pair.talk(
        """
        C: EHLO client.example.net
        S: 250-smtp.qq.com
        S: 250-PIPELINING
        S: 250-SIZE 52428800
        S: 250-AUTH LOGIN PLAIN
        S: 250-AUTH=LOGIN
        S: 250-MAILCOMPRESS
        S: 250-8BITMIME
        S: 250 STARTTLS
        """
    )
    known = pair.client.capabilities
    assert known.size == 52428800
    assert set(known.auth) == {"LOGIN", "PLAIN"}
    assert known.keywords["MAILCOMPRESS"] == ()
    assert known.offers("STARTTLS")
    assert CapabilitiesKnown(known) in events
    assert "auth-equals" in rules(events)


@pytest.mark.parametrize(
    ("reply", "rule"),
    [
        (b"250-host\r\n250-SIZE 10\r\n250 SIZE 20\r\n", "duplicate-keyword"),
        (b"250-host\r\n250 SIZE -1\r\n", "size-bad"),
        (b"250-host\r\n250 SIZE " + b"9" * 5000 + b"\r\n", "size-overflow"),
        (b"250-host\r\n250 AUTH \0PLAIN LOGIN\r\n", "nul"),
        ("250-host\r\n250 \uff33\uff34\uff21\uff32\uff34\uff34\uff2c\uff33\r\n".encode(), "non-ascii-keyword"),
        (b"250-host\r\n250 X\x1b]52;c;cHduCg==\x07Y\r\n", "control-char"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_odd_ehlo_reply_is_told(reply: bytes, rule: str) -> None:
    pair = Pair(lint=False)
    pair.talk("C: EHLO client.example.net")
    assert rule in rules(pair.s(reply))
    assert pair.client.phase is Phase.GREETED
    assert not pair.client.capabilities.offers("STARTTLS")


@pytest.mark.parametrize("reply", [b"502 what\r\n", b"220 hi\r\n"])
def test_ehlo_refused_offers_nothing(reply: bytes) -> None:
    pair = Pair(lint=False)
    pair.talk("C: EHLO client.example.net")
    assert not [event for event in pair.s(reply) if isinstance(event, CapabilitiesKnown)]
    assert pair.client.phase is Phase.CONNECTED


def test_helo_offers_nothing() -> None:
    """RFC 5321 §4.1.1.1: whatever its reply says."""
    pair = greeted()
    pair.talk("C: HELO client.example.net\nS: 250-mail.example.com\nS: 250 STARTTLS")
    assert pair.client.capabilities is NO_CAPABILITIES


def test_ehlo_drops_the_transaction() -> None:
    pair = with_recipient()
    assert pair.client.envelope == Envelope(b"bob@example.org", (b"alice@example.com",))
    pair.talk(EHLO)
    assert pair.client.envelope == Envelope()


# ---------------------------------------------------------------- the transaction


def test_a_transaction() -> None:
    pair = Pair()
    events = pair.talk(
        EHLO
        + MAIL
        + """
        C: RCPT TO:<nobody@example.com>
        S: 550 5.1.1 no
        C: DATA
        S: 354 go
        C: Subject: x
        C:
        C: ..dot
        C: .
        S: 250 2.0.0 Ok
        C: QUIT
        S: 221 2.0.0 Bye
        """
    )
    assert replies(events)[-4:] == [(550, "RCPT"), (354, "DATA"), (250, "."), (221, "QUIT")]
    bodies = [event for event in merged(events) if isinstance(event, BodySaid)]
    assert bodies == [BodySaid(b"Subject: x\r\n\r\n..dot\r\n.\r\n", True, 20, 3)]
    assert pair.client.phase is Phase.CLOSED
    assert rules(events) == []


def test_a_lone_dot_elsewhere_is_no_end_of_data() -> None:
    """It answers nothing but itself: a session that was not greeted is not greeted by a 500."""
    pair = Pair(lint=False)
    events = pair.talk("C: .\nS: 500 what?")
    assert replies(events) == [(500, "")]
    assert pair.client.phase is Phase.CONNECTED


def test_pipelined_commands_are_answered_in_order() -> None:
    """RFC 2920 §3.1, with a refusal in the middle."""
    pair = greeted()
    pair.c(b"MAIL FROM:<bob@example.org>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
    assert pair.client.awaiting == ("MAIL", "RCPT", "RCPT", "DATA")
    assert pair.client.ahead is Phase.DATA
    events = pair.s(b"250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n")
    assert replies(events) == [(250, "MAIL"), (550, "RCPT"), (250, "RCPT"), (354, "DATA")]
    assert pair.client.envelope.recipients == (b"b@example.com",)
    assert pair.client.phase is Phase.DATA


def test_all_recipients_refused_and_data_too() -> None:
    pair = greeted()
    pair.c(b"MAIL FROM:<bob@example.org>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n")
    pair.s(b"250 ok\r\n550 no\r\n554 no valid recipients\r\n")
    assert pair.client.phase is Phase.MAIL
    assert pair.client.ahead is Phase.MAIL
    assert commands(pair.c(b"RSET\r\n")) == [b"RSET"]


def test_a_message_may_follow_in_the_same_group() -> None:
    """A text that is sent before the 354 came is a text, and what follows its dot are commands."""
    pair = greeted()
    pair.c(
        b"MAIL FROM:<bob@example.org>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n"
        b"QUIT\r\n.\r\nMAIL FROM:<bob@example.org>\r\n"
    )
    assert pair.client.awaiting == ("MAIL", "RCPT", "DATA", ".", "MAIL")
    events = pair.s(b"250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n250 ok\r\n")
    assert replies(events)[2:] == [(354, "DATA"), (250, "."), (250, "MAIL")]
    assert pair.client.phase is Phase.MAIL


@pytest.mark.parametrize("refusal", [b"554 no\r\n", b"250 ok\r\n", b"450 later\r\n"])
@pytest.mark.parametrize("dot", [b".\r\n", b""], ids=["whole", "begun"])
def test_a_text_after_a_refused_data_is_taken_for_commands(refusal: bytes, dot: bytes) -> None:
    """The server answers each of its lines, the dot too, and none of these replies answers anything else."""
    pair = with_recipient()
    pair.c(b"DATA\r\nSubject: x\r\n\r\n" + dot)
    events = pair.s(refusal)
    assert "body-as-commands" in rules(events)
    assert pair.client.ahead is Phase.RCPT
    pair.c((b"" if dot else b".\r\n") + b"NOOP\r\n")
    events = pair.s(b"500 what?\r\n" * 3 + b"250 ok\r\n")
    assert replies(events) == [(500, ""), (500, ""), (500, ""), (250, "NOOP")]
    assert pair.client.phase is Phase.RCPT


def test_what_we_stuffed_ourselves_is_noted_unread() -> None:
    """Told in counted pieces, a message is the same as read; where none is due, the octets are read all the same."""
    pair = with_recipient()
    pair.talk("C: DATA\nS: 354 go\n")
    one = pair.client
    assert one.message_said(b"a\r\n..b\r\n", 7, 2) == [BodySaid(b"a\r\n..b\r\n")]
    assert one.text_begun == 8
    assert one.message_said(b"c", 1, 0) == [BodySaid(b"c")]
    assert one.client_said(b"\r\n.\r\n") == [BodySaid(b"\r\n.\r\n", True, 10, 3)]
    assert one.awaiting == (".",)
    assert [type(event) for event in one.message_said(b"NOOP\r\n", 6, 1)] == [CommandSaid]


def test_nothing_is_a_message_after_data_was_refused() -> None:
    """The driver sees that the phase is not DATA, and leaves the text unsaid."""
    pair = with_recipient()
    pair.talk("C: DATA\nS: 250 ok")
    assert pair.client.phase is Phase.RCPT
    assert commands(pair.c(b"RSET\r\n")) == [b"RSET"]


def test_lf_dot_lf_ends_no_message() -> None:
    """RFC 5321 §4.1.1.4: only CRLF.CRLF does; else one message could be made two."""
    pair = with_recipient()
    pair.talk("C: DATA\nS: 354 go")
    events = pair.c(b"a\n.\nMAIL FROM:<evil@example.org>\n\r.\r\n\r\n.\r\n")
    assert kinds(events) == ["BodySaid"]
    assert pair.client.awaiting == (".",)


def test_bdat() -> None:
    """RFC 3030: counted octets, whatever they are, and a reply for each chunk."""
    pair = with_recipient()
    events = pair.c(b"BDAT 7\r\nQUIT\r\n.BDAT 3 LAST\r\n.\r\nNOOP\r\n")
    chunks = [event for event in events if isinstance(event, ChunkSaid)]
    assert chunks == [ChunkSaid(b"QUIT\r\n.", True, False), ChunkSaid(b".\r\n", True, True)]
    assert commands(events) == [b"BDAT 7", b"BDAT 3 LAST", b"NOOP"]
    answered = replies(pair.s(b"250 ok\r\n250 queued\r\n250 ok\r\n"))
    assert answered == [(250, "BDAT"), (250, "BDAT LAST"), (250, "NOOP")]
    assert pair.client.phase is Phase.GREETED


def test_an_empty_last_chunk() -> None:
    pair = with_recipient()
    events = pair.talk("C: BDAT 0 LAST\nS: 250 queued")
    assert kinds(events) == ["CommandSaid", "ReplySaid"]
    assert pair.client.phase is Phase.GREETED


def test_after_a_refused_chunk_only_rset_helps() -> None:
    pair = with_recipient()
    pair.talk("C: BDAT 3\nC: 1\nS: 552 too much")
    assert pair.client.phase is Phase.BDAT
    assert pair.client.chunk_left == 0
    pair.talk("C: BDAT 0 LAST\nS: 503 no")
    assert pair.client.phase is Phase.BDAT
    pair.talk("C: RSET\nS: 250 ok")
    assert pair.client.phase is Phase.GREETED


@pytest.mark.parametrize("line", [b"BDAT\r\n", b"BDAT x\r\n", b"BDAT -1\r\n", b"BDAT " + b"9" * 21 + b"\r\n"])
def test_a_chunk_of_no_size_is_a_command_alone(line: bytes) -> None:
    pair = with_recipient()
    assert commands(pair.c(line + b"NOOP\r\n")) == [line[:-2], b"NOOP"]


# ---------------------------------------------------------------- LMTP

LMTP = """
C: LHLO client.example.net
S: 250-mail.example.com
S: 250-CHUNKING
S: 250 PIPELINING
C: MAIL FROM:<bob@example.org>
S: 250 ok
C: RCPT TO:<a@example.com>
S: 250 ok
C: RCPT TO:<nobody@example.com>
S: 550 no
C: RCPT TO:<c@example.com>
S: 250 ok
"""


def test_lmtp_answers_for_each_recipient() -> None:
    """RFC 2033 §4.2: one reply for each recipient that was accepted."""
    pair = Pair(b"220 lmtp.example.com\r\n", lint=False)
    pair.talk(LMTP + "C: DATA\nS: 354 go\nC: text\nC: .")
    assert pair.client.awaiting == (".", ".")
    assert replies(pair.s(b"250 kept\r\n552 full\r\n")) == [(250, "."), (552, ".")]
    assert pair.client.phase is Phase.GREETED
    assert replies(pair.talk("C: QUIT\nS: 221 bye")) == [(221, "QUIT")]


def test_lmtp_answers_the_last_chunk_for_each_recipient() -> None:
    pair = Pair(b"220 lmtp.example.com\r\n", lint=False)
    pair.talk(LMTP)
    pair.c(b"BDAT 2\r\nab")
    assert replies(pair.s(b"250 ok\r\n")) == [(250, "BDAT")]
    pair.c(b"BDAT 2 LAST\r\nab")
    assert replies(pair.s(b"250 kept\r\n552 full\r\n")) == [(250, "BDAT LAST"), (552, ".")]
    assert pair.client.phase is Phase.GREETED


def test_lmtp_pipelined_counts_a_refused_recipient_out() -> None:
    pair = Pair(b"220 lmtp.example.com\r\n", lint=False)
    pair.talk("C: LHLO client.example.net\nS: 250-x\nS: 250 PIPELINING")
    pair.c(
        b"MAIL FROM:<bob@example.org>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
        b"DATA\r\ntext\r\n.\r\nNOOP\r\n"
    )
    events = pair.s(b"250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n250 kept\r\n250 ok\r\n")
    assert replies(events)[3:] == [(354, "DATA"), (250, "."), (250, "NOOP")]


# ---------------------------------------------------------------- AUTH

USER, PASSWORD = b"timothy", b"tanstaaf-tanstaaf"


def in_any_form(secret: bytes) -> list[bytes]:
    return [secret, b64encode(secret), secret.hex().encode()]


EXCHANGES = {
    "PLAIN": [("C", b"AUTH PLAIN " + b64encode(b"\0" + USER + b"\0" + PASSWORD)), ("S", b"235 ok")],
    "PLAIN, asked": [
        ("C", b"AUTH PLAIN"),
        ("S", b"334 "),
        ("C", b64encode(b"\0" + USER + b"\0" + PASSWORD)),
        ("S", b"235 ok"),
    ],
    "LOGIN": [
        ("C", b"AUTH LOGIN"),
        ("S", b"334 VXNlcm5hbWU6"),
        ("C", b64encode(USER)),
        ("S", b"334 UGFzc3dvcmQ6"),
        ("C", b64encode(PASSWORD)),
        ("S", b"235 ok"),
    ],
    "LOGIN, initial": [
        ("C", b"AUTH LOGIN " + b64encode(USER)),
        ("S", b"334 UGFzc3dvcmQ6"),
        ("C", b64encode(PASSWORD)),
        ("S", b"535 wrong"),
    ],
    "LOGIN, typed": [
        ("C", b"AUTH LOGIN"),
        ("S", b"334 VXNlcm5hbWU6"),
        ("C", USER),
        ("S", b"334 UGFzc3dvcmQ6"),
        ("C", PASSWORD),
        ("S", b"501 no base64"),
    ],
    "LOGIN, pipelined": [
        ("C", b"AUTH LOGIN\r\n" + b64encode(USER) + b"\r\n" + b64encode(PASSWORD)),
        ("S", b"334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 ok"),
    ],
    "LOGIN, echoed": [
        ("C", b"AUTH LOGIN"),
        ("S", b"334 VXNlcm5hbWU6"),
        ("C", b64encode(USER)),
        ("S", b"334 UGFzc3dvcmQ6"),
        ("C", b64encode(PASSWORD)),
        ("S", b"500 5.5.1 unrecognised command: '" + PASSWORD + b"' (" + b64encode(PASSWORD) + b")"),
    ],
    "echoed in a challenge": [
        ("C", b"AUTH LOGIN " + b64encode(USER)),
        ("S", b"334 UGFzc3dvcmQ6"),
        ("C", b64encode(PASSWORD)),
        ("S", b"334 " + b64encode(PASSWORD)),
        ("C", b"*"),
        ("S", b"501 cancelled"),
    ],
    "echoed in EHLO": [
        ("C", b"AUTH PLAIN " + b64encode(b"\0" + USER + b"\0" + PASSWORD)),
        ("S", b"235 ok"),
        ("C", b"EHLO x.example"),
        ("S", b"250-hello " + PASSWORD + b"\r\n250 X-SECRET " + PASSWORD),
    ],
    "cancelled": [
        ("C", b"AUTH LOGIN " + b64encode(USER)),
        ("S", b"334 UGFzc3dvcmQ6"),
        ("C", b"*"),
        ("S", b"501 cancelled"),
    ],
    "unknown mechanism": [
        ("C", b"AUTH FROBNICATE " + b64encode(PASSWORD)),
        ("S", b"334 "),
        ("C", PASSWORD),
        ("S", b"535 no"),
    ],
    "private verb": [
        ("C", b"X-EXPS LOGIN"),
        ("S", b"334 VXNlcm5hbWU6"),
        ("C", b64encode(USER)),
        ("S", b"334 UGFzc3dvcmQ6"),
        ("C", b64encode(PASSWORD)),
        ("S", b"235 ok"),
    ],
    "a blank in front": [("C", b" AUTH PLAIN " + b64encode(b"\0" + USER + b"\0" + PASSWORD)), ("S", b"500 no")],
    "tabs": [("C", b"AUTH\tPLAIN\t" + b64encode(b"\0" + USER + b"\0" + PASSWORD)), ("S", b"500 no")],
    "no mechanism": [("C", b"AUTH " + b64encode(b"\0" + USER + b"\0" + PASSWORD)), ("S", b"501 no")],
    "no line end": [("C", b"AUTH PLAIN " + b64encode(b"\0" + USER + b"\0" + PASSWORD)), ("-", b"")],
    "no line end of a step": [("C", b"AUTH LOGIN"), ("S", b"334 VXNlcm5hbWU6"), ("C", PASSWORD), ("-", b"")],
}


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=EXCHANGES)
def test_no_event_shows_a_secret(exchange: list[tuple[str, bytes]], size: int) -> None:
    """Neither printed nor formatted, in no form, from the first octet on, on both sides."""
    pair = greeted(lint=True)
    events: list[Event] = []
    for place, (side, octets) in enumerate(exchange):
        is_last = exchange[place + 1 : place + 2] == [("-", b"")]
        octets += b"" if side == "-" or is_last else b"\r\n"
        for at in range(0, len(octets), size):
            piece = octets[at : at + size]
            events += pair.c(piece) if side == "C" else pair.s(piece)
    events += pair.client.cut_line() + pair.client.receive_eof()
    shown = repr(events) + str(events) + "".join(map(str, events)) + repr(pair.client.capabilities)
    for form in in_any_form(PASSWORD):
        assert form.decode() not in shown
    assert b64encode(b"\0" + USER + b"\0" + PASSWORD).decode() not in shown
    assert any(isinstance(event, CommandSaid) and event.step for event in events)


@pytest.mark.parametrize("mechanism", ["PLAIN", "PLAIN, asked", "LOGIN", "LOGIN, pipelined"])
def test_who_authenticated(mechanism: str) -> None:
    pair = greeted()
    for side, octets in EXCHANGES[mechanism]:
        pair.c(octets + b"\r\n") if side == "C" else pair.s(octets + b"\r\n")
    assert pair.client.authenticated == Authenticated(mechanism.partition(",")[0], USER)
    assert pair.client.phase is Phase.GREETED


def test_cram_md5_by_the_rfc() -> None:
    """RFC 2195 §2: the challenge is told decoded, the digest is a secret."""
    pair = greeted()
    events = pair.talk(
        """
        C: AUTH CRAM-MD5
        S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: 235 ok
        """
    )
    (challenge,) = [event for event in events if isinstance(event, ChallengeSaid)]
    assert challenge.decoded == b"<1896.697170952@postoffice.reston.mci.net>"
    assert pair.client.authenticated == Authenticated("CRAM-MD5", b"tim")
    assert "b913a602" not in repr(events)


@pytest.mark.parametrize(
    ("text", "decoded", "rule"),
    [
        (b"VXNlcm5hbWU6", b"Username:", ""),
        (b"!!!notbase64!!!", None, "bad-base64"),
        (b"=", None, "bad-base64"),
        (b"", b"", ""),
        (b"G10wO3B3bgdbWzJKUGFzc3dvcmQ6", b"\x1b]0;pwn\x07[[2JPassword:", ""),
    ],
)
def test_challenges(text: bytes, decoded: bytes | None, rule: str) -> None:
    """What is no base64 is told, shown as it is, and stops nothing."""
    pair = greeted()
    pair.talk("C: AUTH LOGIN")
    events = pair.s(b"334 " + text + b"\r\n")
    assert ChallengeSaid("LOGIN", text, decoded) in events
    assert [found for found in rules(events) if found != "no-text"] == ([rule] if rule else [])
    assert pair.client.phase is Phase.AUTH


def test_success_before_anything_was_shown() -> None:
    pair = greeted()
    assert "success-before-credentials" in rules(pair.talk("C: AUTH LOGIN\nS: 235 ok"))
    assert pair.client.authenticated == Authenticated("LOGIN", None)


def test_who_tried_before_is_not_who_is_let_in() -> None:
    pair = greeted()
    pair.talk("C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS: 535 no\nC: AUTH LOGIN\nS: 235 ok")
    assert pair.client.authenticated == Authenticated("LOGIN", None)


def test_a_refused_auth_leaves_commands_commands() -> None:
    """After 504 the next line is no step: nothing is masked that is no secret."""
    pair = greeted()
    assert commands(pair.talk("C: AUTH PLAIN\nS: 504 no\nC: NOOP\nS: 250 ok")) == [b"AUTH PLAIN", b"NOOP"]


@pytest.mark.parametrize("odd", [b"250 ok", b"354 go on", b"150 wait", b"what?", b"220 hi"])
def test_a_password_after_an_odd_reply_to_auth_is_secret(odd: bytes) -> None:
    """Whoever is about to log in types the password all the same; it is a step until a reply or a command says no."""
    pair = greeted()
    pair.c(b"AUTH LOGIN\r\n")
    pair.s(odd + b"\r\n")
    assert pair.client.may_be_in_auth
    assert commands(pair.c(b"dGlt\r\n")) == [b""]
    pair.s(odd + b"\r\n")
    (said,) = [event for event in pair.c(b"dGFuc3RhYWZ0YW5zdGFhZg==\r\n") if isinstance(event, CommandSaid)]
    assert said.raw is None
    assert said.step is not None
    assert said.step.password == Secret(b"tanstaaftanstaaf")
    pair.s(b"235 ok\r\n")
    assert pair.client.authenticated == Authenticated("LOGIN", b"tim")
    assert not pair.client.may_be_in_auth
    assert commands(pair.c(b"FROB\r\n")) == [b"FROB"]


def test_a_cut_password_after_an_odd_reply_to_auth_is_secret() -> None:
    pair = greeted()
    pair.talk("C: AUTH LOGIN\nS: 250 ok")
    pair.c(b"dGlt")
    (said,) = [event for event in pair.client.cut_line() if isinstance(event, CommandSaid)]
    assert (said.raw, said.command.line) == (None, b"")


@pytest.mark.parametrize(
    "turns",
    [
        "C: AUTH LOGIN\nS: 250 ok\nC: NOOP\nS: 250 ok",
        "C: AUTH LOGIN\nS: 250 ok\nC: *\nS: 500 what",
        "C: AUTH LOGIN\nS: 250 ok\nC: dGlt\nS: 500 what",
        "C: AUTH LOGIN\nS: 250 ok\nC: dGlt\nS: 334 UGFzc3dvcmQ6\nC: *\nS: 501 no",
        "C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS: 250 ok",
        "C: AUTH LOGIN\nS: 454 later",
    ],
)
def test_after_an_odd_reply_to_auth_that_is_over_lines_are_commands(turns: str) -> None:
    pair = greeted()
    pair.talk(turns)
    assert not pair.client.may_be_in_auth
    assert commands(pair.c(b"FROB\r\n")) == [b"FROB"]


def test_commands_pipelined_behind_a_whole_exchange_are_commands() -> None:
    pair = greeted()
    events = pair.c(b"AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\nNOOP\r\n")
    assert commands(events) == [b"AUTH PLAIN ", b"NOOP"]
    assert replies(pair.s(b"235 ok\r\n250 ok\r\n")) == [(235, "AUTH"), (250, "NOOP")]


def test_an_exchange_that_goes_on_after_the_last_known_step() -> None:
    pair = greeted()
    pair.talk("C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS: 334 ")
    (event,) = [event for event in pair.c(b"one more secret\r\n") if isinstance(event, CommandSaid)]
    assert event.raw is None
    assert event.step is not None


# ---------------------------------------------------------------- lines of the client


def test_a_line_without_end_is_told_when_nothing_more_comes() -> None:
    pair = greeted()
    pair.c(b"MAIL FR")
    (event,) = pair.client.cut_line()
    assert isinstance(event, CommandSaid)
    assert event.raw == b"MAIL FR"
    assert pair.client.awaiting == ()
    assert pair.client.cut_line() == []


@pytest.mark.parametrize("size", [64 * 1024, 10_000_000])
def test_a_very_long_line_is_cut(size: int) -> None:
    """A flood without line end must not fill the memory."""
    line = b"NOOP " + b"x" * (3 * LINE_KEPT) + b"\r\n"
    conversation = Conversation(lint=False)
    events: list[Event] = []
    for at in range(0, len(line), size):
        events += conversation.client_said(line[at : at + size])
        assert conversation.line_begun <= 2 * LINE_KEPT + size
    (said, cut) = events
    assert isinstance(said, CommandSaid)
    assert said.raw == line[:LINE_KEPT] + b"\r\n"
    assert rules([cut]) == ["command-cut"]


def test_many_lines_in_one_write() -> None:
    """The time that a write takes grows with its length, not with its square."""
    conversation = Conversation(lint=False)
    assert len(conversation.client_said(b"NOOP\r\n" * 20_000)) == 20_000


def test_lines_that_end_with_lf_alone() -> None:
    pair = greeted()
    events = pair.c(b"NOOP\nNOOP\r\n")
    assert commands(events) == [b"NOOP", b"NOOP"]
    assert rules(events) == ["bare-lf-command"]


# ---------------------------------------------------------------- any octets, any cut

WORDS = [
    b"EHLO x.example\r\n",
    b"HELO x.example\r\n",
    b"LHLO x.example\r\n",
    b"MAIL FROM:<a@example.org>\r\n",
    b"RCPT TO:<b@example.com>\r\n",
    b"DATA\r\n",
    b"text\r\n",
    b".\r\n",
    b"\n.\n",
    b"BDAT 5\r\n",
    b"BDAT 3 LAST\r\n",
    b"AUTH LOGIN\r\n",
    b"AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n",
    b"dGlt\r\n",
    b"*\r\n",
    b"RSET\r\n",
    b"QUIT\r\n",
    b"\xff\0\r\n",
    b"",
]
ANSWERS = [
    b"220 hi\r\n",
    b"250 ok\r\n",
    b"250-x\r\n250-SIZE 1\r\n250 PIPELINING\r\n",
    b"354 go\r\n",
    b"334 VXNlcm5hbWU6\r\n",
    b"235 ok\r\n",
    b"550 no\r\n",
    b"421 bye\r\n",
    b"250-\r\n550 x\r\n",
    b"tanstaaftanstaaf\r\n",
    b"\xff\0\n",
    b"250 cut",
    b"",
]
TURNS = st.lists(
    st.one_of(
        st.tuples(st.just("C"), st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=8)), max_size=4)),
        st.tuples(st.just("S"), st.lists(st.one_of(st.sampled_from(ANSWERS), st.binary(max_size=8)), max_size=4)),
    ),
    max_size=12,
)


def observed(conversation: Conversation, turns: list[tuple[str, list[bytes]]], sizes: list[int]) -> list[Event]:
    """All events, with each turn fed in pieces of the given sizes; 0 is all at once."""
    events: list[Event] = []
    number = 0
    for side, parts in turns:
        octets = b"".join(parts)
        while octets:
            size = sizes[number % len(sizes)] or len(octets)
            number += 1
            piece, octets = octets[:size], octets[size:]
            events += conversation.client_said(piece) if side == "C" else conversation.server_said(piece)
            assert conversation.phase is not Phase.TLS  # nothing here says STARTTLS: see above
    events += conversation.cut_line() + conversation.receive_eof()
    return merged(events)


@given(turns=TURNS, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_any_cut_gives_the_same_events(turns: list[tuple[str, list[bytes]]], sizes: list[int]) -> None:
    """Whole, octet by octet and in random pieces, on both sides of the wire."""
    whole = observed(Conversation(Side.CLIENT), turns, [0])
    assert observed(Conversation(Side.CLIENT), turns, [1]) == whole
    assert observed(Conversation(Side.CLIENT), turns, sizes) == whole
    assert observed(Conversation(Side.SERVER), turns, sizes) == whole
