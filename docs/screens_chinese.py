"""Screens in Chinese: a first session, an explained refusal, the first lesson. Made as those of `screens`."""

from collections.abc import Callable
from pathlib import Path

from docs.screens import at_the_shell, picture, shot
from docs.screens_explain import refused_and_explained
from docs.screens_lessons import in_a_lesson

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
    return refused_and_explained(folder, "要改的是", "依据是", *LANGUAGE)


def lesson_first_zh(folder: Path) -> str:
    """The beginning of the first lesson, and its first goal."""
    with in_a_lesson(folder, *LANGUAGE) as person:
        person.enter("/answer practice.example.com", "2/6")
        person.terminal.wait_for(lambda terminal: "ms" in terminal.screen()[-1])
        return picture(person.terminal.history())


SCREENS: dict[str, Callable[[Path], str]] = {
    "screen-zh": screen_zh,
    "explain-refusal-zh": explain_refusal_zh,
    "lesson-first-zh": lesson_first_zh,
}
