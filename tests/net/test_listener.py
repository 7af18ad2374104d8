"""The runner as a server: parts whose `Open` is answered by whoever connects, TLS included."""

import socket
import ssl
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import TypeVar

import pytest

from smtp_repl.net.listener import Listener
from smtp_repl.net.runner import NetOptions, Played, Runner
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
from smtp_repl.wire.errors import ReplyTimeout, TlsError, UsageError
from tests.servers.certificates import Certificates

T = TypeVar("T")
Playing = Generator[Action, Happening, T]


def ask(action: Action, kind: type[T]) -> Playing[T]:
    """An action whose answer must be of this kind."""
    happened = yield action
    assert isinstance(happened, kind), happened
    return happened


def echo(greeting: bytes = b"220 x\r\n", name: str = "") -> Playing[Opened]:
    """Greet, say what is heard, until the client closes."""
    opened = yield from ask(Open(name, None), Opened)
    yield Send(name, greeting)
    while isinstance(heard := (yield Read(name, 10.0, True)), Received):
        yield Send(name, heard.octets)
    assert isinstance(heard, PeerGone)
    return opened


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


class Serving:
    """A runner in a thread, with parts that play servers; joined at the end of the block."""

    def __init__(self, listener: Listener, *parts: Playing[object], options: NetOptions = NetOptions()) -> None:  # noqa: B008
        self.runner = Runner(options, listener=listener)
        self.played: list[Played[object]] = [self.runner.add(part) for part in parts]
        self._thread = threading.Thread(target=self.runner.run)

    def __enter__(self) -> "Serving":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()

    def result(self, number: int = 0) -> object:
        self._thread.join(30)
        return self.played[number].result


def connect(listener: Listener) -> socket.socket:
    return socket.create_connection((listener.host, listener.port), 10)


def test_a_client_comes(listener: Listener) -> None:
    """Whoever connects is the connection that was asked for; where it comes from is told."""
    with Serving(listener, echo()) as serving, connect(listener) as client:
        address = client.getsockname()
        assert client.recv(100) == b"220 x\r\n"
        client.sendall(b"NOOP\r\n")
        assert client.recv(100) == b"NOOP\r\n"
        client.shutdown(socket.SHUT_WR)
        opened = serving.result()
    assert isinstance(opened, Opened)
    assert (opened.address, opened.port, opened.local_port) == (*address, listener.port)
    assert opened.is_loopback
    assert opened.tls is None


def test_several_at_once(listener: Listener) -> None:
    """First come, first served; none waits for another."""
    parts = [echo(b"220 %d\r\n" % number) for number in range(5)]
    with Serving(listener, *parts) as serving:
        clients = []
        for number in range(5):
            clients.append(connect(listener))
            assert clients[-1].recv(100) == b"220 %d\r\n" % number
        for client in reversed(clients):
            client.sendall(b"NOOP\r\n")
            assert client.recv(100) == b"NOOP\r\n"
            client.close()
        assert all(isinstance(serving.result(number), Opened) for number in range(5))


def test_two_connections_of_one_part(listener: Listener) -> None:
    def part() -> Playing[tuple[int, int]]:
        one = yield from ask(Open("one", None), Opened)
        two = yield from ask(Open("two", None), Opened)
        yield Send("two", b"2")
        yield Send("one", b"1")
        yield Close("one")
        yield Close("two")
        return one.port, two.port

    with Serving(listener, part()) as serving, connect(listener) as first, connect(listener) as second:
        assert (first.recv(10), second.recv(10)) == (b"1", b"2")
        assert serving.result() == (first.getsockname()[1], second.getsockname()[1])


def test_the_second_client_does_not_come(listener: Listener) -> None:
    """The first one may take its time; the next one of the same session must not."""

    def part() -> Playing[None]:
        yield Open("one", None)
        yield Open("two", None)

    options = NetOptions(connect_timeout=0.05)
    with Serving(listener, part(), options=options) as serving, connect(listener) as client:
        assert client.recv(10) == b""
        with pytest.raises(ReplyTimeout, match="no further client"):
            serving.result()


def test_a_part_that_is_added_while_others_are_played(listener: Listener) -> None:
    """How a server goes on for ever: whoever was met makes room for the next."""
    results: list[object] = []

    def first() -> Playing[None]:
        yield from ask(Open("", None), Opened)
        serving.played.append(serving.runner.add(echo(b"220 second\r\n")))
        yield Send("", b"220 first\r\n")
        results.append((yield Read("", 10.0, True)))

    with (serving := Serving(listener, first())), connect(listener) as one:
        assert one.recv(100) == b"220 first\r\n"
        with connect(listener) as two:
            assert two.recv(100) == b"220 second\r\n"
    assert isinstance(results[0], PeerGone)


def test_nobody_is_accepted_whom_nobody_waits_for(listener: Listener) -> None:
    """A client that connects too early waits in the system's queue and loses nothing."""
    client = connect(listener)
    with Serving(listener, echo()), client:
        assert client.recv(100) == b"220 x\r\n"


def test_starttls(listener: Listener) -> None:
    """The handshake is answered, also when its first octets are there before we begin; the authority is told."""

    def part() -> Playing[tuple[Secured, bytes]]:
        yield Open("", None)
        yield from ask(Read("", 10.0, True), Received)
        yield Send("", b"220 go\r\n")
        secured = yield from ask(StartTls(""), Secured)
        heard = yield from ask(Read("", 10.0, True), Received)
        yield Send("", b"x" * 1_000_000)
        yield Close("")
        return secured, heard.octets

    context = ssl.create_default_context(cadata=listener.ca_pem().decode())
    with Serving(listener, part()) as serving, connect(listener) as plain:
        plain.sendall(b"STARTTLS\r\n")
        assert plain.recv(8, socket.MSG_WAITALL) == b"220 go\r\n"
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
            client.sendall(b"EHLO x\r\n")
            heard = b""
            while data := client.recv(65536):
                heard += data
        assert heard == b"x" * 1_000_000
        secured, octets = serving.result()  # type: ignore[misc]
    assert octets == b"EHLO x\r\n"
    assert secured.tls.version == "TLS 1.3"
    assert secured.tls.trust == "server"
    assert not secured.tls.verified


def test_tls_from_the_start(certificates: Certificates) -> None:
    """With a certificate of one's own; then there is no authority to write down."""
    with (
        Listener(implicit_tls=True, cert=str(certificates.chain_pem), key=str(certificates.key_pem)) as listener,
        Serving(listener, echo()) as serving,
        connect(listener) as plain,
        certificates.client_context().wrap_socket(plain, server_hostname="localhost") as client,
    ):
        assert listener.ca_pem() == b""
        assert client.recv(100) == b"220 x\r\n"
        client.unwrap().close()
        opened = serving.result()
    assert isinstance(opened, Opened)
    assert opened.tls is not None


def tls_only() -> Playing[None]:
    yield Open("", None)
    yield StartTls("")


Client = Callable[[socket.socket], None]


def distrust(plain: socket.socket) -> None:
    with pytest.raises(ssl.SSLCertVerificationError), closing(plain):
        ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")


def old(plain: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)), closing(plain):
        context.wrap_socket(plain)


def leave(plain: socket.socket) -> None:
    plain.close()


def talk(plain: socket.socket) -> None:
    plain.sendall(b"EHLO x\r\n")
    plain.recv(100)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("behave", "message", "hint"),
    [
        (distrust, "unknown ca", "--ca-file FILE"),
        (old, "handshake with the client", "versions before TLS 1.2"),
        (leave, "closed the connection during the TLS handshake", "trust"),
        (talk, 'instead of TLS: "EHLO"$', "before the handshake"),
    ],
    ids=["distrust", "old", "leave", "talk"],
)
def test_handshakes_that_fail(listener: Listener, behave: Client, message: str, hint: str) -> None:
    """What went wrong at the client's end is told, with what may help."""
    with Serving(listener, tls_only()) as serving, connect(listener) as plain:
        behave(plain)
        with pytest.raises(TlsError, match=message) as caught:
            serving.result()
    assert hint in caught.value.hint


def test_a_handshake_that_does_not_come(listener: Listener) -> None:
    options = NetOptions(connect_timeout=0.05)
    with Serving(listener, tls_only(), options=options) as serving, connect(listener) as plain:
        assert plain.recv(10) == b""
        with pytest.raises(TlsError, match="did not finish"):
            serving.result()


def test_plaintext_where_tls_begins() -> None:
    with Listener(implicit_tls=True) as listener, Serving(listener, echo()) as serving, connect(listener) as plain:
        talk(plain)
        with pytest.raises(TlsError, match="began in plaintext") as caught:
            serving.result()
    assert caught.value.kind == "plaintext"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "mail.example.com", "::"])
def test_others_are_not_let_in(host: str) -> None:
    """Beyond loopback it listens only when that is said in so many words."""
    with pytest.raises(UsageError, match="others could reach") as caught:
        Listener(host)
    assert "--listen-public" in caught.value.hint


def test_others_are_let_in_when_asked() -> None:
    with Listener("0.0.0.0", is_public=True) as listener:
        assert listener.port


def test_an_address_that_is_taken(listener: Listener) -> None:
    with pytest.raises(UsageError, match="cannot listen on 127"):
        Listener("127.0.0.1", listener.port)


def test_an_address_that_is_none_of_ours() -> None:
    with pytest.raises(UsageError, match=r"cannot listen on 192\.0\.2\.1"):
        Listener("192.0.2.1", is_public=True)


def test_ipv6() -> None:
    try:
        listener = Listener("::1")
    except UsageError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert str(listener) == f"[::1]:{listener.port}"
        with Serving(listener, echo()), connect(listener) as client:
            assert client.recv(10) == b"220 x\r\n"


def test_certificates_that_are_none(certificates: Certificates) -> None:
    """What cannot be used is told before anybody connects."""
    with pytest.raises(UsageError, match="no certificate and its key"):
        Listener(cert=str(certificates.ca_pem), key=str(certificates.key_pem))
    with pytest.raises(UsageError, match="No such file"):
        Listener(cert="/nowhere/cert.pem", key=str(certificates.key_pem))


def test_giving_up_while_waiting(listener: Listener) -> None:
    """What ends everything ends those that wait for clients, and the listener can be used again."""

    def stop() -> Playing[None]:
        raise KeyboardInterrupt
        yield Close("")

    runner = Runner(NetOptions(), listener=listener)
    runner.add(echo())
    runner.add(echo())
    runner.add(stop())
    with pytest.raises(KeyboardInterrupt):
        runner.run()
    with Serving(listener, echo()), connect(listener) as client:
        assert client.recv(10) == b"220 x\r\n"
