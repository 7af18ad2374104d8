"""A table of a TOML file as it is read: each key once, of the type that it must have, with every fault noted.

Reading goes on behind a fault with a value that does no harm, so that all faults of a file are found at once.
"""

import difflib
from collections.abc import Mapping, Sequence

from smtp_repl.teach.toml_places import Key, TomlPlaces
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import N_, phrase


class Faults:
    """What is wrong in a file."""

    def __init__(self, places: TomlPlaces, file: str) -> None:
        self.places = places
        self.file = file
        self.found: list[ScriptError] = []

    def add(self, path: Sequence[Key], problem: str, hint: str = "") -> None:
        """Blame the value of a path."""
        place = self.places.find(path)
        self.add_at(place.line, problem, hint, column=place.column, width=place.width)

    def add_at(self, line: int, problem: str, hint: str = "", *, column: int = 1, width: int = 1) -> None:
        """Blame a line."""
        source = self.places.lines[line - 1] if line <= len(self.places.lines) else ""
        self.found.append(
            ScriptError(
                problem,
                hint,
                kind="lesson",
                file=self.file,
                line=line,
                column=column,
                width=width if width > 1 else max(1, len(source.strip())),
                source=source,
            )
        )


class Table:
    """One table and where it stands. What was not taken at the `end` has no meaning here, and is a fault."""

    def __init__(self, values: Mapping[str, object], path: tuple[Key, ...], faults: Faults) -> None:
        self.values = dict(values)
        self.path = path
        self.faults = faults
        self._known: list[str] = []

    @property
    def line(self) -> int:
        return self.faults.places.find(self.path).line

    def has(self, key: str) -> bool:
        self._known.append(key)
        return key in self.values

    def blame(self, key: str, problem: str, hint: str = "") -> None:
        self.faults.add((*self.path, key) if key else self.path, problem, hint)

    def blame_line(self, line: int, problem: str, hint: str = "") -> None:
        self.faults.add_at(line, problem, hint)

    def take(self, key: str, *, required: bool = False) -> object:
        """The value of a key, whatever it is; None where there is none."""
        self._known.append(key)
        if required and key not in self.values:
            self.faults.add(self.path, phrase('"{key}" is missing here', key=key))
        return self.values.pop(key, None)

    def text(self, key: str, *, required: bool = True, may_be_empty: bool = False) -> str:
        value = self.take(key, required=required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._mistyped(key, N_('"{key}" takes a text'))
            return ""
        if required and not may_be_empty and not value.strip():
            self.blame(key, phrase('"{key}" is empty', key=key))
        return value

    def word(self, key: str, words: Sequence[str], *, required: bool = True) -> str:
        """One of some words; the first one of them where it is none."""
        value = self.text(key, required=required)
        if not value or value in words:
            return value
        listed = ", ".join(words)
        self.blame(key, phrase('"{value}" is none of {words}', value=value, words=listed), near(value, words))
        return words[0]

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        value = self.take(key, required=required)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self._mistyped(key, N_('"{key}" takes texts: ["…", "…"]'))
            return ()
        return tuple(value)

    def flag(self, key: str) -> bool | None:
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return value
        self._mistyped(key, N_('"{key}" takes true or false'))
        return None

    def count(self, key: str, default: int) -> int:
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
            self._mistyped(key, N_('"{key}" takes a number from 1 to 1000'))
            return default
        return value

    def table(self, key: str) -> "Table":
        value = self.take(key)
        if not isinstance(value, Mapping):
            self._mistyped(key, N_('"{key}" takes a table'))
            value = {}
        return Table(value, (*self.path, key), self.faults)

    def tables(self, key: str, *, at_least: int = 0) -> "list[Table]":
        value = self.take(key)
        if value is None and not at_least:
            return []
        if value is None:
            self.faults.add(self.path, phrase("there is no [[{name}]] here", name=self._name(key)))
            return []
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            self._mistyped(key, N_('"{key}" takes tables, each under a heading in double brackets'))
            return []
        return [Table(one, (*self.path, key, index), self.faults) for index, one in enumerate(value)]

    def end(self) -> None:
        """No more keys are known."""
        for key in self.values:
            self.blame(key, phrase('"{key}" means nothing here', key=key), near(key, self._known))

    def _name(self, key: str) -> str:
        return ".".join([*(part for part in self.path if isinstance(part, str)), key])

    def _mistyped(self, key: str, problem: str) -> None:
        self.blame(key, phrase(problem, key=key))


def near(word: str, words: Sequence[str]) -> str:
    """A hint that names the known word nearest to one that is not known; "" when none is near."""
    found = difflib.get_close_matches(word, words, 1, 0.6)
    return phrase("did you mean {word}?", word=found[0]) if found else ""
