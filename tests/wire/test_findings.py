"""What is notable about commands and replies: looked at, told, never a reason to refuse."""

import pytest

from smtp_repl.wire.conversation import Conversation, Side
from smtp_repl.wire.events import CommandSaid, Finding, ReplySaid
from smtp_repl.wire.findings import malformed_hint, reply_findings
from smtp_repl.wire.replies import ReplyReader

EHLO = b"250-mail.example.com\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SIZE\r\n"


def talk(*turns: tuple[str, bytes], lint: bool = True) -> list[str]:
    """The rules that a talk broke, in order, after the greeting."""
    conversation = Conversation(Side.CLIENT, lint=lint)
    conversation.server_said(b"220 mail.example.com\r\n")
    found: list[str] = []
    for side, octets in turns:
        events = conversation.client_said(octets) if side == "C" else conversation.server_said(octets)
        found += [event.rule for event in events if isinstance(event, Finding)]
    return found


COMMANDS = {
    "in order": ([("C", b"EHLO a.example\r\n"), ("S", EHLO), ("C", b"MAIL FROM:<a@example.org>\r\n")], []),
    "mail before ehlo": ([("C", b"MAIL FROM:<a@example.org>\r\n")], ["out-of-order"]),
    "rcpt before mail": (
        [("C", b"EHLO a.example\r\n"), ("S", EHLO), ("C", b"RCPT TO:<a@example.org>\r\n")],
        ["out-of-order"],
    ),
    "not offered": ([("C", b"EHLO a.example\r\n"), ("S", EHLO), ("C", b"AUTH PLAIN\r\n")], ["not-offered"]),
    "group that goes on": (
        [("C", b"EHLO a.example\r\n"), ("S", EHLO), ("C", b"NOOP\r\nRSET\r\n")],
        ["not-last"],
    ),
    "group that nobody offered": (
        [("C", b"EHLO a.example\r\n"), ("S", b"250 mail.example.com\r\n"), ("C", b"RSET\r\nRSET\r\n")],
        ["pipelining-not-offered"],
    ),
    "syntax": ([("C", b"EHLO a.example\r\n"), ("S", EHLO), ("C", b"MAIL FROM: a\r\n")], ["blank-after-colon"]),
    "bare line feed": ([("C", b"EHLO a.example\n")], ["bare-lf-command"]),
    "a dot and no message": ([("C", b".\r\n")], ["unknown-verb"]),
}


@pytest.mark.parametrize(("turns", "rules"), COMMANDS.values(), ids=COMMANDS)
def test_commands(turns: list[tuple[str, bytes]], rules: list[str]) -> None:
    """What a command breaks is told, the gravest first; the command is said all the same."""
    assert [rule for rule in talk(*turns) if rule in rules] == rules
    if not rules:
        assert talk(*turns) == []


def test_lint_is_the_callers_choice() -> None:
    assert talk(("C", b"MAIL FROM: a\r\n"), lint=False) == []


def test_talking_before_the_greeting() -> None:
    """RFC 5321 §4.3.1: the client waits for the greeting."""
    conversation = Conversation(Side.CLIENT)
    rules = [event.rule for event in conversation.client_said(b"EHLO a.example\r\n") if isinstance(event, Finding)]
    assert "talks-too-early" in rules


def test_a_greeting_that_was_none_is_no_missing_greeting() -> None:
    conversation = Conversation(Side.CLIENT)
    conversation.server_said(b"250 hello\r\n")
    rules = [event.rule for event in conversation.client_said(b"EHLO a.example\r\n") if isinstance(event, Finding)]
    assert rules == ["out-of-order"]


def test_after_the_handshake_ehlo_is_due() -> None:
    conversation = Conversation(Side.CLIENT)
    for side, octets in (
        ("S", b"220 x\r\n"),
        ("C", b"EHLO a.example\r\n"),
        ("S", EHLO),
        ("C", b"STARTTLS\r\n"),
        ("S", b"220 go\r\n"),
    ):
        conversation.client_said(octets) if side == "C" else conversation.server_said(octets)
    conversation.handshake_done()
    rules = [e.rule for e in conversation.client_said(b"MAIL FROM:<a@example.org>\r\n") if isinstance(e, Finding)]
    assert rules == ["no-ehlo-after-tls"]


REPLIES = {
    "250 to DATA": (b"DATA\r\n", b"250 ok\r\n", ["unexpected-code"]),
    "220 to EHLO": (b"EHLO x.example\r\n", b"220 hi\r\n", ["unexpected-code"]),
    "354 to NOOP": (b"NOOP\r\n", b"354 go\r\n", ["unexpected-code"]),
    "250 to an unknown verb": (b"FROB\r\n", b"250 ok\r\n", []),
    "a refusal is expected": (b"NOOP\r\n", b"500 no\r\n", []),
    "two replies": (b"NOOP\r\n", b"250 ok\r\n250 ok\r\n", ["unsolicited"]),
    "wrong class": (b"NOOP\r\n", b"250 5.1.1 x\r\n", ["enhanced-mismatch"]),
}


@pytest.mark.parametrize(("command", "reply", "rules"), REPLIES.values(), ids=REPLIES)
def test_replies(command: bytes, reply: bytes, rules: list[str]) -> None:
    assert talk(("C", command), ("S", reply), lint=False) == rules


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (b"+OK POP3 ready\r\n", "POP3"),
        (b"* OK IMAP4rev1\r\n", "IMAP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"\x15\x03\x01\x00\x02\x02(", "TLS"),
        (b"\xff\xfd\x18", "telnet"),
        (b"hello\r\n", ""),
    ],
)
def test_what_speaks_there_is_guessed(octets: bytes, word: str) -> None:
    hint = malformed_hint(octets)
    assert word in hint
    assert bool(hint) is bool(word)


def test_cleartext_is_told_unless_the_path_is_private() -> None:
    step = b"AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n"
    for private, told in ((False, True), (True, False)):
        conversation = Conversation(Side.CLIENT, path_is_private=private, lint=False)
        events = conversation.client_said(step)
        assert any(isinstance(event, Finding) and event.rule == "auth-cleartext" for event in events) is told


def test_nothing_is_refused() -> None:
    """RCPT before MAIL is sent, with a word beside it."""
    conversation = Conversation(Side.CLIENT)
    conversation.server_said(b"220 x\r\n")
    events = conversation.client_said(b"RCPT TO:<a@example.org>\r\n") + conversation.server_said(b"503 5.5.1 no\r\n")
    assert any(isinstance(event, CommandSaid) for event in events)
    assert any(isinstance(event, ReplySaid) and event.answers == "RCPT" for event in events)


def test_an_empty_challenge_is_nothing_notable() -> None:
    """RFC 4954 §4: a 334 without text asks for what the mechanism says first."""
    (reply,) = ReplyReader().feed(b"334 \r\n")
    assert reply.flags == ("no-text",)
    assert reply_findings(reply, "AUTH") == []
