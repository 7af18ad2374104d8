"""Every rule of `check` finds what it is there to find, and nothing in what is well."""

import pytest

from smtp_repl.script.lint import examine, lint
from smtp_repl.script.lint_rules import RULES, lint_remark
from smtp_repl.script.model import Remark
from smtp_repl.script.steps import Hear, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.problems import RULES as SYNTAX

HELLO = "S: 220 x\nC: EHLO c.example.org\n"
SHORT = HELLO + "S: 250 x\n"
FULL = HELLO + "S: 250-x\nS: 250 PIPELINING\n"
AUTH = HELLO + "S: 250-x\nS: 250 AUTH PLAIN LOGIN\n"
MAIL = SHORT + "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.com>\nS: 250 ok\n"
DATA = MAIL + "C: DATA\nS: 354 go\n"
QUIT = "C: QUIT\nS: 221 bye\n"


def found(text: str) -> list[tuple[str, int, int]]:
    remarks = lint(parse(text.encode(), "a.smtp"), lambda path: b"C: 250 ok\n")
    return [(remark.kind, remark.line, remark.column) for remark in remarks]


def rules(text: str) -> list[str]:
    return [rule for rule, _, _ in found(text)]


# rule, a script that breaks it, and one that is near to it and does not
OWN: dict[str, tuple[str, str]] = {
    "ends-in-data": (DATA + "C: Subject: x\n", DATA + "C: Subject: x\nC: .\nS: 250 ok\n"),
    "unfinished-reply": ("S: 220-x\n", "S: 220-x\nS*: 220-\n"),
    "unread-reply": (SHORT + "C: QUIT\n", SHORT + QUIT),
    "unanswered": (SHORT + "S: 250 twice\n" + QUIT, SHORT + "S: 421 leaving\n"),
    "said-after-close": (SHORT + QUIT + "C: NOOP\nS: 250\n", SHORT + QUIT + "@close\nS: 220\nC: NOOP\nS: 250\n"),
    "chunk-miscounted": (
        MAIL + "C: BDAT 3 LAST\nC: hi\nS: 250\n" + QUIT,
        MAIL + "C: BDAT 4 LAST\nC: hi\nS: 250\n" + QUIT,
    ),
    "chunk-unfinished": (
        MAIL + "C: BDAT 9 LAST\nC: hi\nS: 250\n" + QUIT,
        MAIL + 'C: BDAT 4 LAST\nC"hi"\nC"\\r\\n"\nS: 250\n' + QUIT,
    ),
    "data-not-due": (MAIL + "@data a.eml\nS: 250 ok\n", DATA + "@data a.eml\nS: 250 ok\n"),
    "literal-hole": (
        "S: 220\nC: AUTH PLAIN {auth.plain}\nS: 501 no\n",
        "S: 220\n@auth user=tim\nC~ AUTH PLAIN {auth.plain}\nS: 501 no\n",
    ),
    "placeholder": (SHORT + "C: NOOP <your name>\nS: 250\n", SHORT + "C: NOOP your name\nS: 250\n"),
    "stage-direction": (SHORT + "C: (waits)\nS: 500 no\n", SHORT + "(waits)\n" + QUIT),
    "roles-swapped": (SHORT + "C: 250 ok\nS: 500 no\n", SHORT + "C: NOOP 250 ok\nS: 250\n"),
    "secret-in-clear": (
        AUTH + "C: AUTH PLAIN AHRpbQBzZWNyZXQ=\nS: 235 in\n",
        AUTH + "C: AUTH PLAIN AHRpbQBzZWNyZXQ=\nS: 535 no\n",
    ),
    "invisible-char": (SHORT + "C: NOOP \u202e\nS: 250\n", SHORT + "C: NOOP é\nS: 250\n"),
    "control-char": (SHORT + "C: NOOP \x07\nS: 250\n", SHORT + 'C"NOOP \\x07\\r\\n"\nS: 500\n'),
    "bare-line-end": (SHORT + 'C"NOOP\\n"\nS: 250\n', SHORT + 'C"NOOP\\r\\n"\nS: 250\n'),
    "pipelined-group": (FULL + "C: NOOP\nC: RSET\nS: 250\nS: 250\n", FULL + "C: RSET\nC: NOOP\nS: 250\nS: 250\n"),
    "unstuffed-dot": (DATA + "C: .x\nC: .\nS: 250\n", DATA + "C: ..x\nC: .\nS: 250\n"),
    "long-body-line": (DATA + "C: " + "x" * 999 + "\nC: .\nS: 250\n", DATA + "C: " + "x" * 998 + "\nC: .\nS: 250\n"),
    "unused-set": ("S: 220\n@set who=a\n", "S: 220\n@set who=a\nC~ NOOP {who}\nS: 250\n"),
    "late-require": (
        SHORT + "C: STARTTLS\nS: 454 no\n@require STARTTLS\n",
        SHORT + "@require STARTTLS\nC: STARTTLS\nS: 454 no\n",
    ),
    # what a conversation finds
    "out-of-order": ("S: 220\nC: DATA\nS: 354\nC: .\nS: 250\n", "S: 220\nC: DATA\nS: 503 no\n"),
    "no-ehlo-after-tls": (
        SHORT + "C: STARTTLS\nS: 220 go\nC: MAIL FROM:<>\nS: 250\n",
        SHORT + "C: STARTTLS\nS: 220 go\nC: EHLO c.example.org\nS: 250\nC: MAIL FROM:<>\nS: 250\n",
    ),
    "not-offered": (FULL + "C: STARTTLS\nS: 220 go\n", SHORT + "C: STARTTLS\nS: 220 go\n"),
    "pipelining-not-offered": (
        AUTH + "C: RSET\nC: NOOP\nS: 250\nS: 250\n",
        FULL + "C: RSET\nC: NOOP\nS: 250\nS: 250\n",
    ),
    "step-not-base64": (
        AUTH + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: tim\nS: 334 UGFzc3dvcmQ6\n",
        AUTH + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: tim\nS: 501 no\n",
    ),
    "unexpected-code": (MAIL + "C: DATA\nS: 250 ok\n", MAIL + "C: DATA\nS: 2xx ok\n"),
    "enhanced-mismatch": ("S: 220\nC: NOOP\nS: 250 5.0.0 ok\n", "S: 220\nC: NOOP\nS: 250 2.0.0 ok\n"),
    "enhanced-bad": ("S: 220\nC: NOOP\nS: 250 2.0.1000 ok\n", "S: 220\nC: NOOP\nS: 250 2.0 ok\n"),
    "body-as-commands": (
        FULL + "C: DATA\nC: x\nC: .\nS: 503\nS: 500\nS: 500\n",
        FULL + "C: DATA\nS: 503\n",
    ),
}  # fmt: skip

WRONG = {
    "empty-line": "",
    "line-over-512": "NOOP " + "x" * 600,
    "unknown-verb": "MALI FROM:<a@example.org>",
    "argument-missing": "EHLO",
    "argument-unwanted": "DATA now",
    "bad-host-name": "EHLO my_host!",
    "missing-keyword": "MAIL <a@example.org>",
    "blank-before-colon": "MAIL FROM :<a@example.org>",
    "blank-after-colon": "MAIL FROM: <a@example.org>",
    "missing-address": "MAIL FROM:",
    "missing-brackets": "MAIL FROM:a@example.org",
    "missing-blank": "MAIL FROM:<a@example.org>SIZE=100",
    "null-recipient": "RCPT TO:<>",
    "no-domain": "RCPT TO:<b>",
    "bad-local-part": "RCPT TO:<b..c@example.com>",
    "bad-domain": "RCPT TO:<b@-.example>",
    "local-part-too-long": "RCPT TO:<" + "b" * 65 + "@example.com>",
    "path-too-long": "RCPT TO:<b@" + "x." * 150 + "example>",
    "non-ascii": "RCPT TO:<bücher@example.com>",
    "unknown-parameter": "MAIL FROM:<a@example.org> COLOUR=red",
    "duplicate-parameter": "MAIL FROM:<a@example.org> SIZE=1 SIZE=2",
    "bad-parameter": "MAIL FROM:<a@example.org> SIZE=big",
    "bad-chunk-size": "BDAT all",
    "bad-attribute": "XCLIENT 192.0.2.1",
}
EXACT = {"non-utf8": 'C"RCPT TO:<\\xfc@example.com>\\r\\n"'}


def test_every_rule_has_its_examples() -> None:
    played = {"self-play", "not-played"}  # see test_lint_play
    assert set(RULES) == {*OWN, *WRONG, *EXACT, *played}


@pytest.mark.parametrize("rule", OWN)
def test_rules(rule: str) -> None:
    """Found where it is, and not where it only seems to be."""
    wrong, right = OWN[rule]
    assert rule in rules(wrong)
    assert rule not in rules(right)


@pytest.mark.parametrize("rule", [*WRONG, *EXACT])
def test_syntax(rule: str) -> None:
    """A command that a strict server refuses; where the script expects the refusal, all is well."""
    line = EXACT.get(rule) or f"C: {WRONG[rule]}"
    assert rule in SYNTAX
    assert rule in rules(f"{MAIL}{line}\nS: 250 ok\n")
    assert rules(f"{MAIL}{line}\nS: 5xx no\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "C: EHLO x\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nC: DATA\nC: x\nC: .\nC: QUIT\n",
        "@require STARTTLS\nC: EHLO x\nC: STARTTLS\nC: EHLO x\nC: AUTH LOGIN\nC: dXNlcg==\nC: *\nC: NOOP\n",
        'C: EHLO x\nC"MAIL FROM:<a@example.org>\\r\\n"\nC: RCPT TO:<b@example.com>\nC: DATA\n@data a.eml\nC: QUIT\n',
        "C[bob]: EHLO x\nC[bob]: QUIT\n",
        FULL + "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nC: DATA\nS: 250\nS: 250\nS: 354\n"
        "C: EHLO x\nC: <CRLF>\nC: 250 ok\nC: .\nS: 250\n" + QUIT,
        MAIL + "C: BDAT 9 LAST\nC: EHLO hi\nS: 250\n" + QUIT,
        MAIL + 'C: BDAT 6 LAST\nC"\\n.x\\r\\r\\n"\nS: 250\n' + QUIT,
        MAIL + 'C: BDAT 1000000000 LAST\nC"x"*1000000000\nS: 250\n' + QUIT,
        "@early\nC: EHLO x\nS: 220 x\nS: 554 no\n",
        "S: 554 no\nC: QUIT\nS: 221\n",
        SHORT + "C: AUTH EXTERNAL\nS: 334\nC: =\nS: 235\n",
        SHORT + "C: AUTH PLAIN\nS: 334\nC: *\nS: 501\n",
        SHORT + "@auth user=tim\nC~ AUTH PLAIN {auth.plain}\nS: 235\n",
        SHORT + "@auth user=tim\nC: AUTH CRAM-MD5\nS~ 334 {}\nC~ {auth.reply}\nS: 235\n",
        SHORT + "C: STARTTLS\nS: 220 go\n@tls manual\n@tls start\nC: EHLO x\nS: 250\n" + QUIT,
        SHORT + "@tls manual\nC: STARTTLS\nS: 220 go\n@tls start\nC: EHLO x\nS: 250\n" + QUIT,
        SHORT + "C~ MAIL FROM:<{who}>\nS: 250\n",
        "@set who=a@example.org\n" + SHORT + "C~ MAIL FROM:<{who}>\nS: 250\n",
        SHORT + "@send octets\nS: 250\nS: 250\nC: MAIL nobody knows\nS: 250\n",
        "S: 220\nC: LHLO x\nS: 250 x\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@example.com>\nS: 250\n"
        "C: RCPT TO:<b@example.com>\nS: 250\nC: DATA\nS: 354\nC: .\nS: 250 one\nS: 250 other\n",
        "S: Welcome\nC: HELO c.example.org\nS~ {code:[0-9]+} hi\n" + QUIT,
        "S: 220\nS!: x\n" + QUIT,
        "S: 220\nC: NOOP\nS~ {:[^\\x00-\\U0010ffff]}\n" + QUIT,
        SHORT + "C: AUTH PL?IN\nS: 504 no\n",
        "S: 220\nC: HELO x\nS: 250\n@eof\n",
        DATA + 'C"cut of"\nS: 421 too slow\n@eof\n',
        DATA + 'C"' + "x" * 900 + '\\r\\n" "y\\r\\n"\nC: .\nS: 250\n',
        "@include other.smtp\n" + SHORT,
        "@title x\n@set name=x\nS~ 220 {name}\n",
    ],
)  # fmt: skip
def test_nothing_is_odd(text: str) -> None:
    """Messages and chunks are no commands; what is not known is not judged; included lines are their own file's."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("C: QUIT\nS: 221\n", [("unread-reply", 1, 4)]),
        ("S: 220\nC: NOOP\nC: RSET\nC: QUIT\nS: 250\n", [("pipelined-group", 2, 4)] + [("unread-reply", 3, 4)] * 1),
        (SHORT + "C: STARTTLS\nC: EHLO x\nS: 220 go\nC: EHLO x\nS: 250\n", [("pipelined-group", 4, 4)]),
        (MAIL + "C: DATA\nC: x\nC: .\nS: 354\nS: 250\n", [("pipelined-group", 8, 4)]),
        ("C[b]: x\nC: EHLO\n", [("unknown-verb", 1, 7), ("argument-missing", 2, 4)]),
        ("  C: MAIL FROM:<é> COLOUR=x\n", [("out-of-order", 1, 6), ("non-ascii", 1, 6)]),
        (SHORT + "S: EHLO x\n", [("roles-swapped", 4, 4), ("unanswered", 4, 4)]),
        ("@set password=hunter2\nS: 220\n", [("unused-set", 1, 6), ("secret-in-clear", 1, 6)]),
        (SHORT + 'C"@wait 5\\r\\n"\nS: 250\n', [("stage-direction", 4, 2)]),
        (SHORT + "C: \nS: 250\n", [("empty-line", 4, 4)]),
    ],
)
def test_places(text: str, remarks: list[tuple[str, int, int]]) -> None:
    """Line and column are those in which one would begin to mend."""
    assert [one for one in found(text) if one in remarks] == remarks


@pytest.mark.parametrize(
    "line",
    ["C: AUTH PLAIN AHRpbQBodW50ZXIy", "C~ AUTH PLAIN {b64:\\0tim\\0hunter2}", 'C"AUTH PLAIN AHRpbQBodW50ZXIy\\r\\n"',
     "C: AUTH LOGIN dGlt hunter2", "C: AUTH XOAUTH2 aHVudGVyMg=="],
)  # fmt: skip
def test_a_secret_is_not_repeated(line: str) -> None:
    """A line that holds a password is shown without it, whatever is remarked on it."""
    remarks = lint(parse(f"{SHORT}{line}\nS: 235\n".encode()))
    assert "secret-in-clear" in [one.kind for one in remarks]
    assert all(one.shown.endswith("••••") for one in remarks)
    assert not any("hunter2" in f"{one}" or "aHVu" in f"{one}" or "AHRp" in f"{one}" for one in remarks)


def test_a_step_is_masked_as_a_whole() -> None:
    remarks = lint(parse(f"{SHORT}C: AUTH LOGIN\nS: 334\nC: dGlt\nS: 334\nC: aHVudGVyMg==\nS: 235\n".encode()))
    assert [(one.kind, one.line, one.shown) for one in remarks] == [("secret-in-clear", 8, "C: ••••")]


def test_the_replies_that_a_server_needs() -> None:
    """Where the script says nothing of a reply, the hoped one is put in; what it requires is offered."""
    script = parse(b"@require STARTTLS AUTH=PLAIN\nC: EHLO x\nC: STARTTLS\nC: AUTH LOGIN\nC: dQ==\nC: dQ==\nC: QUIT\n")
    answers = examine(script, compile_steps(script)).answers
    replies = [step.expectation.sample({}).decode() for step in answers if isinstance(step, Hear)]
    codes = ["220", "250", "220", "334", "334", "235", "221"]
    assert [reply[:3] for reply in replies] == codes
    assert replies[1] == "250-as hoped\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"


def test_remarks_know_how_grave_they_are() -> None:
    assert lint_remark("bare-line-end", 1, 2) == Remark(
        "bare-line-end",
        "this line holds a CR or LF on its own",
        1,
        2,
        "info",
        "on purpose? CRLF is \\r\\n",
    )
