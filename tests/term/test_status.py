"""Two windows of truth: /status says all that is known, /hex and /timing show what went over the wire and when."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

from smtp_repl.term.commands import read_command
from smtp_repl.term.pipelining import keep_back
from tests.servers.raw import Await, Expect, ExpectEnd, RawServer, Send
from tests.term.screen import Terminal
from tests.term.sitting import FACTS, Sitting

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]


def status(sitting: Sitting) -> list[str]:
    before = len(sitting.shown)
    sitting.run(read_command("/status").start(sitting.desk))
    return [re.sub(r"\d\d:\d\d:\d\d", "_", line) for line in sitting.shown[before:]]


def test_without_a_connection() -> None:
    sitting = Sitting()
    assert status(sitting) == ["# server     not connected"]
    sitting.open().desk.dropped()
    assert status(sitting)[0] == "# server     not connected (last: mail.example.com:25)"


def test_everything(tmp_path: Path) -> None:
    """Both ends, what is offered with its values, who one is, the envelope, what is awaited, and the traffic."""
    sitting = Sitting(b"235 ok\r\n", b"250 ok\r\n", b"250 ok\r\n").greeted("SIZE 1000", "AUTH PLAIN")
    sitting.desk.scribe.record(tmp_path / "a.smtp")
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    sitting.desk.wrote(b"NOOP\r\n")
    sitting.desk.heard(b"250-hold")
    keep_back(sitting.desk, ["NOOP", "RSET"])
    assert status(sitting) == [
        "# server     192.0.2.1 port 25 (mail.example.com)",
        "# client     192.0.2.9 port 40000",
        "# since      _, 5 steps (/steps)",
        "# TLS        none: PLAINTEXT",
        "# phase      rcpt",
        "# offered    SIZE 1000, AUTH PLAIN",
        "# AUTH       bob by PLAIN",
        "# from       <a@example.org>",
        "# to         <b@example.com>",
        "# awaited    a reply to NOOP",
        "# unfinished 8 octets of a reply: 250-hold",
        "# kept back  2 lines (/pipeline send)",
        "# due here   EHLO HELO RCPT DATA RSET NOOP HELP VRFY EXPN QUIT",
        "# said       5 lines, 116 octets",
        "# heard      7 lines, 105 octets",
        f"# recording  {tmp_path / 'a.smtp'}",
        "# last reply after 0.0 ms",
    ]


def test_before_and_after_tls() -> None:
    """Side by side, keyword by keyword, and what differs is marked."""
    sitting = Sitting(b"220 go\r\n", b"250-hi\r\n250-SIZE 2000\r\n250 AUTH PLAIN\r\n")
    sitting.greeted("PIPELINING", "SIZE 1000", "STARTTLS")
    sitting.say(b"STARTTLS\r\n")
    assert "# offered    before TLS  now (not asked: say EHLO)" in status(sitting)
    sitting.say(b"EHLO x\r\n")
    shown = status(sitting)
    begin = shown.index("# offered    before TLS  now")
    assert shown[begin + 1 : begin + 5] == [
        "#          - PIPELINING",
        "#          ~ SIZE 1000   SIZE 2000",
        "#          - STARTTLS",
        "#          +             AUTH PLAIN",
    ]
    assert f"# TLS        {FACTS.version} {FACTS.cipher}, certificate verified (mail.example.com)" in shown
    assert "#            trusted  system" in shown


def test_before_and_after_tls_on_a_narrow_terminal() -> None:
    """Where there is no room for two columns, what is as it was stands there once."""
    sitting = Sitting(b"220 go\r\n", b"250-hi\r\n250-PIPELINING\r\n250-SIZE 2000\r\n250 AUTH PLAIN\r\n")
    sitting.greeted("PIPELINING", "SIZE 1000", "STARTTLS")
    sitting.say(b"STARTTLS\r\n")
    sitting.say(b"EHLO x\r\n")
    sitting.desk.columns = lambda: 30
    shown = status(sitting)
    begin = shown.index("# offered    - before TLS, + now")
    assert shown[begin + 1 : begin + 6] == [
        "#            PIPELINING",
        "#          - SIZE 1000",
        "#          + SIZE 2000",
        "#          - STARTTLS",
        "#          + AUTH PLAIN",
    ]


def test_foreign_text_is_printable() -> None:
    sitting = Sitting().greeted("X\x1b[2J \x1b[2J")
    sitting.desk.wrote(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    sitting.desk.heard(b"535-hunter22 \x1b[2J")
    text = "\n".join(status(sitting))
    assert "\x1b" not in text
    assert "hunter22" not in text
    assert "# unfinished 17 octets of a reply: 535-•••• " in text


def test_on_the_screen(shell: StartShell, raw_server: StartServer) -> None:
    """Octets of both sides, a reply that is slow to end, and the time to its first octet and to its last."""
    rest = threading.Event()
    slow = Expect(b"NOOP"), Send(b"250-sl"), Await(rest), Send(b"ow\r\n250 done\r\n")
    server = raw_server([Send(b"220 hi\r\n"), *slow, ExpectEnd()])
    terminal = shell(f"target=parse_target('{server.address}'), settings=Settings(reply_seconds=0.3)")
    terminal.wait_for("S: 220 hi")
    terminal.wait_for_prompt()
    terminal.type("/hex on\n/timing on\n")
    terminal.wait_for("# times are shown")
    terminal.wait_for_prompt()
    terminal.type("NOOP\n")
    terminal.wait_for("# no reply to NOOP for 0.3 s; still waiting; so far came 6 octets of a reply: 250-sl")
    terminal.wait_for_prompt()
    terminal.type("/status\n")
    terminal.wait_for("# unfinished 6 octets of a reply: 250-sl")
    rest.set()
    terminal.wait_for("the first octet after")
    terminal.wait_for_prompt()
    lines = terminal.history()
    assert "# C  0000  4e 4f 4f 50 0d 0a                                NOOP␍␊" in lines
    begin = lines.index("# to NOOP:")
    assert [re.sub(r"\d+\.\d ms", "_", line) for line in lines[begin : lines.index("C:", begin)]] == [
        "# to NOOP:",
        "S: 250-slow",
        "S: 250 done",
        "# S  0000  32 35 30 2d 73 6c 6f 77 0d 0a 32 35 30 20 64 6f  250-slow␍␊250 do",
        "# S  0010  6e 65 0d 0a                                      ne␍␊",
        "# _, the first octet after _",
    ]
    terminal.type("/close\n")
