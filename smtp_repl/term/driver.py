"""The driver of the shell: one connection in the loop, the desk beside it, and a handler at work or none.

What the server says is shown when it comes. A handler's requests are answered from the loop; whatever it raises that
the user can act on is shown, and the session goes on. Nothing is ever sent again or connected again by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from smtp_repl.net.client import Client
from smtp_repl.net.dial import Attempt
from smtp_repl.net.session import NetOptions
from smtp_repl.script.transcript import Line
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import (
    Answer,
    Ask,
    Connect,
    Display,
    Draft,
    Drop,
    Edit,
    Leave,
    Play,
    Put,
    Request,
    Say,
    Tell,
    Write,
)
from smtp_repl.term.status import unfinished
from smtp_repl.term.worker import Show, Worker
from smtp_repl.wire.errors import PeerClosed, SmtpReplError, TlsError
from smtp_repl.wire.events import Broken, Event, HandshakeDue, ReplySaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, Phase
from smtp_repl.wire.targets import Target
from smtp_repl.wire.verbs import VERBS

if TYPE_CHECKING:  # loaded when a script is played
    from smtp_repl.script.casting import Casting, PlayResult
    from smtp_repl.script.player import Plan
    from smtp_repl.term.performing import Performance

_AT_ONCE = 0.25
"""Seconds in which a connection is made before it is told that it is being tried."""
_UNENDED = 30.0
"""Seconds of silence in a message that is typed line by line, after which it may be that the dot was forgotten."""


class Driver(Worker):
    """Runs handlers and says octets. `changed` is called whenever something happened."""

    def __init__(
        self,
        desk: Desk,
        options: NetOptions,
        *,
        show: Show,
        ask: Callable[[Ask], Awaitable[str | None]],
        changed: Callable[[], None],
    ) -> None:
        super().__init__(show=show, changed=changed)
        self.desk = desk
        self._options = options
        self._ask = ask
        self.put: Callable[[str], None] = self.tell
        """Types some text at the prompt."""
        self.draft: Callable[[Draft], str | None] = lambda draft: None
        """Changes the message that is being written."""
        self.edit: Callable[[], None] = lambda: None
        """Opens what is typed in an editor."""
        self._interrupted = asyncio.Event()
        self._client: Client | None = None
        self._performance: Performance | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._last_reply: Reply | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._trying: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------ how it stands

    @property
    def holds(self) -> str:
        """What a further line had better wait for; empty when it may go.

        After MAIL, RCPT and their like a client may go on at once (RFC 2920 §3.1); what comes after EHLO, DATA or
        AUTH means one thing or another depending on the reply.
        """
        if self._handshake is not None:
            return phrase("the TLS handshake")
        awaiting = self.desk.conversation.awaiting if self.desk.is_connected else ()
        if not awaiting:
            return ""
        said = awaiting[-1]
        syntax = VERBS.get(said)
        if said == GREETING:
            return phrase("the greeting")
        if said in (END_OF_DATA, AUTH_STEP) or syntax is None or syntax.ends_group:
            return {END_OF_DATA: phrase("the reply to the message")}.get(
                said, phrase("the reply to {verb}", verb=said or "the last line")
            )
        return ""

    # ------------------------------------------------------------ the end

    async def close(self) -> None:
        """Stop everything and hang up without a word on the screen."""
        for timer in (self._alarm, self._trying):
            if timer is not None:
                timer.cancel()
        tasks = [task for task in (self._task, self._handshake) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            self._client.close()
            self._client = None

    # ------------------------------------------------------------ what handlers ask

    async def _do(self, request: Request) -> Answer:
        match request:
            case Say(octets):
                return await self._said(octets)
            case Write(octets):
                await self._write_on(octets)
            case Draft():
                return self.draft(request)
            case Edit():
                self.edit()
            case Ask():
                return await self._ask(request)
            case Tell(text):
                self.tell(text)
            case Display(lines):
                self._show(list(lines), False)
            case Connect(target, waits):
                self.drop()
                return await self._connect(target, waits=waits)
            case Put(text):
                self.put(text)
            case Drop():
                self.drop()
            case Leave():
                self.is_leaving = True
            case Play(plan, casting):
                return await self._play(plan, casting)
        return None

    # ------------------------------------------------------------ showing

    def tell_error(self, error: SmtpReplError) -> None:
        if error.kind.startswith("cert-"):
            from smtp_repl.net.certificates import CertificateRejected

            if isinstance(error, CertificateRejected) and error.certificate is not None:
                self.desk.untrusted_sha256 = error.certificate.sha256
        super().tell_error(error)

    # ------------------------------------------------------------ the connection

    def write(self, octets: bytes) -> None:
        """Say some octets in one write; does nothing when there is no connection."""
        if self._client is None or not self.desk.is_connected:
            return
        if not octets:
            return
        in_message = self.desk.phase is Phase.DATA
        self._show(self.desk.wrote(octets), in_message)
        try:
            self._client.write(octets)
        except PeerClosed as error:  # it went in this very moment, and nobody has said so yet
            self.tell_error(error)
        self._set_alarm()
        self._changed()

    async def _write_on(self, octets: bytes) -> None:
        """Say octets of a message and wait until there is room for more. Raises `PeerClosed` or `ReplyTimeout`."""
        client = self._client
        if client is None or not self.desk.is_connected:
            raise PeerClosed("the connection is gone; the message did not go out as a whole", kind="in-data")
        self._show(self.desk.wrote(octets), True)
        client.write(octets)
        self._interrupted.clear()
        room, interrupted = asyncio.ensure_future(client.drain()), asyncio.ensure_future(self._interrupted.wait())
        try:
            await asyncio.wait((room, interrupted), return_when=asyncio.FIRST_COMPLETED)
            if room.done():
                room.result()
        finally:
            room.cancel()
            interrupted.cancel()
        self._changed()

    def interrupt_message(self) -> bool:
        """The person wants to stop a message that is on its way; False when there is none, or they said so before."""
        outgoing = self.desk.outgoing
        if outgoing is None or outgoing.is_ending or outgoing.is_interrupted:
            return False
        outgoing.is_interrupted = True
        self._interrupted.set()
        return True

    def drop(self) -> None:
        """Hang up."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
        self._show(self.desk.dropped(), False)
        self._happened()

    async def _said(self, octets: bytes) -> Reply | None:
        self._last_reply = None
        self.write(octets)
        await self._answered()
        return self._last_reply

    async def _answered(self) -> None:
        """Wait until nothing awaits a reply, or the connection is gone."""
        while self._handshake is not None or (self.desk.is_connected and self.desk.conversation.awaiting):
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def _connect(self, target: Target, *, waits: bool) -> Reply | None:
        self._last_reply = None
        self.desk.target = target  # whether it can be reached or not, this is where /connect and /tls trust go
        client = Client(self)
        options = self._options._replace(
            target=target, tls=self.desk.tls_for(target), connect_timeout=self.desk.settings.connect_seconds
        )
        try:
            opened = await client.open(target, options, self._attempted)
        except BaseException:
            if self._trying is not None:
                self._trying.cancel()
            client.close()
            raise
        self._client = client
        self._show(self.desk.connected(opened, target), False)
        client.resume()
        self._set_alarm()
        self._changed()
        if waits:
            await self._answered()
        return self._last_reply

    def _attempted(self, attempt: Attempt) -> None:
        """An attempt that succeeds at once need not be told: the line about the connection follows."""
        where = f"[{attempt.address}]:{attempt.port}" if ":" in attempt.address else f"{attempt.address}:{attempt.port}"
        where = printable(where if attempt.port else attempt.address)
        if self._trying is not None:
            self._trying.cancel()
            self._trying = None
        if not attempt.outcome:
            loop = asyncio.get_running_loop()
            self._trying = loop.call_later(_AT_ONCE, self.tell, f"trying {where}")
        elif attempt.outcome != "connected":
            self.tell(f"{where}: {attempt.outcome}")

    async def _play(self, plan: "Plan", casting: "Casting") -> "PlayResult | None":
        from smtp_repl.script.player import play
        from smtp_repl.term.performing import Performance
        from smtp_repl.term.playing import Onlooker

        client = self._client
        if client is None:
            return None

        def show(lines: list[Line]) -> None:
            self._show(lines, self.desk.phase is Phase.DATA)
            self._changed()

        onlooker = Onlooker(self.desk, show)
        playing = play(plan, casting, onlooker, {"": self.desk.conversation})
        performance = self._performance = Performance(client)
        try:
            return await performance.perform(playing)
        finally:
            self._performance = None
            self._take_back(client, performance)

    def _take_back(self, client: Client, performance: "Performance") -> None:
        """After a play: what it did not read is shown like anything else that the server says."""
        for came in performance.unread:
            if isinstance(came, bytes):
                self.received(came)
            else:
                self.gone(came.reset)
        if self.desk.is_connected and client is self._client:
            client.resume()
        elif self._client is client:
            client.close()
            self._client = None
        self._happened()

    # ------------------------------------------------------------ what the client tells

    def received(self, octets: bytes) -> None:
        """Octets from the server."""
        if self._performance is not None:
            self._performance.received(octets)
            return
        if not self.desk.is_connected:
            return
        heard = self.desk.heard(octets)
        self._show(heard.lines, False)
        self._act_on(heard.events)
        self._happened()

    def gone(self, reset: bool) -> None:
        """The server closed, or the connection broke."""
        if self._performance is not None:
            self._performance.gone(reset)
            return
        client, self._client = self._client, None
        if client is not None:
            client.close()
        if self.desk.is_connected:
            heard = self.desk.gone(reset=reset)
            self._show(heard.lines, False)
            self._act_on(heard.events)
        self._happened()

    def _act_on(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case ReplySaid(reply=reply, answers=answers) if answers is not None:
                    self._last_reply = reply
                case HandshakeDue(injected=injected):
                    self._start_handshake(injected)
                case Broken(error=error):
                    self.tell_error(error)
                    self.drop()
                case _:
                    pass

    def _start_handshake(self, injected: bytes) -> None:
        if self._client is None:
            return
        if injected:
            self.tell_error(
                TlsError(
                    phrase(
                        "no handshake: {count} octets came in plaintext before it: {octets}",
                        count=len(injected),
                        octets=printable(injected[:200]),
                    ),
                    "somebody may have injected them; do not trust this connection",
                    kind="data-before-handshake",
                )
            )
            self.drop()
            return
        self._client.pause()
        self._handshake = asyncio.get_running_loop().create_task(self._shake_hands(self._client))

    async def _shake_hands(self, client: Client) -> None:
        try:
            facts = await client.start_tls()
            self._show(self.desk.secured(facts).lines, False)
            self._handshake = None
            client.resume()
        except SmtpReplError as error:
            self.tell_error(error)
            self._show(self.desk.printed(error.message), False)
            self._handshake = None
            self.drop()
        finally:
            self._handshake = None
            self._happened()

    # ------------------------------------------------------------ waiting

    def _happened(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._set_alarm()
        self._changed()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self.desk.is_connected and self.desk.conversation.awaiting:
            seconds = self.desk.reply_seconds()
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._overdue, seconds)
        elif self.desk.phase is Phase.DATA and self.desk.settings.live_data and not self.desk.conversation.awaiting:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(_UNENDED, lambda: self._show(self.desk.quiet(_UNENDED), False))

    def _overdue(self, seconds: float) -> None:
        from smtp_repl.script.channel import describe_awaited

        self._alarm = None
        said = describe_awaited(self.desk.conversation.awaiting[0])
        told = phrase("no reply to {what} for {seconds:g} s; still waiting", what=said, seconds=seconds)
        if self.desk.conversation.pending_reply:
            told = phrase("{told}; so far came {what}", told=told, what=unfinished(self.desk))
        self.tell(told)
        self._show(self.desk.quiet(seconds), False)
