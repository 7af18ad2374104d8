"""Where in the script whoever plays the server stands, when a real client takes its steps out of turn.

A client that does not pipeline wants the replies that stand behind what it has not said yet; one that logs in anew
goes back. Knows the steps and which of them are done, neither octets nor connections that are open.
"""

from collections.abc import Callable

from smtp_repl.script.model import Directive
from smtp_repl.script.steps import Do, Hear, Say, Step


class Course:
    """Goes through the steps in order, but for those that were done before their turn."""

    __slots__ = ("_done", "_next", "_steps", "now")

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps
        self._next = 0
        self._done: set[int] = set()
        self.now = 0
        """The number of the step that is being played."""

    def advance(self) -> Step | None:
        """The next step that is to be played; None at the end."""
        while self._next < len(self._steps):
            self.now = self._next
            self._next += 1
            if self.now not in self._done:
                return self._steps[self.now]
        self.now = len(self._steps)
        return None

    def take_reply(
        self, connection: str, apply: Callable[[Directive], bool], *, only_look: bool = False
    ) -> Hear | None:
        """The reply that comes next on a connection, if the client has to say nothing before it; it counts as done.

        Directives that stand before it and only set something (`apply` tells) are done with it.
        """
        for number in range(self._next, len(self._steps)):
            step = self._steps[number]
            if number in self._done:
                continue
            if step.connection != connection:
                return None
            if isinstance(step, Hear):
                if not only_look:
                    self._done.add(number)
                return step
            if not (isinstance(step, Do) and apply(step.directive)):
                return None
            self._done.add(number)
        return None

    def reply_lines(self, connection: str) -> int:
        """How many lines the next reply on a connection has, wherever it stands."""
        following = (step for step in self._steps[self._next :] if step.connection == connection)
        return next((len(step.expectation.lines) for step in following if isinstance(step, Hear)), 0)

    def skip_challenge(self, connection: str) -> bool:
        """Leave out a 334 that stands next, before what answers it; False when there is none."""
        match self._steps[self._next : self._next + 2]:
            case [Hear(connection=one, expectation=expectation), Say(connection=other)] if (
                one == other == connection and expectation.code == "334"
            ):
                self._done.add(self._next)
                return True
            case _:
                return False

    def go_back(self, number: int, connection: str) -> bool:
        """Play on from that step; False when other connections have gone on meanwhile."""
        between = range(number, self.now + 1)
        if any(self._steps[step].connection != connection for step in between):
            return False
        self._done.difference_update(range(number, len(self._steps)))
        self._next = number
        return True
