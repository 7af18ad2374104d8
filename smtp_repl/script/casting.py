"""Who plays and how: what a play is given, whom it tells, and what comes of it. Values and one interface."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.matching import Difference, Level
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target

REPLY_SECONDS = 30.0
END_OF_DATA_SECONDS = 300.0
"""A server that has taken a message may work long before it answers (RFC 5321 §4.5.3.2.6 allows 10 minutes)."""

OpenBlocks = Callable[[str], Iterator[bytes]]
"""Opens a file of the script's own folder, given its path with `/`, and gives its octets in blocks."""


class Casting(Record):
    """What the command line has to say about a play; None leaves a thing to the script.

    `credentials` maps the identities of `@auth` ("auth", or the name in brackets) to who they are; `secrets` binds
    `{secret.N}` under "secret.N". `targets` None lets `@connect` say where to go.
    """

    target: Target | None = None
    credentials: Mapping[str, Credentials] = {}
    secrets: Mapping[str, Secret] = {}
    variables: Mapping[str, bytes] = {}
    level: Level | None = None
    strict: bool = False
    timeout: float | None = None
    allow_plaintext_auth: bool = False
    to_line: int = 0
    """Stop before the first step that stands behind this line; 0 plays all."""
    open_blocks: OpenBlocks | None = None
    own_names: tuple[bytes, ...] = ()
    lint: bool = False
    goes_on: "Callable[[StepResult], bool] | None" = None
    """Whether to go on after a reply that failed, which ends a play otherwise (`--update`)."""
    fresh_challenge: Callable[[], bytes] | None = None
    """For whoever plays the server: makes a challenge that never was, where a script leaves it open."""


class StepResult(Record):
    """How one expectation went. `status` is ok, drift, fail or skip."""

    file: str
    line: int
    status: str
    connection: str = ""
    differences: tuple[Difference, ...] = ()
    reply: Reply | None = None
    answers: str | None = None
    seconds: float = 0.0
    want: str = ""
    got: str = ""
    source: str = ""
    """The script line, for a failure that no difference points into."""
    step: int = -1
    """The number of the step in the script."""


class Counts(Record):
    ok: int = 0
    drift: int = 0
    fail: int = 0
    skip: int = 0


class PlayResult(Record):
    """How a play went. `status` is pass, drift, fail or skip; errors are raised and not returned.

    `lost` are EHLO keywords that the script had and the server lacks; `reason` says why it was skipped; `played`
    is the number of steps that were done.
    """

    status: str
    counts: Counts
    failure: StepResult | None = None
    lost: tuple[str, ...] = ()
    reason: str = ""
    played: int = 0
    stopped_at: int = 0
    """The line before which `to_line` stopped the play; 0 when it did not."""


class Observer:
    """Is told everything in the order in which it happens. Subclasses take what they need; nothing is returned."""

    def happened_at(self, moment: float | None) -> None:
        """What is told next happened at this moment of the clock and not just now; None: just now again."""

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        """A connection is there."""

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        """The client said something, in one write."""

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        """The server said something, or a finding came of it."""

    def secured(self, connection: str, facts: TlsFacts) -> None:
        """TLS is up."""

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        """A connection ended."""

    def stepped(self, result: StepResult) -> None:
        """An expectation was judged."""

    @property
    def wants_steps(self) -> bool:
        """Whether `stepped` is of any use; a failure is told anyway."""
        return type(self).stepped is not Observer.stepped

    def remarked(self, connection: str, text: str) -> None:
        """Something that a reader of the transcript should know, such as a timeout."""


class Observers(Observer):
    """Several observers as one."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def happened_at(self, moment: float | None) -> None:
        for observer in self._observers:
            observer.happened_at(moment)

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        for observer in self._observers:
            observer.opened(connection, opened, target)

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        for observer in self._observers:
            observer.wrote(connection, events)

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        for observer in self._observers:
            observer.heard(connection, events)

    def secured(self, connection: str, facts: TlsFacts) -> None:
        for observer in self._observers:
            observer.secured(connection, facts)

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        for observer in self._observers:
            observer.closed(connection, event, by_us=by_us)

    def stepped(self, result: StepResult) -> None:
        for observer in self._observers:
            observer.stepped(result)

    @property
    def wants_steps(self) -> bool:
        return any(observer.wants_steps for observer in self._observers)

    def remarked(self, connection: str, text: str) -> None:
        for observer in self._observers:
            observer.remarked(connection, text)
