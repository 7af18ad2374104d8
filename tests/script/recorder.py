"""An observer that keeps the transcript of a play, as a recording would hold it."""

from collections.abc import Sequence

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Observer
from smtp_repl.script.transcript import Line, Transcriber, header_lines
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.targets import Target


class Keeper(Observer):
    """All lines of all connections, in order."""

    def __init__(self) -> None:
        self.lines: list[Line] = header_lines("1.0", "2026-01-31T12:00:00Z", None)
        self._transcribers: dict[str, Transcriber] = {}

    @property
    def text(self) -> bytes:
        """The recording."""
        return "".join(f"{line.text}\n" for line in self.lines).encode()

    def _of(self, connection: str) -> Transcriber:
        return self._transcribers.setdefault(connection, Transcriber(connection))

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self.lines += self._of(connection).opened(opened, target)

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self.lines += self._of(connection).wrote(events)

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self.lines += self._of(connection).heard(events)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self.lines += self._of(connection).secured(facts)

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self.lines += self._of(connection).closed(event, by_us=by_us)
