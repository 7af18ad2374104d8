"""Where lessons come from: those that came with the program, by number or name, and files that others wrote."""

import os

from smtp_repl.teach.lesson import Lesson
from smtp_repl.teach.lesson_text import examine_lesson
from smtp_repl.wire.errors import ScriptError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

SIZE_LIMIT = 1024 * 1024
"""Octets of a lesson."""


class LessonFile(Record):
    """A lesson that was found: `number` is its place among those that came with the program, 0 for another's."""

    lesson: Lesson
    path: str
    number: int = 0


def packaged_paths() -> list[str]:
    """The lessons that came with the program, in the order in which they are learnt."""
    import smtp_repl.teach

    folder = os.path.join(os.path.dirname(os.path.abspath(smtp_repl.teach.__file__)), "lessons")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".toml")]


def packaged_lessons() -> list[LessonFile]:
    """All of them, read. Raises `ScriptError`."""
    return [LessonFile(read_file(path), path, lesson_number(path)) for path in packaged_paths()]


def find_lesson(word: str) -> LessonFile:
    """The lesson that a word of the command line means: a number, a name, or a file.

    Raises `UsageError`, and for a file that is no lesson `ScriptError`.
    """
    paths = packaged_paths()
    if word.isascii() and word.isdigit() and len(word) < 10:
        numbered = {lesson_number(path): path for path in paths}
        if int(word) not in numbered:
            problem = phrase("there is no lesson {number}; the last one is {last}", number=word, last=max(numbered))
            raise UsageError(problem, "smtp-repl learn --list")
        path = numbered[int(word)]
        return LessonFile(read_file(path), path, int(word))
    names = {lesson_name(path): (lesson_number(path), path) for path in paths}
    if word in names:
        number, path = names[word]
        return LessonFile(read_file(path), path, number)
    if not os.path.exists(word) and "/" not in word and not word.endswith(".toml"):
        from smtp_repl.view.errors import did_you_mean

        problem = phrase("there is no lesson {name}", name=printable(word))
        raise UsageError(problem, did_you_mean(word, names) or "smtp-repl learn --list", kind="no-file")
    return LessonFile(read_file(word), word)


def read_file(path: str) -> Lesson:
    """The lesson of a file. Raises `UsageError`, and its first fault as a `ScriptError`."""
    lesson, faults = examine_file(path)
    if lesson is None:
        raise faults[0]
    return lesson


def examine_file(path: str) -> tuple[Lesson | None, list[ScriptError]]:
    """The lesson of a file, or all that is wrong with it. Raises `UsageError` for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            octets = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        problem = phrase("cannot read {file}: {why}", file=printable(path), why=error.strerror)
        raise UsageError(problem, kind="no-file") from None
    if len(octets) > SIZE_LIMIT:
        raise UsageError(phrase("{file} is too large for a lesson", file=printable(path)), kind="limit")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        return None, [ScriptError(phrase("a lesson is written in UTF-8"), kind="toml", file=path, line=line)]
    return examine_lesson(text.replace("\r\n", "\n"), path)


def lesson_number(path: str) -> int:
    """`…/03-envelope-and-header.toml` is 3."""
    return int(os.path.basename(path).partition("-")[0])


def lesson_name(path: str) -> str:
    """`…/03-envelope-and-header.toml` is `envelope-and-header`; a test holds this and the lesson's id together."""
    return os.path.basename(path).removesuffix(".toml").partition("-")[2]
