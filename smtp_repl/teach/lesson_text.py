"""Lessons as text: a TOML file becomes a `Lesson`, or everything that is wrong with it, each fault with its place.

The page `docs/writing-lessons.md` says what may stand in such a file; `_check` and its neighbours are where a key is
added. Pure: it is given the text and opens nothing. What only a server can tell (whether there is such a profile,
whether the proofs hold) is found out by whoever has one.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence

from smtp_repl.script.text import parse
from smtp_repl.teach.checks import (
    FLAGS,
    AllOf,
    AnswerCheck,
    AnyOf,
    Check,
    EndCheck,
    ExchangeCheck,
    InOrder,
    MessageCheck,
    Pattern,
    WriteCheck,
)
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
from smtp_repl.teach.toml_table import Faults, Table
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import _
from smtp_repl.wire.states import Phase

_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_SIDES = ("client", "server")


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
    except tomllib.TOMLDecodeError as error:
        return None, [_undecodable(error, text, name)]
    faults = Faults(TomlPlaces(text), name)
    lesson = _lesson(Table(values, (), faults))
    found = sorted(faults.found, key=lambda fault: (fault.line, fault.column))
    return (None if found else lesson), found


def _undecodable(error: tomllib.TOMLDecodeError, text: str, name: str) -> ScriptError:
    """tomllib's own words, with the place taken out of them."""
    message, _at, place = str(error).partition(" (at ")
    found = re.match(r"line (\d+), column (\d+)", place)
    line, column = (int(found[1]), int(found[2])) if found else (text.count("\n") + 1, 1)
    source = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    return ScriptError(
        _("this is no TOML: {message}").format(message=message),
        _("patterns and scripts stand in '…' or '''…''', where a backslash is a backslash"),
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
            table.blame_line(line, _('"{id}" is the id of two').format(id=id), _("each needs its own"))
    ids = [goal.id for goal in goals]
    for goal in goals:
        for before in goal.after:
            if before not in ids:
                table.blame_line(goal.line, _('there is no goal "{id}" to come after').format(id=before))
    for mistake in mistakes:
        if mistake.until and mistake.until not in ids:
            table.blame_line(mistake.line, _('there is no goal "{id}"').format(id=mistake.until))
    for scene in lesson.scenes:
        if not any(proof.kind == SOLUTION for proof in scene.proofs):
            hint = _('[[scenes.proofs]] with kind = "solution" and a script shows that it can be done')
            table.blame_line(scene.line, _("this scene has no solution"), hint)


def _id(table: Table) -> str:
    id = table.text("id")
    if id and not _ID.fullmatch(id):
        table.blame("id", _("an id is made of small letters, digits and hyphens"))
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
        table.blame("server", _("a server is the name of a profile, or a table of switches"))
    return "strict"


def _goal(table: Table) -> Goal:
    hints = table.texts("hints", required=True)
    if hints and len(hints) != len(HINTS):
        problem = _("a goal has three hints, and here are {count}").format(count=len(hints))
        table.blame("hints", problem, _("first the idea, then the form, then the answer"))
    goal = Goal(
        id=_id(table),
        task=_line(table.text("task")),
        check=_check(table, "check"),
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
        check=_check(table, "check"),
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
            "kind", _("a wrong way names what it is caught by"), _('caught = ["the id of a mistake or finding"]')
        )
    for problem in parse(script.encode(), table.faults.file).problems:
        fault = problem.error(table.faults.file)
        fault.line += place.line
        fault.column = 0
        table.faults.found.append(fault)
    table.end()
    return Proof(kind, script, caught, place.line)


# ---------------------------------------------------------------- checks


def _check(table: Table, key: str) -> Check:
    value = table.take(key, required=True)
    return _checked(value, table, key)


def _checked(value: object, table: Table, key: str) -> Check:
    if isinstance(value, list):
        return InOrder(_several(table, key, value))
    if isinstance(value, Mapping):
        return _one_check(Table(value, (*table.path, key), table.faults))
    if value is not None:
        table.blame(key, _("a check is a table, or an array of tables in their order"))
    return AllOf(())


def _several(table: Table, key: str, values: Sequence[object]) -> tuple[Check, ...]:
    if not values:
        table.blame(key, _("there is nothing in it to be checked"))
    inner = Table({str(index): value for index, value in enumerate(values)}, (*table.path, key), table.faults)
    return tuple(_checked(inner.take(name), inner, name) for name in list(inner.values))


def _one_check(table: Table) -> Check:
    check: Check
    if table.has("any") or table.has("all"):
        key = "any" if table.has("any") else "all"
        value = table.take(key)
        several = _several(table, key, value if isinstance(value, list) else [])
        check = AnyOf(several) if key == "any" else AllOf(several)
    elif table.has("answer"):
        check = AnswerCheck(_required(table, "answer"), times=table.count("times", 1))
    elif table.has("write"):
        check = _write(table.table("write"), table.count("times", 1))
    elif table.has("closed"):
        check = _end(table.table("closed"), table.count("times", 1))
    else:
        if not table.values:
            table.blame("", _("there is nothing in it to be checked"))
        check = _exchange(table)
    table.end()
    return check


def _exchange(table: Table) -> ExchangeCheck:
    return ExchangeCheck(
        client=_pattern(table, "client"),
        reply=_pattern(table, "reply"),
        answers=table.text("answers", required=False),
        before=_phase(table, "before"),
        phase=_phase(table, "phase"),
        tls=table.flag("tls"),
        offers=table.texts("offers"),
        lacks=table.texts("lacks"),
        message=_message(table.table("message")) if table.has("message") else None,
        times=table.count("times", 1),
    )


def _write(table: Table, times: int) -> WriteCheck:
    check = WriteCheck(
        octets=_pattern(table, "octets"),
        commands=table.count("commands", 0),
        replies=tuple(filter(None, (_compiled(table, "replies", text) for text in table.texts("replies")))),
        text=table.flag("text"),
        times=times,
    )
    table.end()
    return check


def _end(table: Table, times: int) -> EndCheck:
    by = table.word("by", _SIDES, required=False)
    check = EndCheck(by=by, during=_pattern(table, "during"), silent=table.flag("silent"), times=times)
    table.end()
    return check


def _message(table: Table) -> MessageCheck:
    recipients = (_compiled(table, "recipients", text) for text in table.texts("recipients"))
    check = MessageCheck(
        sender=_pattern(table, "sender"),
        recipients=tuple(filter(None, recipients)),
        fields=_fields(table, "fields"),
        without=_fields(table, "without"),
        header=_pattern(table, "header"),
        no_header=_pattern(table, "no_header"),
        subject=_pattern(table, "subject"),
        body=_pattern(table, "body"),
        text=_pattern(table, "text"),
        type=_pattern(table, "type"),
        charset=_pattern(table, "charset"),
        encoding=_pattern(table, "encoding"),
        attachment=_pattern(table, "attachment"),
        parts=table.count("parts", 0),
        differs=table.flag("differs"),
        defects=table.flag("defects"),
    )
    table.end()
    return check


def _fields(table: Table, key: str) -> dict[str, Pattern]:
    if not table.has(key):
        return {}
    inner = table.table(key)
    return {name: _required(inner, name) for name in list(inner.values)}


def _phase(table: Table, key: str) -> Phase | None:
    word = table.word(key, [phase.value for phase in Phase], required=False)
    return Phase(word) if word else None


_NEVER = re.compile(r"(?!)")


def _required(table: Table, key: str) -> Pattern:
    return _pattern(table, key) or _NEVER


def _pattern(table: Table, key: str) -> Pattern | None:
    if not table.has(key):
        return None
    return _compiled(table, key, table.text(key, may_be_empty=True))


def _compiled(table: Table, key: str, text: str) -> Pattern | None:
    try:
        return re.compile(text, FLAGS)
    except re.error as error:
        table.blame(key, _("this is no regular expression: {problem}").format(problem=error.msg))
        return None
