"""A lesson as data: its scenes, their goals, what is likely to go wrong, and the conversations that prove it.

Values only. `lesson_text` makes them from a file, `judging` holds them against what was said. Texts are English and are
translated where they are shown; `texts_of` names them all, for the catalogs.
"""

from collections.abc import Iterator, Mapping

from smtp_repl.teach.checks import Check
from smtp_repl.wire.records import Record

HINTS = ("idea", "form", "answer")
"""How deep each of the three hints goes."""

Server = str | Mapping[str, object]
"""The name of a profile of the practice server, or its switches by name."""


class Goal(Record):
    """One thing to reach. `form` is the syntax, `why` says, once it is reached, what it was good for.

    `after` names goals that have to be reached before it can be. `line` is where it stands in the file.
    """

    id: str
    task: str
    check: Check
    hints: tuple[str, ...]
    why: str
    form: str = ""
    after: tuple[str, ...] = ()
    line: int = 0


class Mistake(Record):
    """What is likely to go wrong here: a check that recognises it, and what to say then.

    It is looked for until the goal `until` is reached, "" for all the time.
    """

    id: str
    check: Check
    text: str
    until: str = ""
    line: int = 0


SOLUTION, OTHER, WRONG = "solution", "other", "wrong"
PROOFS = (SOLUTION, OTHER, WRONG)


class Proof(Record):
    """A conversation that shows what the scene is worth: a `solution`, an `other` right way, a `wrong` way.

    `caught` names what must be noticed in it: mistakes, pitfalls, findings. `line` is where its text begins.
    """

    kind: str
    script: str
    caught: tuple[str, ...] = ()
    line: int = 0


class Scene(Record):
    """One server, and what is to be reached with it."""

    server: Server
    goals: tuple[Goal, ...]
    title: str = ""
    about: tuple[str, ...] = ()
    """Paragraphs."""
    mistakes: tuple[Mistake, ...] = ()
    proofs: tuple[Proof, ...] = ()
    line: int = 0


class Recall(Record):
    """A question to be asked at the end, and its answer."""

    question: str
    answer: str


class Lesson(Record):
    """`requires` are the lessons that come before it, `pitfalls` the ids of pitfalls that are likely in it."""

    id: str
    title: str
    about: tuple[str, ...]
    scenes: tuple[Scene, ...]
    requires: tuple[str, ...] = ()
    pitfalls: tuple[str, ...] = ()
    recall: tuple[Recall, ...] = ()

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals of all scenes; their ids are unique within the lesson."""
        return tuple(goal for scene in self.scenes for goal in scene.goals)


def texts_of(lesson: Lesson) -> Iterator[str]:
    """Every text of the lesson that a person is shown, each as it is looked up in a catalog."""
    yield lesson.title
    yield from lesson.about
    for scene in lesson.scenes:
        yield from (scene.title, *scene.about)
        for goal in scene.goals:
            yield from (goal.task, goal.form, *goal.hints, goal.why)
        yield from (mistake.text for mistake in scene.mistakes)
    for recall in lesson.recall:
        yield from recall
