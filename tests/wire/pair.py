"""A client's and a server's conversation that overhear the same octets and must tell the same of it."""

from smtp_repl.wire.conversation import Conversation, Side
from smtp_repl.wire.events import (
    BodySaid,
    ChunkSaid,
    CommandSaid,
    Event,
    Finding,
    ReplySaid,
)


def merged(events: list[Event]) -> list[Event]:
    """Events with the pieces of a message or chunk joined, which come as the octets were cut."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else None
        goes_on = isinstance(last, BodySaid | ChunkSaid) and not last.ended and type(event) is type(last)
        if goes_on and isinstance(event, BodySaid | ChunkSaid) and isinstance(last, BodySaid | ChunkSaid):
            result[-1] = event._replace(raw=last.raw + event.raw)
        else:
            result.append(event)
    return result


class Pair:
    """Both ends of one session."""

    def __init__(self, greeting: bytes = b"220 mail.example.com\r\n", *, lint: bool = True) -> None:
        self.client = Conversation(Side.CLIENT, lint=lint)
        self.server = Conversation(Side.SERVER, lint=lint)
        self.events: list[Event] = []
        if greeting:
            self.s(greeting)

    def c(self, octets: bytes) -> list[Event]:
        """The client says this; what both make of it."""
        return self._same(self.client.send(octets), self.server.receive(octets))

    def s(self, octets: bytes) -> list[Event]:
        """The server says this."""
        return self._same(self.client.receive(octets), self.server.send(octets))

    def talk(self, text: str) -> list[Event]:
        """Lines `C: …` and `S: …`, one at a time; all events of them."""
        events: list[Event] = []
        for line in filter(str.strip, text.splitlines()):
            side, octets = line.strip()[:2], line.strip()[3:].encode() + b"\r\n"
            events += self.c(octets) if side == "C:" else self.s(octets)
        return events

    def handshake(self) -> list[Event]:
        return self._same(self.client.handshake_done(), self.server.handshake_done())

    def _same(self, client: list[Event], server: list[Event]) -> list[Event]:
        assert client == server
        for name in ("phase", "ahead", "awaiting", "capabilities", "envelope", "authenticated", "tls_active"):
            assert getattr(self.client, name) == getattr(self.server, name), name
        self.events += client
        return client


def commands(events: list[Event]) -> list[bytes]:
    return [event.command.line for event in events if isinstance(event, CommandSaid)]


def replies(events: list[Event]) -> list[tuple[int | None, str | None]]:
    """Codes, and what they answer."""
    return [(event.reply.code, event.answers) for event in events if isinstance(event, ReplySaid)]


def rules(events: list[Event]) -> list[str]:
    return [event.rule for event in events if isinstance(event, Finding)]


def kinds(events: list[Event], *left_out: type) -> list[str]:
    return [type(event).__name__ for event in events if not isinstance(event, left_out)]
