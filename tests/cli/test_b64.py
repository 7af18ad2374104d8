"""`smtp-repl b64`: both ways, safe to show, and a word where a line end came along."""

import pytest

from tests.cli.conftest import call


@pytest.mark.parametrize(
    ("argv", "stdin", "out"),
    [
        (["tutor"], b"", "dHV0b3I="),
        ([r"\0tutor\0not-a-secret"], b"", "AHR1dG9yAG5vdC1hLXNlY3JldA=="),
        (["müller"], b"", "bcO8bGxlcg=="),
        (["-"], b"\0a\0b", "AGEAYg=="),
        (["-"], rb"\0", "XDA="),
        (["--", "-x"], b"", "LXg="),
        ([""], b"", ""),
        (["-d", "VXNlcm5hbWU6"], b"", "Username:"),
        (["-d", "334 VXNlcm5hbWU6"], b"", "Username:"),
        (["-d", "AHR1dG9yAHg="], b"", r"\0tutor\0x"),
        (["-d", "="], b"", ""),
        (["-d", "G1sySgf/"], b"", r"\x1b[2J\x07\xff"),
        (["-d", "-"], b"VXNlcm5hbWU6\r\nUGFzc3dvcmQ6\n", "Username:\nPassword:"),
    ],
)
def test_both_ways(argv: list[str], stdin: bytes, out: str) -> None:
    r"""`\0` in an argument is a NUL, standard input is taken as it is, and no control character gets out."""
    assert call("b64", *argv, stdin=stdin) == (0, out + "\n", "")


@pytest.mark.parametrize(
    ("argv", "stdin", "out"),
    [(["-"], b"tutor\n", "dHV0b3IK"), (["-d", "dHV0b3IK"], b"", r"tutor\n"), (["x\n"], b"", "eAo=")],
    ids=["encoded from a pipe", "decoded", "in an argument"],
)
def test_a_line_end_that_came_along(argv: list[str], stdin: bytes, out: str) -> None:
    """The most frequent reason for a 535 is warned about, on standard error."""
    done = call("b64", *argv, stdin=stdin)
    assert (done.status, done.out) == (0, out + "\n")
    assert done.err.startswith("warning: ")
    assert "hint: echo adds one" in done.err


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dHV0b3I", "not the right number of =", "with 1 it decodes"),
        ("dHV0b3I==", "not the right number of =", "with 1 it decodes"),
        ("dHV0b3I= ", "a blank beside it", ""),
        ("_-8=", "of web addresses", "+ for -"),
        ("hunter-two", "this is no base64", "groups of four"),
    ],
)
def test_says_why_it_is_no_base64(text: str, message: str, hint: str) -> None:
    """Status 2, why, and how it might be; the text itself is not repeated, it may be a password."""
    done = call("b64", "-d", text)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert hint in done.err
    assert text not in done.err


def test_a_limit() -> None:
    """Nobody means a file of megabytes."""
    assert call("b64", "-", stdin=b"x" * (1024 * 1024 + 1)).status == 2
