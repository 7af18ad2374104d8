"""JUnit XML, as CI systems read it: a `testsuite` for each script, a `testcase` for each session.

There is no standard but many readers; what stands here is what they have in common. Texts have passed `printable`,
so that no character that XML forbids is left, and what XML cannot hold even so is replaced.
"""

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from smtp_repl.view.results import FileResult, RunResult, SessionResult

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(run: RunResult) -> str:
    """The report. Drift passes, as it does on the command line; what cannot be played is an error."""
    return "".join(line + "\n" for line in _lines(run))


def _lines(run: RunResult) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    totals: dict[str, str | int] = {
        "tests": sum(len(file.sessions) for file in run.files),
        "failures": sum(_count(file, "fail") for file in run.files),
        "errors": sum(_count(file, "error") for file in run.files),
        "skipped": sum(_count(file, "skip") for file in run.files),
    }
    yield f"<testsuites{_attributes({'name': 'smtp-repl', **totals, 'time': f'{run.seconds:.6f}'})}>"
    for file in run.files:
        yield from _suite(run, file)
    yield "</testsuites>"


def _suite(run: RunResult, file: FileResult) -> Iterator[str]:
    attributes: dict[str, str | int] = {
        "name": file.name,
        "tests": len(file.sessions),
        "failures": _count(file, "fail"),
        "errors": _count(file, "error"),
        "skipped": _count(file, "skip"),
        "time": f"{file.seconds:.6f}",
        "timestamp": run.began.removesuffix("Z"),
        "file": file.name,
    }
    yield f"  <testsuite{_attributes(attributes)}>"
    properties = {
        "smtp-repl": run.version,
        "server": run.target,
        "title": file.title,
        "tags": " ".join(file.tags),
        "sessions": str(file.total),
        "failed": str(file.verdicts.get("fail", 0) + file.verdicts.get("error", 0)),
        "ok": str(file.counts.ok),
        "drift": str(file.counts.drift),
        "EHLO lost": " ".join(file.lost),
    }
    yield "    <properties>"
    for name, value in properties.items():
        if value:
            yield f"      <property{_attributes({'name': name, 'value': value})}/>"
    yield "    </properties>"
    for session in file.sessions:
        yield from _case(file, session, numbered=file.total > 1)
    yield "  </testsuite>"


def _case(file: FileResult, session: SessionResult, *, numbered: bool) -> Iterator[str]:
    name = file.title or file.name
    attributes = {
        "name": f"{name} (session {session.number})" if numbered else name,
        "classname": file.name.removesuffix(".smtp").replace("/", ".").strip("."),
        "file": file.name,
        "time": f"{session.seconds:.6f}",
    }
    if session.line:
        attributes["line"] = str(session.line)
    begin = f"    <testcase{_attributes(attributes)}"
    if session.status in ("pass", "drift"):
        yield begin + "/>"
        return
    yield begin + ">"
    if session.status == "skip":
        yield f"      <skipped{_attributes({'message': session.reason})}/>"
    else:
        tag = "failure" if session.status == "fail" else "error"
        text = session.text + (f"\nsaved: {session.saved}" if session.saved else "")
        yield f"      <{tag}{_attributes({'message': session.message, 'type': session.kind})}>{_text(text)}</{tag}>"
    yield "    </testcase>"


def _count(file: FileResult, status: str) -> int:
    return sum(session.status == status for session in file.sessions)


def _attributes(values: Mapping[str, str | int]) -> str:
    return "".join(f" {name}={quoteattr(_allowed(str(value)))}" for name, value in values.items())


def _text(text: str) -> str:
    return escape(_allowed(text))


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
