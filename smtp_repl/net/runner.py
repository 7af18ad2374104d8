"""The driver of parts: a selectors loop that does what they say and tells them what happened.

One part or thousands, each with any number of named connections. No asyncio, no threads, no task or timer for each
command; `ssl` is imported by the first handshake.

How it works. A part is a generator of actions (`script.actions`). Its session makes a task of each action. The loop
moves octets between sockets and connections and resumes the sessions that something happened to; a session goes on
until its task has to wait.
"""

import heapq
import selectors
from collections import deque
from collections.abc import Generator
from time import monotonic

from smtp_repl.net.connection import READ, WRITE
from smtp_repl.net.dial import OnAttempt
from smtp_repl.net.session import NetOptions, Session, Stage
from smtp_repl.script.actions import Action, Happening
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.hints import TYPE_CHECKING, Generic, T

if TYPE_CHECKING:
    from smtp_repl.net.listener import Listener

__all__ = ["NetOptions", "Played", "Runner", "run_part"]


class Played(Generic[T]):
    """A part and what became of it: `done`, then `result` or `error`."""

    __slots__ = ("_results", "done", "error", "part")

    def __init__(self, part: Generator[Action, Happening, T]) -> None:
        self.part = part
        self.done = False
        self.error: SmtpReplError | None = None
        self._results: list[T] = []

    @property
    def result(self) -> T:
        """What the part returned. Raises the `SmtpReplError` that ended it."""
        if self.error is not None:
            raise self.error
        return self._results[0]

    def go_on(self, happening: Happening, error: SmtpReplError | None) -> Action | None:
        """Tell the part what happened; its next action, None when it has ended."""
        try:
            return self.part.send(happening) if error is None else self.part.throw(error)
        except StopIteration as end:
            self._results.append(end.value)
        except SmtpReplError as problem:
            self.error = problem
        self.done = True
        return None


NAP = 0.5
"""Seconds that the loop sleeps at most. A signal that comes just before the selector begins to wait does not wake it:
without naps Ctrl-C would then be heard when the server says something, or never."""


class Runner:
    """Plays all the parts that were added, until each has ended; once.

    A `SmtpReplError` that ends a part stays with it; any other exception ends everything. Whatever happens, no socket
    is left open. With a `listener`, which stays its maker's to close, parts play servers: `Open` waits for a client.
    """

    __slots__ = ("_due", "_live", "_number", "_selector", "_stage", "_starting")

    def __init__(
        self, options: NetOptions, on_attempt: OnAttempt | None = None, listener: "Listener | None" = None
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._stage = Stage(options, on_attempt, self._selector, {}, {}, listener)
        self._starting: deque[Session] = deque()
        self._live: set[Session] = set()
        self._due: list[tuple[float, int, Session]] = []
        self._number = 0

    def add(self, part: Generator[Action, Happening, T]) -> Played[T]:
        """Have a part played; also while others are, from within."""
        played = Played(part)
        self._starting.append(Session(self._stage, played.go_on, part.close))
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
        self._selector.close()
        for session in abandoned:
            session.give_up()

    def _wait(self) -> None:
        due = self._due
        for key, mask in self._selector.select(min(NAP, max(0.0, due[0][0] - monotonic())) if due else NAP):
            session, connection = key.data
            if connection is not None:
                if connection.closed:
                    continue
                if mask & READ:
                    connection.receive()
                if mask & WRITE:
                    connection.flush()
            if session in self._live:
                self._resume(session)
        if due and due[0][0] <= monotonic():
            self._wake_due()

    def _wake_due(self) -> None:
        now = monotonic()
        while self._due and self._due[0][0] <= now:
            when, _, session = heapq.heappop(self._due)
            if session not in self._live or when != session.armed:
                continue
            session.disarm()
            if session.deadline <= now:
                self._resume(session)
            else:
                self._arm(session)

    def _arm(self, session: Session) -> None:
        # Deadlines mostly move on: then the entry that is there wakes us too early once, and is put back.
        if session.deadline < session.armed:
            session.armed = session.deadline
            self._number += 1
            heapq.heappush(self._due, (session.armed, self._number, session))

    def _resume(self, session: Session) -> None:
        if session.resume():
            self._arm(session)
        else:
            self._live.discard(session)
            session.close()


def run_part(part: Generator[Action, Happening, T], options: NetOptions, on_attempt: OnAttempt | None = None) -> T:
    """Play one part and return what it returns. Raises the `SmtpReplError` that ended it."""
    runner = Runner(options, on_attempt)
    played = runner.add(part)
    runner.run()
    return played.result
