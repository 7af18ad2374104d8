"""What is remembered of a session until it is known how it ends: the transcript, and how each expectation went.

Of most sessions of a large run nothing is kept: the quick lane tells nobody of them. Message bodies are kept up to a
limit, so that memory stays flat whatever a script sends.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from smtp_repl import __version__
from smtp_repl.net.recording import Recorder
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Observer, StepResult
from smtp_repl.script.transcript import Line, Transcriber, header_lines, remark
from smtp_repl.view.latencies import Latencies
from smtp_repl.view.results import StepShown
from smtp_repl.wire.errors import OutputError
from smtp_repl.wire.events import BodySaid, ChunkSaid, Closed, Event
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import Target

BODY_LIMIT = 256 * 1024
"""Octets of message bodies that one transcript keeps."""


class Keeper(Observer):
    """Keeps one session, and gives the times of its replies to `latencies`."""

    def __init__(self, latencies: Latencies, *, transcribes: bool) -> None:
        self._latencies = latencies
        self._transcribes = transcribes
        self._transcribers: dict[str, Transcriber] = {}
        self._body = 0
        self.lines: list[Line] = []
        self.steps: list[StepShown] = []

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        if not self._transcribes:
            return
        if not self._transcribers:
            self.lines += header_lines(__version__, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", target)
        self._transcribers[connection] = Transcriber(connection)
        self.lines += self._transcribers[connection].opened(opened, target)

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        if self._transcribes:
            self.lines += self._transcribers[connection].wrote([self._cut(event) for event in events])

    def _cut(self, event: Event) -> Event:
        if not isinstance(event, BodySaid | ChunkSaid):
            return event
        room = max(0, BODY_LIMIT - self._body)
        self._body += len(event.raw)
        if len(event.raw) <= room:
            return event
        if room:
            self.lines.append(remark(phrase("a message is left out from its octet {limit} on", limit=BODY_LIMIT + 1)))
        return event._replace(raw=event.raw[:room])

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        if self._transcribes:
            self.lines += self._transcribers[connection].heard(events)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        if self._transcribes:
            self.lines += self._transcribers[connection].secured(facts)

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        if self._transcribes:
            self.lines += self._transcribers[connection].closed(event, by_us=by_us)

    def stepped(self, result: StepResult) -> None:
        if result.reply is not None and result.answers is not None:
            self._latencies.add(result.answers, result.seconds)
        if self._transcribes:
            got = _shown(result.got)
            self.steps.append(
                StepShown(result.line, result.status, result.answers or "", result.seconds, _shown(result.want), got)
            )

    def remarked(self, connection: str, text: str) -> None:
        if self._transcribes:
            self.lines.append(remark(text))

    @property
    def transcript(self) -> str:
        """What was said, as script text."""
        return "".join(f"{line.text}\n" for line in self.lines)


def _shown(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


class Drawer:
    """The folder of `--save`: transcripts of sessions that failed, made when there is one to save."""

    LIMIT = 100
    """Transcripts of one run; what goes wrong a thousand times is seen in the first hundred."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.saved = 0

    def save(self, name: str, session: int, keeper: Keeper, why: str) -> str:
        """Save one; returns its path, "" when there was nothing said or enough is saved. Raises `OutputError`."""
        if not keeper.lines or self.saved >= self.LIMIT:
            return ""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or phrase("no folder name")
            raise OutputError(
                phrase("cannot make the folder {folder}: {why}", folder=printable(self._folder), why=reason)
            ) from None
        path = Path(self._folder, f"{name}.session-{session}.actual.smtp")
        recorder = Recorder(path, overwrite=True)
        try:
            recorder.write([*keeper.lines, remark(phrase("it ended here: {why}", why=why))])
        finally:
            recorder.close()
        self.saved += 1
        return str(path)


def file_names(paths: Sequence[str]) -> list[str]:
    """A name for each script, to be part of a file name: as short as it can be without two being the same."""
    names = [os.path.basename(path).removesuffix(".smtp") or "script" for path in paths]
    names = [
        name if names.count(name) == 1 else path.removesuffix(".smtp").replace(os.sep, "-").strip(".-")
        for name, path in zip(names, paths, strict=True)
    ]
    for index, name in enumerate(names):
        if name in names[:index]:
            names[index] = f"{name}-{index + 1}"
    # "<stdin>" and its like are no file names everywhere.
    return ["".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name) for name in names]
