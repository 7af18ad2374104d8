"""`smtp-repl mock`: a script plays the server for real clients, which are judged.

One session, in which as many clients connect as the script has named connections, in the order of their coming; or,
with `--loop`, the script anew for each client until Ctrl-C, several at once where the script has one connection.
"""

import os
from collections.abc import Generator
from time import monotonic, time

from smtp_repl.cli.client_report import ClientEvents, ClientNarrator, failure
from smtp_repl.cli.environment import Environment
from smtp_repl.cli.listening import listen
from smtp_repl.cli.options import Words
from smtp_repl.cli.passwords import read_passwords
from smtp_repl.cli.report import summary, summary_line
from smtp_repl.cli.run import combine
from smtp_repl.cli.sources import Source, folder_blocks, folder_loader, read_source
from smtp_repl.cli.variables import read_variables
from smtp_repl.net.listener import Listener
from smtp_repl.net.runner import NetOptions, Runner
from smtp_repl.script.actions import Action, Happening, Opened
from smtp_repl.script.casting import Casting, Observer, Observers, PlayResult, StepResult
from smtp_repl.script.impromptu import HOST
from smtp_repl.script.player import Plan, plan
from smtp_repl.script.scope import secrets_needed
from smtp_repl.script.server_part import play_server
from smtp_repl.script.steps import Do, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.view.errors import show_error
from smtp_repl.view.events_json import EventWriter
from smtp_repl.wire.errors import ExitStatus, SmtpReplError, UsageError
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.targets import Target

AT_ONCE = 200
"""Sessions that are played at once; further clients wait."""


def main(words: Words, environment: Environment) -> int:
    """Play the script; returns the exit status."""
    _check(words)
    source = read_source(words.words[0], environment)
    script = parse(source.octets, source.name)
    if script.problems:
        for node in script.problems:
            environment.talk(show_error(node.error(source.name)).removesuffix("\n"))
        return int(ExitStatus.USAGE)
    planned = plan(compile_steps(script, folder_loader(source.folder)), source.name)
    casting = _casting(words, environment, planned, source)
    with listen(words) as listener:
        return _Mock(words, environment, source, planned, casting, listener).play()


def _check(words: Words) -> None:
    """Refuse what contradicts itself, before anything is read."""
    if words.has("once") and words.has("loop"):
        raise UsageError("--once and --loop are opposites: give one of them")
    if words.has("quiet") and words.has("verbose"):
        raise UsageError("-q and -v are opposites: give one of them")
    words.seconds("timeout")
    read_variables(words)


def _casting(words: Words, environment: Environment, planned: Plan, source: Source) -> Casting:
    """Which credentials are good, where any are named; without, all are."""
    passwords = read_passwords(words, environment)
    credentials: dict[str, Credentials] = {}
    needs = secrets_needed(planned.steps)
    for need in needs:
        if need.name in passwords and not need.name.startswith("secret."):
            credentials[need.name] = Credentials(need.user, passwords[need.name])
            if not need.user:
                raise UsageError("there is a password, and the script does not say whose", "@auth user=NAME")
    unknown = sorted(set(passwords) - {need.name for need in needs})
    if unknown:
        raise UsageError(
            phrase("there is a password of {name}, and the script has no step that shows it", name=unknown[0])
        )
    return Casting(
        credentials=credentials,
        secrets={name: secret for name, secret in passwords.items() if name.startswith("secret.")},
        variables=read_variables(words),
        timeout=words.seconds("timeout"),
        open_blocks=folder_blocks(source.folder),
        fresh_challenge=_fresh_challenge,
    )


def _fresh_challenge() -> bytes:
    """As RFC 2195 §2 has it: a random number, the time, the host."""
    return f"<{os.urandom(8).hex()}.{int(time())}@{HOST}>".encode()


class _Over(Exception):
    """Something ended more than one session."""


class _Mock:
    def __init__(
        self,
        words: Words,
        environment: Environment,
        source: Source,
        planned: Plan,
        casting: Casting,
        listener: Listener,
    ) -> None:
        self.words = words
        self.environment = environment
        self.name = source.name
        self.plan = planned
        self.loops = words.has("loop")
        self.events: EventWriter | None = None
        if words.has("json"):
            self.events = EventWriter(lambda line: environment.out(line.removesuffix("\n")), monotonic)
        self._casting = casting
        self._listener = listener
        self._runner = Runner(NetOptions(), listener=listener)
        names = {step.connection for step in planned.steps}
        closes = any(isinstance(step, Do) and step.directive.name == "close" for step in planned.steps)
        # With several connections nobody could tell whose session the next client wants to take part in.
        self._alone = len(names) > 1 or closes
        self.statuses: list[int] = []
        """Of each session that has ended; there before it is told, for Ctrl-C may come right then."""
        self._number = 0
        self._live = 0
        self._waiting = False
        self._fatal: SmtpReplError | None = None

    def play(self) -> int:
        if self.events is not None:
            self.events.listening(self._listener.host, self._listener.port)
        else:
            self.environment.out(f"listening on {self._listener}")
        self._wait_for_client()
        try:
            self._runner.run()
        except _Over:
            if self._fatal is not None:
                raise self._fatal from None
        except KeyboardInterrupt:
            if not self.loops:
                raise
            self.environment.talk("# stopped")
        return combine(self.statuses)

    def met(self) -> None:
        """A client has come to a session; the next one may come."""
        self._waiting = False
        if self.loops and not self._alone and self._live < AT_ONCE:
            self._wait_for_client()

    def _wait_for_client(self) -> None:
        if self._waiting:
            return
        self._waiting = True
        self._live += 1
        self._number += 1
        self._runner.add(self._session(_Guest(self, self._number)))

    def _session(self, guest: "_Guest") -> Generator[Action, Happening, None]:
        try:
            yield from guest.play(self._casting)
        except SmtpReplError as error:
            # Nothing can be told, or nobody can connect: another session would go no better.
            if error.exit_status in (ExitStatus.OUTPUT, ExitStatus.USAGE):
                self._fatal = error
                raise _Over from None
            guest.stopped(error)
        self._live -= 1
        if guest.start is None:
            self._waiting = False
        if self.loops:
            self._wait_for_client()


class _Guest(Observer):
    """One session: shows what happens in it, and how it went."""

    def __init__(self, mock: _Mock, number: int) -> None:
        self._mock = mock
        self._environment = mock.environment
        label = str(number) if mock.loops else ""
        self._narrator = ClientNarrator(mock.environment.out, label) if mock.words.has("verbose") else None
        self._events = mock.events.for_file(mock.name, number) if mock.events is not None else None
        self._who = ""
        self.start: float | None = None

    def play(self, casting: Casting) -> Generator[Action, Happening, None]:
        """Play the session to its end."""
        observers: list[Observer] = [self]
        if self._events is not None:
            observers.append(ClientEvents(self._events))
        elif self._narrator is not None:
            observers.append(self._narrator)
        result = yield from play_server(self._mock.plan, casting, Observers(observers))
        self._ended(result)

    @property
    def _seconds(self) -> float:
        return monotonic() - self.start if self.start is not None else 0.0

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        if self.start is None:
            self.start = monotonic()
            address = f"[{opened.address}]" if ":" in opened.address else opened.address
            self._who = f"client {printable(address)}:{opened.port}"
            self._mock.met()

    def stepped(self, result: StepResult) -> None:
        if result.status == "fail":
            self._environment.talk(failure(result, self._mock.plan.steps, self._mock.name))

    def remarked(self, connection: str, text: str) -> None:
        if self._narrator is None and not self._mock.words.has("quiet"):
            self._environment.talk(f"# {printable(_(text))}")

    def _ended(self, result: PlayResult) -> None:
        self._mock.statuses.append(int(ExitStatus.FAILED if result.status == "fail" else ExitStatus.OK))
        if self._events is not None:
            self._events.result(result, self._seconds)
        elif not self._mock.words.has("quiet") or result.status == "fail":
            self._environment.out(f"{summary(self._mock.name, result, self._seconds)}  {self._who}")

    def stopped(self, error: SmtpReplError) -> None:
        """An error ended it."""
        self._mock.statuses.append(int(error.exit_status))
        self._environment.talk(show_error(error).removesuffix("\n"))
        if self._events is not None:
            self._events.error(error)
            self._events.failed(self._seconds)
        else:
            parts = [printable(error.message.partition("\n")[0]), self._who]
            self._environment.out(summary_line("error", self._mock.name, [part for part in parts if part]))
