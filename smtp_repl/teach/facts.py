"""Facts: what happened in a lesson, in pieces that checks can look at. Values only.

    Exchange   a command, a step of AUTH or a whole message, and the reply to it; a reply that nobody had asked for
    Write      what was said in one write, once all of it was answered
    Answer     what was answered to a question of the lesson
    End        the end of a connection
    Noticed    the wire found something notable

A live session makes them by `evidence`, a transcript by `hand_in`; both come to the same. What was said stays as it
was, so a secret is a mask here as everywhere. Lines are those of a transcript, 0 where there is none.
"""

from smtp_repl.teach.message import Message
from smtp_repl.wire.events import Finding
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import Phase

NOTHING = "nothing"
"""What a reply answers that nobody had asked for."""

SessionId = tuple[str, int]
"""A connection: its name, and which of that name it is."""


class Exchange(Record):
    """`client` is the line ("." for a message); `reply` its lines as "code text", `code` 0 for what is no reply.

    `message` is what was said up to the dot or the last chunk, whatever the server replied. `mechanism` is that of AUTH
    and of its steps, in capital letters.
    """

    line: int
    session: SessionId
    client: str
    reply: str
    code: int
    answers: str
    before: Phase
    phase: Phase
    tls: bool
    capabilities: Capabilities
    message: Message | None = None
    mechanism: str = ""


class Write(Record):
    line: int
    session: SessionId
    octets: bytes
    commands: int
    has_text: bool
    """Octets of a message are in it."""
    replies: tuple[str, ...]


class Answer(Record):
    line: int
    session: SessionId
    text: str


class End(Record):
    """`by` is client or server; `awaiting` is what got no reply; `silent` when the server never said anything."""

    line: int
    session: SessionId
    by: str
    awaiting: tuple[str, ...]
    silent: bool


class Noticed(Record):
    """The wire found something notable: evidence of no goal, but what a wrong way can be caught by."""

    line: int
    session: SessionId
    finding: Finding


Fact = Exchange | Write | Answer | End | Noticed
