"""Expectations: the S lines of a script, cut into the replies that they expect.

A reply is a run of S lines up to the line whose fourth octet is not "-", a change of code, or the end of the
block. `S! S? S*` and `@caps` belong to the reply before them in the block, to the next one when they come first.
A line without a code inside an unfinished run belongs to the run, as it does in a real reply (`wire.replies`);
elsewhere it stands for itself. RFC 5321 §4.2.1. Compares nothing (see `matching`) and knows no connection.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from smtp_repl.script.limits import EXPECTED_LINE
from smtp_repl.script.model import Directive, Wire
from smtp_repl.wire.octets import lines_with_ends
from smtp_repl.wire.records import Record

_CODE = re.compile(rb"([0-9](?:[0-9][0-9x]|xx))(?:([ -])|\Z)", re.DOTALL)
_EXACT_CODE = re.compile(rb"([0-9]{3})(?:([ -])|\Z)", re.DOTALL)
_ANY_CODE = {"2xx": "250", "3xx": "354", "4xx": "450", "5xx": "550"}


class ExpectedLine(Record):
    """One expected line of a reply.

    `octets` are without line end (of a `~` line as written, holes and all), `end` is the line end: CRLF but in
    the exact form, where it is what is written; b"" for a line that is cut off. `code` may hold x (`25x`), and is
    "" where the line has none; `more` says that its fourth octet is "-". `mod` is "", "?" or "*".
    """

    wire: Wire
    octets: bytes
    end: bytes
    code: str
    more: bool

    @property
    def mod(self) -> str:
        return self.wire.mod

    @property
    def text(self) -> bytes:
        """What stands after the code and its separator."""
        return self.octets[4:] if self.code else self.octets


class Expectation(Record):
    """One expected reply.

    `lines` hold the required, optional (`S?`) and rest (`S*`) lines in order, `forbidden` the `S!` lines, `caps`
    the `@caps` directives; `nodes` all of these in the order of the script. `code` is "250", "2xx" or "" where
    nothing is said of it. `ehlo` says that the command before it was EHLO or LHLO.
    """

    lines: tuple[ExpectedLine, ...]
    forbidden: tuple[Wire, ...]
    caps: tuple[Directive, ...]
    code: str
    nodes: tuple[Wire | Directive, ...]
    ehlo: bool = False

    @property
    def line(self) -> int:
        """The script's line that it begins on."""
        return self.nodes[0].line

    @property
    def required(self) -> tuple[ExpectedLine, ...]:
        return tuple(line for line in self.lines if not line.mod)

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The texts of the required lines without their codes."""
        return tuple(line.text for line in self.required)

    def sample(self, bindings: dict[str, bytes]) -> bytes:
        """What whoever plays the server sends: `S?` lines too, `S!` lines not, `S*` as the text alone.

        Holes get their bound value, else the shortest match, which is bound; `2xx` becomes 250.
        """
        return b"".join(octets for _, octets in self.sample_lines(bindings))

    def sample_lines(self, bindings: dict[str, bytes]) -> Iterator[tuple[Wire, bytes]]:
        """What `sample` gives, line by line, each with the line of the script that it comes from."""
        for index, line in enumerate(self.lines):
            octets = line.octets
            if line.wire.template is not None:
                octets = line.wire.template.sample(bindings)
            if "x" in line.code:
                octets = (_ANY_CODE.get(line.code) or line.code.replace("x", "0")).encode() + octets[3:]
            if line.mod == "*" and line.code and octets[3:4] in (b"-", b""):
                # As the last line it has to end the reply; and not all clients take a bare code for a reply line.
                octets = octets[:3] + (b" " if index == len(self.lines) - 1 else b"-") + octets[4:]
            yield line.wire, octets + line.end


def cut(nodes: Iterable[Wire | Directive], verbs: Sequence[str] = ()) -> tuple[Expectation, ...]:
    """The replies that one block expects; `nodes` are its S lines and `@caps`, `verbs` what they answer, in order."""
    runs: list[_Run] = []
    leading: list[Wire | Directive] = []
    for node in nodes:
        if isinstance(node, Directive) or node.mod:
            if runs:
                runs[-1].attach(node)
            else:
                leading.append(node)
            continue
        for line in _lines_of(node):
            if not runs or not runs[-1].takes(line):
                runs.append(_Run())
                for attachment in leading:
                    runs[-1].attach(attachment)
                leading = []
            runs[-1].add(line)
    if leading:
        runs.append(_Run())
        for attachment in leading:
            runs[-1].attach(attachment)
    return tuple(run.expectation(verbs[index : index + 1]) for index, run in enumerate(runs))


class _Run:
    """A reply that is being put together."""

    __slots__ = ("_caps", "_code", "_forbidden", "_lines", "_nodes", "_open", "_started")

    def __init__(self) -> None:
        self._lines: list[ExpectedLine] = []
        self._forbidden: list[Wire] = []
        self._caps: list[Directive] = []
        self._nodes: list[Wire | Directive] = []
        self._code = ""
        self._started = False
        self._open = True

    def attach(self, node: Wire | Directive) -> None:
        self._nodes.append(node)
        if isinstance(node, Directive):
            self._caps.append(node)
        elif node.mod == "!":
            self._forbidden.append(node)
        else:
            self._lines.extend(_lines_of(node))
            if node.mod == "*" and self._started:
                self._open = False  # the rest of this reply: what follows is another one

    def takes(self, line: ExpectedLine) -> bool:
        """Whether a line goes on with this reply, which has one already."""
        last = self._last
        if not last.end:  # cut off: only octets that go on in the same form belong to it
            return line.wire.form == '"'
        return self._open and not (line.code and self._code and not _compatible(line.code, self._code))

    def add(self, line: ExpectedLine) -> None:
        if not self._nodes or self._nodes[-1] is not line.wire:
            self._nodes.append(line.wire)
        if self._started and not self._last.end:
            index = self._lines.index(self._last)
            line = _line(line.wire, self._last.octets + line.octets, line.end)
            self._lines[index] = line
        else:
            self._lines.append(line)
        self._started = True
        self._code = self._code or line.code
        if line.end:
            self._open = line.more if line.code else bool(self._code)

    @property
    def _last(self) -> ExpectedLine:
        return next(line for line in reversed(self._lines) if not line.mod)

    def expectation(self, answers: Sequence[str]) -> Expectation:
        ehlo = bool(answers) and answers[0] in ("EHLO", "LHLO")
        code = self._code or next((line.code for line in self._lines if line.code and not self._started), "")
        return Expectation(
            tuple(self._lines), tuple(self._forbidden), tuple(self._caps), code, tuple(self._nodes), ehlo
        )


def _compatible(one: str, other: str) -> bool:
    return all(a == b or "x" in (a, b) for a, b in zip(one, other, strict=True))


def _lines_of(wire: Wire) -> list[ExpectedLine]:
    """The lines that one S line of the script stands for; an exact form may hold several."""
    if wire.form != '"':
        return [_line(wire, wire.text, b"\r\n")]
    octets = _octets(wire)
    result = []
    for piece in lines_with_ends(octets):
        end = b"\r\n" if piece.endswith(b"\r\n") else b"\n" if piece.endswith(b"\n") else b""
        result.append(_line(wire, piece[: len(piece) - len(end)], end))
    return result or [_line(wire, b"", b"")]


def _octets(wire: Wire) -> bytes:
    """What is expected, to the length beyond which no reply is read anyway."""
    octets = bytearray()
    for block in wire.blocks({}):
        octets += block
        if len(octets) > EXPECTED_LINE:
            break
    return bytes(octets)


def _line(wire: Wire, octets: bytes, end: bytes) -> ExpectedLine:
    known = octets
    if wire.template is not None:
        known = wire.template.prefix.encode()
    found = (_CODE if wire.form == ":" else _EXACT_CODE).match(known)
    if found is None:
        return ExpectedLine(wire, octets, end, "", False)
    return ExpectedLine(wire, octets, end, found[1].decode("ascii"), found[2] == b"-")
