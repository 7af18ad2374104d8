"""The player of the other part: the same script, played as the server. Directives are written from the client's
side and swap here: what the client does, we expect, and what it expects, we do.

`S` lines are sent (`S!` not, `S?` yes; holes as bound, else the shortest match), `C` lines are expected: commands by
their verb, `C=` and `C~` by the line; a message or a chunk is read to its end and not compared.

Theory of operation. Steps are played in order. A client that says something else than its script is told so (503),
which is a failure, and the same line is expected on: it may come back. Where a client takes another way to the same
end (no pipelining, HELO for EHLO, an AUTH step cut off from its command) we go along, and that is drift. So real
clients can be tested with scripts that were written for other ones; client and server part played against each
other, in memory, are how a script is tested without a network.
"""

from collections.abc import Generator

from smtp_repl.script import impromptu
from smtp_repl.script.actions import Action, Close, Happening, Wait
from smtp_repl.script.arguments import File, Tls
from smtp_repl.script.arguments import Wait as WaitArgument
from smtp_repl.script.casting import Casting, Observer, PlayResult
from smtp_repl.script.channel import Channel
from smtp_repl.script.expectations import Expectation
from smtp_repl.script.holes import Hole
from smtp_repl.script.line_judge import Line, another_mechanism, greets_otherwise, judge, knows_password, shown
from smtp_repl.script.matching import Difference
from smtp_repl.script.player import Plan
from smtp_repl.script.settings import Settings
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.script.verdicts import Failed, Verdicts
from smtp_repl.script.words import Words
from smtp_repl.wire.authentication import is_auth
from smtp_repl.wire.commands import Command
from smtp_repl.wire.conversation import Side
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, TlsError
from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid
from smtp_repl.wire.octets import printable
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.states import GREETING, Phase

Playing = Generator[Action, Happening, None]

PAUSE = 0.2
"""Seconds of silence by which we know a client that does not pipeline."""
OBJECTIONS_LIMIT = 50
"""Commands that are answered 503 before the client is not worth talking to."""


def play_server(plan: Plan, casting: Casting, observer: Observer) -> Generator[Action, Happening, PlayResult]:
    """Play the server's part; raises what the driver throws in, and `ReplyTimeout`, `PeerClosed`, `TlsError`.

    The target of a casting plays no part: who plays the server is found by its clients.
    """
    return _ServerPart(plan, casting, observer).play()


class _Left(Exception):
    """The client took its leave, or was shown the door, before the script was over."""


class _ServerPart:
    def __init__(self, plan: Plan, casting: Casting, observer: Observer) -> None:
        self._steps = plan.steps
        self._speaks = plan.speaks
        self._casting = casting
        self._observer = observer
        self._settings = Settings(casting)
        self._verdicts = Verdicts(observer)
        self._channels: dict[str, Channel] = {}
        self._words: dict[str, Words] = {}
        self._now = 0
        self._next = 0
        self._done: set[int] = set()
        """Steps that were done before their turn."""
        self._logins: dict[str, tuple[int, Line]] = {}
        """Where the AUTH exchange of a connection began."""
        self._again: dict[str, Line] = {}
        self._mechanisms: dict[str, str] = {}
        self._half_closed: set[str] = set()
        self._one_by_one: set[str] = set()
        """Connections on which the client waits for a reply before it goes on, whatever the script says."""
        self._patience = 0.0
        """Seconds that the script's client lets pass before it says the next thing."""
        self._objections = 0

    def play(self) -> Generator[Action, Happening, PlayResult]:
        try:
            while self._next < len(self._steps):
                self._now = self._next
                self._next += 1
                if self._now not in self._done:
                    yield from self._step(self._steps[self._now])
            for channel in list(self._channels.values()):
                yield from self._finish(channel)
        except _Left:
            pass
        except (PeerClosed, ReplyTimeout) as error:
            # A client that gives up after it was told that it is wrong: the first failure is what there is to tell.
            if self._verdicts.failure is None:
                raise
            self._observer.remarked("", error.message)
        for channel in self._channels.values():
            yield from self._hang_up(channel)
        counts = self._verdicts.counts
        status = "fail" if counts.fail else "drift" if counts.drift else "pass"
        return PlayResult(status, counts, self._verdicts.failure, played=self._now)

    def _step(self, step: Step) -> Playing:
        if isinstance(step, Do) and self._settings.apply(step.directive):
            return
        channel = yield from self._open(step.connection)
        match step:
            case Say():
                yield from self._greet(channel)
                yield from self._expect(channel, step)
            case Hear():
                yield from self._answer(channel, step)
            case Do():
                yield from self._do(channel, step)
        yield from self._settle(channel)

    def _open(self, name: str) -> Generator[Action, Happening, Channel]:
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name, self._observer, side=Side.SERVER)
            self._words[name] = Words()
            yield from channel.open(None)
        return channel

    def _settle(self, channel: Channel) -> Playing:
        due = channel.handshake
        if due is None or channel.name in self._settings.manual_tls:
            return
        # What a script puts behind STARTTLS on purpose, to see it forgotten (RFC 3207 §4.2), has been expected.
        foreseen = not channel.said and (not due.injected or due.injected.endswith(b"\n"))
        if not foreseen:
            yield from channel.close()
            raise TlsError(
                "the client said more after STARTTLS, before the handshake; the connection was closed: "
                + printable(due.injected[:200]),
                "a client has to wait for the 220; or somebody injected it (RFC 3207 §5)",
                kind="data-before-handshake",
            )
        yield from channel.settle()

    def _hang_up(self, channel: Channel) -> Playing:
        if channel.name in self._half_closed:
            self._half_closed.discard(channel.name)
            yield Close(channel.name)
        yield from channel.close()

    # ------------------------------------------------------------ what we say

    def _greet(self, channel: Channel) -> Playing:
        """A script may begin with the client's first word; the client waits for a greeting all the same."""
        conversation = channel.conversation
        is_due = GREETING in conversation.awaiting and not conversation.pending_reply and not channel.gone
        if is_due and channel.name not in self._settings.early:
            yield from channel.send(impromptu.GREETING)

    def _answer(self, channel: Channel, hear: Hear) -> Playing:
        words = self._words[channel.name]
        restart = True
        while words.is_free and not channel.conversation.awaiting:
            yield from self._read(channel, hear, "what stands in the file", restart=restart)
            restart = False
        within = self._settings.take_within(channel.name)
        if within is not None and within.least:
            yield Wait(within.least)
        yield from channel.send(self._reply(channel, hear.expectation))
        if channel.conversation.phase is not Phase.DATA and "DATA" not in channel.conversation.awaiting:
            words.in_text = False

    def _reply(self, channel: Channel, expectation: Expectation) -> bytes:
        mechanism = MECHANISMS.get(self._mechanisms.get(channel.name, ""))
        fresh = self._casting.fresh_challenge
        if fresh is not None and mechanism is not None and mechanism.reads_challenges and _is_open_334(expectation):
            return impromptu.challenge(mechanism.name, 0, fresh)
        return expectation.sample(self._settings.bindings)

    def _following_reply(self, channel: Channel, kept: int = 0) -> int | None:
        """The number of the step that answers what the client has said before it says more; None for none.

        Of what awaits a reply the last `kept` are left. What lies between and only sets something is done.
        """
        awaiting = channel.conversation.awaiting
        if len(awaiting) <= kept or awaiting[0] == GREETING or "STARTTLS" in awaiting:
            return None
        for number in range(self._next, len(self._steps)):
            step = self._steps[number]
            if number in self._done:
                continue
            if step.connection != channel.name:
                return None
            if isinstance(step, Hear):
                return number
            if not (isinstance(step, Do) and self._settings.apply(step.directive)):
                return None
            self._done.add(number)
        return None

    def _answer_ahead(self, channel: Channel, kept: int = 0) -> Playing:
        """Answer what the client has said although in the script it says more first."""
        while (number := self._following_reply(channel, kept)) is not None:
            step = self._steps[number]
            if not isinstance(step, Hear):
                raise AssertionError(step)
            self._done.add(number)
            yield from self._answer(channel, step)

    def _say_yes(self, channel: Channel) -> Playing:
        """To a list of commands without a word about the server."""
        conversation = channel.conversation
        while conversation.awaiting and not conversation.chunk_left:
            mechanism, number = self._mechanisms.get(channel.name, ""), len(channel.exchange.challenges)
            yield from channel.send(impromptu.yes(conversation, mechanism, number, self._casting.fresh_challenge))

    # ------------------------------------------------------------ what the client says

    def _expect(self, channel: Channel, say: Say) -> Playing:
        words = self._words[channel.name]
        since = self._again.pop(channel.name, None)
        words.add(say, since.wire if since is not None else None)
        while words:
            if words.chunk_left:
                is_due = channel.conversation.chunk_left or any(isinstance(said, ChunkSaid) for said in channel.said)
                if words.skip_chunk() and is_due:
                    yield from self._next_said(channel, ChunkSaid, say, "the chunk")
            elif words.in_text:
                if words.skip_text():
                    yield from self._next_said(channel, BodySaid, say, "the end of the message")
                else:
                    yield from self._expect_beginning(channel, say, 0, words.text_begun)
            elif (piece := words.take_line()) is not None:
                if not (yield from self._expect_line(channel, say, Line(*piece))):
                    return
            else:
                yield from self._expect_beginning(channel, say, words.begun, 0)
                return
            if not self._speaks:
                yield from self._say_yes(channel)
                words.in_text = words.in_text and channel.conversation.phase is Phase.DATA
                yield from self._settle(channel)

    def _expect_beginning(self, channel: Channel, say: Say, line: int, text: int) -> Playing:
        """Wait for so many octets of a line or message of which the end stands in a later write, or nowhere."""
        conversation = channel.conversation
        while conversation.line_begun < line or conversation.text_begun < text:
            if channel.said or channel.gone:
                return
            yield from self._read(channel, say, "more", restart=True)

    def _expect_line(self, channel: Channel, say: Say, line: Line) -> Generator[Action, Happening, bool]:
        """One command or step of AUTH; False when the script goes on at another place."""
        words = self._words[channel.name]
        while True:
            said = yield from self._next_command(channel, say, line.due)
            matched = judge(line, said, self._settings.bindings)
            if matched.status == "fail" and greets_otherwise(line, said, self._reply_lines(channel)):
                matched = matched._replace(status="drift")
            if matched.status == "fail" and said.step is None and line.begins_with(said.command.line):
                said = yield from self._ask_for_step(channel, say, said)
                matched = judge(line, said, self._settings.bindings)
                matched = matched if matched.status == "fail" else matched._replace(status="drift")
            if another_mechanism(line, said):
                self._give("drift" if matched.status != "fail" else "fail", channel, say, matched.differences)
                yield from self._object(channel, said, impromptu.OTHER_MECHANISM)
                continue
            if matched.status != "fail" and not knows_password(line, said, self._casting, channel.exchange):
                difference = Difference(line.wire.line, line.wire.column, len(line.wire.text), "", "", "credentials")
                self._give("fail", channel, say, (difference,))
                yield from self._object(channel, said, impromptu.WRONG_CREDENTIALS)
                if self._log_in_again(channel):
                    return False
                continue
            if matched.status != "fail":
                break
            if words.is_free:  # it stood in the file
                if not self._speaks:
                    yield from self._say_yes(channel)
                continue
            self._give("fail", channel, say, matched.differences)
            yield from self._object(channel, said, impromptu.not_expected(line.due, line.wire.line))
        words.is_free = False
        self._give(matched.status, channel, say, matched.differences)
        if is_auth(line.octets):
            self._logins[channel.name] = (self._now, line)
        if said.step is None:
            words.follow(line.command)
        elif said.step.initial and not line.has_initial_response and not words:
            self._take_step_ahead(channel, said)
        return True

    def _next_command(self, channel: Channel, say: Say, due: str) -> Generator[Action, Happening, CommandSaid]:
        said = yield from self._next_said(channel, CommandSaid, say, due)
        if not isinstance(said, CommandSaid):
            raise AssertionError(said)
        if is_auth(said.command.line):
            self._mechanisms[channel.name] = Line.mechanism_of(said.command.line)
        return said

    def _next_said(
        self, channel: Channel, kind: type[CommandSaid | BodySaid | ChunkSaid], say: Say, due: str
    ) -> Generator[Action, Happening, CommandSaid | BodySaid | ChunkSaid]:
        restart = True
        while True:
            while channel.said:
                said = channel.said.popleft()
                if isinstance(said, kind):
                    self._patience = 0.0
                    return said
            if not channel.gone and self._following_reply(channel) is not None:
                if channel.name not in self._one_by_one:
                    if (yield from channel.read(PAUSE, restart=restart)):
                        continue
                    self._one_by_one.add(channel.name)
                yield from self._answer_ahead(channel)
            yield from self._read(channel, say, due, restart=restart)
            restart = False

    def _read(self, channel: Channel, step: Step, due: str, *, restart: bool) -> Playing:
        """Wait for octets. Raises `PeerClosed` and `ReplyTimeout`, with what was due."""
        where = f"{due} was due (line {step.line})"
        if channel.gone:
            raise PeerClosed(f"the client closed the connection where {where}")
        seconds = self._patience + self._settings.reply_seconds(channel.name, ())
        if not (yield from channel.read(seconds, restart=restart)):
            raise ReplyTimeout(
                f"the client said nothing within {seconds:g} s where {where}", "--timeout SECONDS waits longer"
            )

    def _reply_lines(self, channel: Channel) -> int:
        """How many lines the script's next reply on this connection has."""
        following = (step for step in self._steps[self._next :] if step.connection == channel.name)
        return next((len(step.expectation.lines) for step in following if isinstance(step, Hear)), 0)

    # ------------------------------------------------------------ AUTH cut in another way, and once more

    def _ask_for_step(self, channel: Channel, say: Say, auth: CommandSaid) -> Generator[Action, Happening, CommandSaid]:
        """The client keeps its initial response until we ask: both together are what the script says."""
        yield from channel.send(impromptu.GO_ON)
        said = yield from self._next_command(channel, say, "the AUTH step")
        command = auth.command.line + b" "
        return said._replace(command=Command(command, "AUTH", command[5:]), phase=auth.phase)

    def _take_step_ahead(self, channel: Channel, said: CommandSaid) -> None:
        """The client says with its AUTH what the script's client keeps until it is asked: we do not ask."""
        following = self._steps[self._next : self._next + 2]
        match following:
            case [Hear(connection=one, expectation=expectation), Say(connection=other)] if (
                one == other == channel.name and expectation.code == "334" and said.step is not None
            ):
                self._done.add(self._next)
                step = said.step._replace(initial=False)
                channel.said.appendleft(CommandSaid(Command(b"", "", b""), None, Phase.AUTH, 0, step))
            case _:
                pass

    def _log_in_again(self, channel: Channel) -> bool:
        """Go back to where the exchange began; False when that cannot be done."""
        number, line = self._logins.get(channel.name, (self._now, None))
        between = range(number, self._now + 1)
        if line is None or any(self._steps[step].connection != channel.name for step in between):
            return False
        self._done -= {*between, self._next}
        self._next = number
        self._again[channel.name] = line
        return True

    # ------------------------------------------------------------ what does not stand in the script

    def _give(self, status: str, channel: Channel, step: Say | Do | None, differences: tuple[Difference, ...]) -> None:
        try:
            self._verdicts.give(status, channel.name, step=step, number=self._now, differences=differences)
        except Failed:
            return  # we go on: the client may come back

    def _object(self, channel: Channel, said: CommandSaid, answer: bytes) -> Playing:
        """Answer what is not as the script has it. Raises `_Left` when that is the end."""
        conversation = channel.conversation
        while conversation.chunk_left and not channel.gone and (yield from channel.read(10.0, restart=True)):
            pass  # RFC 3030 §2: a chunk is read even when it is refused
        unheard = 1 + sum(isinstance(later, CommandSaid | BodySaid) for later in channel.said)
        yield from self._answer_ahead(channel, unheard)
        self._objections += 1
        if said.command.verb == "QUIT":
            answer = impromptu.BYE
        elif said.phase is Phase.AUTH and said.command.line == b"*":
            answer = impromptu.ABORTED
        elif self._objections > OBJECTIONS_LIMIT:
            answer = impromptu.TOO_MANY
        yield from channel.send(answer)
        if conversation.phase is Phase.CLOSED:
            yield from self._hang_up(channel)
            raise _Left

    def _finish(self, channel: Channel) -> Playing:
        """The script is over: the client may close, or say QUIT; anything else was not foreseen."""
        conversation = channel.conversation
        while True:
            while channel.said:
                said = channel.said.popleft()
                if isinstance(said, CommandSaid):
                    yield from self._take_surplus(channel, said)
            if channel.gone or conversation.phase is Phase.CLOSED or conversation.awaiting:
                return
            if not (yield from channel.read(self._settings.reply_seconds(channel.name, ()), restart=True)):
                self._observer.remarked(channel.name, "the script is over and the client does not close: we do")
                return

    def _take_surplus(self, channel: Channel, said: CommandSaid) -> Playing:
        if self._words[channel.name].is_free:
            if not self._speaks:
                yield from self._say_yes(channel)
        elif said.command.verb == "QUIT":
            self._observer.remarked(channel.name, "QUIT does not stand in the script; it was answered 221")
            yield from channel.send(impromptu.BYE)
            yield from self._hang_up(channel)
        else:
            self._give("fail", channel, None, (Difference(0, 0, 0, "nothing", shown(said), "surplus"),))
            yield from self._object(channel, said, impromptu.not_expected("", 0))

    # ------------------------------------------------------------ directives, swapped

    def _do(self, channel: Channel, do: Do) -> Playing:
        match do.directive.value:
            case File():
                words = self._words[channel.name]
                if words.in_text:
                    yield from self._next_file(channel, do)
                else:
                    yield from self._greet(channel)
                    words.is_free = True
                if not self._speaks:
                    yield from self._say_yes(channel)
            case WaitArgument(seconds):
                self._patience += seconds
            case Tls():
                if channel.handshake is not None:
                    yield from channel.settle()
                elif not channel.conversation.tls_active:
                    yield from channel.start_tls()
            case _ if do.directive.name == "eof":
                yield from self._hang_up(channel)
            case _ if do.directive.name in ("close", "shutdown"):
                yield from self._expect_end(channel, do)
            case _:
                pass  # @require, @caps: the client's own affair

    def _next_file(self, channel: Channel, do: Do) -> Playing:
        restart = True
        while not any(isinstance(said, BodySaid) for said in channel.said):
            yield from self._read(channel, do, "the end of the message", restart=restart)
            restart = False
        while not isinstance(channel.said.popleft(), BodySaid):
            pass
        self._words[channel.name].in_text = False

    def _expect_end(self, channel: Channel, do: Do) -> Playing:
        """The client says no more; after `@shutdown` it still listens."""
        restart = True
        while True:
            while channel.said:
                said = channel.said.popleft()
                if isinstance(said, CommandSaid):
                    status = "drift" if said.command.verb == "QUIT" else "fail"
                    end = Difference(do.line, 1, 0, f"@{do.directive.name}", shown(said), "close")
                    self._give(status, channel, do, (end,))
                    yield from self._object(channel, said, impromptu.not_expected("nothing more", do.line))
            if channel.gone:
                break
            yield from self._read(channel, do, "the end of the connection", restart=restart)
            restart = False
        if do.directive.name == "shutdown":
            self._half_closed.add(channel.name)
        else:
            del self._channels[channel.name]


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
