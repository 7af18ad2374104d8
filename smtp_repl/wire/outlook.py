"""What still awaits a reply, and where the session will stand if every awaited reply is the hoped one.

Replies answer what was said first in, first out (RFC 2920 §3.1). Knows the transition table of `states` and
neither octets nor what a reply says. `Outlook.ahead` is what the client's octets are read by: see `conversation`.
"""

from collections import deque

from smtp_repl.wire import states
from smtp_repl.wire.commands import Command
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import END_OF_DATA, GREETING, LAST_CHUNK, Phase


class Awaited(Record):
    """Something said that a reply is due to; `hoped` where it is not what the table says of `said` alone."""

    said: str
    command: Command | None = None
    hoped: Phase | None = None
    lines: int = 0
    """Of a message text: how many lines it had."""

    def hope(self, phase: Phase) -> Phase:
        """The phase after this if the peer agrees."""
        return self.hoped or states.hoped(phase, self.said)


class Outlook:
    """The queue of one session. `ahead` is where it will stand."""

    __slots__ = ("_ahead", "_from", "_queue")

    def __init__(self) -> None:
        self._ahead = Phase.OPENED
        self._from: Phase | None = None
        """Where the session stands, if what lies ahead is to be worked out anew from there."""
        self._queue: deque[Awaited] = deque([Awaited(GREETING)])

    @property
    def ahead(self) -> Phase:
        """Where the session will stand if all that is awaited goes well."""
        # Worked out when somebody asks, not at each reply: of a long group that is refused, each would go through all.
        if self._from is not None:
            self._ahead, self._from = self._from, None
            for awaited in self._queue:
                self._ahead = awaited.hope(self._ahead)
        return self._ahead

    @ahead.setter
    def ahead(self, phase: Phase) -> None:
        self._ahead, self._from = phase, None

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def said(self) -> tuple[str, ...]:
        """What awaits a reply, oldest first."""
        return tuple([awaited.said for awaited in self._queue])

    @property
    def commands(self) -> list[Command]:
        """The commands that await a reply, oldest first."""
        return [awaited.command for awaited in self._queue if awaited.command is not None]

    @property
    def ends(self) -> tuple[str, ...]:
        """What awaits a reply, but of commands only the oldest and the latest: enough to judge a pipelined group."""
        apart = (GREETING, END_OF_DATA)
        greeting = (GREETING,) if self._queue and self._queue[0].said == GREETING else ()
        oldest = next((awaited.said for awaited in self._queue if awaited.said not in apart), None)
        latest = next((awaited.said for awaited in reversed(self._queue) if awaited.said not in apart), None)
        return greeting if oldest is None or latest is None else (*greeting, oldest, latest)

    @property
    def first(self) -> Awaited | None:
        """What the next reply will answer."""
        return self._queue[0] if self._queue else None

    def say(self, awaited: Awaited, replies: int = 1) -> None:
        """One more thing was said, and so many replies to it are due."""
        self._queue.append(awaited)
        if replies > 1:
            self._queue.extend([awaited] * (replies - 1))
        self.ahead = awaited.hope(self.ahead)

    def say_more(self, said: str, replies: int) -> None:
        """More replies are due to what was said last, under another name."""
        self._queue.extend([Awaited(said)] * replies)

    def count(self, said: str) -> int:
        """How many of these await a reply."""
        return sum(awaited.said == said for awaited in self._queue)

    def take(self) -> Awaited | None:
        """What a reply that has come answers, if anything; it awaits nothing more."""
        awaited = self._queue.popleft() if self._queue else None
        if awaited is not None and self._from is not None:
            self._from = awaited.hope(self._from)
        return awaited

    def clear(self, phase: Phase) -> None:
        """Nothing is awaited any more."""
        self._queue.clear()
        self.ahead = phase

    def stand(self, phase: Phase, hoped: Phase) -> None:
        """The session stands in `phase`, and `hoped` was to follow: work out anew what lies ahead."""
        if not self._queue:
            self.ahead = phase
        elif phase is not hoped or self._from is not None:
            self._from = phase

    def take_back_message(self, lines: int | None) -> bool:
        """DATA was refused: if the text went out all the same, the server answers each of its lines as a command.

        `lines` counts those of a text that has not ended yet, None when there is none. False when there was no text.
        """
        if lines is None:
            first = self.first
            if first is None or first.said != END_OF_DATA:
                return False
            lines = first.lines + 1
            while self._queue and self._queue[0].said == END_OF_DATA:
                self._queue.popleft()
        self._queue.extendleft([Awaited("")] * lines)
        return True

    def await_one_less(self) -> None:
        """LMTP: a recipient was refused after the message had been said, which is now answered once less."""
        places = [place for place, awaited in enumerate(self._queue) if awaited.said == END_OF_DATA]
        if len(places) > 1 or (places and self._queue[places[0] - 1].said == LAST_CHUNK):
            del self._queue[places[-1]]
