"""Screens about a whole session: its steps, the way back, comparing, pipelining, octets. Made as those of `screens`."""

import re
from collections.abc import Callable
from pathlib import Path

from docs.screens import Person, at_the_shell, picture, shot


def _greeted(person: Person) -> None:
    person.enter("EHLO client.example.org", "S: 250 HELP")


def _recipients(person: Person) -> None:
    _greeted(person)
    person.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
    person.enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")
    person.enter("RCPT TO:<nobody@example.com>", "S: 550 ")


def session_steps(folder: Path) -> str:
    """What was said, numbered."""
    with at_the_shell(folder) as person:
        _recipients(person)
        person.enter("/steps", "# /rewind N")
        return shot(person, "# /steps")


def session_undo(folder: Path) -> str:
    """The last command is taken back by a new connection."""
    with at_the_shell(folder) as person:
        _recipients(person)
        person.enter("/undo", "# this is step 3 again")
        return shot(person, "# /undo")


def session_diff(folder: Path) -> str:
    """The session beside the script of the page."""
    with at_the_shell(folder) as person:
        _recipients(person)
        person.enter("/diff monday.smtp", "only here")
        return shot(person, "# /diff")


def session_pipeline(folder: Path) -> str:
    """Three commands in one write."""
    with at_the_shell(folder) as person:
        _greeted(person)
        person.enter("/pipeline", "# what you type", prompt=False)
        for number, line in enumerate(
            ("MAIL FROM:<alice@example.org>", "RCPT TO:<bob@example.com>", "RCPT TO:<nobody@example.com>"), 2
        ):
            person.terminal.type(line + "\n")
            person.terminal.wait_for_prompt(f"# pipeline {number}: ")
        person.enter("/pipeline send", "S: 550 ")
        return shot(person, "# /pipeline")


def session_paste(folder: Path) -> str:
    """Three lines that were pasted: how they stand there, and how they went, one after the other."""
    with at_the_shell(folder) as person:
        _greeted(person)
        terminal = person.terminal
        terminal.paste("MAIL FROM:<alice@example.org>\nRCPT TO:<bob@example.com>\nRSET\n")
        terminal.wait_for("C: RSET")
        lines = terminal.history()
        pasted = picture([line for line in lines[lines.index("C: MAIL FROM:<alice@example.org>") :] if line][:3])
        person.enter("", "S: 250 2.0.0")
        return pasted + "\nand with Enter:\n\n" + shot(person, "C: MAIL FROM")


def session_octets(folder: Path) -> str:
    """`/hex on` and `/timing on`."""
    with at_the_shell(folder) as person:
        _greeted(person)
        person.enter("/hex on", "# octets are shown")
        person.enter("/timing on", "# times are shown")
        person.enter("NOOP", "ms")
        # Whether all of a reply comes at once is the network's affair.
        return re.sub(r", the first octet after 2 ms", "", shot(person, "# /hex"))


SCREENS: dict[str, Callable[[Path], str]] = {
    "session-steps": session_steps,
    "session-undo": session_undo,
    "session-diff": session_diff,
    "session-pipeline": session_pipeline,
    "session-octets": session_octets,
    "session-paste": session_paste,
}
