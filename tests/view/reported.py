"""A run as reports get it: something of everything, with what must be escaped in it."""

from smtp_repl.script.casting import Counts
from smtp_repl.view.latencies import Latencies
from smtp_repl.view.results import FileResult, RunResult, SessionResult, StepShown

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'too' ]]> # SKIP \\ \\x1b[31m {{ 7 * 7 }}"
"""What a server may say, after it has become printable."""

STEPS = (
    StepShown(1, "ok", "greeting", 0.001, "S: 220", "220 x"),
    StepShown(3, "drift", "EHLO", 0.004, "S: 250 x", "250 y"),
    StepShown(5, "fail", ".", 0.002, "S: 250", "550 no"),
)
TRANSCRIPT = "S: 220 x\nC: EHLO <client>\nS: 250 y & z\nC~ AUTH PLAIN {auth.plain}\n# it ended here: no\n"


def session(number: int = 1, status: str = "pass") -> SessionResult:
    failed = status in ("fail", "error")
    return SessionResult(
        number=number,
        status=status,
        seconds=0.25,
        counts=Counts(2, 1, int(status == "fail"), int(status == "skip")),
        lost=("STARTTLS",) if failed else (),
        reason="line 2: the server does not offer XCLIENT" if status == "skip" else "",
        kind={"fail": "code", "error": "timeout"}.get(status, ""),
        message=f"no good: {HOSTILE}" if failed else "",
        text=f"error: no good: {HOSTILE}\n --> a.smtp:5\n  |\n5 | S: 250 {HOSTILE}\nhint: none" if failed else "",
        line=5 if failed else 0,
        saved="out/a.session-1.actual.smtp" if failed else "",
        transcript=TRANSCRIPT if status != "skip" else "",
        steps=STEPS if status != "skip" else (),
    )


def file(name: str, *sessions: SessionResult, title: str = "") -> FileResult:
    verdicts: dict[str, int] = {}
    for each in sessions:
        verdicts[each.status] = verdicts.get(each.status, 0) + 1
    return FileResult(
        name=name,
        title=title,
        tags=("auth", "slow"),
        verdicts=verdicts,
        seconds=0.5,
        counts=Counts(2, 1, 1, 0),
        sessions=sessions,
        lost=("STARTTLS",),
    )


def run(*files: FileResult, repeated: bool = False, cut: str = "") -> RunResult:
    latencies = Latencies()
    for step in STEPS:
        latencies.add(step.answers, step.seconds)
    return RunResult(
        version="1.2.3",
        began="2026-01-31T12:00:00Z",
        seconds=2.0,
        target="mail.example.com:25",
        files=files,
        latencies=latencies,
        errors={"code": 1, "timeout": 2},
        repeated=repeated,
        late=3 if repeated else 0,
        cut=cut,
    )


def everything() -> RunResult:
    """A file for each verdict, and one that was played several times."""
    return run(
        file("tests/good.smtp", session(), title="A good one"),
        file("tests/drift.smtp", session(status="drift")),
        file("tests/bad.smtp", session(status="fail"), title=HOSTILE),
        file("tests/cut.smtp", session(status="error")),
        file("tests/not.smtp", session(status="skip")),
        file("tests/often.smtp", session(1), session(2, "fail"), session(3)),
        repeated=True,
    )
