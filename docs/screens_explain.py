"""Screens of what is explained in a session. Made as those of `screens`."""

from collections.abc import Callable
from pathlib import Path

from docs.screens import at_the_shell, shot


def explain_refusal(folder: Path) -> str:
    """A recipient is refused, and F1 tells the rest."""
    return refused_and_explained(folder, "tells more)", "Known from ")


def refused_and_explained(folder: Path, at_once: str, at_last: str, *words: str) -> str:
    """The same in any language: what to wait for in the line behind the refusal, and in what F1 tells."""
    with at_the_shell(folder, *words) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
        person.enter("RCPT TO:<nobody@example.com>", at_once)
        person.terminal.key("f1")
        person.terminal.wait_for(at_last)
        person.terminal.wait_for_prompt()
        return shot(person, "C: MAIL")


SCREENS: dict[str, Callable[[Path], str]] = {"explain-refusal": explain_refusal}
