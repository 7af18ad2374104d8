"""The lookout of a session by hand: a watcher for pitfalls beside the connection, told of everything that happens.

The watcher is loaded when the first command is said: until then nobody has made a mistake, and what happened before is
told to it then. What goes out as a whole message has been looked through before (`message_check`), so what is wrong
with it is not told once more.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from smtp_repl.wire.commands import Command
from smtp_repl.wire.events import BodySaid, CommandSaid, Event, Finding, ReplySaid
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:
    from smtp_repl.teach.pitfalls.happenings import Happening
    from smtp_repl.teach.pitfalls.watcher import Pitfall, Watcher

_REMEMBERED = 100
"""Commands, and what a server says before the first one; more is never awaited at once by somebody who types."""
_OF_FORM = frozenset((500, 501, 502, 503, 504, 553, 555))
"""Replies to a command that is out of place, or badly written."""


class Lookout:
    """Beside one connection after another; `side` is "client" or "server", whose part the person takes."""

    def __init__(self, side: str = "client") -> None:
        self._side = side
        self._watcher: Watcher | None = None
        self._before: list[Happening] = []
        self._seen: list[tuple[Event, list[Pitfall]]] = []
        self._replaced: list[Finding] = []
        self._is_surveyed = False
        self._told: deque[Command] = deque(maxlen=_REMEMBERED)
        """Commands of which something was told."""

    def connected(self, target: Target, *, is_loopback: bool, tls: bool) -> None:
        """A new connection is there."""
        from smtp_repl.teach.pitfalls.happenings import Dialled

        self._seen, self._replaced = [], []
        dialled = Dialled(target.host or target.path, target.port, tls, is_loopback, target.lmtp)
        if self._watcher is None:
            self._before = [dialled]
        else:
            self._watcher.watch(dialled)

    def watch(self, events: Sequence[Event], *, shows_secrets: bool = False, is_surveyed: bool = False) -> None:
        """Events of one write, or of what was heard; `is_surveyed` while a message goes out that was looked through."""
        self._seen, self._replaced = [], []
        watcher = self._watcher
        if watcher is None:
            is_begun = any(isinstance(event, CommandSaid) or _is_strange(event) for event in events)
            if not is_begun and len(self._before) < _REMEMBERED:
                self._before += events
                return
            watcher = self._load()
        watcher.situation.shows_secrets = shows_secrets
        command: Command | None = None
        for event in events:
            found = watcher.watch(event)
            if found:
                if is_surveyed or self._is_surveyed:
                    found = [one._replace(silent=one.silent or one.is_of_message) for one in found]
                self._seen.append((event, found))
            if isinstance(event, CommandSaid):
                command = event.command
                if any(not one.silent for one in found):
                    self._told.append(command)
            elif isinstance(event, Finding) and command is not None and event.severity != "info":
                self._told.append(command)
            if isinstance(event, BodySaid) and event.ended:
                self._is_surveyed = False
            if isinstance(event, Finding) and watcher.replaces(event):
                self._replaced.append(event)

    def looked_through(self) -> None:
        """The message that is said next has been looked through, and somebody has told what is wrong with it."""
        self._is_surveyed = True

    def happens(self, happening: "Happening") -> list["Pitfall"]:
        """Something that is no event of the wire happened; returns what is to be told."""
        if self._watcher is None:
            self._before.append(happening)
            return []
        return [one for one in self._watcher.watch(happening) if not one.silent]

    def silent_for(self, seconds: float) -> list["Pitfall"]:
        """Nothing has been heard for so long."""
        from smtp_repl.teach.pitfalls.happenings import Quiet

        return [one for one in (self._watcher or self._load()).watch(Quiet(seconds)) if not one.silent]

    def _load(self) -> "Watcher":
        from smtp_repl.teach.pitfalls.watcher import Watcher

        self._watcher = watcher = Watcher(self._side)
        before, self._before = self._before, []
        for happening in before:
            watcher.watch(happening)
        return watcher

    # ------------------------------------------------------------ what came of it

    def pitfalls(self, event: Event) -> list["Pitfall"]:
        """Those to be told beside an event that was watched last."""
        return [one for seen, found in self._seen if seen is event for one in found if not one.silent]

    def explains(self, event: ReplySaid) -> bool:
        """Whether a person knows why this reply refuses: from a pitfall in it, or from what was told of the command."""
        if self.pitfalls(event):
            return True
        return event.reply.code in _OF_FORM and any(command is event.command for command in self._told)

    def replaces(self, finding: Finding) -> bool:
        """Whether a pitfall says more about the same thing."""
        return any(one is finding for one in self._replaced)

    def with_pitfalls(self, events: Iterable[Event]) -> list[Event]:
        """The events and behind each its pitfalls as findings, the silent ones too: for programs that read along."""
        if not self._seen:
            return list(events)
        both: list[Event] = []
        for event in events:
            both.append(event)
            both += [one.finding for seen, found in self._seen if seen is event for one in found]
        return both


def _is_strange(event: Event) -> bool:
    return isinstance(event, ReplySaid) and event.reply.code is None
