"""Which write each reply answers: how long it took, when its first octet came, and whether it must say to what.

A queue beside the conversation's own: it knows times and numbers of writes, and nothing of what was said. One of two
replies that are awaited at the same time looks like the other, so each of them names its command (RFC 2920 §3.1).
"""

from collections import deque
from collections.abc import Callable

from smtp_repl.wire.records import Record


class Answer(Record):
    """What is known of a reply beside its text. Times are seconds since the write that it answers."""

    step: int
    """The number of that write."""
    seconds: float
    first_octet: float | None
    """None when nobody saw it come (in a play)."""
    was_alone: bool
    """Nothing else was awaited at any time between the write and this reply."""


class _Write:
    __slots__ = ("at", "step", "was_alone")

    def __init__(self, step: int, at: float) -> None:
        self.step = step
        self.at = at
        self.was_alone = True


class Pairing:
    """The writes of one connection that are not answered, oldest first; the greeting answers write 0."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._awaited: deque[_Write] = deque([_Write(0, clock())])
        self._step = 0
        self._came: float | None = None
        """When the octets came that are being looked at."""
        self._first: float | None = None
        """When the first octet came of the reply that comes now."""

    def wrote(self, step: int, awaited: int) -> None:
        """Something was said in the write of this number, and now so many replies are awaited."""
        self._step = step
        self.settle(awaited)

    def settle(self, awaited: int) -> None:
        """So many replies are awaited now, whatever was answered or given up."""
        while len(self._awaited) < awaited:
            self._awaited.append(_Write(self._step, self._clock()))
        while len(self._awaited) > awaited:
            self._awaited.popleft()
        if len(self._awaited) > 1:
            for write in self._awaited:
                write.was_alone = False

    def octets_come(self) -> None:
        """Octets are there, and their replies will follow."""
        self._came = self._clock()
        if self._first is None:
            self._first = self._came

    def octets_came(self, *, is_unfinished: bool) -> None:
        """Their replies have followed; `is_unfinished` says that a reply has begun and not ended."""
        self._came = None
        if not is_unfinished:
            self._first = None

    def answer(self) -> Answer | None:
        """A reply came that answers the oldest write; None when none is awaited."""
        first, self._first = self._first, self._came
        if not self._awaited:
            return None
        write = self._awaited.popleft()
        seconds = self._clock() - write.at
        return Answer(write.step, seconds, None if first is None else max(0.0, first - write.at), write.was_alone)
