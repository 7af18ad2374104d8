"""Hand-ins judged: a row for each transcript, and which of them are suspiciously the same. Scripts in, rows out; pure.

A transcript from a student's own machine is a text that anybody can write. Two marks help to look at the right ones:
`copy` are files of the very same session (the ports of a connection are different each time), `alike` are those whose
conversations are the same once names, addresses and numbers are masked. Work without a message and without a mistake
is alike by nature, and is not marked.
"""

import re
from collections.abc import Sequence

from smtp_repl.script.model import Comment, Script, Wire
from smtp_repl.teach.checks import asks
from smtp_repl.teach.facts import Answer, Exchange
from smtp_repl.teach.hand_in import ANSWER, facts_of
from smtp_repl.teach.judging import Judgement, Outcome, judge
from smtp_repl.teach.lesson import Lesson
from smtp_repl.wire.language import _
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

BY_SERVER, BY_STUDENT = "server", "student"

LOOKED_AT = 32 * 1024
"""Characters of a message that are compared."""

_LOGGED_IN = re.compile(r"logged in as (.+)")
_STAMP = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]+-?")
"""What the class server's names of files begin with."""
_PORTS = re.compile(r"(?:connected to|from) \S+:[0-9]+\b")


class Grade(Record):
    """What one file comes to. `problem` says why it could not be judged; then there is no judgement.

    `session` tells which sessions it is of, `work` what was said in them; "" where that tells nothing.
    """

    file: str
    student: str
    recorded_by: str = ""
    judgement: Judgement | None = None
    problem: str = ""
    can_answer: bool = True
    """Whether answers to questions can stand in it at all."""
    session: str = ""
    work: str = ""


def grade(lesson: Lesson, file: str, script: Script) -> Grade:
    """Judge one hand-in. `file` is its path below the folder, with `/`."""
    comments = [node.text for node in script.nodes if isinstance(node, Comment)]
    by_server = "recorded by the server" in comments
    student = _student(file, comments if by_server else [])
    if not any(isinstance(node, Wire) for node in script.nodes):
        return Grade(file, student, problem=_("this is no transcript: nothing is said in it"))
    return Grade(
        file,
        student,
        BY_SERVER if by_server else BY_STUDENT,
        judge(lesson, script),
        can_answer=not by_server or any(text.startswith(f"{ANSWER} ") for text in comments),
        session="\n".join(text for text in comments if _PORTS.match(text)),
        work=_work(script),
    )


def _student(file: str, comments: Sequence[str]) -> str:
    """Who handed it in: whoever logged in, or the folder that it lies in, or its name."""
    for text in comments:
        if found := _LOGGED_IN.fullmatch(text):
            return found[1]
    folder, _slash, name = file.rpartition("/")
    if folder:
        return folder.partition("/")[0]
    stem = name.removesuffix(".smtp")
    return _STAMP.sub("", stem, count=1) or stem


def _work(script: Script) -> str:
    """What was said, as far as it is somebody's own; "" where there is neither a message nor a mistake in it."""
    said: list[str] = []
    is_own = False
    for fact in facts_of(script):
        match fact:
            case Exchange(client=client, code=code, message=message):
                is_own = is_own or code >= 400 or message is not None
                text = message.octets.decode("utf-8", "replace") if message is not None else client
                said.append(f"{_masked(text)} {code}")
            case Answer(text=text):
                said.append(_masked(text))
            case _:
                pass
    return "\n".join(said) if is_own else ""


def _masked(text: str) -> str:
    """A text without names, addresses and numbers; of a very long one its beginning."""
    text = text[:LOOKED_AT]
    text = re.sub(r"(?i)\b(ehlo|helo|lhlo) \S+", r"\1 name", text)
    text = re.sub(r"[^\s<>:,;@]{1,64}@[^\s<>:,;]{1,255}", "address", text)
    return " ".join(re.sub(r"[0-9]+", "0", text).lower().split())


# ---------------------------------------------------------------- rows


def table(lesson: Lesson, grades: Sequence[Grade]) -> list[list[str]]:
    """A heading and a row for each, safe to open in a spreadsheet."""
    goals = [goal.id for goal in lesson.goals]
    heading = ["file", "student", "recorded by", "met", "of", *goals, "hints", "noticed", "copy", "alike", "problem"]
    copies, alike = _groups([one.session for one in grades]), _groups([one.work for one in grades])
    rows = [_row(one, len(goals), copies[number], alike[number]) for number, one in enumerate(grades)]
    return [heading, *([safe(cell) for cell in row] for row in rows)]


def _row(one: Grade, goals: int, copy: str, alike: str) -> list[str]:
    judgement = one.judgement
    if judgement is None:
        return [one.file, one.student, "", "", "", *[""] * goals, "", "", copy, alike, one.problem]
    cells = [_cell(outcome, can_answer=one.can_answer) for outcome in judgement.outcomes]
    possible = sum(cell != NOT_SEEN for cell in cells)
    noticed = dict.fromkeys(slip.rule for slip in judgement.slips if slip.severity != "info")
    return [
        one.file,
        one.student,
        one.recorded_by,
        str(len(judgement.met)),
        str(possible),
        *cells,
        str(sum(outcome.hints for outcome in judgement.outcomes)),
        " ".join(noticed),
        copy,
        alike,
        "",
    ]


NOT_SEEN = "n/a"
"""In the place of a goal that this kind of transcript cannot show: the server hears no answers to questions."""


def _cell(outcome: Outcome, *, can_answer: bool) -> str:
    """The line at which a goal was reached, or why there is none."""
    if outcome.is_met:
        return str(outcome.line)
    if outcome.is_skipped:
        return "skipped"
    return NOT_SEEN if asks(outcome.goal.check) and not can_answer else ""


def _groups(prints: Sequence[str]) -> list[str]:
    """For each the number of the group that it is the same as, "" where it is like no other."""
    numbers: dict[str, str] = {}
    for text in prints:
        if text and text not in numbers and prints.count(text) > 1:
            numbers[text] = str(len(numbers) + 1)
    return [numbers.get(text, "") for text in prints]


_FORMULAS = (*"=+-@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What formulas begin with, full-width forms too."""


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, and that stays on its row."""
    cell = printable(cell)
    return f"'{cell}" if cell[:1].isspace() or cell[:1] in _FORMULAS else cell
