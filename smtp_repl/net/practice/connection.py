"""The connection of one practice session: aiosmtpd's protocol with our clock, our reading and our notes.

aiosmtpd's own loop knows no BDAT, no enhanced codes, no long AUTH lines, and hangs up after five unknown commands;
so the loop here is ours. What is inherited is what took others years to get right: a stream of octets that turns into
TLS in the middle, without injection (RFC 3207 §5). What the commands do is in `session`.

Importing this module imports aiosmtpd; `server` does so when it starts.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

from aiosmtpd.smtp import SMTP, TLSSetupException
from aiosmtpd.smtp import Session as Visit

from smtp_repl.net.practice.answers import READY_OF_AIOSMTPD, answer, without_enhanced
from smtp_repl.net.practice.logins import LOGINS
from smtp_repl.net.practice.minutes import Full, SessionMinutes
from smtp_repl.net.practice.options import is_loopback
from smtp_repl.net.practice.practice import Practice
from smtp_repl.net.practice.services import SERVICES, Service
from smtp_repl.net.practice.textreader import LINE_LIMIT
from smtp_repl.script.actions import Opened
from smtp_repl.wire.commands import Command
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.verbs import VERBS

BLOCK = 65536
NEVER = 10.0**8
"""Seconds; three years."""


class _NoHandler:
    """aiosmtpd asks its handler about much; we let it ask about nothing."""


class PracticeConnection(SMTP):
    """A connection to a client; a subclass reads commands and keeps messages."""

    line_length_limit = LINE_LIMIT
    _visit: Visit

    def __init__(self, practice: Practice, loop: asyncio.AbstractEventLoop) -> None:
        options, profile = practice.options, practice.profile
        super().__init__(
            _NoHandler(),
            enable_SMTPUTF8=True,
            hostname=profile.hostname,
            timeout=options.idle_limit or NEVER,
            auth_require_tls=False,
            loop=loop,
        )
        self._practice = practice
        self._options = options
        self._profile = profile
        """How the server behaved when this session began; it stays so."""
        self._user: str | None = None
        self._leaving = False
        self._heard_at = self._arrived_at = loop.time()
        self._half_closed = False
        """The client will say no more."""
        self._spoken_to = asyncio.Event()
        """Set when the first octets have come."""
        self._receiving = False
        self._closed_for_good: asyncio.Future[None] = loop.create_future()
        self._number = 0
        self._minutes: SessionMinutes | None = None

    # ------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Called a second time when a TLS handshake is done: then everything is forgotten (RFC 3207 §4.2).
        injected = self._pending() if self._number and self._profile.after_starttls == "obeyed" else b""
        super().connection_made(transport)
        self._user = None
        if not self._number:
            self._number = self._practice.number_session()
            self._practice.visitors.add(self)
            self._note(printable("connected from {}:{}".format(*self._peer())))
        elif self._visit.ssl is not None:
            tls = transport.get_extra_info("ssl_object")
            self._note(f"the connection is encrypted: {tls.version() if isinstance(tls, ssl.SSLObject) else 'TLS'}")
            if self._minutes is not None and isinstance(tls, ssl.SSLObject):
                cipher = tls.cipher()
                self._record(lambda minutes: minutes.secured(tls.version() or "TLS", cipher[0] if cipher else ""))
            if injected:
                self._reader.feed_data(injected)

    def connection_lost(self, error: Exception | None) -> None:
        if self._closed_for_good.done():
            return
        super().connection_lost(error)
        self._practice.leave(self)
        self._note("closed")
        if self._minutes is not None:
            self._minutes.closed(by_server=self._leaving)
        self._closed_for_good.set_result(None)

    def data_received(self, data: bytes) -> None:
        # A command must come whole within the limit, or one octet now and then would hold a session for ever;
        # a message may take its time as long as it moves.
        self._arrived_at = self.loop.time()
        if self._receiving:
            self._heard_at = self._arrived_at
        self._spoken_to.set()
        self._record(lambda minutes: minutes.client_said(data))
        super().data_received(data)

    def eof_received(self) -> bool | None:
        # aiosmtpd drops everything here; but a client may close its half and still want the replies.
        self._half_closed = True
        asyncio.StreamReaderProtocol.eof_received(self)
        return not self._tls_active

    def _reset_timeout(self, duration: float | None = None) -> None:
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_later(duration or self._timeout_duration, self._timeout_cb)

    def _timeout_cb(self) -> None:
        quiet = self.loop.time() - self._heard_at
        if quiet < self._timeout_duration:
            self._timeout_handle = self.loop.call_later(self._timeout_duration - quiet, self._timeout_cb)
        else:
            self._say_last(answer("idle", seconds=self._timeout_duration))

    def dismiss(self) -> None:
        self._say_last(answer("stopping"))

    def abort(self) -> None:
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    async def gone(self) -> None:
        await self._closed_for_good
        if self._handler_coroutine is not None:
            await asyncio.gather(self._handler_coroutine, return_exceptions=True)

    def _reading(self, wanted: bool) -> None:
        transport = self.transport
        if isinstance(transport, asyncio.ReadTransport) and not transport.is_closing():
            (transport.resume_reading if wanted else transport.pause_reading)()

    def _say_last(self, text: str) -> None:
        self._leaving = True
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
            transport.write(self._final_form(text))
            transport.close()

    # ------------------------------------------------------------ reading and answering

    async def _handle_client(self) -> None:
        try:
            if not self._practice.admit(self, str(self._peer()[0])):
                await self.push(answer("too-many-sessions"))
            elif not self._begin_minutes():
                await self.push(answer("recording-ends"))
            elif self._profile.service in SERVICES:
                await self._play(SERVICES[self._profile.service])
            else:
                await self._serve()
            self._leaving = True
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client hung up
        except TLSSetupException as error:
            self._note(f"the TLS handshake failed: {printable(str(error.__cause__))}")
            # Without a handshake nobody else tells us that the connection is gone.
            self.abort()
            await asyncio.sleep(0)  # the socket is closed in the next turn of the loop, which may be the last
            self.connection_lost(None)
        except Exception:
            self._say_last(answer("broken"))
            raise
        finally:
            self._writer.close()

    async def _serve(self) -> None:
        """A session of the mail server, from the greeting on."""
        if self._profile.implicit_tls:
            # The first octets are for the handshake: none may be read before it.
            self._reading(False)
            await self._prepare_tls()
            self._reading(True)
            await self._begin_tls()
        if self._profile.greeting_delay:
            await self._hesitate(self._profile.greeting_delay)
        if self._profile.enforce_sync and self._pending():
            self._say_last(answer("sync"))
            return
        protocol = "LMTP" if self._profile.protocol == "lmtp" else "ESMTP" if self._profile.esmtp else "SMTP"
        await self.push(answer("greeting", hostname=self.hostname, protocol=protocol))
        while not self._leaving:
            await self._read_command()

    async def _hesitate(self, seconds: float) -> None:
        """Wait; where it matters, no longer than the client does."""
        if not self._profile.enforce_sync:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._spoken_to.wait(), seconds)

    async def _play(self, service: Service) -> None:
        """Something that is no mail server, or does not want to be one."""
        if service.greeting:
            await self.push(service.greeting.format(hostname=self.hostname))
        if service.closes and (service.greeting or not service.otherwise):
            return
        while not self._leaving:
            line = await self._read_line()
            self._note("C", f"({len(line or b'')} octets)")
            word = (line or b"").split(b" ")[0].upper().decode("ascii", "replace")
            self._leaving = word == "QUIT" or service.closes
            text = service.replies.get(word, service.otherwise)
            if text:
                await self.push(text)

    async def _read_command(self) -> None:
        """Read one command and answer it."""
        raise NotImplementedError

    async def _prepare_tls(self) -> None:
        """Have the certificate at hand; a client that hears the 220 must find us ready for its handshake."""
        # Made in a thread: a server in the shell's own loop must not stop the shell for it.
        self.tls_context = await asyncio.to_thread(
            self._practice.certificates.server_context, self._profile.certificate, self._profile.hostname
        )

    async def _begin_tls(self) -> None:
        """The server's part of the handshake. Raises `TLSSetupException`, `ConnectionError` when the client is gone."""
        if self._half_closed:
            raise ConnectionResetError  # nobody is going to shake hands, and nobody would tell
        await super().smtp_STARTTLS("")
        if not self._tls_active:
            # asyncio takes a connection that was cut in the middle of a handshake for one that is done.
            raise TLSSetupException from ConnectionResetError("cut")

    def _pending(self) -> bytes:
        """What has come and was not read yet."""
        return bytes(self._reader._buffer)  # type: ignore[attr-defined] # nothing public tells

    async def _read_line(self) -> bytes | None:
        """The next line without its end (CRLF, or LF as typed into netcat); None for one that is too long."""
        too_long = False
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                too_long = True
                await self._reader.readexactly(overrun.consumed)
                continue
            self._heard_at = self.loop.time()
            if too_long:
                return None
            return line[:-2] if line.endswith(b"\r\n") else line[:-1]

    async def push(self, status: str | bytes, also: Callable[[SessionMinutes], None] | None = None) -> None:
        """Send a reply, given without its last line end; `also` is for the minutes, and written before it is heard."""
        text = status if isinstance(status, str) else status.decode()
        if text == READY_OF_AIOSMTPD:
            return  # said in our own words by whoever begins TLS
        if self._profile.reply_delay:
            # The way is long, not the server slow: what came in one packet is answered in one.
            await asyncio.sleep(self._arrived_at + self._profile.reply_delay - self.loop.time())
        octets = self._final_form(text)
        if also is not None:
            self._record(also)
        self._writer.write(octets)
        await self._writer.drain()

    def _final_form(self, text: str) -> bytes:
        """A reply as it goes over the wire; it is noted here."""
        if "ENHANCEDSTATUSCODES" not in self._profile.keywords:
            text = without_enhanced(text)
        self._note_reply(text)
        octets = text.encode("utf-8", "surrogateescape") + b"\r\n"
        self._record(lambda minutes: minutes.server_said(octets))
        return octets

    # ------------------------------------------------------------ the minutes

    def _begin_minutes(self) -> bool:
        """Whether the session is recorded, where it has to be."""
        if self._practice.minutes is None:
            return True
        host, port = (self._socket_name() or ("", 0))[:2]
        address, client_port = self._peer()[:2]
        opened = Opened(self.hostname, str(host), int(str(port)), str(address), int(str(client_port)))
        with contextlib.suppress(Full):
            self._minutes = self._practice.minutes.begin(self._number, opened)
        return self._minutes is not None

    def _record(self, write: Callable[[SessionMinutes], None]) -> None:
        """Write something into the minutes; where there is no room, the session is over."""
        if self._minutes is None:
            return
        try:
            write(self._minutes)
        except Full:
            self._minutes.closed(by_server=True)
            self._minutes = None
            self._note("there is no room to record the session")
            self.loop.call_soon(self._say_last, answer("recording-ends"))

    def _socket_name(self) -> tuple[object, ...] | None:
        transport = self._original_transport or self.transport
        name: object = transport.get_extra_info("sockname") if transport is not None else None
        return name if isinstance(name, tuple) and len(name) > 1 else None

    # ------------------------------------------------------------ what is known

    @property
    def _tls_active(self) -> bool:
        return self._visit.ssl is not None

    @property
    def _auth_offered(self) -> bool:
        profile = self._profile
        if self._tls_active or "AUTH" in profile.only_under_tls:
            return self._tls_active
        return profile.auth_in_clear == "anywhere" or is_loopback(str(self._peer()[0]))

    def _create_session(self) -> Visit:
        self._visit = super()._create_session()
        return self._visit

    def _peer(self) -> tuple[object, ...]:
        peer: object = self._visit.peer
        return peer if isinstance(peer, tuple) and len(peer) > 1 else ("", 0)

    def _note(self, what: str, said: str | None = None) -> None:
        """Tell whoever watches, in the notation of scripts; see `Practice.note`."""
        self._practice.note(f"# [{self._number}] {what}" if said is None else f"{what}[{self._number}]: {said}")

    def _note_reply(self, text: str) -> None:
        for line in text.split("\r\n"):
            self._note("S", printable(line))

    def _note_command(self, command: Command) -> None:
        if command.verb not in VERBS:
            # It may be a password that was sent at the wrong moment.
            self._note("C", f"({len(command.line)} octets that are no command)")
        elif VERBS[command.verb].argument == "auth":
            mechanism, _, step = command.argument.strip(b" ").partition(b" ")
            if mechanism.upper().decode("ascii", "replace") not in LOGINS:
                mechanism, step = b"", command.argument
            shown = [command.verb, *([printable(mechanism)] if mechanism else []), *([MASK] if step else [])]
            self._note("C", " ".join(shown))
        else:
            self._note("C", printable(command.line))
