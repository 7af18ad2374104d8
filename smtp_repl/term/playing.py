"""`/run`: a script played over the connection that is there; afterwards the person goes on where it stopped.

The greeting of a connection that is greeted already is not waited for again. Passwords are asked for, hidden; a
script never says where one comes from.
"""

from collections.abc import Callable, Generator, Mapping, Sequence

from smtp_repl.script.actions import TlsFacts
from smtp_repl.script.casting import Casting, Observer, PlayResult, StepResult
from smtp_repl.script.player import plan
from smtp_repl.script.scope import Need, secrets_needed
from smtp_repl.script.steps import Do, Hear, Step, check_names, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.desk import Desk, Material
from smtp_repl.term.requests import Answer, Handling, Request, Tell, ask, connect, perform
from smtp_repl.wire.errors import SecretMissing, UsageError
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.language import listed, phrase, phrase_of
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.states import Phase


def play_script(desk: Desk, name: str, to_line: int = 0) -> Handling:
    """Play a script, or its lines up to `to_line`."""
    if desk.read_script is None:
        raise UsageError("there are no scripts here")
    material = desk.read_script(name)
    yield from play_material(desk, material, to_line)


def play_material(desk: Desk, material: Material, to_line: int = 0) -> Handling:
    """Play a script that has been read already."""
    steps = compile_steps(parse(material.octets, material.name), material.load)
    check_names(steps)
    names = {step.connection for step in steps}
    if names - {""}:
        raise UsageError("a script with several connections is not for /run", "smtp-repl run FILE")
    credentials, secrets = yield from bind(desk, steps)
    if not desk.is_connected and desk.target is not None:
        yield from connect(desk.target)
    if not desk.is_connected:
        raise UsageError("not connected", "/connect HOST[:PORT]")
    casting = Casting(
        target=desk.target,
        credentials=credentials,
        secrets=secrets,
        allow_plaintext_auth=desk.settings.allow_plaintext_auth,
        to_line=to_line,
        open_blocks=material.open_blocks,
    )
    result = yield from perform(plan(past_greeting(steps, desk)), casting)
    if result is not None:
        yield Tell(summary(result))


def past_greeting(steps: tuple[Step, ...], desk: Desk) -> tuple[Step, ...]:
    """The steps without a greeting that has been heard already, and without saying where to connect."""
    steps = tuple(step for step in steps if not (isinstance(step, Do) and step.directive.name == "connect"))
    first = next((number for number, step in enumerate(steps) if not isinstance(step, Do)), None)
    if first is None or desk.phase is Phase.OPENED or not isinstance(steps[first], Hear):
        return steps
    return steps[:first] + steps[first + 1 :]


def bind(
    desk: Desk, steps: tuple[Step, ...]
) -> Generator[Request, Answer, tuple[Mapping[str, Credentials], Mapping[str, Secret]]]:
    """Identities and secrets that the steps need: the practice account by itself, all others asked for, hidden.

    Raises `SecretMissing` when a question gets no answer.
    """
    account = desk.practice.account if desk.practice is not None and desk.target == desk.practice.target else None
    credentials: dict[str, Credentials] = {}
    secrets: dict[str, Secret] = {}
    for need in secrets_needed(steps):
        if account is not None and need.user == account.user:
            password = f"not-{account.password}" if need.refused else account.password
            credentials[need.name] = Credentials(need.user, Secret(password.encode()))
            continue
        is_step = need.name.startswith("secret.")
        asked, missing = _asked_for(need)
        answer = yield from ask(asked, hidden=True)
        if answer is None:
            raise SecretMissing(missing)
        secret = Secret(answer.encode("utf-8", "surrogateescape"))
        if is_step:
            secrets[need.name] = secret
        else:
            credentials[need.name] = Credentials(need.user, secret)
    return credentials, secrets


def _asked_for(need: Need) -> tuple[str, str]:
    """The question for a secret, and what to say when nobody answers it."""
    user = need.user or need.name
    if need.name.startswith("secret."):
        return (
            phrase("{name} (as on the wire): ", name=need.name),
            phrase("the script needs the {name} (as on the wire); nothing sent", name=need.name),
        )
    if need.refused:
        return (
            phrase("password of {user}, the one that is refused: ", user=user),
            phrase("the script needs the password of {user}, the one that is refused; nothing sent", user=user),
        )
    return (
        phrase("password of {user}: ", user=user),
        phrase("the script needs the password of {user}; nothing sent", user=user),
    )


def summary(result: PlayResult) -> str:
    """How a play went, in one line."""
    counts = result.counts
    parts = [phrase_of("{count} expectation held", "{count} expectations held", counts.ok + counts.drift)]
    if counts.drift:
        parts = [phrase("{held} ({count} in other words)", held=parts[0], count=counts.drift)]
    if counts.fail:
        parts.append(phrase("{count} failed", count=counts.fail))
    if result.lost:
        parts.append(phrase("EHLO lost: {keywords}", keywords=", ".join(result.lost)))
    if result.reason:
        parts.append(phrase(result.reason))
    told = phrase("script {status}: {parts}", status=_VERDICTS[result.status], parts=listed(parts))
    if result.stopped_at:
        return phrase("{told}; stopped before line {line}; go on by hand", told=told, line=result.stopped_at)
    return told


_VERDICTS = {word: phrase(word) for word in ("pass", "drift", "fail", "skip", "error")}


class Onlooker(Observer):
    """Lets the desk take note of what a play says and hears; `show` gets the lines."""

    def __init__(self, desk: Desk, show: Callable[[list[Line]], None]) -> None:
        self._desk = desk
        self._show = show

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._show(self._desk.note_wrote(events))

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self._show(self._desk.note_heard(events))

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._show(self._desk.note_secured(facts))

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self._show(self._desk.note_closed(event, by_us=by_us))

    def stepped(self, result: StepResult) -> None:
        if result.status != "fail":
            return  # drift is counted; each text that differs would hide the session
        for difference in result.differences:
            line = difference.line or result.line
            # A replay of this session is in no file whose lines anybody could count.
            where = f"line {line}: " if line and result.file else ""
            text = f"{result.status}: {where}{difference.what}: wanted {difference.want}, got {difference.got}"
            self._show([remark(text)])

    def remarked(self, connection: str, text: str) -> None:
        self._show([remark(text)])
