"""Every text of the program that a person can read, found where it stands: for the catalogs of translations.

In code, a text is what stands in a call of `_`, `n_`, `N_`, `pair`, `phrase` or `phrase_of`, and the first words of
what shows them (`SINKS`): an error, a remark. Tables of the program, the prose under knowledge/ and the lessons are
read as they are. Knows nothing of catalogs, and needs nothing but the program.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "smtp_repl"
PARTS = ("wire", "knowledge", "script", "teach", "lessons", "view", "net", "term", "cli")
"""One catalog for each floor; single modules belong to cli."""
MARKS: dict[str, tuple[int, ...]] = {
    "_": (0,),
    "N_": (0,),
    "n_": (0, 1),
    "pair": (0, 1),
    "phrase": (0,),
    "phrase_of": (0, 1),
}
SINKS: dict[str, tuple[int, ...]] = {
    "CleartextError": (0, 1),
    "ConnectError": (0, 1),
    "ExpectationFailed": (0, 1),
    "Interrupted": (0, 1),
    "OutputError": (0, 1),
    "PeerClosed": (0, 1),
    "Refused": (0, 1),
    "ReplyTimeout": (0, 1),
    "ScriptError": (0, 1),
    "SecretMissing": (0, 1),
    "SmtpReplError": (0, 1),
    "Tell": (0,),
    "TlsError": (0, 1),
    "UsageError": (0, 1),
    "WireLimit": (0, 1),
    "did_you_mean": (),
    "problem": (1, 3),
    "remark": (0,),
    "talk": (0,),
}
"""Who shows its words to a person: the places of the texts among the arguments. `hint=` counts for all."""
PROSE = frozenset(
    "plain detail title why fix means advice definition note meaning use about summary what_to_do replies".split()
)
"""The fields of knowledge/ that a person reads."""

Key = str | tuple[str, str]
"""A text, or the text for one and the text for many."""


class Text(NamedTuple):
    part: str
    key: Key
    place: str
    """The file, below the package."""


def texts() -> Iterator[Text]:
    """All of them, in the order of their floors and files; what stands in two places comes twice."""
    found = [text for text in (*_code(), *_tables(), *_prose_files(), *_lessons()) if _has_words(text.key)]
    yield from sorted(found, key=lambda text: PARTS.index(text.part))


def _has_words(key: Key) -> bool:
    """Whether there is anything to translate beside a blank: punctuation is, and what stands between two blanks."""
    text = key if isinstance(key, str) else key[0]
    without, blanks = re.subn(r"\{[^}]*\}", "", text)
    return bool(without.strip()) or blanks > 1


def untranslatable() -> Iterator[str]:
    """Where a text is an f-string in the place of a text: nobody could find its translation."""
    for path, tree in _modules():
        for call in _calls(tree):
            for words in _arguments(call):
                if isinstance(words, ast.JoinedStr) and any(
                    isinstance(value, ast.Constant) and any(map(str.isalpha, value.value)) for value in words.values
                ):
                    yield f"{path}:{words.lineno}: this text has its facts in it: use phrase()"


# ---------------------------------------------------------------- code


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield str(file.relative_to(PACKAGE)), ast.parse(file.read_bytes(), str(file))


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    yield from sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    """What stands in the places of texts."""
    places = MARKS.get(_name(call), SINKS.get(_name(call)))
    if places is None:
        return
    yield from (call.args[place] for place in places if place < len(call.args))
    if _name(call) in SINKS:
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "hint")


def _code() -> Iterator[Text]:
    for path, tree in _modules():
        for call in _calls(tree):
            arguments = [[*_constants(argument)] for argument in _arguments(call)]
            if _name(call) in ("n_", "pair", "phrase_of"):
                if all(arguments):
                    yield Text(_part(path), (arguments[0][0], arguments[1][0]), path)
            else:
                yield from (Text(_part(path), key, path) for keys in arguments for key in keys if key.strip())


def _constants(expression: ast.expr) -> Iterator[str]:
    """A text, or either of two."""
    match expression:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from _constants(body)
            yield from _constants(other)
        case _:
            pass


def _part(path: str) -> str:
    part = path.partition("/")[0]
    return part if part in PARTS else "cli"


# ---------------------------------------------------------------- tables and prose


def _rows(path: str, rows: Iterable[object], *fields: str) -> Iterator[Text]:
    for row in rows:
        for field in fields:
            if text := getattr(row, field):
                yield Text(_part(path), text, path)


def _tables() -> Iterator[Text]:
    """The tables of the program that hold texts: those who show them call `_`."""
    from smtp_repl.cli import help as help_page
    from smtp_repl.cli import options
    from smtp_repl.script import directives, lint_rules
    from smtp_repl.term import commands, settings
    from smtp_repl.wire import events

    yield from _rows("wire/events.py", events.FINDINGS.values(), "message", "hint")
    yield from _rows("script/directives.py", directives.DIRECTIVES.values(), "meaning")
    yield from _rows("script/lint_rules.py", lint_rules.RULES.values(), "message", "hint")
    yield from _rows("term/commands.py", commands.ROWS, "help")
    yield from _rows("term/settings.py", settings.SETTINGS.values(), "meaning")
    yield from _rows("cli/options.py", options.COMMANDS.values(), "summary", "detail", "needs")
    yield from _rows("cli/options.py", options.OPTIONS, "help", "group")
    yield from (Text("cli", says, "cli/help.py") for rows in help_page.EXAMPLES.values() for _, says in rows if says)


def _prose_files() -> Iterator[Text]:
    for file in sorted((PACKAGE / "knowledge").glob("*.json")):
        for text in _prose(json.loads(file.read_text(encoding="utf-8"))):
            yield Text("knowledge", text, f"knowledge/{file.name}")


def _prose(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in PROSE and isinstance(inner, str):
                if inner:
                    yield inner
            else:
                yield from _prose(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _prose(inner)


def _lessons() -> Iterator[Text]:
    from smtp_repl.cli.lesson_files import packaged_lessons
    from smtp_repl.teach.lesson import texts_of

    for found in packaged_lessons():
        for text in texts_of(found.lesson):
            yield Text("lessons", text, f"teach/lessons/{Path(found.path).name}")
