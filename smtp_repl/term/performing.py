"""A play on the shell's connection: the actions of a part, done over an asyncio client that is open already.

Between two reads the client holds what comes, so that octets which follow the 220 to STARTTLS are seen and refused.
A play cannot open another connection here; that is what `smtp-repl run` is for.
"""

import asyncio
from collections import deque
from collections.abc import Generator

from smtp_repl.net.client import Client
from smtp_repl.script.actions import (
    Action,
    Close,
    Happening,
    Open,
    PeerGone,
    Read,
    Received,
    Secured,
    Send,
    SendStream,
    Shutdown,
    StartTls,
    TimedOut,
    Wait,
)
from smtp_repl.script.casting import PlayResult
from smtp_repl.wire.errors import SmtpReplError, UsageError


class Performance:
    """One play. The owner of the client passes on what the client tells, while the play goes on."""

    def __init__(self, client: Client) -> None:
        self.unread: deque[bytes | PeerGone] = deque()
        """What came and was not read by the play."""
        self._client = client
        self._clock = asyncio.get_running_loop().time
        self._zero = self._clock()
        self._news = asyncio.Event()

    def received(self, octets: bytes) -> None:
        self._client.pause()
        self.unread.append(octets)
        self._news.set()

    def gone(self, reset: bool) -> None:
        self.unread.append(PeerGone(reset))
        self._news.set()

    async def perform(self, playing: Generator[Action, Happening, PlayResult]) -> PlayResult:
        """Play to the end. Raises what the play raises."""
        self._client.pause()
        try:
            action = next(playing)
            while True:
                try:
                    happening = await self._do(action)
                except SmtpReplError as error:
                    action = playing.throw(error)
                else:
                    action = playing.send(happening)
        except StopIteration as stop:
            result: PlayResult = stop.value
            return result
        finally:
            playing.close()

    async def _do(self, action: Action) -> Happening:
        match action:
            case Send(octets=octets):
                self._client.write(octets)
                await self._client.drain()
            case SendStream(blocks=blocks):
                for block in blocks:
                    self._client.write(block)
                    await self._client.drain()
            case Read(seconds=seconds, restart=restart):
                return await self._read(seconds, restart)
            case StartTls():
                return Secured(await self._client.start_tls())
            case Wait(seconds=seconds):
                await asyncio.sleep(seconds)
            case Shutdown():
                self._client.shutdown()
            case Close():
                self._client.close()
            case Open():
                raise UsageError("a script cannot open another connection in the shell", "smtp-repl run FILE")
        return None

    async def _read(self, seconds: float, restart: bool) -> Happening:
        if restart:
            self._zero = self._clock()
        if not self.unread:
            self._news.clear()
            self._client.resume()
            try:
                async with asyncio.timeout_at(self._zero + seconds):
                    await self._news.wait()
            except TimeoutError:
                return TimedOut(self._clock() - self._zero)
            finally:
                self._client.pause()
        came = self.unread.popleft()
        elapsed = self._clock() - self._zero
        return came._replace(seconds=elapsed) if isinstance(came, PeerGone) else Received(came, elapsed)
