"""One reply and one expectation, line by line: what differs at a level.

Below `prefix` an asserted line may stand anywhere in its reply; from `prefix` on lines are compared in order, but
those of an EHLO reply, which at `text` are a set. Decides nothing: what a difference means is for `matching`.
RFC 5321 §4.2, RFC 3463 (enhanced codes).
"""

from smtp_repl.script.differences import Difference, Level, line_difference
from smtp_repl.script.expectations import Expectation, ExpectedLine
from smtp_repl.script.masking import mask
from smtp_repl.wire.octets import lines_with_ends, printable
from smtp_repl.wire.replies import Reply, parse_enhanced


class Comparison:
    """One reply and one expectation, line by line."""

    __slots__ = ("_actual", "_ends", "_expectation", "_own_names", "_reply", "bindings")

    def __init__(
        self, expectation: Expectation, reply: Reply, bindings: dict[str, bytes], own_names: tuple[bytes, ...]
    ) -> None:
        self._expectation = expectation
        self._reply = reply
        self._own_names = own_names
        self.bindings = bindings
        lines = lines_with_ends(reply.raw)
        self._ends = [b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b"" for line in lines]
        self._actual = [line[: len(line) - len(end)] for line, end in zip(lines, self._ends, strict=True)]

    def failures(self, level: Level) -> list[Difference]:
        """What differs at this level, and the assertions that do not hold."""
        differences = self._cut_short() or self._code(level)
        if level >= Level.PREFIX:
            differences += [] if differences else self.aligned(level, self.bindings)
        else:
            differences += self._asserted()
            if level == Level.STATUS and not differences:
                differences += self._enhanced()
        return differences + self._forbidden()

    def _cut_short(self) -> list[Difference]:
        lines = self._expectation.lines
        if not self._reply.partial or any(not line.end for line in lines) or not lines:
            return []
        return [line_difference(lines[-1].wire, lines[-1].octets, self._last, "cut short")]

    @property
    def _last(self) -> bytes:
        return self._actual[-1] if self._actual else b""

    def _code(self, level: Level) -> list[Difference]:
        expectation = self._expectation
        lines = expectation.required or expectation.lines
        if not lines:
            return []
        first = lines[0]
        if not expectation.code:
            # Not a reply line at all, in the script: it is compared as text, however loose the level.
            if first.wire.asserts or first.mod or self._holds(first, 0, min(level, Level.TEXT), {}) is not None:
                return []
            return [line_difference(first.wire, first.octets, self._actual[0] if self._actual else b"", "text")]
        got = str(self._reply.code) if self._reply.code is not None else self._last[:3].decode("ascii", "replace")
        if self._reply.code is None and not self._reply.partial:
            got = "---"
        want = expectation.code[:1] + "xx" if level == Level.CLASS else expectation.code
        if _fits(want, got):
            return []
        wire = next((line.wire for line in lines if line.code), first.wire)
        at = wire.column + (wire.form == '"')
        return [Difference(wire.line, at, 3, printable(first.octets), printable(self._last), "code")]

    def _enhanced(self) -> list[Difference]:
        for line in reversed(self._expectation.required):
            want = parse_enhanced(line.text)
            if want is None:
                continue
            if line.wire.template is not None or want == self._reply.enhanced:
                return []
            at = line.wire.column + 4 + (line.wire.form == '"')
            got = printable(self._last)
            return [Difference(line.wire.line, at, len(str(want)), printable(line.octets), got, "enhanced")]
        return []

    def _asserted(self) -> list[Difference]:
        """Asserted lines where nothing else depends on the order: each wherever it is, its own place first."""
        differences = []
        used: set[int] = set()
        place = 0
        for line in self._expectation.lines:
            if line.wire.asserts and line.mod == "*":
                rest = [index for index in range(place, len(self._actual)) if index not in used]
                differences += [
                    line_difference(line.wire, line.octets, self._actual[index], "text")
                    for index in rest
                    if not self._take(line, index, Level.CODE, self.bindings)
                ]
            elif line.wire.asserts:
                order = sorted(range(len(self._actual)), key=lambda index: (index != place, index))
                found = next(
                    (i for i in order if i not in used and self._take(line, i, Level.CODE, self.bindings)), None
                )
                if found is not None:
                    used.add(found)
                elif not line.mod:
                    differences.append(self._missing(line, place))
            place += not line.mod
        return differences

    def _missing(self, line: ExpectedLine, place: int) -> Difference:
        alone = len(self._actual) == 1 or len(self._expectation.required) == 1
        got = self._actual[min(place, len(self._actual) - 1)] if self._actual and alone else b""
        return line_difference(line.wire, line.octets, got, "text" if got else "missing line")

    def _forbidden(self) -> list[Difference]:
        differences = []
        for wire in self._expectation.forbidden:
            for actual in self._actual:
                if wire.template is not None:
                    found = wire.template.match(actual, self.bindings) is not None
                else:
                    found = actual == wire.text if wire.form == "=" else wire.text in actual
                if found:
                    text = printable(wire.text)
                    width = max(1, len(text))
                    differences.append(Difference(wire.line, wire.column, width, text, printable(actual), "forbidden"))
                    break
        return differences

    def aligned(self, level: Level, bindings: dict[str, bytes]) -> list[Difference]:
        """What differs line by line; the lines of an EHLO reply after the first are a set at `text`."""
        if self._expectation.ehlo and level == Level.TEXT and self._reply.code == 250:
            return self._as_set(bindings)
        differences: list[Difference] = []
        required = list(self._expectation.required)
        optional = [line for line in self._expectation.lines if line.mod == "?"]
        rest, after = self._rest()
        if rest is None and not required and not optional:
            return []
        for index, actual in enumerate(self._actual):
            left = len(self._actual) - index
            if required and self._take(required[0], index, level, bindings):
                required.pop(0)
                continue
            matched = next((line for line in optional if self._take(line, index, level, bindings)), None)
            if matched is not None:
                optional.remove(matched)
                continue
            if rest is not None and len(required) <= after and self._take(rest, index, level, bindings):
                continue
            # Fewer lines than expected: those up to the one that this is are missing.
            later = range(1, len(required)) if left < len(required) else ()
            at = next((i for i in later if self._take(required[i], index, level, bindings)), None)
            if at is not None:
                differences += [self._absent(line) for line in required[:at]]
                del required[: at + 1]
            elif required and left <= len(required):
                line = required.pop(0)
                differences.append(line_difference(line.wire, line.octets, actual, "text"))
            else:
                differences.append(self._extra(actual))
        return differences + [self._absent(line) for line in required]

    def _as_set(self, bindings: dict[str, bytes]) -> list[Difference]:
        differences: list[Difference] = []
        required = list(self._expectation.required)
        optional = [line for line in self._expectation.lines if line.mod == "?"]
        rest, _ = self._rest()
        if required and self._actual and not self._take(required[0], 0, Level.TEXT, bindings):
            differences.append(line_difference(required[0].wire, required[0].octets, self._actual[0], "text"))
        required = required[1:]
        for index in range(1, len(self._actual)):
            for lines in (required, optional):
                line = next((line for line in lines if self._take(line, index, Level.EXACT, bindings, True)), None)
                if line is not None:
                    lines.remove(line)
                    break
            else:
                if rest is None or not self._take(rest, index, Level.PREFIX, bindings, True):
                    differences.append(self._extra(self._actual[index]))
        return differences + [self._absent(line) for line in required]

    def _rest(self) -> tuple[ExpectedLine | None, int]:
        """The `S*` line, and how many required lines follow it."""
        after = 0
        for line in reversed(self._expectation.lines):
            if line.mod == "*":
                return line, after
            after += not line.mod
        return None, 0

    @staticmethod
    def _absent(line: ExpectedLine) -> Difference:
        return line_difference(line.wire, line.octets, b"", "missing line")

    def _extra(self, actual: bytes) -> Difference:
        wire = self._expectation.lines[-1].wire
        return Difference(
            wire.line, wire.column, max(1, len(printable(wire.text))), "", printable(actual), "extra line"
        )

    def _take(
        self, line: ExpectedLine, index: int, level: Level, bindings: dict[str, bytes], unordered: bool = False
    ) -> bool:
        captured = self._holds(line, index, level, bindings, unordered)
        if captured is None:
            return False
        bindings.update(captured)
        return True

    def _holds(
        self, line: ExpectedLine, index: int, level: Level, bindings: dict[str, bytes], unordered: bool = False
    ) -> dict[str, bytes] | None:
        """What holes captured if the expected line holds for the actual one, else None.

        `unordered`: in a set it does not matter which line is the last, so "-" and blank are the same.
        """
        if index >= len(self._actual):
            return None
        actual, want = self._actual[index], line.octets
        if "x" in line.code and _fits(line.code, actual[:3].decode("ascii", "replace")):
            want = actual[:3] + want[3:]
        if (unordered or line.wire.template is not None) and {want[3:4], actual[3:4]} <= {b"-", b" "}:
            # Which line is the last is framing: for a template too, wherever its line turns up.
            actual = actual[:3] + want[3:4] + actual[4:]
        if line.wire.template is not None:
            return line.wire.template.match(actual, bindings)
        if line.mod == "*":
            return {} if actual.startswith(want) else None
        if line.wire.asserts or level == Level.EXACT:
            ends = line.end == self._ends[index] or unordered or (line.wire.form == "=" and level < Level.EXACT)
            return {} if actual == want and ends else None
        if level == Level.PREFIX:
            return {} if actual.startswith(want) else None
        return {} if actual == want or self._mask(actual) == self._mask(want) else None

    def _mask(self, octets: bytes) -> bytes:
        return octets[:4] + mask(octets[4:], self._own_names)


def _fits(pattern: str, code: str) -> bool:
    return len(code) == 3 and all(want in ("x", got) for want, got in zip(pattern, code, strict=True))
