"""Recording a replay with its script as guide: what still holds stays as it was written.

Comments, directives, `C` lines and the `S` lines that hold keep their source, octet for octet, so a green run records
the same file again. A reply that failed is written as it came, in the recorder's form; what was not played any more
is left out, and a comment says where and why it ended. Pure: it makes octets and is told results.

A script that says nothing of the server (it is played in lock-step) guides nothing: such a run is recorded like a
session by hand.
"""

from collections.abc import Sequence

from smtp_repl.script.casting import PlayResult, StepResult
from smtp_repl.script.model import Script, Wire
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.script.transcript import masked_template, wire_line
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import lines_with_ends, printable
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.secrets import MASK

_BOM = b"\xef\xbb\xbf"


class Rerecording:
    """Is told of each result; gives the octets that the file grows by."""

    __slots__ = ("_end_of_line", "_ended", "_next", "_said", "_script", "_settled", "_steps")

    def __init__(self, script: Script, steps: Sequence[Step]) -> None:
        self._script = script
        self._steps = steps
        self._next = 0
        self._settled = -1  # the last step that was judged
        self._said = 0  # writes since then
        self._ended = False
        crlf = sum(node.source.endswith(b"\r\n") for node in script.nodes)
        self._end_of_line = "\r\n" if crlf * 2 > len(script.nodes) else "\n"

    def begin(self) -> bytes:
        """What the file begins with."""
        return _BOM if self._script.bom else b""

    def wrote(self) -> None:
        """The client said something, in one write."""
        self._said += 1

    def stepped(self, result: StepResult) -> bytes:
        """An expectation was judged."""
        if result.step < 0:
            unforeseen = phrase("a reply came that the script does not expect: {reply}", reply=_one_line(result))
            return self._up_to(self._last_said()) + self._stop(unforeseen) if result.status == "fail" else b""
        before, self._settled, self._said = self._settled, result.step, 0
        step = self._steps[result.step]
        if result.status != "fail":
            return self._up_to(self._last_line(result.step))
        if step.file != self._script.name:
            return self._up_to(self._last_line(before)) + self._stop(
                phrase("{file} failed at its line {line}", file=step.file, line=result.line)
            )
        octets = self._up_to(step.line - 1)
        octets += self._failed(step, result) if isinstance(step, Hear) else self._up_to(step.line)
        return octets + self._stop(
            phrase("line {line} of {name} did not hold", line=result.line, name=self._script.name)
        )

    def ended(self, result: PlayResult) -> bytes:
        """The play is over."""
        if self._ended:
            return b""
        if result.stopped_at:
            return self._up_to(result.stopped_at - 1) + self._stop(phrase("stopped here, as asked"))
        if result.status == "skip":
            return self._stop(f"skipped: {result.reason}")
        return self._up_to(len(self._script.nodes))

    def stopped(self, error: SmtpReplError) -> bytes:
        """The play ended with an error."""
        if self._ended:
            return b""
        return self._up_to(self._last_said()) + self._stop(error.message.partition("\n")[0])

    # ------------------------------------------------------------ inside

    def _up_to(self, line: int) -> bytes:
        """The source of the lines up to this one, as far as it was not given yet."""
        octets = b"".join(node.source for node in self._script.nodes[self._next : line])
        self._next = max(self._next, line)
        return octets

    def _last_line(self, number: int) -> int:
        """The line that a step of the script ends on; what is included ends where the script went on before it."""
        for step in reversed(self._steps[: number + 1]):
            if step.file == self._script.name:
                return max(node.line for node in step.nodes)
        return 0

    def _last_said(self) -> int:
        """The line of the last write that went out, counted from the last verdict on."""
        line, writes = self._last_line(self._settled), self._said
        for step in self._steps[self._settled + 1 :]:
            sends = isinstance(step, Say) or (isinstance(step, Do) and step.directive.name in ("data", "send"))
            if isinstance(step, Hear) or (sends and not writes):
                break
            writes -= sends
            if step.file == self._script.name:
                line = max(node.line for node in step.nodes)
        return line

    def _failed(self, step: Hear, result: StepResult) -> bytes:
        """The lines of a failed expectation: those that hold as they stand, the others as the server said them."""
        if result.reply is None:
            return b""
        came = _recorded(result.reply, step.connection)
        wrong = {difference.line for difference in result.differences}
        plain = [node for node in step.nodes if isinstance(node, Wire) and not node.mod]
        if len(plain) == len(came) and not any(difference.what == "code" for difference in result.differences):
            pairs = zip(plain, came, strict=True)
            fresh = [self._line(line) if node.line in wrong else node.source for node, line in pairs]
        else:
            fresh = [self._line(line) for line in came]
        first = plain[0] if plain else None
        octets = b"".join(fresh) if first is None else b""
        for node in self._script.nodes[self._next : max(node.line for node in step.nodes)]:
            if node is first:
                octets += b"".join(fresh)
            if node not in plain:
                octets += node.source
        self._next = max(self._next, max(node.line for node in step.nodes))
        return octets

    def _stop(self, why: str) -> bytes:
        self._ended = True
        start = b"" if self._next == 0 or self._script.nodes[self._next - 1].source.endswith(b"\n") else b"\n"
        return start + self._line(f"# the play ended here: {printable(why)}")

    def _line(self, text: str) -> bytes:
        return (text + self._end_of_line).encode("utf-8", "surrogateescape")


def _recorded(reply: Reply, connection: str) -> list[str]:
    """A reply as script lines, in the recorder's form. Masked secrets become holes."""
    tag = f"S[{connection}]" if connection else "S"
    return [
        f"{tag}~ {masked_template(line)}" if MASK.encode() in line else wire_line(tag, line)
        for line in lines_with_ends(reply.raw)
    ]


def _one_line(result: StepResult) -> str:
    return result.got.partition("\n")[0]
