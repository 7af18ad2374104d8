"""Remarks on scripts that can be read but are odd."""

import pytest

from smtp_repl.script.lint import lint
from smtp_repl.script.text import parse


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nC: DATA\nS: 354 go\nC: x\nC: .\n", []),
        ("C: EHLO x\nC: MAIL FROM:<a@example.org>\n", [("pipelined-group", 1, 4)]),
        ('C"STARTTLS\\r\\n" "NOOP\\r\\n"\nC: NOOP\n', []),
        ('C"STARTTLS\\r\\n"\nC: NOOP\n', [("pipelined-group", 1, 2)]),
        ("C: DATA\nC: EHLO x\nC: .\nC: QUIT\n", [("pipelined-group", 1, 4)]),
        ("C: DATA\nS: 354 go\nC: EHLO x\nC: ..\nC: .\nC: QUIT\n", []),
        ("C: DATA\nS: 354 go\nC: Subject: x.\n", [("ends-in-data", 3, 4)]),
        ('C: DATA\nS: 354 go\nC"x\\r\\n.\\r\\n"\nC: QUIT\n', []),
        ("C: DATA\nS: 503 no\nC: QUIT\n", []),
        ("C: DATA\nS: 354 go\n@data a.eml\nS: 250 ok\nC: QUIT\n", []),
        ("C: BDAT 9 LAST\nC: EHLO hi\nC: NOOP\n", []),
        ("C: BDAT x\nC: EHLO hi\nC: NOOP\n", [("pipelined-group", 2, 4)]),
        ("C[a]: DATA\nS[a]: 354\nC[b]: EHLO x\nS[b]: 250 x\nC[a]: .\n", []),
        ("S: 250-a\nC: NOOP\n", [("unfinished-reply", 1, 7)]),
        ("S: 250-a\nS*: 250-\nC: NOOP\n", []),
        ("S!: a\nC: NOOP\n", []),
        ("C: AUTH PLAIN {auth.plain}\n", [("literal-hole", 1, 15)]),
        ("C~ AUTH PLAIN {auth.plain}\nC: {x}\n", [("pipelined-group", 1, 4)]),
        ("C: EHLO \u202ex\nS: 250-\n", [("invisible-char", 1, 9), ("unfinished-reply", 2, 7)]),
        ("@include other.smtp\n", []),
    ],
)
def test_remarks(text: str, remarks: list[tuple[str, int, int]]) -> None:
    """A message's lines are no commands; each connection is read for itself; included lines are their own file's."""
    found = lint(parse(text.encode()), load=lambda path: b"C: EHLO x\nC: NOOP\n")
    assert [(remark.kind, remark.line, remark.column) for remark in found] == remarks
