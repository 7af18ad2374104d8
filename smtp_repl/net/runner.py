"""The driver of parts: a loop that does what they say and tells them what happened.

One part or thousands, each with any number of named connections. No asyncio, no threads, no task or timer for each
command; `ssl` is imported by the first handshake.

How it works. A part is a generator of actions (`script.actions`). Its session makes a task of each action. The loop
moves octets between sockets and connections and resumes the sessions that something happened to; a session goes on
until its task has to wait.
"""

import heapq
from collections import deque
from collections.abc import Generator
from math import inf
from time import monotonic

from smtp_repl.net.dial import OnAttempt
from smtp_repl.net.poller import READ, WRITE, Poller, new_poller
from smtp_repl.net.session import NetOptions, Session, Stage, Watched
from smtp_repl.script.actions import Action, Happening, Rote
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.hints import TYPE_CHECKING, Generic, T, cast

if TYPE_CHECKING:
    from smtp_repl.net.listener import Listener

__all__ = ["NetOptions", "Played", "Runner", "run_part"]


class Played(Generic[T]):
    """A part and what became of it: `done`, then `result` or `error`."""

    __slots__ = ("_result", "done", "error", "part")

    def __init__(self, part: Generator[Action | Rote, Happening, T]) -> None:
        self.part = part
        self.done = False
        self.error: SmtpReplError | None = None
        self._result: object = None

    @property
    def result(self) -> T:
        """What the part returned. Raises the `SmtpReplError` that ended it."""
        if self.error is not None:
            raise self.error
        if not self.done:
            raise LookupError("it goes on")
        return cast("T", self._result)

    def over(self, result: object, error: SmtpReplError | None) -> None:
        """It has ended."""
        self._result, self.error, self.done = result, error, True


NAP = 0.5
"""Seconds that the loop sleeps at most. A signal that comes just before the system begins to wait does not wake it:
without naps Ctrl-C would then be heard when the server says something, or never."""


class Runner:
    """Plays all the parts that were added, until each has ended; once.

    A `SmtpReplError` that ends a part stays with it; any other exception ends everything. Whatever happens, no socket
    is left open. With a `listener`, which stays its maker's to close, parts play servers: `Open` waits for a client.
    """

    __slots__ = ("_due", "_live", "_number", "_poller", "_stage", "_stale", "_starting")

    def __init__(
        self, options: NetOptions, on_attempt: OnAttempt | None = None, listener: "Listener | None" = None
    ) -> None:
        self._poller: Poller[Watched] = new_poller()
        self._stage = Stage(options, on_attempt, self._poller, {}, {}, listener)
        self._starting: deque[Session] = deque()
        self._live: set[Session] = set()
        self._due: list[tuple[float, int, Session]] = []
        self._stale = 0
        self._number = 0

    def add(self, part: Generator[Action | Rote, Happening, T]) -> Played[T]:
        """Have a part played; also while others are, from within."""
        played = Played(part)
        self._starting.append(Session(self._stage, part, played.over))
        return played

    def run(self) -> None:
        """Play until all parts have ended. Raises what is no `SmtpReplError`, `KeyboardInterrupt` included."""
        try:
            while True:
                while self._starting:
                    session = self._starting.popleft()
                    self._live.add(session)
                    self._resume(session)
                if not self._live:
                    return
                self._wait()
        finally:
            self.close()

    def close(self) -> None:
        """Drop all connections and give up all parts."""
        abandoned = [*self._live, *self._starting]
        self._live.clear()
        self._starting.clear()
        for session in abandoned:
            session.close()
        self._poller.close()
        for session in abandoned:
            session.give_up()

    def _wait(self) -> None:
        due, live = self._due, self._live
        left = due[0][0] - monotonic() if due else NAP
        seconds = NAP if left > NAP else max(0.0, left)
        for (session, connection), events in self._poller.wait(seconds):
            if connection is not None:
                if connection.closed:
                    continue
                if events & READ:
                    connection.receive()
                if events & WRITE:
                    connection.flush()
            if session in live:
                self._resume(session)
        if seconds < NAP:
            self._wake_due()

    def _wake_due(self) -> None:
        now = monotonic()
        while self._due and self._due[0][0] <= now:
            when, _, session = heapq.heappop(self._due)
            if session not in self._live or when != session.armed:
                self._stale -= 1
                continue
            session.disarm()
            if session.deadline <= now:
                self._resume(session)
            else:
                self._arm(session)

    def _arm(self, session: Session) -> None:
        # Deadlines mostly move on: then the entry that is there wakes us too early once, and is put back.
        if session.deadline < session.armed:
            self._number += 1
            self._stale += session.armed < inf
            session.armed = session.deadline
            heapq.heappush(self._due, (session.armed, self._number, session))

    def _resume(self, session: Session) -> None:
        if session.resume():
            if session.deadline < session.armed:
                self._arm(session)
            return
        self._live.discard(session)
        session.close()
        self._stale += session.armed < inf
        if self._stale > 100 + len(self._live):
            # Whoever is over by now shall not stay in memory for as long as it might have waited.
            self._due[:] = [entry for entry in self._due if entry[2] in self._live and entry[0] == entry[2].armed]
            heapq.heapify(self._due)
            self._stale = 0


def run_part(
    part: Generator[Action | Rote, Happening, T], options: NetOptions, on_attempt: OnAttempt | None = None
) -> T:
    """Play one part and return what it returns. Raises the `SmtpReplError` that ended it."""
    runner = Runner(options, on_attempt)
    played = runner.add(part)
    runner.run()
    return played.result
