"""A connection in the course of a script (`lint_course`): what was said over it, and what is still to be told of that.

A remark on a command is kept until it is known whether the script expects a refusal; then it is no mistake.
"""

from collections.abc import Iterator, Mapping

from smtp_repl.script.model import Directive, Remark, Wire
from smtp_repl.script.steps import Step
from smtp_repl.wire import states
from smtp_repl.wire.commands import Command
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, Phase

_NO_WIRE = Wire(b"", 0, "C", "", "", ":", False, b"", 1)


class Spoken(Record):
    """A command, and where it stands."""

    command: Command
    file: str
    wire: Wire
    is_step: bool


class Session:
    """One connection: its conversation, and what is known and owed of it."""

    def __init__(self) -> None:
        self.conversation = Conversation(path_is_private=True)
        self.file = ""
        self.body: Wire | None = None
        """The line of a message that was said last, while the message has not ended."""
        self.unsure = False
        """From here on it is not known what was said."""
        self.offers_known = False
        self.manual_tls = False
        self.used: set[str] = set()
        self.before = self.last = Spoken(Command(b"", "", b""), "", _NO_WIRE, False)
        """The last two commands."""
        self.last_dot = _NO_WIRE
        self._spoken: dict[int, Spoken] = {}  # by identity: the same command can be said twice
        self._owed: dict[int, list[Remark]] = {}

    @property
    def awaits_greeting(self) -> bool:
        return self.awaited == GREETING

    @property
    def awaited(self) -> str:
        """What the next reply answers, "" when none is due."""
        awaited = self.conversation.first_awaited
        return awaited.said if awaited is not None else ""

    @property
    def awaits_reply(self) -> bool:
        return bool(self.conversation.due) and self.conversation.phase not in (Phase.CLOSED, Phase.TLS)

    @property
    def hoped_code(self) -> int:
        """The code of the reply that is hoped for next."""
        said = self.awaited
        if said in ("AUTH", AUTH_STEP):
            return 334 if self.conversation.due == 1 and self.conversation.ahead is Phase.AUTH else 235
        rule = states.RULES.get(said)
        start = rule.outcomes[0][0] if rule is not None and rule.outcomes else "250"
        return int(start) if len(start) == 3 else 250

    def said(self, command: Command, wire: Wire, *, is_step: bool) -> None:
        self.before, self.last = self.last, Spoken(command, self.file, wire, is_step)
        self._spoken[id(command)] = self.last

    def owe(self, command: Command, found: Remark) -> None:
        """Keep a remark on a command until it is known whether the script expects a refusal."""
        self._owed.setdefault(id(command), []).append(found)

    def forgive(self, command: Command) -> None:
        self._owed.pop(id(command), None)

    def owed(self, file: str) -> Iterator[Remark]:
        """What was kept, of one file."""
        for key, remarks in self._owed.items():
            if self._spoken[key].file == file:
                yield from remarks

    def place_of_awaited(self, step: Step) -> tuple[str, int, int]:
        """Where the line stands whose reply is due: file, line, column; of a greeting the step behind it."""
        awaited = self.conversation.first_awaited
        said, command = (awaited.said, awaited.command) if awaited is not None else ("", None)
        if said == END_OF_DATA and self.last_dot.line:
            return self.file, self.last_dot.line, self.last_dot.column
        if command is not None and id(command) in self._spoken:
            spoken = self._spoken[id(command)]
            return spoken.file, spoken.wire.line, spoken.wire.column
        return step.file, step.line, column_of(step.nodes[0])


class Values(Mapping[str, "bytes | Secret"]):
    """What names stand for: what `@set` says, else something that is base64 too."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        return self.known.get(name, b"AAAA")

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    def fills(self, wire: Wire) -> bool:
        """Whether every name of a line is known."""
        return wire.template is None or all(name in self.known for name in wire.template.names)


def column_of(node: Wire | Directive) -> int:
    """Where a line of a script begins, counted from 1."""
    if isinstance(node, Wire):
        return node.column
    return len(node.source) - len(node.source.lstrip()) + 1
