"""Clients accepted in the loop: kept back until they are served, TLS as the server, and what a client does wrong."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine

import pytest

from smtp_repl.net.caller import Caller, accept_all
from smtp_repl.net.listener import Listener
from smtp_repl.wire.errors import TlsError


class Log:
    """A watcher that remembers, and that one can wait for."""

    def __init__(self) -> None:
        self.octets = b""
        self.ended: list[bool] = []
        self.callers: list[Caller] = []
        self._changed = asyncio.Event()

    def received(self, octets: bytes) -> None:
        self.octets += octets
        self._changed.set()

    def gone(self, reset: bool) -> None:
        self.ended.append(reset)
        self._changed.set()

    def came(self, caller: Caller) -> None:
        self.callers.append(caller)
        self._changed.set()

    async def until(self, fact: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not fact():
                self._changed.clear()
                await self._changed.wait()


def play(scene: Callable[[Listener, Log], Coroutine[object, object, None]], *, implicit_tls: bool = False) -> None:
    """Run a scene with a listener whose callers are closed at its end."""

    async def main() -> None:
        log = Log()
        with Listener(implicit_tls=implicit_tls) as listener:
            accepting = asyncio.create_task(accept_all(listener, log, log.came))
            try:
                await scene(listener, log)
            finally:
                accepting.cancel()
                await asyncio.gather(accepting, return_exceptions=True)
                for caller in log.callers:
                    caller.close()
                    await caller.closed()

    asyncio.run(main())


def connect(listener: Listener) -> socket.socket:
    return socket.create_connection((listener.host, listener.port), timeout=10)


def trusting(listener: Listener) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=listener.ca_pem().decode())


async def in_thread(task: Callable[[], object]) -> object:
    return await asyncio.get_running_loop().run_in_executor(None, task)


def test_nothing_is_told_before_it_is_served() -> None:
    """What a client says, and that it leaves, is kept until `resume`; whether it has left can be asked."""

    async def scene(listener: Listener, log: Log) -> None:
        with connect(listener) as client:
            client.sendall(b"EHLO x\r\n")
            await log.until(lambda: log.callers)
            caller = log.callers[0]
            name = client.getsockname()
            assert str(caller) == f"{name[0]}:{name[1]}"
        async with asyncio.timeout(10):
            while not caller.has_left:
                await asyncio.sleep(0)
        assert (log.octets, log.ended) == (b"", [])
        opened = await caller.open()
        assert opened.is_loopback
        assert opened.tls is None
        caller.resume()
        await log.until(lambda: log.ended)
        assert (log.octets, log.ended) == (b"EHLO x\r\n", [False])

    play(scene)


def test_starttls() -> None:
    """The handshake is the server's, and octets go through it afterwards."""

    async def scene(listener: Listener, log: Log) -> None:
        context = trusting(listener)

        def client() -> bytes:
            with connect(listener) as plain:
                plain.recv(100)
                with context.wrap_socket(plain, server_hostname="localhost") as secured:
                    secured.sendall(b"EHLO x\r\n")
                    return secured.recv(100)

        talking = asyncio.ensure_future(in_thread(client))
        await log.until(lambda: log.callers)
        caller = log.callers[0]
        await caller.open()
        caller.resume()
        caller.write(b"220 go\r\n")
        facts = await caller.start_tls()
        assert facts.version == "TLS 1.3"
        assert caller.tls_active
        caller.resume()
        await log.until(lambda: log.octets)
        caller.write(b"250 x\r\n")
        assert await talking == b"250 x\r\n"
        assert log.octets == b"EHLO x\r\n"
        with pytest.raises(TlsError, match="active already"):
            await caller.start_tls()

    play(scene)


def test_tls_from_the_start() -> None:
    async def scene(listener: Listener, log: Log) -> None:
        context = trusting(listener)

        def client() -> None:
            with connect(listener) as plain, context.wrap_socket(plain, server_hostname="localhost"):
                pass

        talking = asyncio.ensure_future(in_thread(client))
        await log.until(lambda: log.callers)
        opened = await log.callers[0].open()
        assert opened.tls is not None
        await talking

    play(scene, implicit_tls=True)


def test_plaintext_instead_of_a_handshake() -> None:
    """RFC 3207 §5: whatever comes in plaintext where the handshake is due ends it."""

    async def scene(listener: Listener, log: Log) -> None:
        with connect(listener) as client:
            await log.until(lambda: log.callers)
            caller = log.callers[0]
            await caller.open()
            client.sendall(b"MAIL FROM:<evil@example.net>\r\n")
            with pytest.raises(TlsError, match="said, instead of TLS") as caught:
                await caller.start_tls()
        assert caught.value.kind == "data-before-handshake"

    play(scene)


def test_last_words() -> None:
    """A client that is refused hears why, and then the end."""

    async def scene(listener: Listener, log: Log) -> None:
        with connect(listener) as client:
            await log.until(lambda: log.callers)
            log.callers[0].refuse(b"421 busy\r\n")
            assert await in_thread(lambda: client.recv(100)) == b"421 busy\r\n"
            assert await in_thread(lambda: client.recv(100)) == b""

    play(scene)
