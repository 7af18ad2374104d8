"""Many sessions in one runner: how many at once, in which order, for how long, at which rate.

With `--rate` sessions begin by the clock and not when the server is ready for them (an open loop): a slow server
makes a queue, as it does in life, and what begins late is counted. Knows nothing of what a session is.
"""

from collections.abc import Callable, Generator, Iterator
from math import inf
from time import monotonic

from smtp_repl.net.runner import Runner
from smtp_repl.script.actions import Action, Happening, Rote, Wait
from smtp_repl.wire.records import Record

BURST = 32
"""Sessions that begin in one go: more would overflow the queue of connections that a listening server has."""
PAUSE = 0.001
LATE = 0.010
"""Seconds after its time from which a session is late."""

Part = Generator[Action | Rote, Happening, bool]
Session = Callable[[int, int], Part]
"""Plays a script (by its number) for the nth time, n from 1; returns whether it went as it should."""


class Pace(Record):
    """`repeat` None repeats until `duration` is over; with both, what comes first ends it."""

    at_once: int = 1
    repeat: int | None = 1
    duration: float | None = None
    rate: float | None = None
    fail_fast: bool = False


class Crowd:
    """Plays scripts 0 to `scripts` - 1 in turn, each as often as the pace says."""

    def __init__(self, runner: Runner, scripts: int, pace: Pace, session: Session) -> None:
        self._runner = runner
        self._pace = pace
        self._session = session
        self._turns = self._order(scripts)
        self._start = 0.0
        self._end = inf
        self._exhausted = not scripts
        self.stopped = False
        """Whether something failed and nothing more was begun."""
        self.begun = 0
        self.live = 0
        self.late = 0
        self.planned = None if pace.repeat is None or pace.duration is not None else scripts * pace.repeat

    @property
    def over(self) -> bool:
        return self._exhausted and not self.live

    def run(self) -> None:
        """Play all. Raises what a session raises that is no `SmtpReplError`."""
        self._start = monotonic()
        if self._pace.duration is not None:
            self._end = self._start + self._pace.duration
        if not self._exhausted:
            self._runner.add(self._by_the_clock() if self._pace.rate else self._as_room_is())
        self._runner.run()

    def _order(self, scripts: int) -> Iterator[tuple[int, int]]:
        number = 0
        while self._pace.repeat is None or number < self._pace.repeat:
            number += 1
            for script in range(scripts):
                yield script, number

    def _begin(self) -> None:
        """Begin the next session, if there is one to begin."""
        turn = self._next()
        if turn is not None:
            self._runner.add(self._play(turn))

    def _next(self) -> tuple[int, int] | None:
        """Whose turn it is: which script, and for which time."""
        turn = None if self.stopped or monotonic() >= self._end else next(self._turns, None)
        if turn is None:
            if not self._exhausted and self._pace.rate and self._pace.duration and not self.stopped:
                # Those that were due and never began are the latest of all.
                self.late += max(0, int(self._pace.duration * self._pace.rate) - self.begun)
            self._exhausted = True
            return None
        if self._pace.rate and monotonic() - self._next_due > LATE:
            self.late += 1
        self.begun += 1
        self.live += 1
        return turn

    def _play(self, turn: tuple[int, int] | None) -> Generator[Action | Rote, Happening, None]:
        """One session after another, as long as the next one may begin where one has ended."""
        while turn is not None:
            went_well = yield from self._session(*turn)
            self.live -= 1
            if not went_well and self._pace.fail_fast:
                self.stopped = True
            may_begin = not self._pace.rate or self._next_due <= monotonic()
            if not went_well:
                # It ends here, so that the runner drops what it left open.
                if may_begin:
                    self._begin()
                return
            turn = self._next() if may_begin else None

    @property
    def _next_due(self) -> float:
        """When the next session is to begin, with a rate."""
        return self._start + self.begun / self._pace.rate if self._pace.rate else self._start

    def _as_room_is(self) -> Generator[Action, Happening, None]:
        """Fill the places; each session that ends begins the next."""
        while self.live < self._pace.at_once and not self._exhausted:
            for _ in range(min(BURST, self._pace.at_once - self.live)):
                self._begin()
            yield Wait(PAUSE)

    def _by_the_clock(self) -> Generator[Action, Happening, None]:
        """Begin what is due; where there is no room, the end of a session begins the next."""
        while not self._exhausted:
            for _ in range(min(BURST, self._pace.at_once - self.live)):
                if not self._exhausted and self._next_due <= min(monotonic(), self._end):
                    self._begin()
            now = monotonic()
            if now >= self._end or (self.planned is not None and self.begun >= self.planned):
                self._begin()
            else:
                yield Wait(max(PAUSE, min(self._next_due, self._end) - now))
