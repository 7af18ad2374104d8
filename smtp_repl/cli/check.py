"""`smtp-repl check`: everything that is wrong in scripts, and what a reader should know; no network.

A script is read, worked out with the files that it includes, looked at for what is odd, and played against itself in
memory. What keeps it from being played is an error (status 2); all else is a warning or worth knowing, and leaves the
status at 0 unless `--strict` makes warnings count. Lines that hold a secret are shown without it.
"""

import re

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.sources import Source, folder_blocks, folder_loader, read_source, scripts_below
from smtp_repl.cli.variables import read_variables
from smtp_repl.script.lint import examine
from smtp_repl.script.lint_play import play_alone, unreadable, why_not_played
from smtp_repl.script.model import Invalid, Remark, Script, Wire, line_text
from smtp_repl.script.scope import secrets_needed
from smtp_repl.script.steps import check_names, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.view.errors import show_error
from smtp_repl.wire.errors import ExitStatus, ScriptError, SmtpReplError
from smtp_repl.wire.language import n_, pair, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import MASK

SEVERITIES = ("error", "warning", "info")
SHOWN = 120
"""Findings of a script that a person is shown; `--json` has them all."""

_STEP = r"(?i)(AUTH\s+\S+\s+)\S.*"


class Found(Record):
    """Something that was found in a script. `error` tells what and where; its kind is the rule."""

    severity: str
    error: SmtpReplError


def main(words: Words, environment: Environment) -> int:
    """Check the files, and the scripts in the folders."""
    variables = read_variables(words)
    status = ExitStatus.OK
    for word in words.words:
        for path in scripts_below(word):
            found = check(path, environment, variables)
            severities = [one.severity for one in found]
            if "error" in severities:
                status = ExitStatus.USAGE
            elif "warning" in severities and words.has("warnings-fail"):
                status = max(status, ExitStatus.FAILED)
            show = _write_json if words.has("json") else _show
            show(path, found, environment, strict=words.has("warnings-fail"))
    return int(status)


def check(word: str, environment: Environment, variables: dict[str, bytes]) -> list[Found]:
    """Everything that there is to say about a script, in the order of its lines."""
    try:
        source = read_source(word, environment)
    except SmtpReplError as error:
        return [Found("error", error)]
    script = parse(source.octets, source.name)
    found = [Found("error", _of_problem(node, source.name)) for node in script.problems]
    remarks = script.warnings
    if not found:
        try:
            remarks, errors = _examined(script, source, variables)
        except ScriptError as error:
            errors = [error]
        for problem in errors:
            problem.file = problem.file or source.name
        found = [Found("error", problem) for problem in errors]
    found += [Found(remark.severity, _as_error(remark, script)) for remark in remarks]
    for one in found:
        if isinstance(one.error, ScriptError):
            one.error.source = re.sub(_STEP, rf"\1{MASK}", one.error.source)
    return sorted(found, key=_order)


def _examined(
    script: Script, source: Source, variables: dict[str, bytes]
) -> tuple[tuple[Remark, ...], list[ScriptError]]:
    """What is odd, and where the play against itself stops. Raises `ScriptError` for what cannot be played at all."""
    steps = compile_steps(script, folder_loader(source.folder))
    given = [need.name for need in secrets_needed(steps) if need.name.startswith("secret.")]
    check_names(steps, (*variables, *given))
    findings = examine(script, steps)
    blocks = folder_blocks(source.folder)
    stopped = unreadable(steps, blocks)
    if stopped is None and (reason := why_not_played(steps)) is not None:
        return (*findings.remarks, reason), []
    remarks = (*findings.remarks, *_pitfalls(script, findings.remarks))
    if stopped is None:
        stopped = play_alone(steps, findings.answers, variables=variables, open_blocks=blocks)
    return remarks, [stopped] if stopped is not None else []


def _pitfalls(script: Script, remarks: tuple[Remark, ...]) -> list[Remark]:
    """What somebody who speaks by hand would be told, and the remarks do not say."""
    from smtp_repl.teach.pitfalls.reading import faults_of

    shown = {one.line: one.shown for one in remarks if one.shown}
    found: list[Remark] = []
    for line, one in faults_of(script):
        node = script.nodes[line - 1]
        column, width = (node.column, max(1, len(line_text(node.text)))) if isinstance(node, Wire) else (1, 1)
        severity = "info" if one.severity == "info" else "warning"
        found.append(Remark(one.rule, one.message, line, column, severity, one.hint, width, shown.get(line, "")))
    return found


def _of_problem(node: Invalid, file: str) -> ScriptError:
    """A line that cannot be read; the hint may repeat it."""
    error = node.error(file)
    masked = re.sub(_STEP, rf"\1{MASK}", error.hint)
    if masked != error.hint:  # a phrase that holds no secret stays one
        error.hint = masked
    return error


def _order(found: Found) -> tuple[int, int, int]:
    line, column = _place(found)
    return line, column, SEVERITIES.index(found.severity)


def _place(found: Found) -> tuple[int, int]:
    return (found.error.line, found.error.column) if isinstance(found.error, ScriptError) else (0, 0)


def _as_error(remark: Remark, script: Script) -> ScriptError:
    return ScriptError(
        remark.message,
        remark.hint,
        kind=remark.kind,
        file=script.name,
        line=remark.line,
        column=remark.column,
        width=remark.width,
        source=remark.shown or line_text(script.nodes[remark.line - 1].source),
    )


def _show(word: str, found: list[Found], environment: Environment, *, strict: bool) -> None:
    gravest = sorted(found, key=lambda one: SEVERITIES.index(one.severity))[:SHOWN]
    for one in sorted(gravest, key=_order):
        environment.talk(show_error(one.error, one.severity).removesuffix("\n"))
    if len(found) > SHOWN:
        environment.talk(
            phrase("… and {count} more in {path}; --json has them all", count=len(found) - SHOWN, path=printable(word))
        )
    status = {"pass": "ok", "fail": "FAIL", "error": "error"}[_status(found, strict=strict)]
    counts = (_count(found, "error"), _count(found, "warning"), _count(found, "info"))
    environment.out("  ".join([status.ljust(5), printable(word), *(count for count in counts if count)]))


def _status(found: list[Found], *, strict: bool) -> str:
    severities = {one.severity for one in found}
    return "error" if "error" in severities else "fail" if strict and "warning" in severities else "pass"


def _count(found: list[Found], severity: str) -> str:
    count = sum(one.severity == severity for one in found)
    return n_(*_COUNTS[severity], count).format(count=count) if count else ""


_COUNTS = {
    "error": pair("{count} error", "{count} errors"),
    "warning": pair("{count} warning", "{count} warnings"),
    "info": pair("{count} info", "{count} info"),
}


def _write_json(word: str, found: list[Found], environment: Environment, *, strict: bool) -> None:
    import json

    file = printable(word)
    for one in found:
        line, column = _place(one)
        row: dict[str, str | int] = {
            "event": "finding",
            "file": printable(one.error.file) if isinstance(one.error, ScriptError) and one.error.file else file,
            "line": line,
            "column": column,
            "rule": one.error.kind,
            "severity": one.severity,
            "message": printable(one.error.message),
            "hint": printable(one.error.hint),
        }
        environment.out(json.dumps(row, ensure_ascii=False))
    totals = {f"{severity}s": sum(one.severity == severity for one in found) for severity in SEVERITIES}
    result = {"event": "result", "file": file, "status": _status(found, strict=strict), **totals}
    environment.out(json.dumps(result, ensure_ascii=False))
