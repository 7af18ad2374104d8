"""The watcher: sits beside one connection, is told what happens on it, and tells which pitfalls it has seen.

Nothing is told twice: a pitfall is told once for each act that is one, and those that an act repeats once in a message
or in a session (`Row.once`). The watcher knows which findings a pitfall replaces, and which have said it already.
Pure; never raises for what a peer or a person did. RFCs are named by the texts in `knowledge/pitfalls.json`.
"""

from collections.abc import Callable, Iterable, Iterator

from smtp_repl.teach.pitfalls.happenings import Dialled, Ended, Happening, Interrupted, Printed, Quiet
from smtp_repl.teach.pitfalls.rows import (
    EACH,
    MESSAGE,
    InAnswered,
    InChunk,
    InCommand,
    InEnd,
    InInterruption,
    InLine,
    InMessage,
    InPrint,
    InReply,
    InSilence,
)
from smtp_repl.teach.pitfalls.situation import CLIENT, SERVER, Situation
from smtp_repl.teach.pitfalls.table import PITFALLS, ROWS
from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid, Finding, ReplySaid
from smtp_repl.wire.hints import T
from smtp_repl.wire.language import Phrase, phrase
from smtp_repl.wire.records import Record


class Pitfall(Record):
    """A mistake that was recognised. The texts are English, and translated where they are shown.

    `where` is the number under which the act was told that is the mistake. One that is `silent` has been said by a
    finding, and is not to be told beside it; of the others the findings `instead_of` say less about the same act.
    """

    rule: str
    severity: str
    message: str
    hint: str
    ref: str
    where: int = 0
    silent: bool = False
    instead_of: tuple[str, ...] = ()
    is_of_message: bool = False
    """It is about a message as a whole, which a composer has judged by the same rules (`message_check`)."""

    @property
    def finding(self) -> Finding:
        """The same in the form of the engine's findings, for JSON."""
        return Finding(self.rule, self.severity, self.message, self.hint, self.ref)

    @property
    def remark(self) -> Phrase:
        """In one line, for a screen."""
        message, hint = phrase(self.message), phrase(self.hint)
        if not hint:
            return phrase("{message} ({ref})", message=message, ref=self.ref)
        if message.endswith("."):
            return phrase("{message} {hint} ({ref})", message=message, hint=hint, ref=self.ref)
        return phrase("{message}. {hint} ({ref})", message=message, hint=hint, ref=self.ref)


def pitfall(rule: str, where: int = 0, *, is_accepted: bool = False, is_said: bool = True) -> Pitfall:
    """A pitfall with its texts; `is_accepted` where the server took what others refuse. Raises KeyError.

    `is_said` is False where the finding that would say the same (`Row.told_by`) was not made.
    """
    from smtp_repl.knowledge.rows import rows_of  # with `json`, for whoever makes a mistake

    row, texts = PITFALLS[rule], rows_of("pitfalls")[rule]
    accepted = row.accepted if is_accepted else ""
    return Pitfall(
        rule,
        texts["severity"],
        accepted or row.text or texts["title"],
        "" if accepted else texts["fix"],  # the finding has said it
        texts["ref"],
        where,
        bool(row.told_by) and is_said and not accepted,
        row.instead_of,
        any(isinstance(sight, InMessage) for sight in row.sights),
    )


_ONCE_IN_A_MESSAGE = frozenset(row.rule for row in ROWS if row.once == MESSAGE)
_COMMAND = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InCommand)]
_ANSWERED = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InAnswered)]
_REPLY = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InReply)]
_LINE = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InLine)]
_MESSAGE = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InMessage)]
_CHUNK = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InChunk)]
_SILENCE = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InSilence)]
_INTERRUPTION = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InInterruption)]
_PRINT = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InPrint)]
_END = [(row.rule, sight.sees) for row in ROWS for sight in row.sights if isinstance(sight, InEnd)]


class Watcher:
    """Watches one connection after another; `side` is CLIENT, SERVER or TEXT (see `situation`).

    The events are to be those of a conversation that looks for findings (`lint`): some pitfalls are known by these.
    `shows_secrets` tells that passwords stand where others can read them.
    """

    __slots__ = ("_ahead", "_replaced", "_seen", "situation")

    def __init__(self, side: str = CLIENT, *, shows_secrets: bool = False) -> None:
        self.situation = Situation(side, shows_secrets=shows_secrets)
        self._seen: set[str] = set()
        self._replaced: frozenset[str] = frozenset()
        self._ahead: frozenset[str] = frozenset()
        """What is replaced already of the findings about the next command."""

    def watch(self, happening: Happening, where: int = 0) -> list[Pitfall]:
        """Something happened; `where` is any number by which the caller will know it again."""
        if isinstance(happening, Dialled):
            self._seen.clear()
        elif isinstance(happening, CommandSaid):
            self._replaced, self._ahead = self._ahead, frozenset()
            if happening.command.verb == "MAIL":
                self._seen -= _ONCE_IN_A_MESSAGE
        seen = list(self._look(happening, where))
        found = [one for one in seen if self._is_new(one.rule)]
        self.situation.note(happening, where)
        replaced = frozenset(rule for one in seen for rule in one.instead_of)  # told before, it is no news either
        if isinstance(happening, Interrupted):
            self._ahead |= replaced
        else:
            self._replaced |= replaced
        return found

    def replaces(self, finding: Finding) -> bool:
        """Whether this finding, about the act that was told last, says less than a pitfall that was told for it."""
        return finding.rule in self._replaced

    def _is_new(self, rule: str) -> bool:
        is_new = rule not in self._seen
        if PITFALLS[rule].once != EACH:
            self._seen.add(rule)
        return is_new

    # ------------------------------------------------------------ what may be a pitfall

    def _look(self, happening: Happening, where: int) -> Iterator[Pitfall]:
        """Every pitfall in what has just happened."""
        match happening:
            case CommandSaid(step=step):
                is_said = step is None or not step.is_base64
                for rule in self._seen_in(happening, _COMMAND):
                    yield pitfall(rule, where, is_said=is_said)
            case ReplySaid():
                yield from self._in_reply(happening, where)
            case BodySaid(ended=ended):
                for line in self.situation.read_body(happening):
                    yield from self._told(line, _LINE, where)
                if ended:
                    yield from self._in_message(where)
            case ChunkSaid(ended=ended, last=last):
                self.situation.read_chunk(happening)
                yield from self._told(happening, _CHUNK, where)
                if ended and last:
                    yield from self._in_message(where)
            case Quiet():
                yield from self._told(happening, _SILENCE, where)
            case Interrupted():
                yield from self._told(happening, _INTERRUPTION, where)
            case Printed():
                yield from self._told(happening, _PRINT, where)
            case Ended():
                yield from self._told(happening, _END, where)
            case _:
                pass

    def _in_reply(self, event: ReplySaid, where: int) -> Iterator[Pitfall]:
        asked = self.situation.answered(event)
        if asked is not None:
            is_accepted = event.reply.klass in (2, 3) and self.situation.side != SERVER
            for number, rule in enumerate(self._seen_in(asked, _ANSWERED)):
                one = pitfall(rule, asked.where, is_accepted=is_accepted)
                yield one._replace(silent=one.silent or number > 0)  # of several faults the gravest will do
        if self.situation.side != SERVER:  # who says the reply knows what it means
            yield from self._told(event, _REPLY, where)

    def _in_message(self, where: int) -> Iterator[Pitfall]:
        letter = self.situation.letter()
        if letter is not None:
            yield from self._told(letter, _MESSAGE, where)

    def _told(
        self, thing: T, recognisers: Iterable[tuple[str, Callable[[T, Situation], bool]]], where: int
    ) -> Iterator[Pitfall]:
        for rule in self._seen_in(thing, recognisers):
            yield pitfall(rule, where)

    def _seen_in(self, thing: T, recognisers: Iterable[tuple[str, Callable[[T, Situation], bool]]]) -> Iterable[str]:
        """The rules whose recognisers see themselves in this thing, each once."""
        return dict.fromkeys([rule for rule, sees in recognisers if sees(thing, self.situation)])
