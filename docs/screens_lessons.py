"""Screens of lessons: how one begins, a goal that is reached, the end. Made as those of `screens`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.screens import ROOT, WIDTH, Person, environment, picture
from tests.term.screen import Terminal


@contextmanager
def in_a_lesson(folder: Path, *words: str) -> Iterator[Person]:
    """Somebody who begins the first lesson; `words` come behind `learn`."""
    argv = [sys.executable, "-m", "smtp_repl", "learn", *words]
    with (
        TemporaryDirectory() as state,
        Terminal(argv, {**environment(state), "PYTHONPATH": str(ROOT)}, WIDTH, 60, str(folder)) as terminal,
    ):
        terminal.wait_for("S: 220 ")
        terminal.wait_for_prompt()
        yield Person(terminal)


def _shot(person: Person, after: str = "") -> str:
    person.terminal.wait_for(lambda terminal: "lesson 1" in terminal.screen()[-1])
    lines = person.terminal.history()
    # Where the transcript lies is in a folder of nobody's.
    lines = ["# to hand in: ~/.local/state/smtp-repl/learn/hello.smtp" if "to hand in" in one else one for one in lines]
    lines = [one for one in lines if not one.startswith(("#   /tmp", "#   /var"))]
    start = next((number for number, line in enumerate(lines) if line.startswith(after)), 0)
    return picture(lines[start:])


def lesson_first(folder: Path) -> str:
    """What stands there before anything is typed."""
    with in_a_lesson(folder) as person:
        return _shot(person)


def lesson_goals(folder: Path) -> str:
    """A goal that is reached, a mistake, a hint."""
    with in_a_lesson(folder) as person:
        person.enter("/answer practice.example.com", "goal 2 of 6")
        person.enter("EHLO", "S: 501 ")
        person.enter("/hint", "hint 1 of 3")
        person.enter("EHLO student.example.org", "goal 3 of 6")
        return _shot(person, "# /answer")


def lesson_end(folder: Path) -> str:
    """The last goal, and what comes after it."""
    with in_a_lesson(folder) as person:
        person.enter("/answer practice.example.com", "goal 2 of 6")
        person.enter("EHLO", "S: 501 ")
        person.enter("EHLO student.example.org", "goal 3 of 6")
        person.enter("/answer 10240000", "goal 4 of 6")
        person.enter("NOOP", "goal 5 of 6")
        person.enter("HELP", "goal 6 of 6")
        person.enter("QUIT", "to recall", prompt=False)
        person.terminal.wait_for_prompt("# not connected: ")
        person.enter("/next", "answer: ", prompt=False)
        person.terminal.wait_for_prompt("# not connected: ")
        return _shot(person, "C: QUIT")


SCREENS: dict[str, Callable[[Path], str]] = {
    "lesson-first": lesson_first,
    "lesson-goals": lesson_goals,
    "lesson-end": lesson_end,
}
