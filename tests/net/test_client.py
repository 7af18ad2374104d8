"""The shell's connection against real peers on loopback: in order, at once, and TLS where it was asked for."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine

import pytest

from smtp_repl.net.client import Client
from smtp_repl.net.connection import UNREAD_LIMIT
from smtp_repl.net.dial import Attempt
from smtp_repl.net.session import NetOptions
from smtp_repl.net.tls import TlsOptions
from smtp_repl.wire.errors import ConnectError, PeerClosed, ReplyTimeout, TlsError
from smtp_repl.wire.targets import Target
from tests.servers import raw
from tests.servers.certificates import Certificates

Start = Callable[..., raw.RawServer]
UNVERIFIED = NetOptions(tls=TlsOptions(verify=False))


class Log:
    """A watcher that remembers, and that one can wait for. `on_received` acts as an owner does."""

    def __init__(self) -> None:
        self.octets = b""
        self.ended: list[bool] = []
        self.on_received: Callable[[bytes], None] = lambda _: None
        self._changed = asyncio.Event()

    def received(self, octets: bytes) -> None:
        assert not self.ended
        self.octets += octets
        self.on_received(octets)
        self._changed.set()

    def gone(self, reset: bool) -> None:
        self.ended.append(reset)
        self._changed.set()

    async def until(self, fact: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not fact():
                self._changed.clear()
                await self._changed.wait()


def play(scene: Callable[[Client, Log], Coroutine[object, object, None]]) -> None:
    """Run a scene with a client that is closed at its end."""

    async def main() -> None:
        log = Log()
        client = Client(log)
        try:
            await scene(client, log)
        finally:
            client.close()
            await client.closed()

    asyncio.run(main())


def target(server: raw.RawServer, **others: bool) -> Target:
    return Target(server.host, server.port, implicit_tls=others.get("implicit_tls", False))


def test_a_conversation(raw_server: Start) -> None:
    """Connected is told first, then what came, then the end, once; nothing is lost or doubled."""
    server = raw_server([raw.Send(b"220 hi\r\n"), raw.Expect(b"QUIT"), raw.Send(b"221 bye\r\n"), raw.Close()])
    told: list[Attempt] = []

    async def scene(client: Client, log: Log) -> None:
        opened = await client.open(target(server), NetOptions(), told.append)
        assert (opened.address, opened.port, opened.is_loopback, opened.tls) == ("127.0.0.1", server.port, True, None)
        assert log.octets == b""  # held until the owner has noted that it is connected
        client.resume()
        await log.until(lambda: log.octets.endswith(b"\n"))
        client.write(b"QUIT\r\n")
        await client.drain()
        await log.until(lambda: log.ended)
        assert log.octets == b"220 hi\r\n221 bye\r\n"
        assert log.ended == [False]

    play(scene)
    assert [attempt.outcome for attempt in told] == ["", "connected"]


def test_what_came_while_holding(raw_server: Start) -> None:
    """Octets that were kept back are handed over before the end is told."""
    server = raw_server([raw.Send(b"421 bye\r\n"), raw.Close()])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        server.join()
        assert (log.octets, log.ended) == (b"", [])
        client.resume()
        await log.until(lambda: log.ended)
        assert (log.octets, log.ended) == (b"421 bye\r\n", [False])

    play(scene)


def test_pausing_from_within(raw_server: Start) -> None:
    """An owner that pauses when it hears something hears nothing more until it resumes."""
    server = raw_server([raw.Send(b"220 go\r\n"), raw.Expect(), raw.Send(b"more\r\n"), raw.Close()])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        log.on_received = lambda _: client.pause()
        client.resume()
        await log.until(lambda: log.octets)
        client.write(b"x\r\n")
        server.join()
        await asyncio.sleep(0)
        assert (log.octets, log.ended) == (b"220 go\r\n", [])
        log.on_received = lambda _: None
        client.resume()
        await log.until(lambda: log.ended)
        assert log.octets == b"220 go\r\nmore\r\n"

    play(scene)


def test_what_is_held_is_bounded(raw_server: Start) -> None:
    """A peer that floods a holding client has to wait; later everything arrives."""
    size = 3 * UNREAD_LIMIT
    server = raw_server([raw.Send(b"x" * size), raw.Close()])

    async def scene(client: Client, log: Log) -> None:
        pieces: list[int] = []
        log.on_received = lambda octets: pieces.append(len(octets))
        await client.open(target(server), NetOptions())
        for _ in range(500):
            await asyncio.sleep(0)
        client.resume()
        await log.until(lambda: log.ended)
        assert len(log.octets) == size
        assert max(pieces) <= UNREAD_LIMIT + 16384

    play(scene)


def test_reset(raw_server: Start) -> None:
    """A connection that was cut is told from one that was closed; writing to it is refused."""
    server = raw_server([raw.Expect(), raw.Reset()])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        client.resume()
        client.write(b"x\r\n")
        await log.until(lambda: log.ended)
        assert log.ended == [True]
        await client.closed()
        with pytest.raises(PeerClosed):
            client.write(b"x\r\n")

    play(scene)


def test_half_close_both_ways(raw_server: Start) -> None:
    """We close our half and still hear; the peer closes its half and still hears us."""
    server = raw_server(
        [raw.ExpectEnd(), raw.Send(b"late\r\n"), raw.Close()], [raw.Shutdown(), raw.Expect(b"QUIT"), raw.Close()]
    )

    async def ours(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        client.resume()
        client.shutdown()
        with pytest.raises(PeerClosed):
            client.write(b"x")
        await log.until(lambda: log.ended)
        assert (log.octets, log.ended) == (b"late\r\n", [False])

    async def theirs(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        client.resume()
        await log.until(lambda: log.ended)
        client.write(b"QUIT\r\n")

    play(ours)
    play(theirs)
    server.join()
    assert server.received == [b"QUIT\r\n"]


def test_a_peer_that_reads_nothing(raw_server: Start) -> None:
    """`drain` does not wait for ever, and closing does not either."""
    hold = threading.Event()
    server = raw_server([raw.Await(hold), raw.Close()])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions(write_timeout=0.1))
        client.write(b"x" * 20_000_000)
        with pytest.raises(ReplyTimeout) as raised:
            await client.drain()
        assert raised.value.kind == "write-timeout"

    play(scene)
    hold.set()


def test_no_room_on_a_cut_connection(raw_server: Start) -> None:
    """`drain` does not wait for what cannot be."""
    server = raw_server([raw.Expect(), raw.Reset()])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        client.resume()
        client.write(b"x\r\n")
        await log.until(lambda: log.ended)
        with pytest.raises(PeerClosed):
            await client.drain()

    play(scene)


def test_refused() -> None:
    """As the runner does: the attempts are told, the error is a `ConnectError`; closing what never opened is fine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    told: list[Attempt] = []

    async def scene(client: Client, log: Log) -> None:
        with pytest.raises(ConnectError) as raised:
            await client.open(Target("127.0.0.1", port), NetOptions(), told.append)
        assert raised.value.kind == "refused"
        with pytest.raises(PeerClosed):
            client.write(b"x")

    play(scene)
    assert told[-1] == Attempt("127.0.0.1", port, "connection refused")


def test_the_idna_trap() -> None:
    """A name is looked up off the loop, and what the lookup raises is translated."""

    async def scene(client: Client, log: Log) -> None:
        with pytest.raises(ConnectError) as raised:
            await client.open(Target("mail..example.com", 25), NetOptions())
        assert raised.value.kind == "bad-host"

    play(scene)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")
def test_unix_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A path is a target here too."""
    path = str(tmp_path_factory.mktemp("s") / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        async def scene(client: Client, log: Log) -> None:
            opened = await client.open(Target("", 0, path=path), NetOptions())
            assert (opened.address, opened.is_loopback) == (path, True)

        play(scene)


def test_starttls(raw_server: Start, certificates: Certificates) -> None:
    """In the middle of a session; afterwards everything goes through it, and the end is told as ever."""
    server = raw_server(
        [
            *(raw.Send(b"220 hi\r\n"), raw.Expect(b"STARTTLS"), raw.Send(b"220 go\r\n"), raw.StartTls()),
            *(raw.Send(b"unsolicited\r\n"), raw.ExpectOctets(1_000_000), raw.Send(b"250 ok\r\n"), raw.Close()),
        ]
    )
    trusting = NetOptions(tls=TlsOptions(ca_file=str(certificates.ca_pem)))

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), trusting)
        client.resume()
        await log.until(lambda: b"hi" in log.octets)
        client.write(b"STARTTLS\r\n")
        log.on_received = lambda _: client.pause()
        await log.until(lambda: b"go" in log.octets)
        log.on_received = lambda _: None
        facts = await client.start_tls()
        assert (facts.verified, facts.trust) == (True, "ca")
        assert client.tls_active
        assert log.octets.endswith(b"go\r\n")  # held until the owner has noted that TLS is up
        client.resume()
        client.write(b"x" * 1_000_000)
        with pytest.raises(TlsError, match="active already"):
            await client.start_tls()
        await log.until(lambda: log.ended)
        assert log.octets.endswith(b"unsolicited\r\n250 ok\r\n")
        assert log.ended == [False]

    play(scene)


def test_tls_from_the_start(raw_server: Start, certificates: Certificates) -> None:
    """`open` shakes hands before it returns; our close is a proper one."""
    server = raw_server([raw.StartTls(), raw.Send(b"220 hi\r\n"), raw.ExpectEnd()])

    async def scene(client: Client, log: Log) -> None:
        tls = TlsOptions(ca_pem=certificates.ca_pem.read_bytes())
        opened = await client.open(target(server, implicit_tls=True), NetOptions(tls=tls))
        assert opened.tls is not None
        assert opened.tls.trust == "practice"
        client.resume()
        await log.until(lambda: log.octets)

    play(scene)
    server.join()


def test_closing_our_half_of_tls(raw_server: Start, certificates: Certificates) -> None:
    """The peer sees the end of TLS and not a broken connection."""
    server = raw_server([raw.StartTls(), raw.ExpectEnd()])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server, implicit_tls=True), UNVERIFIED)
        client.shutdown()

    play(scene)
    server.join()


@pytest.mark.parametrize(
    ("moves", "kind", "says"),
    [
        ([raw.StartTls()], "cert-untrusted", "SHA-256"),
        ([raw.ExpectOctets(1), raw.Send(b"250 late\r\n")], "data-before-handshake", "250 late"),
        ([raw.ExpectOctets(1), raw.Close()], "handshake", "closed the connection"),
        ([raw.Close()], "handshake", "closed the connection"),
    ],
    ids=["untrusted", "no TLS", "cut", "closed"],
)
def test_no_handshake(raw_server: Start, moves: list[raw.Move], kind: str, says: str) -> None:
    """The error says why; the connection is closed, and the watcher hears nothing more."""
    server = raw_server([raw.Send(b"220 go\r\n"), *moves])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        log.on_received = lambda _: client.pause()
        client.resume()
        await log.until(lambda: log.octets)
        with pytest.raises(TlsError) as raised:
            await client.start_tls()
        assert raised.value.kind == kind
        assert says in raised.value.message
        with pytest.raises(PeerClosed):
            client.write(b"secret\r\n")
        await client.closed()
        client.resume()
        assert (log.octets, log.ended) == (b"220 go\r\n", [])

    play(scene)
    if kind == "cert-untrusted":
        with pytest.raises(OSError, match="unknown ca"):  # the server heard why
            server.join()


def test_injected_octets(raw_server: Start) -> None:
    """What has come after the 220 when we want to say ClientHello ends it: no handshake, the octets shown."""
    server = raw_server(
        [raw.Send(b"220 go\r\n"), raw.Expect(b"x"), raw.Send(b"250 evil\r\n"), raw.Expect(b"y"), raw.ExpectEnd()]
    )

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        log.on_received = lambda _: client.pause()
        client.resume()
        await log.until(lambda: log.octets)
        client.write(b"x\r\ny\r\n")
        while len(server.received) < 2:  # without giving the loop a turn: the octets have come, and nobody looked
            pass
        with pytest.raises(TlsError, match="250 evil") as raised:
            await client.start_tls()
        assert raised.value.kind == "data-before-handshake"
        assert log.octets == b"220 go\r\n"

    play(scene)


def test_plaintext_where_tls_was_due(raw_server: Start) -> None:
    """Implicit TLS against a server that greets in the clear: what it said is shown."""
    server = raw_server([raw.Send(b"220 hello\r\n")])

    async def scene(client: Client, log: Log) -> None:
        with pytest.raises(TlsError, match="220 hello") as raised:
            await client.open(target(server, implicit_tls=True), NetOptions())
        assert raised.value.kind == "plaintext"

    play(scene)


def test_a_handshake_that_is_never_answered(raw_server: Start) -> None:
    """It has as much time as connecting has; cancelling it closes the connection."""
    hold = threading.Event()
    server = raw_server([raw.Await(hold)], [raw.ExpectOctets(1), raw.Await(hold)])

    async def stalled(client: Client, log: Log) -> None:
        with pytest.raises(TlsError, match=r"within 0\.1 s"):
            await client.open(target(server, implicit_tls=True), NetOptions(connect_timeout=0.1))
        hold.set()

    async def cancelled(client: Client, log: Log) -> None:
        opening = asyncio.create_task(client.open(target(server, implicit_tls=True), NetOptions()))
        for _ in range(20):
            await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

    play(stalled)
    hold.clear()
    play(cancelled)
    hold.set()


def test_closing_tells_nothing(raw_server: Start) -> None:
    """Who closes knows: no `gone` for what we did ourselves."""
    server = raw_server([raw.ExpectEnd()])

    async def scene(client: Client, log: Log) -> None:
        await client.open(target(server), NetOptions())
        client.resume()
        client.close()
        client.close()
        await client.closed()
        assert log.ended == []

    play(scene)
