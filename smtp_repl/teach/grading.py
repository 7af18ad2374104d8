"""Hand-ins judged: a row for each transcript, and which of them are suspiciously the same. Scripts in, rows out; pure.

A transcript from a student's own machine is a text that anybody can write. Two marks help to look at the right ones:
`copy` are files of the very same session (the ports of a connection are different each time), `alike` are those whose
conversations are the same once names, addresses and numbers are masked. Work without a message and without a mistake
is alike by nature, and is not marked.

A transcript that says that the server recorded it is still a text: only whoever knows where it comes from can tell
whether to believe it, and says so (`from_server`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from smtp_repl.script.model import Comment, Script, Wire
from smtp_repl.teach.checks import asks
from smtp_repl.teach.facts import Answer, Exchange
from smtp_repl.teach.hand_in import facts_of
from smtp_repl.teach.judging import Judgement, Outcome, judge
from smtp_repl.teach.lesson import Lesson
from smtp_repl.teach.pitfalls.reading import look_through
from smtp_repl.teach.retelling import retell
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

BY_SERVER, BY_STUDENT = "server", "student"

LOOKED_AT = 32 * 1024
"""Characters of a message that are compared."""
LINES_LIMIT = 50_000
"""Lines of a hand-in: a session by hand has some hundreds, and one full of attachments some thousands."""

_LOGGED_IN = re.compile(r"logged in as (.+)")
_STAMP = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]+-?")
"""What the class server's names of files begin with."""
_PORTS = re.compile(r"(?:connected to|from) \S+:[0-9]+\b")


class Grade(Record):
    """What one file comes to. `problem` says why it could not be judged; then there is no judgement.

    `session` is the same for files of the very same sessions, `work` for those in which the same was said; "" where
    that tells nothing.
    """

    file: str
    student: str
    recorded_by: str = ""
    judgement: Judgement | None = None
    problem: str = ""
    claims_server: bool = False
    """It says that the server recorded it, whether that is believed or not."""
    session: str = ""
    work: str = ""
    noticed: tuple[str, ...] = ()
    """The ids of mistakes, pitfalls and findings, one for each act, as often as it was done."""

    @property
    def unseen(self) -> frozenset[str]:
        """The goals that this kind of transcript cannot show: a server hears no answers to questions."""
        if self.judgement is None or self.recorded_by != BY_SERVER:
            return frozenset()
        goals = (outcome.goal for outcome in self.judgement.outcomes if not outcome.is_met)
        return frozenset(goal.id for goal in goals if asks(goal.check))

    @property
    def is_complete(self) -> bool:
        """Whether every goal was reached that this kind of transcript can show."""
        if self.judgement is None:
            return False
        unseen = self.unseen
        return all(outcome.is_met or outcome.goal.id in unseen for outcome in self.judgement.outcomes)


def grade(lesson: Lesson, file: str, script: Script, *, from_server: bool = False) -> Grade:
    """Judge one hand-in. `file` is its path below the folder, with `/`; `from_server` tells that it is the server's
    own folder, where no student could write.
    """
    comments = [node.text for node in script.nodes if isinstance(node, Comment)]
    claims_server = "recorded by the server" in comments
    by_server = claims_server and from_server
    student = _student(file, comments if by_server else [])
    if not any(isinstance(node, Wire) for node in script.nodes):
        return Grade(file, student, problem=phrase("this is no transcript: nothing is said in it"))
    if len(script.nodes) > LINES_LIMIT:
        problem = phrase("this is no session by hand: it has more than {limit} lines", limit=LINES_LIMIT)
        return Grade(file, student, problem=problem)
    judgement = judge(lesson, script)
    return Grade(
        file,
        student,
        BY_SERVER if by_server else BY_STUDENT,
        judgement,
        claims_server=claims_server,
        session=_digest(text for text in comments if _PORTS.match(text)),
        work=_digest(_work(script)),
        noticed=(*(slip.rule for slip in judgement.slips if slip.text), *_remarks(script)),
    )


def ungraded(file: str, problem: str) -> Grade:
    """A row for what could not even be read."""
    return Grade(file, _student(file, []), problem=problem)


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


def _remarks(script: Script) -> Iterator[str]:
    """What `explain` would remark on, but for what is only worth knowing."""
    for seen in look_through(script, retell(script)):
        yield from (one.rule for one in seen.remarks if one.severity != "info")


def _digest(lines: Iterable[str]) -> str:
    """The same for the same lines, and small, however much was said; "" for none."""
    whole = "\n".join(lines)
    return sha256(whole.encode("utf-8", "surrogateescape")).hexdigest() if whole else ""


def _work(script: Script) -> list[str]:
    """What was said, as far as it is somebody's own; nothing where there is neither a message nor a mistake in it."""
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
    return said if is_own else []


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
        return [one.file, one.student, "", "", "", *[""] * goals, "", "", copy, alike, _(one.problem)]
    cells = [_cell(outcome, one.unseen) for outcome in judgement.outcomes]
    return [
        one.file,
        one.student,
        one.recorded_by,
        str(len(judgement.met)),
        str(goals - len(one.unseen)),
        *cells,
        str(sum(outcome.hints for outcome in judgement.outcomes)),
        " ".join(rule if count == 1 else f"{rule}:{count}" for rule, count in Counter(one.noticed).items()),
        copy,
        alike,
        "",
    ]


NOT_SEEN = "n/a"
"""In the place of a goal that this kind of transcript cannot show."""


def _cell(outcome: Outcome, unseen: frozenset[str]) -> str:
    """The line at which a goal was reached, or why there is none."""
    if outcome.is_met:
        return str(outcome.line)
    if outcome.is_skipped:
        return "skipped"
    return NOT_SEEN if outcome.goal.id in unseen else ""


def _groups(prints: Sequence[str]) -> list[str]:
    """For each the letter of the group that it belongs to, "" where it is like no other."""
    counts = Counter(prints)
    shared = [text for text in counts if text and counts[text] > 1]
    letters = {text: _letter(number) for number, text in enumerate(shared)}
    return [letters.get(text, "") for text in prints]


def _letter(number: int) -> str:
    """A to Z, and then AA: as a spreadsheet names its columns, counted from 0."""
    before, last = divmod(number, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)


_FORMULAS = (*"=+-@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What formulas begin with, full-width forms too."""


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, and that stays on its row."""
    cell = printable(cell)
    return f"'{cell}" if cell[:1].isspace() or cell[:1] in _FORMULAS else cell
