"""Ghost text, the menu and Ctrl-R in a terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.raw import Expect, ExpectEnd, RawServer, Send
from tests.term.kept import kept
from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]

HISTORY = """\
EHLO from.an.old.file
practice\tconnected\tEHLO mine.example.org
practice\tgreeted\tMAIL FROM:<alice@example.org>
mail.example.com\tconnected\tEHLO other.example.org
mail.example.com\tgreeted\tMAIL FROM:<other@example.org>
"""
GREY = "808080"


@pytest.fixture
def known(history: Path) -> Path:
    """A history of earlier sessions, here and elsewhere."""
    history.parent.mkdir()
    history.write_text(HISTORY)
    return history


def test_ghost_text(shell: StartShell, known: Path) -> None:
    """What was typed last in this phase on this host stands dimmed behind the cursor; Right and Ctrl-E take it."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    terminal.type("EH")
    terminal.wait_for("C: EHLO mine.example.org")
    assert terminal.cursor()[0] == len("C: EH")
    assert terminal.style_at("LO mine.example.org") == GREY
    assert terminal.style_at("EHLO mine.example.org") != GREY
    terminal.key("right")
    terminal.wait_for(lambda terminal: terminal.cursor()[0] == len("C: EHLO mine.example.org"))
    terminal.key("enter")
    terminal.wait_for("S: 250 ")
    terminal.wait_for_prompt()
    # Another phase: EHLO was not typed in it.
    terminal.type("M")
    terminal.wait_for("C: MAIL FROM:<alice@example.org>")
    terminal.key("c-e", "enter")
    terminal.wait_for("S: 250 2.1.0")
    terminal.wait_for_prompt()
    terminal.type("/quit\n")
    terminal.wait_for("type yes to leave: ")
    terminal.type("yes\n")
    assert terminal.close() == 0
    said = [line for line in terminal.history() if line.startswith("C: ")]
    assert said == ["C: EHLO mine.example.org", "C: MAIL FROM:<alice@example.org>", "C: QUIT"]
    assert [tuple(entry) for entry in kept(known)[5:]] == [
        ("EHLO mine.example.org", "practice", "connected"),
        ("MAIL FROM:<alice@example.org>", "practice", "greeted"),
        ("/quit", "practice", "mail"),
    ]


def test_no_ghost_text(shell: StartShell, known: Path) -> None:
    """Some find it in their way."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    terminal.type("/set ghost off\n")
    terminal.wait_for("# ghost off, from here on")
    terminal.wait_for_prompt()
    terminal.type("EHLO m")
    terminal.wait_for("C: EHLO m")
    terminal.key("right")
    terminal.type("ail\n")
    terminal.wait_for("C: EHLO mail")
    terminal.wait_for("S: 250 HELP")
    assert "mine.example.org" not in terminal.text()


def test_what_stands_there_dimmed_is_not_sent(shell: StartShell, known: Path) -> None:
    """Enter sends what was typed, and no more."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    terminal.type("EHLO m")
    terminal.wait_for("C: EHLO mine.example.org")
    terminal.key("enter")
    terminal.wait_for("S: 250 ")
    assert "C: EHLO m" in terminal.history()


def test_no_ghost_in_a_login(shell: StartShell, raw_server: StartServer, history: Path) -> None:
    """From AUTH to its final reply nothing is kept and nothing proposed, whatever the history holds."""
    history.parent.mkdir()
    history.write_text("127.0.0.1\tauth\taHVudGVyMjI=\n127.0.0.1\tgreeted\tNOOP after\n")
    server = raw_server(
        [
            Send(b"220 hi\r\n"),
            *(Expect(b"EHLO"), Send(b"250-hi\r\n250 AUTH LOGIN\r\n")),
            *(Expect(b"AUTH"), Send(b"334 VXNlcm5hbWU6\r\n")),
            *(Expect(b"aH"), Send(b"535 5.7.8 no\r\n")),
            ExpectEnd(),
        ]
    )
    terminal = shell(f"target=parse_target('{server.address}')")
    terminal.wait_for("S: 220 hi")
    terminal.type("EHLO x\n")
    terminal.wait_for("S: 250 AUTH")
    terminal.type("AUTH LOGIN\n")
    terminal.wait_for('"Username:"')
    terminal.wait_for_prompt()
    terminal.type("aH")
    terminal.wait_for(lambda terminal: terminal.line() == "C: aH")
    terminal.type("\n")
    terminal.wait_for("535 ")
    terminal.wait_for_prompt()
    assert "VudGVyMjI" not in terminal.text()
    terminal.type("NO")
    terminal.wait_for("C: NOOP after")
    terminal.key("c-c")
    terminal.wait_for_prompt()
    # What was refused stands last and dimmed, and says why.
    terminal.type("AUTH L")
    terminal.wait_for(lambda terminal: "LOGIN refused before: 535 5.7.8" in " ".join(terminal.text().split()))
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.type("/close\n")
    terminal.wait_for("# we closed")
    server.join()
    assert [entry.line for entry in kept(history)[2:]] == ["EHLO x", "/close"]


def test_earlier_lines_of_this_host_first(shell: StartShell, known: Path) -> None:
    """Up and Ctrl-R come to the lines of this host, and behind them to all others, an old file's too."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    terminal.key("up")
    terminal.wait_for(lambda terminal: terminal.line() == "C: MAIL FROM:<alice@example.org>")
    terminal.key("up", "up")
    terminal.wait_for(lambda terminal: terminal.line() == "C: MAIL FROM:<other@example.org>")
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.key("c-r")
    terminal.wait_for("(reverse-i-search)`'")
    terminal.type("EHLO")
    terminal.wait_for("EHLO mine.example.org")
    terminal.key("c-r", "c-r")
    terminal.wait_for("EHLO from.an.old.file")
    terminal.key("enter")
    terminal.wait_for(lambda terminal: terminal.line() == "C: EHLO from.an.old.file")
    terminal.key("enter")
    terminal.wait_for("S: 250 ")
    assert "C: EHLO from.an.old.file" in terminal.history()


def test_menu_of_values(shell: StartShell, raw_server: StartServer) -> None:
    """Behind a name: each value, what it means, and what only resembles the typed letters behind what begins so."""
    server = raw_server(
        [Send(b"220 hi\r\n"), Expect(b"EHLO"), Send(b"250-hi\r\n250-DSN\r\n250 SIZE 1000\r\n"), ExpectEnd()]
    )
    terminal = shell(f"target=parse_target('{server.address}')")
    terminal.wait_for("S: 220 hi")
    terminal.type("EHLO x\n")
    terminal.wait_for("S: 250 SIZE")
    terminal.wait_for_prompt()
    terminal.type("MAIL FROM:<a@example.org> RET=")
    terminal.wait_for("FULL   a failure report returns the whole message")
    begin = next(number for number, line in enumerate(terminal.screen()) if line.startswith("C: MAIL"))
    assert [line.strip() for line in terminal.screen()[begin + 1 : begin + 3]] == [
        "HDRS   a failure report returns the header only",
        "FULL   a failure report returns the whole message",
    ]
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.type("RCPT TO:<Bob@example.com> ORC")
    terminal.wait_for("this recipient, as reports name it")
    terminal.key("tab")
    terminal.wait_for(lambda terminal: terminal.line() == "C: RCPT TO:<Bob@example.com> ORCPT=rfc822;Bob@example.com")
    terminal.key("c-c", "c-c")
    terminal.wait_for_prompt()
    terminal.type("/close\n")
    terminal.wait_for("# we closed")
    server.join()
