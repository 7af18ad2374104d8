"""What a part of the play wants done, and what it is told about it: the language between a part and its driver.

A part (the player of a script, line mode, a `/command`) is a generator that yields actions and is sent happenings.
It knows no socket, no clock and no TLS library; a driver in `net/` does what the actions say. A driver that cannot
do it throws a `SmtpReplError` into the generator: `ConnectError`, `TlsError`, `PeerClosed` or `ReplyTimeout`
(while writing), `OutputError`.
"""

from collections.abc import Iterator, Sequence

from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target


class Open(Record):
    """Connect. `target` None means the one that the command line gave. Answered by `Opened`."""

    connection: str
    target: Target | None


class Send(Record):
    """Write octets as they are; answered by None when all have been handed to the system. Reading goes on meanwhile."""

    connection: str
    octets: bytes


class SendStream(Record):
    """Write octets block by block, taking the next block only when there is room for it; answered like `Send`."""

    connection: str
    blocks: Iterator[bytes]


class Read(Record):
    """Wait for octets, at most `seconds` from when the clock was set; `restart` sets the clock to zero first.

    A reply that drips in gets several reads and one clock. Answered by `Received`, `PeerGone` or `TimedOut`.
    """

    connection: str
    seconds: float
    restart: bool


class StartTls(Record):
    """Do the TLS handshake now; answered by `Secured`."""

    connection: str


class Wait(Record):
    """Let time pass; answered by None."""

    seconds: float


class Shutdown(Record):
    """Close our half: the peer sees an end of octets and may go on talking. Answered by None."""

    connection: str


class Close(Record):
    """Drop the connection. Answered by None."""

    connection: str


class Passage(Record):
    """Octets that were heard before: whole replies to the turns from some place on, all of them good ones."""

    octets: bytes
    to: int
    """The number of the turn that comes next."""
    replies: int = 1
    drift: int = 0
    """How many of the replies drifted."""
    lost: tuple[str, ...] | None = None
    """EHLO keywords that are missing, where one of the replies was to EHLO."""


class Turn(Record):
    """One turn of a `Rote`: octets to say, or, where there are none, octets to hear within `seconds`.

    `known` has what may come here, by its octets.
    """

    octets: bytes
    seconds: float
    known: dict[bytes, Passage]


class Rote:
    """Say and hear turn by turn, from turn `at` on, as long as what comes is known there.

    It does what `Send`, and `Read` with a new clock, would do one by one, but asks back only at the end: for those
    who play the same thing thousands of times. Answered by None when `at` is behind the last turn, and by what
    happened instead where that is not known. Noted is no more than what `happenings` needs: the passages, how many
    seconds each of their replies took (as in `Received`), and the monotonic time of each turn, and of what ended it.
    """

    __slots__ = ("_start", "at", "connection", "moments", "passed", "seconds", "turns")

    def __init__(self, connection: str, turns: Sequence[Turn], at: int = 0) -> None:
        self.connection = connection
        self.turns = turns
        self.at = self._start = at
        self.passed: list[Passage] = []
        self.seconds: list[float] = []
        self.moments: list[float] = []

    def happenings(self) -> list["Happening"]:
        """What `Send` and `Read` would have been answered, turn by turn."""
        told: list[Happening] = []
        passed, at, reply = iter(self.passed), self._start, 0
        while at < self.at:
            if self.turns[at].octets:
                told.append(None)
                at += 1
            else:
                passage = next(passed)
                told.append(Received(passage.octets, self.seconds[reply]))
                at, reply = passage.to, reply + passage.replies
        return told


Action = Open | Send | SendStream | Read | StartTls | Wait | Shutdown | Close


class TlsFacts(Record):
    """What is known of a TLS connection. Texts are as the certificate has them: not yet safe to print."""

    version: str
    cipher: str
    verified: bool
    """Chain and name were checked, or the fingerprint was pinned."""
    subject: str = ""
    issuer: str = ""
    not_before: str = ""
    not_after: str = ""
    names: tuple[str, ...] = ()
    sha256: str = ""
    trust: str = ""
    """Why it is trusted, or why not checked: "system", "ca", "pin", "insecure", "practice"."""


class Opened(Record):
    """A connection is there; `tls` when it began with TLS."""

    host: str
    address: str
    port: int
    local_address: str
    local_port: int
    tls: TlsFacts | None = None
    is_loopback: bool = False


class Received(Record):
    """Octets from the peer, `seconds` after the clock was set."""

    octets: bytes
    seconds: float


class PeerGone(Record):
    """The peer closed (`reset` False) or the connection broke (`reset` True)."""

    reset: bool = False
    seconds: float = 0.0


class TimedOut(Record):
    """Nothing came in time."""

    seconds: float


class Secured(Record):
    """TLS is up."""

    tls: TlsFacts


Happening = Opened | Received | PeerGone | TimedOut | Secured | None
