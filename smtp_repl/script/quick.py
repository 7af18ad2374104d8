"""The quick lane: plays of one script by the thousand, as long as nothing happens that needs thought.

Most plays of a load run are alike: fixed octets are said, replies come whole and are judged as they were judged a
thousand times before. For these the lane keeps no conversation and tells no observer: the driver plays them by rote
(`actions.Rote`). What comes for the first time is read here: replies are paired first in, first out, judged, and from
then on known by rote.

It never guesses. The player is a pure function of what it is told, so the lane keeps what it was told; at the first
thing out of the ordinary (a failed expectation, a flag on a reply, a cut, a timeout) it tells all that to the real
player from the beginning, which comes to the same place and goes on. Results are the same; a play that fails is told
to its observer in full, from its first octet.
"""

from collections.abc import Callable, Generator

from smtp_repl.script.actions import Action, Close, Happening, Open, Passage, Read, Received, Rote, Send, Turn
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

Playing = Generator[Action | Rote, Happening, PlayResult]
RealPlaying = Generator[Action, Happening, PlayResult]


_CLOSE = Close("")
SAID_LIMIT = 256 * 1024
"""Octets of one write: beyond it, the time that the lane saves is nothing."""


class Move(Record):
    """One step of the lane: something to say, or a reply to hear."""

    turn: Turn
    expectation: Expectation | None = None
    level: Level = Level.CODE
    strict: bool = False
    answers: str = ""


class Lane(Record):
    """A plan whose plays may take the lane."""

    plan: Plan
    casting: Casting
    moves: tuple[Move, ...]
    turns: tuple[Turn, ...]
    open: Open
    results: dict[tuple[int, tuple[str, ...]], PlayResult]
    """The results of good plays, by their drift and the keywords that were lost: most are alike."""
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
    if conversation.awaiting or not moves or moves[0].expectation is None:
        return None
    turns = tuple(move.turn for move in moves)
    answers = tuple(move.answers for move in moves if move.expectation is not None)
    return Lane(plan, casting, tuple(moves), turns, Open("", settings.target("")), {}, answers)


def _say(plan: Plan, number: int, conversation: Conversation) -> Move | None:
    octets, ahead = plan.octets[number], plan.ahead[number]
    if not octets or len(octets) > SAID_LIMIT or len(conversation.awaiting) + ahead.replies > ahead.expectations:
        return None
    conversation.client_said(octets)
    if conversation.phase in (Phase.AUTH, Phase.TLS) or "AUTH" in conversation.awaiting:
        return None
    return Move(Turn(octets, 0.0, {}))


def _hear(expectation: Expectation, number: int, conversation: Conversation, settings: Settings) -> Move | None:
    awaiting = conversation.awaiting
    if not awaiting or not is_fixed(expectation):
        return None
    conversation.server_said(expectation.sample({}))
    if len(conversation.awaiting) != len(awaiting) - 1 or conversation.phase is Phase.TLS:
        return None
    turn = Turn(b"", settings.reply_seconds("", awaiting), {})
    return Move(turn, expectation, settings.level, settings.strict, awaiting[0])


class _Unusual(Exception):
    """Something for the real player."""


class _Told:
    """What the lane was told, and when. At the first unusual thing there is one to be told that and no more."""

    __slots__ = ("happenings", "moments", "rote")

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self.moments: list[float] = []
        self.rote: Rote | None = None
        """What is being played by rote, or was to the end."""

    def note(self, happening: Happening, moment: float) -> None:
        self.happenings.append(happening)
        self.moments.append(moment)

    def recall(self) -> None:
        """Note what was played by rote."""
        if self.rote is not None:
            happenings = self.rote.happenings()
            self.happenings += happenings
            self.moments += self.rote.moments[: len(happenings)]
            self.rote = None


def play_quick(
    lane: Lane, look_on: Callable[[], Observer], timed: Timed | None = None, clock: Clock | None = None
) -> Playing:
    """Play the client's part; returns and raises as `player.play` does, and tells only plays that go another way.

    `look_on` gives the observer of such a play, who is told with a `clock` when things happened
    (`Observer.happened_at`). `timed` is called once, at the end of a play that nobody is told of.
    """
    told = _Told()
    thrown: SmtpReplError | None = None
    try:
        return (yield from _rush(lane, told, timed, clock or _no_clock))
    except _Unusual:
        pass
    except SmtpReplError as error:
        thrown = error
    told.recall()
    return (yield from _for_real(lane, look_on(), told, thrown, timed=clock is not None))


def _no_clock() -> float:
    return 0.0


class _Score:
    """What of a play has gone well so far, and how far it has come."""

    __slots__ = ("at", "drift", "lost", "seconds")

    def __init__(self) -> None:
        self.at = 0
        self.drift = 0
        self.lost: tuple[str, ...] = ()
        self.seconds: list[float] = []

    def take(self, passage: Passage, seconds: float) -> None:
        """These octets came at this place, which took so long."""
        self.drift += passage.drift
        if passage.lost is not None:
            self.lost = passage.lost
        self.seconds += [seconds] * passage.replies
        self.at = passage.to

    def follow(self, rote: Rote) -> None:
        """So far it was played by rote."""
        for _, _, _, drift, lost in rote.passed:
            self.drift += drift
            if lost is not None:
                self.lost = lost
        self.seconds += rote.seconds
        self.at = rote.at


def _rush(lane: Lane, told: _Told, timed: Timed | None, clock: Clock) -> Playing:
    """Raises `_Unusual`, and what the driver throws in."""
    turns, score = lane.turns, _Score()
    rest = b""  # what has come of a reply whose end has not
    restart = True
    told.note((yield lane.open), clock())
    while score.at < len(turns):
        turn = turns[score.at]
        if restart and not rest:
            told.rote = rote = Rote("", turns, score.at)
            happening = yield rote
            score.follow(rote)
            if score.at == len(turns):
                break
            told.recall()
            told.note(happening, rote.moments[-1])
        elif turn.octets:
            told.note((yield Send("", turn.octets)), clock())
            score.at += 1
            continue
        else:
            happening = yield Read("", turn.seconds, restart)
            told.note(happening, clock())
        if not isinstance(happening, Received):
            raise _Unusual
        passage, rest = _pass(lane, score.at, rest + happening.octets)
        restart = passage is not None
        if passage is not None:
            score.take(passage, happening.seconds)
    yield _CLOSE
    if timed is not None:
        timed(score.seconds)
    result = lane.results.get((score.drift, score.lost))
    return result if result is not None else _result(lane, score)


def _result(lane: Lane, score: _Score) -> PlayResult:
    """How it went, to be remembered."""
    drift = score.drift
    counts = Counts(len(score.seconds) - drift, drift)
    result = PlayResult("drift" if drift else "pass", counts, lost=score.lost, played=len(lane.plan.steps))
    if len(lane.results) < REMEMBERED:
        lane.results[drift, score.lost] = result
    return result


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
    passage = Passage(octets, at, len(replies), drift, lost)
    known = lane.turns[begin].known
    if not rest and len(known) < max(1, REMEMBERED // len(lane.turns)):
        known[octets] = passage
    return passage, rest


def _tell(part: RealPlaying, observer: Observer, told: _Told, *, timed: bool) -> Action:
    """Tell a part what had happened by now; returns what it wants next."""
    try:
        action = part.send(None)
        for happening, moment in zip(told.happenings, told.moments, strict=True):
            observer.happened_at(moment if timed else None)
            action = part.send(happening)
        return action
    finally:
        observer.happened_at(None)


def _for_real(lane: Lane, observer: Observer, told: _Told, error: SmtpReplError | None, *, timed: bool) -> RealPlaying:
    """The same play by the real player, told what had happened by then."""
    part = play(lane.plan, lane.casting, observer)
    try:
        action = _tell(part, observer, told, timed=timed)
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


def by_hand(playing: Playing, clock: Clock | None = None) -> RealPlaying:
    """The same play for a driver that knows no rotes."""
    try:
        action = playing.send(None)
        while True:
            try:
                if isinstance(action, Rote):
                    happening = yield from _turn_by_turn(action, clock or _no_clock)
                else:
                    happening = yield action
            except SmtpReplError as error:
                action = playing.throw(error)
            else:
                action = playing.send(happening)
    except StopIteration as end:
        result: PlayResult = end.value
        return result


def _turn_by_turn(rote: Rote, clock: Clock) -> Generator[Action, Happening, Happening]:
    while rote.at < len(rote.turns):
        turn = rote.turns[rote.at]
        happening = (
            yield Send(rote.connection, turn.octets) if turn.octets else Read(rote.connection, turn.seconds, True)
        )
        rote.moments.append(clock())
        if turn.octets:
            rote.at += 1
            continue
        if not isinstance(happening, Received) or happening.octets not in turn.known:
            return happening
        passage = turn.known[happening.octets]
        rote.passed.append(passage)
        rote.seconds += [happening.seconds] * passage.replies
        rote.at = passage.to
    return None
