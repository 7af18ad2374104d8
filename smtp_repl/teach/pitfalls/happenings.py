"""What a watcher is told beside the events of the wire: what surrounds a conversation, and what came of it.

Who drives the connection tells it; nothing here has a clock, a socket or a terminal.
"""

from smtp_repl.wire.events import Event
from smtp_repl.wire.records import Record


class Dialled(Record):
    """A connection is there, or is tried: to this name and port. `tls` from the first octet; `is_loopback` None where
    nobody knows."""

    host: str
    port: int = 0
    tls: bool = False
    is_loopback: bool | None = None
    lmtp: bool = False


class Secured(Record):
    """TLS is up."""


class Printed(Record):
    """What a program said of itself: the text of an error of the network or of TLS, or a word of `openssl s_client`."""

    text: str


class Quiet(Record):
    """Nothing has been heard or said for so many seconds."""

    seconds: float


class Interrupted(Record):
    """The client says something while the server's reply has not come to its end; `begun` is what has come of it."""

    begun: bytes


class Made(Record):
    """The client is this program, where it is none of ours: "s_client", "telnet" …"""

    tool: str


class Ended(Record):
    """The connection is over; `by_us` when we closed it."""

    by_us: bool = False


Happening = Event | Dialled | Secured | Printed | Quiet | Interrupted | Made | Ended
