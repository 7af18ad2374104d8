"""What is shown of a client by whoever plays the server (`mock`): the conversation, and what was not as scripted."""

from collections.abc import Callable, Sequence

from smtp_repl.cli.narrator import Narrator
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Observer, StepResult
from smtp_repl.script.model import line_text
from smtp_repl.script.steps import Step
from smtp_repl.script.transcript import Transcriber, remark
from smtp_repl.view.errors import show_error
from smtp_repl.view.events_json import EventWriter
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import Target

_TITLES = {
    "verb": phrase("the client says something else"),
    "text": phrase("the client says this line in another way"),
    "left": phrase("the client leaves before the script is over"),
    "credentials": phrase("the client does not know the password"),
    "surplus": phrase("the client goes on, and the script is over"),
    "close": phrase("the client goes on where it should close"),
}
_HINTS = {
    "verb": phrase("it was answered 503; the script goes on waiting for its own line"),
    "left": phrase("it was answered 221"),
    "text": phrase("it was answered 503; the script goes on waiting for its own line"),
    "credentials": phrase("it was answered 535"),
}


def failure(result: StepResult, steps: Sequence[Step], name: str) -> str:
    """What the client did that the script does not have, with its place."""
    shown = ""
    for difference in result.differences:
        title = _TITLES.get(difference.what, phrase("the client says something else"))
        want = f": expected {difference.want}, got {difference.got}" if difference.want or difference.got else ""
        error = ScriptError(
            title + want,
            _HINTS.get(difference.what, ""),
            file=result.file or name,
            line=difference.line,
            column=difference.column,
            width=difference.width,
            source=_source_line(difference.line, result, steps),
        )
        shown += show_error(error)
    return shown.removesuffix("\n")


def _source_line(line: int, result: StepResult, steps: Sequence[Step]) -> str:
    nodes = steps[result.step].nodes if 0 <= result.step < len(steps) else ()
    return next((line_text(node.source) for node in nodes if node.line == line), "")


class ClientNarrator(Narrator):
    """Shows the conversation (`-v`); `label` tells one session from another that goes on at the same time."""

    def __init__(self, show: Callable[[str], None], label: str = "") -> None:
        super().__init__(show)
        self._label = label

    def _of(self, connection: str) -> Transcriber:
        if connection not in self._transcribers:
            self._transcribers[connection] = Transcriber("-".join(filter(None, (self._label, connection))))
        return self._transcribers[connection]

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self._transcribers.pop(connection, None)
        address = f"[{opened.address}]" if ":" in opened.address else opened.address
        self._lines([remark(phrase("client {address}:{port} connected", address=address, port=opened.port))])
        if opened.tls is not None:
            self.secured(connection, opened.tls)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._lines([remark(f"{facts.version} {facts.cipher}")])

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        # The last line says who closed, in the words of a client.
        self._lines(self._of(connection).closed(event, by_us=by_us)[:-1])
        self._lines([remark("we closed the connection" if by_us else "the client closed the connection")])

    def stepped(self, result: StepResult) -> None:
        if result.status != "drift":
            return
        for difference in result.differences:
            what = phrase(
                "drift: line {line}: expected {want}, got {got}",
                line=difference.line,
                want=phrase(difference.want),
                got=phrase(difference.got),
            )
            self._lines([remark(what)])


class ClientEvents(Observer):
    """Writes JSON, in which it is the client that is at the other end."""

    def __init__(self, events: EventWriter) -> None:
        self._events = events

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self._events.opened(connection, opened, target)

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._events.wrote(connection, events)

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self._events.heard(connection, events)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._events.secured(connection, facts)

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        expected = by_us or (event is not None and event.expected)
        self._events.ended(connection, "server" if by_us else "client", expected=expected)

    def stepped(self, result: StepResult) -> None:
        got = "; ".join(difference.got for difference in result.differences)
        self._events.stepped(result._replace(got=printable(got)))
