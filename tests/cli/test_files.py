"""`fmt` and `show`: what they say of files."""

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, call, command, program

Write = Callable[..., str]

UNTIDY = "\ufeff  C:   NOOP \r\nS:250x\n\tS: 250\n@match   code\n"
TIDY = "C:   NOOP \nS:250x\nS: 250\n@match code\n"


def test_fmt_prints(write: Write) -> None:
    """The result is on standard output; what goes over the wire is untouched, and so is what is no script."""
    path = write(UNTIDY)
    done = program("fmt", path)
    assert done.out == TIDY
    assert done.status == 2
    assert "S:250x" in done.err


def test_fmt_check(write: Write) -> None:
    """Status 1 if a file would change, and its name; nothing is changed."""
    untidy, tidy = write("  C: NOOP\n", "untidy.smtp"), write("C: NOOP\n", "tidy.smtp")
    assert call("fmt", "--check", tidy) == (0, "", "")
    assert call("fmt", "--check", tidy, untidy) == (1, f"would change  {untidy}\n", "")
    assert Path(untidy).read_text() == "  C: NOOP\n"


def test_fmt_write(write: Write, tmp_path: Path) -> None:
    """The file is replaced as a whole, its mode stays, a link stays a link, and nothing is left beside it."""
    path = Path(write("  C: NOOP\n"))
    path.chmod(0o640)
    link = tmp_path / "link.smtp"
    link.symlink_to(path)
    assert call("fmt", "-w", str(link)) == (0, f"changed  {link}\n", "")
    assert path.read_text() == "C: NOOP\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["a.smtp", "link.smtp"]
    assert call("fmt", "-w", str(link)) == (0, "", "")


@pytest.mark.parametrize(
    ("argv", "stdin"),
    [(["--write", "--check", "-"], b""), (["-w", "-"], b" C: x\n"), (["/nonexistent"], b"")],
    ids=["both", "standard-input", "no-file"],
)
def test_fmt_refuses(argv: list[str], stdin: bytes) -> None:
    assert call("fmt", *argv, stdin=stdin).status == 2


def test_fmt_reads_standard_input() -> None:
    assert call("fmt", "-", stdin=b"  C: NOOP\r\n") == (0, "C: NOOP\n", "")


def test_show_in_a_pipe(write: Write) -> None:
    """Plain where no terminal is, and safe: what no terminal should be sent is escaped."""
    done = call("show", write(b"C: NOOP\nS: 250 \x1b[2J\xff\n"))
    assert done.status == 0
    assert done.out == "C: NOOP\nS: 250 \\x1b[2J\\xff\n"


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_show_at_a_terminal(write: Write, environ: dict[str, str], coloured: bool) -> None:
    """In colours, unless NO_COLOR or the terminal says no."""
    path = write(["C: NOOP"])
    leader, follower = pty.openpty()
    variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    try:
        subprocess.run(
            command("show", path),
            stdout=follower,
            check=True,
            timeout=60,
            cwd=ROOT,
            env={**variables, "TERM": "xterm", **environ},
        )
        text = os.read(leader, 4096)
    finally:
        os.close(leader)
        os.close(follower)
    assert (b"\x1b[" in text) is coloured
    assert b"NOOP" in text
