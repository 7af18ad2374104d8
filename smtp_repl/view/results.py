"""What came of a run, as the reports need it: sessions, files, and the whole. Values only.

All texts are printable already, and no secret is in them: they come from transcripts and from errors as shown. Who
fills them in (`cli`) bounds what is kept: a run may have millions of sessions.
"""

from collections.abc import Mapping, Sequence

from smtp_repl.script.casting import Counts
from smtp_repl.view.latencies import Latencies
from smtp_repl.wire.records import Record

VERDICTS = ("pass", "drift", "fail", "skip", "error")
"""How a session may end."""


class StepShown(Record):
    """One expectation: its line in the script, how it went, what it answered, and after how many seconds it came."""

    line: int
    status: str
    answers: str
    seconds: float
    want: str = ""
    got: str = ""


class SessionResult(Record):
    """One play of a script. `text` is the failure as it was shown, `kind` one word for it (`errors by kind`).

    `transcript` is what was said, as script text; "" when it was not kept.
    """

    number: int
    status: str
    seconds: float
    counts: Counts = Counts()
    lost: tuple[str, ...] = ()
    reason: str = ""
    kind: str = ""
    message: str = ""
    """The first line of `text`, without its "error: "."""
    text: str = ""
    line: int = 0
    saved: str = ""
    transcript: str = ""
    steps: tuple[StepShown, ...] = ()

    @property
    def failed(self) -> bool:
        return self.status in ("fail", "error")


class FileResult(Record):
    """All plays of one script. `sessions` are those that are kept in detail; `verdicts` counts all."""

    name: str
    title: str
    tags: tuple[str, ...]
    verdicts: Mapping[str, int]
    seconds: float
    """From the beginning of the first session to the end of the last."""
    counts: Counts
    sessions: tuple[SessionResult, ...]
    lost: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.verdicts.values())

    @property
    def status(self) -> str:
        """The worst of all its sessions; skip only when all were skipped."""
        for verdict in ("error", "fail", "drift", "pass"):
            if self.verdicts.get(verdict):
                return verdict
        return "skip"


class RunResult(Record):
    """A whole run; `began` is a UTC time such as 2026-01-31T12:00:00Z, `errors` counts failed sessions by kind."""

    version: str
    began: str
    seconds: float
    target: str
    files: Sequence[FileResult]
    latencies: Latencies
    errors: Mapping[str, int]
    repeated: bool = False
    """Whether scripts were played more than once, so that throughput means something."""
    late: int = 0
    """Sessions that began later than `--rate` wanted them to."""
    cut: str = ""
    """Why the run ended before its end, such as "interrupted"."""

    @property
    def sessions(self) -> int:
        return sum(file.total for file in self.files)

    @property
    def failed(self) -> int:
        return sum(file.verdicts.get("fail", 0) + file.verdicts.get("error", 0) for file in self.files)

    def per_second(self, count: int) -> float:
        return count / self.seconds if self.seconds > 0 else 0.0
