"""Events as JSON, one object on a line: what `--json` prints, for programs that read along.

The names of events and fields are a promise to these programs. All texts have passed `printable`, and what is
secret is masked here as it is everywhere: `raw` is null then. Knows neither where the lines go nor what time it is.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Counts, Observer, PlayResult, StepResult
from smtp_repl.view.results import FileResult, RunResult
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.events import (
    BodySaid,
    CapabilitiesKnown,
    ChunkSaid,
    Closed,
    CommandSaid,
    Event,
    Finding,
    ReplySaid,
)
from smtp_repl.wire.octets import encode_step, printable
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, LAST_CHUNK, Phase
from smtp_repl.wire.targets import Target

Value = (
    str
    | int
    | float
    | bool
    | None
    | Sequence[str]
    | Mapping[str, Sequence[str]]
    | Mapping[str, int]
    | Mapping[str, Mapping[str, float]]
)

_NAMES = {AUTH_STEP: "AUTH", LAST_CHUNK: "BDAT"}
"""What replies answer, in the words of readers who know verbs only."""


class _Said(NamedTuple):
    """Something that awaits a reply, and when it was said."""

    name: str
    at: float


class _Line:
    """What must be remembered of one connection: times of what awaits a reply, and a message in chunks."""

    __slots__ = ("chunk_lines", "chunk_octets", "last", "said")

    def __init__(self, at: float) -> None:
        self.said = deque([_Said(GREETING, at)])
        self.last = at
        self.chunk_octets = 0
        self.chunk_lines = 0

    def say(self, name: str, at: float) -> None:
        self.said.append(_Said(name, at))
        self.last = at

    def answered(self, name: str) -> float:
        """When that was said to which a reply has come. Replies answer first in, first out (RFC 2920 §3.1)."""
        if self.said and self.said[0].name == name:
            return self.said.popleft().at
        # One message may have several replies (LMTP), and one text that was taken for commands has many.
        return self.last


class EventWriter(Observer):
    """Writes one session as JSON: `write` takes lines with their line end, `clock` gives seconds.

    It is an observer of plays; line mode calls the same methods. Under `run` each line also names its `file` and
    the number of its `session`: see `for_file`.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        clock: Callable[[], float],
        *,
        start: float | None = None,
        file: str | None = None,
        session: int = 1,
    ) -> None:
        self._write = write
        self._true_clock = clock
        self._moment: float | None = None
        self._start = clock() if start is None else start
        self._file = file
        self._session = session
        self._lines: dict[str, _Line] = {}

    def for_file(self, file: str, session: int = 1) -> "EventWriter":
        """A writer for one play of a script, with the same start, which all its lines name."""
        return EventWriter(self._write, self._true_clock, start=self._start, file=file, session=session)

    def into(self, write: Callable[[str], None]) -> "EventWriter":
        """The same writer, with its lines going elsewhere."""
        return EventWriter(write, self._true_clock, start=self._start, file=self._file, session=self._session)

    def happened_at(self, moment: float | None) -> None:
        """What is told next happened at this moment of the clock; None: just now."""
        self._moment = moment

    def _clock(self) -> float:
        return self._true_clock() if self._moment is None else self._moment

    # ------------------------------------------------------------ what happens

    def opened(self, connection: str, opened: Opened, target: Target | None = None) -> None:
        """A connection is there."""
        self._lines[connection] = _Line(self._clock())
        self._emit(
            "connected",
            connection,
            host=printable(opened.host),
            address=printable(opened.address),
            port=opened.port,
            tls=opened.tls is not None,
        )
        if opened.tls is not None:
            self.secured(connection, opened.tls)

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        """What the client said."""
        for event in events:
            self._event(connection, event)

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        """What the server said. `Closed` is left to `closed`, which knows who did it."""
        for event in events:
            self._event(connection, event)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        """TLS is up."""
        self._emit(
            "tls",
            connection,
            version=printable(facts.version),
            cipher=printable(facts.cipher),
            verified=facts.verified,
            subject=printable(facts.subject),
            issuer=printable(facts.issuer),
            not_after=printable(facts.not_after),
            names=[printable(name) for name in facts.names],
            sha256=printable(facts.sha256),
        )

    def closed(self, connection: str, event: Closed | None, *, by_us: bool = False) -> None:
        """A connection ended; what we close ourselves is expected."""
        expected = by_us or (event is not None and event.expected)
        self.ended(connection, "client" if by_us else "server", expected=expected)

    def ended(self, connection: str, by: str, *, expected: bool) -> None:
        """A connection was closed by the "client" or the "server"."""
        self._emit("closed", connection, by=by, expected=expected)

    def listening(self, host: str, port: int) -> None:
        """We are to be found there (`mock`)."""
        self._emit("listening", "", host=printable(host), port=port)

    def stepped(self, result: StepResult) -> None:
        """An expectation was judged (`run`)."""
        self._emit(
            "step",
            result.connection,
            line=result.line,
            status=result.status,
            want=_text(result.want),
            got=_text(result.got),
        )

    def result(self, result: PlayResult, seconds: float) -> None:
        """How the play of a file went (`run`); the last of each file."""
        self._result(result.status, seconds, result.counts, result.lost)

    def failed(self, seconds: float, counts: Counts = Counts()) -> None:  # noqa: B008 (Counts is immutable)
        """A play ended with an error, which was written before (`run`)."""
        self._result("error", seconds, counts, ())

    def played(self, result: PlayResult | None, errors: Sequence[SmtpReplError], seconds: float) -> None:
        """How the play of a file went: with a result, or with errors."""
        for error in errors:
            self.error(error)
        if result is not None:
            self.result(result, seconds)
        else:
            self.failed(seconds)

    def all_sessions(self, result: FileResult) -> None:
        """How all plays of a file went, when it was played several times; its `session` is 0."""
        self._emit(
            "result",
            "",
            status=result.status,
            seconds=_rounded(result.seconds),
            **result.counts._asdict(),
            lost=[printable(keyword) for keyword in result.lost],
            sessions=result.total,
            failed=result.verdicts.get("fail", 0) + result.verdicts.get("error", 0),
        )

    def summary(self, run: RunResult) -> None:
        """Throughput, errors by kind, and how long replies took; the last line of a run with repeats."""
        rows = {name: histogram.percentiles() for name, histogram in run.latencies.by_name.items()}
        self._emit(
            "summary",
            "",
            sessions=run.sessions,
            failed=run.failed,
            seconds=_rounded(run.seconds),
            sessions_per_second=round(run.per_second(run.sessions), 3),
            commands_per_second=round(run.per_second(run.latencies.commands), 3),
            late=run.late,
            errors=dict(run.errors),
            latencies={
                printable(name): {
                    "count": row.samples,
                    "p50": _rounded(row.p50),
                    "p90": _rounded(row.p90),
                    "p99": _rounded(row.p99),
                    "max": _rounded(row.maximum),
                }
                for name, row in rows.items()
            },
        )

    def error(self, error: SmtpReplError, connection: str = "") -> None:
        """Something went wrong that the user can act on."""
        self._emit(
            "error",
            connection,
            kind=error.kind,
            message=_text(error.message),
            hint=_text(error.hint),
            exit=int(error.exit_status),
        )

    # ------------------------------------------------------------ inside

    def _event(self, connection: str, event: Event) -> None:
        match event:
            case CommandSaid():
                self._command(connection, event)
            case BodySaid(ended=True):
                self._line(connection).say(END_OF_DATA, self._clock())
                self._message(connection, event.octets, event.lines)
            case ChunkSaid():
                self._chunk(connection, event)
            case ReplySaid():
                self._reply(connection, event)
            case CapabilitiesKnown(capabilities):
                offered = {printable(word): list(words) for word, words in capabilities.keywords.items()}
                self._emit("capabilities", connection, keywords=offered)
            case Finding():
                fields = {name: printable(text) for name, text in event._asdict().items()}
                self._emit("finding", connection, **fields)
            case _:
                pass

    def _command(self, connection: str, event: CommandSaid) -> None:
        line = self._line(connection)
        is_step = event.step is not None or event.phase is Phase.AUTH
        line.say("AUTH" if is_step else event.command.verb, self._clock())
        text = printable(event.command.line)
        self._emit(
            "command",
            connection,
            text=text + MASK if event.raw is None else text,
            raw=_base64(event.raw),
            secret=event.raw is None,
        )
        # An empty last chunk has no octets that could be reported when they are said.
        if event.command.verb == "BDAT" and event.command.argument.upper().split() == [b"0", b"LAST"]:
            self._end_of_chunks(connection, line)

    def _chunk(self, connection: str, event: ChunkSaid) -> None:
        line = self._line(connection)
        line.chunk_octets += len(event.raw)
        line.chunk_lines += event.raw.count(b"\n")
        if event.ended:
            # The reply is due from here on, not from the command before the chunk.
            line.last = self._clock()
            if line.said and line.said[-1].name == "BDAT":
                line.said[-1] = _Said("BDAT", line.last)
        if event.ended and event.last:
            self._end_of_chunks(connection, line)

    def _end_of_chunks(self, connection: str, line: _Line) -> None:
        self._message(connection, line.chunk_octets, line.chunk_lines)
        line.chunk_octets = line.chunk_lines = 0

    def _message(self, connection: str, octets: int, lines: int) -> None:
        self._emit("message", connection, octets=octets, lines=lines)

    def _reply(self, connection: str, event: ReplySaid) -> None:
        reply = event.reply
        answers = None if event.answers is None else _NAMES.get(event.answers, event.answers)
        line = self._line(connection)
        # A cut reply answers nothing, and a whole one may still come.
        since = line.last if answers is None or reply.partial else line.answered(answers)
        self._emit(
            "reply",
            connection,
            code=reply.code,
            enhanced=str(reply.enhanced) if reply.enhanced is not None else None,
            lines=[printable(text) for text in reply.texts],
            raw=None if event.secret else _base64(reply.raw),
            answers=None if answers is None else printable(answers),
            partial=reply.partial,
            seconds=_rounded(self._clock() - since),
        )

    def _line(self, connection: str) -> _Line:
        if connection not in self._lines:
            self._lines[connection] = _Line(self._start)
        return self._lines[connection]

    def _result(self, status: str, seconds: float, counts: Counts, lost: Sequence[str]) -> None:
        self._emit(
            "result",
            "",
            status=status,
            seconds=_rounded(seconds),
            ok=counts.ok,
            drift=counts.drift,
            fail=counts.fail,
            skip=counts.skip,
            lost=[printable(keyword) for keyword in lost],
        )

    def _emit(self, event: str, connection: str, **fields: Value) -> None:
        record: dict[str, Value] = {
            "event": event,
            "at": _rounded(self._clock() - self._start),
            "connection": connection,
        }
        if self._file is not None:
            record["file"] = printable(self._file)
            record["session"] = self._session
        self._write(json.dumps(record | fields, ensure_ascii=False) + "\n")


def _rounded(seconds: float) -> float:
    """To the microsecond: more digits would only pretend."""
    return round(seconds, 6)


def _base64(octets: bytes | None) -> str | None:
    return None if octets is None else encode_step(octets).decode("ascii")


def _text(text: str) -> str:
    """Several lines of foreign text, each of them printable."""
    return "\n".join(printable(line) for line in text.split("\n"))
