"""Scripts and the shell: a session is a script, and a script can be played into a session."""

import threading
from collections.abc import Callable
from pathlib import Path

from smtp_repl.script.text import parse
from tests.servers.raw import Await, Expect, ExpectEnd, RawServer, Send
from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]

SCRIPT = """\
S: 220 somebody else
C: EHLO x
S: 250
@auth user=tutor
C~ AUTH PLAIN {auth.plain}
S: 235
C: MAIL FROM:<a@example.org>
S: 250
# here we stop
C: RCPT TO:<b@example.com>
S: 250
"""


def test_run_goes_on_where_the_script_stops(shell: StartShell, tmp_path: Path) -> None:
    """/run plays over the live connection; the greeting that is past is not waited for; the person goes on."""
    (tmp_path / "some.smtp").write_text(SCRIPT)
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("/run some.smtp\n")
    terminal.wait_for(": 4 expectations held")
    terminal.wait_for_prompt()
    assert "C~ AUTH PLAIN {auth.plain}" in terminal.history()
    terminal.wait_for("<a@example.org> → <b@example.com>")
    terminal.type("DATA\n")
    terminal.wait_for("S: 354 ")


def test_starts_with_a_script_up_to_a_line(shell: StartShell, tmp_path: Path) -> None:
    """A script may lead to the point where the person takes over."""
    (tmp_path / "some.smtp").write_text(SCRIPT)
    terminal = shell("local=True, play='some.smtp', to_line=9")
    terminal.wait_for("stopped before line 10; go on by hand")
    terminal.wait_for_prompt()
    assert "C: RCPT TO:<b@example.com>" not in terminal.history()
    terminal.type("RCPT TO:<c@example.com>\n")
    terminal.wait_for("S: 250 2.1.5")


def test_failed_expectation_stops_the_script_and_nothing_else(shell: StartShell, tmp_path: Path) -> None:
    """What was wanted and what came is told; the connection is there still."""
    (tmp_path / "some.smtp").write_text("C: EHLO x\nS: 250\nC: MAIL FROM:<a@example.org>\nS: 550\nC: RSET\nS: 250\n")
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("/run some.smtp\n")
    terminal.wait_for("# script fail: 1 expectation held")
    assert any(line.startswith("# fail: line 4: code: wanted 550") for line in terminal.history())
    terminal.wait_for_prompt()
    terminal.type("RSET\n")
    terminal.wait_for("S: 250 2.0.0")


def test_starttls_in_a_script(shell: StartShell, tmp_path: Path) -> None:
    """A script that says STARTTLS gets its handshake."""
    (tmp_path / "some.smtp").write_text("C: EHLO x\nS: 250\nC: STARTTLS\nS: 220\nC: EHLO x\nS: 250\n")
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("/run some.smtp\n")
    terminal.wait_for(": 3 expectations held")
    terminal.wait_for("TLS 1.3 verified")
    terminal.wait_for_prompt()
    terminal.type("NOOP\n")
    terminal.wait_for("S: 250 2.0.0")


def test_a_play_can_be_stopped(shell: StartShell, raw_server: StartServer, tmp_path: Path) -> None:
    """Ctrl-C ends a script that waits; what the server says afterwards is shown."""
    now = threading.Event()
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"NOOP"), Await(now), Send(b"250 late\r\n"), ExpectEnd()])
    (tmp_path / "some.smtp").write_text("C: NOOP\nS: 250\n")
    terminal = shell(f"target=parse_target('{server.address}')")
    terminal.wait_for("S: 220 ")
    terminal.type("/run some.smtp\n")
    terminal.wait_for("C: NOOP")
    terminal.key("c-c")
    terminal.wait_for("# stopped; what was sent stays sent")
    now.set()
    terminal.wait_for("S: 250 late")
    terminal.type("/close\n")


def test_saved_session_is_a_script(shell: StartShell, tmp_path: Path) -> None:
    """/save writes all of it, also what was said before; the file reads without a problem and is ours alone."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("EHLO x\nAUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==\nMAIL FROM:<a@example.org>\n")
    terminal.wait_for("S: 250 2.1.0")
    terminal.type("/save one.smtp\n")
    terminal.wait_for("# saved")
    terminal.type("/record two.smtp\nRSET\n")
    terminal.wait_for("S: 250 2.0.0")
    terminal.type("/save one.smtp\n")
    terminal.wait_for("# error: one.smtp exists already")
    one, two = (tmp_path / name for name in ("one.smtp", "two.smtp"))
    assert one.stat().st_mode & 0o777 == 0o600
    script = parse(one.read_bytes())
    assert not script.problems
    assert b"C~ AUTH PLAIN {auth.plain}\n" in one.read_bytes()
    assert b"bm90LWEtc2VjcmV0" not in one.read_bytes() + two.read_bytes()
    assert two.read_bytes().startswith(one.read_bytes())
    assert two.read_bytes().endswith(b"C: RSET\nS: 250 2.0.0 Ok: the transaction is dropped\n")
