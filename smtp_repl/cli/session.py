"""`smtp-repl HOST`: a session by hand, at a terminal in the shell, elsewhere in line mode."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

from smtp_repl.cli.attending import PLAIN, answer_of
from smtp_repl.cli.behaviour import check_behaviour, practice_profile
from smtp_repl.cli.connecting import net_options, tls_options
from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.passwords import DEFAULT, ask_password, from_command, given_any, read_passwords
from smtp_repl.cli.settings import Known, read_settings
from smtp_repl.net.dial import Attempt
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.desk import Desk, Material
from smtp_repl.term.greetings import farewell, welcome
from smtp_repl.term.practice import Practice
from smtp_repl.term.requests import Ask
from smtp_repl.wire.errors import ExitStatus, SecretMissing, SmtpReplError, UsageError
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target, parse_target

if TYPE_CHECKING:
    from pathlib import Path

    from smtp_repl.term.hosts import Host
    from smtp_repl.term.shell import ShellOptions

_LINE_ONLY = ("json", "expect", "no-quit")
_LINE_LIMIT = 64 * 1024 * 1024


class Opening(Record):
    """How a session begins: its settings, where it goes (None is the practice server), by which profile."""

    known: Known
    target: Target | None
    host: "Host | None" = None
    told: Sequence[str] = ()
    """What is said first."""


def main(words: Words, environment: Environment) -> int:
    """Hold a session; returns the exit status."""
    _check(words)
    known = read_settings(words, environment)
    check_behaviour(words)
    host = known.hosts.get(words.words[0]) if len(words.words) == 1 and not words.has("local") else None
    target = host.target if host is not None else _target(words, environment)
    told: list[str] = []
    if host is not None:
        from smtp_repl.term.hosts import describe

        told.append(f"{host.name}: {describe(host)}")
    if not words.words and not words.has("local"):
        told.append(phrase("no host is given: this is the practice server; smtp-repl HOST[:PORT] talks to a real one"))
    passwords = read_passwords(words, environment)
    if not words.has("line") and environment.is_interactive:
        if not environment.is_dumb:
            return _shell(words, environment, Opening(known, target, host, told))
        told.append(phrase(PLAIN, term=environment.environ.get("TERM")))
    for line in told:
        environment.talk(f"# {_(line)}")
    with _desk(words, environment, known, target) as (desk, place):
        desk.profile = host
        return _lines(words, environment, desk, place, passwords.get(DEFAULT))


def _target(words: Words, environment: Environment) -> Target | None:
    """Where to go; None is the practice server. Raises `UsageError`."""
    if words.has("local"):
        if words.words:
            raise UsageError("--local is a server of its own: give it or a host", "smtp-repl --local")
        return None
    if words.words:
        return parse_target(*words.words)
    if environment.is_interactive and not words.has("line"):
        return None
    raise UsageError("no host is given", "smtp-repl HOST[:PORT], or --local for the practice server")


def _check(words: Words) -> None:
    """Refuse what makes no sense before anything is read, asked or connected."""
    expect = words.text("expect")
    if expect is not None and not re.fullmatch("[2-5](?:[0-9]{2}|[0-9]x|xx)", expect):
        raise UsageError(
            phrase('--expect takes a reply code, and not "{text}"', text=printable(expect)), "--expect 550, or 5xx"
        )
    for key in ("ehlo", "auth"):
        text = words.text(key)
        if text is not None and (not text or any(character < " " or character == "\x7f" for character in text)):
            raise UsageError(phrase("--{key} takes a name without control characters", key=key), kind="control-char")
    for key in ("timeout", "connect-timeout"):
        words.seconds(key)
    if words.has("force") and not words.has("record"):
        raise UsageError("--force overwrites the file of --record, and there is none")


def record_path(words: Words) -> "Path | None":
    """The file to record to; with --force the one that is there goes."""
    name = words.text("record")
    if name is None:
        return None
    from pathlib import Path  # with what it loads, 3 ms: not before every first prompt

    path = Path(name)
    if words.has("force") and path.is_file() and not path.is_symlink():
        path.unlink()
    return path


# ---------------------------------------------------------------- at a terminal


def _shell(words: Words, environment: Environment, opening: Opening) -> int:
    useless = [key for key in _LINE_ONLY if words.has(key)]
    if useless:
        raise UsageError(
            phrase("--{key} is for sessions without a terminal", key=useless[0]),
            "-c LINE, or lines from a pipe",
        )
    if given_any(words):
        raise UsageError("the shell asks for passwords itself", "/pass and /auth ask, hidden")
    from smtp_repl.term.shell import main as shell

    return shell(_shell_options(words, environment, opening))


def hand_over(words: Words, environment: Environment, target: Target | None) -> int:
    """`run FILE --to-line N --shell`: the script up to that line, then the person."""
    from smtp_repl.term.shell import main as shell

    options = _shell_options(words, environment, Opening(read_settings(words, environment), target))
    return shell(options._replace(play=words.words[0], to_line=words.count("to-line") or 0))


def _shell_options(words: Words, environment: Environment, opening: Opening) -> "ShellOptions":
    from smtp_repl.term.shell import ShellOptions

    return ShellOptions(
        target=opening.target,
        local=opening.target is None,
        profile=practice_profile(words) if opening.target is None else None,
        told=opening.told,
        host=opening.host,
        greets=words.has("ehlo"),
        starttls=_starts_tls(words, opening.host),
        auth_user=_login(words, opening.host),
        tls=tls_options(words),
        record=record_path(words),
        settings=opening.known.settings,
        hosts=opening.known.hosts,
        aliases=opening.known.aliases,
        read_script=lambda name: read_material(name, environment),
        list_scripts=_scripts,
    )


@cache
def _scripts() -> Sequence[tuple[str, str]]:
    """What `@` can name, read when first asked for."""
    from smtp_repl.cli.packaged import titled_scripts

    return titled_scripts()


def _starts_tls(words: Words, host: "Host | None") -> bool:
    return words.has("starttls") or (host is not None and host.starttls)


def _login(words: Words, host: "Host | None") -> str | None:
    """Who is to be logged in at the start."""
    of_profile = host.user if host is not None and host.logs_in else None
    return words.text("auth") or of_profile


def read_material(name: str, environment: Environment) -> Material:
    """What `/run` plays: a file, or `@name`. Raises `UsageError`."""
    if name == "-":
        raise UsageError("/run reads no standard input", "/run FILE.smtp, or /run @first-mail")
    from smtp_repl.cli.sources import folder_blocks, folder_loader, read_source  # the language of scripts: 15 ms

    source = read_source(name, environment)
    return Material(source.name, source.octets, folder_loader(source.folder), folder_blocks(source.folder))


# ---------------------------------------------------------------- without a terminal


@contextmanager
def _desk(words: Words, environment: Environment, known: Known, target: Target | None) -> Iterator[tuple[Desk, Target]]:
    """A desk, and where it goes; the practice server runs meanwhile when that is where."""
    desk = Desk(known.settings)
    desk.hosts, desk.aliases = known.hosts, known.aliases
    desk.tls_options = tls_options(words)
    desk.read_script = lambda name: read_material(name, environment)
    if target is not None:
        yield desk, target
        return
    from smtp_repl.net.practice import PracticeOptions, PracticeThread

    with PracticeThread(PracticeOptions(idle_limit=None, profile=practice_profile(words))) as server:
        desk.practice = Practice.of(server)
        yield desk, server.target


def _lines(words: Words, environment: Environment, desk: Desk, target: Target, password: Secret | None) -> int:
    """Line mode."""
    from smtp_repl.net.runner import run_part  # the shell has a driver of its own
    from smtp_repl.term.linemode import LineMode, LineOptions

    lines = _given(words, environment)
    user = _login(words, desk.profile)
    if user is not None and password is None:
        password = _password_of(user, desk, environment)
    events = None
    if words.has("json"):
        from smtp_repl.view.events_json import EventWriter

        events = desk.observer = EventWriter(lambda text: environment.out(text.removesuffix("\n")), monotonic)
    record = record_path(words)
    if record is not None:
        desk.scribe.record(record)

    def show(shown: Iterable[Line]) -> None:
        if events is None:
            for line in shown:
                environment.out(line.shown)

    def attempted(attempt: Attempt) -> None:
        if attempt.outcome not in ("", "connected"):
            where = Target(attempt.address, attempt.port) if attempt.port else attempt.address
            show([remark(f"{where}: {attempt.outcome}")])

    attended = environment.is_interactive and not words.has("line")

    def ask(question: Ask) -> str | None:
        if question.program and password is None:
            return _of_program(question.program, environment).reveal().decode("utf-8", "surrogateescape")
        if attended:
            return answer_of(question, environment)
        if not question.hidden:
            return question.default or None
        if password is not None:
            return password.reveal().decode("utf-8", "surrogateescape")
        if desk.is_practice and desk.practice is not None:
            return desk.practice.account.password
        raise SecretMissing(
            "this needs a password, and nothing says where it comes from",
            "--password-env VARIABLE, or --password-file FILE",
        )

    options = LineOptions(
        target,
        ehlo=words.has("ehlo"),
        starttls=_starts_tls(words, desk.profile),
        auth_user=user,
        expect=words.text("expect") or "",
        quits=not words.has("no-quit"),
        attended=attended,
    )
    if attended:
        show(welcome(desk, plain=True))
    net = net_options(words, target)._replace(tls_for=desk.tls_for, connect_timeout=desk.settings.connect_seconds)
    try:
        run_part(LineMode(desk, options, show=show, ask=ask).play(lines), net, attempted)
        if attended:
            show(farewell(desk))
        if desk.scribe.fault is not None:
            raise desk.scribe.fault
    except SmtpReplError as error:
        if events is not None and error.exit_status is not ExitStatus.OUTPUT:
            events.error(error)
        raise
    finally:
        desk.scribe.stop()
    return int(ExitStatus.OK)


def _password_of(user: str, desk: Desk, environment: Environment) -> Secret:
    """What is known of the practice server or of the profile, else what the person says. Raises `SecretMissing`."""
    if desk.practice is not None and desk.practice.account.user == user:
        return Secret(desk.practice.account.password.encode())
    if desk.profile is not None and desk.profile.user == user and desk.profile.password_command:
        return _of_program(desk.profile.password_command, environment)
    password = ask_password(phrase("password of {user}: ", user=printable(user)), environment)
    if password is None:
        raise SecretMissing(
            phrase("--auth {user} needs a password, and nothing says where it comes from", user=printable(user)),
            "--password-env VARIABLE, or --password-file FILE",
        )
    return password


def _of_program(command: str, environment: Environment) -> Secret:
    password = from_command(command, environment)
    if not password:
        raise SecretMissing(phrase("{command} gave no password", command=printable(command)))
    return Secret(password)


def _given(words: Words, environment: Environment) -> Iterator[bytes]:
    """The lines to say, without their line ends. Raises `UsageError` when there is nowhere to read from."""
    if words.has("line"):
        return iter([os.fsencode(text) for text in words.texts("line")])
    if environment.stdin is None:
        raise UsageError("standard input is closed, so there is nothing to say", "-c LINE", kind="stdin-closed")
    return read_lines(environment)


def read_lines(environment: Environment) -> Iterator[bytes]:
    """The lines of standard input as they come, without their line ends. Raises `UsageError`."""
    stdin = environment.stdin
    while stdin is not None:
        try:
            line = stdin.readline(_LINE_LIMIT)
        except OSError as error:
            raise UsageError(
                phrase("cannot read standard input: {why}", why=error.strerror), kind="stdin-closed"
            ) from None
        if not line:
            return
        yield line[:-2] if line.endswith(b"\r\n") else line.removesuffix(b"\n")
