"""Going back: /steps, /rewind and /undo, at a terminal, against servers that do as they did and others that do not."""

import re
from collections.abc import Callable

import pytest

from smtp_repl.term.commands import read_command
from smtp_repl.wire.errors import SmtpReplError, UsageError
from tests.servers.raw import Expect, ExpectEnd, RawServer, Send
from tests.term.screen import Terminal
from tests.term.sitting import Sitting

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]
HI = Send(b"220 hi\r\n")


def at(server: RawServer) -> str:
    return f"target=parse_target('{server.address}')"


def since(terminal: Terminal, line: str) -> list[str]:
    """What stands below the last line of this text, up to the prompt; times and ports as `_`."""
    lines = terminal.history()
    begin = len(lines) - lines[::-1].index(line)
    end = next(number for number in range(begin, len(lines)) if lines[number] in ("C:", "# not connected:"))
    return [re.sub(r"\d\d:\d\d:\d\d|\d+\.\d ms|127\.0\.0\.1:\d+", "_", text) for text in lines[begin:end]]


@pytest.fixture
def mail(shell: StartShell) -> Terminal:
    """A session at the practice server: encrypted, logged in, one recipient taken and one refused."""
    terminal = shell("local=True", rows=60)
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    terminal.enter("EHLO client.example.org", "S: 250 HELP")
    terminal.enter("/starttls", "S: 250 HELP")
    terminal.enter("AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==", "S: 235 ")
    terminal.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
    terminal.enter("RCPT TO:<nobody@example.com>", "S: 550 ")
    terminal.enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")
    return terminal


def test_steps(mail: Terminal) -> None:
    """Each write with its number, its time, what came of it, and how long that took."""
    mail.enter("/steps", "# /rewind N")
    assert since(mail, "# /steps") == [
        "#   0  _  (connected)                    220  _",
        "#   1  _  EHLO client.example.org        250  _",
        "#   2  _  STARTTLS                       220  _",
        "#   3  _  EHLO client.example.org        250  _",
        "#   4  _  AUTH PLAIN ••••                235  _",
        "#   5  _  MAIL FROM:<alice@example.org>  250  _",
        "#   6  _  RCPT TO:<nobody@example.com>   550  _",
        "#   7  _  RCPT TO:<bob@example.com>      250  _",
        "# /rewind N connects again and plays the steps up to N; /undo takes back the last command",
    ]


def test_rewind_through_tls_and_auth(mail: Terminal) -> None:
    """The handshake is done and verified as before; the practice account logs in by itself; then one goes on."""
    mail.enter("/rewind 5", "# this is step 5 again")
    shown = [line for line in since(mail, "# /rewind 5") if not line.startswith("S: 250-")]
    assert shown == [
        "# we closed the connection",
        "# connected to _",
        "S: 220 practice.example.com ESMTP smtp-repl practice server; nothing is delivered",
        "C: EHLO client.example.org",
        "S: 250 HELP",
        "C: STARTTLS",
        "S: 220 2.0.0 Ready to start TLS",
        "# TLS 1.3 TLS_AES_256_GCM_SHA384, certificate verified (practice.example.com)",
        "# what was offered before TLS is forgotten: say EHLO again (RFC 3207 §4.2)",
        "C: EHLO client.example.org",
        "S: 250 HELP",
        "@auth user=tutor",
        "C~ AUTH PLAIN {auth.plain}",
        r"# AHR1dG9yAG5vdC1hLXNlY3JldA== is base64 of \0tutor\0not-a-secret (authorization identity, user and",
        "#   password, a NUL between each)",
        "S: 235 2.7.0 Authentication succeeded",
        "C: MAIL FROM:<alice@example.org>",
        "S: 250 2.1.0 Ok",
        "# this is step 5 again; go on by hand",
    ]
    mail.enter("RCPT TO:<carol@example.net>", "S: 250 2.1.5")
    mail.enter("/steps", "# /rewind N")
    assert since(mail, "# /steps")[-2] == "#   6  _  RCPT TO:<carol@example.net>    250  _"


def test_undo(mail: Terminal) -> None:
    """Back to before the last command, and once more to before the one before it."""
    mail.enter("/undo", "# this is step 6 again")
    assert since(mail, "# /undo")[-4:] == [
        "C: RCPT TO:<nobody@example.com>",
        "S: 550 5.1.1 Nobody has this mailbox (nobody@ is refused for practice)",
        "# There is no such mailbox: the practice server plays an unknown user. (/explain tells more)",
        "# this is step 6 again; go on by hand",
    ]
    mail.enter("/undo", "# this is step 5 again")


def test_undo_a_message(mail: Terminal) -> None:
    """A message goes with its DATA, and is not delivered a second time on the way."""
    mail.enter("DATA", "S: 354")
    mail.type("Subject: x\n\nhi\n.\n")
    mail.wait_for("kept as message 1")
    mail.wait_for_prompt()
    mail.enter("/undo", "# this is step 7 again")
    mail.enter("/inbox", "# 1  <alice@example.org>")
    assert "# 2  <alice" not in mail.text()


def test_after_the_end(mail: Terminal) -> None:
    """A session that is over can be gone back into."""
    mail.enter("/close", "# we closed", "# not connected: ")
    mail.enter("/rewind 1", "# this is step 1 again")
    assert since(mail, "# /rewind 1")[-1] == "# this is step 1 again; go on by hand"


def test_a_replay_that_goes_another_way(shell: StartShell, raw_server: StartServer) -> None:
    """It stops with what differed, and the person is where it stopped."""
    ok = Send(b"250 ok\r\n")
    first = [HI, Expect(b"NOOP"), ok, Expect(b"RSET"), ok, Expect(b"VRFY"), ok, ExpectEnd()]
    second = [HI, Expect(b"NOOP"), Send(b"452 4.3.1 full\r\n"), Expect(b"HELP"), Send(b"214 here\r\n"), ExpectEnd()]
    server = raw_server(first, second)
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    for line in ("NOOP", "RSET", "VRFY x"):
        terminal.enter(line, "S: 250 ok")
    terminal.enter("/rewind 3", "went another way")
    assert since(terminal, "# /rewind 3") == [
        "# we closed the connection",
        "# connected to _",
        "S: 220 hi",
        "C: NOOP",
        "S: 452 4.3.1 full",
        "# The receiving system has no room left. Retry as it is. Try again later.",
        "# fail: code: wanted 250 ok, got 452 4.3.1 full",
        "# step 1 went another way than before, and 2 more were not said; go on by hand",
    ]
    terminal.enter("HELP", "S: 214 here")
    terminal.type("/close\n")
    server.join()


def test_another_greeting(shell: StartShell, raw_server: StartServer) -> None:
    """A server that does not want us this time is told nothing."""
    server = raw_server(
        [HI, Expect(b"NOOP"), Send(b"250 ok\r\n"), ExpectEnd()], [Send(b"554 go away\r\n"), ExpectEnd()]
    )
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.enter("NOOP", "S: 250 ok")
    terminal.enter("/rewind 1", "# the greeting is another one than before; nothing was replayed")
    terminal.type("/close\n")
    server.join()


def test_passwords_are_asked_for_again(shell: StartShell, raw_server: StartServer) -> None:
    """Nothing that would log in is kept."""
    auth = [HI, Expect(b"AUTH PLAIN AGJvYgBodW50ZXIyMg=="), Send(b"235 ok\r\n")]
    server = raw_server([*auth, ExpectEnd()], [*auth, ExpectEnd()])
    terminal = shell(at(server))
    terminal.wait_for("S: 220 hi")
    terminal.enter("AUTH PLAIN AGJvYgBodW50ZXIyMg==", "S: 235 ok")
    terminal.type("/rewind 1\n")
    terminal.wait_for_prompt("# password of bob: ")
    terminal.enter("hunter22", "# this is step 1 again")
    assert "hunter22" not in terminal.output.decode()
    terminal.type("/close\n")
    server.join()


def test_a_message_is_sent_again_only_after_a_yes() -> None:
    """Beyond the practice server a replay would deliver it."""
    replies = b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 kept\r\n"
    sitting = Sitting(*replies, answers=["no"]).greeted()
    for line in (b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n", b"x\r\n.\r\n"):
        sitting.say(line)
    sitting.run(read_command("/rewind 5").start(sitting.desk))
    assert sitting.questions == ["this sends a message that was accepted once more; type yes to do it: "]
    assert sitting.shown[-1] == "# nothing sent"
    assert sitting.desk.is_connected


def test_a_password_is_shown_again_only_after_a_yes() -> None:
    """Typed by hand it was not held back; by a command it is, as /auth does."""
    sitting = Sitting(b"235 ok\r\n", answers=["no"]).greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    with pytest.raises(SmtpReplError, match="nothing sent"):
        sitting.run(read_command("/rewind 2").start(sitting.desk))
    assert "to anyone on the path to mail.example.com:25" in sitting.questions[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/rewind", "needs the number of a step"),
        ("/rewind x", '"x" is no number of a step'),
        ("/rewind 2", "the last one is 1"),
        ("/rewind ²", "is no number"),
    ],
)
def test_numbers(line: str, problem: str) -> None:
    sitting = Sitting().greeted()
    with pytest.raises(UsageError, match=problem):
        sitting.run(read_command(line).start(sitting.desk))


@pytest.mark.parametrize("line", ["/steps", "/rewind 0", "/undo"])
def test_nothing_to_go_back_to(line: str) -> None:
    with pytest.raises(UsageError):
        Sitting().run(read_command(line).start(Sitting().desk))
