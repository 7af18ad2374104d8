"""Keeping a script up to date: `S:` and `S=` lines rewritten as the server has them now, all else left alone.

Only the text of plain lines is rewritten, where a reply failed or drifted, and lines of a reply that are new or gone
come and go. What a person has to decide is refused, with a reason: a success that became a refusal, a reply after
which the script's next lines would mean something else, a line that asserts more than its text. Pure: it is told
results and gives octets.
"""

from collections.abc import Sequence

from smtp_repl.script.casting import StepResult
from smtp_repl.script.expectations import Expectation, ExpectedLine
from smtp_repl.script.masking import mask
from smtp_repl.script.model import Script, Wire, strip_line_end
from smtp_repl.script.steps import Hear, Step
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import is_plain, printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.secrets import MASK

_BOM = b"\xef\xbb\xbf"
_CLOSING = 421


class Refusal(Record):
    """A reply that was not taken over: the line of the script, and why."""

    line: int
    reason: str


class _Refused(Exception):
    pass


class Update:
    """Is told of each result, in order. `everything` lets a success become a refusal (`--update=all`)."""

    __slots__ = ("_everything", "_own_names", "_script", "_sources", "_steps", "_updated", "refusals")

    def __init__(
        self, script: Script, steps: Sequence[Step], *, everything: bool = False, own_names: Sequence[bytes] = ()
    ) -> None:
        self._script = script
        self._steps = steps
        self._everything = everything
        self._own_names = tuple(own_names)
        self._sources = [node.source for node in script.nodes]
        self._updated: set[int] = set()
        self.refusals: list[Refusal] = []

    def stepped(self, result: StepResult) -> None:
        """An expectation was judged."""
        step = self._steps[result.step] if result.step >= 0 else None
        if result.status not in ("drift", "fail") or not isinstance(step, Hear):
            return
        try:
            self._take_over(step, result)
        except _Refused as refused:
            self.refusals.append(Refusal(result.line, str(refused)))
        else:
            self._updated.add(result.step)

    def goes_on(self, result: StepResult) -> bool:
        """Whether the script holds now where it failed, so that the play may go on."""
        return result.step in self._updated

    @property
    def octets(self) -> bytes:
        """The script as it should be."""
        return (_BOM if self._script.bom else b"") + b"".join(self._sources)

    # ------------------------------------------------------------ inside

    def _take_over(self, step: Hear, result: StepResult) -> None:
        reply = result.reply
        if step.file != self._script.name:
            raise _Refused(phrase("it is a line of {file}, which this script includes", file=step.file))
        if reply is None or reply.partial:
            raise _Refused(phrase("no whole reply came"))
        self._check_meaning(step.expectation, reply)
        actual = _lines_of(reply)
        wires = [node for node in step.nodes if isinstance(node, Wire) and node.mod != "!"]
        plain = {wire.line for wire in wires if _is_plain(wire)}
        for difference in result.differences:
            if difference.line not in plain:
                raise _Refused(phrase("it asserts more than its text"))
        fresh: list[bytes | None]
        if len(plain) == len(wires):
            fresh = list(self._rewritten(step.expectation, actual))
        elif len(wires) == len(actual) == len(step.expectation.lines) and not any(wire.mod for wire in wires):
            each = zip(step.expectation.lines, actual, strict=True)
            fresh = [self._line(line, text) if _is_plain(line.wire) else None for line, text in each]
        else:
            raise _Refused(phrase("the reply has other lines, and some of the script's are optional or have holes"))
        self._put(wires, fresh)

    def _check_meaning(self, expectation: Expectation, reply: Reply) -> None:
        """Refuse what would give the lines behind it another meaning, or make a test of a success one of a refusal."""
        wanted = expectation.code[:1]
        if not wanted or reply.code is None:
            raise _Refused(phrase("it is no reply"))
        if reply.code == _CLOSING and expectation.code != str(_CLOSING):
            raise _Refused(phrase("421 ends the session, whatever was asked"))
        if (wanted == "3") is not (reply.klass == 3):
            raise _Refused(phrase("after {code} the next lines would mean something else", code=reply.code))
        if wanted == "2" and reply.klass in (4, 5) and not self._everything:
            raise _Refused(phrase("a success would become a refusal; --update=all does that too"))

    def _rewritten(self, expectation: Expectation, actual: Sequence[bytes]) -> list[bytes]:
        """A line for each line of the reply: one of the script's that holds, or one that is made like it."""
        lines = list(expectation.lines)
        if len(lines) == 1 and lines[0].octets == lines[0].code.encode() and len(actual) == 1:
            return [self._line(lines[0], actual[0][:3])]
        result: list[bytes] = []
        left = list(lines)
        for number, text in enumerate(actual):
            found = next((line for line in left if self._is_same(line, text, framing=False)), None)
            if found is not None:
                left.remove(found)
                keeps = self._is_same(found, text, framing=True)
                result.append(found.wire.source if keeps else self._line(found, found.octets[:3] + text[3:4], found))
            else:
                result.append(self._line(lines[min(number, len(lines) - 1)], text))
        return result

    def _is_same(self, line: ExpectedLine, text: bytes, *, framing: bool) -> bool:
        """Whether a line holds as it stands; without `framing`, whether it would as another line of the reply."""
        want = line.octets
        if _fits(line.code, text):
            want = text[:3] + want[3:]
        if not framing:
            want = want[:3] + text[3:4] + want[4:]
        if want == text:
            return True
        return not line.wire.asserts and want[:4] == text[:4] and self._mask(want) == self._mask(text)

    def _mask(self, octets: bytes) -> bytes:
        return mask(octets[4:], self._own_names)

    def _line(self, model: ExpectedLine, text: bytes, rest: ExpectedLine | None = None) -> bytes:
        """A line of the script like the model, which says the text; from the fifth octet on what `rest` says."""
        if _fits(model.code, text):
            text = model.code.encode() + text[3:]
        if rest is not None:
            text += rest.octets[4:]
        source = strip_line_end(model.wire.source)
        end = model.wire.source[len(source) :] or self._line_end
        tag = source[: len(source) - len(model.wire.text)] if model.wire.text else source
        return (tag if tag.endswith(b" ") else tag + b" ") + text + end

    def _put(self, wires: Sequence[Wire], fresh: Sequence[bytes | None]) -> None:
        """Let the lines of the script be these, comments between them staying where they are."""
        last = wires[-1]
        for number, wire in enumerate(wires):
            octets = fresh[number] if number < len(fresh) else b""
            if octets is not None:
                self._sources[wire.line - 1] = self._ended(octets)
        self._sources[last.line - 1] += b"".join(self._ended(octets) for octets in fresh[len(wires) :] if octets)
        if last.line == len(self._sources) and not last.source.endswith(b"\n"):
            self._sources[-1] = strip_line_end(self._sources[-1])

    def _ended(self, octets: bytes) -> bytes:
        return octets if octets.endswith(b"\n") or not octets else octets + self._line_end

    @property
    def _line_end(self) -> bytes:
        crlf = sum(node.source.endswith(b"\r\n") for node in self._script.nodes)
        return b"\r\n" if crlf * 2 > len(self._script.nodes) else b"\n"


def _is_plain(wire: Wire) -> bool:
    return wire.form in (":", "=") and not wire.mod


def _fits(code: str, text: bytes) -> bool:
    """Whether a code such as `25x` says this line's."""
    return "x" in code and all(c in ("x", t) for c, t in zip(code, text[:3].decode("ascii", "replace"), strict=False))


def _lines_of(reply: Reply) -> list[bytes]:
    """The lines of a reply, if plain lines can say them."""
    *lines, rest = reply.raw.split(b"\r\n")
    if rest or any(not is_plain(line) for line in lines) or MASK.encode() in reply.raw:
        raise _Refused(phrase("a plain line cannot say this reply: {raw}", raw=printable(reply.raw[:200])))
    return lines
