"""The shell as a person meets it: keys in, a screen out, a real server behind."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.raw import Await, Close, Expect, ExpectEnd, RawServer, Send
from tests.term.kept import kept_lines
from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]


def at(server: RawServer) -> str:
    return f"target=parse_target('{server.address}')"


@pytest.fixture
def practice(shell: StartShell) -> Terminal:
    """A shell on the practice server, greeted."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    return terminal


def test_first_lines_say_what_to_type(practice: Terminal) -> None:
    """A newcomer on the practice server is told what to type first."""
    assert "# type EHLO client.example.org and press Enter" in practice.text()
    practice.wait_for(lambda terminal: terminal.screen()[-1].startswith(" practice"))


def test_typed_lines_go_as_they_stand(shell: StartShell, raw_server: StartServer) -> None:
    """Neither trimmed nor upcased nor expanded; a double slash is a slash."""
    server = raw_server(
        [Send(b"220 hi\r\n"), Expect(), Send(b"500 no\r\n"), Expect(), Send(b"500 no!\r\n"), ExpectEnd()]
    )
    terminal = shell(at(server))
    terminal.enter("", "S: 220 hi")
    terminal.enter("  noop  \u00e9  ", "S: 500 no")
    terminal.enter("//x /y", "S: 500 no!")
    terminal.type("/close\n")
    server.join()
    assert server.received == ["  noop  \u00e9  \r\n".encode(), b"/x /y\r\n"]


def test_completes_what_this_server_offers(practice: Terminal) -> None:
    """After EHLO a letter opens the menu with the verbs that this server knows, due ones first."""
    practice.enter("EHLO x", "S: 250 ")
    practice.type("S")
    practice.wait_for("STARTTLS  ")
    practice.key("tab")
    practice.wait_for(lambda terminal: terminal.line() == "C: STARTTLS")
    practice.key("enter")
    practice.wait_for(lambda terminal: "STARTTLS  " not in terminal.text())
    assert practice.line() == "C: STARTTLS"
    assert "220 2.0.0" not in practice.text()


def test_parameters_offered_are_proposed(practice: Terminal) -> None:
    """After the path the parameters that this server offers."""
    practice.enter("EHLO x", "S: 250 ")
    practice.type("MAIL FROM:<a@example.org> S")
    practice.wait_for("SIZE=")


def test_auth_login_in_base64(practice: Terminal) -> None:
    """A 334 is decoded, /b64 and /pass encode; on the practice server both forms show."""
    practice.enter("EHLO x", "S: 250 ")
    practice.enter("AUTH LOGIN", '# the server asks: "Username:"')
    practice.enter("/b64 tutor", '# the server asks: "Password:"')
    practice.type("/pass\n")
    practice.wait_for("# password")
    practice.type("not-a-secret")
    practice.wait_for("************")
    practice.key("enter")
    practice.wait_for("S: 235 ")
    lines = practice.history()
    assert "C~ {auth.user}" in lines
    assert "C~ {auth.pass}" in lines
    assert "# dHV0b3I= is base64 of tutor (the user name)" in lines
    practice.wait_for("AUTH tutor")


def test_passwords_are_masked_elsewhere(shell: StartShell, raw_server: StartServer, history: Path) -> None:
    """On any other server no form of a password is on the screen, in the recording or in the history."""
    server = raw_server(
        [
            Send(b"220 hi\r\n"),
            *(Expect(b"EHLO"), Send(b"250-hi\r\n250 AUTH LOGIN PLAIN\r\n")),
            *(Expect(b"AUTH"), Send(b"334 VXNlcm5hbWU6\r\n")),
            *(Expect(b"Ym9i"), Send(b"334 UGFzc3dvcmQ6\r\n")),
            *(Expect(b"aHVudGVyMjI="), Send(b"535 5.7.8 hunter22 is wrong\r\n")),
            *(Expect(b"AUTH PLAIN"), Send(b"235 ok\r\n")),
            *(Expect(b"QUIT"), Send(b"221 bye\r\n"), Close()),
        ]
    )
    terminal = shell(f"{at(server)}, record=Path('rec.smtp')")
    terminal.enter("EHLO x", "S: 250 AUTH")
    terminal.enter("AUTH LOGIN", '"Username:"')
    terminal.enter("Ym9i", '"Password:"')
    terminal.type("/pass\n")
    terminal.wait_for("# password: ")
    terminal.type("hunter22\n")
    terminal.wait_for("535 ")
    terminal.wait_for_prompt()
    terminal.enter("AUTH PLAIN AGJvYgBodW50ZXIyMg==", "S: 235 ok")
    terminal.type("QUIT\n")
    terminal.wait_for("# not connected:")
    terminal.key("c-d")
    assert terminal.close() == 0
    server.join()
    recorded = history.parent.parent / "rec.smtp"
    for text in (terminal.text(), recorded.read_text(), history.read_text()):
        for form in ("hunter22", "aHVudGVyMjI", "AGJvYgBodW50ZXIyMg", "68756e746572"):
            assert form not in text
    assert kept_lines(history) == ["EHLO x", "QUIT"]
    assert "C~ AUTH PLAIN {auth.plain}" in recorded.read_text()


def test_server_line_above_the_half_typed_one(shell: StartShell, raw_server: StartServer) -> None:
    """What the server says while somebody types appears at once; the line that is being typed stays as it is."""
    now = threading.Event()
    server = raw_server([Send(b"220 hi\r\n"), Await(now), Send(b"421 4.3.2 closing\r\n"), Close()])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.wait_for_prompt()
    terminal.type("MAIL FROM:<half")
    terminal.wait_for(lambda terminal: terminal.line() == "C: MAIL FROM:<half")
    now.set()
    terminal.wait_for("# the server closed the connection")
    terminal.wait_for(lambda terminal: terminal.line() == "# not connected: MAIL FROM:<half")
    lines = terminal.history()
    assert lines[lines.index("S: 421 4.3.2 closing") - 1] == "# unsolicited"
    terminal.key("enter")
    terminal.wait_for("# not connected; nothing sent")


def test_message_with_a_leading_dot(practice: Terminal) -> None:
    """Dots are doubled on the wire, and that shows; a slash is text; a lone dot sends."""
    practice.enter("EHLO x", "S: 250 ")
    practice.enter("MAIL FROM:<a@example.org>", "S: 250 2.1.0")
    practice.enter("RCPT TO:<b@example.com>", "S: 250 2.1.5")
    practice.enter("DATA", "S: 354 ")
    practice.type("Subject: dots\n\n.hidden\n/quit is text\n.\n")
    practice.wait_for("kept as message 1")
    lines = practice.history()
    start = lines.index("C: Subject: dots")
    assert lines[start : start + 5] == ["C: Subject: dots", "C:", "C: ..hidden", "C: /quit is text", "C: ."]
    assert lines[start + 5].startswith("# 1 line began with a dot")
    practice.enter("/inbox 1", "# | .hidden")


def test_command_from_inside_a_message(practice: Terminal) -> None:
    """Ctrl-] is the way to a command; the message is there again afterwards."""
    practice.type("EHLO x\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\n")
    practice.wait_for("S: 354 ")
    practice.type("half a mess")
    practice.key("c-]")
    practice.wait_for("# command: /")
    practice.type("status\n")
    practice.wait_for("# phase      data")
    practice.wait_for(lambda terminal: terminal.line() == "C: half a mess")


def test_live_data(shell: StartShell, raw_server: StartServer) -> None:
    """With /data live each line goes when Enter is pressed, and no dot is doubled."""
    server = raw_server(
        [
            Send(b"220 hi\r\n"),
            *(Expect(b"DATA"), Send(b"354 go\r\n")),
            *(Expect(b"..two"), Expect(b".\r\n"), Send(b"250 done\r\n"), ExpectEnd()),
        ]
    )
    terminal = shell(at(server))
    terminal.enter("/data live", "each line goes")
    terminal.enter("DATA", "S: 354 go")
    terminal.enter("..two", "C: ..two")
    terminal.enter(".", "S: 250 done")
    terminal.type("/close\n")
    server.join()


def test_ctrl_c_keeps_the_connection(practice: Terminal) -> None:
    """Ctrl-C empties the line, offers a star at a 334, asks in a message; it never hangs up by itself."""
    practice.type("NOOP")
    practice.key("c-c")
    practice.wait_for_prompt()
    practice.key("c-c")
    practice.wait_for("# the connection stays; Ctrl-D or /quit ends it")
    practice.enter("EHLO x", "S: 250 ")
    practice.enter("AUTH LOGIN", "# the server asks")
    practice.key("c-c")
    practice.wait_for(lambda terminal: terminal.line() == "C: *")
    practice.key("enter")
    practice.wait_for("S: 501 ")
    practice.type("MAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\n")
    practice.wait_for("S: 354 ")
    practice.type("text\n")
    practice.key("c-c")
    practice.wait_for("# continue, send or drop")
    practice.type("d\n")
    practice.wait_for("# not connected:")


def test_ctrl_d_leaves_with_quit(practice: Terminal) -> None:
    """On an empty line QUIT is sent; a transaction that is open is asked about first."""
    practice.type("EHLO x\nMAIL FROM:<a@example.org>\n")
    practice.wait_for("S: 250 2.1.0")
    practice.key("c-d")
    practice.wait_for("type yes to leave")
    practice.type("no\n")
    practice.wait_for_prompt()
    practice.enter("RSET", "S: 250 2.0.0")
    practice.key("c-d")
    assert practice.close() == 0
    lines = practice.history()
    assert "C: QUIT" in lines
    assert "# session over: 4 commands, not kept" in lines
    assert lines[-1] == "# what is kept is a script: smtp-repl run FILE --local plays it again"


def test_unknown_command_is_not_sent(shell: StartShell, raw_server: StartServer) -> None:
    """A slip in a command is an error with a hint, and not one octet goes out."""
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"NOOP"), Send(b"250 ok\r\n"), ExpectEnd()])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.enter("/stauts", "# hint: did you mean /status?")
    terminal.enter("")
    terminal.enter("NOOP", "S: 250 ok")
    terminal.type("/close\n")
    server.join()
    assert server.received == [b"NOOP\r\n"]


def test_status(practice: Terminal) -> None:
    """/status tells server, encryption, phase, offers and envelope, as remarks."""
    practice.type("EHLO x\nMAIL FROM:<a@example.org>\n")
    practice.wait_for("S: 250 2.1.0")
    practice.enter("/status", "# due here   ")
    lines = practice.history()
    status = lines[lines.index("# /status") + 1 :]
    assert any(line.startswith("# server     127.0.0.1 port ") for line in status)
    assert "# TLS        none: PLAINTEXT" in status
    assert "# from       <a@example.org>" in status


def test_history_file(practice: Terminal, history: Path) -> None:
    """0600, lines as typed; nothing from AUTH to its final reply, no message text, no secret arguments."""
    practice.type("EHLO x\n")
    practice.wait_for("S: 250 ")
    practice.wait_for_prompt()
    practice.enter("AUTH LOGIN dHV0b3I=", '"Password:"')
    practice.enter("/b64 not-a-secret", "S: 235 ")
    practice.enter("/b64 something", "# c29tZXRoaW5n")
    practice.type("MAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\n")
    practice.wait_for("S: 354 ")
    practice.type("body text\n.\n")
    practice.wait_for("kept as message")
    practice.key("c-d")
    assert practice.close() == 0
    assert history.stat().st_mode & 0o777 == 0o600
    assert kept_lines(history) == ["EHLO x", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.com>", "DATA"]


def test_no_connection(shell: StartShell, raw_server: StartServer) -> None:
    """When the first connection does not come about, the shell ends as any program would, with status 3."""
    server = raw_server()
    server.stop()
    terminal = shell(at(server))
    assert terminal.close() == 3
    assert any(line.startswith("# error: no connection to") for line in terminal.history())


def test_lines_typed_ahead_wait(shell: StartShell, raw_server: StartServer) -> None:
    """What follows EHLO or DATA waits for the reply that decides what it is; after MAIL one may go on at once."""
    now = threading.Event()
    server = raw_server(
        [
            Send(b"220 hi\r\n"),
            *(Expect(b"MAIL"), Expect(b"RCPT"), Expect(b"DATA"), Send(b"250 a\r\n250 b\r\n"), Await(now)),
            *(Send(b"354 go\r\n"), Expect(b"text"), Expect(b".\r\n"), Send(b"250 done\r\n"), ExpectEnd()),
        ]
    )
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.type("MAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\ntext\n.\n")
    terminal.wait_for("2 lines wait for the reply to DATA")
    now.set()
    terminal.wait_for("S: 250 done")
    assert "# to MAIL FROM:<a@example.org>:" in terminal.history()
    terminal.type("/close\n")
    server.join()


def test_server_text_does_nothing_to_the_terminal(shell: StartShell, raw_server: StartServer) -> None:
    """Control sequences of a server are shown, not obeyed."""
    server = raw_server([Send(b"220 a\x1b[2Jb\x07\xc2\x9bc\xe2\x80\xaed <b>x</b>\r\n"), ExpectEnd()])
    terminal = shell(at(server))
    terminal.wait_for('S"220 a\\x1b[2Jb\\x07')
    assert b"\x1b[2J" not in terminal.output
    assert b"\x07" not in terminal.output
    terminal.wait_for_prompt()
    terminal.type("/close\n")
