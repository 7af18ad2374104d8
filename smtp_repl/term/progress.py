"""How far somebody is in the lessons: one small JSON file in the state folder, for their eyes alone (0600).

A file that cannot be read is said and set aside, never overwritten; the lessons go on without. What was said in a
lesson lies beside it, a transcript for each, and is what counts: a lesson that is taken up again is judged by it.
"""

import json
import os
import tempfile
from pathlib import Path

from smtp_repl.wire.errors import OutputError
from smtp_repl.wire.language import N_, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

FILE = "progress.json"
_VERSION = 1


def lessons_folder() -> Path:
    """Where the lessons of this user are kept."""
    from platformdirs import user_state_path

    return user_state_path("smtp-repl", appauthor=False) / "learn"


class Standing(Record):
    """How far one pass through a lesson is."""

    met: int
    goals: int
    hints: int
    is_done: bool


class Progress:
    """What the file holds. `trouble` says what is wrong with it, if anything is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = ""
        self.last = ""
        """The lesson that was worked on last, by its key."""
        self._standings: dict[str, Standing] = {}
        self._read()

    def of(self, key: str, *, blind: bool = False) -> Standing | None:
        """How far a lesson is, or its second pass; None when it was never begun."""
        return self._standings.get(_name(key, blind))

    def note(self, key: str, standing: Standing, *, blind: bool = False) -> None:
        """Keep how far a lesson is. Raises `OutputError`."""
        if self.last == key and self._standings.get(_name(key, blind)) == standing:
            return
        self.last = key
        self._standings[_name(key, blind)] = standing
        self._write()

    def transcript(self, key: str, *, blind: bool = False) -> Path:
        """Where what was said in a lesson is kept."""
        return self.folder / f"{_name(key, blind)}.smtp"

    # ------------------------------------------------------------ the file

    def _read(self) -> None:
        path = self.folder / FILE
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            self._set_aside(path, printable(getattr(error, "strerror", "") or str(error)))
            return
        try:
            self._take(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError):
            self.last = ""
            self._standings.clear()
            self._set_aside(path, phrase("it is not what this program wrote"))

    def _take(self, values: object) -> None:
        """Raises ValueError, TypeError or KeyError for what is no progress."""
        if not isinstance(values, dict) or values["version"] != _VERSION:
            raise ValueError
        self.last = str(values["last"])
        for name, row in values["lessons"].items():
            met, goals, hints, is_done = row["met"], row["goals"], row["hints"], row["done"]
            if not all(type(number) is int for number in (met, goals, hints)) or type(is_done) is not bool:
                raise TypeError
            self._standings[str(name)] = Standing(met, goals, hints, is_done)

    def _set_aside(self, path: Path, why: str) -> None:
        aside = path.with_name(f"{path.name}.broken")
        number = 1
        while aside.exists():
            number += 1
            aside = path.with_name(f"{path.name}.broken-{number}")
        text = N_("your progress could not be read ({why}); it was set aside as {file}")
        try:
            path.rename(aside)
        except OSError:
            text = N_("your progress in {file} cannot be read ({why})")
            aside = path
        self.trouble = phrase(text, why=why, file=printable(str(aside)))

    def _write(self) -> None:
        rows = {
            name: {"met": one.met, "goals": one.goals, "hints": one.hints, "done": one.is_done}
            for name, one in self._standings.items()
        }
        text = json.dumps({"version": _VERSION, "last": self.last, "lessons": rows}, ensure_ascii=False, indent=1)
        try:
            make_folder(self.folder)
            # As a whole, so that nobody ever finds half of it; mkstemp makes files for one's own eyes.
            descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix=".progress-")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.replace(temporary, self.folder / FILE)
        except OSError as error:
            folder = printable(str(self.folder))
            raise OutputError(
                phrase("cannot keep your progress in {folder}: {why}", folder=folder, why=error.strerror)
            ) from None


def make_folder(folder: Path) -> None:
    """The folder, for one's own eyes. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _name(key: str, blind: bool) -> str:
    return f"{key}-blind" if blind else key
