"""Screens in Chinese: a first session, an explained refusal, the first lesson. Made as those of `screens`."""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.screens import ROOT, WIDTH, Person, at_the_shell, environment, picture, shot
from tests.term.screen import Terminal

LANGUAGE = ("--lang", "zh_CN")


def screen_zh(folder: Path) -> str:
    """A first session: a slip and what is said of it, then a message."""
    with at_the_shell(folder, *LANGUAGE) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.enter("MAIL FROM:alice@example.org", "S: 501 ")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
        person.enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")
        person.message("From: alice@example.org\nTo: bob@example.com\nSubject: Hello\n\nHello Bob.\n", "kept as")
        return shot(person, "C: EHLO")


def explain_refusal_zh(folder: Path) -> str:
    """A recipient is refused, and F1 tells the rest."""
    with at_the_shell(folder, *LANGUAGE) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
        person.enter("RCPT TO:<nobody@example.com>", "要改的是")
        person.terminal.key("f1")
        person.terminal.wait_for("依据是")
        person.terminal.wait_for_prompt()
        return shot(person, "C: MAIL")


def lesson_first_zh(folder: Path) -> str:
    """The beginning of the first lesson, and its first goal."""
    argv = [sys.executable, "-m", "smtp_repl", "learn", *LANGUAGE]
    with (
        TemporaryDirectory() as state,
        Terminal(argv, {**environment(state), "PYTHONPATH": str(ROOT)}, WIDTH, 60, str(folder)) as terminal,
    ):
        terminal.wait_for("S: 220 ")
        terminal.wait_for_prompt()
        person = Person(terminal)
        person.enter("/answer practice.example.com", "2/6")
        terminal.wait_for(lambda shown: "ms" in shown.screen()[-1])
        return picture(terminal.history())


SCREENS: dict[str, Callable[[Path], str]] = {
    "screen-zh": screen_zh,
    "explain-refusal-zh": explain_refusal_zh,
    "lesson-first-zh": lesson_first_zh,
}
