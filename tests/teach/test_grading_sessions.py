"""What the class server writes of a session is judged as what its student would hand in."""

from pathlib import Path

import pytest

from smtp_repl.cli.courses import profile_of_scene
from smtp_repl.cli.lesson_files import LessonFile, packaged_lessons
from smtp_repl.cli.proving import Stage, play_proof
from smtp_repl.net.practice import PracticeOptions, PracticeThread
from smtp_repl.script.text import parse
from smtp_repl.teach.checks import asks
from smtp_repl.teach.grading import BY_SERVER, Grade, grade
from smtp_repl.teach.lesson import SOLUTION, Lesson, Proof

UNHEARD = {
    "silence": "to a server that waits for TLS nobody has said anything yet",
    "both": "it takes two sessions, and each is a file",
}
"""Goals that no single session shows to its server, and why."""


def sessions(lesson: Lesson, number: int, proof: Proof, file: str, folder: Path) -> list[Grade]:
    """The grades of what a server with `--transcripts` writes while a proof of a scene is played."""
    profile = profile_of_scene(lesson.scenes[number], file)
    options = PracticeOptions(profile=profile, idle_limit=None, transcripts=folder)
    with PracticeThread(options) as server:
        play_proof(lesson, number, proof, Stage(server, profile))
    return [grade(lesson, path.name, parse(path.read_bytes()), from_server=True) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("found", packaged_lessons(), ids=lambda found: found.lesson.id)
def test_the_server_hears_every_goal_that_is_no_question(found: LessonFile, tmp_path: Path) -> None:
    lesson = found.lesson
    missed: set[str] = set()
    for number, scene in enumerate(lesson.scenes):
        solution = next(proof for proof in scene.proofs if proof.kind == SOLUTION)
        grades = sessions(lesson, number, solution, found.path, tmp_path / str(number))
        assert {one.recorded_by for one in grades if not one.problem} <= {BY_SERVER}
        met = {outcome.goal.id for one in grades if one.judgement for outcome in one.judgement.met}
        missed |= {goal.id for goal in scene.goals if goal.id not in met and not asks(goal.check)}
    assert missed <= UNHEARD.keys()
