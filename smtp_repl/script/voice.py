"""What whoever plays the server says, and when: the S lines of the script, in its order or, where a client waits for
them, before their turn.

Holes that a script leaves open are filled here (a challenge, what an EHLO reply offers); what stands in no script is in
`impromptu`. What the client says is heard and judged elsewhere (`server_part`).
"""

from collections.abc import Generator, Iterable

from smtp_repl.script import impromptu
from smtp_repl.script.actions import Action, Close, Happening, Wait
from smtp_repl.script.arguments import Caps, Require, Term
from smtp_repl.script.casting import Casting
from smtp_repl.script.channel import Channel
from smtp_repl.script.course import Course
from smtp_repl.script.expectations import Expectation
from smtp_repl.script.holes import Hole
from smtp_repl.script.model import Wire
from smtp_repl.script.settings import Settings
from smtp_repl.script.steps import Do, Hear, Step
from smtp_repl.script.words import Words
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.states import GREETING, Phase

Playing = Generator[Action, Happening, None]


class Visit:
    """One connection: what the client said on it, and what the script's client says."""

    __slots__ = ("again", "channel", "half_closed", "login", "mechanism", "one_by_one", "words")

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.words = Words()
        self.one_by_one = False
        """Whether the client waits for a reply before it goes on, whatever the script says."""
        self.half_closed = False
        """Whether the client says no more and still listens."""
        self.mechanism = ""
        self.login: tuple[int, Wire] | None = None
        """Where the AUTH exchange began: the step, and the line in it."""
        self.again: Wire | None = None
        """The line from which the script is played once more."""

    @property
    def name(self) -> str:
        return self.channel.name

    @property
    def awaiting(self) -> tuple[str, ...]:
        return self.channel.conversation.awaiting

    def hang_up(self) -> Playing:
        """Drop the connection, if it is still there."""
        if self.half_closed:
            self.half_closed = False
            yield Close(self.name)
        yield from self.channel.close()


class Voice:
    """Says replies on visits; `steps` are those of the course."""

    __slots__ = ("_course", "_fresh", "_required", "_settings")

    def __init__(self, steps: Iterable[Step], course: Course, settings: Settings, casting: Casting) -> None:
        self._course = course
        self._settings = settings
        self._fresh = casting.fresh_challenge
        self._required: dict[str, list[Term]] = {}
        for step in steps:
            if isinstance(step, Do) and isinstance(step.directive.value, Require):
                self._required.setdefault(step.connection, []).extend(step.directive.value.terms)

    def greet(self, visit: Visit) -> Playing:
        """A script may begin with the client's first word; the client waits for a greeting all the same."""
        conversation = visit.channel.conversation
        is_due = GREETING in conversation.awaiting and not conversation.pending_reply and not visit.channel.gone
        if is_due and visit.name not in self._settings.early:
            yield from visit.channel.send(impromptu.GREETING)

    def answer(self, visit: Visit, hear: Hear) -> Playing:
        """Say one reply of the script, when it is time."""
        within = self._settings.take_within(visit.name)
        if within is not None and within.least:
            yield Wait(within.least)
        yield from visit.channel.send(self._reply(visit, hear.expectation))
        if visit.channel.conversation.phase is not Phase.DATA and "DATA" not in visit.awaiting:
            visit.words.in_text = False

    def answer_ahead(self, visit: Visit, kept: int = 0) -> Playing:
        """Answer what the client has said although in the script it says more first; all but the last `kept`."""
        while _is_due(visit, kept):
            hear = self._course.take_reply(visit.name, self._settings.apply)
            if hear is None:
                return
            yield from self.answer(visit, hear)

    def is_waited_for(self, visit: Visit) -> bool:
        """Whether a client that does not pipeline would be waiting for a reply that could be said now."""
        if visit.channel.gone or not _is_due(visit, 0):
            return False
        return self._course.take_reply(visit.name, self._settings.apply, only_look=True) is not None

    def say_yes(self, visit: Visit) -> Playing:
        """Answer a list of commands without a word about the server."""
        conversation = visit.channel.conversation
        while conversation.awaiting and not conversation.chunk_left:
            number = len(visit.channel.exchange.challenges)
            yield from visit.channel.send(impromptu.yes(conversation, visit.mechanism, number, self._fresh))

    def _reply(self, visit: Visit, expectation: Expectation) -> bytes:
        mechanism = MECHANISMS.get(visit.mechanism)
        is_read = mechanism is not None and mechanism.reads_challenges
        if self._fresh is not None and is_read and _is_open_334(expectation):
            return impromptu.challenge(visit.mechanism, 0, self._fresh)
        reply = expectation.sample(self._settings.bindings)
        return impromptu.offer(reply, self._terms(visit, expectation)) if expectation.ehlo else reply

    def _terms(self, visit: Visit, expectation: Expectation) -> list[Term]:
        """What the client requires, and asserts of this reply: both swap to what we offer."""
        terms = [*self._required.get(visit.name, ())]
        for directive in expectation.caps:
            if isinstance(directive.value, Caps):
                forbidden = {term.keyword for term in directive.value.forbidden}
                terms = [term for term in (*terms, *directive.value.required) if term.keyword not in forbidden]
        is_over = visit.channel.conversation.tls_active  # RFC 3207 §4.2: not offered again
        return [term for term in terms if not (is_over and term.keyword == "STARTTLS")]


def _is_due(visit: Visit, kept: int) -> bool:
    """Whether more than the last `kept` of what was said may be answered. Behind a 220 to STARTTLS comes TLS."""
    awaiting = visit.awaiting
    return len(awaiting) > kept and awaiting[0] != GREETING and "STARTTLS" not in awaiting


def _is_open_334(expectation: Expectation) -> bool:
    """Whether this is `S~ 334 {}`: a challenge that is another one each time."""
    line = expectation.lines[0] if len(expectation.lines) == 1 else None
    if line is None or line.wire.template is None:
        return False
    match line.wire.template.parts:
        case ("334 ", Hole(name="", pattern=None)):
            return True
        case _:
            return False
