"""What is known of a connection while it goes on: as much as it takes to tell a mistake from what is meant.

Moved by what happens, in the order in which it happens; judges nothing. Of a message it keeps the header and a few
flags (`message_check.Survey`), of AUTH the last step, of commands those that still await their reply.
"""

from collections import deque
from collections.abc import Iterator

from smtp_repl.teach.pitfalls.happenings import Dialled, Ended, Happening, Made, Secured
from smtp_repl.wire.commands import parse_path
from smtp_repl.wire.events import (
    AuthStep,
    BodySaid,
    CapabilitiesKnown,
    ChallengeSaid,
    ChunkSaid,
    CommandSaid,
    Finding,
    ReplySaid,
)
from smtp_repl.wire.extensions import NO_CAPABILITIES, Capabilities
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.octets import DotReader, lines_with_ends
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, Phase

if TYPE_CHECKING:  # loaded with the first message: most sessions have none
    from smtp_repl.teach.message_check import Survey

CLIENT, SERVER, TEXT = "client", "server", "text"
"""Whom a watcher sits beside: our client, our server, or a text that somebody wrote down."""

ASKED_LIMIT = 1000
"""Commands that are remembered until they are answered."""
MESSAGE_LIMIT = 1024 * 1024
"""Octets of a message that are looked at."""
LINE_LIMIT = 2048
"""Octets of the beginning of one line of a message that are looked at."""


class Asked:
    """A command, what was found about it, and the number under which it was told."""

    __slots__ = ("findings", "said", "where")

    def __init__(self, said: CommandSaid, where: int) -> None:
        self.said = said
        self.where = where
        self.findings: set[str] = set()


class Letter(Record):
    """A message that was said to its end: what was read of it, and the rules of what is wrong with it."""

    read: "Survey"
    troubles: frozenset[str]


class Situation:
    """How one connection stands."""

    __slots__ = (
        "_dots",
        "_line",
        "_read",
        "_taken",
        "asked",
        "authenticated",
        "banner",
        "capabilities",
        "challenge",
        "chunk_tail",
        "dialled",
        "greeted_by",
        "in_chunk",
        "mail_parameters",
        "mechanism",
        "phase",
        "sender",
        "shows_secrets",
        "side",
        "step",
        "tls",
        "tool",
        "user",
    )

    def __init__(self, side: str, *, shows_secrets: bool) -> None:
        self.side = side
        self.shows_secrets = shows_secrets
        self.dialled: Dialled | None = None
        self.tool = ""
        self.begin()

    def begin(self) -> None:
        """A new connection."""
        self.tls = False
        self.phase = Phase.OPENED
        self.banner = ""
        self.greeted_by = ""
        self.capabilities: Capabilities = NO_CAPABILITIES
        self.authenticated = False
        self.asked: deque[Asked] = deque(maxlen=ASKED_LIMIT)
        self.sender: bytes | None = None
        self.mail_parameters: dict[str, bytes] = {}
        self.mechanism = ""
        self.user: bytes | None = None
        self.step: AuthStep | None = None
        """The last step of AUTH, until something else is said or the server answers with a success."""
        self.challenge = b""
        self.chunk_tail = b""
        """The last octets of the chunk that the client has just said; b"" when it has said something else since."""
        self.in_chunk = False
        """A chunk has begun, and its octets are not all there."""
        self._forget_message()

    @property
    def is_distant(self) -> bool:
        """Whether the server is known to be another machine."""
        return self.dialled is not None and self.dialled.is_loopback is False

    @property
    def port(self) -> int:
        return self.dialled.port if self.dialled is not None else 0

    @property
    def knows_capabilities(self) -> bool:
        return self.capabilities is not NO_CAPABILITIES

    # ------------------------------------------------------------ what happens

    def note(self, happening: Happening, where: int) -> None:
        """Something has happened."""
        match happening:
            case CommandSaid():
                self._said(happening, where)
            case Finding(rule=rule):
                if rule == "capabilities-forgotten":
                    self._secured()
                elif self.asked:
                    self.asked[-1].findings.add(rule)
            case ReplySaid():
                self._replied(happening)
            case CapabilitiesKnown(capabilities):
                self.capabilities = capabilities
            case ChallengeSaid(decoded=decoded):
                self.challenge = decoded or b""
            case ChunkSaid(raw=raw, ended=ended):
                self.chunk_tail = (self.chunk_tail + raw)[-64:]
                self.in_chunk = not ended
            case Dialled():
                self.begin()
                self.dialled, self.tls = happening, happening.tls
            case Secured():
                self._secured()
            case Made(tool=tool):
                self.tool = tool
            case Ended():
                self.phase = Phase.CLOSED
            case _:
                pass

    def _secured(self) -> None:
        self.tls = True
        if self.phase in (Phase.TLS, Phase.CONNECTED):
            self.phase = Phase.CONNECTED
        self.greeted_by = ""
        self.capabilities = NO_CAPABILITIES
        self.authenticated = False

    def _said(self, event: CommandSaid, where: int) -> None:
        self.asked.append(Asked(event, where))
        self.chunk_tail = b""
        verb = event.command.verb
        if verb == "BDAT":
            self.in_chunk = event.command.argument.split()[:1] not in ([], [b"0"])
        if event.step is not None:
            self.step = event.step
            self.mechanism = event.step.mechanism
            self.user = event.step.user if event.step.user is not None or event.step.initial else self.user
        elif verb == "AUTH":
            words = event.command.argument.split()
            self.mechanism = words[0].decode("ascii", "replace").upper() if words else ""
            self.step, self.user, self.challenge = None, None, b""
        else:
            self.step = None
        if verb == "MAIL":
            parameters = parse_path(event.command.argument, b"FROM").parameters
            self.mail_parameters = {name: value or b"" for name, value in parameters}

    def answered(self, event: ReplySaid) -> Asked | None:
        """The command that a reply answers; those before it await nothing any more."""
        if event.command is None or event.reply.partial:
            return None
        if not any(asked.said.command is event.command for asked in self.asked):
            return None
        while (first := self.asked.popleft()).said.command is not event.command:
            pass
        return first

    def _replied(self, event: ReplySaid) -> None:
        reply, before = event.reply, self.phase
        self.phase = event.phase
        succeeded = reply.klass == 2
        if event.answers == GREETING and reply.texts:
            self.banner = reply.texts[0].decode("utf-8", "replace")
        elif event.answers in ("EHLO", "HELO", "LHLO") and succeeded:
            self.greeted_by = event.answers
        elif event.answers in ("AUTH", AUTH_STEP) and reply.code == 235:
            self.authenticated = True
        elif event.answers == "MAIL" and succeeded and event.command is not None:
            self.sender = parse_path(event.command.argument, b"FROM").address
        if event.answers == END_OF_DATA or (before is Phase.DATA and event.phase is not Phase.DATA):
            self._forget_message()
        if event.phase in (Phase.GREETED, Phase.CONNECTED):
            self.sender = None

    # ------------------------------------------------------------ the message

    def _forget_message(self) -> None:
        self._read: Survey | None = None
        self._dots: DotReader | None = None
        self._line = b""
        self._taken = 0

    def read_body(self, event: BodySaid) -> Iterator[bytes]:
        """Read a piece of a message; gives the lines that it brings to an end, the beginnings of long ones."""
        if self._read is None or self._dots is None:
            self._forget_message()
            self._read, self._dots = _survey(), DotReader()
        left = MESSAGE_LIMIT - self._taken
        self._taken += len(event.raw)
        if left <= 0:
            return
        raw = event.raw[:left]
        self._read.feed(self._dots.feed(raw))
        for line in lines_with_ends(raw):
            whole = self._line + line
            if line.endswith(b"\n"):
                self._line = b""
                yield whole
            elif len(whole) < LINE_LIMIT:
                self._line = whole
            else:  # what matters of a long line stands at its beginning
                self._line = whole[:LINE_LIMIT]

    def read_chunk(self, event: ChunkSaid) -> None:
        """Read a piece of a message in chunks, in which lines and dots mean nothing."""
        if self._read is None:
            self._forget_message()
            self._read = _survey()
        left = MESSAGE_LIMIT - self._taken
        self._taken += len(event.raw)
        if left > 0:
            self._read.feed(event.raw[:left])

    def letter(self) -> Letter | None:
        """The message that has come to its end; None for an empty one, and for one that was too long to be read."""
        from smtp_repl.teach.message_check import Circumstances, troubles

        read, taken = self._read, self._taken
        self._forget_message()
        if read is None or taken > MESSAGE_LIMIT:
            return None
        read.finish()
        if not read.octets:
            return None
        given = Circumstances(
            sender=self.sender,
            eight_bit_offered=not self.knows_capabilities or self.capabilities.offers("8BITMIME"),
            eight_bit_said=self.mail_parameters.get("BODY", b"").upper() in (b"8BITMIME", b"BINARYMIME"),
            utf8_said="SMTPUTF8" in self.mail_parameters,
        )
        return Letter(read, frozenset(one.rule for one in troubles(read, given, finished=True)))


def _survey() -> "Survey":
    from smtp_repl.teach.message_check import Survey

    return Survey()
