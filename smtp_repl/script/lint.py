"""What is odd about a script that can be read: remarks, not errors; it may be odd on purpose.

    pipelined-group    a verb that must end a pipelined group does not (RFC 2920 §3.1)
    unfinished-reply   an expected reply that does not end: its last line has "-" after the code
    ends-in-data       the script stops inside a message: it will never be sent
    literal-hole       `{auth.plain}` in a `C:` line, which is sent as it stands
    invisible-char, control-char   (found while reading)

Sends nothing and never raises for what it finds. Reads steps, so includes must have been allowed.
"""

import re
from collections.abc import Iterable

from smtp_repl.script.model import Remark, Script, Wire
from smtp_repl.script.steps import Do, Hear, Load, Say, Step, compile_steps
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.verbs import VERBS

_HOLE = re.compile(rb"\{[A-Za-z_][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\}")


def lint(script: Script, load: Load | None = None) -> tuple[Remark, ...]:
    """The remarks on a script, by line; none on the lines of included files. Raises as `compile_steps` does."""
    steps = [step for step in compile_steps(script, load) if step.file == script.name]
    remarks = [*script.warnings, *_replies(steps), *_Commands().read(steps)]
    return tuple(sorted(remarks, key=lambda remark: (remark.line, remark.column)))


def _replies(steps: Iterable[Step]) -> list[Remark]:
    remarks = []
    for step in steps:
        if not isinstance(step, Hear) or not step.expectation.lines:
            continue
        last = step.expectation.lines[-1]
        if last.more and last.mod != "*":
            message = 'this reply does not end: its last line has "-" after the code'
            remarks.append(Remark("unfinished-reply", message, last.wire.line, last.wire.column + 3))
    return remarks


class _Commands:
    """Reads C lines as a server would, so that the lines of a message are not taken for commands."""

    __slots__ = ("_body", "_chunk", "_remarks")

    def __init__(self) -> None:
        self._remarks: list[Remark] = []
        self._body: dict[str, Wire] = {}  # the last line said inside DATA, by connection
        self._chunk: dict[str, int] = {}  # octets of a BDAT chunk that are still to come

    def read(self, steps: Iterable[Step]) -> list[Remark]:
        for step in steps:
            if isinstance(step, Say):
                for wire in step.lines:
                    self._line(step.connection, wire, last=wire is step.lines[-1])
            elif isinstance(step, Hear) and step.expectation.code[:1] in ("4", "5"):
                # The script expects DATA to be refused: what follows are commands.
                self._body.pop(step.connection, None)
            elif isinstance(step, Do) and step.directive.name in ("data", "send", "close"):
                self._body.pop(step.connection, None)
        for wire in self._body.values():
            message = "the script ends inside a message: without C: . it is never sent"
            self._remarks.append(Remark("ends-in-data", message, wire.line, wire.column))
        return self._remarks

    def _line(self, connection: str, wire: Wire, *, last: bool) -> None:
        text = b"".join(item.octets for item in wire.items) if wire.items else wire.text
        if self._chunk.get(connection, 0) > 0:
            self._chunk[connection] -= wire.size
            return
        if connection in self._body:
            self._body[connection] = wire
            if text.removesuffix(b"\r\n") == b"." or b"\r\n.\r\n" in text:
                del self._body[connection]
            return
        if wire.form == ":" and (hole := _HOLE.search(text)):
            message = f"{hole[0].decode()} is sent as it stands; in a C~ line it would be filled in"
            self._remarks.append(Remark("literal-hole", message, wire.line, wire.column + hole.start()))
        command = parse_command(text.removesuffix(b"\n").removesuffix(b"\r"))
        syntax = VERBS.get(command.verb)
        if syntax is not None and syntax.ends_group and not last:
            message = f"{command.verb} must be the last command of a group that is sent at once (RFC 2920 §3.1)"
            self._remarks.append(Remark("pipelined-group", message, wire.line, wire.column))
        if command.verb == "DATA":
            self._body[connection] = wire
        elif command.verb == "BDAT":
            size = command.argument.split(b" ")[0]
            self._chunk[connection] = int(size) if size.isdigit() and len(size) < 19 else 0
