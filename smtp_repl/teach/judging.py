"""The judge of a lesson: which goals a conversation has reached, what went wrong in it, and at which lines.

`judge` reads a transcript; a live session feeds a `Judge` with the same evidence as it happens, and comes to the same.
Any way that reaches a goal counts, in any order but for what a goal has `after` it; one act may reach several. What
was said to the lesson and not to the server stands in the transcript as comments:

    # /answer TEXT    an answer                   # /hint    a hint was given on the present goal
    # /skip           the present goal is skipped  # /reset   the scene begins anew, and its goals are open again
    # scene 2: …      the second scene begins

The present goal is the first of the scene that is neither reached nor skipped.
"""

import re
from collections.abc import Sequence

from smtp_repl.script.model import Script
from smtp_repl.teach.checks import AllOf, AnyOf, Check, InOrder, fits
from smtp_repl.teach.facts import Fact, Noticed, SessionId
from smtp_repl.teach.hand_in import Said, facts_of
from smtp_repl.teach.lesson import Goal, Lesson, Scene
from smtp_repl.teach.pitfalls.reading import pitfalls_of
from smtp_repl.wire.events import Finding
from smtp_repl.wire.records import Record

HINT, SKIP, RESET = "/hint", "/skip", "/reset"
SCENE = re.compile(r"scene ([0-9]{1,3})\b")
"""A comment with which a scene begins."""


class Reached(Record):
    """A goal was reached."""

    goal: Goal
    line: int


class Slip(Record):
    """Something went wrong, or is notable: `rule` is the id of a mistake, a pitfall or a finding.

    Only the lesson's own mistakes have a `text` here; what the others say is said elsewhere. `severity` is that of the
    finding: info, warning or error.
    """

    rule: str
    line: int
    text: str = ""
    severity: str = "warning"


class Outcome(Record):
    """What became of a goal: the line at which it was reached, 0 for not; how many hints were given."""

    goal: Goal
    scene: int
    line: int
    is_met: bool
    is_skipped: bool
    hints: int


class Judgement(Record):
    lesson: Lesson
    outcomes: tuple[Outcome, ...]
    slips: tuple[Slip, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every goal was reached."""
        return all(outcome.is_met for outcome in self.outcomes)

    @property
    def met(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.is_met)

    @property
    def caught(self) -> frozenset[str]:
        """The ids of all that was noticed."""
        return frozenset(slip.rule for slip in self.slips)


def judge(lesson: Lesson, script: Script) -> Judgement:
    """Judge a transcript. Without comments about scenes, what was said counts for all of them."""
    judge = Judge(lesson)
    facts = list(facts_of(script))
    if not any(isinstance(fact, Said) and SCENE.match(fact.text) for fact in facts):
        judge.open_all()
    for fact in facts:
        judge.note(fact)
    for line, pitfall in pitfalls_of(script):
        judge.caught(pitfall.finding, line)
    return judge.judgement


class Judge:
    """Judges evidence as it comes."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.scene_number = 0
        """The present scene, counted from 0."""
        self._scenes: Sequence[Scene] = lesson.scenes[:1]
        self._met: dict[str, int] = {}
        self._skipped: set[str] = set()
        self._hints: dict[str, int] = {}
        self._slips: list[Slip] = []
        self._watches: dict[str, _Watch] = {}
        self._guards: dict[str, _Watch] = {}
        self._begin()

    # ------------------------------------------------------------ how it stands

    @property
    def scene(self) -> Scene:
        return self.lesson.scenes[self.scene_number]

    @property
    def goal(self) -> Goal | None:
        """The present goal; None when the scene has no open one left."""
        return next((goal for goal in self.scene.goals if not self.is_settled(goal)), None)

    def is_met(self, goal: Goal) -> bool:
        return goal.id in self._met

    def is_settled(self, goal: Goal) -> bool:
        """Whether it was reached or skipped."""
        return goal.id in self._met or goal.id in self._skipped

    def hints(self, goal: Goal) -> int:
        """How many hints were given on a goal."""
        return self._hints.get(goal.id, 0)

    @property
    def judgement(self) -> Judgement:
        outcomes = tuple(
            Outcome(
                goal,
                number,
                self._met.get(goal.id, 0),
                goal.id in self._met,
                goal.id in self._skipped and goal.id not in self._met,
                self.hints(goal),
            )
            for number, scene in enumerate(self.lesson.scenes)
            for goal in scene.goals
        )
        return Judgement(self.lesson, outcomes, tuple(self._slips))

    # ------------------------------------------------------------ what happens

    def open_all(self) -> None:
        """Let what is said count for every scene: nothing tells which it belongs to."""
        self._scenes = self.lesson.scenes
        self._begin()

    def note(self, fact: Fact | Said) -> list[Reached | Slip]:
        """Take a piece of evidence; returns what is new because of it."""
        if isinstance(fact, Said):
            self._heed(fact.text)
            return []
        if isinstance(fact, Noticed):
            self.caught(fact.finding, fact.line)
            return []
        news: list[Reached | Slip] = []
        for scene in self._scenes:
            news += self._reach(scene, fact)
            news += self._slip(scene, fact)
        return news

    def caught(self, finding: Finding, line: int) -> None:
        """Something was noticed that is no mistake of the lesson's own."""
        self._slips.append(Slip(finding.rule, line, severity=finding.severity))

    def _reach(self, scene: Scene, fact: Fact) -> list[Reached | Slip]:
        reached: list[Reached | Slip] = []
        before = set(self._met)
        for goal in scene.goals:
            if goal.id in self._met or not before.issuperset(goal.after):
                continue
            if self._watches[goal.id].note(fact):
                self._met[goal.id] = fact.line
                reached.append(Reached(goal, fact.line))
        return reached

    def _slip(self, scene: Scene, fact: Fact) -> list[Reached | Slip]:
        slips: list[Reached | Slip] = []
        for mistake in scene.mistakes:
            if mistake.until in self._met:
                continue
            if self._guards[mistake.id].note(fact):
                self._guards[mistake.id] = _watch(mistake.check)
                slips.append(Slip(mistake.id, fact.line, mistake.text))
        self._slips += [slip for slip in slips if isinstance(slip, Slip)]
        return slips

    # ------------------------------------------------------------ what was said to the lesson

    def _heed(self, text: str) -> None:
        goal = self.goal
        if text == HINT and goal is not None:
            self._hints[goal.id] = self._hints.get(goal.id, 0) + 1
        elif text == SKIP and goal is not None:
            self._skipped.add(goal.id)
        elif text == RESET:
            for one in self.scene.goals:
                self._met.pop(one.id, None)
                self._skipped.discard(one.id)
            self._begin()
        elif (found := SCENE.match(text)) and 0 < int(found[1]) <= len(self.lesson.scenes):
            self.scene_number = int(found[1]) - 1
            self._scenes = (self.scene,)
            self._begin()

    def _begin(self) -> None:
        """Look at everything anew, from here on."""
        self._watches = {goal.id: _watch(goal.check) for scene in self._scenes for goal in scene.goals}
        self._guards = {one.id: _watch(one.check) for scene in self._scenes for one in scene.mistakes}


# ---------------------------------------------------------------- how far a check has come


class _Watch:
    """One check, and how much of it has been seen."""

    def note(self, fact: Fact) -> bool:
        """Take a piece of evidence; True once all is seen that the check wants."""
        raise NotImplementedError


class _LeafWatch(_Watch):
    def __init__(self, check: Check) -> None:
        self._check = check
        self._seen: dict[SessionId, int] = {}

    def note(self, fact: Fact) -> bool:
        check = self._check
        if isinstance(check, InOrder | AllOf | AnyOf) or not fits(check, fact):
            return False
        self._seen[fact.session] = self._seen.get(fact.session, 0) + 1
        return self._seen[fact.session] >= check.times


class _OrderWatch(_Watch):
    """Evidence takes each session one check further at most."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._left: dict[SessionId, list[_Watch]] = {}

    def note(self, fact: Fact) -> bool:
        left = self._left.setdefault(fact.session, [_watch(check) for check in self._checks])
        if left and left[0].note(fact):
            left.pop(0)
        return not left


class _AllWatch(_Watch):
    def __init__(self, checks: Sequence[Check]) -> None:
        self._left = [_watch(check) for check in checks]

    def note(self, fact: Fact) -> bool:
        self._left = [watch for watch in self._left if not watch.note(fact)]
        return not self._left


class _AnyWatch(_Watch):
    def __init__(self, checks: Sequence[Check]) -> None:
        self._ways = [_watch(check) for check in checks]

    def note(self, fact: Fact) -> bool:
        told = [watch.note(fact) for watch in self._ways]  # every one of them
        return any(told)


def _watch(check: Check) -> _Watch:
    match check:
        case InOrder(checks):
            return _OrderWatch(checks)
        case AllOf(checks):
            return _AllWatch(checks)
        case AnyOf(checks):
            return _AnyWatch(checks)
        case _:
            return _LeafWatch(check)
