"""`answer` at a terminal: real clients on one side, keys on the other."""

import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.term.answering.conftest import Server

Start = Callable[..., Server]


def send_mail(port: int) -> object:
    with smtplib.SMTP("127.0.0.1", port, "client.example.org", timeout=10) as client:
        return client.sendmail("a@example.org", ["b@example.com", "c@example.com"], "Subject: x\r\n\r\nHello.\r\n")


def receive_mail(server: Server) -> None:
    """Accept what `send_mail` sends, but for its second recipient."""
    server.take_when("220 mail.example.com ESMTP", "C: ehlo client.example.org")
    server.take_when("250-mail.example.com", "C: mail FROM:<a@example.org>")
    server.take_when("250 2.1.0 Ok", "C: rcpt TO:<b@example.com>")
    server.take_when("250 2.1.5 Ok", "C: rcpt TO:<c@example.com>")
    server.answer("550 5.1.1 No such user", "C: data")
    server.take_when("354", "# the message ends here")
    server.take_when("250 2.0.0 Ok: queued", "C: QUIT")
    server.take_when("221 2.0.0 Bye", "# waiting for the next client")


def test_a_mail_received_by_hand(answer: Start, tmp_path: Path) -> None:
    """smtplib delivers a mail to a person; the recording runs as mock and against it, and against a person's like."""
    server = answer("--record", "rec.smtp")
    server.client(send_mail)
    receive_mail(server)
    server.join()
    assert server.results == [{"c@example.com": (550, b"5.1.1 No such user")}]
    assert server.leave() == 0
    lines = server.terminal.history()
    assert lines[lines.index("C: data") + 1 :][:5] == [
        *("S: 354 End data with <CR><LF>.<CR><LF>", "C: Subject: x", "C:", "C: Hello.", "C: ."),
    ]
    screen = tmp_path / "screen.smtp"
    screen.write_text(server.terminal.text() + "\n")
    for script in (tmp_path / "rec.smtp", screen):
        play_against_itself(script)


def play_against_itself(script: Path) -> None:
    """`mock` and `run` play the same script with each other."""
    program = [sys.executable, "-m", "smtp_repl"]
    with subprocess.Popen([*program, "mock", str(script)], stdout=subprocess.PIPE, text=True) as mock:
        assert mock.stdout is not None
        address = mock.stdout.readline().removeprefix("listening on ").strip()
        ran = subprocess.run(
            [*program, "run", str(script), "--server", address], capture_output=True, text=True, timeout=30, check=False
        )
        rest = mock.stdout.read()
    assert (ran.returncode, mock.returncode) == (0, 0), ran.stdout + ran.stderr + rest + script.read_text()


def test_our_own_client(answer: Start) -> None:
    """`run @first-mail` delivers to a person who takes what is proposed."""
    server = answer()
    argv = [sys.executable, "-m", "smtp_repl", "run", "@first-mail", "--server", f"127.0.0.1:{server.port}"]
    server.client(lambda port: subprocess.run(argv, capture_output=True, timeout=30, check=False).returncode)
    server.take_when("220 ", "C: EHLO")
    server.take_when("250-", "C: MAIL")
    server.take_when("250 2.1.0", "C: RCPT")
    server.take_when("250 2.1.5", "C: DATA")
    server.take_when("354 ", "# the message ends here")
    server.take_when("250 2.0.0", "C: QUIT")
    server.take_when("221 ", "# waiting for the next client")
    server.join()
    assert server.results == [0]


def log_in_over_tls(port: int) -> object:
    context = ssl._create_unverified_context()  # the certificate was made on the spot
    with smtplib.SMTP("127.0.0.1", port, "client.example.org", timeout=10) as client:
        client.starttls(context=context)
        client.ehlo()
        client.user, client.password = "alice", "hunter22"  # type: ignore[attr-defined] # what login() sets
        return client.auth("LOGIN", client.auth_login, initial_response_ok=False)


def test_starttls_and_login(answer: Start, tmp_path: Path) -> None:
    """A handshake behind the person's 220, then AUTH LOGIN, decoded; the password shows nowhere."""
    server = answer("--record", "rec.smtp")
    server.client(log_in_over_tls)
    server.take_when("220 ", "C: ehlo")
    server.take_when("250-", "C: STARTTLS")
    server.take_when("220 2.0.0", "# TLS 1.3")
    server.terminal.wait_for(lambda terminal: terminal.text().count("C: ehlo") == 2)
    server.take_when("250-", "C: AUTH LOGIN")
    server.take_when("334 VXNlcm5hbWU6", '# the client\'s user name: "alice"')
    server.take_when("334 UGFzc3dvcmQ6", "# the client's password: ••••")
    server.take_when("235 ", "C: QUIT")
    server.take_when("221 ", "# waiting for the next client")
    server.join()
    assert server.results == [(235, b"2.7.0 Authentication successful")]
    assert server.leave() == 0
    everything = server.terminal.text() + (tmp_path / "rec.smtp").read_text()
    assert "hunter22" not in everything
    assert "aHVudGVyMjI" not in everything
    assert "S: 250-STARTTLS" not in server.terminal.text().partition("# TLS 1.3")[2]


def test_plaintext_behind_starttls_is_refused(answer: Start) -> None:
    """Octets injected between STARTTLS and the handshake: shown, and the connection closed."""
    server = answer()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        server.take_when("220 ", "S: 220 ")
        client.sendall(b"EHLO x\r\n")
        server.terminal.wait_for("C: EHLO x")
        server.take_when("250-", "S: 250 STARTTLS")
        client.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.net>\r\n")
        server.terminal.wait_for("# 2 await an answer")
        server.take_when("220 2.0.0", "# error: no handshake: the client said 30 octets behind STARTTLS: MAIL")
        server.terminal.wait_for("# we closed the connection")


def test_commands_come_while_one_types(answer: Start) -> None:
    """What the client says appears above the half-typed reply, which stays."""
    server = answer()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        server.take_when("220 ", "S: 220 ")
        server.terminal.type("250 half")
        server.terminal.wait_for("S: 250 half")
        client.sendall(b"HELO x\r\n")
        server.terminal.wait_for("C: HELO x")
        server.terminal.wait_for(lambda terminal: terminal.line() == "S: 250 half")
        server.terminal.type(" typed\n")
        server.terminal.wait_for("S: 250 half typed")
        received = b""
        while not received.endswith(b"250 half typed\r\n"):
            received += client.recv(1000)


def test_a_reply_of_several_lines(answer: Start) -> None:
    """`250-` goes on; nothing goes out before the last line, then all in one write, and as it was typed."""
    server = answer()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        server.take_when("220 ", "S: 220 ")
        assert client.recv(1000) == b"220 mail.example.com ESMTP\r\n"
        client.sendall(b"EHLO x\r\n")
        server.terminal.wait_for("C: EHLO x")
        server.terminal.type("250-me\n250-size 10  \n")
        server.terminal.wait_for(lambda terminal: terminal.line() == "S:")
        server.terminal.key("enter")
        server.terminal.wait_for("# not sent: the last line of a reply has a blank behind its code")
        server.terminal.type("250 x\n")
        server.terminal.wait_for("S: 250 x")
        assert client.recv(1000) == b"250-me\r\n250-size 10  \r\n250 x\r\n"
        assert 'S"250-size 10  \\r\\n"' in server.terminal.history()


def test_tab_goes_on_to_the_others(answer: Start) -> None:
    """Tab again takes the next proposal, and Enter in the menu sends nothing."""
    server = answer()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10):
        server.terminal.wait_for("S: 220 ")
        server.terminal.key("tab", "tab")
        server.terminal.wait_for(lambda terminal: terminal.line().startswith("S: 554 "))
        server.terminal.key("enter")
        server.terminal.wait_for(lambda terminal: "521 " not in terminal.text())
        assert server.terminal.line() == "S: 554 5.3.2 mail.example.com takes no mail now"
        assert "answer greeting" in server.terminal.text()


def test_keys_and_their_commands(answer: Start) -> None:
    """F4 and /encode make base64 of a challenge, F3 and /ascii ASCII of what an input method left; nothing is sent."""
    server = answer()
    terminal = server.terminal
    with socket.create_connection(("127.0.0.1", server.port), timeout=10):
        terminal.wait_for("S: 220 ")
        terminal.type("334 Username:")
        terminal.key("f4")
        terminal.wait_for("S: 334 VXNlcm5hbWU6")
        terminal.key("f4")
        terminal.wait_for("S: 334 Username:")
        terminal.key("c-c")
        terminal.type("250 \uff2f\uff4b")
        terminal.wait_for("\uff2f\uff4b")
        terminal.key("f3")
        terminal.wait_for("S: 250 Ok")
        terminal.key("f4")
        terminal.wait_for("# F4 encodes what stands behind 334")
        terminal.key("c-c")
        terminal.type("/encode Password:\n")
        terminal.wait_for("S: 334 UGFzc3dvcmQ6")
        terminal.key("c-c")
        terminal.type("/ascii \uff12\uff12\uff10 hi\n")
        terminal.wait_for("S: 220 hi")
        terminal.key("enter")
        terminal.wait_for_prompt("S: ")
    assert next(line for line in terminal.history() if line.startswith("S: ")) == "S: 220 hi"


def test_a_clients_line_is_not_sent_by_mistake(answer: Start) -> None:
    """EHLO typed by whoever plays the server asks first; Ctrl-C keeps the connection."""
    server = answer()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        server.terminal.wait_for("S: 220 ")
        server.answer("EHLO x", "looks like a client's; type yes to send it")
        server.answer("no", "# not sent")
        server.terminal.type("55")
        server.terminal.key("c-c", "c-c")
        server.terminal.wait_for("# the connection stays")
        server.answer("hello", "this is no SMTP reply line")
        assert client.recv(1000) == b"hello\r\n"


def test_others_wait(answer: Start) -> None:
    """One client at a time; the next one is served when the first has left, and one that gave up is not."""
    server = answer()
    first, second, third = (socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(3))
    with first, second, third:
        server.terminal.wait_for("(2 wait)")
        server.terminal.wait_for("2 more wait")
        second.close()
        server.answer("220 one", "S: 220 one")
        assert first.recv(1000) == b"220 one\r\n"
        first.close()
        server.terminal.wait_for("# the client closed the connection without QUIT")
        server.terminal.wait_for("# a client that waited has left")
        server.answer("220 three", "S: 220 three")
        assert third.recv(1000) == b"220 three\r\n"


def test_leaving_says_421(answer: Start) -> None:
    """Ctrl-D on an empty line: 421, closed, over; inside a mail it asks."""
    server = answer()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        for line, reply in ((b"", "220 x"), (b"HELO x", "250 x"), (b"MAIL FROM:<a@example.org>", "250 y")):
            if line:
                client.sendall(line + b"\r\n")
                server.terminal.wait_for(line.decode())
            server.answer(reply, f"S: {reply}")
        server.terminal.key("c-d")
        server.terminal.wait_for("# the client is in the middle of a mail")
        server.answer("no", "say 421 and leave: no")
        server.terminal.key("c-d")
        server.terminal.wait_for(lambda terminal: terminal.line().endswith("leave:"))
        server.terminal.type("yes\n")
        assert server.terminal.close() == 0
        received = b""
        while octets := client.recv(1000):
            received += octets
        assert received.endswith(b"421 4.3.2 mail.example.com closes\r\n")
    assert "# session over: 2 commands heard" in server.terminal.text()


def test_tls_from_the_start(answer: Start, tmp_path: Path) -> None:
    """--tls with --ca-file: our own client trusts it, and is told how to come."""
    server = answer("--tls", "--ca-file", "ca.pem")
    assert f"# in another terminal: smtp-repl smtps://127.0.0.1:{server.port} --ca ca.pem" in server.terminal.text()
    argv = [sys.executable, "-m", "smtp_repl", f"smtps://127.0.0.1:{server.port}", "--ca", str(tmp_path / "ca.pem")]
    done = subprocess.Popen([*argv, "-c", "QUIT"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with done:
        server.terminal.wait_for("# TLS 1.3")
        server.take_when("220 ", "C: QUIT")
        server.take_when("221 ", "# waiting for the next client")
        assert done.stdout is not None
        assert "S: 221 2.0.0 Bye" in done.stdout.read()
    assert done.returncode == 0
