"""Pasting, editing, pipelining, leaving: what keys and signals do to a session."""

import contextlib
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtp_repl.net.practice import PracticeOptions, PracticeThread
from tests.servers.certificates import Certificates
from tests.servers.raw import Await, Expect, ExpectEnd, ExpectOctets, RawServer, Send
from tests.term.kept import kept_lines
from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]


def at(server: RawServer) -> str:
    return f"target=parse_target('{server.address}')"


def test_pasted_lines_go_one_at_a_time(shell: StartShell, raw_server: StartServer) -> None:
    """A paste is not sent by itself; Enter sends its lines, each after the reply to the one before."""
    first = threading.Event()
    server = raw_server(
        [
            Send(b"220 hi\r\n"),
            *(Expect(b"EHLO"), Await(first), Send(b"250 hi\r\n")),
            *(Expect(b"NOOP"), Send(b"250 ok\r\n"), ExpectEnd()),
        ]
    )
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.paste("EHLO x\nNOOP\n")
    terminal.wait_for(lambda terminal: terminal.line() == "C: NOOP")
    assert "S: 250" not in terminal.text()
    terminal.key("enter")
    terminal.wait_for("1 line waits for the reply to EHLO")
    first.set()
    terminal.wait_for("S: 250 ok")
    terminal.type("/close\n")


def test_pasted_commands_wait_for_their_replies(shell: StartShell, raw_server: StartServer) -> None:
    """Also those that could go in one group: whoever wants that presses Alt-Enter."""
    moves = [(b"MAIL FROM:<a@example.org>", b"250 one\r\n"), (b"RCPT TO:<b@example.com>", b"250 two\r\n")]
    server = raw_server(
        [Send(b"220 hi\r\n"), *(move for line, reply in moves for move in (Expect(line), Send(reply))), ExpectEnd()]
    )
    terminal = shell(f"{at(server)}, settings=Settings(explain=False)")
    terminal.wait_for("S: 220 hi")
    terminal.paste("\n".join(line.decode() for line, _ in moves))
    terminal.key("enter")
    terminal.wait_for("S: 250 two")
    terminal.wait_for_prompt()
    lines = terminal.history()
    assert lines[lines.index("S: 220 hi") + 1 : lines.index("C:")] == [
        *("C: MAIL FROM:<a@example.org>", "S: 250 one"),
        *("C: RCPT TO:<b@example.com>", "S: 250 two"),
    ]
    terminal.type("/close\n")
    server.join()


def test_alt_enter_pipelines(shell: StartShell, raw_server: StartServer) -> None:
    """Alt-Enter sends all lines in one write."""
    group = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n"
    server = raw_server([Send(b"220 hi\r\n"), ExpectOctets(len(group)), Send(b"250 one\r\n250 two\r\n"), ExpectEnd()])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.paste(group.decode().replace("\r\n", "\n"))
    terminal.key("alt-enter")
    terminal.wait_for("S: 250 two")
    lines = terminal.history()
    assert "@wait 0" not in lines
    assert lines[lines.index("C: MAIL FROM:<a@example.org>") + 1] == "C: RCPT TO:<b@example.com>"
    terminal.type("/close\n")
    server.join()


def test_pipelined_auth_stays_out_of_the_history(shell: StartShell, raw_server: StartServer, history: Path) -> None:
    """What follows AUTH in one write is a step of it."""
    group = b"NOOP\r\nAUTH LOGIN\r\nYm9i\r\naHVudGVyMjI=\r\n"
    server = raw_server([Send(b"220 hi\r\n"), ExpectOctets(len(group)), Send(b"250 a\r\n"), ExpectEnd()])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.paste(group.decode().replace("\r\n", "\n"))
    terminal.key("alt-enter")
    terminal.wait_for("S: 250 a")
    assert "aHVudGVyMjI" not in terminal.text().partition("@wait")[2]
    terminal.type("/close\n")
    terminal.wait_for("# we closed")
    assert kept_lines(history) == ["NOOP"]


def test_pasted_conversation_is_offered_as_a_script(shell: StartShell) -> None:
    """Text with C: and S: marks is never sent as it is."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.paste("S: 220 x\nC: EHLO x\nS: 250 x\nC: NOOP\nS: 250 x\n")
    terminal.wait_for("type yes to play it")
    terminal.type("yes\n")
    terminal.wait_for(": 2 expectations held")
    terminal.paste("C: RSET\n")
    terminal.wait_for_prompt("# this is a script, with its C: and S: marks; type yes to play it: ")
    terminal.key("c-c")
    terminal.wait_for("# not played and not sent")


def test_a_servers_line_is_asked_about(shell: StartShell, raw_server: StartServer) -> None:
    """A line that looks like a reply, or begins with a full-width slash, is not sent without a yes."""
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"250 ok"), Send(b"500 what\r\n"), ExpectEnd()])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.type("\uff0fhelp\n")
    terminal.wait_for("begins with a full-width slash; type yes")
    terminal.type("no\n")
    terminal.wait_for("# not sent")
    terminal.type("250 ok\n")
    terminal.wait_for("looks like a server's; type yes")
    terminal.type("yes\n")
    terminal.wait_for("S: 500 what")
    terminal.type("/close\n")
    server.join()


def test_editor(shell: StartShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-X Ctrl-E opens the message in an editor; it is sent with a lone dot as ever."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "Subject: edited\\n\\nhello\\n" > "$1"\n')
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("EHLO x\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\n")
    terminal.wait_for("S: 354 ")
    terminal.type("x")
    terminal.key("c-x", "c-e")
    terminal.wait_for("C: Subject: edited")
    terminal.wait_for("C: hello")
    terminal.type("\n.\n")
    terminal.wait_for("kept as message 1")
    assert "C: hello" in terminal.history()


def test_message_survives_a_closed_connection(shell: StartShell, raw_server: StartServer) -> None:
    """A message that was being written when the connection went is not lost, and never sent as commands."""
    now = threading.Event()
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"DATA"), Send(b"354 go\r\n"), Await(now), Send(b"421 bye\r\n")])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.type("DATA\n")
    terminal.wait_for("S: 354 go")
    terminal.type("Subject: x\n\nlong work")
    terminal.wait_for("C: long work")
    now.set()
    terminal.wait_for("# the message that you were writing was not sent")
    terminal.wait_for(lambda terminal: terminal.line() == "# not connected:")
    terminal.key("c-y")
    terminal.wait_for("long work")


def test_a_file_instead_of_the_message(shell: StartShell, tmp_path: Path) -> None:
    """When /send sent another message, the one at the prompt must not go out as commands."""
    (tmp_path / "some.eml").write_text("Subject: file\n\nhi\n")
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("EHLO x\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\n")
    terminal.wait_for("S: 354 ")
    terminal.type("RSET\nQUIT")
    terminal.key("c-]")
    terminal.wait_for("# command: /")
    terminal.type("send some.eml\n")
    terminal.wait_for("kept as message 1")
    terminal.wait_for("# the message that you were writing was not sent")
    terminal.wait_for_prompt()
    assert "C: QUIT" not in terminal.history()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["TERM", "HUP"])
def test_signals_leave_the_terminal_in_order(shell: StartShell, number: int, status: int) -> None:
    """A session that is ended from outside takes its prompt away and restores the terminal."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    os.kill(terminal._process.pid, number)
    assert terminal.close() == status
    assert terminal.output.rstrip().endswith(b"\x1b[?2004l") or b"\x1b[?2004l" in terminal.output[-200:]


def test_a_line_shows_at_once(shell: StartShell, raw_server: StartServer) -> None:
    """What the server says is on the screen in the blink of an eye, each of several lines."""
    events = [threading.Event() for _ in range(5)]
    moves = [move for number, event in enumerate(events) for move in (Await(event), Send(b"250 line %d\r\n" % number))]
    server = raw_server([Send(b"220 hi\r\n"), *moves, ExpectEnd()])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.wait_for_prompt()
    terminal.type("half a li")
    terminal.wait_for("half a li")
    times = []
    for number, event in enumerate(events):
        start = time.perf_counter()
        event.set()
        terminal.wait_for(f"S: 250 line {number}")
        times.append(time.perf_counter() - start)
        assert terminal.line() in ("C: half a li", "")
    terminal.wait_for(lambda terminal: terminal.line() == "C: half a li")
    # The best of five: this machine may be busy with something else.
    assert min(times) < 0.1
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.type("/close\n")


@pytest.fixture
def stranger() -> Iterator[PracticeThread]:
    """A server whose certificate nobody vouches for."""
    with PracticeThread(PracticeOptions()) as server:
        yield server


def test_refused_certificate_can_be_trusted(shell: StartShell, stranger: PracticeThread) -> None:
    """After a refused certificate /tls trust pins it, connects again and goes back to where STARTTLS was."""
    terminal = shell(f"target=parse_target('{stranger.host}:{stranger.port}')")
    terminal.wait_for("S: 220 ")
    terminal.type("/starttls\n")
    terminal.wait_for("# error: the certificate of")
    terminal.wait_for("/tls trust")
    terminal.wait_for(lambda terminal: terminal.line() == "# not connected:")
    terminal.type("/tls trust\n")
    terminal.wait_for("TLS 1.3 pinned")
    terminal.wait_for_prompt()
    lines = terminal.history()
    assert lines.count("C: STARTTLS") == 2
    terminal.type("/tls\n")
    terminal.wait_for("SHA-256  ")


def test_refused_certificate_of_implicit_tls(shell: StartShell, certificates: Certificates) -> None:
    """Where TLS comes before the greeting, /tls trust works just as well."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            context = certificates.server_context()
            with contextlib.suppress(ssl.SSLError), listener.accept()[0] as first:
                context.wrap_socket(first, server_side=True).close()
            with context.wrap_socket(listener.accept()[0], server_side=True) as second:
                second.sendall(b"220 hi\r\n")
                second.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        terminal = shell(f"target=parse_target('smtps://127.0.0.1:{port}')")
        terminal.wait_for("/tls trust")
        terminal.wait_for(lambda terminal: terminal.line() == "# not connected:")
        terminal.type("/tls trust\n")
        terminal.wait_for("S: 220 hi")
        terminal.wait_for("TLS 1.3 pinned")
        terminal.type("/close\n")
        terminal.wait_for("# we closed")
        thread.join()


def test_a_slow_reply_is_remarked_on(shell: StartShell, raw_server: StartServer) -> None:
    """The time for a reply is a remark and no end: it may come yet, and then says to what."""
    now = threading.Event()
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"MAIL"), Await(now), Send(b"250 ok\r\n"), ExpectEnd()])
    terminal = shell(f"{at(server)}, settings=Settings(reply_seconds=0.2)")
    terminal.wait_for("S: 220 hi")
    terminal.type("MAIL FROM:<a@example.org>\n")
    terminal.wait_for("# no reply to MAIL for 0.2 s; still waiting")
    now.set()
    terminal.wait_for("# to MAIL FROM:<a@example.org>:")
    terminal.wait_for("S: 250 ok")
    terminal.type("/close\n")


def test_walk(shell: StartShell) -> None:
    """--ehlo --starttls --auth lead to a point, each step shown; then the person goes on."""
    terminal = shell(
        "local=True, greets=True, settings=Settings(ehlo='client.example.org'), starttls=True, auth_user='tutor'"
    )
    terminal.wait_for("# password (tutor's is not-a-secret): ")
    terminal.type("not-a-secret\n")
    terminal.wait_for("S: 235 ")
    terminal.wait_for_prompt()
    lines = terminal.history()
    assert lines.count("C: EHLO client.example.org") == 2
    assert "C: STARTTLS" in lines
    assert "C: AUTH CRAM-MD5" in lines


def test_lines_wrap_as_remarks(shell: StartShell) -> None:
    """On a narrow terminal each row of our talk is a remark of its own."""
    terminal = shell("local=True", cols=50)
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    terminal.type("/help\n")
    terminal.wait_for("# //x sends /x")
    terminal.wait_for_prompt()
    rows = terminal.history()
    begin = rows.index("# /help")
    talk = rows[begin : rows.index("C:")]
    assert all(row.startswith("#") for row in talk)
