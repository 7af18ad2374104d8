"""A trouble: something about what is typed, found while it is typed (see `checking`)."""

from smtp_repl.wire.records import Record

ERROR, WARNING, INFO = "error", "warning", "info"


class Trouble(Record):
    """Something about what is typed. `start` and `end` count characters; an info is about no place in the line.

    An error is what no server can read, a warning what this one will refuse here, or what is hardly meant.
    """

    start: int
    end: int
    severity: str
    message: str
    hint: str = ""

    @property
    def shown(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


def gravest(troubles: list[Trouble]) -> Trouble | None:
    """What to tell of several: an error before a warning, what stands first before what follows."""
    return min(troubles, key=lambda one: ((ERROR, WARNING, INFO).index(one.severity), one.start), default=None)
