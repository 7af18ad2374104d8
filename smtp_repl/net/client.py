"""The shell's connection: asyncio, because a person types meanwhile; it is a `Stream` that connects.

Octets that came between the 220 to STARTTLS and the handshake are seen and refused. Knows no SMTP.
"""

import asyncio
from time import monotonic
from typing import cast

from smtp_repl.net.dial import Attempts, OnAttempt, opened, resolve
from smtp_repl.net.pipe import Pipe
from smtp_repl.net.session import NetOptions
from smtp_repl.net.stream import Stream, Watcher
from smtp_repl.net.tls import TlsPipe, injected
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.wire.errors import TlsError
from smtp_repl.wire.targets import Target


class Client(Stream):
    """One connection to one target, for one use.

    The owner calls `pause` when it reads a 220 to STARTTLS.
    """

    def __init__(self, watcher: Watcher) -> None:
        options = self._options = NetOptions()
        self._target = Target("")
        super().__init__(watcher, handshake_seconds=options.connect_timeout, write_seconds=options.write_timeout)

    async def open(self, target: Target, options: NetOptions, on_attempt: OnAttempt | None = None) -> Opened:
        """Connect, with TLS where the target begins with it. Raises `ConnectError` or `TlsError`."""
        self._target, self._options = target, options
        self._handshake_seconds, self._write_seconds = options.connect_timeout, options.write_timeout
        loop = asyncio.get_running_loop()
        numeric = target.path or target.is_loopback or not target.host.strip("0123456789.")
        addresses = resolve(target) if numeric else await loop.run_in_executor(None, resolve, target)
        attempts = Attempts(target, addresses, options.connect_timeout, on_attempt)
        while True:
            sock, address = attempts.begin()
            try:
                async with asyncio.timeout(attempts.deadline - monotonic()):
                    await loop.sock_connect(sock, cast("tuple[str, int] | str", address.sockaddr))
                await loop.create_connection(lambda: self, sock=sock)
            except OSError as error:
                sock.close()
                attempts.failed(address, error)
            except BaseException:
                sock.close()
                raise
            else:
                attempts.succeeded(address)
                break
        facts = await self._secure(after_starttls=False) if target.implicit_tls else None
        return opened(sock, target, facts)

    async def start_tls(self) -> TlsFacts:
        """Shake hands now; afterwards the client holds until `resume`.

        Raises `TlsError`, and then the connection is closed: of kind "data-before-handshake" when anything came that
        the watcher has not seen.
        """
        self._open_transport()
        if self._pipe is not None:
            raise TlsError("TLS is active already", kind="handshake")
        self.pause()
        # What has reached this machine by now is read in one turn of the loop and delivered in the next.
        for _ in range(2):
            await asyncio.sleep(0)
        if self._held:
            octets, self._held = self._held, b""
            self._abort()
            raise injected(octets)
        return await self._secure(after_starttls=True)

    def _make_pipe(self, *, after_starttls: bool) -> Pipe:
        options = self._options.tls
        if not options.server_name:
            options = options._replace(server_name=self._target.server_name)
        # No sessions are kept: the person wants to see what the server presents now.
        return TlsPipe(options, self._target.host, after_starttls=after_starttls)
