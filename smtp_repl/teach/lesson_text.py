"""Lessons as text: a TOML file becomes a `Lesson`, or everything that is wrong with it, each fault with its place.

The page `docs/writing-lessons.md` says what may stand in such a file; keys of a check are read in `check_text`. It is
given the text and opens nothing. What only a server can tell (whether there is such a profile, whether the proofs
hold) is found out by whoever has one.
"""

import re
import tomllib
from collections.abc import Mapping

from smtp_repl.knowledge.rows import rows_of
from smtp_repl.script.text import parse
from smtp_repl.teach.check_text import read_check
from smtp_repl.teach.lesson import (
    HINTS,
    PROOFS,
    SOLUTION,
    WRONG,
    Goal,
    Lesson,
    Mistake,
    Proof,
    Recall,
    Scene,
    Server,
)
from smtp_repl.teach.toml_places import TomlPlaces
from smtp_repl.teach.toml_table import Faults, Table, near
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import phrase

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


def read_lesson(text: str, name: str = "<lesson>") -> Lesson:
    """The lesson of a file. Raises the first of its faults, a `ScriptError` with its place."""
    lesson, faults = examine_lesson(text, name)
    if lesson is None:
        raise faults[0]
    return lesson


def examine_lesson(text: str, name: str = "<lesson>") -> tuple[Lesson | None, list[ScriptError]]:
    """The lesson of a file, None if it has faults, and these in the order of their lines."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a hundred brackets
        return None, [_undecodable(error, text, name)]
    faults = Faults(TomlPlaces(text), name)
    lesson = _lesson(Table(values, (), faults))
    found = sorted(faults.found, key=lambda fault: (fault.line, fault.column))
    return (None if found else lesson), found


def _undecodable(error: Exception, text: str, name: str) -> ScriptError:
    """tomllib's own words, with the place taken out of them."""
    message, _at, place = str(error).partition(" (at ")
    found = re.match(r"line (\d+), column (\d+)", place)
    line, column = (int(found[1]), int(found[2])) if found else (text.count("\n") + 1, 1)
    source = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    return ScriptError(
        phrase("this is no TOML: {message}", message=message),
        phrase("patterns and scripts stand in '…' or '''…''', where a backslash is a backslash"),
        kind="toml",
        file=name,
        line=line,
        column=column,
        source=source,
    )


def _lesson(table: Table) -> Lesson:
    lesson = Lesson(
        id=_id(table),
        title=table.text("title"),
        about=_paragraphs(table.text("about")),
        scenes=tuple(_scene(scene) for scene in table.tables("scenes", at_least=1)),
        requires=table.texts("requires"),
        pitfalls=table.texts("pitfalls"),
        recall=tuple(_recall(recall) for recall in table.tables("recall")),
    )
    table.end()
    _look_across(lesson, table)
    return lesson


def _look_across(lesson: Lesson, table: Table) -> None:
    """What one goal cannot know of the others."""
    goals = lesson.goals
    mistakes = [mistake for scene in lesson.scenes for mistake in scene.mistakes]
    named = [(goal.id, goal.line) for goal in goals] + [(mistake.id, mistake.line) for mistake in mistakes]
    ids = [id for id, _line in named]
    for number, (id, line) in enumerate(named):
        if id in ids[:number]:
            table.blame_line(line, phrase('"{id}" is the id of two', id=id), phrase("each needs its own"))
    ids = [goal.id for goal in goals]
    for goal in goals:
        for before in goal.after:
            if before not in ids:
                table.blame_line(goal.line, phrase('there is no goal "{id}" to come after', id=before))
    for mistake in mistakes:
        if mistake.until and mistake.until not in ids:
            table.blame_line(mistake.line, phrase('there is no goal "{id}"', id=mistake.until))
    known = rows_of("pitfalls")
    for pitfall in lesson.pitfalls:
        if pitfall not in known:
            table.blame("pitfalls", phrase('there is no pitfall "{id}"', id=pitfall), near(pitfall, tuple(known)))
    for scene in lesson.scenes:
        if not any(proof.kind == SOLUTION for proof in scene.proofs):
            hint = phrase('[[scenes.proofs]] with kind = "solution" and a script shows that it can be done')
            table.blame_line(scene.line, phrase("this scene has no solution"), hint)


def _id(table: Table) -> str:
    id = table.text("id")
    if id and not _ID.fullmatch(id):
        table.blame("id", phrase("an id is made of small letters, digits and hyphens"))
    return id


def _paragraphs(text: str) -> tuple[str, ...]:
    """What blank lines part; line ends within a paragraph are blanks."""
    return tuple(" ".join(one.split()) for one in re.split(r"\n\s*\n", text) if one.strip())


def _line(text: str) -> str:
    return " ".join(text.split())


def _recall(table: Table) -> Recall:
    recall = Recall(_line(table.text("question")), _line(table.text("answer")))
    table.end()
    return recall


def _scene(table: Table) -> Scene:
    scene = Scene(
        server=_server(table),
        goals=tuple(_goal(goal) for goal in table.tables("goals", at_least=1)),
        title=table.text("title", required=False),
        about=_paragraphs(table.text("about", required=False)),
        mistakes=tuple(_mistake(mistake) for mistake in table.tables("mistakes")),
        proofs=tuple(_proof(proof) for proof in table.tables("proofs")),
        line=table.line,
    )
    table.end()
    return scene


def _server(table: Table) -> Server:
    value = table.take("server", required=True)
    if isinstance(value, str | Mapping):
        return value
    if value is not None:
        table.blame("server", phrase("a server is the name of a profile, or a table of switches"))
    return "strict"


def _goal(table: Table) -> Goal:
    hints = table.texts("hints", required=True)
    if hints and len(hints) != len(HINTS):
        problem = phrase("a goal has three hints, and here are {count}", count=len(hints))
        table.blame("hints", problem, phrase("first the idea, then the form, then the answer"))
    goal = Goal(
        id=_id(table),
        task=_line(table.text("task")),
        check=read_check(table, "check"),
        hints=tuple(map(_line, hints)),
        why=_line(table.text("why")),
        form=table.text("form", required=False).strip(),
        after=table.texts("after"),
        line=table.line,
    )
    table.end()
    return goal


def _mistake(table: Table) -> Mistake:
    mistake = Mistake(
        id=_id(table),
        check=read_check(table, "check"),
        text=_line(table.text("text")),
        until=table.text("until", required=False),
        line=table.line,
    )
    table.end()
    return mistake


def _proof(table: Table) -> Proof:
    kind = table.word("kind", PROOFS)
    script = table.text("script")
    place = table.faults.places.find((*table.path, "script"))
    caught = table.texts("caught")
    if kind == WRONG and not caught:
        table.blame(
            "kind",
            phrase("a wrong way names what it is caught by"),
            phrase('caught = ["the id of a mistake or finding"]'),
        )
    for problem in parse(script.encode(), table.faults.file).problems:
        fault = problem.error(table.faults.file)
        fault.line += place.line
        fault.column = 0
        table.faults.found.append(fault)
    table.end()
    return Proof(kind, script, caught, place.line)
