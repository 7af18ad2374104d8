"""One part being played: its connections, and what is done about each action that it asks for.

What can be done at once is. Reading waits with a note of what is being read; whatever else has to wait is a task: a
generator that yields the time by which it wants to be woken at the latest, looks again whether it can go on, and
returns the happening. What an action is and what it may throw into the part, `script.actions` says. The loop that
resumes sessions is the runner's; this module only tells its poller what to watch.
"""

from collections.abc import Callable, Generator
from enum import Enum
from math import inf
from time import monotonic

from smtp_repl.net.connection import Connection
from smtp_repl.net.dial import CONNECT_SECONDS, Address, Dialed, OnAttempt, dial, opened, opened_by, resolve
from smtp_repl.net.poller import WRITE, Poller
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import (
    Action,
    Close,
    Happening,
    Open,
    PeerGone,
    Read,
    Received,
    Rote,
    Secured,
    Send,
    SendStream,
    Shutdown,
    StartTls,
    TimedOut,
    TlsFacts,
    Wait,
)
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, SmtpReplError, TlsError, UsageError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:
    from smtp_repl.net.listener import Listener
    from smtp_repl.net.pipe import Pipe
    from smtp_repl.net.tls import Sessions

WRITE_SECONDS = 30.0
"""Without any progress."""
_SLICE = 256 * 1024
"""Octets that are encrypted at once: what lies in memory twice."""


class NetOptions(Record):
    """What the command line says about connecting."""

    target: Target | None = None
    connect_timeout: float = CONNECT_SECONDS
    """Seconds for connecting, and again for a TLS handshake."""
    write_timeout: float = WRITE_SECONDS
    """Seconds in which a peer that reads nothing must read something."""
    tls: TlsOptions = TlsOptions()
    tls_for: "Callable[[Target], TlsOptions] | None" = None
    """Whom to trust at each target, where that is not the same everywhere."""


class Stage(Record):
    """What all sessions of a runner share. TLS sessions are kept, to be resumed; a name is looked up once.

    With a listener, `Open` takes whoever connects there, and TLS is the server's.
    """

    options: NetOptions
    on_attempt: OnAttempt | None
    poller: "Poller[Watched]"
    tls_sessions: "Sessions"
    addresses: dict[Target, list[Address]]
    listener: "Listener | None" = None


Watched = tuple["Session", Connection | None]
"""What is left with the poller: whose it is; None for a socket that is no connection yet, or that listens."""


class _Waits(Enum):
    WAITS = 0


_WAITS = _Waits.WAITS
"""Nothing has happened yet."""
_Outcome = Happening | _Waits
_Task = Generator[float, None, Happening]


class Session:
    """A part and its connections, as the runner sees them.

    `over` is told what it returned, or the error that ended it.
    """

    __slots__ = (
        *("_has_met", "_over", "_part", "_reading", "_rote", "_stage", "_task", "armed", "connections", "deadline"),
    )

    def __init__(
        self,
        stage: Stage,
        part: Generator[Action | Rote, Happening, object],
        over: Callable[[object, SmtpReplError | None], None],
    ) -> None:
        self._stage = stage
        self._part = part
        self._over = over
        self._reading: Connection | None = None
        """What is being read, if it is reading that the part waits for."""
        self._task: _Task | None = None
        """What it waits for otherwise; None before the first action."""
        self._rote: Rote | None = None
        """What is being played by rote; then the other two say what that waits for."""
        self._has_met = False
        self.connections: dict[str, Connection] = {}
        self.deadline = 0.0
        """When to be resumed at the latest."""
        self.armed = inf
        """The earliest entry of this session in the runner's heap."""

    def resume(self) -> bool:
        """Look whether what is waited for has happened, and let the part go on; False when it has ended."""
        try:
            error: SmtpReplError | None = None
            try:
                rote, reading = self._rote, self._reading
                if rote is None or reading is None or self._task is not None:
                    happening = self._look()
                else:
                    happening = self._recite(reading, rote, begins=False)
            except SmtpReplError as problem:
                self._fall_through()
                happening, error = None, problem
            while happening is not _WAITS:
                action = self._part.send(happening) if error is None else self._part.throw(error)
                error = None
                try:
                    happening = self._begin(action)
                except SmtpReplError as problem:
                    self._fall_through()
                    happening, error = None, problem
        except StopIteration as end:
            self._over(end.value, None)
            return False
        except SmtpReplError as problem:
            self._over(None, problem)
            return False
        for connection in self.connections.values():
            if connection.watched != connection.wanted:
                self._watch(connection)
        return True

    def _fall_through(self) -> None:
        """What was waited for will not happen."""
        self._task = self._reading = self._rote = None

    def give_up(self) -> None:
        """Have the part end where it stands."""
        self._part.close()

    def _begin(self, action: Action | Rote) -> _Outcome:
        if isinstance(action, Read):
            connection = self.connections.get(action.connection)
            if connection is None:
                return PeerGone()
            if action.restart:
                connection.set_clock()
            self.deadline = connection.clock + connection.waited + action.seconds
            self._reading = connection
            return self._read(connection) if connection.has_news else _WAITS
        if isinstance(action, Send):
            connection = self._writable(action.connection)
            if len(action.octets) > _SLICE and connection.tls_active:
                self._task = self._send_sliced(connection, action.octets)
            elif connection.send(action.octets):
                return None
            else:
                self._task = self._flush(connection)
        elif isinstance(action, Rote):
            self._rote = action
            self._reading = self._writable(action.connection)
            return self._recite(self._reading, action, begins=True)
        elif isinstance(action, Close):
            self.drop(action.connection)
            return None
        else:
            self._task = self._perform(action)
        return self._look()

    def _look(self) -> _Outcome:
        """Whether what is waited for has happened."""
        reading, rote = self._reading, self._rote
        if self._task is not None:
            try:
                self.deadline = next(self._task)
            except StopIteration as end:
                self._task = None
                happening: Happening = end.value
                if rote is None or reading is None:
                    return happening
                rote.moments.append(reading.flushed_at)
                rote.at += 1
                return self._recite(reading, rote, begins=True)
            return _WAITS
        if reading is None:
            return None
        return self._read(reading) if rote is None else self._recite(reading, rote, begins=False)

    def _recite(self, connection: Connection, rote: Rote, *, begins: bool) -> _Outcome:
        """Play by rote as far as that goes; `begins` unless the turn that it stands at is being heard already."""
        turns, at = rote.turns, rote.at
        while at < len(turns):
            said, seconds, known = turns[at]
            if said:
                if not connection.send(said):
                    rote.at = at
                    self._task = self._flush(connection)
                    return self._look()
                rote.moments.append(connection.flushed_at)
                at += 1
                continue
            if begins:
                connection.set_clock()
                self.deadline = connection.clock + connection.waited + seconds
            octets = connection.octets
            if begins and not octets and not connection.gone:
                rote.at = at
                return _WAITS
            passage = known.get(octets)
            if passage is None:
                rote.at = at
                return self._stumble(connection, rote)
            connection.octets = b""
            arrived_at = connection.arrived_at
            rote.passed.append(passage)
            took = arrived_at - connection.clock
            rote.seconds += [took if took > 0.0 else 0.0] * passage.replies
            rote.moments.append(arrived_at)
            at = passage.to
            begins = True
        rote.at = at
        self._rote = self._reading = None
        return None

    def _stumble(self, connection: Connection, rote: Rote) -> _Outcome:
        """Nothing has come that is known: perhaps nothing at all."""
        happening = self._read(connection)
        if happening is not _WAITS:
            rote.moments.append(monotonic() if isinstance(happening, TimedOut) else connection.arrived_at)
            self._rote = self._reading = None
        return happening

    def _read(self, connection: Connection) -> _Outcome:
        octets = connection.octets
        if not octets and not connection.has_news:
            now = monotonic()
            if now < self.deadline:
                return _WAITS
            connection.receive()  # a last look
            octets = connection.octets
            if not connection.has_news:
                self._reading = None
                return TimedOut(now - connection.clock)
        if self._rote is None:
            self._reading = None
        seconds = max(0.0, connection.arrived_at - connection.clock)
        if octets:
            connection.octets = b""
            return Received._make((octets, seconds))
        if connection.fault is not None:
            raise connection.fault
        return PeerGone(connection.reset, seconds)

    def disarm(self) -> None:
        """The entry in the heap is gone."""
        self.armed = inf

    def _watch(self, connection: Connection) -> None:
        """Have the poller watch for what a connection now wants."""
        wanted = connection.wanted
        if not connection.watched:
            self._stage.poller.watch(connection, wanted, (self, connection))
        elif wanted:
            self._stage.poller.change(connection, wanted, (self, connection))
        else:
            self._stage.poller.leave(connection)
        connection.watched = wanted

    def close(self) -> None:
        """Drop every connection."""
        if self._task is not None:
            self._task.close()
        for name in list(self.connections):
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a connection, if there is one of that name."""
        connection = self.connections.pop(name, None)
        if connection is None:
            return
        if connection.watched:
            self._stage.poller.leave_closing(connection)
        connection.close()

    def _writable(self, name: str) -> Connection:
        connection = self.connections.get(name)
        if connection is None:
            raise PeerClosed("there is no connection", "connect first", kind="not-connected")
        if connection.shut:
            raise PeerClosed("our half of the connection is closed already", kind="shut")
        return connection

    def _perform(self, action: SendStream | Open | StartTls | Wait | Shutdown) -> _Task:
        """The task of an action that may have to wait for more than octets."""
        match action:
            case SendStream():
                return self._stream(action)
            case Open():
                listener = self._stage.listener
                return self._open(action) if listener is None else self._accept(action.connection, listener)
            case StartTls(name):
                return self._start_tls(name)
            case Wait(seconds):
                return self._let_pass(seconds)
            case Shutdown(name):
                return self._shut_down(name)

    def _send_sliced(self, connection: Connection, octets: bytes) -> _Task:
        for start in range(0, len(octets), _SLICE):
            if not connection.send(octets[start : start + _SLICE]):
                yield from self._flush(connection)
        return None

    def _stream(self, action: SendStream) -> _Task:
        connection = self._writable(action.connection)
        for block in action.blocks:
            if not connection.send(block):
                yield from self._flush(connection)
        return None

    def _flush(self, connection: Connection) -> _Task:
        """Until all that is to go has been handed to the system."""
        seconds = self._stage.options.write_timeout
        left = connection.unsent
        deadline = monotonic() + seconds
        while not connection.flush():
            if connection.unsent < left:
                left = connection.unsent
                deadline = monotonic() + seconds
            elif monotonic() >= deadline:
                raise ReplyTimeout(
                    phrase(
                        "the peer read nothing for {seconds:g} s; {left} octets could not be sent",
                        seconds=seconds,
                        left=left,
                    ),
                    kind="write-timeout",
                )
            yield deadline
        if connection.broken:
            raise connection.fault or PeerClosed("the peer cut the connection while we were sending", kind="reset")
        return None

    def _open(self, action: Open) -> _Task:
        self.drop(action.connection)
        target = action.target or self._stage.options.target
        if target is None:
            raise UsageError("no server is given to connect to", "--server HOST:PORT, or --local")
        stage = self._stage
        addresses = stage.addresses.get(target)
        if addresses is None:
            addresses = stage.addresses[target] = resolve(target)
        dialing = dial(target, stage.options.connect_timeout, stage.on_attempt, addresses)
        try:
            while True:
                sock, deadline = next(dialing)
                stage.poller.watch(sock, WRITE, (self, None))
                try:
                    yield deadline
                finally:
                    stage.poller.leave(sock)
        except StopIteration as end:
            dialed: Dialed = end.value
        finally:
            dialing.close()
        connection = Connection(dialed.sock, target)
        self.connections[action.connection] = connection
        facts = None
        if target.implicit_tls:
            facts = yield from self._secure(action.connection, connection)
        return opened_by(dialed, target, facts)

    def _accept(self, name: str, listener: "Listener") -> _Task:
        """Take the next connection that comes; for the first one of a part it waits as long as it takes."""
        self.drop(name)
        is_first, self._has_met = not self._has_met, True
        seconds = self._stage.options.connect_timeout
        deadline = inf if is_first else monotonic() + seconds
        listener.queue(self, self._stage.poller)
        try:
            while (sock := listener.accept(self)) is None:
                if monotonic() >= deadline:
                    raise ReplyTimeout(
                        phrase("no further client connected within {seconds:g} s", seconds=seconds), kind="no-client"
                    )
                yield deadline
        finally:
            listener.leave(self, self._stage.poller)
        target = listener.peer(sock)
        connection = self.connections[name] = Connection(sock, target)
        facts = None
        if listener.implicit_tls:
            facts = yield from self._secure(name, connection)
        return opened(sock, target, facts)

    def _start_tls(self, name: str) -> _Task:
        connection = self._writable(name)
        if connection.tls_active:
            raise TlsError("TLS is active already", kind="handshake")
        connection.receive()
        if connection.octets and self._stage.listener is None:
            octets = connection.octets
            self.drop(name)
            from smtp_repl.net.tls import injected

            raise injected(octets)
        return Secured((yield from self._secure(name, connection, after_starttls=True)))

    def _secure(
        self, name: str, connection: Connection, *, after_starttls: bool = False
    ) -> Generator[float, None, TlsFacts]:
        """The handshake; a connection on which it failed is dropped."""
        seconds = self._stage.options.connect_timeout
        deadline = monotonic() + seconds
        try:
            pipe = self._pipe(connection.target, after_starttls)
            connection.start_tls(pipe)
            while not (pipe.handshake_done and connection.flush()):
                if connection.fault is not None:
                    raise connection.fault
                if connection.gone:
                    raise pipe.cut()
                if monotonic() >= deadline:
                    raise pipe.stalled(seconds)
                yield deadline
            return pipe.facts()
        except BaseException:
            self.drop(name)
            raise

    def _pipe(self, target: Target, after_starttls: bool) -> "Pipe":
        if self._stage.listener is not None:
            return self._stage.listener.pipe(target.host, after_starttls=after_starttls)
        from smtp_repl.net.tls import TlsPipe  # most runs have no use for it

        trust = self._stage.options.tls_for
        options = self._stage.options.tls if trust is None else trust(target)
        if target.server_name and not options.server_name:
            options = options._replace(server_name=target.server_name)
        return TlsPipe(options, target.host, after_starttls=after_starttls, sessions=self._stage.tls_sessions)

    def _let_pass(self, seconds: float) -> _Task:
        end = monotonic() + seconds
        for connection in self.connections.values():
            connection.waited += seconds
        while monotonic() < end:
            yield end
        return None

    def _shut_down(self, name: str) -> _Task:
        connection = self._writable(name)
        connection.shutdown()
        return None
        yield 0.0
