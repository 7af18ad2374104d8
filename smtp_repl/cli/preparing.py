"""Scripts made ready to be played: read, parsed, worked out; the server found, and every secret bound.

All of it happens before anything is said. Loaded by every run, so it loads little itself.
"""

from collections.abc import Mapping, Sequence

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.passwords import ask_password
from smtp_repl.cli.sources import Source, folder_blocks, folder_loader, read_source
from smtp_repl.cli.variables import read_variables
from smtp_repl.script.arguments import LEVELS, Connect
from smtp_repl.script.casting import Casting
from smtp_repl.script.matching import Level
from smtp_repl.script.model import Script
from smtp_repl.script.player import Plan, plan
from smtp_repl.script.scope import Need, missing, secrets_needed
from smtp_repl.script.steps import Do, Say, Step, check_names, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.errors import ScriptError, SmtpReplError, UsageError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:
    from smtp_repl.cli.recording import Recording

PRACTICE_PASSWORD = "not-a-secret"  # noqa: S105 # it is not


class Prepared(Record):
    """A script that can be played."""

    source: Source
    script: Script
    plan: Plan
    needs: tuple[Need, ...]

    @property
    def name(self) -> str:
        return self.source.name


class Unplayable(Record):
    """A script that cannot be played, and why; `tags` as far as it could be read."""

    name: str
    errors: tuple[SmtpReplError, ...]
    tags: tuple[str, ...] = ()


class Server(Record):
    """Where the command line says to go. `target` None leaves it to the scripts."""

    target: Target | None
    practice_ca: bytes = b""
    """The authority of the practice server; b"" for other servers, and where no script uses TLS."""
    is_practice: bool = False


def prepare(word: str, environment: Environment, words: Words) -> Prepared | Unplayable:
    """Read, parse and work out a script."""
    tags: tuple[str, ...] = ()
    try:
        source = read_source(word, environment)
        script = parse(source.octets, source.name)
        tags = script.tags
        if script.problems:
            return Unplayable(source.name, tuple(node.error(source.name) for node in script.problems), tags)
        steps = compile_steps(script, folder_loader(source.folder))
        needs = secrets_needed(steps)
        check_names(steps, (*read_variables(words), *(need.name for need in needs if need.name.startswith("secret."))))
    except SmtpReplError as error:
        return Unplayable(printable(word), (error,), tags)
    return Prepared(source, script, plan(steps), needs)


def connect_of(steps: Sequence[Step]) -> Target | None:
    """Where the script itself goes."""
    for step in steps:
        if isinstance(step, Do) and isinstance(step.directive.value, Connect) and not step.connection:
            return step.directive.value.target
    return None


def cast(
    one: Prepared, server: Server, words: Words, environment: Environment, passwords: Mapping[str, Secret]
) -> Casting:
    """Who plays this script, and with which secrets. Raises `SecretMissing`, before anything is said."""
    if one.needs and server.target is None:
        need = one.needs[0]
        raise ScriptError(
            phrase(
                "line {line} needs a password, and a password goes only where the command line says", line=need.line
            ),
            "--server HOST:PORT, or --local",
            kind="secret-without-server",
            file=one.name,
            line=need.line,
        )
    credentials: dict[str, Credentials] = {}
    secrets: dict[str, Secret] = {}
    for need in one.needs:
        secret = passwords.get(need.name) or _find_password(need, environment, is_practice=server.is_practice)
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
        target=server.target,
        credentials=credentials,
        secrets=secrets,
        variables=read_variables(words),
        level=read_level(words),
        strict=words.has("strict"),
        timeout=words.seconds("timeout"),
        allow_plaintext_auth=words.has("allow-plaintext-auth"),
        to_line=words.count("to-line") or 0,
        open_blocks=folder_blocks(one.source.folder),
        own_names=own_names(one.plan.steps),
    )


def open_recording(one: Prepared, words: Words) -> "Recording | None":
    """What `--record` asks for. Raises `OutputError`."""
    path = words.text("record")
    if path is None:
        return None
    from smtp_repl.cli.recording import GuidedRecording, PlainRecording

    overwrite = words.has("force")
    if one.plan.speaks:
        return GuidedRecording(path, one.script, one.plan.steps, overwrite=overwrite)
    return PlainRecording(path, overwrite=overwrite)


def read_level(words: Words) -> Level | None:
    """`--match`. Raises `UsageError`."""
    word = words.text("match")
    if word is None:
        return None
    if word not in LEVELS:
        raise UsageError(
            phrase('there is no level "{word}"', word=printable(word)),
            phrase("from loose to strict: {levels}", levels=", ".join(LEVELS)),
        )
    return Level.from_word(word)


def _find_password(need: Need, environment: Environment, *, is_practice: bool) -> Secret | None:
    if need.name.startswith("secret."):
        return ask_password(phrase("{name} (a step of AUTH as it goes over the wire): ", name=need.name), environment)
    if is_practice:
        from smtp_repl.net.practice.options import PRACTICE_ACCOUNTS

        password = PRACTICE_ACCOUNTS.get(need.user, PRACTICE_PASSWORD)
        return Secret((f"not-{password}" if need.refused else password).encode())
    user = printable(need.user)
    asked = phrase("password of {user}: ", user=user)
    if need.refused:
        asked = phrase("password of {user}, the one that is refused: ", user=user)
    return ask_password(asked, environment)


def own_names(steps: Sequence[Step]) -> tuple[bytes, ...]:
    """The names that the script says in EHLO: a server repeats them, and they change from host to host."""
    names: dict[bytes, None] = {}
    for step in steps:
        for wire in step.lines if isinstance(step, Say) else ():
            command = parse_command(wire.text if wire.form != '"' else b"")
            if command.verb in ("EHLO", "HELO", "LHLO") and command.argument and wire.template is None:
                names[command.argument.strip()] = None
    return tuple(names)
