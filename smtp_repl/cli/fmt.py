"""`smtp-repl fmt`: canonical spacing for scripts. What goes over the wire stays, octet for octet."""

import os
import tempfile

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.sources import Source, read_source
from smtp_repl.script.text import format_script, parse
from smtp_repl.view.errors import show_error
from smtp_repl.wire.errors import ExitStatus, OutputError, UsageError
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable


def main(words: Words, environment: Environment) -> int:
    """Format the files. Lines that are no script stay as they are: `check` tells of them, with status 2."""
    if words.has("write") and words.has("fmt-check"):
        raise UsageError("--check changes nothing and --write does: give one of them")
    would_change = broken = False
    for word in words.words:
        source = read_source(word, environment)
        script = parse(source.octets, source.name)
        for problem in script.problems:
            broken = True
            environment.talk(show_error(problem.error(source.name)).removesuffix("\n"))
        formatted = format_script(script)
        changes = formatted != source.octets
        would_change = would_change or changes
        if words.has("fmt-check"):
            if changes:
                environment.out(_("would change  {name}").format(name=printable(source.name)))
        elif not words.has("write"):
            environment.out_octets(formatted)
        elif changes and not script.problems:
            _write(source, formatted)
            environment.out(_("changed  {name}").format(name=printable(source.name)))
    if broken:
        return int(ExitStatus.USAGE)
    return int(ExitStatus.FAILED if words.has("fmt-check") and would_change else ExitStatus.OK)


def _write(source: Source, octets: bytes) -> None:
    """Replace a file as a whole, so that nobody ever sees half of it. Raises `OutputError`, `UsageError`."""
    if not source.folder:
        raise UsageError("standard input cannot be written to", "without --write the result is printed")
    path = os.path.realpath(source.path)
    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".fmt-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(octets)
            os.chmod(temporary, os.stat(path).st_mode & 0o777)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise OutputError(
            phrase("cannot write {name}: {why}", name=printable(source.name), why=error.strerror)
        ) from None
