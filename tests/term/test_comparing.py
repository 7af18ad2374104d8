"""`/diff FILE`: this session beside a recorded one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.term.comparing import handle_diff
from smtp_repl.term.desk import Material
from smtp_repl.wire.errors import ScriptError, UsageError
from tests.term.screen import Terminal
from tests.term.sitting import Sitting

RECORDED = """\
S: 220 practice.example.com ESMTP
C: EHLO client.example.org
S: 250-practice.example.com
S: 250-PIPELINING
S: 250-STARTTLS
S: 250-XVERP
S: 250 SIZE 1000
C: MAIL FROM:<alice@example.org>
S: 250 2.1.0 Ok
C: RCPT TO:<bob@example.com>
S: 250 2.1.5 Ok
"""


def diff(sitting: Sitting, script: str, argument: str = "a.smtp") -> list[str]:
    sitting.desk.read_script = lambda name: Material(name, script.encode())
    before = len(sitting.shown)
    sitting.run(handle_diff(sitting.desk, argument))
    return sitting.shown[before:]


def test_on_the_screen(shell: Callable[..., Terminal], tmp_path: Path) -> None:
    """Removed in red, added in green, what is the same counted; and it is all remarks."""
    (tmp_path / "old.smtp").write_text(RECORDED)
    terminal = shell("local=True", rows=50)
    terminal.wait_for("S: 220 ")
    terminal.type("EHLO client.example.org\nMAIL FROM:<alice@example.org>\nRCPT TO:<nobody@example.com>\nRSET\n")
    terminal.wait_for("S: 250 2.0.0")
    terminal.wait_for_prompt()
    terminal.type("/diff old.smtp\n")
    terminal.wait_for("only here")
    terminal.wait_for_prompt()
    lines = terminal.history()
    begin = lines.index("# /diff old.smtp") + 1
    assert lines[begin : lines.index("C:", begin)] == [
        "# - old.smtp",
        "# + this session",
        "# - S: 220 practice.example.com ESMTP",
        "# + S: 220 practice.example.com ESMTP smtp-repl practice server; nothing is delivered",
        "#   C: EHLO client.example.org",
        "# - S: 250-XVERP",
        "# - S: 250 SIZE 1000",
        "# + S: 250-SIZE 10240000",
        "# + S: 250-VRFY",
        "# + S: 250-AUTH PLAIN LOGIN CRAM-MD5",
        "# + S: 250-ENHANCEDSTATUSCODES",
        "# + S: 250-8BITMIME",
        "# + S: 250-SMTPUTF8",
        "# + S: 250-CHUNKING",
        "# + S: 250 HELP",
        "#   … 1 exchange is the same",
        "# - C: RCPT TO:<bob@example.com>",
        "# + C: RCPT TO:<nobody@example.com>",
        "# - S: 250 2.1.5 Ok",
        "# + S: 550 5.1.1 Nobody has this mailbox (nobody@ is refused for practice)",
        "# + C: RSET",
        "# + S: 250 2.0.0 Ok: the transaction is dropped",
        "# 1 exchange the same, 1 other text, 1 other offer, 1 other command, 1 other code, 1 only here",
    ]
    assert terminal.style_at("- S: 250-XVERP") == "red"
    assert terminal.style_at("+ S: 250-VRFY") == "green"


def test_the_same_session() -> None:
    """What was saved differs in nothing."""
    sitting = Sitting(b"250 2.0.0 Ok\r\n").greeted("SIZE 1000")
    sitting.say(b"NOOP\r\n")
    saved = "".join(f"{line.text}\n" for line in sitting.desk.transcript)
    assert diff(sitting, saved) == ["# 3 exchanges the same"]


def test_secrets_are_in_neither() -> None:
    """A step of AUTH is a mask on both sides."""
    sitting = Sitting(b"535 no\r\n").greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    script = "@auth user=bob\nC: EHLO x\nS: 250 mail.example.com\nC~ AUTH PLAIN {auth.plain}\nS: 235 ok\n"
    shown = diff(sitting, script)
    assert "#   C: AUTH PLAIN ••••" in shown
    assert "hunter22" not in "\n".join(shown)


def test_refusals() -> None:
    """Nothing to compare, or nothing to compare with."""
    with pytest.raises(UsageError, match="nothing was said"):
        diff(Sitting().open(), RECORDED)
    with pytest.raises(UsageError, match="needs a script"):
        diff(Sitting().greeted(), RECORDED, "")
    with pytest.raises(ScriptError):
        diff(Sitting().greeted(), "C: NOOP\nnonsense\n")
