"""`smtp-repl check`: everything that is wrong in scripts, and what a reader should know; no network."""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.sources import folder_loader, read_source
from smtp_repl.script.model import Script, line_text
from smtp_repl.script.steps import check_names, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.view.errors import show_error
from smtp_repl.wire.errors import ExitStatus, ScriptError, SmtpReplError
from smtp_repl.wire.octets import printable


def main(words: Words, environment: Environment) -> int:
    """Check the files; 2 when any of them cannot be played."""
    status = ExitStatus.OK
    for word in words.words:
        errors, warnings = check(word, environment)
        if errors:
            status = ExitStatus.USAGE
        if words.has("json"):
            _write_json(word, errors, warnings, environment)
        else:
            _show(word, errors, warnings, environment)
    return int(status)


def check(word: str, environment: Environment) -> tuple[list[SmtpReplError], list[ScriptError]]:
    """What keeps a script from being played, and what is odd about it."""
    try:
        source = read_source(word, environment)
    except SmtpReplError as error:
        return [error], []
    script = parse(source.octets, source.name)
    warnings = _warnings(script)
    if script.problems:
        return [node.error(source.name) for node in script.problems], warnings
    try:
        steps = compile_steps(script, folder_loader(source.folder))
        check_names(steps, _secret_names(script))
    except ScriptError as error:
        error.file = error.file or source.name
        return [error], warnings
    return [], warnings


def _secret_names(script: Script) -> set[str]:
    """The steps of a recording that whoever runs it binds."""
    templates = (getattr(node, "template", None) for node in script.nodes)
    names = (name for template in templates if template is not None for name in template.names)
    return {name for name in names if name.startswith("secret.")}


def _warnings(script: Script) -> list[ScriptError]:
    return [
        ScriptError(
            found.message,
            kind=found.kind,
            file=script.name,
            line=found.line,
            column=found.column,
            source=line_text(script.nodes[found.line - 1].source),
        )
        for found in script.warnings
    ]


def _show(word: str, errors: list[SmtpReplError], warnings: list[ScriptError], environment: Environment) -> None:
    for warning in warnings:
        environment.talk("warning: " + show_error(warning).removeprefix("error: ").removesuffix("\n"))
    for error in errors:
        environment.talk(show_error(error).removesuffix("\n"))
    parts = [_count(errors, "error"), _count(warnings, "warning")]
    word_for_it = "error" if errors else "ok"
    environment.out("  ".join([word_for_it.ljust(5), printable(word), *(part for part in parts if part)]))


def _count(found: list[SmtpReplError] | list[ScriptError], noun: str) -> str:
    return f"{len(found)} {noun}{'' if len(found) == 1 else 's'}" if found else ""


def _write_json(word: str, errors: list[SmtpReplError], warnings: list[ScriptError], environment: Environment) -> None:
    import json

    file = printable(word)
    rows = [("error", error) for error in errors] + [("warning", warning) for warning in warnings]
    for event, error in rows:
        line, column = (error.line, error.column) if isinstance(error, ScriptError) else (0, 0)
        environment.out(
            json.dumps(
                {
                    "event": event,
                    "file": file,
                    "line": line,
                    "column": column,
                    "kind": error.kind,
                    "message": printable(error.message),
                    "hint": printable(error.hint),
                },
                ensure_ascii=False,
            )
        )
    status = "error" if errors else "pass"
    result = {"event": "result", "file": file, "status": status, "errors": len(errors), "warnings": len(warnings)}
    environment.out(json.dumps(result, ensure_ascii=False))
