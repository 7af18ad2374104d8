"""`smtp-repl learn --grade LESSON FOLDER --csv FILE`: a folder of hand-ins, judged goal by goal; one row for each file.

A file that cannot be read or is no transcript is a row that says so, and stops nothing.
"""

import csv
import io
import os
from collections.abc import Iterator

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.lesson_files import find_lesson
from smtp_repl.cli.options import Words
from smtp_repl.cli.sources import open_regular
from smtp_repl.script.text import parse
from smtp_repl.teach.grading import BY_SERVER, Grade, grade, table, ungraded
from smtp_repl.teach.lesson import Lesson
from smtp_repl.wire.errors import ExitStatus, OutputError, UsageError
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import printable

SIZE_LIMIT = 8 * 1024 * 1024
"""Octets of a hand-in."""
_ENDINGS = (".smtp", ".txt")


def main(words: Words, environment: Environment) -> int:
    """Judge a folder; returns the exit status."""
    if len(words.words) != 2:
        raise UsageError("--grade takes a lesson and a folder", "smtp-repl learn --grade LESSON FOLDER --csv FILE")
    word, folder = words.words
    if not os.path.isdir(folder):
        raise UsageError(phrase("{folder} is no folder", folder=printable(folder)), kind="no-folder")
    lesson = find_lesson(word).lesson
    grades = list(_grades(lesson, folder, from_server=words.has("from-server")))
    if not grades:
        raise UsageError(phrase("there is no transcript (*.smtp) in {folder}", folder=printable(folder)))
    _write(table(lesson, grades), words.text("csv") or "-", environment)
    _tell(grades, folder, environment)
    return int(ExitStatus.OK)


def _grades(lesson: Lesson, folder: str, *, from_server: bool) -> Iterator[Grade]:
    for path in _files(folder):
        shown = os.path.relpath(path, folder).replace(os.sep, "/")
        try:
            octets = _read(path)
        except OSError as error:
            yield ungraded(shown, phrase("cannot be read: {why}", why=error.strerror))
            continue
        if octets is None:
            yield ungraded(shown, phrase("too large, or no regular file"))
        else:
            yield grade(lesson, shown, parse(octets, shown), from_server=from_server)


def _files(folder: str) -> list[str]:
    """The transcripts in a folder and below it, in the order of their names; nothing hidden.

    A folder that cannot be looked into is among them, so that reading it tells why.
    """
    found: list[str] = []
    for below, folders, names in os.walk(folder, onerror=lambda error: found.append(error.filename)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        names = [name for name in names if name.endswith(_ENDINGS) and not name.startswith(".")]
        found.extend(os.path.join(below, name) for name in names)
    return sorted(found)


def _read(path: str) -> bytes | None:
    """The octets of a file; None for one that is too large or not regular. Raises OSError."""
    # Not through a link: a hand-in is no way to other files.
    descriptor = open_regular(path)
    if descriptor is None:
        return None
    with open(descriptor, "rb") as file:
        octets = file.read(SIZE_LIMIT + 1)
    return octets if len(octets) <= SIZE_LIMIT else None


def _write(rows: list[list[str]], path: str, environment: Environment) -> None:
    text = io.StringIO(newline="")
    # A file is for spreadsheets (RFC 4180), standard output for other programs.
    csv.writer(text, lineterminator="\n" if path == "-" else "\r\n").writerows(rows)
    if path == "-":
        environment.out_octets(text.getvalue().encode("utf-8", "surrogateescape"))
        return
    try:
        # With its mark, by which spreadsheets know that it is UTF-8.
        with open(path, "w", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            file.write(text.getvalue())
    except OSError as error:
        raise OutputError(phrase("cannot write {file}: {why}", file=printable(path), why=error.strerror)) from None


def _tell(grades: list[Grade], folder: str, environment: Environment) -> None:
    """How many there were, and what a grade is worth."""
    count = len(grades)
    complete = sum(one.is_complete for one in grades)
    broken = sum(one.judgement is None for one in grades)
    files = phrase_of("{count} file", "{count} files", count)
    environment.talk(
        phrase(
            "{files}: {complete} with every goal, {broken} that could not be judged",
            files=files,
            complete=complete,
            broken=broken,
        )
    )
    if any(one.recorded_by == BY_SERVER for one in grades):
        environment.talk(
            phrase(
                "note: what the server recorded cannot be forged, as long as nobody else can write to {folder}",
                folder=printable(folder),
            )
        )
        return
    environment.talk(
        phrase(
            "note: a transcript from a student's own machine can be forged; what serve --transcripts recorded cannot"
        )
    )
    if claims := sum(one.claims_server for one in grades):
        environment.talk(
            phrase_of(
                "hint: {count} file says that the server recorded it; --from-server believes that",
                "hint: {count} files say that the server recorded them; --from-server believes that",
                claims,
            )
        )
