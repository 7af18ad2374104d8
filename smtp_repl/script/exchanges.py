"""A script read as exchanges: each thing that the client says, and the replies to it, paired as RFC 2920 pairs them.

Lines in one write, in many writes or in lock-step give the same exchanges. The pairing is the conversation's own: it
is fed what the script says on both sides. Steps of AUTH are masked. For comparing two sessions; plays nothing.
"""

from collections import deque
from collections.abc import Sequence

from smtp_repl.script.arguments import File
from smtp_repl.script.expectations import Expectation
from smtp_repl.script.model import Wire
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.events import BodySaid, CommandSaid, Event, HandshakeDue, ReplySaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING

UNASKED = "unasked"
"""The kind of an exchange in which the client said nothing."""


class Answer(Record):
    """A reply: as it is expected, and as whoever plays the server would say it."""

    expectation: Expectation
    reply: Reply


class Exchange:
    """`kind` is a verb, "." for a message, "AUTH step", "greeting" or `UNASKED`; `said` is what was said, printable."""

    __slots__ = ("answers", "body", "kind", "said")

    def __init__(self, kind: str, said: str = "", body: bytes = b"") -> None:
        self.kind = kind
        self.said = said
        self.body = body
        """Of a message: its octets as on the wire."""
        self.answers: list[Answer] = []


class Reading(Record):
    """The exchanges of one connection, in order, and the names that the client gave itself."""

    exchanges: tuple[Exchange, ...]
    names: tuple[bytes, ...]
    speaks: bool
    """Whether it says what the server answers."""


def read_exchanges(steps: Sequence[Step], connection: str = "") -> Reading:
    """The exchanges of one connection of a script. Raises `ScriptError` where a line of exact octets is too long."""
    reader = _Reader()
    own = [step for step in steps if step.connection == connection]
    speaks = any(isinstance(step, Hear) for step in own)
    first = next((step for step in own if not isinstance(step, Do)), None)
    if not isinstance(first, Hear):
        reader.heard(b"220 \r\n")  # a script need not speak of the greeting
    for step in own:
        match step:
            case Say():
                reader.say(b"".join(_octets(wire) for wire in step.lines))
            case Hear(expectation=expectation):
                reader.hear(expectation)
            case Do(directive=directive) if directive.name == "data" and isinstance(directive.value, File):
                reader.say(b".\r\n")
            case _:
                pass
    return Reading(tuple(reader.exchanges), tuple(reader.names), speaks)


def _octets(wire: Wire) -> bytes:
    """What a line says, with something in its place for each hole."""
    names = wire.template.names if wire.template is not None else ()
    return wire.octets({name: b"AGEAYg==" if "." in name else f"{{{name}}}".encode() for name in names})


class _Reader:
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.names: dict[bytes, None] = {}
        self._conversation = Conversation(lint=False)
        self._unanswered: deque[Exchange] = deque()
        self._body = b""

    def say(self, octets: bytes) -> None:
        for event in self._conversation.client_said(octets):
            match event:
                case CommandSaid():
                    self._begin(self._command(event))
                case BodySaid(raw=raw, ended=ended):
                    self._body += raw
                    if ended:
                        self._begin(Exchange(END_OF_DATA, phrase("the message"), self._body))
                        self._body = b""
                case _:
                    pass

    def _command(self, event: CommandSaid) -> Exchange:
        command = event.command
        if command.verb in ("EHLO", "HELO", "LHLO"):
            self.names[command.argument] = None
        said = printable(command.line) + (MASK if event.step is not None else "")
        return Exchange(AUTH_STEP if event.step is not None and not command.verb else command.verb, said)

    def _begin(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self._unanswered.append(exchange)

    def heard(self, octets: bytes) -> list[Event]:
        events = self._conversation.server_said(octets)
        if any(isinstance(event, HandshakeDue) for event in events):
            events += self._conversation.handshake_done()
        return events

    def hear(self, expectation: Expectation) -> None:
        events = [*self.heard(expectation.sample({})), *self._conversation.cut_reply()]
        for event in events:
            if isinstance(event, ReplySaid):
                self._exchange(event).answers.append(Answer(expectation, event.reply))

    def _exchange(self, event: ReplySaid) -> Exchange:
        """What a reply belongs to."""
        if event.answers == GREETING:
            self.exchanges.append(Exchange(GREETING))
            return self.exchanges[-1]
        if event.answers is None or not self._unanswered:
            self.exchanges.append(Exchange(UNASKED))
            return self.exchanges[-1]
        exchange = self._unanswered[0]
        awaiting = self._conversation.awaiting
        # LMTP answers a message once for each recipient (RFC 2033 §4.2).
        if len(awaiting) < len(self._unanswered):
            self._unanswered.popleft()
        return exchange
