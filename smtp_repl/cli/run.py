"""`smtp-repl run`: scripts are played against a live server or the practice server, and judged.

Loads little, because it is started often (docs/performance.md): what only some runs need (TLS,
JSON, the practice server, recording, how an error looks) is imported where it is needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic

from smtp_repl.cli.connecting import net_options
from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.passwords import ask_password, given_any, read_passwords
from smtp_repl.cli.report import Narrator, failure, summary, summary_line
from smtp_repl.cli.sources import Source, folder_blocks, folder_loader, packaged_names, read_source
from smtp_repl.cli.variables import read_variables
from smtp_repl.net.runner import run_part
from smtp_repl.script.arguments import LEVELS, Connect
from smtp_repl.script.casting import Casting, Observer, Observers, PlayResult
from smtp_repl.script.matching import Level
from smtp_repl.script.model import Script
from smtp_repl.script.player import Plan, plan, play
from smtp_repl.script.scope import Need, missing, secrets_needed
from smtp_repl.script.steps import Do, Say, Step, check_names, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.errors import ExitStatus, ScriptError, SmtpReplError, UsageError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target, parse_target

if TYPE_CHECKING:
    from smtp_repl.cli.recording import Recording
    from smtp_repl.view.events_json import EventWriter

PRACTICE_PASSWORD = "not-a-secret"  # noqa: S105 # it is not


class Prepared(Record):
    """A script that can be played."""

    source: Source
    script: Script
    plan: Plan
    needs: tuple[Need, ...]


class Stage(Record):
    """What all files of one run share."""

    environment: Environment
    words: Words
    target: Target | None
    passwords: Mapping[str, Secret]
    practice_ca: bytes
    is_practice: bool
    events: "EventWriter | None"


def main(words: Words, environment: Environment) -> int:
    """Play the scripts that the words name; returns the exit status."""
    if words.has("list"):
        return _list(environment)
    _check(words)
    if words.has("shell"):
        return _hand_over(words, environment)
    passwords = read_passwords(words, environment)
    prepared: list[Prepared | Failure] = [_prepare(word, environment, words) for word in words.words]
    with _server(words, prepared, passwords) as (target, practice_ca):
        stage = Stage(
            environment, words, target, passwords, practice_ca, words.has("local"), _events(words, environment)
        )
        return combine([_play(one, stage) for one in prepared])


def combine(statuses: Sequence[int]) -> int:
    """One exit status for several files: 2 if any, else 1 if any, else the lowest other, else 77 if all, else 0."""
    for status in (ExitStatus.USAGE, ExitStatus.FAILED):
        if status in statuses:
            return int(status)
    others = [status for status in statuses if status not in (ExitStatus.OK, ExitStatus.SKIPPED)]
    if others:
        return min(others)
    return int(ExitStatus.SKIPPED if statuses and ExitStatus.OK not in statuses else ExitStatus.OK)


def _list(environment: Environment) -> int:
    names = packaged_names()
    width = max((len(name) for name in names), default=0)
    for name in names:
        source = read_source(f"@{name}", environment)
        title = parse(source.octets).title.partition("\n")[0]
        environment.out(f"@{name.ljust(width)}  {printable(title)}".rstrip())
    return int(ExitStatus.OK)


def _check(words: Words) -> None:
    """Refuse what contradicts itself, before anything is read."""
    if not words.words:
        raise UsageError("run needs a script to play", "smtp-repl run FILE --local; smtp-repl run --list")
    if words.words.count("-") > 1:
        raise UsageError("standard input can be read once only")
    if words.has("local") and words.has("server"):
        raise UsageError("--local and --server are two servers: give one of them")
    if given_any(words) and not (words.has("local") or words.has("server")):
        raise UsageError(
            "a password goes only where the command line says, never where a script says",
            "--server HOST:PORT, or --local",
            kind="secret-without-server",
        )
    if words.has("record") and len(words.words) > 1:
        raise UsageError("--record takes one script at a time")
    if words.has("quiet") and words.has("verbose"):
        raise UsageError("-q and -v are opposites: give one of them")
    if words.has("shell"):
        _check_shell(words)
    read_variables(words)
    _level(words)
    for key in ("timeout", "connect-timeout"):
        words.seconds(key)
    words.count("to-line")


def _check_shell(words: Words) -> None:
    if not words.has("to-line"):
        raise UsageError("--shell hands over in the middle of a script: say where", "--to-line N --shell")
    if len(words.words) > 1 or words.words == ["-"]:
        raise UsageError("--shell takes one script, and the keyboard is yours")
    useless = [key for key in ("json", "quiet", "verbose", "strict", "match", "var") if words.has(key)]
    if useless or given_any(words):
        what = f"--{useless[0]}" if useless else "a password option"
        raise UsageError(f"{what} has no place with --shell: you see everything, and are asked")


def _hand_over(words: Words, environment: Environment) -> int:
    """Play up to a line in the shell, and let the person go on."""
    if not environment.is_interactive:
        raise UsageError("--shell needs a terminal", "--to-line N alone stops there")
    one = _prepare(words.words[0], environment, words)
    if isinstance(one, Failure):
        return _report_errors(one.errors, environment)
    server = words.text("server")
    target = parse_target(server) if server is not None else _connect_of(one.plan.steps)
    if target is None and not words.has("local"):
        raise UsageError("no server is given to connect to", "--server HOST:PORT, or --local")
    from smtp_repl.cli.session import hand_over

    return hand_over(words, environment, None if words.has("local") else target)


def _connect_of(steps: Sequence[Step]) -> Target | None:
    """Where the script itself goes."""
    for step in steps:
        if isinstance(step, Do) and isinstance(step.directive.value, Connect) and not step.connection:
            return step.directive.value.target
    return None


def _level(words: Words) -> Level | None:
    word = words.text("match")
    if word is None:
        return None
    if word not in LEVELS:
        raise UsageError(f'there is no level "{printable(word)}"', f"from loose to strict: {', '.join(LEVELS)}")
    return Level.from_word(word)


def _events(words: Words, environment: Environment) -> "EventWriter | None":
    if not words.has("json"):
        return None
    from smtp_repl.view.events_json import EventWriter

    return EventWriter(lambda line: environment.out(line.removesuffix("\n")), monotonic)


# ---------------------------------------------------------------- before anything is said


class Failure(Record):
    """A script that cannot be played, and why."""

    name: str
    errors: tuple[SmtpReplError, ...]


def _prepare(word: str, environment: Environment, words: Words) -> Prepared | Failure:
    """Read, parse and work out a script."""
    try:
        source = read_source(word, environment)
        script = parse(source.octets, source.name)
        if script.problems:
            return Failure(source.name, tuple(node.error(source.name) for node in script.problems))
        steps = compile_steps(script, folder_loader(source.folder))
        needs = secrets_needed(steps)
        check_names(steps, (*read_variables(words), *(need.name for need in needs if need.name.startswith("secret."))))
    except SmtpReplError as error:
        return Failure(printable(word), (error,))
    return Prepared(source, script, plan(steps), needs)


@contextmanager
def _server(
    words: Words, prepared: Sequence[Prepared | Failure], passwords: Mapping[str, Secret]
) -> Iterator[tuple[Target | None, bytes]]:
    """Where the command line says to go (None leaves it to the scripts), and the practice server's authority."""
    if not words.has("local"):
        text = words.text("server")
        yield parse_target(text) if text is not None else None, b""
        return
    from smtp_repl.net.practice import PracticeOptions, PracticeThread
    from smtp_repl.net.practice.options import PRACTICE_ACCOUNTS

    plays = [one for one in prepared if isinstance(one, Prepared)]
    # Who a script says it is, may log in: so a recording of another server can be played here.
    accounts = dict(PRACTICE_ACCOUNTS)
    for need in (need for one in plays for need in one.needs if need.user and need.user not in accounts):
        given = passwords.get(need.name)
        accounts[need.user] = given.reveal().decode("utf-8", "replace") if given is not None else PRACTICE_PASSWORD
    with PracticeThread(PracticeOptions(accounts=accounts, idle_limit=None)) as server:
        # A certificate takes 100 ms: only for scripts that may use it.
        uses_tls = any(word in one.source.octets.lower() for one in plays for word in (b"starttls", b"@tls", b"@incl"))
        yield Target(server.host, server.port), server.ca_pem() if uses_tls or words.has("var") else b""


def _casting(one: Prepared, stage: Stage) -> Casting:
    """Who plays this script, and with which secrets. Raises `SecretMissing`, before anything is said."""
    words = stage.words
    if one.needs and stage.target is None:
        need = one.needs[0]
        raise ScriptError(
            f"line {need.line} needs a password, and a password goes only where the command line says",
            "--server HOST:PORT, or --local",
            kind="secret-without-server",
            file=one.source.name,
            line=need.line,
        )
    credentials: dict[str, Credentials] = {}
    secrets: dict[str, Secret] = {}
    for need in one.needs:
        secret = stage.passwords.get(need.name) or _find_password(need, stage)
        if secret is None:
            continue
        if need.name.startswith("secret."):
            secrets[need.name] = secret
        else:
            credentials[need.name] = Credentials(need.user, secret)
    unbound = missing(one.needs, {**credentials, **secrets})
    if unbound is not None:
        raise unbound
    return Casting(
        target=stage.target,
        credentials=credentials,
        secrets=secrets,
        variables=read_variables(words),
        level=_level(words),
        strict=words.has("strict"),
        timeout=words.seconds("timeout"),
        allow_plaintext_auth=words.has("allow-plaintext-auth"),
        to_line=words.count("to-line") or 0,
        open_blocks=folder_blocks(one.source.folder),
        own_names=_own_names(one.plan.steps),
    )


def _find_password(need: Need, stage: Stage) -> Secret | None:
    if need.name.startswith("secret."):
        return ask_password(f"{need.name} (a step of AUTH as it goes over the wire): ", stage.environment)
    if stage.is_practice:
        from smtp_repl.net.practice.options import PRACTICE_ACCOUNTS

        return Secret(PRACTICE_ACCOUNTS.get(need.user, PRACTICE_PASSWORD).encode())
    return ask_password(f"password of {printable(need.user)}: ", stage.environment)


def _own_names(steps: Sequence[Step]) -> tuple[bytes, ...]:
    """The names that the script says in EHLO: a server repeats them, and they change from host to host."""
    names: dict[bytes, None] = {}
    for step in steps:
        for wire in step.lines if isinstance(step, Say) else ():
            command = parse_command(wire.text if wire.form != '"' else b"")
            if command.verb in ("EHLO", "HELO", "LHLO") and command.argument and wire.template is None:
                names[command.argument.strip()] = None
    return tuple(names)


# ---------------------------------------------------------------- the play


def _play(one: Prepared | Failure, stage: Stage) -> int:
    """Play one script and show how it went; returns its exit status."""
    name = one.name if isinstance(one, Failure) else one.source.name
    events = stage.events.for_file(name) if stage.events is not None else None
    start = monotonic()
    if isinstance(one, Failure):
        return _stop(name, one.errors, stage, events, start)
    try:
        result = _perform(one, stage, events)
    except SmtpReplError as error:
        if error.exit_status is ExitStatus.OUTPUT:
            raise
        if isinstance(error, ScriptError) and not error.file:
            error.file = name
        return _stop(name, (error,), stage, events, start)
    seconds = monotonic() - start
    if result.failure is not None:
        stage.environment.talk(failure(result.failure, one.plan.steps, name))
    if events is not None:
        events.result(result, seconds)
    elif not stage.words.has("quiet") or result.status in ("fail", "skip") or result.lost:
        stage.environment.out(summary(name, result, seconds))
    statuses = {"fail": ExitStatus.FAILED, "skip": ExitStatus.SKIPPED}
    return int(statuses.get(result.status, ExitStatus.OK))


def _stop(name: str, errors: Sequence[SmtpReplError], stage: Stage, events: "EventWriter | None", start: float) -> int:
    if events is not None:
        for error in errors:
            events.error(error)
    status = _report_errors(errors, stage.environment)
    if events is not None:
        events.failed(monotonic() - start)
    else:
        first = errors[0]
        place = f"line {first.line}" if isinstance(first, ScriptError) and first.line else ""
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        parts = [place, printable(first.message.partition("\n")[0]) + more]
        stage.environment.out(summary_line("error", name, [part for part in parts if part]))
    return status


def _report_errors(errors: Sequence[SmtpReplError], environment: Environment) -> int:
    from smtp_repl.view.errors import show_error

    for error in errors:
        environment.talk(show_error(error).removesuffix("\n"))
    return int(errors[0].exit_status)


def _perform(one: Prepared, stage: Stage, events: "EventWriter | None") -> PlayResult:
    casting = _casting(one, stage)
    recording = _recording(one, stage)
    observers: list[Observer] = []
    if recording is not None:
        observers.append(recording)  # first: what is shown is in the file already
    if events is not None:
        observers.append(events)
    elif stage.words.has("verbose"):
        observers.append(Narrator(stage.environment.out))
    observer = observers[0] if len(observers) == 1 else Observers(observers)
    options = net_options(stage.words, stage.target, practice_ca=stage.practice_ca)
    try:
        result = run_part(play(one.plan, casting, observer), options)
        if recording is not None:
            recording.ended(result)
    except SmtpReplError as error:
        if recording is not None and error.exit_status is not ExitStatus.OUTPUT:
            recording.stopped(error)
        raise
    finally:
        if recording is not None:
            recording.close()
    return result


def _recording(one: Prepared, stage: Stage) -> "Recording | None":
    path = stage.words.text("record")
    if path is None:
        return None
    from smtp_repl.cli.recording import GuidedRecording, PlainRecording

    overwrite = stage.words.has("force")
    if one.plan.speaks:
        return GuidedRecording(path, one.script, one.plan.steps, overwrite=overwrite)
    return PlainRecording(path, overwrite=overwrite)
