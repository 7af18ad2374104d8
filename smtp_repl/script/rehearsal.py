"""A script gone through in the mind: what would be awaited when, if the server said what the script says.

The player needs one fact of it. A script may leave replies unread (it begins with `C: EHLO` and says nothing of the
greeting; it ends a group with `C: NOOP` and does not care). Which of the replies that are due at a write will nobody
ever ask for? As many as there are more replies to come than expectations left. Counting that beforehand makes it a
fact of the script and not of which octets happened to have arrived.
"""

from collections.abc import Iterator, Mapping

from smtp_repl.script.arguments import Tls
from smtp_repl.script.model import Item, Wire
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.events import Event
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.states import GREETING, Phase

PIECE = 4096
"""Octets of a repeated item without a line end that are heard; more would change nothing."""
FLOODS = 256 * 1024
"""Octets of repeated items with a line end that are heard in all; no reply is reckoned with for what follows."""


class Ahead(Record):
    """For one step: replies that this and later writes on its connection bring, and expectations from here on."""

    replies: int
    expectations: int


class _Anything(Mapping[str, "bytes | Secret"]):
    """Every name is known, and stands for something that is base64 too."""

    def __getitem__(self, name: str) -> bytes:
        return b"AAAA"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Listener:
    """Says lines to conversations, floods cut short and counted octets left out, so that no script takes long."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = FLOODS

    def say(self, wire: Wire, scope: Mapping[str, bytes | Secret], conversation: Conversation) -> list[Event]:
        """What comes of it. Raises `ScriptError` where a hole cannot be filled."""
        if not wire.items:
            octets = wire.octets(scope)
            rest = conversation.skip_chunk(len(octets))
            return conversation.client_said(octets[len(octets) - rest :]) if rest else []
        events: list[Event] = []
        for item in wire.items:
            rest = conversation.skip_chunk(len(item.octets) * item.times)
            if rest:
                events += conversation.client_said(self._end_of(item, rest))
        return events

    def _end_of(self, item: Item, octets: int) -> bytes:
        """The last octets of an item, with as few repeats as will do."""
        length = len(item.octets)
        times, part = divmod(octets, length)
        if b"\n" not in item.octets:
            times = min(times, max(1, PIECE // length))
        elif times > 1:
            times = min(times, max(1, self._left // length))
            self._left -= times * length
        return item.octets[length - part :] * bool(part) + item.octets * times


def rehearse(steps: tuple[Step, ...]) -> tuple[Ahead, ...]:
    """What is ahead at each step."""
    conversations: dict[str, Conversation] = {}
    early: set[str] = set()
    listener = Listener()
    brought = [0] * len(steps)
    for number, step in enumerate(steps):
        conversation = conversations.setdefault(step.connection, Conversation(lint=False))
        if isinstance(step, Do) and step.directive.name == "early":
            early.add(step.connection)
        elif isinstance(step, Say) and step.connection not in early and GREETING in conversation.awaiting:
            conversation.server_said(b"220 \r\n")  # the player waits for it, whether it is expected or not
        before = conversation.due
        try:
            _go_through(step, conversation, listener)
        except SmtpReplError:
            continue  # what cannot be said will be reported when it is
        if _ends(step):
            del conversations[step.connection]
        elif not isinstance(step, Hear):
            brought[number] = max(0, conversation.due - before)
    replies: dict[str, int] = {}
    expectations: dict[str, int] = {}
    ahead: list[Ahead] = []
    for number in range(len(steps) - 1, -1, -1):
        step, name = steps[number], steps[number].connection
        if _ends(step):  # what comes after it is another connection's
            replies[name] = expectations[name] = 0
        if isinstance(step, Do) and step.directive.name == "send":
            # What the file brings is not known: as many replies as are expected right after it, say.
            brought[number] = _hears_at(steps, number + 1, name)
        replies[name] = replies.get(name, 0) + brought[number]
        expectations[name] = expectations.get(name, 0) + isinstance(step, Hear)
        ahead.append(Ahead(replies[name], expectations[name]))
    return tuple(reversed(ahead))


def _ends(step: Step) -> bool:
    return isinstance(step, Do) and step.directive.name == "close"


def _hears_at(steps: tuple[Step, ...], start: int, connection: str) -> int:
    count = 0
    for step in steps[start:]:
        if step.connection == connection:
            if not isinstance(step, Hear):
                break
            count += 1
    return count


def _go_through(step: Step, conversation: Conversation, listener: Listener) -> None:
    match step:
        case Say():
            for wire in step.lines:
                listener.say(wire, _Anything(), conversation)
        case Hear():
            conversation.server_said(step.expectation.sample({}))
            if conversation.phase is Phase.TLS:
                conversation.handshake_done()
        case Do(directive=directive):
            if directive.name == "data" and conversation.ahead is Phase.DATA:
                conversation.client_said(b"\r\n.\r\n")
            elif directive.value == Tls("start"):
                conversation.handshake_done()
