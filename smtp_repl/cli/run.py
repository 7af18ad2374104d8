"""`smtp-repl run`: scripts are played against a live server or the practice server, and judged.

Loads little, because it is started often (docs/performance.md): what only some runs need (TLS, JSON, the practice
server, recording, many sessions, reports, how an error looks) is imported where it is needed.
"""

from collections.abc import Sequence
from time import monotonic

from smtp_repl.cli.connecting import net_options
from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.passwords import given_any, read_passwords
from smtp_repl.cli.preparing import (
    Prepared,
    Server,
    Unplayable,
    cast,
    connect_of,
    open_recording,
    prepare,
    read_level,
)
from smtp_repl.cli.report import Ended, failure_text, show_errors, summary_of
from smtp_repl.cli.servers import find_server
from smtp_repl.cli.sources import scripts_below
from smtp_repl.cli.variables import read_variables
from smtp_repl.net.runner import run_part
from smtp_repl.script.casting import Casting, Observer, Observers, PlayResult
from smtp_repl.script.player import play
from smtp_repl.wire.errors import ExitStatus, ScriptError, SmtpReplError, UsageError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import either, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import parse_target

if TYPE_CHECKING:
    from smtp_repl.view.events_json import EventWriter

_BY_ITSELF = ("record", "shell", "to-line")
"""Options that have a single session in mind."""
_NOT_BY_HAND = ("json", "quiet", "verbose", "strict", "match", "var", "save")
_REPEATING = ("repeat", "duration", "rate")
_REPORTS = ("junit", "tap", "html")
_TOGETHER = ("jobs", *_REPEATING, *_REPORTS, "save", "update")
"""Options that need to know of more than one session at a time."""


def main(words: Words, environment: Environment) -> int:
    """Play the scripts that the words name; returns the exit status."""
    if words.has("list"):
        return _list(environment)
    _check(words)
    if words.has("shell"):
        return _hand_over(words, environment)
    passwords = read_passwords(words, environment)
    scripts = _tagged([prepare(path, environment, words) for path in _paths(words)], words)
    if len(scripts) > 1 or any(words.has(key) for key in _TOGETHER):
        from smtp_repl.cli.many import run_many

        return combine(run_many(scripts, words, environment, passwords))
    one = scripts[0]
    if isinstance(one, Unplayable):
        return _show(one.name, Ended(0.0, errors=one.errors), None, _events(words, environment), words, environment)
    with find_server(words, scripts, passwords) as server:
        events = _events(words, environment)
        start = monotonic()
        try:
            casting = cast(one, server, words, environment, passwords)
            result = _perform(one, casting, server, words, environment, events)
            ended = Ended(monotonic() - start, result)
        except SmtpReplError as error:
            if error.exit_status is ExitStatus.OUTPUT:
                raise
            ended = Ended(monotonic() - start, errors=(error,))
        return _show(one.name, ended, one, events, words, environment)


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
    from smtp_repl.cli.packaged import titled_scripts

    scripts = titled_scripts()
    width = max((len(name) for name, _ in scripts), default=0)
    for name, title in scripts:
        environment.out(f"@{name.ljust(width)}  {title}".rstrip())
    return int(ExitStatus.OK)


def _paths(words: Words) -> list[str]:
    """The scripts that the words name, folders opened. Raises `UsageError`."""
    paths = [path for word in words.words for path in scripts_below(word)]
    if words.has("record") and len(paths) > 1:
        raise UsageError("--record takes one script at a time")
    return paths


def _tagged(scripts: list[Prepared | Unplayable], words: Words) -> list[Prepared | Unplayable]:
    """The scripts that have one of the tags asked for. Raises `UsageError` when none has."""
    wanted = frozenset(words.texts("tag"))
    if not wanted:
        return scripts
    found = [one for one in scripts if wanted & set(one.script.tags if isinstance(one, Prepared) else one.tags)]
    if not found:
        raise UsageError(
            phrase("no script has the tag {tags}", tags=either([printable(tag) for tag in sorted(wanted)])),
            kind="no-file",
        )
    return found


# ---------------------------------------------------------------- what contradicts itself


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
    if words.has("quiet") and words.has("verbose"):
        raise UsageError("-q and -v are opposites: give one of them")
    if words.has("shell"):
        _check_shell(words)
    _check_together(words)
    read_variables(words)
    read_level(words)
    for key in ("timeout", "connect-timeout", "duration"):
        words.seconds(key)
    for key in ("to-line", "jobs", "repeat"):
        words.count(key)
    words.rate("rate")


def _check_shell(words: Words) -> None:
    if not words.has("to-line"):
        raise UsageError("--shell hands over in the middle of a script: say where", "--to-line N --shell")
    if len(words.words) > 1 or words.words == ["-"]:
        raise UsageError("--shell takes one script, and the keyboard is yours")
    useless = [key for key in (*_NOT_BY_HAND, *_REPORTS) if words.has(key)]
    if useless or given_any(words):
        what = f"--{useless[0]}" if useless else phrase("a password option")
        raise UsageError(phrase("{what} has no place with --shell: you see everything, and are asked", what=what))


def _check_together(words: Words) -> None:
    many = next((key for key in (*_REPEATING, "jobs", "update") if words.has(key)), "")
    single = next((key for key in _BY_ITSELF if words.has(key)), "")
    if single and many:
        raise UsageError(
            phrase(
                "--{single} is about one session, and --{many} about many: give one of them", single=single, many=many
            )
        )
    if words.has("update"):
        if any(words.has(key) for key in (*_REPEATING, "jobs")):
            raise UsageError(phrase("--update plays each script once: --{many} has no place with it", many=many))
        if words.text("update") not in ("", "all"):
            raise UsageError("--update stands alone, or is --update=all", "all also lets a success become a refusal")
        if any(word == "-" or word.startswith("@") for word in words.words):
            raise UsageError("standard input and what came with the program stay as they are: --update takes files")
    to_output = [key for key in _REPORTS if words.text(key) == "-"]
    if len(to_output) > 1:
        raise UsageError(
            phrase(
                "--{one} and --{other} cannot both go to standard output",
                one=to_output[0],
                other=to_output[1],
            )
        )
    if to_output and words.has("json"):
        raise UsageError(phrase("--json and --{report} cannot both go to standard output", report=to_output[0]))


# ---------------------------------------------------------------- up to a line, then the person


def _hand_over(words: Words, environment: Environment) -> int:
    """Play up to a line in the shell, and let the person go on."""
    if not environment.is_interactive:
        raise UsageError("--shell needs a terminal", "--to-line N alone stops there")
    one = prepare(words.words[0], environment, words)
    if isinstance(one, Unplayable):
        return show_errors(one.errors, environment)
    server = words.text("server")
    target = parse_target(server) if server is not None else connect_of(one.plan.steps)
    if target is None and not words.has("local"):
        raise UsageError("no server is given to connect to", "--server HOST:PORT, or --local")
    from smtp_repl.cli.session import hand_over

    return hand_over(words, environment, None if words.has("local") else target)


# ---------------------------------------------------------------- one play


def _events(words: Words, environment: Environment) -> "EventWriter | None":
    if not words.has("json"):
        return None
    from smtp_repl.view.events_json import EventWriter

    return EventWriter(lambda line: environment.out(line.removesuffix("\n")), monotonic)


def _perform(
    one: Prepared,
    casting: Casting,
    server: Server,
    words: Words,
    environment: Environment,
    events: "EventWriter | None",
) -> PlayResult:
    """Play a script alone, and record it if that is asked for. Raises `SmtpReplError`."""
    recording = open_recording(one, words)
    observers: list[Observer] = []
    if recording is not None:
        observers.append(recording)  # first: what is shown is in the file already
    if events is not None:
        observers.append(events.for_file(one.name))
    elif words.has("verbose"):
        from smtp_repl.cli.narrator import Narrator

        observers.append(Narrator(environment.out))
    observer = observers[0] if len(observers) == 1 else Observers(observers)
    options = net_options(words, server.target, practice_ca=server.practice_ca)
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


def _show(
    name: str,
    ended: Ended,
    one: Prepared | None,
    events: "EventWriter | None",
    words: Words,
    environment: Environment,
) -> int:
    """Show how a script's only play went; returns its exit status."""
    for error in ended.errors:
        if isinstance(error, ScriptError) and not error.file:
            error.file = name
    shown = failure_text(ended, one.plan.steps if one is not None else (), name)
    if shown:
        environment.talk(shown)
    if events is not None:
        events.for_file(name).played(ended.result, ended.errors, ended.seconds)
    elif not words.has("quiet") or ended.worth_telling:
        environment.out(summary_of(ended, name))
    return ended.exit_status
