"""What was said so far and bears on what is proposed."""

import pytest

from smtp_repl.term.past import Past
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.targets import Target

HOST = Target("mail.example.com")
GREETING = b"220 hi\r\n"


def played(*turns: tuple[bytes, bytes]) -> Past:
    """What is known after commands and replies."""
    past, conversation = Past(), Conversation()
    past.connected(HOST)
    past.note(conversation.receive(GREETING))
    for said, heard in turns:
        past.note(conversation.send(said))
        past.note(conversation.receive(heard))
    return past


EHLO = (b"EHLO x\r\n", b"250-x\r\n250-CHUNKING\r\n250 AUTH PLAIN LOGIN\r\n")
REFUSALS = {
    "in one": ([(b"AUTH PLAIN AGEAYg==\r\n", b"535 5.7.8 no\r\n")], {"PLAIN": "refused before: 535 5.7.8"}),
    "step by step": (
        [
            (b"auth login\r\n", b"334 VXNlcm5hbWU6\r\n"),
            (b"YQ==\r\n", b"334 UGFzc3dvcmQ6\r\n"),
            (b"Yg==\r\n", b"535 no\r\n"),
        ],
        {"LOGIN": "refused before: 535"},
    ),
    "unknown": ([(b"AUTH NTLM\r\n", b"504 5.5.4 no\r\n")], {"NTLM": "refused before: 504 5.5.4"}),
    "given up": ([(b"AUTH LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n"), (b"*\r\n", b"501 5.7.0 cancelled\r\n")], {}),
    "taken": ([(b"AUTH PLAIN AGEAYg==\r\n", b"235 ok\r\n")], {}),
    "out of order": ([(b"AUTH PLAIN AGEAYg==\r\n", b"503 not now\r\n")], {}),
}


@pytest.mark.parametrize(("turns", "refused"), REFUSALS.values(), ids=REFUSALS)
def test_refused_mechanisms(turns: list[tuple[bytes, bytes]], refused: dict[str, str]) -> None:
    """A mechanism that the server refused; not one that we gave up or said in the wrong place."""
    assert played(EHLO, *turns).refused == refused


def test_refusals_end() -> None:
    """With TLS all may be different, and at another server it is."""
    turn = (b"AUTH PLAIN AGEAYg==\r\n", b"538 5.7.11 encryption required\r\n")
    past = played(EHLO, turn)
    past.connected(HOST)
    assert past.refused
    past.secured()
    assert not past.refused
    past = played(EHLO, turn)
    past.connected(Target("mail.example.org"))
    assert not past.refused


MAIL = ((b"MAIL FROM:<>\r\n", b"250 ok\r\n"), (b"RCPT TO:<a@example.com>\r\n", b"250 ok\r\n"))


def test_size_of_the_last_message() -> None:
    """Without stuffing and final dot, as SIZE counts (RFC 1870 §5); of chunks all together."""
    by_data = ((b"DATA\r\n", b"354 go\r\n"), (b"a\r\n..b\r\n.\r\n", b"250 ok\r\n"))
    assert played(EHLO, *MAIL, *by_data).message_size == 7
    by_bdat = ((b"BDAT 3\r\nabc", b"250 ok\r\n"), (b"BDAT 4 LAST\r\nde\r\n", b"250 ok\r\n"))
    assert played(EHLO, *MAIL, *by_bdat).message_size == 7
    broken_off = ((b"BDAT 3\r\nabc", b"250 ok\r\n"), (b"RSET\r\n", b"250 ok\r\n"), *MAIL)
    assert played(EHLO, *MAIL, *broken_off, (b"BDAT 4 LAST\r\nde\r\n", b"250 ok\r\n")).message_size == 4
    assert played(EHLO, *MAIL).message_size is None


def test_codes_refusals_first() -> None:
    """One asks about the code that one does not like."""
    past = played(EHLO, (b"VRFY a\r\n", b"550 5.1.1 no\r\n"), (b"NOOP\r\n", b"250 2.0.0 ok\r\n"))
    assert list(past.codes) == ["550", "5.1.1", "250", "2.0.0", "220"]
