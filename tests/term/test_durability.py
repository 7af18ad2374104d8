"""SIGKILL in the middle of a session: no line of the recording is lost that had been shown."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.script.text import parse
from tests.servers.raw import Await, Expect, Move, RawServer, Send
from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]

EHLO = b"250-mail.example.com\r\n250-SIZE 1000\r\n250 HELP\r\n"
# What is typed, and what the server says to it: (line, reply).
SESSION = (
    ("EHLO client.example.org", EHLO),
    ("MAIL FROM:<a@example.org>", b"250 2.1.0 Ok\r\n"),
    ("RCPT TO:<b@example.com>", b"250 2.1.5 Ok\r\n"),
    ("DATA", b"354 go\r\n"),
    ("Subject: x\n\nhi\n.", b"250 2.0.0 kept\r\n"),
    ("NOOP", b"250 2.0.0 Ok\r\n"),
)


def wire_lines(text: str) -> list[str]:
    """What the two sides said."""
    return [line for line in text.split("\n") if line[:2] in ("C:", "S:", "C~", 'S"', "S~", 'C"') and len(line) > 2]


def kill(terminal: Terminal) -> None:
    os.kill(terminal._process.pid, signal.SIGKILL)
    assert terminal.close() == -signal.SIGKILL


def check(terminal: Terminal, path: Path, at_least: str) -> None:
    """All that was shown stands in the file, in that order, and the file is a script."""
    terminal.wait_for(at_least)
    kill(terminal)
    recorded = path.read_bytes()
    assert not parse(recorded).problems
    lines = wire_lines(recorded.decode())
    shown = wire_lines(terminal.text())
    assert at_least in shown
    place = -1
    for line in shown[: shown.index(at_least) + 1]:
        place = lines.index(line, place + 1)


@pytest.mark.parametrize("count", range(1, len(SESSION) + 1))
def test_after_each_reply(shell: StartShell, raw_server: StartServer, tmp_path: Path, count: int) -> None:
    """The moment the reply shows, it and all before it are in the file."""
    moves: list[Move] = [Send(b"220 hi\r\n")]
    for line, reply in SESSION[:count]:
        moves += [*(Expect() for _ in line.split("\n")), Send(reply)]
    never = threading.Event()
    server = raw_server([*moves, Await(never)])
    terminal = shell(f"target=parse_target('{server.address}'), record=Path('rec.smtp')")
    terminal.wait_for("S: 220 hi")
    for number, (line, reply) in enumerate(SESSION[:count], 1):
        last = f"S: {reply.decode().splitlines()[-1]}"
        before = terminal.text().count(last)
        terminal.type(line + "\n")
        if number < count:
            terminal.wait_for(lambda terminal, last=last, before=before: terminal.text().count(last) > before)
    check(terminal, tmp_path / "rec.smtp", last)
    never.set()


def test_before_the_reply(shell: StartShell, raw_server: StartServer, tmp_path: Path) -> None:
    """What was sent and not answered is in the file when it shows."""
    never = threading.Event()
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"NOOP"), Await(never)])
    terminal = shell(f"target=parse_target('{server.address}'), record=Path('rec.smtp')")
    terminal.wait_for("S: 220 hi")
    terminal.wait_for_prompt()
    terminal.type("NOOP x\n")
    terminal.wait_for(lambda terminal: "C: NOOP x" in terminal.history() and terminal.line() == "C:")
    check(terminal, tmp_path / "rec.smtp", "C: NOOP x")
    never.set()


@pytest.mark.parametrize("cut", range(0, len(EHLO), 7))
def test_inside_a_reply(shell: StartShell, raw_server: StartServer, tmp_path: Path, cut: int) -> None:
    """A reply of several lines shows as a whole, or not at all; so does it stand in the file."""
    more = threading.Event()
    begin = [Send(EHLO[:cut])] if cut else []
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"EHLO"), *begin, Await(more)])
    terminal = shell(f"target=parse_target('{server.address}'), record=Path('rec.smtp')")
    terminal.wait_for("S: 220 hi")
    terminal.wait_for_prompt()
    terminal.type("EHLO client.example.org\n")
    terminal.wait_for(lambda terminal: "C: EHLO client.example.org" in terminal.history() and terminal.line() == "C:")
    check(terminal, tmp_path / "rec.smtp", "C: EHLO client.example.org")
    more.set()


def test_a_recording_that_began_later(shell: StartShell, tmp_path: Path) -> None:
    """With /record what was said before is in the file before the command is answered."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("NOOP\n")
    terminal.wait_for("S: 250 2.0.0")
    terminal.wait_for_prompt()
    terminal.type("/record rec.smtp\n")
    terminal.wait_for("# recording to rec.smtp")
    kill(terminal)
    assert "C: NOOP\nS: 250 2.0.0" in (tmp_path / "rec.smtp").read_text()
