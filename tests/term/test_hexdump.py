"""Octets as they were said, for /hex on."""

import pytest

from smtp_repl.term.hexdump import SHOWN, rows
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.events import Event


def said(*octets: bytes, conversation: Conversation | None = None) -> list[Event]:
    """What the client said, after a greeting."""
    conversation = conversation or Conversation()
    conversation.server_said(b"220 hi\r\n")
    return [event for piece in octets for event in conversation.client_said(piece)]


def shown(events: list[Event], columns: int = 0) -> list[str]:
    return [row for event in events for row in rows(event, columns)]


def test_a_command_and_its_reply() -> None:
    """Who said it, where in it, the octets, and the characters with CR LF to be seen."""
    conversation = Conversation()
    events = said(b"NOOP x\t\0\x7f\xff\r\n", conversation=conversation)
    assert shown(events) == ["C  0000  4e 4f 4f 50 20 78 09 00 7f ff 0d 0a              NOOP x␉␀␡.␍␊"]
    assert shown(conversation.server_said(b"250-a\r\n250 bcdefgh\n")) == [
        "S  0000  32 35 30 2d 61 0d 0a 32 35 30 20 62 63 64 65 66  250-a␍␊250 bcdef",
        "S  0010  67 68 0a                                         gh␊",
    ]


@pytest.mark.parametrize(
    ("columns", "first"),
    [
        (0, "C  0000  4e 4f 4f 50 20 78 78 78 78 78 78 78 78 78 78 78  NOOP xxxxxxxxxxx"),
        (80, "C  0000  4e 4f 4f 50 20 78 78 78 78 78 78 78 78 78 78 78  NOOP xxxxxxxxxxx"),
        (77, "C  0000  4e 4f 4f 50 20 78 78 78 78 78 78 78 78 78 78 78  NOOP xxxxxxxxxxx"),
        (76, "C  4e 4f 4f 50 20 78 78 78  NOOP xxx"),
        (40, "C  4e 4f 4f 50 20 78 78 78  NOOP xxx"),
        (39, "C  4e 4f 4f 50 20 78 78 78  NOOP xxx"),
        (38, "C  4e 4f 4f 50  NOOP"),
    ],
)
def test_a_row_stays_a_row(columns: int, first: str) -> None:
    """Where sixteen octets do not fit, eight or four do; behind `# ` and with the last column free."""
    rows = shown(said(b"NOOP xxxxxxxxxxxxxxxx\r\n")[:1], columns)
    assert rows[0] == first
    assert columns == 0 or all(len(f"# {row}") < columns for row in rows)


def test_steps_of_auth_are_masked() -> None:
    """The command before the secret shows, the secret in no form."""
    rows = shown(said(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n"))
    assert rows == [
        "C  0000  41 55 54 48 20 50 4c 41 49 4e 20                 AUTH PLAIN ",
        "C  ....  •••• a step of AUTH",
    ]


def test_a_secret_that_comes_back_is_masked() -> None:
    conversation = Conversation()
    said(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n", conversation=conversation)
    assert shown(conversation.server_said(b"535 hunter22 is wrong\r\n")) == ["S  ....  •••• the reply repeats a secret"]


@pytest.mark.parametrize(("octets", "more"), [(256, 0), (257, 1), (100_000, 99_744)])
def test_of_a_long_text_the_beginning(octets: int, more: int) -> None:
    """A message of a megabyte must not fill the screen."""
    line = b"x" * (octets - 2) + b"\r\n"
    rows = shown(said(line)[:1])
    assert len(rows) == SHOWN // 16 + bool(more)
    assert not more or rows[-1] == f"C  …     and {more} more octets"
