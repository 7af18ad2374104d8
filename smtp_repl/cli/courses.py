"""Lessons made ready to be learnt: each with how its servers behave; which one comes next."""

from functools import cache

from smtp_repl.cli.lesson_files import (
    LessonFile,
    find_lesson,
    lesson_name,
    lesson_number,
    packaged_lessons,
    packaged_paths,
)
from smtp_repl.net.practice.profiles import profile_from, profile_of
from smtp_repl.net.practice.switches import Profile
from smtp_repl.teach.lesson import Scene
from smtp_repl.term.learning import Course
from smtp_repl.term.progress import Progress
from smtp_repl.wire.errors import ScriptError, UsageError
from smtp_repl.wire.language import _


def profile_of_scene(scene: Scene, file: str) -> Profile:
    """How the server of a scene behaves. Raises `ScriptError` with its place."""
    try:
        return profile_of(scene.server) if isinstance(scene.server, str) else profile_from(scene.server)
    except UsageError as error:
        raise ScriptError(error.message, error.hint, kind="lesson", file=file, line=scene.line) from None


def find_course(word: str) -> Course:
    """The lesson that a word means. Raises `UsageError` and `ScriptError`."""
    return course_of(find_lesson(word))


@cache
def titled_lessons() -> list[tuple[str, str]]:
    """Names and titles, read when they are first asked for."""
    return [(found.lesson.id, _(found.lesson.title)) for found in packaged_lessons()]


def course_of(found: LessonFile) -> Course:
    lesson = found.lesson
    profiles = tuple(profile_of_scene(scene, found.path) for scene in lesson.scenes)
    return Course(lesson, lesson.id if found.number else f"own-{lesson.id}", found.number, profiles)


def course_after(course: Course) -> Course | None:
    """The one behind it; None behind the last one, and behind one that did not come with the program."""
    if not course.number:
        return None
    behind = [lesson_name(path) for path in packaged_paths() if lesson_number(path) > course.number]
    return find_course(behind[0]) if behind else None


def course_to_go_on(progress: Progress, *, blind: bool) -> Course:
    """Where somebody stopped: the lesson that they worked on last, or the first one behind it that is not done."""
    names = [lesson_name(path) for path in packaged_paths()]
    last = names.index(progress.last) if progress.last in names else 0
    for name in (*names[last:], *names[:last]):
        standing = progress.of(name, blind=blind)
        if standing is None or not standing.is_done:
            return find_course(name)
    return find_course(names[0])
