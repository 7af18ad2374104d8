"""What a row of the table of pitfalls says: in what a pitfall is seen, by which recogniser, and how it is told."""

from collections.abc import Callable

from smtp_repl.teach.pitfalls.happenings import Ended, Interrupted, Printed, Quiet
from smtp_repl.teach.pitfalls.situation import Asked, Letter, Situation
from smtp_repl.wire.events import ChunkSaid, CommandSaid, ReplySaid
from smtp_repl.wire.records import Record


class InAnswered(Record):
    """In a command, looked at when its reply has come."""

    sees: Callable[[Asked, Situation], bool]


class InCommand(Record):
    """In a command or a step of AUTH, looked at when it is said."""

    sees: Callable[[CommandSaid, Situation], bool]


class InReply(Record):
    sees: Callable[[ReplySaid, Situation], bool]


class InLine(Record):
    """In one line of a message."""

    sees: Callable[[bytes, Situation], bool]


class InMessage(Record):
    """In a message that has come to its end."""

    sees: Callable[[Letter, Situation], bool]


class InChunk(Record):
    sees: Callable[[ChunkSaid, Situation], bool]


class InSilence(Record):
    sees: Callable[[Quiet, Situation], bool]


class InInterruption(Record):
    sees: Callable[[Interrupted, Situation], bool]


class InPrint(Record):
    """In what a program printed, or a library gave as the reason of an error."""

    sees: Callable[[Printed, Situation], bool]


class InEnd(Record):
    sees: Callable[[Ended, Situation], bool]


Sight = InAnswered | InCommand | InReply | InLine | InMessage | InChunk | InSilence | InInterruption | InPrint | InEnd

SESSION, MESSAGE, EACH = "session", "message", "each"


class Row(Record):
    """One pitfall. `trigger` says for the docs what is taken as evidence; `once` is SESSION, MESSAGE or EACH."""

    rule: str
    trigger: str
    sights: tuple[Sight, ...]
    told_by: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    accepted: str = ""
    once: str = EACH
    text: str = ""
    """What is told where the title alone would not help."""
