"""What a name in `{…}` stands for while a script is played: variables, captures, and the steps of `@auth`.

Secrets come out as `Secret` and are never kept in the variables, so that a later line cannot capture or print one.
"""

from collections.abc import Iterable, Iterator, Mapping

from smtp_repl.script.arguments import Auth
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.wire.errors import ScriptError, SecretMissing
from smtp_repl.wire.events import ChallengeSaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import encode_step
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import MECHANISMS, Credentials, Mechanism, Steps, start
from smtp_repl.wire.secrets import Secret


class Exchange:
    """The AUTH exchange of one connection, as far as `{name.reply}` needs it."""

    __slots__ = ("_answer", "_answered", "_said_initial", "_steps", "challenges")

    def __init__(self) -> None:
        self.begin(said_initial=False)

    def begin(self, *, said_initial: bool) -> None:
        """AUTH was said, with an initial response or without."""
        self.challenges: list[ChallengeSaid] = []
        self._said_initial = said_initial
        self._steps: Steps | None = None
        self._answered = 0
        self._answer: Secret | None = None

    @property
    def mechanism(self) -> Mechanism | None:
        """The mechanism of the challenge that is to be answered, if we speak it."""
        return MECHANISMS.get(self.challenges[-1].mechanism) if self.challenges else None

    def answer(self, mechanism: Mechanism, who: Credentials) -> Secret | None:
        """The answer to the last challenge; those before it, however they were answered, were part of the way."""
        if self._steps is None:
            self._steps = start(mechanism, who, initial=self._said_initial)
        for challenge in self.challenges[self._answered :]:
            self._answer = self._steps.answer(challenge.text)
        self._answered = len(self.challenges)
        return self._answer

    @property
    def fault(self) -> str:
        """Why there is no answer."""
        return self._steps.fault if self._steps is not None else ""


class Scope(Mapping[str, "bytes | Secret"]):
    """The names that are known at this moment on this connection."""

    __slots__ = ("_credentials", "_exchange", "_secrets", "bindings")

    def __init__(
        self,
        bindings: dict[str, bytes],
        credentials: Mapping[str, Credentials],
        secrets: Mapping[str, Secret],
        exchange: Exchange,
    ) -> None:
        self.bindings = bindings
        self._credentials = credentials
        self._secrets = secrets
        self._exchange = exchange

    def __getitem__(self, name: str) -> bytes | Secret:
        if name in self.bindings:
            return self.bindings[name]
        if name in self._secrets:
            return self._secrets[name]
        identity, _, part = name.partition(".")
        if part not in ("plain", "user", "pass", "reply") or identity not in self._credentials:
            raise KeyError(name)
        return self._part(identity, self._credentials[identity], part)

    def __iter__(self) -> Iterator[str]:
        yield from self.bindings
        yield from self._secrets
        for identity in self._credentials:
            for part in ("plain", "user", "pass", "reply"):
                yield f"{identity}.{part}"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _part(self, name: str, who: Credentials, part: str) -> Secret:
        if part == "user":
            return Secret(encode_step(who.user.encode()))
        if part == "pass":
            return Secret(encode_step(who.password.reveal()))
        if part == "plain":
            first = start(MECHANISMS["PLAIN"], who, initial=True).first
            return first or Secret(b"=")
        return self._reply(name, who)

    def _reply(self, name: str, who: Credentials) -> Secret:
        mechanism = self._exchange.mechanism
        if mechanism is None:
            raise ScriptError(
                phrase("{{{name}.reply}} answers the last 334, and there is none that we can answer", name=name),
                phrase("mechanisms that we can answer: {mechanisms}", mechanisms=", ".join(MECHANISMS)),
                kind="no-challenge",
            )
        answer = self._exchange.answer(mechanism, who)
        if answer is None:
            fault = self._exchange.fault
            raise ScriptError(phrase("the challenge cannot be answered: {fault}", fault=fault), kind=fault)
        return answer

    def shows_password(self, names: Iterable[str]) -> bool:
        """Whether one of these names would show a password to whoever reads the wire."""
        return any(self._shows_password(name) for name in names)

    def _shows_password(self, name: str) -> bool:
        identity, dot, part = name.partition(".")
        if part == "reply":
            mechanism = self._exchange.mechanism
            return mechanism is None or mechanism.reveals_password
        return bool(dot) and (part in ("plain", "pass") or identity == "secret")


class Need(Record):
    """An identity whose password a script needs; `user` "" when the script does not say who."""

    name: str
    user: str
    line: int
    refused: bool = False
    """Whether each login with it is refused in the script: the password is not the right one, and need not be."""


def secrets_needed(steps: tuple[Step, ...]) -> tuple[Need, ...]:
    """What has to be bound before the first octet goes out: identities in use, and every `secret.N`."""
    users: dict[str, tuple[str, int]] = {}
    needs: dict[str, Need] = {}
    tried: dict[str, set[str]] = {}
    """By connection: who is being logged in."""
    outcomes: dict[str, set[str]] = {}
    """By identity: the first digits of what came of that."""
    for step in steps:
        if isinstance(step, Hear) and step.expectation.code[:1] != "3":
            for identity in tried.pop(step.connection, ()):
                outcomes.setdefault(identity, set()).add(step.expectation.code[:1])
        if isinstance(step, Do) and isinstance(step.directive.value, Auth):
            users[step.directive.value.name or "auth"] = (step.directive.value.user, step.line)
        if not isinstance(step, Say):
            continue
        for wire in step.lines:
            for name in wire.template.names if wire.template is not None else ():
                identity, _, part = name.partition(".")
                if identity == "secret" and part:
                    needs.setdefault(name, Need(name, "", wire.line))
                elif part in ("plain", "user", "pass", "reply"):
                    needs.setdefault(identity, Need(identity, users.get(identity, ("", 0))[0], wire.line))
                    if part != "user":
                        tried.setdefault(step.connection, set()).add(identity)
    return tuple(need._replace(refused=outcomes.get(name) == {"5"}) for name, need in needs.items())


def missing(needs: tuple[Need, ...], bound: Mapping[str, object]) -> SecretMissing | None:
    """The error for the first need that nothing is bound to; None when all is well."""
    for need in needs:
        if need.name in bound:
            continue
        what = phrase("line {line} needs the password, and nothing says where it comes from", line=need.line)
        if need.user:
            what = phrase(
                "line {line} needs the password of {user}, and nothing says where it comes from",
                line=need.line,
                user=need.user,
            )
        label = "" if need.name == "auth" else f"{need.name}="
        return SecretMissing(
            what, phrase("--password-env {label}VARIABLE, or --password-file {label}FILE", label=label)
        )
    return None
