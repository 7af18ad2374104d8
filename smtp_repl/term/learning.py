"""A lesson at the desk: it watches what is said, has the tutor judge it, and writes down what is to be handed in.

The desk tells it everything, as it tells any `Observer`, and shows what it has to say (`take`) below the line that
brought it about. It changes nothing of the session: what is said goes to the server whatever the lesson thinks of it.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smtp_repl import __version__
from smtp_repl.net.recording import Recorder
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Observer
from smtp_repl.script.transcript import Line, Transcriber, remark
from smtp_repl.teach.evidence import Evidence
from smtp_repl.teach.facts import Fact
from smtp_repl.teach.hand_in import facts_of
from smtp_repl.teach.lesson import Lesson
from smtp_repl.teach.tutoring import Tutor
from smtp_repl.term.progress import Progress, Standing, make_folder
from smtp_repl.term.scribe import next_name
from smtp_repl.wire.errors import OutputError
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:
    from smtp_repl.net.practice import Profile


class Course(Record):
    """A lesson and how its servers behave. `key` is the name under which it is kept, `number` 0 for another's."""

    lesson: Lesson
    key: str
    number: int
    profiles: "tuple[Profile, ...]"


class Learning(Observer):
    """Lessons at one desk, one after the other.

    `find` finds the lesson that a word means, and raises what is wrong with it; `following` the one behind another;
    `lessons` names those that there are, and says what each is.
    """

    def __init__(
        self,
        course: Course,
        progress: Progress,
        *,
        blind: bool = False,
        restart: bool = False,
        find: Callable[[str], Course],
        following: Callable[[Course], Course | None],
        lessons: Callable[[], Sequence[tuple[str, str]]] = lambda: (),
    ) -> None:
        self.progress = progress
        self.blind = blind
        self.find = find
        self.following = following
        self.lessons = lessons
        self.at_prompt = True
        """Somebody is there to be asked questions."""
        self._told: list[str] = []
        self._transcriber = Transcriber()
        self._recorder: Recorder | None = None
        self._has_failed = False
        self.open(course, restart=restart)

    # ------------------------------------------------------------ lessons

    def open(self, course: Course, *, restart: bool = False) -> None:
        """Begin a lesson, or go on with it where one stopped. `opening` says what there is to say then."""
        self.stop()
        self.course = course
        self.path: Path | None = self.progress.transcript(course.key, blind=self.blind)
        self.tutor = Tutor(course.lesson, course.number, blind=self.blind)
        self._evidence = Evidence()
        standing = self.progress.of(course.key, blind=self.blind)
        goes_on = not restart and standing is not None and not standing.is_done and self._take_up()
        self.opening = self.tutor.resumed() if goes_on else [*self._before(), *self.tutor.beginning()]
        self._has_ended = False
        self._start_writing(goes_on=goes_on)

    def stop(self) -> None:
        """Write no more."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    @property
    def profile(self) -> "Profile":
        """How the server behaves in the present scene."""
        return self.course.profiles[self.tutor.scene_number]

    def _before(self) -> list[str]:
        """Which lessons had better been done first."""
        standings = {name: self.progress.of(name) for name in self.course.lesson.requires}
        names = [name for name, one in standings.items() if one is None or not one.is_done]
        if not names or self.blind:
            return []
        return [_("this lesson builds on: {lessons}").format(lessons=", ".join(names))]

    def _take_up(self) -> bool:
        """Judge what was said in an earlier sitting; False when there is nothing to go on from."""
        from smtp_repl.script.text import parse

        if self.path is None:
            return False
        try:
            octets = self.path.read_bytes()
        except OSError:
            return False
        script = parse(octets, self.path.name)
        self.tutor.replay(facts_of(script))
        # Sessions of this sitting are others than those of the last one.
        self._evidence = Evidence(first=len(script.nodes) + 1)
        return not self.tutor.is_over

    def _start_writing(self, *, goes_on: bool) -> None:
        path = self.path
        if path is None:
            return
        try:
            make_folder(path.parent)
            if not goes_on and path.exists():
                path.rename(next_name(path))
            self._recorder = Recorder(path, goes_on=goes_on)
        except (OSError, OutputError) as error:
            self._fail(error)
            return
        if not goes_on:
            self._write(
                [remark(phrase("lesson {id}, smtp-repl {version}", id=self.course.lesson.id, version=__version__))]
            )
            if len(self.course.lesson.scenes) > 1:
                self.tutor.begin_scene(0)
        self._keep()

    # ------------------------------------------------------------ what happens

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self._transcriber = Transcriber()
        self._write(self._transcriber.opened(opened, target))
        self._evidence.opened("", tls=opened.tls is not None)

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._write(self._transcriber.wrote(events))
        self._note(self._evidence.wrote("", [(0, event) for event in events]))

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self._write(self._transcriber.heard(events))
        self._note(self._evidence.heard("", events))

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._write(self._transcriber.secured(facts))
        self._evidence.secured("")

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self._write(self._transcriber.closed(event, by_us=by_us))
        awaiting = event.awaiting if event is not None else ()
        self._note(self._evidence.closed("", by="client" if by_us else "server", awaiting=awaiting))

    def farewell(self) -> list[str]:
        """The last words to somebody who leaves."""
        kept = self.path is not None and self._recorder is not None
        told = [_("what was said is kept in {path}").format(path=printable(str(self.path)))] if kept else []
        return [*told, _("smtp-repl learn goes on where you stopped")]

    def take(self) -> list[str]:
        """What there is to say now, paragraph by paragraph."""
        told, self._told = self._told, []
        return told

    def answer(self, text: str) -> list[str]:
        """A question of the lesson is answered; what there is to say to that."""
        told = self.tutor.answer(text, self._evidence.answered(text))
        return [*told, *self.heed()]

    def heed(self) -> list[str]:
        """Write down what the tutor noted, keep how far one is, and say what there is to say at the end."""
        self._keep()
        return self._ending()

    def _note(self, facts: Iterable[Fact]) -> None:
        self._told += self.tutor.note(facts)
        self._told += self.heed()

    def _ending(self) -> list[str]:
        """Where the transcript lies, and what to recall, once."""
        if not self.tutor.is_over:
            self._has_ended = False
            return []
        if self._has_ended:
            return []
        self._has_ended = True
        told = []
        if self.path is not None and self._recorder is not None:
            told.append(_("to hand in: {path}").format(path=printable(str(self.path))))
        return [*told, *(self.recall() if self.at_prompt else self.tutor.recall_all())]

    def recall(self) -> list[str]:
        """The next question, with the answer to the one before; at the end what comes next."""
        has_questions = self.tutor.has_questions
        told = self.tutor.recall()
        if has_questions:
            return told
        following = self.following(self.course)
        if following is None and not self.course.number:
            return told
        if following is None:
            return [*told, _("that was the last lesson; smtp-repl learn --blind is a second pass, without the syntax")]
        title = _(following.lesson.title)
        return [*told, _("/next begins lesson {number}: {title}").format(number=following.number, title=title)]

    # ------------------------------------------------------------ what is kept

    def _keep(self) -> None:
        noted, self.tutor.noted = self.tutor.noted, []
        self._write([remark(text) for text in noted])
        judgement = self.tutor.judgement
        hints = sum(outcome.hints for outcome in judgement.outcomes)
        standing = Standing(len(judgement.met), len(judgement.outcomes), hints, self.tutor.is_over)
        if self._has_failed:
            return
        try:
            self.progress.note(self.course.key, standing, blind=self.blind)
        except OutputError as error:
            self._fail(error)

    def _write(self, lines: Iterable[Line]) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.write(lines)
        except OutputError as error:
            self.stop()
            self._fail(error)

    def _fail(self, error: OSError | OutputError) -> None:
        """A full disk must not end a lesson."""
        if not self._has_failed:
            self._told.append(_("error: {problem}; the lesson goes on and is not kept").format(problem=error))
        self._has_failed = True
