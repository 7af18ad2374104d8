"""Getting connected: names to addresses, one attempt after another, and what went wrong in words.

Every attempt is reported to a callback, so that the person sees each address tried. Errors of the operating system
become a `ConnectError` here and nowhere else. This module knows neither SMTP nor TLS, and of loops only that one
waits for a socket: `dial` is a generator that says for which, `connect` waits itself.
"""

import errno
import os
import socket
from collections.abc import Callable, Generator
from time import monotonic

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.wire.errors import ConnectError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target, is_loopback_address

CONNECT_SECONDS = 10.0
"""For all addresses of a name together."""


class Attempt(Record):
    """One address tried; reported when it begins (`outcome` empty) and when it ends ("connected", or why not)."""

    address: str
    port: int
    outcome: str = ""


OnAttempt = Callable[[Attempt], None]


SocketAddress = tuple[object, ...] | str
"""As the operating system has it: host, port and more, or the path of a Unix socket."""


class Dialed(Record):
    """A connected socket and its two ends."""

    sock: socket.socket
    peer: SocketAddress
    own: SocketAddress


class Address(Record):
    """One of the addresses of a target, as the operating system takes it."""

    family: int
    sockaddr: SocketAddress

    @property
    def host(self) -> str:
        """The address alone, or the path of a Unix socket."""
        return self.sockaddr if isinstance(self.sockaddr, str) else str(self.sockaddr[0])

    @property
    def port(self) -> int:
        """0 for a Unix socket."""
        return 0 if isinstance(self.sockaddr, str) else int(str(self.sockaddr[1]))


_NONBLOCK = getattr(socket, "SOCK_NONBLOCK", 0)
"""Makes a socket non-blocking from the start, where the system can."""
_IN_PROGRESS = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, errno.EALREADY})

# errno: (kind, text). The texts of the system come in the user's language and in several spellings.
_KINDS = {
    errno.ECONNREFUSED: ("refused", phrase("connection refused")),
    errno.ETIMEDOUT: ("timeout", phrase("no answer in time")),
    errno.EHOSTUNREACH: ("unreachable", phrase("no route to host")),
    errno.ENETUNREACH: ("unreachable", phrase("network is unreachable")),
    errno.EHOSTDOWN: ("unreachable", phrase("host is down")),
    errno.ENETDOWN: ("unreachable", phrase("network is down")),
    errno.ECONNRESET: ("reset", phrase("connection reset")),
    errno.ECONNABORTED: ("reset", phrase("connection aborted")),
    errno.ENOENT: ("refused", phrase("there is no such socket")),
    errno.EADDRNOTAVAIL: ("bind", phrase("that is no address of this machine")),
    errno.EACCES: ("denied", phrase("permission denied")),
    errno.EPERM: ("denied", phrase("not permitted")),
}
_MOST_TELLING = ("refused", "reset", "denied", "bind", "timeout", "unreachable", "os")
"""Several addresses fail in several ways; the kind of the whole is the first of these."""


def resolve(target: Target) -> list[Address]:
    """The addresses of a target, in the order to try them. Blocks on the name lookup. Raises `ConnectError`."""
    if target.path:
        if not hasattr(socket, "AF_UNIX"):
            raise ConnectError("this system has no Unix sockets", kind="os")
        return [Address(socket.AF_UNIX, target.path)]
    family = socket.AF_UNSPEC
    if target.bind:
        family = socket.AF_INET6 if ":" in target.bind else socket.AF_INET
    # What is ASCII goes as octets: for a str Python loads its "idna" codec, which takes a millisecond.
    host: str | bytes = target.host.encode("ascii") if target.host.isascii() else target.host
    try:
        if not all(0 < len(label) < 64 for label in target.host.removesuffix(".").split(".")):
            raise UnicodeError
        found = socket.getaddrinfo(host, target.port, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise _unknown_name(target, error) from None
    except UnicodeError:
        # As Python's own "idna" codec does for such labels, from inside getaddrinfo.
        raise ConnectError(
            phrase('"{host}" is no host name', host=printable(target.host)),
            "a part of it is empty or longer than 63 characters",
            kind="bad-host",
        ) from None
    except OSError as error:
        raise ConnectError(
            phrase('"{host}" was not looked up: {why}', host=printable(target.host), why=describe(error)[1]),
            kind="os",
        ) from None
    return list(dict.fromkeys(Address(family, sockaddr) for family, _, _, _, sockaddr in found))


def _unknown_name(target: Target, error: socket.gaierror) -> ConnectError:
    host = printable(target.host)
    if error.errno == socket.EAI_AGAIN:
        return ConnectError(
            phrase('the name server gave no answer about "{host}"', host=host), "is this machine online?", kind="name"
        )
    if target.bind:
        return ConnectError(
            phrase('"{host}" has no address that can be reached from {bind}', host=host, bind=target.bind),
            "bind= an address of the same family (IPv4 or IPv6)",
            kind="name",
        )
    return ConnectError(phrase('there is no host "{host}"', host=host), "check the spelling", kind="name")


def describe(error: OSError) -> tuple[str, str]:
    """Kind and text of an error of the operating system while connecting."""
    if isinstance(error, TimeoutError):
        return _KINDS[errno.ETIMEDOUT]
    if error.errno is None:
        return "os", printable(str(error))
    return _KINDS.get(error.errno) or ("os", printable(os.strerror(error.errno)))


class Attempts:
    """The addresses of a target, one attempt after another, each with its share of the time that is left.

    The share keeps a first address that swallows packets from using up the time of a second one that works.
    """

    __slots__ = ("_addresses", "_end", "_failures", "_report", "_seconds", "_target", "deadline")

    def __init__(
        self, target: Target, addresses: list[Address], seconds: float, on_attempt: OnAttempt | None = None
    ) -> None:
        self._target = target
        self._addresses = addresses[::-1]
        self._seconds = seconds
        self._end = monotonic() + seconds
        self._report = on_attempt
        self._failures: list[tuple[str, str, Address]] = []
        self.deadline = self._end
        """Monotonic time by which the attempt that has begun must have ended."""

    def begin(self) -> tuple[socket.socket, Address]:
        """A non-blocking socket and the address to connect it to. Raises `ConnectError` when none is left."""
        while self._addresses and (not self._failures or monotonic() < self._end):
            left = max(0.0, self._end - monotonic()) / len(self._addresses)
            address = self._addresses.pop()
            self._tell(address, "")
            try:
                sock = _new_socket(address, self._target.bind)
            except OSError as error:
                self.failed(address, error)
                continue
            self.deadline = monotonic() + left
            return sock, address
        raise self._give_up()

    def failed(self, address: Address, error: OSError) -> None:
        """The attempt that has begun came to nothing."""
        kind, text = describe(error)
        self._failures.append((kind, text, address))
        self._tell(address, text)

    def succeeded(self, address: Address) -> None:
        """The attempt that has begun is connected."""
        self._tell(address, "connected")

    def _tell(self, address: Address, outcome: str) -> None:
        if self._report is not None:
            self._report(Attempt(address.host, address.port, outcome))

    def _give_up(self) -> ConnectError:
        kinds = {kind for kind, _, _ in self._failures}
        kind = next((kind for kind in _MOST_TELLING if kind in kinds), "os")
        target = printable(str(self._target))
        texts = {text for _, text, _ in self._failures}
        if len(texts) == 1:
            why = texts.pop()
        else:
            why = "; ".join(f"{address.host}: {text}" for _, text, address in self._failures)
        if kind == "timeout":
            why += f" ({self._seconds:g} s)"
        return ConnectError(
            phrase("no connection to {target}: {why}", target=target, why=why), self._hint(kind), kind=kind
        )

    def _hint(self, kind: str) -> str:
        port = self._target.port
        if kind == "timeout" and port == 25:
            return phrase("a timeout on port 25: many networks block it; try 587")
        if kind == "timeout":
            return phrase("a firewall may swallow the packets; check the port, or allow more time")
        if kind == "refused" and self._target.path:
            return phrase("is the server running, and is this its socket?")
        if kind == "refused" and self._target.is_loopback:
            return phrase("is a server running on port {port} of this machine?", port=port)
        if kind == "refused":
            return phrase(
                "nothing listens there; mail servers use 25, 587 (with STARTTLS) and 465 (TLS from the start)"
            )
        if kind == "unreachable":
            return phrase("is this machine online?")
        if kind == "bind":
            return phrase("{bind} is where the connection was to come from", bind=self._target.bind)
        return ""


def _new_socket(address: Address, bind: str) -> socket.socket:
    sock = socket.socket(address.family, socket.SOCK_STREAM | _NONBLOCK)
    try:
        if not _NONBLOCK:
            sock.setblocking(False)
        if not isinstance(address.sockaddr, str):
            # Without it a resumed TLS 1.2 session waits 40 ms for an acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if bind:
                sock.bind((bind, 0))
    except BaseException:
        sock.close()
        raise
    return sock


def dial(
    target: Target,
    seconds: float = CONNECT_SECONDS,
    on_attempt: OnAttempt | None = None,
    addresses: list[Address] | None = None,
) -> Generator[tuple[socket.socket, float], None, Dialed]:
    """Connect without blocking, but for the name lookup. Returns a connected, non-blocking socket, and its ends.

    Yields a socket to be awaited until writable and the monotonic time at which to come back in any case. `addresses`
    are the target's, where they are known already. Raises `ConnectError`; closes its socket when it is closed itself.
    """
    attempts = Attempts(target, addresses or resolve(target), seconds, on_attempt)
    while True:
        sock, address = attempts.begin()
        peer = address.sockaddr
        try:
            code = sock.connect_ex(address.sockaddr)
            if code == errno.EAGAIN and target.path:
                code = errno.ETIMEDOUT  # its queue is full, and nothing would tell when there is room
            elif code in _IN_PROGRESS:
                code, peer = _progress(sock)  # on loopback there is nothing to wait for
            while code in _IN_PROGRESS:
                yield sock, attempts.deadline
                code, peer = _progress(sock)
                if code in _IN_PROGRESS and monotonic() >= attempts.deadline:
                    code = errno.ETIMEDOUT
            if code == 0:
                own: SocketAddress = sock.getsockname()
                # Connecting to a free port of this machine can meet itself (RFC 9293 §3.5, simultaneous open).
                if target.path or own != address.sockaddr:
                    attempts.succeeded(address)
                    return Dialed(sock, peer, own)
                code = errno.ECONNREFUSED
        except BaseException:
            sock.close()
            raise
        sock.close()
        attempts.failed(address, OSError(code, ""))


def _progress(sock: socket.socket) -> tuple[int, SocketAddress]:
    """The number of the error that an attempt has come to, 0 for none; and to whom it connected then."""
    try:
        return 0, sock.getpeername()
    except OSError as error:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return code, ""
        waits = error.errno in (errno.ENOTCONN, errno.EINVAL)
        return errno.EINPROGRESS if waits else error.errno or errno.EINVAL, ""


def connect(target: Target, seconds: float = CONNECT_SECONDS, on_attempt: OnAttempt | None = None) -> socket.socket:
    """Connect and wait for it. Returns a connected, non-blocking socket. Raises `ConnectError`."""
    import selectors  # the runner has its own

    attempt = dial(target, seconds, on_attempt)
    try:
        while True:
            sock, deadline = next(attempt)
            # Not select.select: selectors know about Windows, where a refusal is no writability.
            with selectors.DefaultSelector() as selector:
                selector.register(sock, selectors.EVENT_WRITE)
                selector.select(max(0.0, deadline - monotonic()))
    except StopIteration as connected:
        dialed: Dialed = connected.value
        return dialed.sock
    finally:
        attempt.close()


def opened(sock: socket.socket, target: Target, tls: TlsFacts | None = None) -> Opened:
    """What there is to know of a connected socket. Loopback is judged by the address that it is connected to."""
    try:
        dialed = Dialed(sock, sock.getpeername(), sock.getsockname())
    except OSError:  # gone already: the next read will tell
        dialed = Dialed(sock, (target.host, target.port), ("", 0))
    return opened_by(dialed, target, tls)


def opened_by(dialed: Dialed, target: Target, tls: TlsFacts | None = None) -> Opened:
    """The same of what `dial` returned."""
    _, peer, own = dialed
    if isinstance(peer, str) or isinstance(own, str):
        return Opened(target.path, target.path, 0, "", 0, tls, True)
    address, port = str(peer[0]), int(str(peer[1]))
    return Opened(target.host, address, port, str(own[0]), int(str(own[1])), tls, is_loopback_address(address))
