"""The screen of the shell is a script: read off the terminal into a file, it runs."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tests.servers.certificates import Certificates
from tests.servers.raw import Await, Close, Expect, Move, RawServer, Send, StartTls
from tests.term.screen import Terminal

SESSION: list[Move] = [
    Send(b"220 mail.example.com ESMTP\r\n"),
    *(Expect(b"EHLO"), Send(b"250-mail.example.com\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")),
    *(Expect(b"STARTTLS"), Send(b"220 2.0.0 go ahead\r\n"), StartTls()),
    *(Expect(b"EHLO"), Send(b"250-mail.example.com\r\n250-AUTH PLAIN LOGIN\r\n250 SMTPUTF8\r\n")),
    *(Expect(b"AUTH LOGIN"), Send(b"334 VXNlcm5hbWU6\r\n")),
    *(Expect(b"Ym9i\r\n"), Send(b"334 UGFzc3dvcmQ6\r\n")),
    *(Expect(b"aHVudGVyMjI=\r\n"), Send(b"235 2.7.0 welcome\r\n")),
    *(Expect(b"MAIL FROM:<bob@example.org> SMTPUTF8"), Send(b"250 2.1.0 Ok\r\n")),
    *(Expect(b"RCPT TO:<alice@example.com>"), Send(b"250 2.1.5 Ok\r\n")),
    *(Expect(b"DATA"), Send(b"354 end with a dot\r\n")),
    *(Expect(b"Subject: caf\xc3\xa9\r\n"), Expect(b"\r\n"), Expect(b"..hidden\r\n"), Expect(b"/quit\r\n")),
    *(Expect(b'C: "quoted" {braces}'), Expect(b".\r\n"), Send(b"250 2.0.0 queued\r\n")),
]


def test_screen_runs(
    shell: Callable[..., Terminal],
    raw_server: Callable[..., RawServer],
    certificates: Certificates,
    tmp_path: Path,
) -> None:
    """EHLO, STARTTLS, AUTH with /b64 and /pass, a message, /status, an unsolicited 421: from the screen to `run`."""
    now = threading.Event()
    goodbye = [Send(b"421 4.3.2 shutting down\r\n"), Close()]
    server = raw_server([*SESSION, Await(now), *goodbye], [*SESSION, *goodbye])
    authority = certificates.ca_pem
    options = f"__import__('smtp_repl.net.tls', fromlist=['x']).TlsOptions(ca_file={str(authority)!r})"
    terminal = shell(f"target=parse_target('{server.address}'), tls={options}")
    for line, awaited in (
        ("", "S: 220 mail"),
        ("EHLO relay.example.org", "S: 250 STARTTLS"),
        ("STARTTLS", "# TLS 1.3"),
        ("EHLO relay.example.org", "S: 250 SMTPUTF8"),
        ("AUTH LOGIN", '# the server asks: "Username:"'),
        ("/b64 bob", '# the server asks: "Password:"'),
    ):
        terminal.type(line + "\n" if line else "")
        terminal.wait_for(awaited)
        terminal.wait_for_prompt()
    terminal.type("/pass\n")
    terminal.wait_for("# password: ")
    terminal.type("hunter22\n")
    terminal.wait_for("S: 235 ")
    terminal.wait_for_prompt()
    terminal.type("MAIL FROM:<bob@example.org> SMTPUTF8\n")
    terminal.wait_for("S: 250 2.1.0")
    terminal.type("RCPT TO:<alice@example.com>\n")
    terminal.wait_for("S: 250 2.1.5")
    terminal.type("DATA\n")
    terminal.wait_for("S: 354 ")
    terminal.type('Subject: caf\u00e9\n\n.hidden\n/quit\nC: "quoted" {braces}\n.\n')
    terminal.wait_for("S: 250 2.0.0 queued")
    terminal.type("/status\n")
    terminal.wait_for("# last reply")
    now.set()
    terminal.wait_for("# the server closed the connection")
    terminal.wait_for(lambda terminal: terminal.line() == "# not connected:")
    terminal.key("c-d")
    assert terminal.close() == 0
    screen = tmp_path / "screen.smtp"
    screen.write_text(terminal.text() + "\n")
    argv = [sys.executable, "-m", "smtp_repl", "run", str(screen), "--server", server.address]
    argv += ["--ca", str(authority), "--password-env", "PASSWORD"]
    ran = subprocess.run(
        argv, env={**os.environ, "PASSWORD": "hunter22"}, capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr + terminal.text()
