"""The connection under line mode: octets said and waited for, one reply after the other.

What the server says goes to the desk, and from there to whoever shows it. Like line mode a part for the runner: it
asks for what is to be done, and owns no socket.
"""

from collections.abc import Callable, Generator, Iterable

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
    StartTls,
)
from smtp_repl.script.channel import describe_awaited
from smtp_repl.script.transcript import Line
from smtp_repl.term.desk import Desk
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, TlsError
from smtp_repl.wire.events import Broken, Event, HandshakeDue, ReplySaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.targets import Target

_SHOWN = 200
"""Octets of injected plaintext, or of half a reply, that an error shows."""


class Connection:
    """One session's connection, or one after another. `note` is told each reply to something that we said."""

    def __init__(self, desk: Desk, show: Callable[[Iterable[Line]], None], note: Callable[[ReplySaid], None]) -> None:
        self._desk = desk
        self._show = show
        self._note = note
        self.last_reply: Reply | None = None

    def connect(self, target: Target) -> Generator[Action, Happening, Reply | None]:
        self.last_reply = None
        opened = yield Open("", target)
        if not isinstance(opened, Opened):
            raise AssertionError(opened)
        self._show(self._desk.connected(opened, target))
        yield from self.answered()
        return self.last_reply

    def drop(self) -> Generator[Action, Happening, None]:
        if self._desk.is_connected:
            yield Close("")
            self._show(self._desk.dropped())

    def said(self, octets: bytes) -> Generator[Action, Happening, Reply | None]:
        """Say octets and wait for what answers them."""
        if not self._desk.is_connected:
            raise PeerClosed("not connected; nothing sent", kind="not-connected")
        self.last_reply = None
        # What is shown stands in the recording already, and both before the octets are on their way.
        self._show(self._desk.wrote(octets))
        try:
            yield Send("", octets)
        except PeerClosed:
            # What the server said before it hung up is the reason.
            yield from self.answered()
            raise
        yield from self.answered()
        return self.last_reply

    def answered(self) -> Generator[Action, Happening, None]:
        """Wait until nothing awaits a reply."""
        desk, restart = self._desk, True
        while desk.is_connected and desk.conversation.awaiting:
            before = len(desk.conversation.awaiting)
            seconds = desk.reply_seconds()
            if not (yield from self.read(seconds, restart=restart)):
                said = describe_awaited(desk.conversation.awaiting[0])
                cut = desk.conversation.pending_reply
                late = phrase("no reply to {what} within {seconds:g} s", what=said, seconds=seconds)
                if cut:
                    late = phrase("{what}; all that came is {octets}", what=late, octets=printable(cut[:_SHOWN]))
                raise ReplyTimeout(late, "--timeout SECONDS waits longer")
            # The next reply has its own clock, which begins when the one before it is there.
            restart = len(desk.conversation.awaiting) != before

    def look(self) -> Generator[Action, Happening, None]:
        """Take in what the server has said meanwhile."""
        while self._desk.is_connected and (yield from self.read(0.0, restart=True)):
            pass

    def read(self, seconds: float, *, restart: bool) -> Generator[Action, Happening, bool]:
        """Wait for octets once; False when time was up."""
        desk = self._desk
        happening = yield Read("", seconds, restart)
        match happening:
            case Received(octets):
                heard = desk.heard(octets)
                self._show(heard.lines)
                yield from self._act_on(heard.events)
            case PeerGone(reset):
                awaiting = desk.conversation.awaiting
                heard = desk.gone(reset=reset)
                self._show(heard.lines)
                yield Close("")
                if awaiting and "QUIT" not in awaiting:
                    said = describe_awaited(awaiting[0])
                    raise PeerClosed(
                        phrase("the server closed the connection where the reply to {said} was due", said=said)
                    )
            case _:
                return False
        return True

    def _act_on(self, events: list[Event]) -> Generator[Action, Happening, None]:
        for event in events:
            match event:
                case ReplySaid(reply=reply, answers=answers) if answers is not None:
                    self.last_reply = reply
                    self._note(event)
                case HandshakeDue(injected):
                    yield from self._shake_hands(injected)
                case Broken(error):
                    raise error
                case _:
                    pass

    def _shake_hands(self, injected: bytes) -> Generator[Action, Happening, None]:
        if injected:
            yield from self.drop()
            raise TlsError(
                phrase(
                    "no handshake: {count} octets came in plaintext before it: {octets}",
                    count=len(injected),
                    octets=printable(injected[:_SHOWN]),
                ),
                "somebody may have injected them; do not trust this connection",
                kind="data-before-handshake",
            )
        secured = yield StartTls("")
        if not isinstance(secured, Secured):
            raise AssertionError(secured)
        self._show(self._desk.secured(secured.tls).lines)
