"""The practice server on a thread of its own, for drivers that have no event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from smtp_repl.net.practice.inbox import Inbox
from smtp_repl.net.practice.options import PracticeOptions
from smtp_repl.net.practice.server import PracticeServer
from smtp_repl.net.practice.switches import Profile
from smtp_repl.wire.targets import Target


class PracticeThread:
    """`with PracticeThread() as server:` listens inside the block and is gone after it.

    `log` is called on the server's thread. Entering raises what `PracticeServer.start` raises.
    """

    def __init__(self, options: PracticeOptions | None = None, log: Callable[[str], None] | None = None) -> None:
        self._server = PracticeServer(options, log)
        # A daemon: a main program that dies must not be kept alive by its practice server.
        self._thread = threading.Thread(target=self._run, name="practice server", daemon=True)
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._stop = asyncio.Event()

    @property
    def host(self) -> str:
        return self._server.host

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def inbox(self) -> Inbox:
        return self._server.inbox

    @property
    def target(self) -> Target:
        """See `PracticeServer.target`."""
        return self._server.target

    @property
    def account(self) -> tuple[str, str]:
        """See `PracticeServer.account`."""
        return self._server.account

    @property
    def profile(self) -> Profile:
        return self._server.profile

    def behave(self, profile: Profile) -> None:
        """See `PracticeServer.behave`; safe to call from any thread, since a profile never changes."""
        self._server.behave(profile)

    def ca_pem(self) -> bytes:
        """See `PracticeServer.ca_pem`."""
        return self._server.ca_pem()

    def __enter__(self) -> "PracticeThread":
        self._thread.start()
        try:
            self._started.result()
        except BaseException:
            self._thread.join()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._started.result().call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        # Under -X dev a slow machine would be reported into the transcript.
        asyncio.get_running_loop().slow_callback_duration = 60
        async with self._server:
            self._started.set_result(asyncio.get_running_loop())
            await self._stop.wait()
