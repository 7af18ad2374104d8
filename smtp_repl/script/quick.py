"""The quick lane: plays of one script by the thousand, as long as nothing happens that needs thought.

Most plays of a load run are alike: fixed octets are said, replies come whole and are judged as they were judged a
thousand times before. For these the lane keeps no conversation and tells no observer; it reads replies, pairs them
first in, first out, and judges them with the plan's memory.

It never guesses. The player is a pure function of what it is told, so the lane keeps what it was told; at the first
thing out of the ordinary (a failed expectation, a flag on a reply, a cut, a timeout) it tells all that to the real
player from the beginning, which comes to the same place and goes on. Results are the same; a play that fails is told
to its observer in full, from its first octet.
"""

from collections.abc import Callable, Generator

from smtp_repl.script.actions import Action, Close, Happening, Open, Read, Received, Send
from smtp_repl.script.arguments import Match, Nothing, Set, Timeout
from smtp_repl.script.casting import Casting, Counts, Observer, PlayResult
from smtp_repl.script.expectations import Expectation
from smtp_repl.script.judge import REMEMBERED, is_fixed
from smtp_repl.script.matching import Level, lost_keywords
from smtp_repl.script.player import Plan, play
from smtp_repl.script.settings import Settings
from smtp_repl.script.steps import Do, Hear, Say
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import LINE_LIMIT, ReplyReader
from smtp_repl.wire.states import Phase

Playing = Generator[Action, Happening, PlayResult]


class Move(Record):
    """One step of the lane: something to say, or a reply to hear."""

    send: Send | None
    read: Read
    read_on: Read
    """The same without setting the clock anew."""
    expectation: Expectation | None = None
    level: Level = Level.CODE
    strict: bool = False
    step: int = -1
    answers: str = ""


class Passage(Record):
    """What octets came to that were whole replies to the moves from some place on, all of them good ones."""

    to: int
    """The number of the move that comes next."""
    drift: int
    lost: tuple[str, ...] | None
    """EHLO keywords that are missing, where one of the replies was to EHLO."""


class Lane(Record):
    """A plan whose plays may take the lane."""

    plan: Plan
    casting: Casting
    moves: tuple[Move, ...]
    open: Open
    known: dict[tuple[int, bytes], Passage]
    """What the same octets came to at the same move before."""
    answers: tuple[str, ...]
    """What the replies of a play answer, in order."""


Timed = Callable[[list[float]], None]
"""Takes how long each reply of a play took (`StepResult.seconds`), in the order of `Lane.answers`."""
Clock = Callable[[], float]


def lane(plan: Plan, casting: Casting) -> Lane | None:
    """The lane of a plan; None when the script holds something that the lane does not know."""
    if casting.to_line or casting.goes_on is not None or not plan.steps or not isinstance(plan.steps[0], Hear | Do):
        return None
    settings = Settings(casting)
    conversation = Conversation(lint=False)
    moves: list[Move] = []
    for number, step in enumerate(plan.steps):
        move = None
        match step:
            case Do():
                if not isinstance(step.directive.value, Match | Timeout | Set | Nothing) or not settings.apply(
                    step.directive
                ):
                    return None
                continue
            case Say():
                move = _say(plan, number, conversation)
            case Hear(expectation=expectation):
                move = _hear(expectation, number, conversation, settings)
        if move is None or step.connection or settings.early:
            return None
        moves.append(move)
    if conversation.awaiting or not moves or moves[0].send is not None:
        return None
    answers = tuple(move.answers for move in moves if move.send is None)
    return Lane(plan, casting, tuple(moves), Open("", settings.target("")), {}, answers)


def _say(plan: Plan, number: int, conversation: Conversation) -> Move | None:
    octets, ahead = plan.octets[number], plan.ahead[number]
    if octets is None or len(conversation.awaiting) + ahead.replies > ahead.expectations:
        return None
    conversation.client_said(octets)
    if conversation.phase in (Phase.AUTH, Phase.TLS) or "AUTH" in conversation.awaiting:
        return None
    never = Read("", 0.0, False)
    return Move(Send("", octets), never, never)


def _hear(expectation: Expectation, number: int, conversation: Conversation, settings: Settings) -> Move | None:
    awaiting = conversation.awaiting
    if not awaiting or not is_fixed(expectation):
        return None
    conversation.server_said(expectation.sample({}))
    if len(conversation.awaiting) != len(awaiting) - 1 or conversation.phase is Phase.TLS:
        return None
    seconds = settings.reply_seconds("", awaiting)
    read = Read("", seconds, True)
    return Move(
        None, read, read._replace(restart=False), expectation, settings.level, settings.strict, number, awaiting[0]
    )


class _Unusual(Exception):
    """Something for the real player."""


class _Told:
    """What the lane was told, and when. At the first unusual thing there is one to be told that and no more."""

    __slots__ = ("happenings", "moments")

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self.moments: list[float] = []


def play_quick(lane: Lane, observer: Observer, timed: Timed | None = None, clock: Clock | None = None) -> Playing:
    """Play the client's part; returns and raises as `player.play` does, and tells only plays that go another way.

    `timed` is called once, at the end of a play that the observer hears nothing of; with a `clock` the observer of
    one that goes another way is told when things happened (`Observer.happened_at`).
    """
    told = _Told()
    thrown: SmtpReplError | None = None
    try:
        return (yield from _rush(lane, told, timed, clock))
    except _Unusual:
        pass
    except SmtpReplError as error:
        thrown = error
    return (yield from _for_real(lane, observer, told, thrown))


def _rush(lane: Lane, told: _Told, timed: Timed | None, clock: Clock | None) -> Playing:
    """Raises `_Unusual`, and what the driver throws in."""
    moves, happenings, moments = lane.moves, told.happenings, told.moments
    seconds: list[float] = []
    drift = 0
    lost: tuple[str, ...] = ()
    rest = b""  # of a reply whose end has not come
    happenings.append((yield lane.open))
    if clock is not None:
        moments.append(clock())
    at = 0
    while at < len(moves):
        move = moves[at]
        if move.send is not None:
            happenings.append((yield move.send))
            if clock is not None:
                moments.append(clock())
            at += 1
            continue
        read = move.read
        elapsed = 0.0
        passage = None
        while passage is None:
            happening = yield read
            happenings.append(happening)
            if clock is not None:
                moments.append(clock())
            if not isinstance(happening, Received):
                raise _Unusual
            elapsed = happening.seconds
            octets = rest + happening.octets if rest else happening.octets
            passage = lane.known.get((at, octets))
            if passage is None:
                passage, rest = _pass(lane, at, octets)
            else:
                rest = b""
            read = move.read_on
        drift += passage.drift
        lost = lost if passage.lost is None else passage.lost
        seconds += [elapsed] * (passage.to - at)
        at = passage.to
    yield Close("")
    if timed is not None:
        timed(seconds)
    return PlayResult(
        "drift" if drift else "pass", Counts(len(seconds) - drift, drift), lost=lost, played=len(lane.plan.steps)
    )


def _pass(lane: Lane, at: int, octets: bytes) -> tuple[Passage | None, bytes]:
    """What octets come to at a move, None when they are no whole reply yet; and what is left of them."""
    reader = ReplyReader()
    replies = reader.feed(octets)
    rest = reader.pending
    # Whoever lets a reply drip in shall not have it read from its beginning a thousand times.
    if reader.fault is not None or len(rest) > LINE_LIMIT:
        raise _Unusual
    if not replies:
        return None, rest
    drift, lost, begin = 0, None, at
    for reply in replies:
        move = lane.moves[at] if at < len(lane.moves) else None
        if move is None or move.expectation is None:
            raise _Unusual
        expectation = move.expectation
        status = lane.plan.judge.match(
            expectation, reply, move.level, dict(lane.casting.variables), None, lane.casting.own_names
        ).status
        if status == "drift" and not move.strict:
            drift += 1
        elif status != "ok":
            raise _Unusual
        if expectation.ehlo and reply.code == 250:
            lost = lost_keywords(expectation.texts, reply)
        at += 1
    passage = Passage(at, drift, lost)
    if not rest and len(lane.known) < REMEMBERED:
        lane.known[begin, octets] = passage
    return passage, rest


def _tell(part: Playing, observer: Observer, told: _Told) -> Action:
    """Tell a part what had happened by now; returns what it wants next."""
    try:
        action = part.send(None)
        for number, happening in enumerate(told.happenings):
            observer.happened_at(told.moments[number] if told.moments else None)
            action = part.send(happening)
        return action
    finally:
        observer.happened_at(None)


def _for_real(lane: Lane, observer: Observer, told: _Told, error: SmtpReplError | None) -> Playing:
    """The same play by the real player, told what had happened by then."""
    part = play(lane.plan, lane.casting, observer)
    try:
        action = _tell(part, observer, told)
        if error is not None:
            action = part.throw(error)
        while True:
            try:
                happening = yield action
            except SmtpReplError as failure:
                action = part.throw(failure)
            else:
                action = part.send(happening)
    except StopIteration as end:
        result: PlayResult = end.value
        return result
