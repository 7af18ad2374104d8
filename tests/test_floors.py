"""The floors of the house: imports go downwards only, and each outside library stands on its own floor.

Read with plain `ast`, so imports inside functions and under TYPE_CHECKING count as well, and so does
`import_module("…")` with a literal name. The rules are the tables below; `docs/architecture.md` says why.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "smtp_repl"
ROOT = Path(__file__).parent.parent / PACKAGE

# A module may import from lower floors and from its own part; two parts on one floor do not know each other.
FLOORS = {
    "": 0,  # smtp_repl/__init__: the version number
    "wire": 1,
    "knowledge": 2,
    "script": 3,
    "teach": 4,
    "view": 5,
    "net": 5,
    "term": 6,
    "cli": 7,
}
TOP = 7
"""The floor of single modules: `__main__`, `cli`, `config`, `pytest_plugin`. They may import one another."""

# What lives only where its floor is. A name in a place stands for the module and everything below it.
PLACES = {
    "prompt_toolkit": ("term",),
    "pygments": ("view",),
    "jinja2": ("view",),
    "aiosmtpd": ("net.practice",),
    "trustme": ("net",),
    "dns": ("net",),
    "platformdirs": ("cli", "config", "term"),
    "keyring": ("cli", "config"),
    "pytest": ("pytest_plugin",),
    "_pytest": (),
    # of the standard library
    "socket": ("net",),
    "selectors": ("net",),
    "ssl": ("net",),
    "asyncio": ("net", "term"),
    "threading": ("net",),
    "argparse": ("cli", "config"),
    # never: they do what the project does itself, or worse
    "smtplib": (),
    "telnetlib": (),
    "pickle": (),
}

PURE = ("wire", "script", "teach")
"""Bytes and texts only: no I/O, clock, randomness or environment, so only what stands in `PURE_MODULES`."""

PURE_MODULES = frozenset(
    "__future__ _collections base64 binascii bisect codecs collections difflib enum functools hashlib heapq hmac"
    " ipaddress itertools math operator re string struct textwrap tomllib types typing unicodedata".split()
)
TYPING_HOMES = frozenset({"wire.records", "wire.hints"})
"""Where `typing` may stand on the lower floors: these two tell the type checker of it without loading it."""
IMPURE_CALLS = frozenset({"breakpoint", "eval", "exec", "input", "open", "print"})

CHEAP = ("wire", "knowledge", "script", "teach")
"""Loaded by plain `run`; a frozen slotted dataclass costs 0.6 ms, a `Record` a sixtieth of that."""
DEAR_MODULES = frozenset({"typing", "dataclasses", "inspect", "logging", "asyncio", "ssl", "email"})


class Import(NamedTuple):
    line: int
    module: str
    names: tuple[str, ...] = ()


class Module(NamedTuple):
    name: str
    """Without the package: `wire.replies`; empty for the package itself."""
    path: str
    tree: ast.Module
    is_package: bool

    @property
    def part(self) -> str:
        return self.name.partition(".")[0]

    @property
    def floor(self) -> int | None:
        """None for a folder that stands on no floor."""
        alone = "." not in self.name and not self.is_package
        return FLOORS.get(self.part, TOP if alone else None)


def read_modules(root: Path) -> dict[str, Module]:
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        tree = ast.parse(path.read_bytes(), str(path))
        modules[name] = Module(name, str(path.relative_to(root.parent)), tree, is_package)
    return modules


def imports(module: Module) -> Iterator[Import]:
    """Every import anywhere in a module, relative ones resolved."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names):
                for alias in names:
                    yield Import(node.lineno, alias.name)
            case ast.ImportFrom(target, names, level):
                above = [PACKAGE, *module.name.split(".")] if module.name else [PACKAGE]
                above = above[: len(above) - (level or 0) + module.is_package] if level else []
                name = ".".join([*above, *([target] if target else [])])
                yield Import(node.lineno, name, tuple(alias.name for alias in names))
            case ast.Call(function, [ast.Constant(str(name)), *_]):
                called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if called in ("import_module", "__import__"):
                    yield Import(node.lineno, name)


def targets(found: Import, modules: Mapping[str, Module]) -> Iterator[str]:
    """The modules of ours that an import names: `from smtp_repl.wire import replies` is `wire.replies`."""
    if found.module != PACKAGE and not found.module.startswith(PACKAGE + "."):
        return
    base = found.module[len(PACKAGE) + 1 :]
    if not found.names:
        yield base
    for name in found.names:
        below = f"{base}.{name}".lstrip(".")
        yield below if below in modules else base


def violations(root: Path) -> list[str]:
    """Everything in a source tree that breaks a rule, as `path:line: what`."""
    modules = read_modules(root)
    faults: list[str] = []
    graph: dict[str, set[str]] = {}
    for module in modules.values():
        graph[module.name] = set()
        if module.floor is None:
            faults.append(f"{module.path}:1: {module.part} stands on no floor; FLOORS must name it")
            continue
        for found in imports(module):
            where = f"{module.path}:{found.line}:"
            ours = list(targets(found, modules))
            for target in ours:
                graph[module.name].add(target)
                faults.extend(f"{where} {fault}" for fault in upwards(module, target, modules))
            if not ours:
                faults.extend(f"{where} {fault}" for fault in out_of_place(module, found))
        if module.part in PURE:
            faults.extend(f"{module.path}:{line}: {call}() is input or output" for line, call in calls(module))
    faults.extend("cycle: " + " -> ".join([*cycle, cycle[0]]) for cycle in cycles(graph))
    return faults


def upwards(module: Module, target: str, modules: Mapping[str, Module]) -> Iterator[str]:
    part = target.partition(".")[0]
    floor = modules[target].floor if target in modules else FLOORS.get(part, TOP)
    if floor is None or module.floor is None or floor < module.floor or part == module.part:
        return
    if floor == module.floor == TOP:
        return
    direction = "sideways" if floor == module.floor else "up"
    yield f"{module.name} imports {direction}: {target}"


def out_of_place(module: Module, found: Import) -> Iterator[str]:
    library = found.module.partition(".")[0]
    places = PLACES.get(library)
    if places is None and library not in sys.stdlib_module_names:
        yield f"{library} has no floor; PLACES must name it"
    elif places is not None and not any(f"{module.name}.".startswith(place + ".") for place in places):
        yield f"{library} may be imported only in {', '.join(places) or 'no module at all'}"
    elif module.part in PURE and library not in PURE_MODULES:
        yield f"{module.part} is pure; {library} is not among PURE_MODULES"
    elif module.part in CHEAP and library in DEAR_MODULES and module.name not in TYPING_HOMES:
        yield f"{module.part} is loaded by plain `run`; {library} costs too much"


def calls(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(ast.Name(name)) if name in IMPURE_CALLS:
                yield node.lineno, name


def cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Each cycle once, as its modules in the order of importing."""
    found: dict[frozenset[str], list[str]] = {}
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            cycle = path[path.index(name) :]
            found.setdefault(frozenset(cycle), cycle)
        elif name not in done:
            for target in sorted(graph.get(name, ())):
                visit(target, [*path, name])
            done.add(name)

    for name in graph:
        visit(name, [])
    return list(found.values())


def test_the_house_stands() -> None:
    """No module of ours breaks a rule of the floors."""
    assert violations(ROOT) == []


HOUSE = {
    "__init__": "__version__ = '1'",
    "__main__": "def main():\n    from smtp_repl.cli import main",
    "config": "import platformdirs\nfrom smtp_repl.wire import errors",
    "cli/__init__": "from smtp_repl import __version__, config",
    "wire/__init__": "",
    "wire/errors": "",
    "wire/replies": "import re\nfrom collections.abc import Iterator\nfrom smtp_repl.wire.errors import X",
    "knowledge/__init__": "import json\nfrom smtp_repl.wire import replies",
    "script/__init__": "",
    "script/player": "from ..wire import replies\nfrom smtp_repl import knowledge",
    "view/__init__": "from pygments import lexer\nfrom smtp_repl.script.player import play",
    "net/__init__": "",
    "net/practice/__init__": "",
    "net/practice/server": "import asyncio\nimport aiosmtpd.smtp\nfrom . import inbox",
    "net/practice/inbox": "import smtp_repl.wire.replies",
    "net/runner": "import selectors, socket",
    "term/__init__": "import asyncio, prompt_toolkit.lexers\nfrom smtp_repl import net, view",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small tree in which nothing is wrong."""
    for name, text in HOUSE.items():
        build(tmp_path / PACKAGE, name, text)
    return tmp_path / PACKAGE


def build(root: Path, name: str, text: str) -> None:
    path = root / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def test_allows_what_is_allowed(house: Path) -> None:
    """The rules do not forbid what the design asks for."""
    assert violations(house) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("wire/a", "from smtp_repl.script import player", "wire/a.py:1: wire.a imports up: script.player"),
        ("wire/a", "from smtp_repl import knowledge", "imports up: knowledge"),
        ("wire/a", "from ..knowledge import verb", "imports up: knowledge"),
        ("wire/__init__", "from ..knowledge import verb", "imports up: knowledge"),
        ("script/a", "import smtp_repl.net.runner", "imports up: net.runner"),
        ("view/a", "from smtp_repl.net import runner", "view.a imports sideways: net.runner"),
        ("net/a", "def f():\n    import smtp_repl.view", "net/a.py:2: net.a imports sideways: view"),
        ("net/a", "if TYPE_CHECKING:\n    from smtp_repl.term import x", "imports up: term"),
        ("net/a", "importlib.import_module('smtp_repl.term')", "imports up: term"),
        ("term/a", "from smtp_repl import config", "term.a imports up: config"),
        ("term/a", "from smtp_repl.cli import main", "term.a imports up: cli"),
        ("stray/__init__", "", "stray stands on no floor"),
        ("view/a", "import prompt_toolkit", "prompt_toolkit may be imported only in term"),
        ("term/a", "from pygments.token import Token", "pygments may be imported only in view"),
        ("net/client", "import aiosmtpd", "aiosmtpd may be imported only in net.practice"),
        ("net/practices", "import aiosmtpd", "aiosmtpd may be imported only in net.practice"),
        ("term/a", "import socket", "socket may be imported only in net"),
        ("cli/a", "import asyncio", "asyncio may be imported only in net, term"),
        ("net/a", "import smtplib", "smtplib may be imported only in no module at all"),
        ("net/a", "import requests", "requests has no floor"),
        ("wire/a", "import os", "os is not among PURE_MODULES"),
        ("wire/a", "from time import monotonic", "time is not among PURE_MODULES"),
        ("script/a", "import random", "random is not among PURE_MODULES"),
        ("script/a", "def f():\n    import logging", "logging is not among PURE_MODULES"),
        ("script/a", "from dataclasses import dataclass", "dataclasses is not among PURE_MODULES"),
        ("knowledge/a", "from dataclasses import dataclass", "dataclasses costs too much"),
        ("wire/a", "from typing import NamedTuple", "typing costs too much"),
        ("script/a", "def f():\n    return open('x')", "script/a.py:2: open() is input or output"),
        ("wire/errors", "from smtp_repl.wire import replies", "cycle: wire.errors -> wire.replies -> wire.errors"),
        ("config", "def f():\n    from smtp_repl.cli import main", "cycle: cli -> config -> cli"),
    ],
)
def test_finds(house: Path, name: str, text: str, fault: str) -> None:
    """Each rule is a rule: one bad line in a good tree is found, and nothing else."""
    build(house, name, text)
    found = violations(house)
    assert len(found) == 1, found
    assert fault in found[0]
