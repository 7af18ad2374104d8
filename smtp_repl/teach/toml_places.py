"""Where in a TOML file a value stands: tomllib gives values without places, and an error must be able to point.

Reads headers and keys line by line and steps over texts of several lines; it relies on tomllib having read the file
already. Of what stands inside an inline table or an array it knows the line on which that begins, and looks from there.
"""

import re
from collections.abc import Sequence

from smtp_repl.wire.records import Record

Key = str | int
"""The name of a key, or the index of an element."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.-]+|\"[^\"]*\"|'[^']*')\s*=\s*")
_LONG = re.compile(r"'''|\"\"\"")
_LOOKED_THROUGH = 40
"""Lines of an array that are looked through for one of its keys."""


class Place(Record):
    """A line and column, from 1, and how much to underline."""

    line: int
    column: int = 1
    width: int = 1


class TomlPlaces:
    """The places of the tables and keys of one file."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self._places: dict[tuple[Key, ...], Place] = {(): Place(1)}
        self._counts: dict[tuple[Key, ...], int] = {}
        self._read()

    def find(self, path: Sequence[Key]) -> Place:
        """Where the value of a path stands, or what is nearest above it: `("scenes", 0, "goals", 2, "check")`."""
        path = tuple(path)
        place = self._places.get(path)
        if place is not None:
            return place
        above = self.find(path[:-1])
        name = path[-1]
        if isinstance(name, str):
            pattern = re.compile(rf"(?<![\w-])[\"']?{re.escape(name)}[\"']?\s*=")
            for number in range(above.line, min(above.line + _LOOKED_THROUGH, len(self.lines) + 1)):
                line = self.lines[number - 1]
                found = pattern.search(line, above.column - 1 if number == above.line else 0)
                if found is not None:
                    return Place(number, found.start() + 1, len(name))
                if number > above.line and (_HEADER.match(line) or (_KEY.match(line) and not line[:1].isspace())):
                    break
        return above

    def _read(self) -> None:
        table: tuple[Key, ...] = ()
        number = 0
        while number < len(self.lines):
            line = self.lines[number]
            number += 1
            if header := _HEADER.match(line):
                table = self._table(header[2], is_array=header[1] == "[[")
                self._places[table] = Place(number, line.index("[") + 1, len(line.strip()))
            elif key := _KEY.match(line):
                names = _names(key[1])
                place = Place(number, key.start(1) + 1, len(key[1]))
                for depth in range(1, len(names) + 1):
                    self._places.setdefault((*table, *names[:depth]), place)
                number = self._behind_text(number, key.end())

    def _behind_text(self, number: int, column: int) -> int:
        """The number of lines read once the value that begins here was passed, if it is a text of several lines."""
        line = self.lines[number - 1]
        begun = _LONG.match(line, column)
        if begun is None or begun[0] in line[begun.end() :]:
            return number
        while number < len(self.lines) and begun[0] not in self.lines[number]:
            number += 1
        return number + 1

    def _table(self, header: str, *, is_array: bool) -> tuple[Key, ...]:
        """The path of a table, with the index of each array's present element."""
        path: tuple[Key, ...] = ()
        names = _names(header)
        for depth, name in enumerate(names, 1):
            path = (*path, name)
            if depth == len(names) and is_array:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("\"'") for name in re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", dotted))
