"""The driver of `answer`: the clients in the loop, one served and the others waiting, and the desk beside them.

What the client says is shown when it comes. After a 221 to QUIT, or a 421, the connection is closed (RFC 5321
§4.1.1.10, §3.8), and the next client is served. Nothing is ever answered by itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from smtp_repl.net.caller import Caller, accept_all
from smtp_repl.net.listener import Listener
from smtp_repl.term.answering.desk import AnswerDesk
from smtp_repl.term.answering.injection import injected_error
from smtp_repl.term.answering.replies import HOST
from smtp_repl.term.requests import Answer, Ask, Drop, Edit, Leave, Put, Request, Say, Tell
from smtp_repl.term.worker import Show, Worker
from smtp_repl.wire.errors import PeerClosed, SmtpReplError, UsageError
from smtp_repl.wire.events import Broken, Event, HandshakeDue
from smtp_repl.wire.language import phrase
from smtp_repl.wire.states import Phase

WAITING_LIMIT = 8
"""Clients that may wait; to others 421 is said."""
TOO_MANY = f"421 4.3.2 {HOST} serves one client at a time, and too many wait\r\n".encode()


class AnswerDriver(Worker):
    """Serves who comes, says octets, runs handlers. `changed` is called whenever something happened."""

    def __init__(
        self,
        desk: AnswerDesk,
        listener: Listener,
        *,
        show: Show,
        ask: Callable[[Ask], Awaitable[str | None]],
        changed: Callable[[], None],
    ) -> None:
        super().__init__(show=show, changed=changed)
        self.desk = desk
        self._listener = listener
        self._ask = ask
        self.put: Callable[[str], None] = self.tell
        """Types some text at the prompt."""
        self.edit: Callable[[], None] = lambda: None
        """Opens what is typed in an editor."""
        self._caller: Caller | None = None
        self._waiting: deque[Caller] = deque()
        self._accepting: asyncio.Task[None] | None = None
        self._securing: asyncio.Task[None] | None = None

    # ------------------------------------------------------------ how it stands

    @property
    def waiting(self) -> int:
        """Clients that wait until the person has time."""
        return len(self._waiting)

    @property
    def is_securing(self) -> bool:
        """A TLS handshake is going on."""
        return self._securing is not None

    def open(self) -> None:
        """Take clients from now on."""
        self._accepting = asyncio.get_running_loop().create_task(accept_all(self._listener, self, self._came))
        self._accepting.add_done_callback(self._stopped_accepting)

    async def close(self) -> None:
        """Stop everything and hang up without a word on the screen."""
        tasks = [task for task in (self._task, self._accepting, self._securing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        callers = [*self._waiting, *([self._caller] if self._caller is not None else [])]
        self._waiting.clear()
        self._caller = None
        for caller in callers:
            caller.close()
        for caller in callers:
            await caller.closed()

    def _stopped_accepting(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, SmtpReplError):
            self.tell_error(error)
        elif error is not None:
            self.bug = error
        self._changed()

    # ------------------------------------------------------------ clients

    def _came(self, caller: Caller) -> None:
        if self._caller is None:
            self._serve(caller)
        elif len(self._waiting) < WAITING_LIMIT:
            self._waiting.append(caller)
            waits = phrase("another client waits until this one has left: {caller}", caller=str(caller))
            if len(self._waiting) > 1:
                waits = phrase("{waits} ({count} wait)", waits=waits, count=len(self._waiting))
            self.tell(waits)
        else:
            caller.refuse(TOO_MANY)
            self.tell(
                phrase(
                    "a client got 421, since {count} wait already: {caller}",
                    count=WAITING_LIMIT,
                    caller=caller,
                )
            )
        self._changed()

    def _serve(self, caller: Caller) -> None:
        self._caller = caller
        self._securing = asyncio.get_running_loop().create_task(self._open_caller(caller))

    async def _open_caller(self, caller: Caller) -> None:
        try:
            opened = await caller.open()
        except SmtpReplError as error:
            self.tell_error(error)
            self._securing = None
            self._next()
            return
        self._securing = None
        self._show(self.desk.called(opened), False)
        caller.resume()
        self._changed()

    def _next(self) -> None:
        """The present client has left; serve one that waits."""
        if self._caller is not None:
            self._caller.close()
            self._caller = None
        while self._waiting and self._caller is None:
            caller = self._waiting.popleft()
            if caller.has_left:
                self.tell(phrase("a client that waited has left: {caller}", caller=caller))
                caller.close()
            else:
                self._serve(caller)
        if self._caller is None:
            self.tell(phrase("waiting for the next client on {listener}", listener=self._listener))
        self._changed()

    # ------------------------------------------------------------ what is said

    def write(self, octets: bytes) -> None:
        """Say some octets in one write; does nothing when there is no client."""
        caller = self._caller
        if caller is None or not self.desk.is_connected:
            return
        if self.is_securing:
            self.tell(phrase("the TLS handshake is going on; not sent"))
            return
        heard = self.desk.reply(octets)
        self._show(heard.lines, False)
        try:
            caller.write(octets)
        except PeerClosed as error:  # it went in this very moment, and nobody has said so yet
            self.tell_error(error)
        self._act_on(heard.events)
        if self.desk.is_connected and self.desk.phase is Phase.CLOSED:
            self.drop()
        self._changed()

    def drop(self) -> None:
        """Hang up on the client."""
        if self.desk.is_connected:
            self._show(self.desk.dropped(), False)
            self._next()

    def _act_on(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case HandshakeDue(injected=injected):
                    self._start_handshake(injected)
                case Broken(error=error):
                    self.tell_error(error)
                    self.drop()
                case _:
                    pass

    def _start_handshake(self, injected: bytes) -> None:
        caller = self._caller
        if caller is None:
            return
        if injected:
            self.tell_error(injected_error(injected))
            self.drop()
            return
        caller.pause()
        self._securing = asyncio.get_running_loop().create_task(self._shake_hands(caller))

    async def _shake_hands(self, caller: Caller) -> None:
        try:
            facts = await caller.start_tls()
        except SmtpReplError as error:
            self._securing = None
            self.tell_error(error)
            self.drop()
            return
        self._securing = None
        self._show(self.desk.secured(facts).lines, False)
        caller.resume()
        self._changed()

    async def _do(self, request: Request) -> Answer:
        match request:
            case Say(octets):
                self.write(octets)
            case Ask():
                return await self._ask(request)
            case Tell(text):
                self.tell(text)
            case Put(text):
                self.put(text)
            case Edit():
                self.edit()
            case Drop():
                self.drop()
            case Leave():
                self.is_leaving = True
            case _:
                raise UsageError("whoever plays the server cannot do that")
        return None

    # ------------------------------------------------------------ what the client does

    def received(self, octets: bytes) -> None:
        """Octets from the client."""
        if not self.desk.is_connected:
            return
        in_message = self.desk.is_in_message
        self._show(self.desk.heard(octets).lines, in_message)
        self._changed()

    def gone(self, reset: bool) -> None:
        """The client closed, or the connection broke."""
        if self.desk.is_connected:
            self._show(self.desk.gone(reset=reset).lines, False)
        self._next()
