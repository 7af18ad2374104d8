"""The shell in a terminal."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.term.screen import Terminal

START = """
import sys
from pathlib import Path
from smtp_repl.term.shell import ShellOptions, main
from smtp_repl.term.settings import Settings
from smtp_repl.wire.targets import parse_target
options = eval(sys.argv[1])
sys.exit(main(ShellOptions(history=Path(sys.argv[2]), **options)))
"""
"""The shell without the command line before it."""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Where the shells of a test keep their history."""
    return tmp_path / "state" / "history"


@pytest.fixture
def shell(history: Path, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start a shell: `shell("local=True")`, `shell("target=parse_target('127.0.0.1:25')", cols=80)`."""
    terminals: list[Terminal] = []

    def start(options: str, cols: int = 100, rows: int = 40) -> Terminal:
        argv = [sys.executable, "-X", "dev", "-W", "error", "-c", START, f"dict({options})", str(history)]
        terminal = Terminal(argv, cols=cols, rows=rows, cwd=str(tmp_path))
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.end()


@pytest.fixture
def greeted(shell: Callable[..., Terminal]) -> Terminal:
    """A shell at the practice server, EHLO said."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    terminal.enter("EHLO client.example.org", "S: 250 HELP")
    return terminal
