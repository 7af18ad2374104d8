"""A script played against itself: what no server can fulfil is found without one, and nothing else is."""

from collections.abc import Iterator

import pytest

from smtp_repl.script.lint import examine
from smtp_repl.script.lint_play import FILE_PLAYED, play_alone, unreadable, why_not_played
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.errors import ScriptError
from tests.script.test_lint import AUTH, DATA, QUIT, SHORT


def stopped(text: str, **variables: bytes) -> ScriptError | None:
    script = parse(text.encode(), "a.smtp")
    steps = compile_steps(script)
    answers = examine(script, steps).answers
    return play_alone(steps, answers, variables=variables, open_blocks=lambda path: iter([b"x" * FILE_PLAYED] * 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "C: EHLO x\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nC: DATA\nC: x\nC: .\nC: QUIT\n",
        "C: EHLO x\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nC: DATA\n@data a.eml\nC: QUIT\n",
        "C: EHLO x\nS: 250 x\nC: NOOP\nC: QUIT\nS: 250\n",
        DATA + "@data a.eml\nS: 250 ok\n" + QUIT,
        "@require STARTTLS\n" + SHORT + "@caps STARTTLS\n@require DSN\n" + QUIT,
        SHORT + "C: STARTTLS\nS: 220 go\nC: EHLO x\nS: 250\n" + QUIT,
        AUTH + "@caps AUTH\n@auth user=tim\nC: AUTH CRAM-MD5\nS~ 334 {}\nC~ {auth.reply}\nS: 235\n" + QUIT,
        AUTH + "C~ AUTH XOAUTH2 {secret.1}\nS: 235\n" + QUIT,
        SHORT + "C~ MAIL FROM:<{who}>\nS: 250\n" + QUIT,
        SHORT + "@wait 3000\n@within 2..10\nC: NOOP\nS: 250\n" + QUIT,
        "S: 220\nC: NOOP\nS~ {:[^\\x00-\\U0010ffff]}\n" + QUIT,
        SHORT + 'C: STARTTLS\nS"220 go\\r\\n250 injected\\r\\n"\nC: EHLO x\nS: 250\n' + QUIT,
        "S[a]: 220\nS[b]: 220\nC[a]: QUIT\nC[b]: QUIT\nS[b]: 221\nS[a]: 221\n",
    ],
)
def test_it_holds(text: str) -> None:
    """Replies that are left out, demands on a short EHLO reply, time and secrets keep no script from being played."""
    assert stopped(text, who=b"a@example.org") is None


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("S: 220 a\nS!: 220 a\n", (2, 5), "expected"),
        ("S: 220\nC: EHLO x\nS: 250-x\nS: 250 SIZE\n@caps STARTTLS\n", (5, 7), "expected STARTTLS, got not offered"),
        ("S: 220\n@within 0.5\n@wait 1\nC: NOOP\nS: 250\n@eof\nS: 250\n", (7, 1), "closed the connection"),
        (SHORT + "C~ NOOP {x}\nS: 250\n", (4, 9), "holds a CR, LF or NUL"),
    ],
)  # fmt: skip
def test_it_does_not_hold(text: str, place: tuple[int, int], why: str) -> None:
    """The error says where and why."""
    error = stopped(text, x=b"a\r\nb")
    assert error is not None
    assert (error.line, error.column) == place
    assert why in error.message


def test_nothing_to_point_at() -> None:
    """A play that stops where no reply was expected any more."""
    error = stopped("S: 220\n@eof\nC: NOOP\n")
    assert error is not None
    assert (error.kind, error.line) == ("self-play", 0)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("S: 220\n@send octets\n", 2, "@send"),
        ('S: 220\nC"x"*1000000000\n', 2, "more than"),
        ("S: 220\n@wait 1\nC: NOOP\n", 0, ""),
    ],
)
def test_why_not(text: str, line: int, why: str) -> None:
    """What is too long, or unknown, is only read."""
    remark = why_not_played(compile_steps(parse(text.encode())))
    assert (remark.line if remark is not None else 0) == line
    assert why in (remark.message if remark is not None else "")


def test_files_that_cannot_be_read() -> None:
    """Told where the script names them, though it is not played."""

    def blocks(path: str) -> Iterator[bytes]:
        if path != "there":
            raise ScriptError(f"no {path}")
        yield b"x"

    steps = compile_steps(parse(b"S: 220\n@send there\n@data  gone\n@send too\n"))
    error = unreadable(steps, blocks)
    assert error is not None
    assert (error.message, error.line, error.column, error.width) == ("no gone", 3, 8, 4)
    assert unreadable(steps[:2], blocks) is None
    assert unreadable(steps, None) is not None
