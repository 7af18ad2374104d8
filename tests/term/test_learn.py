"""A lesson at a terminal: `smtp-repl learn` in a pty."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.term.screen import Terminal

Learn = Callable[..., Terminal]
FOUR_SERVERS = Path(__file__).parent.parent / "teach" / "lessons" / "four-servers.toml"


@pytest.fixture
def learn(tmp_path: Path) -> Iterator[Learn]:
    """Start a lesson: `learn("1")`, `learn("1", "--blind")`; all lessons of a test are one person's."""
    terminals: list[Terminal] = []
    folders = {name: str(tmp_path / name.lower()) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")}

    def start(*argv: str, cols: int = 90, rows: int = 40) -> Terminal:
        command = [sys.executable, "-X", "dev", "-W", "error", "-m", "smtp_repl", "learn", *argv]
        terminal = Terminal(command, {**folders, "LC_ALL": "C.UTF-8"}, cols=cols, rows=rows, cwd=str(tmp_path))
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.end()


def shown(terminal: Terminal, start: str = "") -> list[str]:
    """What stands above the prompt, from a line on. The port is always another one; a slow machine says so."""
    lines = [re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", line) for line in terminal.history()]
    lines = [line for line in lines if not line.startswith("# trying ")]
    begin = next(number for number, line in enumerate(lines) if line.startswith(start))
    end = max(number for number, line in enumerate(lines) if line.rstrip() in ("C:", "# not connected:"))
    return lines[begin:end]


EHLO = """C: EHLO student.example.org
S: 250-practice.example.com
S: 250-PIPELINING
S: 250-SIZE 10240000
S: 250-VRFY
S: 250-STARTTLS
S: 250-AUTH PLAIN LOGIN CRAM-MD5
S: 250-ENHANCEDSTATUSCODES
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-CHUNKING
S: 250 HELP""".split("\n")


def test_the_first_screen(learn: Learn) -> None:
    """It begins at once with lesson 1, step 1: a few lines of prose, the task, the prompt."""
    terminal = learn()
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    assert shown(terminal) == [
        "# lesson 1: Say EHLO",
        "# SMTP is a conversation in lines of text. You type a command, the server answers with a",
        "#   reply: three digits, and a text for people. The server speaks first.",
        "# Here you open a session, tell greeting, command and reply apart, and leave politely.",
        "#   Nothing can be broken.",
        "# goal 1 of 6: The server speaks first: read the line that begins with 220. What is the",
        "#   name of this server?",
        "#   /answer NAME",
        "# connected to 127.0.0.1:PORT",
        "S: 220 practice.example.com ESMTP smtp-repl practice server; nothing is delivered",
    ]
    terminal.wait_for(" practice  lesson 1 1/6  plaintext  next: EHLO")


def test_a_whole_lesson(learn: Learn, tmp_path: Path) -> None:
    """Reached goals are said with their reason; hints, a mistake, the summary, the recall, the next lesson."""
    terminal = learn("1")
    terminal.wait_for_prompt()
    terminal.enter("/answer 220", "that is not it")
    terminal.enter("/answer practice.example.com", "goal 2 of 6")
    terminal.enter("HELO student", "HELO is the greeting of 1982")
    terminal.enter("/hint", "hint 1 of 3")
    terminal.enter("EHLO student.example.org", "goal 3 of 6")
    terminal.enter("/answer 10240000", "goal 4 of 6")
    terminal.enter("NOOP", "goal 5 of 6")
    terminal.enter("/skip", "goal 6 of 6")
    assert shown(terminal, "# /answer 220") == [
        "# /answer 220",
        "# that is not it; look again, or ask for a /hint",
        "# /answer practice.example.com",
        "# reached: A server says 220 and its own name first; whoever speaks before that is taken",
        "#   for a spammer.",
        "# goal 2 of 6: Greet the server with a name of your own, such as student.example.org.",
        "#   EHLO name.of.your.host",
        "C: HELO student",
        "S: 250 practice.example.com",
        "# HELO is the greeting of 1982: the server takes it, and tells you nothing about its",
        "#   extensions. Say EHLO.",
        "# /hint",
        "# hint 1 of 3: Your greeting is a command of four letters, and it wants to know the name",
        "#   of your computer.",
        *EHLO,
        "# reached: With EHLO you asked what the server can do; every line of its answer but the",
        "#   first is an extension that it offers.",
        "# goal 3 of 6: Look at the lines of that answer: how many octets may a message have at",
        "#   most?",
        "#   /answer NUMBER",
        "# /answer 10240000",
        "# reached: One reply may have many lines: 250- says that more follow, 250 and a blank",
        "#   that this is the last one.",
        "# goal 4 of 6: Have the server do nothing at all, and say so.",
        "#   NOOP",
        "C: NOOP",
        "S: 250 2.0.0 Ok",
        "# reached: NOOP changes nothing, so it is the way to find out whether a connection is",
        "#   still alive.",
        "# goal 5 of 6: Ask the server for help.",
        "#   HELP [COMMAND]",
        "# /skip",
        "# skipped; it still counts if you reach it later",
        "# goal 6 of 6: Take your leave.",
        "#   QUIT",
    ]
    terminal.type("QUIT\n")
    terminal.wait_for_prompt("# not connected: ")
    path = tmp_path / "xdg_state_home" / "smtp-repl" / "learn" / "hello.smtp"
    after = "".join(line.removeprefix("#").strip() for line in shown(terminal, "# lesson 1: Say EHLO is over"))
    assert "5 of 6 goals reached1 hint usedworth a second look:HELO is the greeting" in after
    assert "not reached: Ask the server for help." in after
    assert str(path).replace(" ", "") in after.replace(" ", "")
    terminal.enter("/next", "# answer: The server, with 220", prompt="# not connected: ")
    terminal.enter("/next", "# /next begins lesson 2: The envelope and your first message", prompt="# not connected: ")
    terminal.enter("/next", "# goal 1 of 6: Greet the server, as in the first lesson.")
    assert "C: QUIT\nS: 221 " in path.read_text()


def test_a_broken_off_lesson_is_taken_up(learn: Learn) -> None:
    terminal = learn()
    terminal.wait_for_prompt()
    terminal.enter("/answer practice.example.com", "goal 2 of 6")
    terminal.enter("/close", "we closed the connection", prompt="# not connected: ")
    terminal.key("c-d")
    assert terminal.close() == 0
    assert "# smtp-repl learn goes on where you stopped" in terminal.text()
    terminal = learn()
    terminal.wait_for_prompt()
    assert shown(terminal)[:4] == [
        "# lesson 1: Say EHLO",
        "# you go on where you stopped: 1 of 6 goals are reached",
        "# goal 2 of 6: Greet the server with a name of your own, such as student.example.org.",
        "#   EHLO name.of.your.host",
    ]


def test_a_letter_is_judged_when_it_is_taken(learn: Learn) -> None:
    """What is written in the composer counts as what is typed line by line."""
    terminal = learn("2")
    terminal.wait_for_prompt()
    terminal.enter("EHLO student.example.org", "goal 2 of 6")
    terminal.enter("MAIL FROM: <alice@example.org>", "S: 501 ")
    terminal.enter("MAIL FROM:<alice@example.org>", "goal 3 of 6")
    terminal.enter("RCPT TO:<bob@example.com>", "goal 4 of 6")
    terminal.enter("DATA", "goal 5 of 6")
    terminal.type("From: alice@example.org\nTo: bob@example.com\nSubject: Hello\n\nHello Bob.\n")
    terminal.enter(".", "goal 6 of 6")
    terminal.enter("/inbox 1", "Hello Bob.")
    terminal.enter("/answer Hello", "to recall: ")
    assert "#   6 of 6 goals reached" in terminal.history()
    assert "#     Blank after the colon" in terminal.history()


def test_reset_begins_anew(learn: Learn) -> None:
    """Another connection, and the goals are open again."""
    terminal = learn("2")
    terminal.wait_for_prompt()
    terminal.enter("EHLO student.example.org", "goal 2 of 6")
    terminal.enter("/reset", "S: 220 ")
    assert terminal.text().count("goal 1 of 6") == 2
    terminal.enter("EHLO student.example.org", "goal 2 of 6")


def test_another_lesson(learn: Learn) -> None:
    """`/lesson` tells of this one and `/lesson NAME` opens another, on another connection."""
    terminal = learn("1")
    terminal.wait_for_prompt()
    terminal.enter("/lesson", "0 of 6 goals are reached")
    terminal.enter("/lesson envelope-and-header", "S: 220 ")
    assert "# lesson 3: Two senders, two recipients" in terminal.history()
    terminal.enter("/lesson nothing", "error: there is no lesson nothing")
    terminal.type("/lesson fir")
    terminal.wait_for("The envelope and your first message")
    terminal.key("c-c")
    terminal.enter("/next", "goals are open")


def test_a_second_pass_shows_no_syntax(learn: Learn) -> None:
    """No forms, no completion, and no ghost of what was typed before."""
    terminal = learn("1")
    terminal.wait_for_prompt()
    terminal.enter("/answer practice.example.com", "goal 2 of 6")
    terminal.enter("EHLO student.example.org", "goal 3 of 6")
    terminal.key("c-d")
    assert terminal.close() == 0
    terminal = learn("1", "--blind")
    terminal.wait_for_prompt()
    assert "(second pass: no syntax is shown)" in terminal.text()
    terminal.enter("/answer practice.example.com", "goal 2 of 6")
    assert "EHLO name.of.your.host" not in terminal.text()
    terminal.type("EH")
    terminal.key("tab")
    terminal.enter("LO a.example", "S: 250 HELP")
    text = terminal.text()
    assert "C: EHLO a.example" in text
    assert "EHLO student.example.org" not in text
    terminal.type("/hi")
    terminal.wait_for("/hint")


def test_one_can_speak_to_the_lesson_while_the_server_is_silent(learn: Learn) -> None:
    """A server from which nothing comes holds no command of a lesson back, nor the way out."""
    terminal = learn(str(FOUR_SERVERS))
    terminal.wait_for_prompt("# not connected: ")
    for goal in ("goal 2 of 2", "this scene is over"):
        terminal.enter("/skip" if goal != "goal 2 of 2" else "/goal", goal, prompt="# not connected: ")
    terminal.enter("/next", "S: 220 ")
    terminal.enter("/skip", "this scene is over")
    terminal.enter("/next", "LMTP")
    terminal.enter("/skip", "this scene is over")
    terminal.enter("/next", "# goal 1 of 1: Nothing comes: hang up.")
    terminal.enter("/hint", "# hint 1 of 3: /close")
    terminal.enter("/close", "# reached: TLS may be what it waits for.", prompt="# not connected: ")


@pytest.mark.parametrize("command", ["/goal", "/hint", "/skip", "/reset", "/next", "/answer x", "/lesson"])
def test_there_is_no_lesson_elsewhere(command: str, shell: Callable[..., Terminal]) -> None:
    """The commands of lessons say so in any other session, and send nothing."""
    terminal = shell("local=True")
    terminal.wait_for_prompt()
    terminal.enter(command, "error: there is no lesson in this session")


def test_forty_columns(learn: Learn) -> None:
    """On a narrow terminal remarks are broken at blanks, and the toolbar still tells the step."""
    terminal = learn("1", cols=40)
    terminal.wait_for("S: 220 ")
    terminal.wait_for(lambda terminal: "lesson 1 1/6" in terminal.screen()[-1])
    remarks = [line for line in terminal.history() if line.startswith("#")]
    assert remarks[6:8] == ["# Here you open a session, tell", "#   greeting, command and reply apart,"]
