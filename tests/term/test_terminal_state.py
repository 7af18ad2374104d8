"""The terminal is left as it was found, however a session ends; and while it rests."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.term.conftest import START
from tests.term.screen import Terminal

PID = "import os; open('pid', 'w').write(str(os.getpid()))\n"
BUG = """
from smtp_repl.term.commands import COMMANDS
def handle(desk, argument):
    raise RuntimeError("a bug")
    yield
COMMANDS["inbox"] = COMMANDS["inbox"]._replace(handler=handle)
"""
# `set -m` puts the shell in a group of its own, so that it can be stopped and go on.
AROUND = 'set -m; stty -a > before; "$@"; echo $? > status; stty -a > after'
RESTING = 'set -m; stty -a > before; "$@"; stty -a > resting; fg; echo $? > status; stty -a > after'


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start a session at the practice server between two looks at the state of the terminal."""
    terminals: list[Terminal] = []

    def start(script: str = AROUND, before: str = "") -> Terminal:
        program = [sys.executable, "-X", "dev", "-W", "error", "-c", PID + before + START]
        argv = ["bash", "-c", script, "bash", *program, "dict(local=True)", str(tmp_path / "history")]
        terminal = Terminal(argv, cwd=str(tmp_path))
        terminals.append(terminal)
        terminal.wait_for("S: 220 ")
        terminal.wait_for_prompt()
        return terminal

    yield start
    for terminal in terminals:
        terminal.__exit__(None, None, None)


def check(folder: Path, status: int, *states: str) -> None:
    before = (folder / "before").read_text()
    assert "-echo " not in before
    for state in states:
        assert (folder / state).read_text() == before, state
    assert (folder / "status").read_text() == f"{status}\n"


def send(folder: Path, number: int) -> None:
    os.kill(int((folder / "pid").read_text()), number)


def test_a_normal_end(around: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = around()
    terminal.type("/quit\n")
    terminal.close()
    check(tmp_path, 0, "after")


def test_in_the_middle_of_a_line(around: Callable[..., Terminal], tmp_path: Path) -> None:
    """With a menu open, and in a hidden question: the end by a signal is as orderly."""
    terminal = around()
    terminal.type("EHLO x\n")
    terminal.wait_for("S: 250 ")
    terminal.type("/auth PLAIN tutor\n")
    terminal.wait_for("# password ")
    terminal.type("not-a-se")
    send(tmp_path, signal.SIGTERM)
    terminal.close()
    check(tmp_path, 143, "after")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["TERM", "HUP"])
def test_signals_that_end(around: Callable[..., Terminal], tmp_path: Path, number: int, status: int) -> None:
    terminal = around()
    send(tmp_path, number)
    terminal.close()
    check(tmp_path, status, "after")


def test_an_interrupt(around: Callable[..., Terminal], tmp_path: Path) -> None:
    """SIGINT is Ctrl-C: the connection stays."""
    terminal = around()
    send(tmp_path, signal.SIGINT)
    terminal.wait_for("# the connection stays")
    terminal.type("/quit\n")
    terminal.close()
    check(tmp_path, 0, "after")


def test_a_bug(around: Callable[..., Terminal], tmp_path: Path) -> None:
    """A traceback is for the person to see, on a terminal that works."""
    terminal = around(before=BUG)
    terminal.type("/inbox\n")
    terminal.close()
    assert "RuntimeError: a bug" in terminal.text()
    check(tmp_path, 1, "after")


@pytest.mark.parametrize("by", ["signal", "key"])
def test_a_rest(around: Callable[..., Terminal], tmp_path: Path, by: str) -> None:
    """SIGTSTP gives the terminal back as it was; SIGCONT goes on where it stopped, the half-typed line intact."""
    terminal = around(RESTING)
    terminal.type("NOOP half")
    terminal.wait_for("C: NOOP half")
    if by == "key":
        terminal.key("c-z")
    else:
        send(tmp_path, signal.SIGTSTP)
    terminal.wait_for(lambda _: (tmp_path / "resting").exists() and (tmp_path / "resting").stat().st_size > 0)
    terminal.wait_for(lambda terminal: terminal.line() == "C: NOOP half")
    terminal.type(" done\n")
    terminal.wait_for("S: 250 2.0.0")
    terminal.wait_for_prompt()
    terminal.type("/quit\n")
    terminal.close()
    check(tmp_path, 0, "resting", "after")
