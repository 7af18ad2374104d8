"""Screens of what is explained in a session. Made as those of `screens`."""

from collections.abc import Callable
from pathlib import Path

from docs.screens import at_the_shell, shot


def explain_refusal(folder: Path) -> str:
    """A recipient is refused, and F1 tells the rest."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
        person.enter("RCPT TO:<nobody@example.com>", "tells more)")
        person.terminal.key("f1")
        person.terminal.wait_for("Known from ")
        person.terminal.wait_for_prompt()
        return shot(person, "C: MAIL")


SCREENS: dict[str, Callable[[Path], str]] = {"explain-refusal": explain_refusal}
