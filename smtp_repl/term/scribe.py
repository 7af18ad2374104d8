"""The scribe: what was said over a connection, in memory and in the file of a recording.

A line is in the recording before it is given out to be shown, so a shell that is killed loses none that somebody saw.
A connection is a transcript and a file of its own. It writes lines down and makes none but those about the file.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from smtp_repl.net.recording import Recorder
from smtp_repl.script.transcript import FILE_ONLY, Line, remark
from smtp_repl.wire.errors import OutputError
from smtp_repl.wire.language import phrase

if TYPE_CHECKING:  # 3 ms, before the first prompt
    from pathlib import Path


class Scribe:
    """One session by hand, over one connection after another."""

    def __init__(self) -> None:
        self.transcript: list[Line] = []
        """What was said over the present or last connection, `FILE_ONLY` lines too."""
        self.recorder: Recorder | None = None
        self.kept = False
        """Whether all that was said stands in a file."""
        self.fault: OutputError | None = None
        """Why the recording ended early; the session goes on without."""

    def begin(self) -> list[Line]:
        """A new connection is there; what was said over the one before is in its file, or forgotten."""
        is_first, self.transcript = not self.transcript, []
        if self.recorder is None or is_first:
            return []
        return self.record(next_name(self.recorder.path), told=True)

    def keep(self, lines: Iterable[Line], *, in_memory: bool = True) -> list[Line]:
        """Write lines down; returns those that are for a screen."""
        lines = list(lines)
        if in_memory:
            self.transcript += lines
        if self.recorder is not None:
            try:
                self.recorder.write(lines)
            except OutputError as error:
                # A full disk must not end the session, and what was said must be shown all the same.
                self.fault = error
                self.stop()
                self.kept = False
                lines.append(remark(phrase("error: {message}; recording has stopped", message=error.message)))
        elif lines:
            self.kept = False
        return [line for line in lines if line.kind != FILE_ONLY]

    def record(self, path: "Path", *, told: bool = False) -> list[Line]:
        """Record to a new file from here on, with what was said over this connection before. Raises `OutputError`."""
        recorder = Recorder(path)
        self.stop()
        self.recorder = recorder
        recorder.write(self.transcript)
        self.kept = True
        return [
            remark(
                phrase("recording goes on in {path}", path=path) if told else phrase("recording to {path}", path=path)
            )
        ]

    def save(self, path: "Path", excerpt: Iterable[Line] | None = None) -> None:
        """Write what was said over the present or last connection to a new file; all of it, or an excerpt.

        Raises `OutputError`.
        """
        recorder = Recorder(path)
        try:
            recorder.write(self.transcript if excerpt is None else excerpt)
        finally:
            recorder.close()
        self.kept = self.kept or excerpt is None

    def stop(self) -> None:
        """Record no longer."""
        if self.recorder is not None:
            self.recorder.close()
            self.recorder = None


def next_name(path: "Path") -> "Path":
    """The next free name for a recording: `a.smtp`, `a-2.smtp`, `a-3.smtp` …; a connection is a file of its own."""
    stem, _, number = path.stem.rpartition("-")
    if not stem or not number.isdigit() or not number.isascii():
        stem, number = path.stem, "1"
    count = int(number) + 1
    while (following := path.with_name(f"{stem}-{count}{path.suffix}")).exists():
        count += 1
    return following
