"""Getting connected: which addresses are tried, what is told of each, and what failures are called."""

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtp_repl.net.dial import Attempt, Attempts, connect, describe, dial, opened, resolve
from smtp_repl.script.actions import Opened
from smtp_repl.wire.errors import ConnectError, ExitStatus
from smtp_repl.wire.targets import Target

Addresses = Callable[..., None]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@pytest.fixture
def closed_port() -> int:
    """A port on which nothing listens; it is not given out again soon."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def swallowing() -> Iterator[int]:
    """The port of a listener whose queue is full: it answers nothing, as a firewall that drops packets."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = int(listener.getsockname()[1])
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield port
        for sock in waiting:
            sock.close()


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Addresses:
    """Have every name stand for these ports of 127.0.0.1, in order."""

    def set_ports(*ports: int) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)

    return set_ports


def test_connects(port: int) -> None:
    """Every attempt is reported when it begins and when it ends; the socket does not block and does not delay."""
    told: list[Attempt] = []
    with connect(Target("127.0.0.1", port), 10, told.append) as sock:
        assert sock.getpeername() == ("127.0.0.1", port)
        assert not sock.getblocking()
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert told == [Attempt("127.0.0.1", port), Attempt("127.0.0.1", port, "connected")]


def test_what_is_known_of_a_connection(port: int) -> None:
    """Both ends; loopback by the address that answered, not by the name."""
    target = Target("localhost", port)
    with connect(target) as sock:
        own = sock.getsockname()[1]
        assert opened(sock, target) == Opened("localhost", "127.0.0.1", port, "127.0.0.1", own, None, True)


def test_loopback_is_judged_by_the_address(port: int, addresses: Addresses) -> None:
    """A name that leads here is loopback, whatever it is; a name that looks like it is not asked."""
    addresses(port)
    target = Target("mail.example.com", port)
    with connect(target) as sock:
        assert opened(sock, target).is_loopback


def test_ipv6() -> None:
    """An IPv6 address is connected to as it is."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with listener:
        target = Target("::1", listener.getsockname()[1])
        with connect(target) as sock:
            facts = opened(sock, target)
    assert (facts.address, facts.local_address, facts.is_loopback) == ("::1", "::1", True)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")
def test_unix_socket(tmp_path: Path) -> None:
    """A path is a target; what is said there does not leave the machine."""
    path = str(tmp_path / "s")
    target = Target("", 0, path=path)
    with pytest.raises(ConnectError) as raised:
        connect(target)
    assert raised.value.kind == "refused"
    assert "there is no such socket" in raised.value.message
    told: list[Attempt] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        with connect(target, 10, told.append) as sock:
            assert opened(sock, target) == Opened(path, path, 0, "", 0, None, True)
            if sys.platform == "linux":  # the queue is full now; that is told at once
                with pytest.raises(ConnectError), connect(target), connect(target):
                    pass
    assert told[-1] == Attempt(path, 0, "connected")


def test_binds(port: int) -> None:
    """`bind=` decides where we come from."""
    if sys.platform != "linux":
        pytest.skip("127.0.0.2 is there on Linux only")
    with connect(Target("127.0.0.1", port, bind="127.0.0.2")) as sock:
        assert sock.getsockname()[0] == "127.0.0.2"


def test_cannot_bind(port: int) -> None:
    """An address that is not ours is told from a server that is not there."""
    with pytest.raises(ConnectError, match="no address of this machine") as raised:
        connect(Target("127.0.0.1", port, bind="192.0.2.1"))
    assert raised.value.kind == "bind"
    assert "192.0.2.1" in raised.value.hint


def test_bind_of_another_family() -> None:
    """From IPv6 one does not get to IPv4."""
    with pytest.raises(ConnectError, match=r"has no address that can be reached from ::1"):
        resolve(Target("127.0.0.1", 25, bind="::1"))


def test_refused(closed_port: int) -> None:
    """Exit status 3, the words, and a hint that fits a server of one's own."""
    with pytest.raises(ConnectError) as raised:
        connect(Target("127.0.0.1", closed_port))
    assert raised.value.kind == "refused"
    assert raised.value.exit_status is ExitStatus.CONNECT
    assert raised.value.message == f"no connection to 127.0.0.1:{closed_port}: connection refused"
    assert "this machine" in raised.value.hint


def test_the_next_address_is_tried(port: int, closed_port: int, addresses: Addresses) -> None:
    """Addresses are tried in the order of the name server, and each is shown."""
    addresses(closed_port, port)
    told: list[Attempt] = []
    connect(Target("mail.example.com", port), 10, told.append).close()
    assert [(attempt.port, attempt.outcome) for attempt in told] == [
        (closed_port, ""),
        (closed_port, "connection refused"),
        (port, ""),
        (port, "connected"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse when the queue is full")
def test_a_silent_address_does_not_use_up_the_time(port: int, swallowing: int, addresses: Addresses) -> None:
    """Each address has its share of the time: the second one is reached within the same deadline."""
    addresses(swallowing, port)
    with connect(Target("mail.example.com", port), 0.5) as sock:
        assert sock.getpeername()[1] == port


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse when the queue is full")
def test_timeout(swallowing: int, closed_port: int, addresses: Addresses) -> None:
    """One deadline for everything; when addresses fail differently each is named."""
    with pytest.raises(ConnectError, match=r"no answer in time \(0\.05 s\)") as raised:
        connect(Target("127.0.0.1", swallowing), 0.05)
    assert raised.value.kind == "timeout"
    addresses(swallowing, closed_port)
    with pytest.raises(ConnectError) as raised:
        connect(Target("mail.example.com", 25), 0.05)
    assert raised.value.kind == "refused"
    assert "127.0.0.1: no answer in time; 127.0.0.1: connection refused" in raised.value.message


@pytest.mark.parametrize(
    ("port", "code", "kind", "hint"),
    [
        (25, errno.ETIMEDOUT, "timeout", "a timeout on port 25: many networks block it; try 587"),
        (587, errno.ETIMEDOUT, "timeout", "firewall"),
        (25, errno.ENETUNREACH, "unreachable", "online"),
        (25, errno.EHOSTUNREACH, "unreachable", "online"),
        (25, errno.ECONNREFUSED, "refused", "587"),
        (25, errno.ECONNRESET, "reset", ""),
        (25, errno.EACCES, "denied", ""),
        (25, errno.EMFILE, "os", ""),
    ],
)
def test_errors_of_the_system(port: int, code: int, kind: str, hint: str) -> None:
    """Each is translated here, once, with what to do about it."""
    attempts = Attempts(Target("192.0.2.1", port), resolve(Target("192.0.2.1", port)), 10)
    sock, address = attempts.begin()
    sock.close()
    attempts.failed(address, OSError(code, os.strerror(code)))
    with pytest.raises(ConnectError) as raised:
        attempts.begin()
    assert raised.value.kind == kind
    assert hint in raised.value.hint


def test_no_addresses_are_tried_when_time_is_up() -> None:
    """The deadline holds for all addresses together, however many there are."""
    target = Target("mail.example.com", 25)
    attempts = Attempts(target, resolve(Target("192.0.2.1", 25)) * 3, 0)
    sock, address = attempts.begin()
    sock.close()
    attempts.failed(address, TimeoutError())
    with pytest.raises(ConnectError):
        attempts.begin()


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "mail..example.com", ".example.com", "\udcff.example"])
def test_the_idna_trap(host: str) -> None:
    """`getaddrinfo` raises UnicodeError for labels that are too long or empty; that is no traceback."""
    with pytest.raises(ConnectError) as raised:
        connect(Target(host, 25))
    assert raised.value.kind == "bad-host"


@pytest.mark.parametrize(
    ("code", "says"), [(socket.EAI_NONAME, 'there is no host "mail.example.com"'), (socket.EAI_AGAIN, "no answer")]
)
def test_names(monkeypatch: pytest.MonkeyPatch, code: int, says: str) -> None:
    """A wrong name is told from a name server that does not answer."""

    def fail(*_: object) -> None:
        raise socket.gaierror(code, "as the system has it")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConnectError) as raised:
        connect(Target("mail.example.com", 25))
    assert raised.value.kind == "name"
    assert says in raised.value.message


def test_an_error_without_a_number() -> None:
    """Its text is all there is."""
    assert describe(OSError("odd\n")) == ("os", r"odd\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse when the queue is full")
def test_giving_up_closes_the_socket(swallowing: int) -> None:
    """A dialing generator that is closed half-way leaves nothing open."""
    attempt = dial(Target("127.0.0.1", swallowing))
    sock, _ = next(attempt)
    attempt.close()
    assert sock.fileno() == -1
