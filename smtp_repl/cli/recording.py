"""`run --record FILE`: what a replay writes down. Guided by its script, or like a session by hand without a guide."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from smtp_repl import __version__
from smtp_repl.net.recording import Recorder
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Observer, PlayResult, StepResult
from smtp_repl.script.model import Script
from smtp_repl.script.rerecord import Rerecording
from smtp_repl.script.steps import Step
from smtp_repl.script.transcript import Transcriber, header_lines, remark
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.targets import Target


class Recording(Observer):
    """What both kinds have in common; `close` when the play is over, however it ended."""

    def __init__(self, path: str, *, overwrite: bool) -> None:
        self._recorder = Recorder(Path(path), overwrite=overwrite)

    def ended(self, result: PlayResult) -> None:
        """The play is over."""

    def stopped(self, error: SmtpReplError) -> None:
        """The play ended with an error."""

    def close(self) -> None:
        self._recorder.close()


class GuidedRecording(Recording):
    """Keeps the script's own text where it held."""

    def __init__(self, path: str, script: Script, steps: Sequence[Step], *, overwrite: bool) -> None:
        super().__init__(path, overwrite=overwrite)
        self._rerecording = Rerecording(script, steps)
        self._recorder.append(self._rerecording.begin())

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._rerecording.wrote()

    def stepped(self, result: StepResult) -> None:
        self._recorder.append(self._rerecording.stepped(result))

    def ended(self, result: PlayResult) -> None:
        self._recorder.append(self._rerecording.ended(result))

    def stopped(self, error: SmtpReplError) -> None:
        self._recorder.append(self._rerecording.stopped(error))


class PlainRecording(Recording):
    """Writes the transcript: for a list of commands, which says nothing of the server."""

    def __init__(self, path: str, *, overwrite: bool) -> None:
        super().__init__(path, overwrite=overwrite)
        self._transcribers: dict[str, Transcriber] = {}

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        if not self._transcribers:
            self._recorder.write(header_lines(__version__, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", target))
        self._transcribers[connection] = Transcriber(connection)
        self._recorder.write(self._transcribers[connection].opened(opened, target))

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._recorder.write(self._transcribers[connection].wrote(events))

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self._recorder.write(self._transcribers[connection].heard(events))

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._recorder.write(self._transcribers[connection].secured(facts))

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self._recorder.write(self._transcribers[connection].closed(event, by_us=by_us))

    def remarked(self, connection: str, text: str) -> None:
        self._recorder.write([remark(text)])
