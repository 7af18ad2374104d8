"""One end of an asyncio connection: octets in, octets out, TLS at any moment. Whoever connects, and whoever is
connected to, is this; see `client` and `caller`.

What comes is handed to a `Watcher` at once and in order, from within the loop. TLS goes through our own pipe and not
`loop.start_tls`, so that octets which came before the handshake are seen and refused. Only transports and protocols
are used, no readers on descriptors: Windows' proactor loop has none. Knows no SMTP.
"""

import asyncio
from typing import Protocol, cast

from smtp_repl.net.connection import UNREAD_LIMIT
from smtp_repl.net.pipe import Pipe
from smtp_repl.script.actions import TlsFacts
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, TlsError
from smtp_repl.wire.language import phrase

# Received in small blocks: with asyncio's own 256 KiB each read would allocate and shrink that much.
_BLOCK = 16384
_SLICE = 256 * 1024
_CLOSE_SECONDS = 1.0
"""What has not gone out by then when we close is dropped."""


class Watcher(Protocol):
    """Who is told what happens. Called from within the loop; must not block."""

    def received(self, octets: bytes) -> None:
        """These octets came, after all that came before."""

    def gone(self, reset: bool) -> None:
        """Nothing more will come: the peer closed, or the connection broke (`reset`). Called at most once."""


class Stream(asyncio.BufferedProtocol):
    """One connection, for one use.

    It is opened *holding*: octets are kept back until `resume`, so that the owner can first take note of what `open`
    or `start_tls` returned. The owner calls `pause` when it reads a 220 to STARTTLS.
    """

    def __init__(self, watcher: Watcher, *, handshake_seconds: float, write_seconds: float) -> None:
        self._watcher = watcher
        self._handshake_seconds = handshake_seconds
        self._write_seconds = write_seconds
        self._transport: asyncio.Transport | None = None
        self._buffer = memoryview(bytearray(_BLOCK))
        self._pipe: Pipe | None = None
        self._handshake: asyncio.Future[None] | None = None
        self._held = b""
        self._holding = True
        self._ended: bool | None = None
        self._told = False
        self._closing = False
        self._shut = False
        self._lost = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    # ------------------------------------------------------------ for the owner

    @property
    def fault(self) -> TlsError | None:
        """What broke TLS after the handshake, when `gone(True)` was told."""
        return self._pipe.fault if self._pipe is not None else None

    @property
    def tls_active(self) -> bool:
        return self._pipe is not None and self._pipe.handshake_done

    def pause(self) -> None:
        """Keep back what comes from now on."""
        self._holding = True

    def resume(self) -> None:
        """Hand over what was kept back, and what comes from now on at once."""
        self._holding = False
        if self._held:
            octets, self._held = self._held, b""
            self._watcher.received(octets)
        self._tell_end()
        if self._transport is not None and not self._holding and not self._transport.is_closing():
            self._transport.resume_reading()

    def write(self, octets: bytes) -> None:
        """Send octets; returns at once. Raises `PeerClosed` when that is impossible."""
        transport = self._open_transport()
        if self._shut:
            raise PeerClosed("our half of the connection is closed already", kind="shut")
        if self._pipe is None:
            transport.write(octets)
            return
        view = memoryview(octets)
        for start in range(0, len(view), _SLICE):
            transport.write(self._pipe.encrypt(view[start : start + _SLICE]))

    async def drain(self) -> None:
        """Wait until there is room for more. Raises `ReplyTimeout` or `PeerClosed`."""
        seconds = self._write_seconds
        try:
            async with asyncio.timeout(seconds):
                await self._room.wait()
        except TimeoutError:
            raise ReplyTimeout(
                phrase("the peer read nothing for {seconds:g} s", seconds=seconds), kind="write-timeout"
            ) from None
        self._open_transport()

    def shutdown(self) -> None:
        """Close our half; the peer may go on talking."""
        transport = self._open_transport()
        if self._pipe is not None and not self._shut:
            transport.write(self._pipe.close())
        self._shut = True
        if transport.can_write_eof():
            transport.write_eof()

    def close(self) -> None:
        """Drop the connection; the watcher hears nothing more. `closed` waits until it is done."""
        transport, self._closing = self._transport, True
        self._told = True
        if transport is None or transport.is_closing():
            return
        if self._pipe is not None and self._ended is None and not self._shut:
            transport.write(self._pipe.close())
        transport.close()
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_CLOSE_SECONDS, transport.abort)

    async def closed(self) -> None:
        """Wait until the socket is closed."""
        if self._transport is not None:
            await self._lost.wait()

    # ------------------------------------------------------------ for the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        octets = bytes(self._buffer[:nbytes])
        if self._pipe is None:
            self._deliver(octets)
        elif self._transport is not None and not self._closing:
            self._decrypt(self._pipe, self._transport, octets)

    def eof_received(self) -> bool:
        if self._ended is None:
            self._end(reset=False)
        return not self._closing  # True: keep our half open, the owner closes

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost.set()
        self._room.set()
        if self._ended is None:
            self._end(reset=exc is not None)

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    # ------------------------------------------------------------ within

    def _open_transport(self) -> asyncio.Transport:
        if self._transport is None or self._transport.is_closing() or self._lost.is_set():
            raise PeerClosed("there is no connection", "connect first", kind="not-connected")
        return self._transport

    def _make_pipe(self, *, after_starttls: bool) -> Pipe:
        """Our end of TLS."""
        raise NotImplementedError

    async def _secure(self, *, after_starttls: bool) -> TlsFacts:
        seconds = self._handshake_seconds
        handshake = self._handshake = asyncio.get_running_loop().create_future()
        try:
            self._pipe = pipe = self._make_pipe(after_starttls=after_starttls)
            self._open_transport().write(pipe.start())
            if self._held:  # the client's hello; or the greeting of a server that does not begin with TLS
                octets, self._held = self._held, b""
                self._decrypt(pipe, self._open_transport(), octets)
            if self._ended is not None:
                self._finish_handshake(pipe.cut())
            done, _ = await asyncio.wait([handshake], timeout=seconds)
            if not done:
                raise pipe.stalled(seconds)
            handshake.result()
        except BaseException:
            self._stop()
            raise
        return pipe.facts()

    def _decrypt(self, pipe: Pipe, transport: asyncio.Transport, octets: bytes) -> None:
        try:
            plaintext, answer = pipe.feed(octets)
        except TlsError as error:
            transport.write(pipe.farewell())
            self._finish_handshake(error)
            return
        if answer:
            transport.write(answer)
        if pipe.handshake_done:
            self._finish_handshake(None)
        if plaintext:
            self._deliver(plaintext)
        if (pipe.closed or pipe.fault is not None) and self._ended is None:
            self._end(reset=pipe.fault is not None)

    def _finish_handshake(self, error: TlsError | None) -> None:
        handshake = self._handshake
        if handshake is None or handshake.done():
            return
        if error is None:
            handshake.set_result(None)
        else:
            handshake.set_exception(error)

    def _deliver(self, octets: bytes) -> None:
        if not self._holding:
            self._watcher.received(octets)
            return
        self._held += octets
        if len(self._held) >= UNREAD_LIMIT and self._transport is not None:
            self._transport.pause_reading()

    def _end(self, *, reset: bool) -> None:
        self._ended = reset
        if self._pipe is not None and not self._pipe.handshake_done:
            self._finish_handshake(self._pipe.cut())
        self._tell_end()

    def _tell_end(self) -> None:
        if self._ended is not None and not self._holding and not self._held and not self._told:
            self._told = True
            self._watcher.gone(self._ended)

    def _stop(self) -> None:
        """Close, with what was written (an alert) sent; the watcher is told by the error that is raised."""
        self._closing = self._told = True
        if self._transport is not None:
            self._transport.close()

    def _abort(self) -> None:
        self._closing = self._told = True
        if self._transport is not None:
            self._transport.abort()
