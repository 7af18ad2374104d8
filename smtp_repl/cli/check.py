"""`smtp-repl check`: everything that is wrong in scripts, and what a reader should know; no network.

A script that reads well is played against itself in memory: what it says as the server must be what it expects as
the client. Where that fails, no server can make it pass.
"""

from collections.abc import Iterable

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.report import source_line
from smtp_repl.cli.sources import Source, folder_blocks, folder_loader, read_source
from smtp_repl.script.casting import Casting, Observer
from smtp_repl.script.lint import lint
from smtp_repl.script.model import Remark, Script, line_text
from smtp_repl.script.player import plan, play
from smtp_repl.script.scope import Need, secrets_needed
from smtp_repl.script.selfplay import play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.steps import Do, Say, Step, check_names, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.view.errors import show_error
from smtp_repl.wire.errors import ExitStatus, ScriptError, SmtpReplError
from smtp_repl.wire.octets import printable
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target


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
    if script.problems:
        return [node.error(source.name) for node in script.problems], _warnings(script, script.warnings)
    load = folder_loader(source.folder)
    try:
        # In lock-step each line is a group of its own.
        remarks = [it for it in lint(script, load) if script.speaks or it.kind != "pipelined-group"]
        warnings = _warnings(script, remarks)
        steps = compile_steps(script, load)
        needs = secrets_needed(steps)
        check_names(steps, (need.name for need in needs if need.name.startswith("secret.")))
    except ScriptError as error:
        error.file = error.file or source.name
        return [error], _warnings(script, script.warnings)
    return _played_against_itself(steps, needs, source), warnings


def _played_against_itself(steps: tuple[Step, ...], needs: Iterable[Need], source: Source) -> list[SmtpReplError]:
    """What does not hold even when the script itself is the server."""
    credentials: dict[str, Credentials] = {}
    secrets: dict[str, Secret] = {}
    for need in needs:
        if need.name.startswith("secret."):
            secrets[need.name] = Secret(b"c2VjcmV0")
        else:
            credentials[need.name] = Credentials(need.user or "user", Secret(b"secret"))
    blocks = folder_blocks(source.folder)
    casting = Casting(
        target=Target("memory"), credentials=credentials, secrets=secrets, open_blocks=blocks, allow_plaintext_auth=True
    )
    made = plan(_greeted(steps))
    if not made.speaks:
        return []
    client, _ = play_together(play(made, casting, Observer()), play_server(made, casting, Observer()))
    if client.error is not None:
        if isinstance(client.error, ScriptError):
            client.error.file = client.error.file or source.name
        return [client.error]
    failed = client.result.failure if client.result is not None else None
    if failed is None:
        return []
    what = failed.differences[0] if failed.differences else None
    message = f": expected {what.want}, got {what.got}" if what is not None else ""
    return [
        ScriptError(
            f"this does not hold even when the script itself is the server{message}",
            kind="self-play",
            file=failed.file or source.name,
            line=what.line if what is not None and what.line else failed.line,
            column=what.column if what is not None else 0,
            width=what.width if what is not None else 1,
            source=source_line(what.line if what is not None else failed.line, failed, steps),
        )
    ]


def _greeted(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, with a greeting on each connection on which the script leaves it unsaid."""
    greeting = compile_steps(parse(b"S: 220 hello\n"))[0]
    result: list[Step] = []
    begun: set[str] = set()
    for step in steps:
        if isinstance(step, Do):
            if step.directive.name in ("early", "close"):
                (begun.add if step.directive.name == "early" else begun.discard)(step.connection)
        elif step.connection not in begun:
            begun.add(step.connection)
            if isinstance(step, Say):
                result.append(greeting._replace(connection=step.connection))
        result.append(step)
    return tuple(result)


def _warnings(script: Script, remarks: Iterable[Remark]) -> list[ScriptError]:
    return [
        ScriptError(
            found.message,
            kind=found.kind,
            file=script.name,
            line=found.line,
            column=found.column,
            source=line_text(script.nodes[found.line - 1].source),
        )
        for found in remarks
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
