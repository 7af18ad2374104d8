"""The tutor: what a person is told in a lesson, and when. Pure; evidence goes in, paragraphs to show come out.

It judges what happens with the same `Judge` that reads hand-ins, so that a session and its transcript never disagree.
Every method that tells something returns paragraphs; how wide they are is a matter of whoever shows them. What has to
stand in the transcript for the judge to know (`# /hint`) is in `noted`.
"""

from collections.abc import Iterable

from smtp_repl.knowledge.rows import rows_of
from smtp_repl.teach.checks import asks
from smtp_repl.teach.facts import Fact
from smtp_repl.teach.hand_in import ANSWER, Said
from smtp_repl.teach.judging import HINT, RESET, SKIP, Judge, Judgement, Reached, Slip
from smtp_repl.teach.lesson import HINTS, Goal, Lesson
from smtp_repl.wire.language import N_, _, n_

_ONCE_MORE = (
    "",
    N_("this is the second pass, and the next hint is the form; /hint once more if you want it"),
    N_("this is the second pass, and the next hint is the answer; /hint once more if you want it"),
)


class Tutor:
    """One lesson under way. `number` is its place among those that came with the program, 0 for another's.

    A `blind` one, for a second pass, shows no forms, and thinks twice before it gives one away.
    """

    def __init__(self, lesson: Lesson, number: int = 0, *, blind: bool = False) -> None:
        self.lesson = lesson
        self.number = number
        self.blind = blind
        self.noted: list[str] = []
        """Comments for the transcript; whoever writes it takes them."""
        self._judge = Judge(lesson)
        self._asked_once = ""
        """The goal of which a deeper hint was asked once in a second pass."""
        self._recalled = 0
        """How many of the questions at the end were asked."""
        self._was_told = False
        """The end of the lesson was told."""

    # ------------------------------------------------------------ how it stands

    @property
    def goal(self) -> Goal | None:
        """What is to be reached now; None when the scene is over."""
        return self._judge.goal

    @property
    def scene_number(self) -> int:
        """Counted from 0."""
        return self._judge.scene_number

    @property
    def has_more_scenes(self) -> bool:
        return self.scene_number + 1 < len(self.lesson.scenes)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be reached."""
        return self.goal is None and not self.has_more_scenes

    @property
    def judgement(self) -> Judgement:
        return self._judge.judgement

    @property
    def title(self) -> str:
        title = _(self.lesson.title)
        if not self.number:
            return _("lesson: {title}").format(title=title)
        return _("lesson {number}: {title}").format(number=self.number, title=title)

    @property
    def place(self) -> str:
        """Lesson and step, for a toolbar."""
        lesson = _("lesson {name}").format(name=self.number or self.lesson.id)
        if self.goal is None:
            return f"{lesson} ✓"
        scene = f" {self.scene_number + 1}." if len(self.lesson.scenes) > 1 else " "
        return f"{lesson}{scene}{self._goal_number(self.goal)}/{len(self._judge.scene.goals)}"

    def _goal_number(self, goal: Goal) -> int:
        return self._judge.scene.goals.index(goal) + 1

    # ------------------------------------------------------------ telling

    def beginning(self) -> list[str]:
        """Title and prose of the lesson, or of the scene, and the first task."""
        scene = self._judge.scene
        told = [self.title]
        if self.blind:
            told[0] += " " + _("(second pass: no syntax is shown)")
        if not self.scene_number:
            told += [_(paragraph) for paragraph in self.lesson.about]
        if scene.title:
            told.append(self._scene_title())
        return [*told, *(_(paragraph) for paragraph in scene.about), *self.task()]

    def resumed(self) -> list[str]:
        """The same for somebody who was here before."""
        met = len(self.judgement.met)
        count = len(self.lesson.goals)
        text = n_("you go on where you stopped: {met} of {count} goal is reached",
                  "you go on where you stopped: {met} of {count} goals are reached", count)  # fmt: skip
        scene = [self._scene_title()] if self._judge.scene.title else []
        return [self.title, text.format(met=met, count=count), *scene, *self.task()]

    def _scene_title(self) -> str:
        text = _("scene {number} of {count}: {title}")
        count = len(self.lesson.scenes)
        return text.format(number=self.scene_number + 1, count=count, title=_(self._judge.scene.title))

    def task(self) -> list[str]:
        """The present task, and its form; where there is none, what comes next."""
        goal = self.goal
        if goal is None:
            return self._after_scene()
        text = _("goal {number} of {count}: {task}")
        count = len(self._judge.scene.goals)
        told = [text.format(number=self._goal_number(goal), count=count, task=_(goal.task))]
        if goal.form and not self.blind:
            told += [f"  {line}".rstrip() for line in _(goal.form).split("\n")]
        elif asks(goal.check):
            told.append(_("  /answer TEXT answers it"))
        return told

    def goals(self) -> list[str]:
        """The goals of the scene, each with how it stands, then the present one."""
        told = []
        for goal in self._judge.scene.goals:
            met, skipped = self._judge.is_met(goal), self._judge.is_settled(goal)
            mark = "✓" if met else "-" if skipped else "·"
            told.append(f"{mark} {_(goal.task)}")
        return [*told, *self.task()]

    def overview(self) -> list[str]:
        """What the lesson is about and how far one is."""
        met = len(self.judgement.met)
        count = n_("{met} of {count} goal is reached", "{met} of {count} goals are reached", len(self.lesson.goals))
        return [
            self.title,
            *(_(paragraph) for paragraph in self.lesson.about),
            count.format(met=met, count=len(self.lesson.goals)),
            *self.task(),
        ]

    # ------------------------------------------------------------ what happens

    def replay(self, facts: Iterable[Fact | Said]) -> None:
        """What happened in an earlier sitting."""
        for fact in facts:
            self._judge.note(fact)
        self._was_told = self.is_over

    def note(self, facts: Iterable[Fact]) -> list[str]:
        """What happens now; tells what was reached, what went wrong, and what is to be done next."""
        told: list[str] = []
        before = self.goal
        has_reached = False
        for fact in facts:
            for news in self._judge.note(fact):
                match news:
                    case Reached(goal=goal):
                        has_reached = True
                        told.append(self._reached(goal, is_present=goal == before))
                    case Slip(text=text) if text:
                        told.append(_(text))
        if has_reached and not self._was_told and (self.goal != before or self.goal is None):
            told += self.task()
        return told

    def _reached(self, goal: Goal, *, is_present: bool) -> str:
        if is_present:
            return _("reached: {why}").format(why=_(goal.why))
        scene = self._judge.scene
        if goal not in scene.goals:
            return _("reached: {why}").format(why=_(goal.why))
        return _("goal {number} is reached too: {why}").format(number=self._goal_number(goal), why=_(goal.why))

    def _after_scene(self) -> list[str]:
        if self.has_more_scenes:
            return [_("this scene is over; /next begins the next one")]
        if self._was_told:
            return [_("this lesson is over; /next goes on")]
        self._was_told = True
        return self.summary()

    def summary(self) -> list[str]:
        """How it went: goals, hints, mistakes."""
        judgement = self.judgement
        met, count = len(judgement.met), len(judgement.outcomes)
        hints = sum(outcome.hints for outcome in judgement.outcomes)
        told = [
            _("{lesson} is over").format(lesson=self.title),
            n_("  {met} of {count} goal reached", "  {met} of {count} goals reached", count).format(
                met=met, count=count
            ),
            n_("  {count} hint used", "  {count} hints used", hints).format(count=hints),
        ]
        slips = self._slips()
        if slips:
            told.append(_("  worth a second look:"))
            told += [f"    {text}" for text in slips]
        skipped = [outcome.goal for outcome in judgement.outcomes if not outcome.is_met]
        told += [_("  not reached: {task}").format(task=_(goal.task)) for goal in skipped]
        return told

    def _slips(self) -> list[str]:
        """What went wrong, each kind once: the lesson's own mistakes and the pitfalls."""
        titles = rows_of("pitfalls")
        said = [slip for slip in self.judgement.slips if slip.severity != "info"]
        texts = [_(slip.text or titles[slip.rule]["title"]) for slip in said if slip.text or slip.rule in titles]
        return list(dict.fromkeys(texts))

    # ------------------------------------------------------------ what a person asks

    def answer(self, text: str, facts: Iterable[Fact]) -> list[str]:
        """An answer to a question; `facts` are what it comes to."""
        self.noted.append(f"{ANSWER} {text}")
        goal = self.goal
        told = self.note(facts)
        if told:
            return told
        if goal is None or not asks(goal.check):
            return [_("nothing was asked just now; the answer is kept")]
        return [_("that is not it; look again, or ask for a /hint")]

    def hint(self) -> list[str]:
        """The next of the three hints on the present goal."""
        goal = self.goal
        if goal is None:
            return self.task()
        depth = min(self._judge.hints(goal), len(HINTS) - 1)
        mark = f"{goal.id} {depth}"
        if self.blind and depth and self._asked_once != mark:
            self._asked_once = mark
            return [_(_ONCE_MORE[depth])]
        self._say(HINT)
        return [
            _("hint {number} of {count}: {hint}").format(number=depth + 1, count=len(HINTS), hint=_(goal.hints[depth]))
        ]

    def skip(self) -> list[str]:
        """The present goal is left aside."""
        goal = self.goal
        if goal is None:
            return self.task()
        self._say(SKIP)
        return [_("skipped; it still counts if you reach it later"), *self.task()]

    def reset(self) -> list[str]:
        """The scene begins anew."""
        self._say(RESET)
        self._was_told = False
        self._recalled = 0
        return [_("from the beginning: the goals are open again"), *self.task()]

    def begin_scene(self, number: int) -> None:
        """Go to a scene, counted from 0."""
        title = self.lesson.scenes[number].title
        self._say(f"scene {number + 1}: {title}" if title else f"scene {number + 1}")

    @property
    def has_questions(self) -> bool:
        """Whether there are questions that were not asked."""
        return self._recalled < len(self.lesson.recall)

    @property
    def has_recalled(self) -> bool:
        """Whether all questions were asked, and answered."""
        return self._recalled > len(self.lesson.recall)

    def recall(self) -> list[str]:
        """The answer to the last question, and the next question."""
        questions = self.lesson.recall
        told: list[str] = []
        if 0 < self._recalled <= len(questions):
            told.append(_("answer: {answer}").format(answer=_(questions[self._recalled - 1].answer)))
        if self.has_questions:
            question = _(questions[self._recalled].question)
            told.append(_("to recall: {question} (/next tells)").format(question=question))
        self._recalled += 1
        return told

    def recall_all(self) -> list[str]:
        """Every question with its answer, for whoever is not there to be asked."""
        told = []
        for recall in self.lesson.recall:
            told.append(_("to recall: {question}").format(question=_(recall.question)))
            told.append(_("answer: {answer}").format(answer=_(recall.answer)))
        return told

    def _say(self, text: str) -> None:
        """Say something to the judge, and have it written down."""
        self.noted.append(text)
        self._judge.note(Said(0, text))
