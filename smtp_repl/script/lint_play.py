"""A script played against itself in memory: what it says as the server must be what it expects as the client.

Where that fails, no server can make it pass. Replies of which the script says nothing are taken as hoped; `@require`
and `@caps` are left out where an EHLO reply is written short, and offers nothing. No network and no time: waits pass
at once. Passwords are made up.
"""

from collections.abc import Iterator, Mapping

from smtp_repl.script.arguments import File
from smtp_repl.script.casting import Casting, Observer, OpenBlocks, StepResult
from smtp_repl.script.lint_rules import lint_remark
from smtp_repl.script.model import Remark, line_text
from smtp_repl.script.player import plan, play
from smtp_repl.script.scope import secrets_needed
from smtp_repl.script.selfplay import play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.wire.errors import CleartextError, ScriptError, SmtpReplError, TlsError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import encode_step, printable
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target

PLAYED, PLAYED_LINES = 8 * 1024 * 1024, 10_000
"""Octets and lines of a script that are played; one that has more is only read."""
FILE_PLAYED = 256 * 1024
"""Octets of each file that are played."""

_NOT_A_FAULT = frozenset({"no-sample"})
"""Kinds of errors that say something of the play and nothing of the script."""


def why_not_played(steps: tuple[Step, ...]) -> Remark | None:
    """Why a script is not played against itself, if it is not."""
    size = lines = 0
    for step in steps:
        if isinstance(step, Do) and step.directive.name == "send":
            return lint_remark(
                "not-played", step.line, 1, why=phrase("nobody knows what the server would say to @send")
            )
        size += step.size if isinstance(step, Say) else 0
        lines += len(step.nodes)
        if size > PLAYED or lines > PLAYED_LINES:
            why = phrase(
                "it has more than {lines} lines, or says more than {octets} octets",
                lines=PLAYED_LINES,
                octets=PLAYED,
            )
            return lint_remark("not-played", step.line, 1, why=why)
    return None


def unreadable(steps: tuple[Step, ...], open_blocks: OpenBlocks | None) -> ScriptError | None:
    """The first file that the script sends and that cannot be read, if there is one."""
    for step in steps:
        if isinstance(step, Do) and step.directive.name in ("data", "send") and isinstance(step.directive.value, File):
            node, path = step.directive, step.directive.value.path
            try:
                if open_blocks is None:
                    raise ScriptError(
                        phrase("there is no folder to read {path} from", path=printable(path)), kind="file"
                    )
                blocks = open_blocks(path)
                next(blocks, b"")
            except ScriptError as error:
                error.file, error.line, error.column = step.file, node.line, node.column
                error.width, error.source = len(node.args), line_text(node.source)
                return error
    return None


def play_alone(
    steps: tuple[Step, ...],
    answers: tuple[Step, ...],
    *,
    variables: Mapping[str, bytes],
    open_blocks: OpenBlocks | None,
) -> ScriptError | None:
    """Where the play stops, if it does. `answers` are the steps that a server needs (`lint.examine`)."""
    credentials, secrets = _made_up(steps)
    casting = Casting(
        target=Target("memory"),
        credentials=credentials,
        secrets=secrets,
        variables=variables,
        allow_plaintext_auth=True,
        open_blocks=_beginning_of(open_blocks) if open_blocks is not None else None,
    )
    witness = _Witness()
    ours, theirs = _undemanding(steps), _undemanding(answers)
    server = Casting(variables=variables, open_blocks=casting.open_blocks, fresh_challenge=lambda: b"<1@mail.example>")
    client, other = play_together(play(plan(ours), casting, witness), play_server(plan(theirs), server, Observer()))
    if isinstance(other.error, ScriptError):
        return _stopped(other.error, theirs, -1)
    failed = client.result.failure if client.result is not None else None
    if failed is not None:
        return _failure(failed, ours)
    if client.error is not None:
        return _stopped(client.error, ours, witness.last)
    if other.result is not None and other.result.failure is not None:
        return _failure(other.result.failure, theirs)
    return None


class _Witness(Observer):
    """Remembers the last step that was judged."""

    def __init__(self) -> None:
        self.last = -1

    def stepped(self, result: StepResult) -> None:
        self.last = max(self.last, result.step)


def _made_up(steps: tuple[Step, ...]) -> tuple[dict[str, Credentials], dict[str, Secret]]:
    credentials: dict[str, Credentials] = {}
    secrets: dict[str, Secret] = {}
    for need in secrets_needed(steps):
        if need.name.startswith("secret."):
            secrets[need.name] = Secret(encode_step(b"made up"))
        else:
            credentials[need.name] = Credentials(need.user or "somebody", Secret(b"made up"))
    return credentials, secrets


def _undemanding(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps without what they demand of an EHLO reply that is written short."""
    result: list[Step] = []
    for step in steps:
        if isinstance(step, Hear) and step.expectation.caps and not _is_full(step):
            step = step._replace(expectation=step.expectation._replace(caps=()))
        if not (isinstance(step, Do) and step.directive.name in ("require", "caps")):
            result.append(step)
    return tuple(result)


def _is_full(hear: Hear) -> bool:
    """Whether an EHLO reply is there with all that it offers."""
    lines = hear.expectation.lines
    return len(lines) > 1 and not any(line.mod for line in lines)


def _beginning_of(open_blocks: OpenBlocks) -> OpenBlocks:
    def blocks(path: str) -> Iterator[bytes]:
        left = FILE_PLAYED
        for block in open_blocks(path):
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return

    return blocks


def _failure(failed: StepResult, steps: tuple[Step, ...]) -> ScriptError:
    what = failed.differences[0] if failed.differences else None
    why = f"expected {what.want}, got {what.got}" if what is not None else phrase("this does not hold")
    line = what.line if what is not None and what.line else failed.line
    nodes = steps[failed.step].nodes if 0 <= failed.step < len(steps) else ()
    source = next((line_text(node.source) for node in nodes if node.line == line), failed.source)
    error = _error(why, failed.file, line, source)
    if what is not None and what.line:
        error.column, error.width = what.column, max(1, what.width)
    return error


def _stopped(error: SmtpReplError, steps: tuple[Step, ...], last: int) -> ScriptError | None:
    """What an error of the play says of the script; None when it says nothing."""
    if isinstance(error, TlsError | CleartextError) or error.kind in _NOT_A_FAULT:
        return None
    if isinstance(error, ScriptError):
        return error
    # The step that was waited for: the first expectation behind the last one that was judged.
    step = next((step for step in steps[last + 1 :] if isinstance(step, Hear)), None)
    if step is None:
        return _error(error.message, "", 0, "")
    return _error(error.message, step.file, step.line, line_text(step.nodes[0].source))


def _error(why: str, file: str, line: int, source: str) -> ScriptError:
    message = lint_remark("self-play", line, 0, why=why).message
    start = len(source) - len(source.lstrip()) + 1
    width = max(1, len(source.strip()))
    return ScriptError(message, kind="self-play", file=file, line=line, column=start, width=width, source=source)
