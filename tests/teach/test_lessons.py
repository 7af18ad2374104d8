"""The lessons that came with the program: solved as they say, in another way too, and not by a wrong way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smtp_repl.cli.language import LANGUAGES, speak_for
from smtp_repl.cli.lesson_files import LessonFile, find_lesson, packaged_lessons
from smtp_repl.cli.proving import prove
from smtp_repl.teach.lesson import OTHER, SOLUTION, WRONG
from smtp_repl.wire.language import speak

LESSONS = packaged_lessons()
each_lesson = pytest.mark.parametrize("found", LESSONS, ids=lambda found: found.lesson.id)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language that is spoken; English again afterwards."""
    speak_for(["--lang", request.param], {})
    yield request.param
    speak()


@each_lesson
def test_its_proofs_hold(found: LessonFile, language: str) -> None:
    """Solutions and other right ways reach every goal against the lesson's own server; wrong ways are caught."""
    faults = [f"{fault.line}: {fault.message}; {fault.hint}" for fault in prove(found.lesson, found.path)]
    assert faults == []


@each_lesson
def test_each_scene_has_a_solution_another_way_and_a_wrong_way(found: LessonFile) -> None:
    for scene in found.lesson.scenes:
        assert {SOLUTION, OTHER, WRONG} <= {proof.kind for proof in scene.proofs}


@each_lesson
def test_it_requires_and_names_what_there_is(found: LessonFile) -> None:
    """Lessons that come before it come before it, and there are such pitfalls."""
    before = {other.lesson.id for other in LESSONS if other.number < found.number}
    assert set(found.lesson.requires) <= before
    assert Path(found.path).name == f"{found.number:02}-{found.lesson.id}.toml"
    assert find_lesson(found.lesson.id) == find_lesson(str(found.number)) == found


@each_lesson
def test_its_texts_are_short_and_whole(found: LessonFile) -> None:
    """A task is one line of a terminal or two, and every sentence ends."""
    for goal in found.lesson.goals:
        assert len(goal.task) <= 160, goal.task
        assert goal.task[-1] in ".?!", goal.task
        assert goal.why[-1] in ".?!", goal.why
        assert len(goal.why) <= 160, goal.why
    assert all(len(paragraph) <= 400 for paragraph in found.lesson.about)
