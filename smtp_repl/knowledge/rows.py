"""Reads the data files: rows under the words that they are about, each file once, and only when it is asked for."""

import json
import os.path

from smtp_repl.wire.hints import cast

Row = dict[str, str]

_read: dict[str, object] = {}


def rows_of(name: str) -> dict[str, Row]:
    """The rows of a file such as "glossary", by their word, in the order of the file."""
    return cast("dict[str, Row]", _whole(name))


def groups_of(name: str) -> dict[str, dict[str, Row]]:
    """The same of a file whose words have several rows each, under words of their own ("answers", "texts")."""
    return cast("dict[str, dict[str, Row]]", _whole(name))


def _whole(name: str) -> object:
    if name not in _read:
        with open(os.path.join(os.path.dirname(__file__), f"{name}.json"), encoding="utf-8") as file:
            _read[name] = json.load(file)
    return _read[name]
