"""The ledger: what was said over one connection, write by write, and where each stands in the transcript.

A step is one write, as `script.steps` would cut the transcript: what goes on with a message or a chunk before anything
was answered belongs to the step in which it began. Step 0 is the greeting. Masked from the start: a step of AUTH is
`••••`. Knows events and the length of the transcript; no clock but the one that it is given.
"""

from collections.abc import Callable, Iterable

from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid, Event, ReplySaid
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import END_OF_DATA, Phase

_MESSAGE, _CHUNK = "message", "chunk"
_Said = CommandSaid | BodySaid | ChunkSaid


class Step:
    """One write. `begin` is the number of transcript lines before it."""

    __slots__ = ("accepted_message", "at", "begin", "codes", "in_clear", "is_command", "said", "seconds")

    def __init__(self, begin: int, at: str, *, is_command: bool) -> None:
        self.begin = begin
        self.at = at
        """Time of day."""
        self.is_command = is_command
        """It begins with a command, and not with a step of AUTH, a message or a chunk."""
        self.said: list[str] = []
        self.codes: list[str] = []
        self.seconds: float | None = None
        """Until the last of its replies."""
        self.in_clear = False
        """It showed a step of AUTH to whoever was on the path."""
        self.accepted_message = False

    def note(self, text: str) -> None:
        """Something that was said; the whole message takes the place of its beginning, a chunk belongs to its BDAT."""
        if self.said and (text == _CHUNK or text == self.said[-1] == _MESSAGE):
            return
        if self.said and self.said[-1] == _MESSAGE and text.startswith(_MESSAGE):
            self.said.pop()
        self.said.append(text)


class Traffic(Record):
    """Octets and lines of one side, TLS taken off."""

    octets: int = 0
    lines: int = 0

    def more(self, octets: bytes) -> "Traffic":
        return Traffic(self.octets + len(octets), self.lines + octets.count(b"\n"))


class Ledger:
    """The steps of one connection, and what is no answer to any of them."""

    def __init__(self, time_of_day: Callable[[], str]) -> None:
        self._time_of_day = time_of_day
        self.steps: list[Step] = [Step(0, time_of_day(), is_command=False)]
        self.asides: list[tuple[int, int]] = []
        """Ranges of the transcript with replies that a replay does not wait for: the greeting, what was unsolicited
        and what was cut."""
        self.said, self.heard = Traffic(), Traffic()
        self._goes_on = False
        """Nothing was heard since the last write."""

    @property
    def last(self) -> int:
        """The number of the last step."""
        return len(self.steps) - 1

    def wrote(self, events: Iterable[Event], begin: int, *, is_private: bool) -> int:
        """Take note of one write; returns the number of its step."""
        said: list[_Said] = [event for event in events if isinstance(event, CommandSaid | BodySaid | ChunkSaid)]
        if not said:
            return self.last
        first = said[0]
        if isinstance(first, CommandSaid) or not self._goes_on:
            is_command = isinstance(first, CommandSaid) and first.phase is not Phase.AUTH
            self.steps.append(Step(begin, self._time_of_day(), is_command=is_command))
        self._goes_on = True
        step = self.steps[-1]
        for event in said:
            self.said = self.said.more(_octets(event))
            step.note(_shown(event))
            if isinstance(event, CommandSaid) and event.step is not None and not is_private:
                step.in_clear = True
        return self.last

    def replied(self, event: ReplySaid, step: int | None, seconds: float, begin: int, end: int) -> None:
        """Take note of a reply to a step, or to none, that stands between two places of the transcript."""
        self._goes_on = False
        self.heard = self.heard.more(event.reply.raw)
        if not step or event.reply.partial:
            self.asides.append((begin, end))
        if step is not None and step < len(self.steps):
            answered = self.steps[step]
            code = event.reply.code
            answered.codes.append("---" if code is None else f"{code}{'…' if event.reply.partial else ''}")
            answered.seconds = seconds
            if event.answers == END_OF_DATA and event.reply.klass == 2:
                answered.accepted_message = True

    def before_last_command(self) -> int | None:
        """The step behind which the last command was said; None when none was."""
        numbers = range(self.last, 0, -1)
        return next((number - 1 for number in numbers if self.steps[number].is_command), None)


def _shown(event: _Said) -> str:
    if isinstance(event, CommandSaid):
        line = printable(event.command.line)
        return f"{line}{MASK}" if event.step is not None else line
    if isinstance(event, BodySaid):
        if not event.ended:
            return _MESSAGE
        lines = "1 line" if event.lines == 1 else f"{event.lines} lines"
        return f"{_MESSAGE} of {lines}, {event.octets} octets"
    return _CHUNK


def _octets(event: _Said) -> bytes:
    if not isinstance(event, CommandSaid):
        return event.raw
    if event.raw is not None:
        return event.raw
    return event.command.line + (event.step.text.reveal() if event.step is not None else b"") + b"\r\n"
