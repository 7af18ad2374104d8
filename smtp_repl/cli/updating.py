"""`run --update`: a script's file rewritten with what the server says now, and what changed in it shown."""

import contextlib
import difflib
import os
import tempfile
from collections.abc import Iterator
from itertools import islice

from smtp_repl.cli.preparing import Prepared
from smtp_repl.script.casting import Observer, StepResult
from smtp_repl.script.update import Update
from smtp_repl.wire.errors import OutputError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable


class Updating(Observer):
    """Follows one play of a script."""

    def __init__(self, one: Prepared, own_names: tuple[bytes, ...], *, everything: bool) -> None:
        self._one = one
        self._update = Update(one.script, one.plan.steps, everything=everything, own_names=own_names)

    def stepped(self, result: StepResult) -> None:
        self._update.stepped(result)

    def goes_on(self, result: StepResult) -> bool:
        """Whether the script is right now where it failed."""
        return self._update.goes_on(result)

    @property
    def changed(self) -> int:
        """Lines of the script that are other ones now."""
        return sum(line.startswith("+") for line in self._diff())

    @property
    def refusals(self) -> list[str]:
        """What was not taken over, a line each."""
        return [
            phrase("line {line} was not updated: {why}", line=refusal.line, why=refusal.reason)
            for refusal in self._update.refusals
        ]

    def diff(self) -> str:
        """What changed, as a unified diff that is safe on a terminal."""
        name = printable(self._one.name)
        return "\n".join([f"--- {name}", f"+++ {name}", *self._diff()])

    def _diff(self) -> Iterator[str]:
        before, after = (
            [printable(line.removesuffix(b"\r")) for line in octets.removesuffix(b"\n").split(b"\n")]
            for octets in (self._one.source.octets, self._update.octets)
        )
        return islice(difflib.unified_diff(before, after, lineterm=""), 2, None)  # behind the names of the files

    def write(self) -> bool:
        """Rewrite the file, whole or not at all; False when nothing has changed. Raises `OutputError`."""
        octets = self._update.octets
        if octets == self._one.source.octets:
            return False
        path = os.path.realpath(self._one.source.path)
        try:
            with open(path, "rb") as file:
                if file.read() != self._one.source.octets:
                    raise OutputError(
                        phrase("{name} was changed meanwhile, and is left as it is", name=printable(self._one.name))
                    )
            _replace(path, octets)
        except OSError as error:
            raise OutputError(
                phrase("cannot update {name}: {why}", name=printable(self._one.name), why=error.strerror)
            ) from None
        return True


def _replace(path: str, octets: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".smtp-repl-")
    try:
        with open(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
