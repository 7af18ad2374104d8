"""`check`, `fmt` and `show`: what they say of files."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.cli.sources import packaged_names
from tests.cli.conftest import ROOT, call, command, program

Write = Callable[..., str]

PROBLEMS = """\
error: this line is none of C:, S:, @directive, # comment
  --> {path}:2:1
  |
2 | NOOP
  | ^^^^
hint: a client's line begins with its tag: C: NOOP
error: there is no directive @mach
  --> {path}:4:1
  |
4 | @mach code
  | ^^^^^
hint: did you mean @match?
"""


def test_check_lists_every_problem(write: Write) -> None:
    """All at once, with carets; status 2."""
    path = write(["C: EHLO x", "NOOP", "S: 250", "@mach code"])
    done = call("check", path)
    assert done == (2, f"error  {path}  2 errors\n", PROBLEMS.format(path=path))


def test_check_says_ok(write: Write) -> None:
    one, other = write(["C: NOOP"], "one.smtp"), write(["nonsense"], "other.smtp")
    done = call("check", one, other, one)
    assert done.status == 2
    assert done.lines == [f"ok     {one}", f"error  {other}  1 error", f"ok     {one}"]
    assert call("check", one) == (0, f"ok     {one}\n", "")


def test_check_sees_what_hides(write: Write) -> None:
    """S030: characters that reorder what is read are warnings, and are shown escaped."""
    path = write("C: NOOP \u202ex\n")
    done = call("check", path)
    assert done.status == 0
    assert "warning: the character U+202E stands in this line and cannot be seen\n" in done.err
    assert "\u202e" not in done.err
    assert done.out == f"ok     {path}  1 warning\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [("C~ {nobody}\n", "nobody"), ("@include missing\n", "missing"), ("@include a.smtp\n", "includes itself")],
    ids=["no-name", "no-file", "itself"],
)
def test_check_looks_beyond_the_lines(write: Write, content: str, message: str) -> None:
    done = call("check", write(content))
    assert done.status == 2
    assert message in done.err


def test_check_of_a_recording_with_a_bound_step(write: Write) -> None:
    """`{secret.1}` is bound by whoever runs the script; it is no error."""
    assert call("check", write(["C~ AUTH XOAUTH2 {secret.1}", "S: 235"])).status == 0


def test_check_as_json(write: Write) -> None:
    path = write(["C: NOOP", "NOOP"])
    done = call("check", path, "--json")
    problem, result = (json.loads(line) for line in done.lines)
    assert (problem["event"], problem["file"], problem["line"], problem["column"]) == ("error", path, 2, 1)
    assert result == {"event": "result", "file": path, "status": "error", "errors": 1, "warnings": 0}
    assert (done.status, done.err) == (2, "")


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


def test_check_plays_the_script_against_itself(write: Write) -> None:
    """What no server can fulfil is found without one."""
    path = write(["S: 220", "C: EHLO x", "S: 250-x", "S: 250 SIZE", "@caps STARTTLS", "C: QUIT", "S: 221"])
    done = call("check", path)
    assert done.status == 2
    assert done.err.startswith(
        "error: this does not hold even when the script itself is the server: expected STARTTLS, got not offered\n"
        f"  --> {path}:5:7\n"
    )


def test_check_remarks_on_what_is_odd(write: Write) -> None:
    """A verb that must end a group, a message that is never finished; a list of commands has no groups."""
    done = call("check", write(["S: 220", "C: EHLO x", "C: NOOP", "S: 250", "S: 250"]))
    assert (done.status, "warning: EHLO must be the last command of a group" in done.err) == (0, True)
    assert call("check", write(["C: EHLO x", "C: NOOP"])).err == ""


@pytest.mark.parametrize("name", packaged_names())
def test_check_finds_nothing_in_what_comes_with_the_program(name: str) -> None:
    assert call("check", f"@{name}") == (0, f"ok     @{name}\n", "")
