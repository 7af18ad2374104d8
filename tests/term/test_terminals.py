"""The shell on terminals of all sorts: narrow ones, plain ones, ones that change their size, and the settings for them.

Started as a person starts it, by the command line, with a settings file where one matters.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtp_repl.view.width import cells
from tests.term.screen import Terminal

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program: `start("--local", config='keys = "vi"')`; `env` is added to the environment."""
    terminals: list[Terminal] = []

    def begin(
        *words: str, config: str = "", cols: int = 100, rows: int = 40, env: dict[str, str] | None = None
    ) -> Terminal:
        file = tmp_path / "config.toml"
        file.write_text(config)
        argv = [sys.executable, "-X", "dev", "-W", "error", "-m", "smtp_repl", *words]
        environ = {
            "SMTP_REPL_CONFIG": str(file),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "PYTHONPATH": os.getcwd(),
            **(env or {}),
        }
        terminal = Terminal(argv, environ, cols, rows, str(tmp_path))
        terminals.append(terminal)
        return terminal

    yield begin
    for terminal in terminals:
        terminal.end()


def greeted(terminal: Terminal) -> Terminal:
    terminal.wait_for("S: 220 ")
    terminal.wait_for_prompt()
    return terminal


def told(terminal: Terminal) -> list[str]:
    """All lines, whatever the port is, and whether or not the machine was slow to connect."""
    lines = [re.sub(r":\d+$", ":PORT", line) for line in terminal.history()]
    return [line for line in lines if not line.startswith("# trying ")]


# ---------------------------------------------------------------- practice


def test_alone_it_is_practice(start: Start) -> None:
    """Without any argument: the practice server, what to type first, and in the end how to keep what one did."""
    terminal = greeted(start(cols=80, rows=24))
    assert told(terminal)[:6] == [
        "# no host is given: this is the practice server; smtp-repl HOST[:PORT] talks to",
        "#   a real one",
        "# this is the practice server: it delivers nothing, so nothing can go wrong",
        "# type EHLO client.example.org and press Enter; account for AUTH: tutor /",
        "#   not-a-secret",
        "# /help lists the commands, Tab completes, Ctrl-D leaves",
    ]
    terminal.enter("EHLO client.example.org", "S: 250 HELP")
    terminal.type("QUIT\n")
    terminal.wait_for("# not connected:")
    terminal.wait_for("/save FILE keeps it")
    terminal.key("c-d")
    assert terminal.close() == 0
    assert terminal.history()[-4:] == [
        "# session over: 2 commands, not kept",
        "# to keep the next one: /save FILE before you leave, or --record FILE at the",
        "#   start",
        "# what is kept is a script: smtp-repl run FILE --local plays it again",
    ]


def test_what_was_saved_runs(start: Start, tmp_path: Path) -> None:
    """What the last lines say is so: a kept session is a script, and it plays."""
    terminal = greeted(start())
    terminal.enter("EHLO client.example.org", "S: 250 HELP")
    terminal.type("QUIT\n")
    terminal.wait_for("# not connected:")
    terminal.wait_for("/save FILE keeps it")
    terminal.type("/save first.smtp\n")
    terminal.wait_for("# saved")
    terminal.wait_for(lambda terminal: "keeps it" not in terminal.screen()[-1])
    terminal.key("c-d")
    assert terminal.close() == 0
    assert terminal.history()[-1] == "# session over: 2 commands"
    again = start("run", "first.smtp", "--local")
    assert again.close() == 0
    assert again.text().startswith("ok     first.smtp  3 steps")


# ---------------------------------------------------------------- settings


def test_a_profile_its_alias_and_start_up_lines(start: Start) -> None:
    """`smtp-repl NAME` opens the profile; start-up lines are typed for one; an alias stands for a line."""
    server = greeted(start("--local"))
    port = re.search(r"connected to 127\.0\.0\.1:(\d+)", server.text())
    assert port is not None
    config = f"""
        startup = ["/timing off", "EHLO client.example.org"]
        [hosts.here]
        host = "127.0.0.1"
        port = {port[1]}
        [alias]
        from = "MAIL FROM:<a@example.org>"
        """
    terminal = start("here", config=config)
    terminal.wait_for("S: 250 HELP")
    terminal.wait_for_prompt()
    terminal.enter("/from SIZE=5", "S: 250 2.1.0")
    lines = terminal.history()
    assert lines[0] == f"# here: 127.0.0.1:{port[1]}"
    assert lines[lines.index("# /timing off") + 1 :][:2] == ["# times are not shown", "C: EHLO client.example.org"]
    assert "C: MAIL FROM:<a@example.org> SIZE=5" in lines
    terminal.type("/connect h")
    terminal.wait_for(f"127.0.0.1:{port[1]}  ")  # the menu knows the profile
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.enter("/help", "# //x sends /x")
    assert re.search("# +/from +stands for MAIL FROM:<a@example.org>", terminal.text())


def test_password_of_a_profile(start: Start) -> None:
    """Its program is asked where the person would be; what it gives is on no screen but the practice server's own."""
    server = greeted(start("--local"))
    port = re.search(r"connected to 127\.0\.0\.1:(\d+)", server.text())
    assert port is not None
    profile = f'host = "127.0.0.1"\nport = {port[1]}\nuser = "tutor"\n'
    config = (
        f"[hosts.right]\n{profile}password_command = \"printf 'not-a-secret\\\\nnonsense'\"\nauth = true\n"
        f'[hosts.wrong]\n{profile}password_command = "false"\n'
    )
    terminal = start("right", config=config)
    terminal.wait_for("S: 235 ")
    terminal.wait_for_prompt()
    terminal.enter("/connect wrong", "S: 220 ")
    terminal.enter("EHLO x", "S: 250 HELP")
    terminal.enter("/auth", "# error: false ended with status 1")
    lines = terminal.history()
    assert lines[0] == f"# right: 127.0.0.1:{port[1]}, user tutor, logs in"
    assert r"# password: asked of printf 'not-a-secret\nnonsense'" in lines


def test_completion_when_asked_only(start: Start) -> None:
    """`complete = "tab"`: no menu comes by itself, and Tab opens it; `/set complete off`: Tab is a character."""
    terminal = greeted(start("--local", config='complete = "tab"'))
    terminal.enter("EHLO x", "S: 250 HELP")
    terminal.type("R")
    terminal.type("x\x7f")  # a key more: what the first would have opened is there by now
    terminal.wait_for(lambda terminal: terminal.line() == "C: R")
    assert "RSET" not in terminal.screen()[-8:]
    terminal.key("tab")
    terminal.wait_for("RSET  ")
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.enter("/set complete off", "# complete off, from here on")
    terminal.type("R")
    terminal.key("tab")
    terminal.wait_for(lambda terminal: terminal.line() == "C: R^I")


def test_keys_of_vi(start: Start) -> None:
    """`keys = "vi"`: Escape leaves insert mode at once, and letters are commands; back with /set."""
    terminal = greeted(start("--local", config='keys = "vi"'))
    terminal.type("EHLO wrong.example.org")
    terminal.wait_for(lambda terminal: terminal.line() == "C: EHLO wrong.example.org")
    terminal.key("escape")
    terminal.wait_for(lambda terminal: terminal.cursor()[0] == len("C: EHLO wrong.example.org") - 1)
    terminal.type("0wdwA")
    terminal.wait_for(lambda terminal: terminal.line() == "C: EHLO .example.org")
    terminal.key("escape")
    terminal.wait_for(lambda terminal: terminal.cursor()[0] == len("C: EHLO .example.org") - 1)
    terminal.type("0wi")
    terminal.type("right\n")
    terminal.wait_for("C: EHLO right.example.org")
    terminal.wait_for("S: 250 HELP")
    terminal.wait_for_prompt()
    terminal.enter("/set keys emacs", "# keys emacs, from here on")
    terminal.type("xNOOP")
    terminal.key("c-a", "delete", "enter")
    terminal.wait_for("S: 250 2.0.0")
    assert "C: NOOP" in terminal.history()


@pytest.mark.parametrize(
    ("config", "env"), [("", {"NO_COLOR": "1"}), ('style = "none"', {})], ids=["NO_COLOR", "style-none"]
)
def test_without_colours(start: Start, config: str, env: dict[str, str]) -> None:
    """https://no-color.org: no colour anywhere, from the first line to the last."""
    terminal = greeted(start("--local", config=config, env=env))
    terminal.enter("EHLO x", "S: 250 HELP")
    terminal.type("MAIL FROM:<a@example.org> S")
    terminal.wait_for("SIZE=")
    colours = re.compile(rb"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)[;0-9]*m")
    assert colours.findall(terminal.output) == []


def test_style_of_a_light_terminal(start: Start) -> None:
    """`/set style light` changes colours at once."""
    terminal = greeted(start("--local"))
    terminal.enter("EHLO x", "S: 250 HELP")
    assert terminal.style_at("220") == "brightgreen"
    terminal.enter("/set style light", "# style light")
    terminal.enter("RSET", "S: 250 2.0.0")
    assert terminal.style_at("2.0.0") == "magenta"
    assert terminal.style_at("C: RSET") == "blue"


def test_history_off(start: Start, tmp_path: Path) -> None:
    """`history = false`: nothing is kept, and no file is made."""
    terminal = greeted(start("--local", config="history = false"))
    terminal.enter("EHLO client.example.org", "S: 250 HELP")
    terminal.key("up")
    terminal.wait_for(lambda terminal: terminal.line() == "C: EHLO client.example.org")
    terminal.key("c-c", "c-d")
    assert terminal.close() == 0
    assert not list((tmp_path / "state").rglob("*"))


# ---------------------------------------------------------------- plain terminals


def test_dumb_terminal(start: Start) -> None:
    """TERM=dumb: a word why, no escape sequences, and a session line by line in which a slip ends nothing."""
    terminal = start(cols=120, env={"TERM": "dumb"})
    terminal.wait_for("S: 220 ")
    terminal.type("EHLO x\n")
    terminal.wait_for("S: 250 HELP")
    terminal.type("/statos\n")
    terminal.wait_for("# hint: did you mean /status?")
    terminal.type("MAIL FROM:a\n")
    terminal.wait_for("S: 501 ")
    terminal.type("/auth PLAIN\n")
    terminal.wait_for("# user: [tutor]")
    terminal.type("\n")
    terminal.wait_for("# password")
    terminal.type("not-a-secret\n")
    terminal.wait_for("S: 235 ")
    terminal.type("QUIT\n")
    terminal.wait_for("# the server closed the connection")
    terminal.key("c-d")
    assert terminal.close() == 0
    lines = terminal.history()
    assert lines[:5] == [
        "# no host is given: this is the practice server; smtp-repl HOST[:PORT] talks to a real one",
        "# TERM=dumb: the cursor cannot be moved here, so lines are taken one by one; Ctrl-D leaves",
        "# this is the practice server: it delivers nothing, so nothing can go wrong",
        "# type EHLO client.example.org and press Enter; account for AUTH: tutor / not-a-secret",
        "# /help lists the commands, Ctrl-D leaves",
    ]
    assert lines[-1] == "# what is kept is a script: smtp-repl run FILE --local plays it again"
    assert b"\x1b" not in terminal.output


# ---------------------------------------------------------------- narrow ones


def test_forty_columns(start: Start) -> None:
    """On 40 columns every remark is broken into remarks, and toolbar and menu are cut, not broken."""
    terminal = greeted(start("--local", cols=40, rows=30))
    assert told(terminal)[:11] == [
        "# this is the practice server: it",
        "#   delivers nothing, so nothing can go",
        "#   wrong",
        "# type EHLO client.example.org and",
        "#   press Enter; account for AUTH:",
        "#   tutor / not-a-secret",
        "# /help lists the commands, Tab",
        "#   completes, Ctrl-D leaves",
        "# connected to 127.0.0.1:PORT",
        "S: 220 practice.example.com ESMTP smtp-r",
        "epl practice server; nothing is delivere",
    ]
    terminal.enter("EHLO x", "S: 250 HELP")
    terminal.wait_for(
        lambda terminal: re.fullmatch(r" practice  plaintext  next: STARTTLS …", terminal.screen()[-1]) is not None
    )
    terminal.type("MAIL FROM:<a@example.org> ")
    terminal.wait_for("SIZE=")
    assert all(cells(line) <= 40 for line in terminal.screen())


def test_octets_on_forty_columns(start: Start) -> None:
    """A row of `/hex on` stays a row, of half as many octets; on a wider terminal it is a whole one again."""
    terminal = greeted(start("--local", cols=40))
    terminal.enter("/hex on", "# octets are shown")
    terminal.enter("NOOP hello", "S: 250 ")
    shown = terminal.history()
    begin = shown.index("C: NOOP hello")
    assert shown[begin + 1 : begin + 7] == [
        "# C  4e 4f 4f 50 20 68 65 6c  NOOP hel",
        "# C  6c 6f 0d 0a              lo␍␊",
        "S: 250 2.0.0 Ok",
        "# S  32 35 30 20 32 2e 30 2e  250 2.0.",
        "# S  30 20 4f 6b 0d 0a        0 Ok␍␊",
        "C:",
    ]
    terminal.resize(80, 40)
    terminal.enter("RSET", "S: 250 2.0.0")
    terminal.wait_for("# C  0000  52 53 45 54 0d 0a                                RSET␍␊")


def test_steps_on_forty_columns(start: Start) -> None:
    """A step stays a row: its number, what was said, and what came."""
    terminal = greeted(start("--local", cols=40))
    terminal.enter("EHLO x", "S: 250 HELP")
    terminal.enter("RSET", "S: 250 2.0.0")
    terminal.enter("/steps", "# /rewind N")
    shown = terminal.history()
    begin = shown.index("# /steps")
    assert shown[begin + 1 : begin + 4] == ["#   0  (connected)  220", "#   1  EHLO x  250", "#   2  RSET  250"]


def test_chinese(start: Start) -> None:
    """Characters of two columns stand where they belong: at the prompt, in replies, remarks, menu and toolbar."""
    terminal = greeted(start("--local", cols=40, rows=30))
    terminal.enter("EHLO x", "S: 250 HELP")
    terminal.enter("MAIL FROM:<用户@例子.example.org> SMTPUTF8", "S: 250 2.1.0")
    terminal.enter("RCPT TO:<收件人收件人收件人收件人@例子.example.com>", "S: 250 2.1.5")
    lines = terminal.history()
    at = lines.index("C: MAIL FROM:<用户@例子.example.org> SMT")
    assert lines[at + 1] == "PUTF8"
    at = lines.index("C: RCPT TO:<收件人收件人收件人收件人@例子")
    assert lines[at + 1] == ".example.com>"
    terminal.enter("/用户用户用户用户用户用户用户用户用户用户用户", "# hint:")
    lines = terminal.history()
    begin = lines.index('# error: there is no command "/用户用户')
    assert lines[begin : begin + 6] == [
        '# error: there is no command "/用户用户',
        "#   用户用户用户用户用户用户用户用户用",
        '#   户"; nothing sent',
        "# hint: /help lists them; //用户用户用",
        "#   户用户用户用户用户用户用户用户用户",
        "#   is sent as /用户用户用户用户用户用",
    ]
    terminal.type("RCPT TO:<")
    terminal.wait_for(" 用户@例子.example.org>")
    assert terminal.line() == "C: RCPT TO:<"
    assert " 收件人收件人收件人收件人@例子.exam..." in terminal.screen()
    assert terminal.cursor()[0] == len("C: RCPT TO:<")
    terminal.type("用户")
    terminal.wait_for(lambda terminal: terminal.line() == "C: RCPT TO:<用户")
    assert terminal.cursor()[0] == cells("C: RCPT TO:<用户")
    terminal.resize(72, 30)
    terminal.wait_for("next: RCPT DATA")
    assert all(cells(line) <= 72 for line in terminal.screen())


def test_resize_storm(start: Start) -> None:
    """A window that is pulled about while somebody types loses nothing that was typed or said."""
    terminal = greeted(start("--local"))
    terminal.enter("EHLO client.example.org", "S: 250 HELP")
    terminal.type("NOOP")
    for turn in range(60):
        terminal.resize(30 + turn * 37 % 90, 8 + turn * 13 % 40)
        terminal.type("x" if turn % 2 else "\x7f")
    terminal.resize(100, 40)
    terminal.type("\x15NOOP after the storm\n")
    terminal.wait_for("S: 250 2.0.0")
    terminal.wait_for(lambda terminal: terminal.screen()[-1].startswith(" practice"))
    terminal.wait_for_prompt()
    assert "C: NOOP after the storm" in terminal.screen()
    terminal.key("c-d")
    assert terminal.close() == 0
