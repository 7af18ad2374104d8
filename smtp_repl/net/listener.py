"""Where we play the server: a listening socket, and the sessions that wait for whoever connects, first come, first
served.

Nothing is accepted that nobody waits for: those connections wait in the system's queue. On other addresses than
loopback it listens only when told so in so many words. Knows neither SMTP nor which parts are played.
"""

import errno
import socket
from collections import deque

from smtp_repl.net.authority import Certificates
from smtp_repl.net.poller import READ
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.hints import TYPE_CHECKING, T, cast
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import Target, is_loopback_address

if TYPE_CHECKING:
    import ssl

    from smtp_repl.net.connection import Connection
    from smtp_repl.net.poller import Poller
    from smtp_repl.net.server_tls import ServerPipe

BACKLOG = 1024

GONE = frozenset({errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.EHOSTUNREACH})
"""What accept(2) says of a client that left while it was waiting."""


class Listener:
    """Listens from when it is made until `close`. Raises `UsageError` for an address that cannot be had.

    `port` 0 takes a free one; `is_public` allows addresses that others can reach. `cert` and `key` are PEM files of
    one's own; without them a certificate is made when TLS is first asked for. `implicit_tls` begins with TLS.
    """

    __slots__ = ("_certificates", "_context", "_socket", "_waiting", "host", "implicit_tls", "port")

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        is_public: bool = False,
        implicit_tls: bool = False,
        cert: str = "",
        key: str = "",
    ) -> None:
        if not is_public and not (host.lower() == "localhost" or is_loopback_address(host)):
            raise UsageError(
                phrase("others could reach this server on {host}", host=printable(host)),
                "--listen-public allows that; 127.0.0.1 and ::1 need no permission",
                kind="not-loopback",
            )
        self.implicit_tls = implicit_tls
        self._certificates = Certificates("mock.example.com", owner="smtp-repl mock server")
        self._context: ssl.SSLContext | None = None
        if cert:
            from smtp_repl.net.server_tls import load_context

            self._context = load_context(cert, key or cert)
        self._waiting: deque[object] = deque()
        self._socket = _listen(host, port)
        name = self._socket.getsockname()
        self.host: str = name[0]
        self.port: int = name[1]

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more. Connections that were accepted go on."""
        self._socket.close()

    @property
    def listening(self) -> socket.socket:
        """The listening socket, for a loop that accepts by itself."""
        return self._socket

    def ca_pem(self) -> bytes:
        """The authority behind the certificate that is made, in PEM; b"" where one's own is used."""
        return self._certificates.ca_pem() if self._context is None else b""

    def pipe(self, peer: str, *, after_starttls: bool) -> "ServerPipe":
        """The server's end of a TLS connection."""
        from smtp_repl.net.server_tls import ServerPipe

        if self._context is None:
            self._context = self._certificates.server_context()
        return ServerPipe(self._context, peer, after_starttls=after_starttls)

    # ------------------------------------------------------------ who waits

    def queue(self, session: T, poller: "Poller[tuple[T, Connection | None]]") -> None:
        """A session waits for a connection; the poller wakes the first one when there is something to accept."""
        self._waiting.append(session)
        if len(self._waiting) == 1:
            poller.watch(self._socket, READ, (session, None))

    def leave(self, session: T, poller: "Poller[tuple[T, Connection | None]]") -> None:
        """It waits no more; the next one is the first."""
        was_first = self._waiting[0] is session
        self._waiting.remove(session)
        if was_first:
            poller.leave(self._socket)
            if self._waiting:
                poller.watch(self._socket, READ, (cast("T", self._waiting[0]), None))

    def accept(self, session: object) -> socket.socket | None:
        """A connection, non-blocking; None when none has come, or when it is another session's turn."""
        if self._waiting[0] is not session:
            return None
        try:
            sock, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            if error.errno in GONE:
                return None
            raise UsageError(
                phrase("no connection can be taken: {why}", why=printable(error.strerror or str(error))),
                kind="listen",
            ) from None
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            sock.close()
            return None
        return sock

    @staticmethod
    def peer(sock: socket.socket) -> Target:
        """Whoever is at the other end of an accepted connection."""
        try:
            name = sock.getpeername()
        except OSError:  # gone already: the next read will tell
            return Target("", 0)
        return Target(str(name[0]), int(name[1]))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _cannot(host, port, error) from None
    try:
        # Where the system lets two servers have one address by this option (Windows), it is not wanted.
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise _cannot(host, port, error) from None
    return sock


def _cannot(host: str, port: int, error: OSError) -> UsageError:
    return UsageError(
        phrase(
            "cannot listen on {host}:{port}: {why}",
            host=printable(host),
            port=port,
            why=printable(error.strerror or str(error)),
        ),
        "port 0 takes any free port; ports below 1024 need rights",
        kind="listen",
    )
