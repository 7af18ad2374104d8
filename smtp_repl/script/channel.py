"""One connection of a play: its conversation, the replies that nobody has asked for yet, and how to wait for more.

Everything that waits is a generator of actions. Knows no script: what is expected and what it means that it did not
come is the player's business.
"""

from collections import deque
from collections.abc import Generator, Iterator

from smtp_repl.script.actions import (
    Action,
    Close,
    Happening,
    Open,
    Opened,
    PeerGone,
    Read,
    Received,
    Secured,
    Send,
    SendStream,
    Shutdown,
    StartTls,
    TimedOut,
)
from smtp_repl.script.casting import Observer
from smtp_repl.script.scope import Exchange
from smtp_repl.wire.authentication import is_auth
from smtp_repl.wire.conversation import Conversation, Side
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, SmtpReplError, TlsError
from smtp_repl.wire.events import (
    BodySaid,
    Broken,
    ChallengeSaid,
    ChunkSaid,
    Closed,
    CommandSaid,
    Event,
    HandshakeDue,
    ReplySaid,
)
from smtp_repl.wire.language import Phrase, phrase
from smtp_repl.wire.octets import DotStuffer, printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target

Doing = Generator[Action, Happening, None]

SHOWN = 200
"""Octets of injected plaintext that an error shows."""


class Heard(Record):
    """A whole reply, and how long it took since the clock was set."""

    said: ReplySaid
    seconds: float


class Channel:
    """A connection, open or not yet; `side` is whose part we play on it."""

    def __init__(
        self,
        name: str,
        observer: Observer,
        *,
        side: Side = Side.CLIENT,
        lint: bool = False,
        conversation: Conversation | None = None,
    ) -> None:
        self.name = name
        self.side = side
        self.conversation = conversation or Conversation(side, lint=lint)
        self.exchange = Exchange()
        self.replies: deque[Heard] = deque()
        """What the server said and nobody has asked for yet."""
        self.said: deque[CommandSaid | BodySaid | ChunkSaid] = deque()
        """What the client said and nobody has asked for yet; of texts and chunks the ends."""
        self.opened = conversation is not None
        self.gone = False
        self.cut: Heard | None = None
        """All that came of a reply before the connection ended."""
        self.handshake: HandshakeDue | None = None
        self.shutdown_done = False
        self._observer = observer
        self._lint = lint

    @property
    def due(self) -> int:
        """Replies that have come unasked for, and replies that are still to come."""
        return len(self.replies) + self.conversation.due

    def open(self, target: Target | None) -> Doing:
        """Connect."""
        opened = yield Open(self.name, target)
        if not isinstance(opened, Opened):
            raise AssertionError(opened)
        self.opened = True
        self.conversation = Conversation(
            self.side,
            tls_active=opened.tls is not None,
            path_is_private=opened.is_loopback,
            lint=self._lint,
        )
        self._observer.opened(self.name, opened, target)

    def send(self, octets: bytes) -> Doing:
        """Say octets, in one write."""
        yield from self._sending(Send(self.name, octets))
        self._note_said(self.conversation.send(octets))

    def stream(self, blocks: Iterator[bytes]) -> Doing:
        """Say octets block by block."""
        yield from self._sending(SendStream(self.name, self._noted(blocks)))

    def _noted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._note_said(self.conversation.send(block))
            yield block

    def say_message(self, blocks: Iterator[bytes]) -> Doing:
        """Say a message as DATA wants it: CRLF, dots stuffed, the final dot (RFC 5321 §4.5.2)."""
        yield from self._sending(SendStream(self.name, self._stuffed(blocks)))

    def _stuffed(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        stuffer = DotStuffer(text=True)
        for block in blocks:
            octets, lines = stuffer.octets, stuffer.lines
            wire = stuffer.feed(block)
            self._note_said(self.conversation.message_said(wire, stuffer.octets - octets, stuffer.lines - lines))
            yield wire
        end = stuffer.finish()
        self._note_said(self.conversation.send(end))
        yield end

    def _note_said(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, CommandSaid) and is_auth(event.command.line):
                self.exchange.begin(said_initial=event.step is not None)
            elif isinstance(event, ChallengeSaid):
                self.exchange.challenges.append(event)
            elif isinstance(event, HandshakeDue):
                self.handshake = event
        self._tell(events, by_us=True)

    def _tell(self, events: list[Event], *, by_us: bool) -> None:
        if by_us is (self.side is Side.CLIENT):
            self._observer.wrote(self.name, events)
        else:
            self._observer.heard(self.name, events)

    def _tell_cut_line(self) -> None:
        """The client will not end the line that it has begun."""
        if events := self.conversation.cut_line():
            self._observer.wrote(self.name, events)

    def _sending(self, action: Send | SendStream) -> Doing:
        try:
            yield action
        except PeerClosed:
            # What the server said before it hung up is the reason, and nobody else will read it.
            while not self.gone and (yield from self.read(1.0, restart=True)):
                pass
            raise

    def read(self, seconds: float, *, restart: bool) -> Generator[Action, Happening, bool]:
        """Wait for octets once; False when time was up. Afterwards look at `replies` and `gone`."""
        happening = yield Read(self.name, seconds, restart)
        match happening:
            case Received(octets, elapsed):
                self._take(self.conversation.receive(octets), elapsed)
            case PeerGone(_, elapsed):
                self.gone = True
                self._tell_cut_line()
                events = self.conversation.receive_eof()
                self._take(events, elapsed)
                closed = next(event for event in events if isinstance(event, Closed))
                self._observer.closed(self.name, closed, by_us=False)
            case TimedOut():
                return False
            case _:
                raise AssertionError(happening)
        return True

    def _take(self, events: list[Event], seconds: float) -> None:
        self._tell(events, by_us=False)
        broken: SmtpReplError | None = None
        for event in events:
            match event:
                case ReplySaid(reply) if reply.partial:
                    self.cut = Heard(event, seconds)
                case ReplySaid():
                    self.replies.append(Heard(event, seconds))
                case CommandSaid(command):
                    self.said.append(event)
                    if is_auth(command.line):
                        self.exchange.begin(said_initial=event.step is not None)
                case BodySaid(ended=True) | ChunkSaid(ended=True):
                    self.said.append(event)
                case ChallengeSaid():
                    self.exchange.challenges.append(event)
                case HandshakeDue():
                    self.handshake = event
                case Broken(error):
                    broken = error
                case _:
                    pass
        if broken is not None:
            raise broken

    def reply(self, seconds: float) -> Generator[Action, Happening, Heard]:
        """The oldest reply that was not asked for yet. Raises `ReplyTimeout`, `PeerClosed`, `WireLimit`."""
        yield from self.await_reply(seconds)
        return self.replies.popleft()

    def await_reply(self, seconds: float) -> Doing:
        """Wait until a whole reply is there, and leave it there; raises like `reply`."""
        restart = True
        while not self.replies:
            if self.gone:
                raise self.why_gone()
            if not (yield from self.read(seconds, restart=restart)):
                raise self._timed_out(seconds)
            restart = False

    def _timed_out(self, seconds: float) -> ReplyTimeout:
        awaiting = self.conversation.awaiting
        late = phrase("no reply although none was due within {seconds:g} s", seconds=seconds)
        if awaiting:
            what = describe_awaited(awaiting[0])
            late = phrase("no reply to {what} within {seconds:g} s", what=what, seconds=seconds)
        self._observer.remarked(self.name, late)
        return ReplyTimeout(
            _with_what_came(late, self.conversation.pending_reply),
            "--timeout SECONDS waits longer",
            kind="greeting-timeout" if awaiting and awaiting[0] == "greeting" else "",
        )

    def why_gone(self) -> PeerClosed:
        """The error for a connection that ended where a reply was due."""
        awaiting = self.conversation.awaiting
        gone = phrase("the server closed the connection")
        if awaiting:
            what = describe_awaited(awaiting[0])
            gone = phrase("the server closed the connection where the reply to {what} was due", what=what)
        return PeerClosed(_with_what_came(gone, self.cut.said.reply.raw if self.cut is not None else b""))

    def settle(self) -> Doing:
        """Do the TLS handshake if STARTTLS was accepted. Raises `TlsError` when plaintext was injected before it."""
        due, self.handshake = self.handshake, None
        if due is None:
            return
        # A server forgets what a client said too early (RFC 3207 §4.2), and the client finds that out.
        if due.injected and self.side is Side.CLIENT:
            yield from self.close()
            raise TlsError(
                phrase(
                    "octets came between the 220 to STARTTLS and the handshake; nothing more was sent: {octets}",
                    octets=printable(due.injected[:SHOWN]),
                ),
                "somebody on the path injected them, or the server is broken (RFC 3207 §5); do not trust it",
                kind="data-before-handshake",
            )
        yield from self.start_tls()

    def start_tls(self) -> Doing:
        """Do the TLS handshake now."""
        secured = yield StartTls(self.name)
        if not isinstance(secured, Secured):
            raise AssertionError(secured)
        events = self.conversation.handshake_done()
        self._observer.secured(self.name, secured.tls)
        self._observer.heard(self.name, events)

    def shutdown(self) -> Doing:
        """Say that nothing more will be said."""
        self.shutdown_done = True
        yield Shutdown(self.name)

    def close(self) -> Doing:
        """Drop the connection, if there is one."""
        if self.opened and not self.gone:
            self.gone = True
            self._tell_cut_line()
            yield Close(self.name)
            self._observer.closed(self.name, None, by_us=True)

    @property
    def is_private(self) -> bool:
        """Whether nobody on the path can read along: TLS, or loopback."""
        return self.conversation.path_is_private


def _with_what_came(what: Phrase, cut: bytes) -> Phrase:
    """The complaint about a reply that never ended, with all that came of it."""
    if not cut:
        return what
    return phrase("{what}; all that came is {octets}", what=what, octets=printable(cut[:SHOWN]))


def describe_awaited(said: str) -> str:
    """What awaits a reply, in words."""
    return {
        "greeting": phrase("the connection (the greeting)"),
        ".": phrase("the message"),
        "AUTH step": phrase("the AUTH step"),
        "": phrase("the command"),
    }.get(said, said)
