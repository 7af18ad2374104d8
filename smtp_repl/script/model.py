"""A script as data: one node for each line, with its octets and its place; nothing is lost, nothing is done.

A `Script` is made by `text.parse` and holds what it was made from, byte for byte. What is to be *done* is worked
out in `steps`. Knows nothing of connections that are open and of who plays which part. No RFC: our notation.
"""

from collections.abc import Iterator, Mapping

from smtp_repl.script.arguments import Tags, Text, Value
from smtp_repl.script.holes import Template
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import Secret

BLOCK = 64 * 1024
"""Octets at a time when a repeated item is streamed."""


class Blank(Record):
    """A line with nothing on it. `source` of every node: the octets of the line, line end included."""

    source: bytes
    line: int


class Note(Record):
    """A stage direction: `{The server closes the connection}`."""

    source: bytes
    line: int


class Comment(Record):
    """`# text`; octets that are no UTF-8 are replaced in `text`, not in `source`."""

    source: bytes
    line: int
    text: str


class Directive(Record):
    """`@name[connection] args`; `value` is what the arguments say, typed."""

    source: bytes
    line: int
    name: str
    connection: str
    args: str
    column: int
    value: Value


class Item(Record):
    """One `"…"` or `"…"*times` of the exact form; `source` is its text, quotes included."""

    source: str
    octets: bytes
    times: int


class Wire(Record):
    """One `C` or `S` line.

    `side` is "C" or "S"; `mod` is "", "?", "*" or "!"; `form` is ":" (literal), "~" (holes), "=" (exactly this
    line) or '"' (exact octets). A line that `asserts` holds at every level. `text` is what stands after the tag,
    without line end; for '"' the items as written. `column` is where `text` begins.
    """

    source: bytes
    line: int
    side: str
    connection: str
    mod: str
    form: str
    asserts: bool
    text: bytes
    column: int
    items: tuple[Item, ...] = ()
    template: Template | None = None

    @property
    def tag(self) -> str:
        """The line's tag as written canonically: `C:`, `S[bob]!~`, `S=`, `C`."""
        name = f"[{self.connection}]" if self.connection else ""
        form = ("=" if self.asserts else "") if self.form == '"' else self.form
        return f"{self.side}{name}{self.mod}{form}"

    @property
    def secret(self) -> bool:
        """Whether a secret of `@auth` goes into it."""
        return self.template is not None and self.template.secret

    @property
    def size(self) -> int:
        """Octets of an exact form, repeats included; of other forms those of the text and CRLF."""
        if self.form == '"':
            return sum(len(item.octets) * item.times for item in self.items)
        return len(self.text) + 2

    def octets(self, scope: Mapping[str, bytes | Secret]) -> bytes:
        """What goes on the wire, CRLF included; for an exact form exactly that.

        Raises `ScriptError` with its place when a hole cannot be filled.
        """
        if self.form == '"':
            return b"".join(item.octets * item.times for item in self.items)
        return self.content(scope) + b"\r\n"

    def blocks(self, scope: Mapping[str, bytes | Secret]) -> Iterator[bytes]:
        """What `octets` gives, in blocks, so that a large repeat needs no memory."""
        if self.form != '"':
            yield self.octets(scope)
            return
        for item in self.items:
            if not item.octets:
                continue
            at_once = max(1, BLOCK // len(item.octets))
            whole, rest = divmod(item.times, at_once)
            if whole:
                block = item.octets * at_once
                for _ in range(whole):
                    yield block
            if rest:
                yield item.octets * rest

    def content(self, scope: Mapping[str, bytes | Secret]) -> bytes:
        """The text of a `:`, `=` or `~` line with its holes filled, without line end."""
        if self.template is None:
            return self.text
        try:
            return self.template.fill(scope)
        except ScriptError as error:
            raise self.locate(error) from None

    def locate(self, error: ScriptError) -> ScriptError:
        """An error whose column counts within `text`, made to point into the line as it stands in the file."""
        error.line = self.line
        error.column += self.column - 1
        error.source = line_text(self.source)
        return error


class Invalid(Record):
    """A line that cannot be read. `kind` is a stable id, `hint` says what to write instead, `column` and `width`
    are what to underline, in characters."""

    source: bytes
    line: int
    kind: str
    problem: str
    hint: str
    column: int
    width: int

    def error(self, file: str) -> ScriptError:
        """This problem, to be raised."""
        return ScriptError(
            self.problem,
            self.hint,
            kind=self.kind,
            file=file,
            line=self.line,
            column=self.column,
            width=self.width,
            source=line_text(self.source),
        )


Node = Blank | Note | Comment | Directive | Wire | Invalid


class Remark(Record):
    """Something in a good line that a reader should know, such as a character that cannot be seen.

    `kind` is a rule of `lint_rules`, `severity` info, warning or error. `shown` is how the line may be shown, ""
    for as it stands: a line that holds a secret is not shown as it stands.
    """

    kind: str
    message: str
    line: int
    column: int
    severity: str = "warning"
    hint: str = ""
    width: int = 1
    shown: str = ""


class Script:
    """The lines of one file. `bom` says that it begins with a byte order mark."""

    __slots__ = ("bom", "name", "nodes", "warnings")

    def __init__(
        self, name: str, nodes: tuple[Node, ...], *, bom: bool = False, warnings: tuple[Remark, ...] = ()
    ) -> None:
        self.name = name
        self.nodes = nodes
        self.bom = bom
        self.warnings = warnings

    @property
    def problems(self) -> tuple[Invalid, ...]:
        """The lines that cannot be read; a script that has any is not played."""
        return tuple(node for node in self.nodes if isinstance(node, Invalid))

    @property
    def speaks(self) -> bool:
        """Whether it says what the server answers; one that does not is played in lock-step."""
        return any(isinstance(node, Wire) and node.side == "S" for node in self.nodes)

    @property
    def title(self) -> str:
        return self._text("title")

    @property
    def about(self) -> str:
        return self._text("about")

    @property
    def origin(self) -> str:
        """`@source`."""
        return self._text("source")

    @property
    def recorded(self) -> str:
        return self._text("recorded")

    @property
    def tags(self) -> tuple[str, ...]:
        values = (node.value for node in self.nodes if isinstance(node, Directive))
        return tuple(word for value in values if isinstance(value, Tags) for word in value.words)

    def _text(self, name: str) -> str:
        """The texts of every `@name`, a line each."""
        directives = (node for node in self.nodes if isinstance(node, Directive) and node.name == name)
        return "\n".join(node.value.text for node in directives if isinstance(node.value, Text))


def line_text(source: bytes) -> str:
    """A line of a script without its line end, as text; octets that are no UTF-8 are replaced."""
    return strip_line_end(source).decode("utf-8", "replace")


def strip_line_end(source: bytes) -> bytes:
    """A line without its LF or CRLF."""
    if source.endswith(b"\r\n"):
        return source[:-2]
    return source[:-1] if source.endswith(b"\n") else source
