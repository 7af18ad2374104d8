"""TAP 14 (https://testanything.org/tap-version-14-specification.html): a line for each session, details in YAML.

A file has a subtest where it was played more than once. Texts are printable already; what TAP takes for its own is
escaped.
"""

from collections.abc import Iterator

from smtp_repl.view.results import FileResult, RunResult, SessionResult


def tap(run: RunResult) -> str:
    """The report."""
    lines = ["TAP version 14", f"1..{len(run.files)}"]
    for number, file in enumerate(run.files, 1):
        lines += _file(number, file)
    if run.cut:
        lines.append(f"Bail out! {run.cut}")
    return "".join(line + "\n" for line in lines)


def _file(number: int, file: FileResult) -> Iterator[str]:
    name = _description(f"{file.name} - {file.title}" if file.title else file.name)
    if file.total == 1 and file.sessions:
        yield from _point(number, name, file.sessions[0])
        return
    yield f"# Subtest: {name}"
    for line in [f"1..{len(file.sessions)}", *_sessions(file)]:
        yield f"    {line}"
    verdict = "not ok" if file.status in ("fail", "error") else "ok"
    yield f"{verdict} {number} - {name}"


def _sessions(file: FileResult) -> Iterator[str]:
    for number, session in enumerate(file.sessions, 1):
        yield from _point(number, f"session {session.number}", session)


def _point(number: int, name: str, session: SessionResult) -> Iterator[str]:
    skipped = f" # SKIP {_description(session.reason)}" if session.status == "skip" else ""
    yield f"{'not ok' if session.failed else 'ok'} {number} - {name}{skipped}"
    yield "  ---"
    yield f"  status: {session.status}"
    yield f"  duration_ms: {session.seconds * 1000:.3f}"
    yield f"  ok: {session.counts.ok}"
    yield f"  drift: {session.counts.drift}"
    if session.lost:
        yield f"  lost: [{', '.join(_quoted(keyword) for keyword in session.lost)}]"
    if session.failed:
        yield f"  kind: {_quoted(session.kind)}"
        yield f"  message: {_quoted(session.message)}"
        if session.line:
            yield f"  line: {session.line}"
        if session.saved:
            yield f"  saved: {_quoted(session.saved)}"
        yield "  text: |"
        for line in session.text.split("\n"):
            yield f"    {line}".rstrip()
    yield "  ..."


def _description(text: str) -> str:
    """A text that TAP takes for no directive and no escape."""
    return text.replace("\\", "\\\\").replace("#", "\\#")


def _quoted(text: str) -> str:
    """A YAML string in double quotes; printable texts need no more than this."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
