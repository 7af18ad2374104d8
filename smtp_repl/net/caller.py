"""Clients that connect while a person plays the server: accepted in the loop, each held until the person has time.

A `Caller` is a `Stream` whose TLS is the server's. Knows no SMTP.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial

from smtp_repl.net.dial import opened
from smtp_repl.net.listener import GONE, Listener
from smtp_repl.net.pipe import Pipe
from smtp_repl.net.stream import Stream, Watcher
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.wire.errors import TlsError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

HANDSHAKE_SECONDS = 10.0
WRITE_SECONDS = 300.0


class Caller(Stream):
    """One client. What it says is kept back until `resume`."""

    def __init__(self, watcher: Watcher, listener: Listener, sock: socket.socket) -> None:
        super().__init__(watcher, handshake_seconds=HANDSHAKE_SECONDS, write_seconds=WRITE_SECONDS)
        self._listener = listener
        self._target = listener.peer(sock)
        self._opened = opened(sock, self._target)

    def __str__(self) -> str:
        host, port = self._target.host, self._target.port
        return printable(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")

    @property
    def has_left(self) -> bool:
        """Whether it has hung up, told or not."""
        return self._ended is not None

    async def open(self) -> Opened:
        """Begin to serve it, with TLS where the listener begins with it. Raises `TlsError`."""
        facts = await self._secure(after_starttls=False) if self._listener.implicit_tls else None
        return self._opened._replace(tls=facts)

    async def start_tls(self) -> TlsFacts:
        """Answer the client's handshake; afterwards what it says is kept back until `resume`.

        Raises `TlsError`, and then the connection is closed: of kind "data-before-handshake" when it says anything
        in plaintext. It may well have begun its handshake by now, so what is there already goes into it.
        """
        self._open_transport()
        if self._pipe is not None:
            raise TlsError("TLS is active already", kind="handshake")
        self.pause()
        return await self._secure(after_starttls=True)

    def refuse(self, octets: bytes) -> None:
        """Say these last words and hang up."""
        if self._transport is not None and not self._listener.implicit_tls:
            self._transport.write(octets)
        self.close()

    def _make_pipe(self, *, after_starttls: bool) -> Pipe:
        return self._listener.pipe(self._target.host, after_starttls=after_starttls)


async def accept_all(listener: Listener, watcher: Watcher, came: Callable[[Caller], None]) -> None:
    """Take every client that connects, until cancelled; `came` is told of each. Raises `UsageError` when it cannot."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            sock, _ = await loop.sock_accept(listener.listening)
        except OSError as error:
            if error.errno in GONE:
                continue
            text = printable(error.strerror or str(error))
            raise UsageError(phrase("no connection can be taken: {why}", why=text), kind="listen") from None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            caller = Caller(watcher, listener, sock)
            await loop.create_connection(partial(_same, caller), sock=sock)
        except OSError:  # it has gone already
            sock.close()
            continue
        came(caller)


def _same(caller: Caller) -> Caller:
    return caller
