"""A conversation: octets in, events out, for either side of the wire.

Theory of operation. An SMTP session is two streams of octets. `client_said` is fed what the client says and
`server_said` what the server says, in the order in which they happened; which of the two *we* say is a matter of
who calls, and `Conversation(side)` only gives the two their everyday names `send` and `receive`. So a client, a
server, a proxy and a test in memory all use this one engine.

Three things are kept:

- `phase`: where the session stands, moved by replies alone, through the table in `states`;
- the queue of what still awaits a reply: replies answer it first in, first out (RFC 2920 §3.1), and a reply that
  finds it empty answers nothing and never will;
- `ahead`: where the session will stand if every awaited reply is the hoped one. The client's octets are read by it:
  after `DATA` they are message text, after `AUTH LOGIN` they are steps, even when no 354 or 334 has come yet. That
  is how a pipelined password is secret from its first octet.

Nothing here raises for what a peer did or refuses what a user wants to say.
"""

from enum import Enum

from smtp_repl.wire import states
from smtp_repl.wire.authentication import AuthReader, is_auth, remember
from smtp_repl.wire.client_octets import LINE_KEPT, ClientOctets
from smtp_repl.wire.commands import VERBS, Command, parse_command, parse_path
from smtp_repl.wire.events import (
    AuthStep,
    BodySaid,
    Broken,
    CapabilitiesKnown,
    ChallengeSaid,
    Closed,
    CommandSaid,
    Event,
    HandshakeDue,
    ReplySaid,
    finding,
)
from smtp_repl.wire.extensions import NO_CAPABILITIES, Capabilities
from smtp_repl.wire.findings import command_findings, reply_findings, step_findings
from smtp_repl.wire.octets import decode_step
from smtp_repl.wire.outlook import Awaited, Outlook
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import Reply, ReplyReader
from smtp_repl.wire.secrets import SecretBook
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, LAST_CHUNK, Phase


class Side(Enum):
    """Whose part we take."""

    CLIENT = "C"
    SERVER = "S"


class Envelope(Record):
    """The envelope of the open mail transaction: addresses as they stood between the brackets."""

    sender: bytes | None = None
    recipients: tuple[bytes, ...] = ()


class Authenticated(Record):
    """Whom the server took the client for, as far as the client's steps tell."""

    mechanism: str
    user: bytes | None


class Conversation:
    """One SMTP session as seen from the wire.

    `tls_active` and `path_is_private` (TLS or loopback) are told by the driver; `lint` turns findings about the
    client's commands on. Attributes are there to be read; only octets and `handshake_done` change them.
    """

    def __init__(
        self,
        side: Side = Side.CLIENT,
        *,
        tls_active: bool = False,
        path_is_private: bool = False,
        lint: bool = True,
    ) -> None:
        self.side = side
        self.phase = Phase.OPENED
        self.capabilities: Capabilities = NO_CAPABILITIES
        self.previous_capabilities: Capabilities = NO_CAPABILITIES
        """What was offered before the last handshake (RFC 3207 §4.2 wants it forgotten; people compare)."""
        self.envelope = Envelope()
        self.authenticated: Authenticated | None = None
        self.tls_active = tls_active
        self.path_is_private = path_is_private or tls_active
        self.secrets = SecretBook()
        self._lint = lint
        self._outlook = Outlook()
        self._replies = ReplyReader()
        self._client = ClientOctets()
        self._auth = AuthReader()
        self._auth_user: bytes | None = None
        self._auth_unsettled = False
        """AUTH got a reply that neither ends an exchange nor asks for a step."""
        self._lmtp = False
        self._after_handshake = False
        self._smtputf8 = False

    @property
    def awaiting(self) -> tuple[str, ...]:
        """What still awaits a reply, oldest first: verbs, "." for a message, "greeting", "AUTH step"."""
        return self._outlook.said

    @property
    def due(self) -> int:
        """How many replies are still to come."""
        return len(self._outlook)

    @property
    def first_awaited(self) -> Awaited | None:
        """What the next reply will answer."""
        return self._outlook.first

    @property
    def ahead(self) -> Phase:
        """Where the session will stand if every awaited reply is the hoped one."""
        return self._outlook.ahead

    @property
    def may_be_in_auth(self) -> bool:
        """Whether a line that the client says now, and that is no command, is taken for a step of AUTH.

        After AUTH was answered by 250, say, the phase is what it was; but a person who was about to log in types the
        password all the same, and it must not be taken for a command and shown.
        """
        return self.ahead is Phase.AUTH or self._auth_unsettled

    @property
    def smtputf8(self) -> bool:
        """Whether the last MAIL had the parameter SMTPUTF8."""
        return self._smtputf8

    @property
    def pending_reply(self) -> bytes:
        """What has come of a reply that is not complete."""
        return self._replies.pending

    @property
    def line_begun(self) -> int:
        """How many octets of a line the client has said whose end has not come."""
        return len(self._client.line_begun)

    @property
    def text_begun(self) -> int:
        """How many octets of a message the client has said whose final dot has not come."""
        return self._client.text_begun

    @property
    def chunk_left(self) -> int:
        """Octets that the client still has to say of a BDAT chunk."""
        return self._client.chunk_left

    def skip_chunk(self, octets: int) -> int:
        """Take octets of the chunk as said without having them; returns how many were left over."""
        return self._client.skip_chunk(octets)

    def send(self, octets: bytes) -> list[Event]:
        """Note what we said; the octets themselves go to the wire as they are."""
        return self.client_said(octets) if self.side is Side.CLIENT else self.server_said(octets)

    def receive(self, octets: bytes) -> list[Event]:
        """Read what the peer said."""
        return self.server_said(octets) if self.side is Side.CLIENT else self.client_said(octets)

    def receive_eof(self) -> list[Event]:
        """The peer closed: what was unfinished is reported as partial."""
        events = self.cut_reply()
        unfinished = events or self._outlook or self.chunk_left or self.phase is Phase.DATA
        expected = self.phase is Phase.CLOSED or not unfinished
        self.phase = self._outlook.ahead = Phase.CLOSED
        events.append(Closed(expected, self.awaiting))
        return events

    def cut_reply(self) -> list[Event]:
        """Give out what has come of an unfinished reply; the rest of it will look malformed when it comes."""
        partial = self._replies.cut()
        events: list[Event] = []
        if partial is not None:
            self._report(partial, self._outlook.first, events)
        return events

    def cut_line(self) -> list[Event]:
        """Give out what the client has said of an unfinished line, for it will say no more; nothing awaits it."""
        content = self._client.take_line()
        if not content:
            return []
        step: AuthStep | None = None
        if self._is_step(content):
            command, step = Command(b"", "", b""), self._auth.step(content)
        elif is_auth(content):
            command, step = self._auth.begin(parse_command(content))
        else:
            command = parse_command(content)
        if step is None:
            return [CommandSaid(command, content, self.ahead, len(self._outlook))]
        remember(step, self.secrets)
        return [CommandSaid(command, None, self.ahead, len(self._outlook), step)]

    def handshake_done(self) -> list[Event]:
        """TLS is up: what was said in the clear is forgotten (RFC 3207 §4.2)."""
        events: list[Event] = []
        if self.phase is Phase.TLS:
            self.phase = states.after(self.phase, states.HANDSHAKE, 0)
            self._outlook.clear(self.phase)
            self._after_handshake = True
        if self.capabilities is not NO_CAPABILITIES:
            events += [finding("capabilities-forgotten"), CapabilitiesKnown(NO_CAPABILITIES)]
        self.previous_capabilities, self.capabilities = self.capabilities, NO_CAPABILITIES
        self.tls_active = self.path_is_private = True
        self.authenticated = None
        self.envelope = Envelope()
        self._outlook.ahead = self.phase
        self._client.take_line()
        return events

    # ------------------------------------------------------------ what the client says

    def client_said(self, octets: bytes) -> list[Event]:
        """Read the client's octets, however they are cut."""
        events: list[Event] = []
        for piece in self._client.cut(octets, self._in_text):
            if isinstance(piece, bytes):
                self._line(piece, events)
                continue
            events.append(piece)
            if isinstance(piece, BodySaid) and piece.ended:
                self._outlook.say(Awaited(END_OF_DATA, lines=piece.lines), self._replies_to_message())
        return events

    def _in_text(self) -> bool:
        return self.ahead is Phase.DATA

    def message_said(self, wire: bytes, octets: int, lines: int) -> list[Event]:
        """Like `client_said`, of what a `DotStuffer` has just made of so many octets and lines of a message."""
        if self._in_text() and self._client.skip_text(wire, octets, lines):
            return [BodySaid(wire)]
        return self.client_said(wire)

    def _replies_to_message(self) -> int:
        """LMTP answers once for each accepted recipient (RFC 2033 §4.2), SMTP once."""
        if not self._lmtp:
            return 1
        return max(1, len(self.envelope.recipients) + self._outlook.count("RCPT"))

    def _line(self, line: bytes, events: list[Event]) -> None:
        end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
        content = line[: len(line) - len(end)]
        kept = content[:LINE_KEPT]
        self._whole_line(kept, kept + end, events)
        if len(kept) < len(content):
            events.append(finding("command-cut", octets=LINE_KEPT))
        if end == b"\n":
            events.append(finding("bare-lf-command"))

    def _is_step(self, content: bytes) -> bool:
        """Whether a line is a step of AUTH, and secret."""
        if self.ahead is Phase.AUTH:
            return content != b"*"
        return self._auth_unsettled and content != b"*" and parse_command(content).verb not in VERBS

    def _whole_line(self, content: bytes, line: bytes, events: list[Event]) -> None:
        if self._is_step(content):
            self._say_secret(Command(b"", "", b""), AUTH_STEP, self._auth.step(content), events)
            return
        self._auth_unsettled = False
        command = parse_command(content)
        # A lone dot where no message is open ends nothing.
        said = AUTH_STEP if self.ahead is Phase.AUTH else command.verb if command.verb != END_OF_DATA else ""
        if is_auth(content) and said != AUTH_STEP:
            said = "AUTH"
            self._auth_user = None
            command, step = self._auth.begin(command)
            if step is not None:
                self._say_secret(command, said, step, events)
                return
        elif said == "BDAT":
            said = LAST_CHUNK if self._client.begin_chunk(command) else "BDAT"
        elif said == "LHLO":
            self._lmtp = True
        elif said == "MAIL":
            self._smtputf8 = b"SMTPUTF8" in command.argument.upper().split()
        self._say(command, said, CommandSaid(command, line, self.ahead, len(self._outlook)), events)
        if said == LAST_CHUNK:
            self._outlook.say_more(END_OF_DATA, self._replies_to_message() - 1)

    def _say_secret(self, command: Command, said: str, step: AuthStep, events: list[Event]) -> None:
        remember(step, self.secrets)
        if step.user is not None:
            self._auth_user = step.user
        hoped = Phase.GREETED if self._auth.is_done else Phase.AUTH
        self._say(command, said, CommandSaid(command, None, self.ahead, len(self._outlook), step), events, hoped)
        events += step_findings(step, path_is_private=self.path_is_private)

    def _say(
        self, command: Command, said: str, event: CommandSaid, events: list[Event], hoped: Phase | None = None
    ) -> None:
        events.append(event)
        if self._lint:
            events += command_findings(
                command,
                said,
                phase=self.ahead,
                awaiting=self._outlook.ends,
                capabilities=self.capabilities,
                after_handshake=self._after_handshake,
                smtputf8=self._smtputf8,
            )
        self._outlook.say(Awaited(said, command, hoped))

    # ------------------------------------------------------------ what the server says

    def server_said(self, octets: bytes) -> list[Event]:
        """Read the server's octets, however they are cut. Raises `WireLimit` when fed after a `Broken`."""
        events: list[Event] = []
        if self.phase is Phase.TLS and not self._outlook and self.side is Side.CLIENT:
            # Nobody asked, and the handshake is due: the same as octets that came together with the 220.
            self._handshake_due(octets, events)
            return events
        replies = self._replies.feed(octets)
        for number, reply in enumerate(replies, 1):
            was_due = self.phase is Phase.TLS
            self._reply(reply, events)
            if self.phase is Phase.TLS and not was_due:
                # RFC 3207 §5: what follows the 220 in plaintext must not be taken for part of the session.
                self._handshake_due(b"".join(later.raw for later in replies[number:]), events)
                break
        if self._replies.fault is not None:
            events.append(Broken(self._replies.fault))
        return events

    def _handshake_due(self, replies: bytes, events: list[Event]) -> None:
        if self.side is Side.CLIENT:
            injected = replies + self._replies.take_unread()
        else:
            commands = [command.line + b"\r\n" for command in self._outlook.commands]
            injected = b"".join(commands) + self._client.line_begun
        if injected:
            events.append(finding("data-before-handshake"))
        events.append(HandshakeDue(injected))

    def _reply(self, reply: Reply, events: list[Event]) -> None:
        # A cut reply answers nothing: what it would have answered goes on waiting.
        awaited = None if reply.partial else self._outlook.take()
        before = self.phase
        said = awaited.said if awaited is not None else ""
        if reply.klass and reply.code is not None:
            self.phase = states.after(before, said, reply.code)
        shown = self._report(reply, awaited, events)
        hoped = awaited.hope(before) if awaited is not None else before
        if awaited is not None:
            self._learn(awaited, shown, events)
            self._take_back(said, shown, events)
        self._outlook.stand(self.phase, hoped)

    def _report(self, reply: Reply, awaited: Awaited | None, events: list[Event]) -> Reply:
        """Report a reply; returns it with every secret masked, which is all that anything after this may see."""
        secret = self.secrets.occurs_in(reply.raw)
        if secret:
            mask = self.secrets.mask
            reply = reply._replace(raw=mask(reply.raw), texts=tuple(mask(text) for text in reply.texts))
        said, command = (awaited.said, awaited.command) if awaited is not None else (None, None)
        events.append(ReplySaid(reply, said, command, self.phase, secret))
        events += reply_findings(reply, said)
        if secret:
            events.append(finding("secret-echoed"))
        return reply

    def _learn(self, awaited: Awaited, reply: Reply, events: list[Event]) -> None:
        """Draw the consequences of a reply: capabilities, envelope, identity."""
        said, command, code = awaited.said, awaited.command, reply.code
        if said in ("EHLO", "LHLO", "HELO") and code == 250 and reply.klass:
            self._greeted(said, reply, events)
        elif said == "MAIL" and reply.klass == 2 and command is not None:
            self.envelope = Envelope(parse_path(command.argument, b"FROM").address or b"")
        elif said == "RCPT" and reply.klass == 2 and command is not None:
            address = parse_path(command.argument, b"TO").address or b""
            self.envelope = self.envelope._replace(recipients=(*self.envelope.recipients, address))
        elif said in ("AUTH", AUTH_STEP):
            self._auth_answered(said, reply, events)
        if self.phase in (Phase.GREETED, Phase.CONNECTED):
            self.envelope = Envelope()

    def _greeted(self, said: str, reply: Reply, events: list[Event]) -> None:
        known = NO_CAPABILITIES if said == "HELO" else Capabilities.from_reply(reply.texts)
        self.capabilities = known
        events.append(CapabilitiesKnown(known))
        events += [finding(flag) for flag in known.flags]
        before = self.previous_capabilities.keywords if self._after_handshake else ()
        lost = [keyword for keyword in before if keyword != "STARTTLS" and not known.offers(keyword)]
        if lost:
            events.append(finding("keywords-lost", keywords=", ".join(lost)))
        self._after_handshake = False

    def _auth_answered(self, said: str, reply: Reply, events: list[Event]) -> None:
        if reply.code == 334 and reply.klass:
            text = reply.texts[-1]
            decoded = decode_step(text)
            events.append(ChallengeSaid(self._auth.mechanism, text, decoded))
            if decoded is None:
                events.append(finding("bad-base64"))
        elif reply.code == 235 and reply.klass:
            self._auth_unsettled = False
            if said == "AUTH" and self._auth.nothing_said:
                events.append(finding("success-before-credentials"))
            self.authenticated = Authenticated(self._auth.mechanism, self._auth_user)
        else:
            self._auth_unsettled = reply.klass not in (4, 5) and not self._auth.is_done

    def _take_back(self, said: str, reply: Reply, events: list[Event]) -> None:
        """What was said in the hope of another reply is not what it was thought to be."""
        if said == "DATA" and self.phase is not Phase.DATA:
            if self._outlook.take_back_message(self._client.drop_text()):
                events.append(finding("body-as-commands"))
        elif said == "RCPT" and self._lmtp and reply.klass != 2:
            self._outlook.await_one_less()
