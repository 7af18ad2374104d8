"""The practice server itself: it listens, counts its sessions, and stops cleanly."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from smtp_repl.net.practice.inbox import Inbox
from smtp_repl.net.practice.options import PracticeOptions, refuse_public
from smtp_repl.net.practice.practice import Practice
from smtp_repl.net.practice.switches import Profile
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import Target

_GOODBYE = 0.5
"""Seconds in which a client can read the last 421 before the connection is cut."""


class PracticeServer:
    """A practice server in the running event loop.

    `log` gets each line that is said, and each event as a comment, in the notation of scripts with the number of
    the session as its name: printable, and without secrets.
    """

    def __init__(self, options: PracticeOptions | None = None, log: Callable[[str], None] | None = None) -> None:
        self.options = options or PracticeOptions()
        self._practice = Practice(self.options, log)
        self._server: asyncio.Server | None = None
        self.host = self.options.host
        self.port = self.options.port
        """The port that it listens on; before `start` the one that was asked for."""

    @property
    def inbox(self) -> Inbox:
        return self._practice.inbox

    @property
    def target(self) -> Target:
        """Where it listens, and what is spoken there from the first octet on."""
        profile = self.profile
        return Target(self.host, self.port, profile.implicit_tls, lmtp=profile.protocol == "lmtp")

    @property
    def account(self) -> tuple[str, str]:
        """The name and password of who may log in: the first of the profile's accounts, or of its own."""
        return next(iter((self.profile.accounts or self.options.accounts).items()))

    @property
    def profile(self) -> Profile:
        """How sessions behave that begin now."""
        return self._practice.profile

    def behave(self, profile: Profile) -> None:
        """Behave so in sessions that begin from now on; those that are under way go on as they began."""
        self._practice.profile = profile

    def ca_pem(self) -> bytes:
        """The certificate of the authority behind its certificate, in PEM; made at the first call."""
        return self._practice.certificates.ca_pem()

    async def start(self) -> None:
        """Listen. Raises `UsageError` for an address that is not loopback, or that cannot be had."""
        refuse_public(self.options)
        from smtp_repl.net.practice.session import PracticeSession

        _silence_aiosmtpd()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: PracticeSession(self._practice, loop), self.options.host, self.options.port, backlog=1024
            )
        except OSError as error:
            raise UsageError(
                phrase(
                    "cannot listen on {host}:{port}: {why}",
                    host=self.options.host,
                    port=self.options.port,
                    why=printable(error.strerror or str(error)),
                ),
                "port 0 takes any free port; ports below 1024 need rights",
                kind="listen",
            ) from error
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    async def stop(self) -> None:
        """Say 421 to whoever is there, hang up, and leave nothing behind. Does nothing when it does not run."""
        if self._server is None:
            return
        await self._accept_no_more(self._server)
        self._server.close()
        visitors = list(self._practice.visitors)
        for visitor in visitors:
            visitor.dismiss()
        leaving = [asyncio.ensure_future(visitor.gone()) for visitor in visitors]
        if leaving:
            _, slow = await asyncio.wait(leaving, timeout=_GOODBYE)
            if slow:
                for visitor in visitors:
                    visitor.abort()
                await asyncio.wait(slow)
        await self._server.wait_closed()
        self._server = None

    async def _accept_no_more(self, server: asyncio.Server) -> None:
        """asyncio loses a connection that is being accepted while a server closes; so it closes when none is."""
        loop = asyncio.get_running_loop()
        for listening in server.sockets:
            with contextlib.suppress(NotImplementedError):  # another kind of loop, on Windows
                loop.remove_reader(listening.fileno())
        for _turn in ("the transport is made", "the protocol is told"):
            await asyncio.sleep(0)

    async def __aenter__(self) -> "PracticeServer":
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()


def _silence_aiosmtpd() -> None:
    """It logs what clients say, secrets included (a password typed without base64, at DEBUG)."""
    logger = logging.getLogger("mail.log")
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)
