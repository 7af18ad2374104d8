"""A peer that does exactly what a test says, octet by octet: for hostile servers and for broken clients.

A session is a list of moves, played in order against one connection:

    server = raw_server([Send(b"220 hello\r\n"), Expect(b"EHLO "), Send(b"250 ok\r\n"), Close()])
    ... connect to server.host, server.port ...
    assert server.received == [b"EHLO x\r\n"]

Each list given is played against one connection, in the order of connecting; then the server listens no more.
When a list is played out, the connection is closed. Whatever goes wrong (another line than expected, silence
for longer than `PATIENCE`) is raised in the test when it ends, or by `server.join()`.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.servers.certificates import Certificates

PATIENCE = 10.0
"""Seconds that a move may take."""


class Send(NamedTuple):
    """Send these octets in one write."""

    octets: bytes


class Expect(NamedTuple):
    """Read one line (through LF) that begins with these octets; any line when empty."""

    beginning: bytes = b""


class ExpectOctets(NamedTuple):
    """Read exactly this many octets."""

    length: int


class ExpectEnd(NamedTuple):
    """The other side closes now, having sent nothing more."""


class StartTls(NamedTuple):
    """Shake hands as the server."""


class Await(NamedTuple):
    """Go on when the test says so."""

    event: threading.Event


class Shutdown(NamedTuple):
    """Send no more, but read on (half-close)."""


class Reset(NamedTuple):
    """Cut the connection with a TCP reset."""


class Close(NamedTuple):
    """Close the connection."""


Move = Send | Expect | ExpectOctets | ExpectEnd | StartTls | Await | Shutdown | Reset | Close


class RawServer:
    """One listening socket on loopback and a thread that plays."""

    def __init__(self, sessions: tuple[list[Move], ...], certificates: Callable[[], Certificates]) -> None:
        self._sessions = sessions
        self._certificates = certificates
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self._unread = b""
        self._stopping = False
        self.received: list[bytes] = []
        """What `Expect` and `ExpectOctets` read, in order."""
        self.error: BaseException | None = None
        self.host, self.port = self._listener.getsockname()
        self._thread = threading.Thread(target=self._run, name="raw server")
        self._thread.start()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"{self.host}:{self.port}"

    def join(self) -> None:
        """Wait until every session is played out; raises what went wrong."""
        self._thread.join()
        error, self.error = self.error, None
        if error is not None:
            raise error

    def stop(self) -> None:
        """End of the test: sessions that nobody connected for are given up, others are played out."""
        self._stopping = True
        with contextlib.suppress(OSError):  # wakes accept(); whoever is connected is not disturbed
            socket.create_connection((self.host, self.port), 1).close()
        self.join()

    def _run(self) -> None:
        try:
            with self._listener:
                for moves in self._sessions:
                    connection = self._listener.accept()[0]
                    if self._stopping:
                        connection.close()
                        return
                    self._play(connection, moves)
        except BaseException as error:
            self.error = error

    def _play(self, connection: socket.socket, moves: list[Move]) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(PATIENCE)
        self._unread = b""
        try:
            for number, move in enumerate(moves, 1):
                try:
                    if isinstance(move, StartTls):
                        context = self._certificates().server_context()
                        connection = context.wrap_socket(connection, server_side=True)
                    elif not self._one(connection, move):
                        return
                except TimeoutError:
                    raise AssertionError(f"move {number}, {move!r}: nothing for {PATIENCE:g} s") from None
        finally:
            connection.close()

    def _one(self, connection: socket.socket, move: Move) -> bool:
        """One move; False when the connection is over."""
        match move:
            case Send(octets):
                connection.sendall(octets)
            case Expect(beginning):
                line = self._line(connection)
                self.received.append(line)
                assert line.startswith(beginning), f"expected {beginning!r}, got {line!r}"
            case ExpectOctets(length):
                while len(self._unread) < length and self._more(connection):
                    pass
                octets, self._unread = self._unread[:length], self._unread[length:]
                self.received.append(octets)
                assert len(octets) == length, f"expected {length} octets, the peer closed after {octets!r}"
            case ExpectEnd():
                with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                    self._more(connection)
                assert not self._unread, f"expected the peer to close, got {self._unread!r}"
            case Await(event):
                assert event.wait(PATIENCE), f"the test did not set its event within {PATIENCE:g} s"
            case Shutdown():
                connection.shutdown(socket.SHUT_WR)
            case Reset():
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case Close():
                return False
        return True

    def _line(self, connection: socket.socket) -> bytes:
        while b"\n" not in self._unread:
            if not self._more(connection):
                line, self._unread = self._unread, b""
                return line
        line, newline, self._unread = self._unread.partition(b"\n")
        return line + newline

    def _more(self, connection: socket.socket) -> bool:
        data = connection.recv(65536)
        self._unread += data
        return bool(data)


@pytest.fixture
def raw_server(request: pytest.FixtureRequest) -> Iterator[Callable[..., RawServer]]:
    """Call it with one list of moves for each connection to come; all are joined when the test ends."""
    servers: list[RawServer] = []

    def start(*sessions: list[Move]) -> RawServer:
        server = RawServer(sessions, lambda: request.getfixturevalue("certificates"))
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
