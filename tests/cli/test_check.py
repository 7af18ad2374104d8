"""`check`: what it says of scripts and of folders, and the status."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.cli.sources import packaged_names
from smtp_repl.script.lint_rules import RULES
from tests.cli.conftest import ROOT, call, program

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
EARLY = ["S: 220", "C: DATA", "S: 354", "C: .", "S: 250", "C: QUIT", "S: 221"]


def test_every_problem(write: Write) -> None:
    """All at once, with carets; status 2."""
    path = write(["C: EHLO x", "NOOP", "S: 250", "@mach code"])
    done = program("check", path)
    assert done == (2, f"error  {path}  2 errors\n", PROBLEMS.format(path=path))


def test_ok(write: Write) -> None:
    one, other = write(["C: NOOP"], "one.smtp"), write(["nonsense"], "other.smtp")
    done = call("check", one, other, one)
    assert done.status == 2
    assert done.lines == [f"ok     {one}", f"error  {other}  1 error", f"ok     {one}"]
    assert call("check", one) == (0, f"ok     {one}\n", "")


def test_what_hides(write: Write) -> None:
    """Characters that reorder what is read are warnings, and are shown escaped."""
    path = write("C: NOOP \u202ex\n")
    done = call("check", path)
    assert done.status == 0
    assert done.err.startswith("warning: the character U+202E stands in this line and cannot be seen\n")
    assert "\u202e" not in done.err
    assert done.out == f"ok     {path}  1 warning\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("C~ {nobody}\n", "nobody"),
        ("@include missing\n", "missing"),
        ("@include a.smtp\n", "includes itself"),
        ("S: 220\nC: DATA\n@data missing.eml\n", "missing.eml"),
    ],
    ids=["no-name", "no-file", "itself", "no-message"],
)
def test_beyond_the_lines(write: Write, content: str, message: str) -> None:
    """What keeps a script from being played is an error, wherever it shows."""
    done = call("check", write(content))
    assert done.status == 2
    assert message in done.err


def test_names_that_the_command_line_gives(write: Write) -> None:
    path = write(["S: 220", "C~ EHLO {who}", "S: 250", "C: QUIT", "S: 221"])
    assert call("check", path, "--var", "who=c.example.org") == (0, f"ok     {path}\n", "")
    assert call("check", path).status == 2


def test_a_recording_with_a_bound_step(write: Write) -> None:
    """`{secret.1}` is bound by whoever runs the script; it is no error."""
    assert call("check", write(["C: EHLO x", "C~ AUTH XOAUTH2 {secret.1}", "C: QUIT"])).status == 0


def test_the_play_against_itself(write: Write) -> None:
    """What no server can fulfil is found without one."""
    path = write(["S: 220", "C: EHLO x", "S: 250-x", "S: 250 SIZE", "@caps STARTTLS", "C: QUIT", "S: 221"])
    done = call("check", path)
    assert done.status == 2
    assert done.err.startswith(
        "error: this does not hold even when the script itself is the server: expected STARTTLS, got not offered\n"
        f"  --> {path}:5:7\n"
    )


def test_what_is_odd(write: Write) -> None:
    """Warnings leave the status at 0, unless they are to count."""
    path = write(EARLY)
    done = call("check", path)
    assert done.status == 0
    assert done.err == (
        "warning: DATA is not due here: expect 503\n"
        f"  --> {path}:2:4\n"
        "  |\n"
        "2 | C: DATA\n"
        "  |    ^\n"
        "hint: EHLO, then MAIL, then RCPT come first\n"
    )
    assert done.out == f"ok     {path}  1 warning\n"
    assert call("check", path, "--strict")[:2] == (1, f"FAIL   {path}  1 warning\n")


def test_a_secret_is_not_shown(write: Write) -> None:
    """Neither where it is remarked on nor where the line cannot be read at all."""
    lines = ["S: 220", "C: AUTH PLAIN AHRpbQBodW50ZXIy", "S: 235", "@set password=hunter2", "  AUTH PLAIN AHRpbQBodW50"]
    for content in (lines, lines[:-1]):
        for option in ((), ("--json",)):
            done = call("check", write(content), *option)
            assert not any(word in done.out + done.err for word in ("hunter2", "AHRpbQ"))
    assert "2 | C: AUTH PLAIN ••••\n" in call("check", write(lines[:-1])).err


def test_json(write: Write) -> None:
    """An object for each finding, in the order of the lines, and one for the file."""
    path = write([*EARLY, "@set x=y", 'C"\\n"'])
    *found, result = (json.loads(line) for line in call("check", path, "--json").lines)
    keys = ("event", "file", "line", "column", "rule", "severity", "message", "hint")
    assert all(tuple(one) == keys and one["rule"] in RULES for one in found)
    assert [(one["line"], one["rule"]) for one in found][:2] == [(2, "out-of-order"), (8, "unused-set")]
    totals = {severity: sum(one["severity"] == severity for one in found) for severity in ("warning", "info")}
    counts = {"errors": 0, "warnings": totals["warning"], "infos": totals["info"]}
    assert result == {"event": "result", "file": path, "status": "pass", **counts}
    done = call("check", write(["C: NOOP", "NOOP"]), "--json")
    problem, result = (json.loads(line) for line in done.lines)
    assert (problem["rule"], problem["severity"], problem["line"], problem["column"]) == ("unknown-line", "error", 2, 1)
    assert result == {"event": "result", "file": path, "status": "error", "errors": 1, "warnings": 0, "infos": 0}
    assert (done.status, done.err) == (2, "")


def test_folders(write: Write, tmp_path: Path) -> None:
    """Every script below, in order; links out of the folder, FIFOs and devices are none of its scripts."""
    (tmp_path / "all/deep").mkdir(parents=True)
    outside = write(["C: NOOP"], "outside.smtp")
    for name in ("b.smtp", "a.smtp", "deep/c.smtp", "notes.txt"):
        write(["C: NOOP"], f"all/{name}")
    (tmp_path / "all/link.smtp").symlink_to(outside)
    (tmp_path / "all/zero.smtp").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "all/fifo.smtp")
    folder = str(tmp_path / "all")
    done = call("check", folder)
    assert done == (0, "".join(f"ok     {folder}/{name}\n" for name in ("a.smtp", "b.smtp", "deep/c.smtp")), "")


def test_a_folder_without_scripts(tmp_path: Path) -> None:
    done = call("check", str(tmp_path))
    assert (done.status, "there is no script (*.smtp)" in done.err) == (2, True)


# Odd on purpose, besides those that are called "finding-…".
ODD = {"auth-plain", "bytes", "dots", "starttls-command-injection"}


@pytest.mark.parametrize("path", sorted((ROOT / "tests/conversations").glob("*.smtp")), ids=lambda path: path.stem)
def test_the_conversations_of_the_protocol(path: Path) -> None:
    """Nothing is found in what is well, and something in what is not."""
    done = call("check", str(path))
    assert done.status == 0
    assert bool(done.err) is (path.stem in ODD or path.stem.startswith("finding-"))


@pytest.mark.parametrize("name", packaged_names())
def test_nothing_in_what_comes_with_the_program(name: str) -> None:
    assert call("check", f"@{name}") == (0, f"ok     @{name}\n", "")
