"""One connection without blocking: what came and was not read yet, what is still to go, TLS in between.

A socket that is asked, never waited for: who waits is the runner. Nothing here raises for what the peer or the
network did; `gone`, `reset`, `broken` and `fault` tell. Knows octets, not SMTP.
"""

import socket
from time import monotonic

from smtp_repl.net.poller import READ, WRITE
from smtp_repl.wire.errors import TlsError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:
    from smtp_repl.net.pipe import Pipe

UNREAD_LIMIT = 1024 * 1024
"""Octets that may wait to be read; beyond it the peer has to wait."""
_BLOCK = 16384


class Connection:
    """A connected, non-blocking socket. All times are monotonic."""

    __slots__ = (
        *("_pipe", "_socket", "_unsent", "arrived_at", "broken", "clock", "closed", "fault", "flushed_at", "gone"),
        *("octets", "reset", "shut", "target", "waited", "watched"),
    )

    def __init__(self, sock: socket.socket, target: Target) -> None:
        self._socket = sock
        self._pipe: Pipe | None = None
        self._unsent: memoryview | None = None
        self.target = target
        self.octets = b""
        """What came and was not read."""
        self.arrived_at = 0.0
        """When the last of it came, or the end."""
        self.gone = False
        """The peer sends no more: nothing follows on `octets`."""
        self.reset = False
        """It did not end so by the peer's closing it, but by a broken connection."""
        self.broken = False
        """Nothing can be sent any more."""
        self.fault: TlsError | None = None
        self.shut = False
        """We closed our half."""
        self.closed = False
        self.flushed_at = monotonic()
        """When the last write had been handed to the system; 0 once the clock was set by it."""
        self.clock = self.flushed_at
        self.waited = 0.0
        """Seconds that the part let pass on purpose since `flushed_at`."""
        self.watched = 0
        """What the runner's poller is watching for."""

    def fileno(self) -> int:
        """For pollers; -1 when closed."""
        return self._socket.fileno()

    @property
    def socket(self) -> socket.socket:
        return self._socket

    @property
    def tls_active(self) -> bool:
        return self._pipe is not None

    @property
    def unsent(self) -> int:
        """Octets that are still to go."""
        return len(self._unsent) if self._unsent is not None else 0

    @property
    def has_news(self) -> bool:
        """Whether there is something for a reader: octets, the end, or a fault."""
        return bool(self.octets) or self.gone or self.fault is not None

    @property
    def wanted(self) -> int:
        """What to watch the socket for, READ and WRITE; 0 for nothing."""
        reading = 0 if self.gone or len(self.octets) >= UNREAD_LIMIT else READ
        return reading | (WRITE if self._unsent is not None else 0)

    def set_clock(self) -> None:
        """A reply is due now, or since the last write was flushed, if that was not a reply's already."""
        if self.flushed_at:
            self.clock, self.flushed_at = self.flushed_at, 0.0
        else:
            self.clock, self.waited = monotonic(), 0.0

    def receive(self) -> None:
        """Take in what has come, if anything has."""
        if self.gone:
            return
        try:
            data = self._socket.recv(_BLOCK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._broke()
            return
        self.arrived_at = monotonic()
        if not data:
            self.gone = True
        elif self._pipe is None:
            self.octets = self.octets + data if self.octets else data
        else:
            self._decrypt(self._pipe, data)

    def _decrypt(self, pipe: "Pipe", data: bytes) -> None:
        try:
            plaintext, answer = pipe.feed(data)
        except TlsError as error:
            self._fail(error, pipe.farewell())
            return
        self.octets += plaintext
        if answer:
            self.send(answer, encrypted=True)
        if pipe.fault is not None:
            self._fail(pipe.fault, b"")
        elif pipe.closed:
            self.gone = True

    def send(self, octets: bytes, *, encrypted: bool = False) -> bool:
        """Send octets, as far as they go; whether they all went. If not, the rest is `unsent`, or we are `broken`."""
        if self.broken:
            return False
        if self._pipe is not None and not encrypted:
            try:
                octets = self._pipe.encrypt(octets)
            except TlsError as error:
                self._fail(error, b"")
                return False
        if self._unsent is not None:
            self._unsent = memoryview(bytes(self._unsent) + octets)
            return self.flush() and not self.broken
        try:
            sent = self._socket.send(octets)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._broke_sending()
            return False
        if sent < len(octets):
            self._unsent = memoryview(octets)[sent:]
            return False
        self.flushed_at = monotonic()
        self.waited = 0.0
        return True

    def flush(self) -> bool:
        """Send on; whether nothing is left to send."""
        while self._unsent is not None:
            try:
                sent = self._socket.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError:
                self._broke_sending()
                return True
            self._unsent = self._unsent[sent:] if sent < len(self._unsent) else None
            if self._unsent is None:
                self.flushed_at = monotonic()
                self.waited = 0.0
        return True

    def start_tls(self, pipe: "Pipe") -> None:
        """From here on everything goes through the pipe, what has come and was not read included."""
        self._pipe = pipe
        self.send(pipe.start(), encrypted=True)
        if self.octets:
            data, self.octets = self.octets, b""
            self._decrypt(pipe, data)

    def shutdown(self) -> None:
        """Close our half; to be called with nothing unsent."""
        if self._pipe is not None:
            self.send(self._pipe.close(), encrypted=True)
        try:  # noqa: SIM105 # contextlib is a library to load, which most runs do without
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.shut = self.broken = True

    def close(self) -> None:
        """Let go of the socket; what is unsent is dropped."""
        if self.closed:
            return
        self.closed = True
        if self._pipe is not None and not self.broken and self._unsent is None:
            try:
                self._socket.send(self._pipe.close())
                # Unread octets (session tickets) would make the system cut the connection instead of closing it,
                # and the peer could lose the last thing that we said.
                self._socket.recv(_BLOCK)
            except OSError:
                pass
        self._socket.close()
        self.gone = self.broken = True
        self._unsent = None

    def _broke(self) -> None:
        self.arrived_at = monotonic()
        self.gone = self.reset = self.broken = True
        self._unsent = None

    def _broke_sending(self) -> None:
        """The peer cut the connection; what it had said before that can still be read."""
        self.broken = True
        self._unsent = None
        if self.gone:
            return
        while not self.gone and len(self.octets) < UNREAD_LIMIT:
            before = len(self.octets)
            self.receive()
            if len(self.octets) == before:
                break
        if not self.gone:
            self._broke()
        # The error was told to the sending already: reading now looks like the end of an orderly connection.
        self.reset = True

    def _fail(self, error: TlsError, alert: bytes) -> None:
        self.fault = error
        if alert and self._unsent is None:
            try:  # noqa: SIM105 # as above
                self._socket.send(alert)
            except OSError:
                pass
        self._broke()
