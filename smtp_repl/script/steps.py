"""A script worked out into steps: say these lines, hear this reply, do that directive. Still pure.

Both sides of a play read the same steps: who plays C sends what is to be said and compares what is heard, who
plays S the other way round. Consecutive C lines on a connection are one write (RFC 2920 pipelining needs no
syntax); S lines, directives and a change of connection split it, comments, blanks, notes and metadata do not.

Files come through the `load` that is handed in; paths are checked here, what they lead to is for `load` to check.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from smtp_repl.script.arguments import Auth, File, Set
from smtp_repl.script.directives import DIRECTIVES
from smtp_repl.script.expectations import Expectation, cut
from smtp_repl.script.limits import INCLUDE_DEPTH, Budget, too_many_lines
from smtp_repl.script.model import Directive, Invalid, Script, Wire, line_text
from smtp_repl.script.text import parse
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import Secret

WRITE_LIMIT = 64 * 1024 * 1024
"""Octets of one write that may be held in memory; more is streamed (`Say.blocks`)."""

Load = Callable[[str], bytes]
"""Reads a file of the script's own folder, given its path with `/` between the parts. Raises `ScriptError`."""


class Say(Record):
    """C lines that are one write."""

    file: str
    connection: str
    lines: tuple[Wire, ...]

    @property
    def line(self) -> int:
        return self.lines[0].line

    @property
    def nodes(self) -> tuple[Wire, ...]:
        return self.lines

    @property
    def size(self) -> int:
        """Octets, roughly where holes are to be filled."""
        return sum(wire.size for wire in self.lines)

    def blocks(self, scope: Mapping[str, bytes | Secret]) -> Iterator[bytes]:
        """The octets of the write in blocks. Raises `ScriptError` with its place."""
        try:
            for wire in self.lines:
                yield from wire.blocks(scope)
        except ScriptError as error:
            error.file = error.file or self.file
            raise


class Hear(Record):
    """One reply."""

    file: str
    connection: str
    expectation: Expectation

    @property
    def line(self) -> int:
        return self.expectation.line

    @property
    def nodes(self) -> tuple[Wire | Directive, ...]:
        return self.expectation.nodes


class Do(Record):
    """A directive that acts where it stands."""

    file: str
    connection: str
    directive: Directive

    @property
    def line(self) -> int:
        return self.directive.line

    @property
    def nodes(self) -> tuple[Directive, ...]:
        return (self.directive,)


Step = Say | Hear | Do


def compile_steps(script: Script, load: Load | None = None) -> tuple[Step, ...]:
    """What is to be done, in order; a script without any `Hear` is to be played in lock-step.

    Raises `ScriptError` with its place for the first line that cannot be read, and for what cannot be included
    ("include", "include-loop", "include-depth", "limit").
    """
    return tuple(_Compiler(load).compile(script))


def step_octets(say: Say, scope: Mapping[str, bytes | Secret]) -> bytes:
    """The octets of one write. Raises `ScriptError` with its place; kind "limit" beyond `WRITE_LIMIT`."""
    if say.size > WRITE_LIMIT:
        largest = max(say.lines, key=lambda wire: wire.size)
        raise ScriptError(
            phrase(
                "this write has {size} octets, more than fit into memory at once ({limit})",
                size=say.size,
                limit=WRITE_LIMIT,
            ),
            "repeat less often, or use @send",
            kind="limit",
            file=say.file,
            line=largest.line,
            column=largest.column,
            width=len(largest.text),
            source=line_text(largest.source),
        )
    return b"".join(say.blocks(scope))


def check_names(steps: Iterable[Step], given: Iterable[str] = (), *, side: str = "C") -> None:
    """Refuse, before anything is sent, a `C~` line whose names nothing gives a value.

    `given` are the names that come from outside (`--var`). Names that `@set` or an earlier `S~` binds are known
    from there on, dotted names from their `@auth` on; `secret.N` has to be given. For `side` "S", which fills
    nothing in, all is well. Raises `ScriptError` "undeclared-variable".
    """
    known = set(given)
    for step in steps if side == "C" else ():
        if isinstance(step, Hear):
            for line in step.expectation.lines:
                known.update(line.wire.template.names if line.wire.template else ())
        elif isinstance(step, Do):
            value = step.directive.value
            if isinstance(value, Set):
                known.add(value.name)
            elif isinstance(value, Auth):
                known.update(f"{value.name}.{part}" for part in ("plain", "user", "pass", "reply"))
        else:
            for wire in step.lines:
                if wire.template is not None:
                    _check_filled(step, wire, known)


def _check_filled(say: Say, wire: Wire, known: set[str]) -> None:
    try:
        wire.content(dict.fromkeys(known, b""))
    except ScriptError as error:
        error.file = say.file
        name = next((name for name in wire.template.names if name not in known), "") if wire.template else ""
        if name.startswith("secret."):
            error.hint = phrase("a step of a recording that could not be expressed; bind it where you run the script")
        elif "." in name:
            directive = f"@auth{'' if name.startswith('auth.') else '[name]'} user=…"
            error.hint = phrase("who is it? {directive} before this line", directive=directive)
        raise


def _verb(wire: Wire) -> str:
    return parse_command(wire.items[0].octets.rstrip() if wire.items else wire.text).verb


class _Compiler:
    """Goes through the nodes once, holding what is not complete: the C lines of a write, the lines of a block."""

    __slots__ = ("_block", "_budget", "_connection", "_file", "_lines", "_load", "_steps", "_verbs")

    def __init__(self, load: Load | None) -> None:
        self._load = load
        self._steps: list[Step] = []
        self._lines: list[Wire] = []
        self._block: list[Wire | Directive] = []
        self._connection = ""
        self._file = ""
        self._verbs: dict[str, list[str]] = {}  # of the last write and not yet answered, by connection
        self._budget = Budget()

    def compile(self, script: Script) -> list[Step]:
        # Of its own lines the reader has seen to it; those of included files add to them.
        self._budget.script(len(script.nodes))
        self._walk(script, (script.name.replace("\\", "/").rpartition("/")[2],))
        return self._steps

    def _walk(self, script: Script, opened: tuple[str, ...]) -> None:
        self._file = script.name
        for node in script.nodes:
            if isinstance(node, Invalid):
                raise node.error(script.name)
            if isinstance(node, Wire):
                self._wire(node)
            elif isinstance(node, Directive):
                self._directive(node, opened)
        self._flush()

    def _wire(self, wire: Wire) -> None:
        self._limit(wire, self._budget.wire(wire))
        if wire.connection != self._connection:
            self._flush()
            self._connection = wire.connection
        if wire.side == "C":
            # @caps that came first in a block that never was: they stand for themselves.
            self._flush_block()
            self._lines.append(wire)
        else:
            self._flush_lines()
            self._block.append(wire)

    def _directive(self, node: Directive, opened: tuple[str, ...]) -> None:
        if not DIRECTIVES[node.name].splits_write:
            return
        self._limit(node, self._budget.directive(node))
        if node.name == "caps":
            if node.connection != self._connection:
                self._flush()
                self._connection = node.connection
            self._flush_lines()
            self._block.append(node)
            return
        self._flush()
        if node.name == "include" and isinstance(node.value, File):
            self._include(node, node.value.path, opened)
        else:
            self._steps.append(Do(self._file, node.connection, node))

    def _flush(self) -> None:
        self._flush_lines()
        self._flush_block()

    def _flush_lines(self) -> None:
        if self._lines:
            self._steps.append(Say(self._file, self._connection, tuple(self._lines)))
            self._verbs[self._connection] = [_verb(wire) for wire in self._lines]
            self._lines = []

    def _flush_block(self) -> None:
        block, self._block = self._block, []
        if all(isinstance(node, Directive) for node in block):
            self._steps += (Do(self._file, self._connection, node) for node in block if isinstance(node, Directive))
            return
        verbs = self._verbs.get(self._connection, [])
        expectations = cut(block, verbs)
        self._verbs[self._connection] = verbs[len(expectations) :]
        for expected in expectations:
            self._limit(expected.nodes[0], too_many_lines(expected.nodes, expected.lines))
        self._steps += (Hear(self._file, self._connection, expected) for expected in expectations)

    def _include(self, node: Directive, path: str, opened: tuple[str, ...]) -> None:
        file, connection = self._file, self._connection
        folder = file.rpartition("/")[0] if len(opened) > 1 else ""
        path = f"{folder}/{path}" if folder else path
        if self._load is None:
            raise self._refuse(node, "include", phrase("there are no files here to include from"))
        if path in opened:
            raise self._refuse(
                node,
                "include-loop",
                phrase("{path} includes itself", path=path),
                phrase("without this line it would end"),
            )
        if len(opened) > INCLUDE_DEPTH:
            raise self._refuse(
                node,
                "include-depth",
                phrase("more than {limit} scripts are nested here", limit=INCLUDE_DEPTH),
            )
        self._limit(node, self._budget.include())
        try:
            data = self._load(path)
        except ScriptError as error:
            error.file, error.line, error.column = (
                error.file or file,
                error.line or node.line,
                error.column or node.column,
            )
            error.source = error.source or line_text(node.source)
            raise
        self._limit(node, self._budget.included(len(data)))
        included = parse(data, path)
        self._limit(node, self._budget.script(len(included.nodes)))
        self._walk(included, (*opened, path))
        self._file, self._connection = file, connection

    def _limit(self, node: Wire | Directive, problem: str) -> None:
        """Refuse what is too much, if anything is."""
        if problem:
            raise self._refuse(node, "limit", problem)

    def _refuse(self, node: Wire | Directive, kind: str, problem: str, hint: str = "") -> ScriptError:
        return ScriptError(
            problem,
            hint,
            kind=kind,
            file=self._file,
            line=node.line,
            column=node.column,
            width=max(1, len(node.args) if isinstance(node, Directive) else len(node.text)),
            source=line_text(node.source),
        )
