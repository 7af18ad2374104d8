"""Several commands in one write: /pipeline, Alt-Enter, and which reply answers which."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.term.commands import read_command
from smtp_repl.term.pipelining import keep_back
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.states import Phase
from tests.servers.raw import Expect, ExpectEnd, ExpectOctets, RawServer, Send
from tests.term.kept import kept_lines
from tests.term.screen import Terminal
from tests.term.sitting import Sitting

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]
GROUP = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\n"
LINES = GROUP.decode().split("\r\n")[:-1]


def greeted(*after: object, keywords: bytes = b"PIPELINING") -> list[object]:
    """A server that has said what it offers."""
    ehlo = Send(b"220 hi\r\n"), Expect(b"EHLO x"), Send(b"250-hi\r\n250 %s\r\n" % keywords)
    return [*ehlo, *after, ExpectEnd()]


def start(shell: StartShell, server: RawServer) -> Terminal:
    terminal = shell(f"target=parse_target('{server.address}')")
    terminal.wait_for("S: 220 hi")
    terminal.type("EHLO x\n")
    terminal.wait_for("S: 250 ")
    terminal.wait_for_prompt()
    return terminal


def run(sitting: Sitting, line: str) -> list[str]:
    before = len(sitting.shown)
    sitting.run(read_command(line).start(sitting.desk))
    return sitting.shown[before:]


def test_on_the_screen(shell: StartShell, raw_server: StartServer) -> None:
    """Lines are kept back, each on the screen; one write; each reply says what it answers."""
    replies = Send(b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n")
    terminal = start(shell, raw_server(greeted(ExpectOctets(len(GROUP)), replies)))
    terminal.type("/pipeline\n")
    terminal.wait_for_prompt("# pipeline 1: ")
    for number, line in enumerate(LINES, 1):
        terminal.type(line + "\n")
        terminal.wait_for_prompt(f"# pipeline {number + 1}: ")
    terminal.type("/pipeline send\n")
    terminal.wait_for("S: 550 5.1.1 no")
    terminal.wait_for_prompt()
    lines = terminal.history()
    begin = lines.index("# /pipeline")
    assert lines[begin : lines.index("C:", begin)] == [
        "# /pipeline",
        "# what you type is kept back; /pipeline send (Alt-Enter) says it in one write, /pipeline drop",
        "#   forgets it",
        "# 1 kept back: MAIL FROM:<a@example.org>",
        "# 2 kept back: RCPT TO:<b@example.com>",
        "# 3 kept back: RCPT TO:<c@example.com>",
        "# /pipeline send",
        "C: MAIL FROM:<a@example.org>",
        "C: RCPT TO:<b@example.com>",
        "C: RCPT TO:<c@example.com>",
        "# to MAIL FROM:<a@example.org>:",
        "S: 250 2.1.0 ok",
        "# to RCPT TO:<b@example.com>:",
        "S: 250 2.1.5 ok",
        "# to RCPT TO:<c@example.com>:",
        "S: 550 5.1.1 no",
        "# There is no such user in this domain. (/explain tells more)",
    ]
    terminal.type("/close\n")


def test_what_comes_next_is_proposed_behind_what_is_kept_back(shell: StartShell, raw_server: StartServer) -> None:
    """Tab and the marks go by the phase that the group will have led to, and not by the one before it."""
    terminal = start(shell, raw_server(greeted()))
    terminal.type("RCPT TO:<b@example.com>")
    terminal.wait_for("RCPT is not due here")
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.type("/pipeline\n")
    terminal.wait_for_prompt("# pipeline 1: ")
    terminal.type("MAIL FROM:<a@example.org>\n")
    terminal.wait_for_prompt("# pipeline 2: ")
    terminal.type("rc\t")
    terminal.wait_for("# pipeline 2: rcpt to:<")
    terminal.type("b@example.com>")
    terminal.wait_for("# pipeline 2: rcpt to:<b@example.com>")
    assert "not due" not in terminal.screen()[-1]
    terminal.type("\nDATA\n")
    terminal.wait_for_prompt("# pipeline 4: ")
    terminal.type("Subj\t")
    terminal.wait_for("# pipeline 4: Subject: ")
    terminal.key("c-u")
    terminal.type("/pipeline drop\n")
    terminal.wait_for_prompt()
    terminal.type("/close\n")


def test_a_chunk_has_its_empty_lines(shell: StartShell, raw_server: StartServer) -> None:
    """An empty line is no command, but it may stand in what goes with BDAT; before the first line it is a slip."""
    chunk = b"BDAT 14 LAST\r\nSubject: x\r\n\r\n"
    terminal = start(shell, raw_server(greeted(ExpectOctets(len(chunk)), Send(b"250 taken\r\n"), keywords=b"CHUNKING")))
    terminal.type("/pipeline\n\nBDAT 14 LAST\nSubject: x\n\n")
    terminal.wait_for_prompt("# pipeline 4: ")
    terminal.type("/pipeline send\n")
    terminal.wait_for("S: 250 taken")
    terminal.wait_for_prompt()
    terminal.type("/close\n")


def test_what_is_kept_back_is_not_said() -> None:
    """Looking ahead changes nothing of the session itself."""
    sitting = Sitting().greeted("PIPELINING")
    keep_back(sitting.desk, LINES)
    assert sitting.desk.prospect.ahead is Phase.RCPT
    assert sitting.desk.conversation.ahead is Phase.GREETED
    keep_back(sitting.desk, ["DATA", "//x"])
    assert sitting.desk.prospect.text_begun == len("/x\r\n")


def test_alt_enter_sends_what_is_kept_back(shell: StartShell, raw_server: StartServer, history: Path) -> None:
    """What stands at the prompt is the last of the group. The lines are in the history as if sent one by one."""
    terminal = start(shell, raw_server(greeted(ExpectOctets(len(GROUP)), Send(b"250 a\r\n250 b\r\n250 c\r\n"))))
    terminal.type(f"/pipeline\n{LINES[0]}\n{LINES[1]}\n")
    terminal.wait_for_prompt("# pipeline 3: ")
    terminal.type(LINES[2])
    terminal.key("alt-enter")
    terminal.wait_for("S: 250 c")
    terminal.wait_for_prompt()
    terminal.type("/close\n")
    terminal.wait_for("# we closed")
    assert kept_lines(history) == ["EHLO x", "/pipeline", *LINES, "/close"]


def test_ctrl_c_takes_the_lines_back(shell: StartShell, raw_server: StartServer) -> None:
    """They stand at the prompt again, to be changed; and what is typed goes at once as before."""
    terminal = start(shell, raw_server(greeted(Expect(b"RSET"), Send(b"250 reset\r\n"))))
    terminal.type(f"/pipeline\n{LINES[0]}\n{LINES[1]}\n")
    terminal.wait_for_prompt("# pipeline 3: ")
    terminal.key("c-c")
    terminal.wait_for(lambda terminal: terminal.line() == f"C: {LINES[1]}")
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.type("RSET\n")
    terminal.wait_for("S: 250 reset")
    terminal.type("/close\n")


def test_a_server_that_does_not_offer_it(shell: StartShell, raw_server: StartServer) -> None:
    """A warning beside each command that was early, and the group is sent all the same."""
    server = raw_server(greeted(ExpectOctets(len(GROUP)), Send(b"250 a\r\n250 b\r\n250 c\r\n"), keywords=b"SIZE"))
    terminal = start(shell, server)
    terminal.paste("\n".join(LINES))
    terminal.key("alt-enter")
    terminal.wait_for("S: 250 c")
    warning = "# RCPT was sent before the reply to MAIL came, and PIPELINING is not offered (RFC 2920 §3.1)"
    assert terminal.history().count(warning) == 2
    terminal.wait_for_prompt()
    terminal.type("/pipeline\n")
    terminal.wait_for("# PIPELINING is not offered here")
    terminal.type("/close\n")


def test_a_line_that_is_no_command_is_asked_about(shell: StartShell, raw_server: StartServer) -> None:
    """In a pasted text, with Enter and with Alt-Enter, and among lines that are kept back."""
    server = raw_server(greeted(Expect(b"NOOP"), Send(b"250 one\r\n"), Expect(b"RSET"), Send(b"250 two\r\n")))
    terminal = start(shell, server)
    terminal.paste("NOOP\n250-looks like a reply\nRSET\n")
    terminal.wait_for(lambda terminal: terminal.line() == "C: RSET")
    terminal.key("alt-enter")
    terminal.wait_for_prompt('# "250-looks like a reply" looks like a server\'s; type yes to send it: ')
    terminal.type("no\n")
    terminal.wait_for("S: 250 two")
    terminal.wait_for_prompt()
    terminal.type("/pipeline\n")
    terminal.wait_for_prompt("# pipeline 1: ")
    terminal.type("250 ok\n")
    terminal.wait_for_prompt('# "250 ok" looks like a server\'s; type yes to send it: ')
    terminal.type("no\n")
    terminal.wait_for_prompt("# pipeline 1: ")
    terminal.type("/close\n")


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["NOOP", "//help"], ["1 kept back: NOOP", "2 kept back: /help"]),
        (["AUTH PLAIN AGJvYgBodW50ZXIyMg==", "NOOP"], ["1 kept back: AUTH PLAIN ••••", "2 kept back: ••••"]),
        (["auth LOGIN", "Ym9i"], ["1 kept back: auth LOGIN", "2 kept back: ••••"]),
        (["\x1b[2J"], [r"1 kept back: \x1b[2J"]),
    ],
    ids=["commands", "initial response", "steps", "control characters"],
)
def test_what_is_kept_back_is_masked(lines: list[str], shown: list[str]) -> None:
    """What may be a step of AUTH does not show, even before it is said."""
    assert keep_back(Sitting().desk, lines).split("\n") == shown


def test_dropped() -> None:
    sitting = Sitting().greeted("PIPELINING")
    run(sitting, "/pipeline")
    keep_back(sitting.desk, ["NOOP", "RSET"])
    assert run(sitting, "/pipeline") == ["# 2 lines kept back; /pipeline send, or /pipeline drop"]
    assert run(sitting, "/pipeline drop") == ["# 2 lines dropped; what you type goes at once again"]
    assert sitting.sent == b""


def test_refusals() -> None:
    """Nothing to send, nowhere to send it, or no time for it: nothing is sent."""
    sitting = Sitting(b"354 go\r\n").greeted("PIPELINING")
    for line in ("/pipeline send", "/pipeline drop", "/pipeline x"):
        with pytest.raises(UsageError):
            run(sitting, line)
    run(sitting, "/pipeline")
    with pytest.raises(UsageError, match="nothing is kept back yet"):
        run(sitting, "/pipeline send")
    keep_back(sitting.desk, ["NOOP"])
    sitting.say(b"DATA\r\n")
    with pytest.raises(UsageError, match="a message is open"):
        run(sitting, "/pipeline send")
    sitting.desk.dropped()
    with pytest.raises(UsageError, match="not connected"):
        run(sitting, "/pipeline send")
    assert sitting.desk.pipeline == ["NOOP"]
