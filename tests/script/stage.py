"""A stage for scripts: played against a script in memory, or against a list of what happens."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from smtp_repl.script.actions import (
    Action,
    Close,
    Happening,
    Open,
    Opened,
    PeerGone,
    Read,
    Received,
    Secured,
    Send,
    SendStream,
    Shutdown,
    StartTls,
    TimedOut,
    TlsFacts,
    Wait,
)
from smtp_repl.script.casting import Casting, Observer, PlayResult, StepResult
from smtp_repl.script.player import Plan, plan, play
from smtp_repl.script.selfplay import Outcome, play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.errors import ScriptError, SmtpReplError
from smtp_repl.wire.events import Closed, CommandSaid, Event, ReplySaid
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target, parse_target

TARGET = parse_target("mail.example.com:25")
FACTS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", verified=True)
TIM = Credentials("tim", Secret(b"tanstaaftanstaaf"))
GREETING = b"220 mail.example.com\r\n"
EHLO = b"250-mail.example.com\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n"


def planned(text: str | bytes, files: Mapping[str, bytes] | None = None) -> Plan:
    """A script, ready to be played."""

    def load(path: str) -> bytes:
        if files is None or path not in files:
            raise ScriptError(f"there is no {path}", kind="file")
        return files[path]

    script = parse(text if isinstance(text, bytes) else text.encode(), "test.smtp")
    return plan(compile_steps(script, load), script.name)


class Witness(Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.said: list[str] = []
        self.results: list[StepResult] = []
        self.remarks: list[str] = []
        self.closes: list[bool] = []

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self.said.append(f"open {connection}".strip())

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._note(events)

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self._note(events)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self.said.append("tls")

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self.closes.append(by_us)

    def stepped(self, result: StepResult) -> None:
        self.results.append(result)

    def remarked(self, connection: str, text: str) -> None:
        self.remarks.append(text)

    def _note(self, events: Sequence[Event]) -> None:
        self.events += events
        for event in events:
            if isinstance(event, CommandSaid):
                self.said.append(f"C {event.command.line.decode(errors='replace')}".strip())
            elif isinstance(event, ReplySaid):
                self.said.append(f"S {event.reply.code} {event.answers}")

    @property
    def statuses(self) -> list[str]:
        return [result.status for result in self.results]


def whole(octets: bytes) -> list[bytes]:
    return [octets]


def octet_by_octet(octets: bytes) -> list[bytes]:
    return [octets[at : at + 1] for at in range(len(octets))]


def rehearse_both(
    client: str | bytes,
    server: str | bytes | None = None,
    *,
    casting: Casting | None = None,
    server_casting: Casting | None = None,
    files: Mapping[str, bytes] | None = None,
    cut: Callable[[bytes], list[bytes]] = whole,
) -> tuple[Outcome, Outcome, Witness, Witness]:
    """Play a script against another one, or against itself; what came of both, and what both overheard."""
    ours, theirs = Witness(), Witness()
    casting = casting or Casting(TARGET)
    if files is not None:
        casting = casting._replace(open_blocks=lambda path: iter([files[path]]))
    outcomes = play_together(
        play(planned(client, files), casting, ours),
        play_server(planned(server if server is not None else client, files), server_casting or Casting(), theirs),
        cut,
    )
    return (*outcomes, ours, theirs)


class Driven:
    """What came of a script that was played against a list of happenings."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.sent: list[bytes] = []
        self.result: PlayResult | None = None
        self.error: SmtpReplError | None = None
        self.witness = Witness()

    @property
    def status(self) -> str:
        """The status of the play, or the kind of the error that ended it."""
        if self.error is not None:
            return self.error.kind
        return self.result.status if self.result is not None else ""

    @property
    def octets(self) -> bytes:
        return b"".join(self.sent)


Answer = bytes | Happening | SmtpReplError


def drive(
    text: str | bytes,
    answers: Iterable[Answer] = (),
    casting: Casting | None = None,
    *,
    loopback: bool = True,
    files: Mapping[str, bytes] | None = None,
) -> Driven:
    """Play the client's part of a script; each `Read` gets the next of the answers, then `PeerGone`.

    An answer is octets (that came after 0.25 s), a happening, or an error that is thrown in where it stands.
    """
    driven = Driven()
    due = iter(answers)
    casting = casting or Casting(TARGET)
    if files is not None:
        casting = casting._replace(open_blocks=lambda path: iter([files[path]]))
    part = play(planned(text, files), casting, driven.witness)
    happening: Happening = None
    error: SmtpReplError | None = None
    while True:
        try:
            action = part.throw(error) if error is not None else part.send(happening)
        except StopIteration as stop:
            driven.result = stop.value
            return driven
        except SmtpReplError as failure:
            driven.error = failure
            return driven
        driven.actions.append(action)
        happening, error = None, None
        match action:
            case Open():
                happening = Opened("mail.example.com", "192.0.2.1", 25, "192.0.2.2", 40000, is_loopback=loopback)
            case Send(_, octets):
                driven.sent.append(octets)
            case SendStream(_, blocks):
                try:
                    driven.sent.append(b"".join(blocks))
                except SmtpReplError as failure:
                    error = failure
            case StartTls():
                happening = Secured(FACTS)
            case Read():
                answer = next(due, PeerGone())
                if isinstance(answer, SmtpReplError):
                    error = answer
                else:
                    happening = Received(answer, 0.25) if isinstance(answer, bytes) else answer
            case Wait() | Shutdown() | Close():
                pass


__all__ = ["EHLO", "GREETING", "TARGET", "TIM", "Driven", "TimedOut", "Witness", "drive", "planned", "rehearse_both"]
