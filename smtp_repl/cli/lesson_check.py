"""`smtp-repl learn --check`: everything that is wrong in lessons; their proofs are played against their own servers."""

import os

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.lesson_files import examine_file, find_lesson
from smtp_repl.cli.options import Words
from smtp_repl.view.errors import show_error
from smtp_repl.wire.errors import ExitStatus, ScriptError, UsageError
from smtp_repl.wire.language import n_
from smtp_repl.wire.octets import printable


def main(words: Words, environment: Environment) -> int:
    """Check lessons; returns the exit status."""
    if not words.words:
        raise UsageError("--check needs a lesson", "smtp-repl learn --check FILE")
    status = ExitStatus.OK
    for word in words.words:
        faults = _faults(word)
        for fault in faults:
            environment.talk(show_error(fault).removesuffix("\n"))
        status = max(status, ExitStatus.USAGE if faults else ExitStatus.OK)
        count = n_("{count} fault", "{count} faults", len(faults)).format(count=len(faults))
        environment.out(f"{'error' if faults else 'ok'}  {printable(word)}" + (f"  {count}" if faults else ""))
    return int(status)


def _faults(word: str) -> list[ScriptError]:
    """Everything that is wrong in a lesson: in its text, and in what its proofs come to."""
    path = word if os.path.exists(word) else find_lesson(word).path
    lesson, faults = examine_file(path)
    if lesson is None:
        return faults
    from smtp_repl.cli.proving import prove

    return list(prove(lesson, path))
