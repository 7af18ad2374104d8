"""What the program shows in the docs, made by running it: screens of the shell, and the output of commands.

A page's pieces are made one after the other in one folder, so that a page can record a file and then play it. What
changes from run to run (ports, times, challenges) is written the same each time: see `normal`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from smtp_repl.net.practice import PracticeOptions, PracticeThread
from tests.term.screen import Terminal

SERVED = "127.0.0.1:2525"
"""Where the docs say that a practice server listens (`smtp-repl serve`): one does, on a free port."""
PORT = "127.0.0.1:40025"
"""Any other port of this machine, as the docs show it."""
WIDTH = 100

ROOT = Path(__file__).resolve().parent.parent
_CHANGING = (
    # A slow machine says so.
    (r"# trying 127\.0\.0\.1:\d{4,5}\n", ""),
    (r"127\.0\.0\.1:\d{4,5}\b", PORT),
    (r"\b\d{8}-\d{6}-(\d{4})", r"20260115-093000-\1"),
    (r"(# from 127\.0\.0\.1:)\d+", r"\g<1>51324"),
    (r"(127\.0\.0\.1 port )\d+", r"\g<1>40025"),
    (r"(# +\d+  )\d\d:\d\d:\d\d(  )", r"\g<1>09:30:00\2"),
    (r"(# since +)\d\d:\d\d:\d\d", r"\g<1>09:30:00"),
    (r"(# client     127\.0\.0\.1 port )\d+", r"\g<1>51324"),
    (r"(SHA-256  )[0-9a-f]{64}", r"\g<1>5d0c1f6a…"),
    (r"(OU=Testing CA #)[\w-]+", r"\g<1>1"),
    (r'("port": )\d+', r"\g<1>40025"),
    (r'("(?:at|seconds)": )[\d.e-]+', r"\g<1>0.002"),
    (r"\b\d+\.\d{3} s\b", "0.010 s"),
    (r"\b\d+(?:\.\d)? ms\b", "2 ms"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-15T09:30:00Z"),
    (r"recorded by smtp-repl [\w.]+", "recorded by smtp-repl 0.1.0"),
    (r"(C: Date: )\w{3}, \d\d \w{3} \d{4} [\d:]{8} [+-]\d{4}", r"\1Thu, 15 Jan 2026 09:30:00 +0000"),
    (r"<\d+\.\d+\.\d+@", "<176846940000.4711.8157@"),
    (r"(# since +)\d\d:\d\d:\d\d", r"\g<1>09:30:00"),
    (r"[\d,]+ of 10,240,000 octets", "11,226 of 10,240,000 octets"),
    (r"\b\d+\.\d (sessions|commands)/s", r"800.0 \1/s"),
    # The rows of the latency table: replies, then four times.
    (r"(?m)^(\S.*?  +\d+)(?:  +\d+(?:\.\d+)?){4}$", r"\1    1.00    2.00    3.00    4.00"),
    # Whoever is faster.
    (r"(S: 221 .*\n)# we closed the connection", r"\1# the server closed the connection"),
)


def normal(text: str) -> str:
    """The text with what changes from run to run written the same each time."""
    for pattern, instead in _CHANGING:
        text = re.sub(pattern, instead, text)
    return text


def environment(state: str) -> dict[str, str]:
    """The program on the PATH is this very checkout's; nothing is read or kept from who runs this."""
    folders = {"HOME": state, "XDG_STATE_HOME": f"{state}/state", "XDG_CONFIG_HOME": f"{state}/config"}
    return {**os.environ, "SMTP_REPL_CONFIG": "", "PATH": f"{state}:{os.environ.get('PATH', '')}", **folders}


# ---------------------------------------------------------------- commands


def console(text: str, folder: Path) -> str:
    """The block with the output of its commands as it is: lines `$ command` (and `> ` for more of it) are run.

    They run in one bash, so that `echo $?` tells of the command before. The output is what a pipe gets: no colours.
    """
    commands = re.findall(r"^\$ (.*(?:\n> .*)*)", text, re.M)
    shown = [command.replace("\n> ", "\n") for command in commands]
    with TemporaryDirectory() as state, _served(SERVED in text) as address:
        program = Path(state, "smtp-repl")
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m smtp_repl "$@"\n')
        program.chmod(0o755)
        # After each command a mark, and the status put back for the next one.
        lines = [f"{command.replace(SERVED, address)}\n__=$?; printf '\\001'; (exit $__)\n" for command in shown]
        done = subprocess.run(  # noqa: S603 # commands of our own docs
            ["bash", "-c", "".join(lines)],  # noqa: S607
            cwd=folder,
            env={**environment(state), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
    outputs = done.stdout.decode().replace(address, SERVED).split("\x01")
    return "".join(f"$ {command}\n{_said(output)}" for command, output in zip(commands, outputs, strict=False))


def _said(output: str) -> str:
    served = output.replace(SERVED, "\0")
    text = normal(served).replace("\0", SERVED)
    return text if not text or text.endswith("\n") else text + "\n"


@contextmanager
def _served(wanted: bool) -> Iterator[str]:
    if not wanted:
        yield SERVED
        return
    with PracticeThread(PracticeOptions()) as server:
        yield f"{server.host}:{server.port}"


# ---------------------------------------------------------------- the shell


class Person:
    """Somebody at a terminal with the shell, who looks before they type on."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def enter(self, line: str, awaited: str = "", *, prompt: bool = True) -> None:
        """Type a line, wait for what it brings, and for the prompt behind it."""
        self.terminal.enter(line, awaited, "C: " if prompt else "")

    def message(self, lines: str, awaited: str) -> None:
        """Write a message after DATA; the dot that sends it is added."""
        self.enter("DATA", "S: 354", prompt=False)
        self.terminal.type(lines)
        self.enter(".", awaited)

    def password(self, command: str, password: str, awaited: str) -> None:
        self.enter(command, "# password", prompt=False)
        self.enter(password, awaited)

    def leave(self) -> None:
        """QUIT, and leave the shell."""
        self.enter("QUIT", "S: 221", prompt=False)
        self.terminal.wait_for("# not connected: ")
        self.terminal.key("c-d")
        self.terminal.close()


@contextmanager
def at_the_shell(folder: Path, *words: str, width: int = WIDTH) -> Iterator[Person]:
    """A person at the shell, greeted by the practice server; `words` come before --local."""
    argv = [sys.executable, "-m", "smtp_repl", *words, "--local"]
    with (
        TemporaryDirectory() as state,
        Terminal(argv, {**environment(state), "PYTHONPATH": str(ROOT)}, width, 60, str(folder)) as t,
    ):
        t.wait_for("S: 220 ")
        t.wait_for_prompt()
        yield Person(t)


def shot(person: Person, after: str = "") -> str:
    """All that was shown, as a block of text; what stands between prompt and toolbar is nothing, and left out.

    With `after`, only what follows the first line that begins so.
    """
    if not person.terminal.ended:
        person.terminal.wait_for(_has_toolbar)
    lines = person.terminal.history()
    if after:
        lines = lines[next(number for number, line in enumerate(lines) if line.startswith(after)) :]
    return picture(lines)


def picture(lines: list[str]) -> str:
    if lines and lines[-1].startswith(" "):
        toolbar = lines.pop()
        while lines and not lines[-1]:
            lines.pop()
        lines.append(toolbar)
    return "```text\n" + normal("\n".join(lines)) + "\n```\n"


def _has_toolbar(terminal: Terminal) -> bool:
    """Whether the last line says how long the last answer took; the first picture has no toolbar yet."""
    return re.fullmatch(r" \S.* \d+ ms", terminal.screen()[-1]) is not None


def screen(folder: Path) -> str:
    """A first session: greeting, login in base64, one message."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("AUTH LOGIN", '"Username:"')
        person.enter("/b64 tutor", '"Password:"')
        person.password("/pass", "not-a-secret", "S: 235 ")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
        person.enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")
        person.message("From: alice@example.org\nTo: bob@example.com\nSubject: Hello\n\nHello Bob.\n", "kept as")
        return shot(person, "C: EHLO")


def tutorial_first(folder: Path) -> str:
    """The tutorial's first screen: what stands there before anything is typed."""
    with at_the_shell(folder) as person:
        return shot(person)


def tutorial_mail(folder: Path) -> str:
    """The tutorial's first mail, recorded."""
    with at_the_shell(folder, "--record", "first.smtp") as person:
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
        person.enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")
        person.message("From: alice@example.org\nTo: bob@example.com\nSubject: First mail\n\nHello Bob.\n", "kept as")
        person.enter("/inbox 1", "# | Hello Bob.")
        person.leave()
        return shot(person, "C: EHLO")


def tutorial_mistake(folder: Path) -> str:
    """What happens when something is out of order."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("RCPT TO:<bob@example.com>", "S: 503 ")
        person.enter("MAIL FROM: <alice@example.org>", "S: 501 ")
        person.enter("/help 501", "RFC 5321 §4.2")
        return shot(person, "C: RCPT")


def shell_auth(folder: Path) -> str:
    """`/auth` walks an exchange line by line."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 ")
        person.password("/auth PLAIN tutor", "not-a-secret", "S: 235 ")
        return shot(person, "# /auth")


def shell_status(folder: Path) -> str:
    """`/starttls`, `/tls` and `/status`."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.enter("/starttls", "S: 250 HELP")
        person.enter("/status", "# last reply")
        return shot(person, "# /status")


def _in_recipients(person: Person) -> None:
    person.enter("EHLO client.example.org", "S: 250 ")
    person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
    person.enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")


def shell_message(folder: Path) -> str:
    """A message half written: the template, a dot that will be doubled, a file."""
    (folder / "report.pdf").write_bytes(bytes(8_000))
    with at_the_shell(folder) as person:
        _in_recipients(person)
        person.terminal.type("/template\n")
        person.terminal.wait_for(lambda terminal: terminal.line() == "C: Subject:")
        person.terminal.type("Report\n\nHere it is.\n")
        person.terminal.key("c-]")
        person.terminal.wait_for("# command: /")
        person.terminal.type("attach report.pdf\n")
        person.terminal.wait_for(lambda terminal: terminal.line() == "C:")
        person.terminal.type(".hidden")
        person.terminal.wait_for("1 dot doubled  1 attached")
        return shot(person, "# /template")


def shell_doubts(folder: Path) -> str:
    """What is remarked on when a message went."""
    with at_the_shell(folder) as person:
        _in_recipients(person)
        person.message("From: news@example.net\nBcc: carol@example.net\nHello Bob.\n", "kept as")
        return shot(person, "C: From")


def hand_over(folder: Path) -> str:
    """A script plays up to a line, and a person goes on."""
    with at_the_shell(folder, "run", "greylisting.smtp", "--to-line", "7", "--shell") as person:
        person.terminal.wait_for("# script ")
        person.terminal.wait_for_prompt()
        person.enter("RCPT TO:<full@example.com>", "S: 552 ")
        return shot(person, "C: HELO")


def answer_mail(folder: Path) -> str:
    """A person plays the server for `run @first-mail`."""
    argv = [sys.executable, "-m", "smtp_repl", "answer"]
    with (
        TemporaryDirectory() as state,
        Terminal(argv, {**environment(state), "PYTHONPATH": str(ROOT)}, WIDTH, 60, str(folder)) as terminal,
    ):
        terminal.wait_for("# no client:")
        address = re.search(r"127\.0\.0\.1:[0-9]+", terminal.text())
        client = [sys.executable, "-m", "smtp_repl", "run", "@first-mail", "--server", address[0] if address else ""]
        with subprocess.Popen(client, stdout=subprocess.DEVNULL, cwd=ROOT):  # noqa: S603 # our own
            _take(terminal, "220 ")
            terminal.wait_for("C: EHLO")
            terminal.type("250 mail.example.com, nothing special\n")
            for reply in ("250 2.1.0", "250 2.1.5", "354 ", "250 2.0.0", "221 "):
                _take(terminal, reply)
            terminal.wait_for(lambda terminal: terminal.screen()[-1].startswith(" listening on"))
            # Here it is always the same side that closes.
            return picture(terminal.history()).replace("# the server closed", "# we closed")


def _take(terminal: Terminal, reply: str) -> None:
    """Wait until a reply stands dimmed at the prompt, and send it."""
    terminal.wait_for(lambda terminal: terminal.line().startswith(f"S: {reply}"))
    terminal.key("tab", "enter")


def settings_set(folder: Path) -> str:
    """Settings, looked at and changed in a session."""
    with at_the_shell(folder) as person:
        person.enter("/set", "# /set NAME tells")
        person.enter("/set complete", "as-you-type|tab|off")
        person.enter("/set complete tab", "from here on")
        return shot(person, "# /set")


SCREENS: dict[str, Callable[[Path], str]] = {
    "answer-mail": answer_mail,
    "screen": screen,
    "tutorial-first": tutorial_first,
    "tutorial-mail": tutorial_mail,
    "tutorial-mistake": tutorial_mistake,
    "hand-over": hand_over,
    "shell-auth": shell_auth,
    "shell-status": shell_status,
    "shell-message": shell_message,
    "shell-doubts": shell_doubts,
    "settings-set": settings_set,
}
