"""Evidence: facts gathered while a session goes on; a pure function of the wire's events.

`Evidence` is fed with events as they happen, or as a transcript tells them again (`hand_in`), and gives `facts`.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from smtp_repl.teach.facts import NOTHING, Answer, End, Exchange, Fact, Noticed, SessionId, Write
from smtp_repl.teach.message import Message
from smtp_repl.teach.retelling import Connected, Secured, Told, WeLeft
from smtp_repl.wire.commands import parse_path
from smtp_repl.wire.events import (
    BodySaid,
    CapabilitiesKnown,
    ChunkSaid,
    CommandSaid,
    Finding,
    HandshakeDue,
    ReplySaid,
)
from smtp_repl.wire.extensions import NO_CAPABILITIES
from smtp_repl.wire.octets import DotReader, printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import END_OF_DATA, GREETING, LAST_CHUNK, Phase

KEPT = 4 * 1024 * 1024
"""Octets of a message, or of a write, that are looked at."""


class _Said(Record):
    """What awaits a reply."""

    line: int
    client: str
    before: Phase
    mechanism: str = ""


class _Octets:
    """Octets that are gathered piece by piece, as far as they are looked at."""

    __slots__ = ("_pieces", "_room")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._room = KEPT

    def add(self, octets: bytes) -> None:
        if self._room > 0:
            self._pieces.append(octets[: self._room])
            self._room -= len(octets)

    def take(self) -> bytes:
        """All of them; none are left."""
        octets = b"".join(self._pieces)
        self._pieces, self._room = [], KEPT
        return octets


class _OpenWrite:
    __slots__ = ("commands", "due", "has_text", "line", "octets", "replies")

    def __init__(self, line: int) -> None:
        self.line = line
        self.octets = _Octets()
        self.commands = 0
        self.due = 0
        self.has_text = False
        self.replies: list[str] = []

    def add(self, octets: bytes, *, is_text: bool = False) -> None:
        self.octets.add(octets)
        self.has_text = self.has_text or is_text


class _Session:
    """One connection: what awaits a reply in it, and what was said of messages."""

    def __init__(self, identity: SessionId, *, tls: bool) -> None:
        self.identity = identity
        self.tls = tls
        self.capabilities = NO_CAPABILITIES
        self.has_heard = False
        self.writes: deque[_OpenWrite] = deque()
        self._awaiting: deque[_Said] = deque()
        self._mechanism = ""
        """Of the AUTH that was said last; "" since another command."""
        self._sender = ""
        self._recipients: list[str] = []
        self._dots: DotReader | None = None
        self._text = _Octets()
        self._texts: deque[bytes] = deque()
        """Of messages that were said to their end, and are not answered."""
        self._message: Message | None = None
        """The one that was answered last."""

    # ------------------------------------------------------------ the client

    def say(self, event: Told, line: int, write: _OpenWrite) -> None:
        """Note what the client said."""
        match event:
            case CommandSaid(command=command, raw=raw, phase=phase, step=step):
                said = printable(command.line) + (MASK if step is not None else "")
                if phase is not Phase.AUTH:
                    name = command.argument.partition(b" ")[0] if command.verb == "AUTH" else b""
                    self._mechanism = printable(name).upper()
                self._awaiting.append(_Said(line, said, phase, self._mechanism))
                write.add(raw if raw is not None else f"{said}\r\n".encode())
                write.commands += 1
                write.due += 1
            case BodySaid(raw=raw, ended=ended):
                if self._dots is None:
                    self._dots, self._text = DotReader(), _Octets()
                self._text.add(self._dots.feed(raw))
                write.add(raw, is_text=True)
                if ended:
                    self._dots = None
                    self._texts.append(self._text.take())
                    self._awaiting.append(_Said(line, END_OF_DATA, Phase.DATA))
                    write.due += 1
            case ChunkSaid(raw=raw, ended=ended, last=last):
                self._text.add(raw)
                write.add(raw, is_text=True)
                if ended and last:
                    self._texts.append(self._text.take())
            case _:
                pass

    def encrypt(self) -> None:
        """TLS begins: what was said in the clear behind STARTTLS is answered by nobody (RFC 3207 §5)."""
        self.tls = True
        self._awaiting.clear()
        for write in self.writes:
            write.due = 0

    # ------------------------------------------------------------ the server

    def answered(self, event: ReplySaid) -> tuple[_Said | None, Message | None]:
        """What a reply answers, and the message if it answers the end of one."""
        self.has_heard = True
        answers = event.answers
        if answers is None or event.reply.partial or answers == GREETING:
            return None, None
        said = self._take(answers)
        message = self._take_message() if answers in (END_OF_DATA, LAST_CHUNK) else None
        self._follow_envelope(event)
        return said, message

    def _take(self, answers: str) -> _Said | None:
        """What was said and is answered now; None where a message is answered again (LMTP, RFC 2033 §4.2)."""
        if answers == END_OF_DATA:
            is_first = bool(self._awaiting) and self._awaiting[0].client == END_OF_DATA
            return self._awaiting.popleft() if is_first else None
        while self._awaiting and self._awaiting[0].client == END_OF_DATA:
            self._awaiting.popleft()  # DATA was refused: there was no message
        return self._awaiting.popleft() if self._awaiting else None

    def _take_message(self) -> Message:
        if self._texts or self._message is None:
            text = self._texts.popleft() if self._texts else self._text.take()
            self._message = Message(self._sender, tuple(self._recipients), text)
        return self._message

    def _follow_envelope(self, event: ReplySaid) -> None:
        """The envelope is what was accepted (RFC 5321 §3.3)."""
        argument = event.command.argument if event.command is not None else b""
        klass = event.reply.klass
        match event.answers:
            case "MAIL" if klass == 2:
                self._sender, self._recipients, self._message = _text(parse_path(argument, b"FROM").address), [], None
            case "RCPT" if klass == 2:
                self._recipients.append(_text(parse_path(argument, b"TO").address))
            case "DATA" if klass != 3:
                self._dots = None
                self._texts.clear()
            case "RSET" | "EHLO" | "HELO" | "LHLO" if klass == 2 and not self._awaiting:
                self._text = _Octets()
            case _:
                pass


class Evidence:
    """Gathers the evidence of a lesson while it happens. Lines are those of a transcript, 0 where there is none.

    Sessions are numbered from `first` on, so that those of two sittings can be told apart.
    """

    def __init__(self, *, first: int = 1) -> None:
        self._first = first
        self._sessions: dict[str, _Session] = {}
        self._numbers: dict[str, int] = {}
        self._last: SessionId = ("", 0)

    def opened(self, connection: str, *, tls: bool) -> None:
        """A connection is there."""
        number = self._numbers.get(connection, self._first - 1) + 1
        self._numbers[connection] = number
        self._last = (connection, number)
        self._sessions[connection] = _Session(self._last, tls=tls)

    def secured(self, connection: str) -> None:
        """TLS is up."""
        self._session(connection).tls = True

    def wrote(self, connection: str, said: Sequence[tuple[int, Told]]) -> list[Fact]:
        """What the client said in one write, each event with its line."""
        session = self._session(connection)
        facts: list[Fact] = []
        if said:
            write = _OpenWrite(said[0][0])
            session.writes.append(write)
            for line, event in said:
                if isinstance(event, Finding):
                    facts.append(Noticed(line, session.identity, event))
                elif not isinstance(event, Connected | Secured | WeLeft):
                    session.say(event, line, write)
            facts += self._done(session)
        return facts

    def heard(self, connection: str, events: Iterable[Told], line: int = 0) -> list[Fact]:
        """What the server said, and what followed from it."""
        session = self._session(connection)
        facts: list[Fact] = []
        for event in events:
            match event:
                case ReplySaid():
                    facts += self._replied(session, event, line)
                case CapabilitiesKnown(capabilities):
                    session.capabilities = capabilities
                    if facts and isinstance(facts[-1], Exchange):
                        facts[-1] = facts[-1]._replace(capabilities=capabilities)
                case HandshakeDue(injected) if not injected:
                    session.encrypt()
                case Finding():
                    facts.append(Noticed(line, session.identity, event))
                case _:
                    pass
        return facts + self._done(session)

    def answered(self, text: str, line: int = 0) -> list[Fact]:
        """A question of the lesson was answered."""
        return [Answer(line, self._last, text)]

    def closed(self, connection: str, *, by: str, awaiting: tuple[str, ...], line: int = 0) -> list[Fact]:
        """A connection ended."""
        session = self._sessions.pop(connection, None)
        if session is None:
            return []
        for write in session.writes:
            write.due = 0
        facts = self._done(session)
        return [*facts, End(line, session.identity, by, awaiting, not session.has_heard)]

    # ------------------------------------------------------------ inside

    def _session(self, connection: str) -> _Session:
        if connection not in self._sessions:
            self.opened(connection, tls=False)
        session = self._sessions[connection]
        self._last = session.identity
        return session

    def _replied(self, session: _Session, event: ReplySaid, line: int) -> list[Fact]:
        said, message = session.answered(event)
        reply = "\n".join(
            printable(b"%d %b" % (event.reply.code, text) if event.reply.code is not None else text)
            for text in event.reply.texts
        )
        if said is not None:
            write = next((write for write in session.writes if write.due), None)
            if write is not None:
                write.due -= 1
                write.replies.append(reply)
        exchange = Exchange(
            said.line if said is not None else line,
            session.identity,
            said.client if said is not None else END_OF_DATA if message is not None else "",
            reply,
            event.reply.code or 0,
            event.answers if event.answers is not None else NOTHING,
            said.before if said is not None else event.phase,
            event.phase,
            session.tls,
            session.capabilities,
            message,
            said.mechanism if said is not None else "",
        )
        return [exchange]

    def _done(self, session: _Session) -> list[Fact]:
        """The writes of which nothing awaits a reply any more."""
        facts: list[Fact] = []
        while session.writes and not session.writes[0].due:
            write = session.writes.popleft()
            replies = tuple(write.replies)
            octets = write.octets.take()
            facts.append(Write(write.line, session.identity, octets, write.commands, write.has_text, replies))
        return facts


def _text(address: bytes | None) -> str:
    return (address or b"").decode("utf-8", "surrogateescape")
