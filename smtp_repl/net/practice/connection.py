"""The connection of one practice session: aiosmtpd's protocol with our clock, our reading and our notes.

aiosmtpd's own loop knows no BDAT, no enhanced codes, no long AUTH lines, and hangs up after five unknown commands;
so the loop here is ours. What is inherited is what took others years to get right: STARTTLS without injection
(RFC 3207 §5), and a DATA that only CRLF . CRLF ends. What the commands do is in `session`.

Importing this module imports aiosmtpd; `server` does so when it starts.
"""

import asyncio
import ssl

from aiosmtpd.smtp import SMTP, Envelope, TLSSetupException
from aiosmtpd.smtp import Session as Visit

from smtp_repl.net.practice.answers import FROM_AIOSMTPD, answer
from smtp_repl.net.practice.logins import LOGINS
from smtp_repl.net.practice.options import is_loopback
from smtp_repl.net.practice.practice import Practice
from smtp_repl.wire.commands import Command
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.verbs import VERBS

LINE_LIMIT = 65536
"""Octets of any line, text lines included. Far more than RFC 5321 §4.5.3.1.6 asks for: real messages need it."""
BLOCK = 65536
NEVER = 10.0**8
"""Seconds; three years."""


class Transaction(Envelope):
    """The envelope, and how far the message has come. `chunks` is what BDAT brought, None before the first."""

    def __init__(self) -> None:
        super().__init__()
        self.open = False
        self.refused = 0
        self.chunks: bytearray | None = None
        self.failed = False


class _Keeper:
    """aiosmtpd calls its handler when a message is complete."""

    async def handle_DATA(self, server: "PracticeConnection", session: Visit, envelope: Transaction) -> str:
        return server.keep(envelope.original_content or b"")


class PracticeConnection(SMTP):
    """A connection to a client; a subclass reads commands and keeps messages."""

    line_length_limit = LINE_LIMIT
    _mail: Transaction
    _visit: Visit

    def __init__(self, practice: Practice, loop: asyncio.AbstractEventLoop) -> None:
        options = practice.options
        super().__init__(
            _Keeper(),
            data_size_limit=options.max_size,
            enable_SMTPUTF8=True,
            hostname=options.hostname,
            timeout=options.idle_limit or NEVER,
            auth_require_tls=False,
            loop=loop,
        )
        self._practice = practice
        self._options = options
        self._user: str | None = None
        self._leaving = False
        self._heard_at = loop.time()
        self._receiving = False
        self._closed_for_good: asyncio.Future[None] = loop.create_future()
        self._number = 0

    # ------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Called a second time when a TLS handshake is done: then everything is forgotten (RFC 3207 §4.2).
        super().connection_made(transport)
        self._user = None
        if not self._number:
            self._number = self._practice.number_session()
            self._practice.visitors.add(self)
            self._note(printable("connected from {}:{}".format(*self._peer())))
        elif self._visit.ssl is not None:
            tls = transport.get_extra_info("ssl_object")
            self._note(f"the connection is encrypted: {tls.version() if isinstance(tls, ssl.SSLObject) else 'TLS'}")

    def connection_lost(self, error: Exception | None) -> None:
        if self._closed_for_good.done():
            return
        super().connection_lost(error)
        self._practice.leave(self)
        self._note("closed")
        self._closed_for_good.set_result(None)

    def data_received(self, data: bytes) -> None:
        # A command must come whole within the limit, or one octet now and then would hold a session for ever;
        # a message may take its time as long as it moves.
        if self._receiving:
            self._heard_at = self.loop.time()
        super().data_received(data)

    def eof_received(self) -> bool | None:
        # aiosmtpd drops everything here; but a client may close its half and still want the replies.
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

    def _say_last(self, text: str) -> None:
        self._leaving = True
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
            self._note_reply(text)
            transport.write(text.encode() + b"\r\n")
            transport.close()

    # ------------------------------------------------------------ reading and answering

    async def _handle_client(self) -> None:
        try:
            if not self._practice.admit(self):
                await self.push(answer("too-many-sessions"))
                return
            await self.push(answer("greeting", hostname=self.hostname))
            while not self._leaving:
                await self._read_command()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client hung up
        except TLSSetupException as error:
            self._note(f"the TLS handshake failed: {printable(str(error.__cause__))}")
            # Without a handshake nobody else tells us that the connection is gone.
            self.abort()
            self.connection_lost(None)
        except Exception:
            self._say_last(answer("broken"))
            raise
        finally:
            self._writer.close()

    async def _read_command(self) -> None:
        """Read one command and answer it."""
        raise NotImplementedError

    def keep(self, octets: bytes) -> str:
        """Put the message of this transaction into the inbox; returns the reply."""
        raise NotImplementedError

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

    async def push(self, status: str | bytes) -> None:
        """Send a reply, given without its last line end."""
        text = status if isinstance(status, str) else status.decode()
        if text in FROM_AIOSMTPD:
            text = answer(FROM_AIOSMTPD[text], max_size=self._options.max_size)
        self._note_reply(text)
        self._writer.write(text.encode() + b"\r\n")
        await self._writer.drain()

    # ------------------------------------------------------------ what is known

    @property
    def _tls_active(self) -> bool:
        return self._visit.ssl is not None

    @property
    def _auth_offered(self) -> bool:
        return self._tls_active or (self._options.auth_before_tls and is_loopback(str(self._peer()[0])))

    def _create_session(self) -> Visit:
        self._visit = super()._create_session()
        return self._visit

    def _create_envelope(self) -> Transaction:
        self._mail = Transaction()
        return self._mail

    def _drop_transaction(self) -> None:
        self.envelope = self._create_envelope()

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
