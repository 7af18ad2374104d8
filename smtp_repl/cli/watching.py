"""Everybody who looks on at one session of a large run: what is kept, recorded, shown, written as JSON, or updated."""

from collections.abc import Callable, Sequence

from smtp_repl.cli.keeping import Keeper
from smtp_repl.cli.narrator import Narrator
from smtp_repl.cli.options import Words
from smtp_repl.cli.preparing import Prepared, open_recording
from smtp_repl.cli.report import Ended
from smtp_repl.cli.updating import Updating
from smtp_repl.script.casting import Casting, Observer, Observers
from smtp_repl.view.events_json import EventWriter
from smtp_repl.view.latencies import Latencies
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import _, phrase_of
from smtp_repl.wire.records import Record

if TYPE_CHECKING:
    from smtp_repl.cli.recording import Recording

Write = Callable[[str, bool], None]
"""Writes a text about the script; the second says whether it is talk."""


class View(Record):
    """What of sessions is looked at: the same for all of a run.

    `transcribes` keeps transcripts, `narrates` shows them; `buffers` shows and writes nothing before the end of a
    session, since others go on at the same time.
    """

    words: Words
    latencies: Latencies
    events: EventWriter | None
    transcribes: bool
    narrates: bool
    repeats: bool
    buffers: bool


class Watch:
    """Looks on at one session of a script, from `begin` on: at most sessions of a large run nobody does.

    Raises `OutputError` when a recording cannot be written.
    """

    keeper: Keeper
    _recording: "Recording | None" = None
    _events: EventWriter | None = None
    _updating: Updating | None = None
    _shown: Sequence[str] = ()

    def __init__(self, view: View, one: Prepared, casting: Casting, number: int, write: Write) -> None:
        self._view = view
        self._one = one
        self._number = number
        self._write = write
        self.casting = casting

    def begin(self) -> Observer:
        """Look on; returns who is to be told."""
        view, one, casting, write = self._view, self._one, self.casting, self._write
        shown: list[str] = []
        self._json: list[str] = []
        self._shown = shown
        self.keeper = Keeper(view.latencies, transcribes=view.transcribes)
        observers: list[Observer] = [self.keeper]
        self._recording = open_recording(one, view.words) if view.words.has("record") else None
        if self._recording is not None:
            observers.insert(0, self._recording)  # what is shown is in the file already
        self._events = view.events.for_file(one.name, self._number) if view.events is not None else None
        if self._events is not None:
            if view.repeats:
                self._events = self._events.into(self._json.append)
            observers.append(self._events)
        if view.narrates:
            observers.append(Narrator(shown.append if view.buffers else lambda text: write(text, False)))
        if view.words.has("update"):
            everything = view.words.text("update") == "all"
            self._updating = Updating(one, casting.own_names, everything=everything)
            self.casting = casting._replace(goes_on=self._updating.goes_on)
            observers.append(self._updating)
        return observers[0] if len(observers) == 1 else Observers(observers)

    def over(self, ended: Ended) -> Ended:
        """The play is over; returns how it is to be taken. Raises `OutputError`."""
        if self._recording is not None:
            if ended.result is not None:
                self._recording.ended(ended.result)
            else:
                self._recording.stopped(ended.errors[0])
        return self._updated(self._updating, ended) if self._updating is not None else ended

    def _updated(self, updating: Updating, ended: Ended) -> Ended:
        changed = updating.changed
        if updating.write() and self._events is None:
            self._write(updating.diff(), False)
        for refusal in updating.refusals:
            self._write(f"# {_(refusal)}", True)
        result = ended.result
        if result is None:
            return ended
        if changed:
            result = result._replace(reason=phrase_of("{count} line updated", "{count} lines updated", changed))
        if result.failure is not None and updating.goes_on(result.failure):
            result = result._replace(status="drift", failure=None)
        return ended._replace(result=result)

    def flush(self, ended: Ended, *, keeps: bool) -> None:
        """Show what waited for the end of the session, if it is to be seen."""
        for text in self._shown:
            self._write(text, False)
        if self._events is None or not keeps:
            return
        self._events.played(ended.result, ended.errors, ended.seconds)
        for line in self._json:
            self._write(line.removesuffix("\n"), False)

    def close(self) -> None:
        """Let go of the recording."""
        if self._recording is not None:
            self._recording.close()
