"""A lesson at the desk: it judges as the judge of transcripts does, keeps what was said, and can be taken up again."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from smtp_repl.cli.courses import course_after, course_of, find_course
from smtp_repl.cli.lesson_files import packaged_lessons
from smtp_repl.cli.proving import ProofTranscript
from smtp_repl.net.practice import PracticeOptions, PracticeThread
from smtp_repl.net.runner import NetOptions, run_part
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Casting
from smtp_repl.script.player import plan, play
from smtp_repl.script.scope import secrets_needed
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.teach.hand_in import ANSWER
from smtp_repl.teach.judging import Judgement, judge
from smtp_repl.teach.lesson import Lesson, Proof
from smtp_repl.term.desk import Desk
from smtp_repl.term.learning import Learning
from smtp_repl.term.progress import Progress, Standing
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target


def learning(folder: Path, lesson: str = "hello", *, blind: bool = False, restart: bool = False) -> Learning:
    progress = Progress(folder)
    one = find_course(lesson)
    return Learning(one, progress, blind=blind, restart=restart, find=find_course, following=course_after)


class _Live(ProofTranscript):
    """A play that a lesson watches, as it watches a person."""

    watched: Learning

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        super().opened(connection, opened, target)
        self.watched.opened(connection, opened, target)

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        before = len(self.lines)
        super().wrote(connection, events)
        self.answer(before)
        self.watched.wrote(connection, events)

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        super().heard(connection, events)
        self.watched.heard(connection, events)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        super().secured(connection, facts)
        self.watched.secured(connection, facts)

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        super().closed(connection, event, by_us=by_us)
        self.watched.closed(connection, event, by_us=by_us)

    def answer(self, since: int) -> None:
        for line in self.lines[since:]:
            if line.startswith(f"# {ANSWER} "):
                self.watched.answer(line.removeprefix(f"# {ANSWER} "))


def _proofs() -> list[tuple[Lesson, int, Proof]]:
    """Those over one connection, as a person has one."""
    return [
        (found.lesson, number, proof)
        for found in packaged_lessons()
        for number, scene in enumerate(found.lesson.scenes)
        for proof in scene.proofs
        if "C[" not in proof.script
    ]


@pytest.mark.parametrize(
    ("lesson", "number", "proof"), _proofs(), ids=lambda value: value.id if isinstance(value, Lesson) else None
)
def test_live_and_transcript_agree(lesson: Lesson, number: int, proof: Proof, tmp_path: Path) -> None:
    """What a session comes to is what its hand-in comes to: the same goals, the same mistakes."""
    live = learning(tmp_path, lesson.id)
    for scene in range(1, number + 1):
        live.tutor.begin_scene(scene)
    live.heed()
    script = parse(proof.script.encode())
    steps = compile_steps(script)
    observer = _Live(script, steps)
    observer.watched = live
    profile = live.profile
    with PracticeThread(PracticeOptions(profile=profile, idle_limit=None)) as server:
        accounts = {"tutor": "not-a-secret", **profile.accounts}
        credentials = {
            need.name: Credentials(need.user, Secret(accounts[need.user].encode())) for need in secrets_needed(steps)
        }
        casting = Casting(target=server.target, credentials=credentials, allow_plaintext_auth=True)
        options = NetOptions(server.target, tls=TlsOptions(ca_pem=server.ca_pem()))
        try:
            run_part(play(plan(steps), casting, observer), options)
        except SmtpReplError as error:  # as in a lesson about a server that says nothing
            observer.stopped(error)
    before = len(observer.lines)
    assert observer.text
    observer.answer(before)
    live.stop()
    assert live.path is not None
    handed_in = judge(lesson, parse(live.path.read_bytes()))
    assert _met(handed_in) == _met(live.tutor.judgement)
    assert _slips(handed_in) == _slips(live.tutor.judgement)


def _met(judgement: Judgement) -> list[str]:
    return [outcome.goal.id for outcome in judgement.met]


def _slips(judgement: Judgement) -> list[str]:
    """The lesson's own mistakes, in their order."""
    return [slip.rule for slip in judgement.slips if slip.text]


SAID = "# /answer practice.example.com\nS: 220 practice.example.com\nC: EHLO a.example\nS: 250 practice.example.com\n"


def _begun(folder: Path) -> Path:
    """The first lesson, broken off at its third goal."""
    first = learning(folder)
    first.stop()
    assert first.path is not None
    with first.path.open("a") as file:
        file.write(SAID)
    Progress(folder).note("hello", Standing(2, 6, 0, is_done=False))
    return first.path


def test_goes_on_where_one_stopped(tmp_path: Path) -> None:
    """What was said in an earlier sitting counts, and its transcript grows."""
    path = _begun(tmp_path)
    second = learning(tmp_path)
    assert second.opening[1] == "you go on where you stopped: 2 of 6 goals are reached"
    assert second.tutor.place == "lesson 1 3/6"
    second.answer("10240000")
    second.stop()
    assert path.read_text().endswith(SAID + "# /answer 10240000\n")
    assert learning(tmp_path).tutor.place == "lesson 1 4/6"


def test_begins_anew_and_keeps_what_was(tmp_path: Path) -> None:
    """--restart loses nothing: the transcript of the broken-off lesson gets another name."""
    path = _begun(tmp_path)
    again = learning(tmp_path, restart=True)
    again.stop()
    assert again.tutor.place == "lesson 1 1/6"
    assert SAID in path.with_name("hello-2.smtp").read_text()
    assert SAID not in path.read_text()


def test_a_finished_lesson_begins_anew(tmp_path: Path) -> None:
    _begun(tmp_path)
    Progress(tmp_path).note("hello", Standing(6, 6, 0, is_done=True))
    assert learning(tmp_path).tutor.place == "lesson 1 1/6"


def test_a_second_pass_is_another_one(tmp_path: Path) -> None:
    """--blind has its own progress and its own transcript, and shows no syntax."""
    _begun(tmp_path)
    second = learning(tmp_path, blind=True)
    second.stop()
    assert second.tutor.place == "lesson 1 1/6"
    assert second.path is not None
    assert second.path.name == "hello-blind.smtp"
    told = "\n".join([*second.opening, *second.tutor.goals()])
    assert "/answer NAME" not in told
    assert "/answer TEXT answers it" in told


def test_a_second_pass_thinks_twice_about_hints(tmp_path: Path) -> None:
    """The form and the answer are given when they are asked for twice."""
    tutor = learning(tmp_path, blind=True).tutor
    told = [tutor.hint()[0] for _ in range(6)]
    assert told[0].startswith("hint 1 of 3: ")
    assert "second pass" in told[1]
    assert told[2].startswith("hint 2 of 3: ")
    assert "second pass" in told[3]
    assert told[4] == told[5] == "hint 3 of 3: /answer practice.example.com"
    assert tutor.judgement.outcomes[0].hints == 4


def test_hints_go_deeper(tmp_path: Path) -> None:
    tutor = learning(tmp_path).tutor
    told = [tutor.hint()[0] for _ in range(4)]
    assert [text[:12] for text in told] == ["hint 1 of 3:", "hint 2 of 3:", "hint 3 of 3:", "hint 3 of 3:"]


def test_files_are_for_ones_own_eyes(tmp_path: Path) -> None:
    """Transcripts and progress are 0600, their folder 0700."""
    folder = tmp_path / "learn"
    learning(folder).stop()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 2}', '{"version": 1, "last": "x", "lessons": {"hello": {"met": "1"}}}', "[" * 100_000],
    ids=["empty", "cut", "list", "newer", "wrong-type", "deep"],
)
def test_a_broken_progress_is_set_aside(text: str, tmp_path: Path) -> None:
    """It is said, kept under another name, and the lessons go on without."""
    (tmp_path / "progress.json").write_text(text)
    (tmp_path / "progress.json.broken").write_text("an older one")
    progress = Progress(tmp_path)
    assert "set aside" in progress.trouble
    assert (tmp_path / "progress.json.broken-2").read_text() == text
    assert progress.of("hello") is None
    progress.note("hello", Standing(1, 6, 0, is_done=False))
    assert Progress(tmp_path).of("hello") == Standing(1, 6, 0, is_done=False)


def test_a_full_disk_ends_no_lesson(tmp_path: Path) -> None:
    """What cannot be kept is said, once."""
    (tmp_path / "file").write_text("")
    here = learning(tmp_path / "file" / "learn")
    assert len([text for text in here.take() if "is not kept" in text]) == 1
    assert here.answer("practice.example.com")[0].startswith("reached: ")


def test_the_end_asks_what_is_to_be_recalled(tmp_path: Path) -> None:
    """Questions come with their answers one by one, then the next lesson."""
    here = learning(tmp_path)
    told: list[str] = []
    for _ in here.tutor.lesson.goals:
        told += [*here.tutor.skip(), *here.heed()]
    assert "  0 of 6 goals reached" in told
    assert told[-1].startswith("to recall: ")
    assert here.recall()[0].startswith("answer: ")
    assert here.recall()[-1] == "/next begins lesson 2: The envelope and your first message"
    assert here.progress.of("hello") == Standing(0, 6, 0, is_done=True)


def test_there_is_a_course_behind_each_but_the_last() -> None:
    courses = [course_of(found) for found in packaged_lessons()]
    assert [course_after(one) for one in courses] == [*courses[1:], None]


def test_says_which_lessons_come_first(tmp_path: Path) -> None:
    """Whoever goes to a lesson before those on which it builds is told, and may go on."""
    assert learning(tmp_path, "first-mail").opening[0] == "this lesson builds on: hello"
    Progress(tmp_path).note("hello", Standing(6, 6, 0, is_done=True))
    assert learning(tmp_path, "first-mail", restart=True).opening[0].startswith("lesson 2: ")


def test_a_desk_without_a_lesson_has_nothing_to_say() -> None:
    assert Desk().learning is None
