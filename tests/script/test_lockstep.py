"""A file without any S line: one command at a time, each answered before the next."""

import pytest

from smtp_repl.script.actions import PeerGone, Read, Received, Send
from smtp_repl.wire.errors import PeerClosed
from tests.script.stage import EHLO, GREETING, drive

OK = b"250 Ok\r\n"


def test_one_command_at_a_time() -> None:
    driven = drive("C: EHLO x.example\nC: NOOP\nC: QUIT\n", [GREETING, EHLO, OK, b"221 Bye\r\n"])
    kinds = [type(action) for action in driven.actions if isinstance(action, Send | Read)]
    assert kinds == [Read, Send, Read, Send, Read, Send, Read]
    assert driven.status == "pass"
    assert driven.witness.results == []


def test_refusals_stop_nothing() -> None:
    """It expects nothing, so nothing can fail."""
    driven = drive("C: FROB\nC: NOOP\n", [GREETING, b"500 what?\r\n", OK])
    assert driven.status == "pass"
    assert driven.octets == b"FROB\r\nNOOP\r\n"


def test_a_message_waits_for_354() -> None:
    driven = drive(
        "C: DATA\nC: Subject: x\nC:\nC: text\nC: .\nC: QUIT\n", [GREETING, b"354 go\r\n", OK, b"221 Bye\r\n"]
    )
    assert driven.octets == b"DATA\r\nSubject: x\r\n\r\ntext\r\n.\r\nQUIT\r\n"


@pytest.mark.parametrize("refusal", [b"554 no\r\n", b"250 ok\r\n", b"450 later\r\n", b"hello\r\n"])
@pytest.mark.parametrize("dot", ["C: .", 'C".\\r\\n"', 'C".\\n"'])
def test_the_text_of_a_refused_message_is_left_out(refusal: bytes, dot: str) -> None:
    """No server takes a letter for commands; behind its dot the list goes on."""
    driven = drive(f"C: DATA\nC: QUIT\nC: .x\n{dot}\nC: NOOP\n", [GREETING, refusal, OK])
    assert driven.octets == b"DATA\r\nNOOP\r\n"
    assert driven.status == "pass"


def test_a_text_that_a_directive_cuts_is_left_out_to_its_dot() -> None:
    driven = drive("C: DATA\nC: one\n@wait 0\nC: two\nC: .\nC: NOOP\n", [GREETING, b"554 no\r\n", OK])
    assert driven.octets == b"DATA\r\nNOOP\r\n"


@pytest.mark.parametrize(
    ("answer", "sent"), [(b"354 go\r\n", b"DATA\r\nx\r\n.\r\nNOOP\r\n"), (b"554 no\r\n", b"DATA\r\nNOOP\r\n")]
)
def test_a_message_from_a_file(answer: bytes, sent: bytes) -> None:
    """It goes out after 354 only, and its reply is awaited like any other."""
    driven = drive("C: DATA\n@data m.eml\nC: NOOP\n", [GREETING, answer, OK, OK], files={"m.eml": b"x\n"})
    assert driven.octets == sent
    assert driven.witness.said[-1] == "S 250 NOOP"


def test_a_file_of_commands() -> None:
    driven = drive("@send list\nC: QUIT\n", [GREETING, OK + OK, b"221 Bye\r\n"], files={"list": b"NOOP\r\nRSET\r\n"})
    assert [said for said in driven.witness.said if said.startswith("S 2")][1:] == [
        "S 250 NOOP",
        "S 250 RSET",
        "S 221 QUIT",
    ]


def test_a_chunk_follows_its_command() -> None:
    driven = drive('C: BDAT 5\nC"hello"\nC: NOOP\n', [GREETING, OK, OK])
    assert driven.sent == [b"BDAT 5\r\n", b"hello", b"NOOP\r\n"]
    assert driven.witness.said[-2:] == ["C NOOP", "S 250 NOOP"]


def test_starttls() -> None:
    driven = drive("C: EHLO x\nC: STARTTLS\nC: EHLO x\n", [GREETING, EHLO, b"220 go\r\n", EHLO])
    kinds = [type(action).__name__ for action in driven.actions]
    assert kinds.index("StartTls") == 6
    assert driven.status == "pass"


def test_the_server_closes() -> None:
    """The 421 is told, and then that the connection is gone."""
    driven = drive("C: NOOP\nC: NOOP\n", [GREETING, b"421 bye\r\n", PeerGone()])
    assert isinstance(driven.error, PeerClosed)
    assert "S 421 NOOP" in driven.witness.said


def test_a_reply_that_drips_in() -> None:
    driven = drive("C: NOOP\n", [GREETING, Received(b"250", 0.1), Received(b" Ok\r", 0.2), b"\n"])
    assert driven.status == "pass"
    assert driven.witness.said[-1] == "S 250 NOOP"


def test_whatever_comes_before_the_end_is_no_drift() -> None:
    driven = drive("C: QUIT\n@eof\n", [GREETING, b"221 Bye\r\n", b"250 and more\r\n", PeerGone()])
    assert driven.status == "pass"
    assert driven.witness.statuses == ["ok"]
