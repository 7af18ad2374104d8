"""What the sessions of a script come to: counted as they end, and shown in a few lines when all are over."""

from collections import Counter

from smtp_repl.cli.preparing import Prepared
from smtp_repl.cli.report import Ended, sessions_of, steps_of, summary_line
from smtp_repl.script.casting import Counts, PlayResult
from smtp_repl.view.latencies import milliseconds, word_for
from smtp_repl.view.results import FileResult, RunResult, SessionResult, StepShown
from smtp_repl.view.width import cells
from smtp_repl.wire.errors import ExitStatus, SmtpReplError
from smtp_repl.wire.language import _
from smtp_repl.wire.octets import printable


class Tally:
    """Of one script."""

    def __init__(self, name: str, one: Prepared | None) -> None:
        self._name = name
        self._title = one.script.title.partition("\n")[0] if one is not None else ""
        self._tags = one.script.tags if one is not None else ()
        self._good: Counter[PlayResult] = Counter()
        """The results of sessions that went well: most of them are the same."""
        self._others: Counter[str] = Counter()
        """The verdicts on all others."""
        self._counts = Counts()
        """What the steps of those came to."""
        self._lost: dict[str, None] = {}
        self._exit_statuses: set[int] = set()
        self._began = 0.0
        self._ended = 0.0
        self.refused: tuple[SmtpReplError, ...] = ()
        """Why it cannot be played at all."""
        self.kinds: Counter[str] = Counter()
        """Failed sessions by what went wrong."""
        self.kept: list[SessionResult] = []

    def began(self, moment: float) -> None:
        """A session begins."""
        self._began = self._began or moment
        self._ended = max(self._ended, moment)

    def count(self, ended: Ended) -> None:
        """A session has ended."""
        result = ended.result
        if result is not None and result.status in ("pass", "drift"):
            self._good[result] += 1
            return
        self._others[ended.status] += 1
        self._exit_statuses.add(ended.exit_status)
        if result is not None:
            self._counts = _more(self._counts, result.counts, 1)
            self._lost |= dict.fromkeys(result.lost)
        if ended.status in ("fail", "error"):
            self.kinds[kind_of(ended)] += 1

    def over(self, moment: float) -> None:
        """The last session so far ended at this moment."""
        self._ended = max(self._ended, moment)

    @property
    def total(self) -> int:
        return sum(self._good.values()) + sum(self._others.values())

    @property
    def failed(self) -> int:
        return self._others["fail"] + self._others["error"]

    @property
    def exit_statuses(self) -> set[int]:
        """Each that a session had."""
        return self._exit_statuses | ({int(ExitStatus.OK)} if self._good else set())

    @property
    def worth_telling(self) -> bool:
        """Whether a quiet run tells of it too."""
        return bool(self._others or any(result.lost for result in self._good))

    def result(self) -> FileResult:
        """As reports have it."""
        verdicts, counts, lost = Counter[str](), self._counts, self._lost
        for good, number in self._good.items():
            verdicts[good.status] += number
            counts = _more(counts, good.counts, number)
            lost = lost | dict.fromkeys(good.lost)
        return FileResult(
            name=printable(self._name),
            title=printable(self._title),
            tags=tuple(printable(tag) for tag in self._tags),
            verdicts=dict(verdicts + self._others),
            seconds=self._ended - self._began if self._began else 0.0,
            counts=counts,
            sessions=tuple(self.kept),
            lost=tuple(printable(keyword) for keyword in lost),
        )


def _more(counts: Counts, by: Counts, times: int) -> Counts:
    return Counts(*(one + times * other for one, other in zip(counts, by, strict=True)))


def detailed(
    number: int, ended: Ended, text: str, saved: str = "", transcript: str = "", timed: tuple[StepShown, ...] = ()
) -> SessionResult:
    """A session as reports have it; `text` is its failure as it was shown."""
    result = ended.result
    if result is not None and result.failure is not None:
        line = result.failure.line
    else:
        line = ended.errors[0].line if ended.errors else 0
    failed = ended.status in ("fail", "error")
    return SessionResult(
        number=number,
        status=ended.status,
        seconds=ended.seconds,
        counts=result.counts if result is not None else Counts(),
        lost=tuple(printable(keyword) for keyword in result.lost) if result is not None else (),
        reason=printable(result.reason) if result is not None else "",
        kind=kind_of(ended) if failed else "",
        message=text.partition("\n")[0].removeprefix(_("{word}: ").format(word=_("error"))),
        text=text,
        line=line,
        saved=printable(saved),
        transcript=transcript,
        steps=timed,
    )


def kind_of(ended: Ended) -> str:
    """One word for what went wrong: the kind of an error, or in what a reply differed."""
    if ended.errors:
        return ended.errors[0].kind
    failure = ended.result.failure if ended.result is not None else None
    differences = failure.differences if failure is not None else ()
    return differences[0].what.replace(" ", "-") if differences else "expectation"


def repeated_summary(result: FileResult) -> str:
    """The line of one file that was played several times."""
    parts = [sessions_of(result.total), steps_of(sum(result.counts)), f"{result.seconds:.3f} s"]
    failed = result.verdicts.get("fail", 0) + result.verdicts.get("error", 0)
    if failed:
        parts.append(_("{count} failed").format(count=failed))
    if result.verdicts.get("skip"):
        parts.append(_("{count} skipped").format(count=result.verdicts["skip"]))
    if result.counts.drift:
        parts.append(_("{count} drift").format(count=result.counts.drift))
    if result.lost:
        parts.append(_("EHLO lost: {keywords}").format(keywords=" ".join(result.lost)))
    return summary_line(result.status, result.name, parts)


def load_table(result: RunResult, *, rate: bool) -> str:
    """Throughput, errors by kind, and how long replies took."""
    commands = result.latencies.commands
    first = [
        _("{sessions} in {seconds:.3f} s").format(sessions=sessions_of(result.sessions), seconds=result.seconds),
        _("{number:.1f} sessions/s").format(number=result.per_second(result.sessions)),
        _("{number:.1f} commands/s").format(number=result.per_second(commands)),
    ]
    if result.failed:
        first.append(_("{count} failed").format(count=result.failed))
    if rate:
        first.append(_("{count} began late").format(count=result.late))
    lines = ["", ", ".join(first)]
    if result.errors:
        lines += ["", *_aligned([(_("error"), _("sessions")), *((kind, str(n)) for kind, n in result.errors.items())])]
    rows: list[tuple[str, ...]] = [(_("reply to"), _("replies"), "p50 ms", "p90 ms", "p99 ms", _("max ms"))]
    for name, histogram in result.latencies.by_name.items():
        row = histogram.percentiles()
        times = (milliseconds(value) for value in (row.p50, row.p90, row.p99, row.maximum))
        rows.append((printable(_(word_for(name))), str(row.samples), *times))
    if len(rows) > 1:
        lines += ["", *_aligned(rows)]
    return "\n".join(lines)


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns: the first to the left, numbers to the right."""
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell + " " * (width - cells(cell)) if not column else " " * (width - cells(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
