"""Scripts made to burn time or memory: each ends in an error at once, or is cut down as docs/grammar.md says.

Nothing is timed here, for a slow machine is no bug; but each runs as a program of its own that has a minute, and takes
a second or two: what is not bounded would take hours.
"""

import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.cli import sources
from smtp_repl.script import limits, patterns
from smtp_repl.script.holes import parse_template
from smtp_repl.script.text import LINE_LIMIT, TIMES_LIMIT
from smtp_repl.wire.errors import ScriptError
from tests.cli.conftest import ROOT
from tests.servers.raw import Expect, RawServer, Send

SECONDS = 60.0
MEMORY = 1024 * 1024 * 1024
"""Octets of address space that such a program may have."""
LINES = limits.LINES // 8
"""As many lines as it takes to notice what takes time in proportion to their square."""


def explode(tmp_path: Path, content: bytes, *argv: str, files: dict[str, bytes] | None = None) -> tuple[int, str, str]:
    """Status, output and talk of the program, given a script."""
    for name, octets in {**(files or {}), "bomb.smtp": content}.items():
        (tmp_path / name).write_bytes(octets)

    def limit_memory() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-m", "smtp_repl", argv[0], str(tmp_path / "bomb.smtp"), *argv[1:]],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
        cwd=ROOT,
        preexec_fn=limit_memory,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


REFUSED = {
    "16 MB and more": (b"\n" * (sources.SIZE_LIMIT + 1), "larger than a script may be"),
    "16 MB of nothing": (b"\n" * sources.SIZE_LIMIT, f"at most {limits.LINES} lines"),
    "no script at all": (b"nonsense\n" * LINES, f"{limits.PROBLEMS} lines cannot be read already"),
    "one line of 10 MB": (b"C: " + b"x" * 10_000_000, f"longer than {LINE_LIMIT} octets"),
    "more repeats": (b'C"x"*%d\n' % (TIMES_LIMIT + 1), f"at most {TIMES_LIMIT}"),
    "repeats without number": (b'C"x"*' + b"9" * 100_000 + b"\n", f"at most {TIMES_LIMIT}"),
    "floods": (b'C"x"*1000000000\n' * 5, f"more than {limits.SAID} octets"),
    "floods from the server": (b'S"x"*1000000000\n' * 100, f"more than {limits.EXPECTED} octets"),
    "a reply of a million lines": (b'S"250-x\\r\\n"*1000000000\n', f"at most {limits.EXPECTED_LINES} lines"),
    "assertions": (b"S: 220 x\n" + b"@caps A B C\n" * LINES, f"at most {limits.EXPECTED_LINES} lines"),
    "an hour and a second": (b"@wait 3601\n", "more than an hour"),
    "two hours": (b"@wait 3600\n" * 2, f"take more than {limits.WAITS:.0f} seconds"),
    "waits without number": (b"@wait " + b"9" * 100_000 + b"\n", "no number of seconds"),
    "connections": (b"".join(b"C[c%d]: NOOP\n" % n for n in range(101)), f"at most {limits.CONNECTIONS} connections"),
    "groups in a pattern": (b"S~ 220 {:(a+)+}b\n", "no groups"),
    "three unbounded quantifiers": (b"S~ 220 {:a*a*a*}b\n", "could take too long"),
    "three holes": (b"S~ 220 {:a*}{:a*}{:a*}b\n", "could take too long"),
    "counts": (b"S~ 220 {:a{1,9999}a{1,9999}}b\n", "could take too long"),
    "a long pattern": (b"S~ 220 {:" + b"a" * 2000 + b"}\n", f"at most {patterns.LENGTH_LIMIT} characters"),
    "holes": (b"S~ " + b"{}" * 500 + b"\n", "at most 100 holes"),
    "braces": (b"C~ " + b"{" * 999_999 + b"\n", "not closed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str) -> None:
    """An error that says what is too much and, where there is one, in which line; nothing is sent."""
    content, message = REFUSED[name]
    status, _, talk = explode(tmp_path, content, "check")
    assert (status, "Traceback" in talk) == (2, False)
    assert re.search(re.escape(message), talk), talk[-2000:]
    assert len(talk) < 100_000


INCLUDES: dict[str, tuple[dict[str, bytes], str]] = {
    "itself": ({"a.smtp": b"@include a.smtp\n"}, "includes itself"),
    "in a circle": ({"a.smtp": b"@include b.smtp\n", "b.smtp": b"@include a.smtp\n"}, "includes itself"),
    "the bomb": ({"a.smtp": b"@include bomb.smtp\n"}, "includes itself"),
    "deep": ({"a.smtp": b"@include 0.smtp\n", **{f"{n}.smtp": b"@include %d.smtp\n" % (n + 1) for n in range(50)}},
             f"more than {limits.INCLUDE_DEPTH} scripts are nested"),
    "twice, and twice again": ({"a.smtp": b"@include 0.smtp\n" * 2, "5.smtp": b"",
                                **{f"{n}.smtp": b"@include %d.smtp\n" % (n + 1) * 2 for n in range(5)}},
                               f"more than {limits.INCLUDES} files"),
    "large": ({"a.smtp": b"@include b.smtp\n" * 99, "b.smtp": (b"# " + b"x" * 100_000 + b"\n") * 100},
              f"more than {limits.INCLUDED_OCTETS} octets"),
    "long": ({"a.smtp": b"@include b.smtp\n" * 99, "b.smtp": b"\n" * LINES}, f"more than {limits.LINES} lines"),
}  # fmt: skip


@pytest.mark.parametrize("name", INCLUDES)
def test_includes(tmp_path: Path, name: str) -> None:
    """However scripts include one another, it is counted in all."""
    files, message = INCLUDES[name]
    status, _, talk = explode(tmp_path, b"@include a.smtp\n", "check", files=files)
    assert (status, message in talk) == (2, True), talk[-2000:]


BORNE = {
    "one long command": (b"S: 220\nC: " + b"x" * 65_536 + b"\nS: 500\n", 0),
    "a flood": (b'S: 220\nC"x"*1000000000 "\\r\\n"\nS: 500\n', 0),
    "a flood of commands": (b'S: 220\nC"NOOP\\r\\n"*500000000\n', 0),
    "a flood in chunks": (b"S: 220\n" + b'C: BDAT 1\nC"x"*40000 "\\r\\n"\n' * LINES, 0),
    "a chunk without end": (b"S: 220\nC: BDAT 99999999999999999999\n" + b'C"x"*40000\n' * LINES, 0),
    "commands": (b"C: NOOP\n" * LINES, 0),
    "commands in one group": (b"S: 220\n" + b"C: NOOP\n" * LINES, 0),
    "commands and replies": (b"S: 220\n" + b"C: NOOP\nS: 250\n" * (LINES // 2), 0),
    "a message": (b"C: EHLO x\nC: DATA\n" + b"C: x\n" * LINES + b"C: .\n", 0),
    "variables": (b"".join(b"@set c%d=x\n" % n for n in range(LINES)), 0),
    "requirements": (b"C: EHLO x\n" * 100 + b"".join(b"@require K%d\n" % n for n in range(LINES)), 0),
    "writes": (b"S: 220\n" + b"C: NOOP\n@wait 0\n" * (LINES // 2), 0),
    "what cannot be seen": ("C: \u202e\n".encode() * LINES, 0),
}


@pytest.mark.parametrize("name", BORNE)
def test_borne(tmp_path: Path, name: str) -> None:
    """What is large and lawful takes time in proportion, and memory too."""
    content, expected = BORNE[name]
    status, out, talk = explode(tmp_path, content, "check")
    assert (status, "Traceback" in talk) == (expected, False), talk[-2000:]
    assert len(talk) < 100_000
    assert out.startswith("ok ")


def test_what_run_does_before_it_connects(tmp_path: Path) -> None:
    """`run` refuses the same, and reckons with floods and long groups before it says a word."""
    for content in (REFUSED["floods"][0], REFUSED["no script at all"][0]):
        assert explode(tmp_path, content, "run", "--local")[0] == 2
    for name in ("a flood in chunks", "writes"):
        assert explode(tmp_path, BORNE[name][0], "run", "--server", "127.0.0.1:1")[0] == 3


def test_a_hostile_line_against_the_worst_pattern(tmp_path: Path, raw_server: Callable[..., RawServer]) -> None:
    """The costliest holes that are allowed, and a reply as long as is read: quadratic, and no more."""
    reply = b"".join(b"250-" + b"a" * 8000 + b"\r\n" for _ in range(30)) + b"250 " + b"a" * 8000 + b"\r\n"
    server = raw_server([Send(b"220 x\r\n"), Expect(b"NOOP"), Send(reply)])
    content = b"S: 220\nC: NOOP\n" + b"S~ 250-{:a*a*}b\nS!~ {:a*}c\n" * 2 + b"S~ 250 {:a*a*}b\n"
    status, _, talk = explode(tmp_path, content, "run", "--server", server.address)
    assert (status, "Traceback" in talk) == (1, False), talk[-2000:]


@pytest.mark.parametrize("text", ["{:a*}{:a*}b", "{x}{y}{z}b", "{:a*a*}b", "{}{}{}{}{}{}b", "{:a?a?a?a?a?a?a?a?a?b}"])
def test_a_pattern_gives_up(text: str) -> None:
    """Holes that are allowed come to an end on the longest reply line."""
    template = parse_template(text, "S")
    assert template.match(b"a" * 8192, {}) is None


@pytest.mark.parametrize("source", ["(a+)+", "(?=a)", "a**", "(a|a)*", r"(a)\1", "a{1,99999}", "(?:a*)*", "[a"])
def test_patterns_outside_the_allowed_kind(source: str) -> None:
    with pytest.raises(ScriptError) as caught:
        patterns.read_pattern(source)
    assert caught.value.kind == "bad-regex"
