"""The commands of a lesson: `/goal /hint /skip /reset /next /answer /lesson`; and how a lesson begins.

They speak to the lesson and never to the server, but for those that connect anew.
"""

from collections.abc import Iterable

from smtp_repl.term.desk import Desk
from smtp_repl.term.learning import Learning
from smtp_repl.term.practice import Practice
from smtp_repl.term.requests import Connect, Drop, Handling, Tell
from smtp_repl.wire.errors import SmtpReplError, UsageError
from smtp_repl.wire.language import _


def begin(desk: Desk, learning: Learning) -> Handling:
    """Say what the lesson is about and what is to be done first, and connect to its server."""
    yield from _tell(learning.opening)
    yield from _connect(desk, learning)


def handle_goal(desk: Desk, argument: str) -> Handling:
    """`/goal`: what is to be reached, and what was reached already."""
    yield from _tell(_lesson(desk).tutor.goals())


def handle_hint(desk: Desk, argument: str) -> Handling:
    """`/hint`: the idea, then the form, then the answer."""
    learning = _lesson(desk)
    yield from _tell(learning.tutor.hint())
    yield from _tell(learning.heed())


def handle_skip(desk: Desk, argument: str) -> Handling:
    """`/skip`: leave the present goal aside."""
    learning = _lesson(desk)
    yield from _tell(learning.tutor.skip())
    yield from _tell(learning.heed())


def handle_reset(desk: Desk, argument: str) -> Handling:
    """`/reset`: the scene from its beginning, on a new connection."""
    learning = _lesson(desk)
    if desk.is_connected:
        yield Drop()
    yield from _tell(learning.tutor.reset())
    yield from _tell(learning.heed())
    yield from _connect(desk, learning)


def handle_answer(desk: Desk, argument: str) -> Handling:
    """`/answer TEXT`: to a question of the lesson."""
    text = argument.strip()
    if not text:
        raise UsageError("/answer needs an answer", "/answer TEXT")
    yield from _tell(_lesson(desk).answer(text))


def handle_next(desk: Desk, argument: str) -> Handling:
    """`/next`: the next scene, the next question, the next lesson."""
    learning = _lesson(desk)
    tutor = learning.tutor
    if tutor.goal is not None:
        yield Tell(_("goals are open; /skip leaves the present one aside"))
        yield from _tell(tutor.task())
    elif tutor.has_more_scenes:
        if desk.is_connected:
            yield Drop()
        tutor.begin_scene(tutor.scene_number + 1)
        yield from _tell(learning.heed())
        yield from _tell(tutor.beginning())
        yield from _connect(desk, learning)
    elif not tutor.has_recalled:
        yield from _tell(learning.recall())
    else:
        following = learning.following(learning.course)
        if following is None:
            yield Tell(_("there is no further lesson"))
            return
        yield from _open(desk, learning, following.key)


def handle_lesson(desk: Desk, argument: str) -> Handling:
    """`/lesson`: what this one is about; `/lesson NAME`: another one."""
    learning = _lesson(desk)
    word = argument.strip()
    if word:
        yield from _open(desk, learning, word)
    else:
        yield from _tell(learning.tutor.overview())


def _open(desk: Desk, learning: Learning, word: str) -> Handling:
    course = learning.find(word)
    if desk.is_connected:
        yield Drop()
    learning.open(course)
    yield from begin(desk, learning)


def _lesson(desk: Desk) -> Learning:
    if desk.learning is None:
        raise UsageError("there is no lesson in this session", "smtp-repl learn begins one")
    return desk.learning


def _tell(paragraphs: Iterable[str]) -> Handling:
    for paragraph in paragraphs:
        yield Tell(paragraph)


def _connect(desk: Desk, learning: Learning) -> Handling:
    """A new connection to the server of the scene. What goes wrong is part of some lessons, and ends none."""
    practice = desk.practice
    if practice is None or practice.server is None:
        raise UsageError("a lesson needs the practice server")
    practice.server.behave(learning.profile)
    # How one speaks to it, and who may log in, is another matter now.
    desk.practice = Practice.of(practice.server)
    try:
        # A server that says nothing is part of some lessons; one can speak to the lesson meanwhile.
        yield Connect(desk.practice.target, waits=False)
    except SmtpReplError as error:
        yield Tell(_("error: {problem}").format(problem=error.message))
        if error.hint:
            yield Tell(_("hint: {hint}").format(hint=error.hint))
