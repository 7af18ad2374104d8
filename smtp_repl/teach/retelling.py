"""A transcript told again: its lines one by one, each with the events that it would have been, had we been there.

Every line goes to a `Conversation` of its connection, so whatever is known of a live session (phases, pairing, secrets,
findings) is known of a text as well. What a text cannot show is told by the remarks of our own recordings, which are
understood here: `# connected to …`, the line about TLS, `# the server closed the connection`. A text says nothing of
what it leaves out: without a word about the greeting there was one, without a word about the host the path is nobody's
business. Replies that a script only describes are told as whoever plays the server would say them.

Reads no files (`@data`, `@send` and `@include` are told as words) and raises nothing. No RFC: our notation.
"""

from collections.abc import Iterator, Sequence

from smtp_repl.script.arguments import Connect, File, Tls
from smtp_repl.script.expectations import cut
from smtp_repl.script.limits import Budget
from smtp_repl.script.model import Blank, Comment, Directive, Invalid, Item, Node, Script, Wire, line_text
from smtp_repl.teach.remarks import Connected, Secured, TheyLeft, WeLeft, told_by
from smtp_repl.teach.stand_ins import StandIns
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.events import Broken, Event, Finding, HandshakeDue
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import AUTH_STEP, GREETING, Phase
from smtp_repl.wire.targets import is_loopback_address

__all__ = [
    "CLIENT",
    "LINE_TOLD",
    "REMARK",
    "SERVER",
    "TOLD",
    "Connected",
    "Retold",
    "Secured",
    "TheyLeft",
    "Told",
    "WeLeft",
    "retell",
    "told_by",
]

CLIENT, SERVER, REMARK = "C", "S", "#"

LINE_TOLD = 1024 * 1024
"""Octets of one repeated item that are told; a longer one is repeated less often, its neighbours stay."""
TOLD = 64 * 1024 * 1024
"""Octets of all repeated items of a script together that are told."""


Told = Event | Connected | Secured | TheyLeft | WeLeft


class Retold(Record):
    """One line of the text: `line` counts from 1, `side` is CLIENT, SERVER or REMARK.

    `text` is what a comment says (of a directive, a note, or a line that cannot be read: the whole line, printable),
    `octets` what went over the wire, where holes stand as they are written. Lines without anything on them are left
    out; the end of the text is told once more as its last line, as a remark without a text, for each open connection.
    """

    line: int
    connection: str
    side: str
    text: str = ""
    octets: bytes = b""
    events: tuple[Told, ...] = ()


def retell(script: Script) -> Iterator[Retold]:
    """Tell a script again, in the order of its lines."""
    return _Teller(script).tell()


_GREETING = b"220 \r\n"
_YES = {GREETING: b"220", "STARTTLS": b"220", "QUIT": b"221", "AUTH": b"235", AUTH_STEP: b"235"}
"""What `2xx` is where it is not 250."""


class _Session:
    """One connection from its beginning to its end, as far as it is told."""

    __slots__ = ("_is_broken", "conversation", "is_early", "is_new", "tls_by_hand", "where")

    def __init__(self, *, lint: bool, where: Connected | None = None) -> None:
        is_private = where is None or "localhost" in (where.host, where.address) or is_loopback_address(where.address)
        tls = where is not None and where.tls
        self.conversation = Conversation(tls_active=tls, path_is_private=is_private, lint=lint)
        self.where = where
        self.is_new = True
        """Whether nothing was said yet."""
        self.is_early = False
        self.tls_by_hand = False
        self._is_broken = False

    def hear(self, octets: bytes) -> list[Event]:
        """The events of what the server says; none any more once a limit was passed."""
        if self._is_broken:
            return []
        self.is_new = False
        events = self.conversation.server_said(octets)
        self._is_broken = any(isinstance(event, Broken) for event in events)
        return events

    def cut_reply(self) -> list[Event]:
        """The events of a reply whose end is not told."""
        return self.conversation.cut_reply()

    def shake_hands(self) -> list[Event]:
        """The events of a handshake."""
        return self.conversation.handshake_done()

    def end(self) -> list[Event]:
        """The events of the end."""
        return [*self.conversation.cut_line(), *self.conversation.receive_eof()]


class _Teller:
    def __init__(self, script: Script) -> None:
        self._nodes = script.nodes
        wires = [node for node in script.nodes if isinstance(node, Wire)]
        self._first_heard: dict[str, Wire] = {}
        for wire in wires:
            if wire.side == SERVER and not wire.mod:
                self._first_heard.setdefault(wire.connection, wire)
        self._sessions: dict[str, _Session] = {}
        self._values = StandIns()
        self._budget = Budget()
        self._repeated = 0
        self._connection = ""
        self._next_wire = 0

    def tell(self) -> Iterator[Retold]:
        """All of it."""
        block: list[Node] = []
        for index, node in enumerate(self._nodes):
            if block and self._goes_on(block, node):
                block.append(node)
                continue
            yield from self._block(block)
            block = []
            if isinstance(node, Wire) and node.side == SERVER:
                block = [node]
            elif not isinstance(node, Blank):
                yield self._line(node, index)
        yield from self._block(block)
        for name, session in self._sessions.items():
            if name in self._first_heard:  # of others we know nothing but commands
                yield Retold(len(self._nodes), name, REMARK, events=tuple(session.end()))

    def _line(self, node: Node, index: int) -> Retold:
        match node:
            case Wire():
                return self._client(node)
            case Directive():
                return self._directive(node)
            case Comment(line=line, text=text):
                return self._comment(line, text, index)
            case _:
                return Retold(node.line, self._connection, REMARK, _shown(node))

    def _session(self, connection: str) -> _Session:
        session = self._sessions.get(connection)
        if session is None:
            session = self._sessions[connection] = self._open(connection, None)
        return session

    def _open(self, connection: str, where: Connected | None) -> _Session:
        return _Session(lint=connection in self._first_heard, where=where)

    # ------------------------------------------------------------ the client

    def _client(self, wire: Wire) -> Retold:
        self._connection = wire.connection
        session = self._session(wire.connection)
        if session.is_new and not session.is_early and not self._tells_greeting(wire.connection):
            session.hear(_GREETING)
        session.is_new = False
        events: list[Told] = []
        if session.conversation.phase is Phase.TLS and not session.tls_by_hand:
            events += session.shake_hands()  # whatever came in between, the client went on
        octets: list[bytes] = []
        for written, said, left_out in self._octets(wire):
            octets.append(written)
            events += session.conversation.client_said(said)
            session.conversation.skip_chunk(left_out)
        return Retold(wire.line, wire.connection, CLIENT, octets=b"".join(octets), events=tuple(events))

    def _tells_greeting(self, connection: str) -> bool:
        """Whether a text that begins with the client has the greeting all the same, behind what came too early."""
        first = self._first_heard.get(connection)
        return first is not None and first.text.lstrip(b'"').startswith(b"220")

    def _octets(self, wire: Wire) -> Iterator[tuple[bytes, bytes, int]]:
        """What a C line says: as it is written, as a conversation is to read it, and how much of it is left out."""
        if self._budget.wire(wire):
            return
        if wire.template is not None:
            written, said = self._values.fill(wire.template)
            yield written + b"\r\n", said + b"\r\n", 0
        elif wire.form != '"':
            yield wire.text + b"\r\n", wire.text + b"\r\n", 0
        for item in wire.items:
            times = self._times(item)
            octets = item.octets * times
            yield octets, octets, len(item.octets) * (item.times - times)

    def _times(self, item: Item) -> int:
        """How often a repeated item is told."""
        times = min(item.times, max(1, LINE_TOLD // max(1, len(item.octets))))
        if times > 1 and self._repeated + times * len(item.octets) > TOLD:
            times = 1
        self._repeated += times * len(item.octets)
        return times

    # ------------------------------------------------------------ the server

    def _goes_on(self, block: Sequence[Node], node: Node) -> bool:
        """Whether a node belongs to the replies that are being gathered; what is only shown parts no reply."""
        match node:
            case Wire(side=side, connection=connection):
                return side == SERVER and connection == self._block_connection(block)
            case Directive(name=name):
                return name == "caps"
            case Comment(text=text):
                return told_by(text) is None
            case _:
                return not isinstance(node, Invalid)

    def _block_connection(self, block: Sequence[Node]) -> str:
        return next(node.connection for node in block if isinstance(node, Wire))

    def _block(self, block: Sequence[Node]) -> Iterator[Retold]:
        """The replies of one block, and what stands between their lines."""
        if not block:
            return
        connection = self._connection = self._block_connection(block)
        session = self._session(connection)
        octets: dict[int, bytes] = {}
        events: dict[int, list[Told]] = {}
        wires = [node for node in block if isinstance(node, Wire) and not self._budget.wire(node)]
        for wire in wires:
            # Octets that end in the middle of a line are told where they stand, their events where the line ends.
            octets[wire.line] = (
                b"".join(item.octets * self._times(item) for item in wire.items) if not wire.mod else b""
            )
            if wire.template is not None:
                self._values.capture(wire.template)
        expected = cut(wires)
        for number, expectation in enumerate(expected, 1):
            line = expectation.line
            awaited = session.conversation.first_awaited
            yes = _YES.get(awaited.said) if awaited is not None and expectation.code == "2xx" else None
            for wire, sample in expectation.sample_lines(self._values.captured):
                line = wire.line
                said = sample if yes is None else yes + sample[3:]
                octets[line] = octets.get(line, b"") + (said if wire.form != '"' else b"")
                found = session.hear(said)
                # What only describes a reply has faults of its own.
                is_literal = not wire.mod and "x" not in expectation.code
                events.setdefault(line, []).extend(
                    event for event in found if is_literal or not isinstance(event, Finding)
                )
            events.setdefault(line, []).extend(session.cut_reply())
            if session.conversation.phase is Phase.TLS and number == len(expected):
                events[line] += self._handshake(session, events[line])
        for node in block:
            match node:
                case Wire(line=line):
                    told = tuple(events.get(line, ()))
                    yield Retold(line, connection, SERVER, octets=octets.get(line, b""), events=told)
                case Blank():
                    pass
                case Comment(line=line, text=text):
                    yield Retold(line, connection, REMARK, text)
                case _:
                    yield Retold(node.line, connection, REMARK, _shown(node))

    def _handshake(self, session: _Session, events: Sequence[Told]) -> list[Event]:
        """The handshake behind a 220, unless it is made by hand or something was injected (RFC 3207 §5)."""
        due = [event for event in events if isinstance(event, HandshakeDue)]
        return [] if session.tls_by_hand or any(event.injected for event in due) else session.shake_hands()

    # ------------------------------------------------------------ what the wire cannot show

    def _directive(self, node: Directive) -> Retold:
        connection = node.connection
        self._values.set(node)
        events: list[Told] = []
        match node.value:
            case Connect(target=target):
                where = Connected(target.host, target.path or target.host, target.port, target.implicit_tls)
                self._sessions[connection] = self._open(connection, where)
                events = [where]
            case Tls(mode=mode):
                session = self._session(connection)
                session.tls_by_hand = mode == "manual"
                events = [*session.shake_hands()] if mode == "start" else []
            case File() if node.name == "data":
                events = [*self._session(connection).conversation.client_said(b".\r\n")]
            case _ if node.name == "early":
                self._session(connection).is_early = True
            case _ if node.name == "eof":
                events = [*self._leave(connection)]
            case _ if node.name == "close":
                self._leave(connection)
                events = [WeLeft()]
            case _:
                pass
        return Retold(node.line, connection, REMARK, _shown(node), events=tuple(events))

    def _leave(self, connection: str) -> list[Event]:
        session = self._sessions.pop(connection, None)
        return [] if session is None else session.end()

    def _comment(self, line: int, text: str, index: int) -> Retold:
        meaning = told_by(text)
        events: list[Told] = [] if meaning is None else [meaning]
        match meaning:
            case Connected():
                # The remark does not say which connection it is about: the next line does.
                self._connection = self._next_connection(index)
                self._sessions[self._connection] = self._open(self._connection, meaning)
            case Secured():
                events += self._secured(self._session(self._connection))
            case TheyLeft() | WeLeft():
                ended = self._leave(self._connection)
                events += ended if isinstance(meaning, TheyLeft) else []
            case _:
                pass
        return Retold(line, self._connection, REMARK, text, events=tuple(events))

    def _next_connection(self, index: int) -> str:
        while self._next_wire < len(self._nodes):
            node = self._nodes[self._next_wire]
            if self._next_wire >= index and isinstance(node, Wire):
                return node.connection
            self._next_wire += 1
        return ""

    def _secured(self, session: _Session) -> list[Event]:
        """TLS before the greeting, or a handshake that was made by hand; behind a 220 it has been told."""
        if session.is_new and session.where is not None:
            self._sessions[self._connection] = self._open(self._connection, session.where._replace(tls=True))
        return session.shake_hands() if session.conversation.phase is Phase.TLS else []


def _shown(node: Node) -> str:
    return printable(line_text(node.source).strip())
