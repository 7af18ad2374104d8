"""The conversation as it goes on, for `-v`; loaded when somebody wants to see it."""

from collections.abc import Callable, Sequence

from smtp_repl.cli.report import TITLES
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Observer, StepResult
from smtp_repl.script.transcript import FILE_ONLY, Line, Transcriber, finding_remark, remark
from smtp_repl.wire.events import Closed, Event, Finding
from smtp_repl.wire.language import phrase
from smtp_repl.wire.targets import Target


class Narrator(Observer):
    """Shows the conversation, and each drift where it happened (`-v`)."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._transcribers: dict[str, Transcriber] = {}

    def _of(self, connection: str) -> Transcriber:
        if connection not in self._transcribers:
            self._transcribers[connection] = Transcriber(connection)
        return self._transcribers[connection]

    def _lines(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.kind != FILE_ONLY:
                self._show(line.shown)

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self._transcribers[connection] = Transcriber(connection)
        self._lines(self._of(connection).opened(opened, target))

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._lines(self._of(connection).wrote(events))

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Finding):
                if event.severity != "info" and event.rule != "unsolicited":
                    self._lines([finding_remark(event)])
            else:
                self._lines(self._of(connection).heard([event]))

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._lines(self._of(connection).secured(facts))

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self._lines(self._of(connection).closed(event, by_us=by_us))

    def remarked(self, connection: str, text: str) -> None:
        self._lines([remark(text)])

    def stepped(self, result: StepResult) -> None:
        if result.status not in ("drift", "fail"):
            return
        for difference in result.differences:
            title = TITLES.get(difference.what, phrase("the reply differs"))
            place = f"line {difference.line}: " if difference.line else ""
            want = f": expected {difference.want}, got {difference.got}" if difference.want else f": {difference.got}"
            self._lines([remark(f"{result.status}: {place}{title}{want}")])
