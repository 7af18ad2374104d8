"""Errors as a person reads them: goldens."""

import pytest

from smtp_repl.view.errors import did_you_mean, show_error
from smtp_repl.view.width import cells
from smtp_repl.wire.errors import ConnectError, ScriptError, SmtpReplError


def script_error(source: str, column: int, width: int = 1, *, line: int = 7, hint: str = "do") -> ScriptError:
    return ScriptError("bad", hint, file="a.smtp", line=line, column=column, width=width, source=source)


GOLDENS: dict[str, tuple[SmtpReplError, str]] = {
    "message alone": (ConnectError("refused"), "error: refused\n"),
    "with a hint": (ConnectError("timed out", "try 587"), "error: timed out\nhint: try 587\n"),
    "several lines": (
        ConnectError("untrusted\nerror: forged", "one\ntwo"),
        "error: untrusted\n  error: forged\nhint: one\n  two\n",
    ),
    "foreign text": (ConnectError("it said \x1b[2J\u202e\x9b"), "error: it said \\x1b[2J\\xe2\\x80\\xae\\xc2\\x9b\n"),
    "place without a line": (ScriptError("gone", file="b.smtp"), "error: gone\n--> b.smtp\n"),
    "place": (
        script_error("S~ 250 {id", 8, 3),
        "error: bad\n  --> a.smtp:7:8\n  |\n7 | S~ 250 {id\n  |        ^^^\nhint: do\n",
    ),
    "line numbers of two digits": (
        script_error("C: x", 1, line=12),
        "error: bad\n   --> a.smtp:12:1\n   |\n12 | C: x\n   | ^\nhint: do\n",
    ),
    "tabs": (
        script_error("\tC:\tx", 5),
        "error: bad\n  --> a.smtp:7:5\n  |\n7 |     C:    x\n  |           ^\nhint: do\n",
    ),
    "wide characters": (
        script_error("C: 漢字 é e\u0301x", 10),
        "error: bad\n  --> a.smtp:7:10\n  |\n7 | C: 漢字 é e\u0301x\n  |            ^\nhint: do\n",
    ),
    "carets under wide characters": (
        script_error("C: 漢字", 4, 2),
        "error: bad\n  --> a.smtp:7:4\n  |\n7 | C: 漢字\n  |    ^^^^\nhint: do\n",
    ),
    "control characters": (
        script_error("C: \x07x", 5),
        "error: bad\n  --> a.smtp:7:5\n  |\n7 | C: \\x07x\n  |        ^\nhint: do\n",
    ),
    "end of the line": (script_error("C:", 3), "error: bad\n  --> a.smtp:7:3\n  |\n7 | C:\n  |   ^\nhint: do\n"),
    "beyond the line": (script_error("C:", 99, 9), "error: bad\n  --> a.smtp:7:99\n  |\n7 | C:\n  |   ^\nhint: do\n"),
    "place without a column": (script_error("C:", 0), "error: bad\n  --> a.smtp:7\n  |\n7 | C:\nhint: do\n"),
    "file name": (
        ScriptError("bad", file="\x1b]0;x\x07.smtp", line=1),
        "error: bad\n  --> \\x1b]0;x\\x07.smtp:1\n",
    ),
}


@pytest.mark.parametrize(("error", "shown"), GOLDENS.values(), ids=GOLDENS)
def test_golden(error: SmtpReplError, shown: str) -> None:
    assert show_error(error) == shown


@pytest.mark.parametrize("column", [1, 61, 500, 1000])
def test_long_line(column: int) -> None:
    """Of a long line only what is near the trouble is shown, and the caret stands under it."""
    source = "".join(chr(0x4E00 + number) for number in range(1000))
    _, _, _, text, carets, _ = show_error(script_error(source, column)).splitlines()
    assert len(text) < 160
    at = text.index(source[column - 1])
    assert cells(text[:at]) == carets.index("^")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("/conect", "did you mean /connect?"),
        ("/CONNECT", "did you mean /connect?"),
        ("/zzz", ""),
        ("", ""),
    ],
)
def test_did_you_mean(word: str, hint: str) -> None:
    assert did_you_mean(word, ["/connect", "/close"]) == hint
