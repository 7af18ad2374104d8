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
from smtp_repl.script.actions import Action, Happening
from smtp_repl.script.arguments import File, Tls
from smtp_repl.script.arguments import Wait as WaitArgument
from smtp_repl.script.casting import Casting, Observer, PlayResult
from smtp_repl.script.channel import Channel
from smtp_repl.script.course import Course
from smtp_repl.script.line_judge import Line, another_mechanism, greets_otherwise, judge, knows_password, shown
from smtp_repl.script.matching import Difference, Match
from smtp_repl.script.player import Plan
from smtp_repl.script.settings import Settings
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.script.verdicts import Failed, Verdicts
from smtp_repl.script.voice import Visit, Voice
from smtp_repl.wire.authentication import is_auth
from smtp_repl.wire.commands import Command
from smtp_repl.wire.conversation import Side
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, TlsError
from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import Phase

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
        self._course = Course(plan.steps)
        self._speaks = plan.speaks
        self._casting = casting
        self._observer = observer
        self._settings = Settings(casting)
        self._voice = Voice(plan.steps, self._course, self._settings, casting)
        self._verdicts = Verdicts(observer)
        self._visits: dict[str, Visit] = {}
        self._patience = 0.0
        """Seconds that the script's client lets pass before it says the next thing."""
        self._objections = 0

    def play(self) -> Generator[Action, Happening, PlayResult]:
        try:
            while (step := self._course.advance()) is not None:
                yield from self._step(step)
            for visit in list(self._visits.values()):
                yield from self._finish(visit)
        except _Left:
            pass
        except (PeerClosed, ReplyTimeout) as error:
            # A client that gives up after it was told that it is wrong: the first failure is what there is to tell.
            if self._verdicts.failure is None:
                raise
            self._observer.remarked("", error.message)
        for visit in self._visits.values():
            yield from visit.hang_up()
        counts = self._verdicts.counts
        status = "fail" if counts.fail else "drift" if counts.drift else "pass"
        return PlayResult(status, counts, self._verdicts.failure, played=self._course.now)

    def _step(self, step: Step) -> Playing:
        if isinstance(step, Do) and self._settings.apply(step.directive):
            return
        visit = yield from self._open(step.connection)
        match step:
            case Say():
                yield from self._voice.greet(visit)
                yield from self._expect(visit, step)
            case Hear():
                yield from self._await_file(visit, step)
                yield from self._voice.answer(visit, step)
            case Do():
                yield from self._do(visit, step)
        yield from self._settle(visit.channel)

    def _open(self, name: str) -> Generator[Action, Happening, Visit]:
        visit = self._visits.get(name)
        if visit is None:
            visit = self._visits[name] = Visit(Channel(name, self._observer, side=Side.SERVER))
            yield from visit.channel.open(None)
        return visit

    def _settle(self, channel: Channel) -> Playing:
        due = channel.handshake
        if due is None or channel.name in self._settings.manual_tls:
            return
        # What a script puts behind STARTTLS on purpose, to see it forgotten (RFC 3207 §4.2), has been expected.
        foreseen = not channel.said and (not due.injected or due.injected.endswith(b"\n"))
        if not foreseen:
            # Whole lines come without what is secret in them; of one that is cut only its verb is surely none.
            whole, end, rest = due.injected.rpartition(b"\n")
            said = whole + end + rest.partition(b" ")[0]
            yield from channel.close()
            raise TlsError(
                phrase(
                    "the client said more after STARTTLS, before the handshake; the connection was closed: {octets}",
                    octets=printable(said[:200]),
                ),
                "a client has to wait for the 220; or somebody injected it (RFC 3207 §5)",
                kind="data-before-handshake",
            )
        yield from channel.settle()

    # ------------------------------------------------------------ what the client says

    def _expect(self, visit: Visit, say: Say) -> Playing:
        channel, words = visit.channel, visit.words
        words.add(say, visit.again)
        visit.again = None
        while words:
            if words.chunk_left:
                is_due = channel.conversation.chunk_left or any(isinstance(said, ChunkSaid) for said in channel.said)
                if words.skip_chunk() and is_due:
                    yield from self._next_said(visit, ChunkSaid, say, phrase("the chunk"))
            elif words.in_text:
                if words.skip_text():
                    yield from self._next_said(visit, BodySaid, say, phrase("the end of the message"))
                else:
                    yield from self._expect_beginning(visit, say, 0, words.text_begun)
            elif (piece := words.take_line()) is not None:
                if not (yield from self._expect_line(visit, say, Line(*piece))):
                    return
            else:
                yield from self._expect_beginning(visit, say, words.begun, 0)
                return
            if not self._speaks:
                yield from self._voice.say_yes(visit)
                words.in_text = words.in_text and channel.conversation.phase is Phase.DATA
                yield from self._settle(channel)

    def _expect_beginning(self, visit: Visit, say: Say, line: int, text: int) -> Playing:
        """Wait for so many octets of a line or message of which the end stands in a later write, or nowhere."""
        conversation = visit.channel.conversation
        while conversation.line_begun < line or conversation.text_begun < text:
            if visit.channel.said or visit.channel.gone:
                return
            yield from self._read(visit, say, "more", restart=True)

    def _expect_line(self, visit: Visit, say: Say, line: Line) -> Generator[Action, Happening, bool]:
        """One command or step of AUTH; False when the script goes on at another place."""
        while True:
            said, matched = yield from self._hear_line(visit, say, line)
            if another_mechanism(line, said):
                asserted = line.wire.asserts and line.wire.template is None
                self._give("fail" if asserted else "drift", visit, say, matched.differences)
                yield from self._object(visit, said, impromptu.OTHER_MECHANISM)
            elif matched.status != "fail" and not knows_password(line, said, self._casting, visit.channel.exchange):
                difference = Difference(line.wire.line, line.wire.column, len(line.wire.text), "", "", "credentials")
                self._give("fail", visit, say, (difference,))
                yield from self._object(visit, said, impromptu.WRONG_CREDENTIALS)
                if visit.login is not None and self._course.go_back(visit.login[0], visit.name):
                    visit.again = visit.login[1]
                    return False
            elif matched.status != "fail":
                break
            elif visit.words.is_free:  # it stood in the file
                if not self._speaks:
                    yield from self._voice.say_yes(visit)
            else:
                left = said.command.verb == "QUIT"
                differences = tuple(one._replace(what="left" if left else one.what) for one in matched.differences)
                self._give("fail", visit, say, differences)
                yield from self._object(visit, said, impromptu.not_expected(line.due, line.wire.line))
        visit.words.is_free = False
        self._give(matched.status, visit, say, matched.differences)
        if said.step is None:
            visit.words.follow(line.command)
        elif said.step.initial and not line.has_initial_response and not visit.words:
            self._take_step_ahead(visit, said)
        return True

    def _hear_line(self, visit: Visit, say: Say, line: Line) -> Generator[Action, Happening, tuple[CommandSaid, Match]]:
        """What the client says, and whether it is the line, or comes to the same."""
        said = yield from self._next_command(visit, say, line.due)
        if is_auth(line.octets) and is_auth(said.command.line):
            visit.login = self._course.now, line.wire
        bindings = self._settings.bindings
        matched = judge(line, said, bindings)
        if matched.status != "fail":
            return said, matched
        if greets_otherwise(line, said, self._course.reply_lines(visit.name)):
            return said, matched._replace(status="drift")
        if said.step is not None or not line.begins_with(said.command.line):
            return said, matched
        # The client keeps its initial response until it is asked: both together are what the script says.
        yield from visit.channel.send(impromptu.GO_ON)
        step = yield from self._next_command(visit, say, phrase("the AUTH step"))
        command = said.command.line + b" "
        said = step._replace(command=Command(command, "AUTH", command[5:]), phase=said.phase)
        whole = judge(line, said, bindings)
        return said, whole if whole.status == "fail" else Match("drift", matched.differences)

    def _take_step_ahead(self, visit: Visit, said: CommandSaid) -> None:
        """The client says with its AUTH what the script's client keeps until it is asked: we do not ask."""
        if said.step is not None and self._course.skip_challenge(visit.name):
            step = said.step._replace(initial=False)
            visit.channel.said.appendleft(CommandSaid(Command(b"", "", b""), None, Phase.AUTH, 0, step))

    def _next_command(self, visit: Visit, say: Say, due: str) -> Generator[Action, Happening, CommandSaid]:
        said = yield from self._next_said(visit, CommandSaid, say, due)
        if not isinstance(said, CommandSaid):
            raise AssertionError(said)
        if is_auth(said.command.line):
            visit.mechanism = Line.mechanism_of(said.command.line)
        return said

    def _next_said(
        self, visit: Visit, kind: type[CommandSaid | BodySaid | ChunkSaid], step: Step, due: str
    ) -> Generator[Action, Happening, CommandSaid | BodySaid | ChunkSaid]:
        channel = visit.channel
        restart = True
        while True:
            while channel.said:
                said = channel.said.popleft()
                if isinstance(said, kind):
                    self._patience = 0.0
                    return said
            if self._voice.is_waited_for(visit):
                # In silence we know a client that does not pipeline. Octets of one write may come one by one.
                if not visit.one_by_one and (yield from channel.read(PAUSE, restart=restart)):
                    continue
                visit.one_by_one = True
                yield from self._voice.answer_ahead(visit)
            yield from self._read(visit, step, due, restart=restart)
            restart = False

    def _read(self, visit: Visit, step: Step, due: str, *, restart: bool) -> Playing:
        """Wait for octets. Raises `PeerClosed` and `ReplyTimeout`, with what was due."""
        if visit.channel.gone:
            raise PeerClosed(
                phrase("the client closed the connection where {due} was due (line {line})", due=due, line=step.line)
            )
        seconds = self._patience + self._settings.reply_seconds(visit.name, ())
        if not (yield from visit.channel.read(seconds, restart=restart)):
            raise ReplyTimeout(
                phrase(
                    "the client said nothing within {seconds:g} s where {due} was due (line {line})",
                    seconds=seconds,
                    due=due,
                    line=step.line,
                ),
                "--timeout SECONDS waits longer",
            )

    # ------------------------------------------------------------ what does not stand in the script

    def _give(self, status: str, visit: Visit, step: Say | Do | None, differences: tuple[Difference, ...]) -> None:
        try:
            self._verdicts.give(status, visit.name, step=step, number=self._course.now, differences=differences)
        except Failed:
            return  # we go on: the client may come back

    def _object(self, visit: Visit, said: CommandSaid, answer: bytes) -> Playing:
        """Answer what is not as the script has it. Raises `_Left` when that is the end."""
        channel = visit.channel
        while channel.conversation.chunk_left and not channel.gone and (yield from channel.read(10.0, restart=True)):
            pass  # RFC 3030 §2: a chunk is read even when it is refused
        unheard = 1 + sum(isinstance(later, CommandSaid | BodySaid) for later in channel.said)
        yield from self._voice.answer_ahead(visit, unheard)
        self._objections += 1
        if said.command.verb == "QUIT":
            answer = impromptu.BYE
        elif said.phase is Phase.AUTH and said.command.line == b"*":
            answer = impromptu.ABORTED
        elif self._objections > OBJECTIONS_LIMIT:
            answer = impromptu.TOO_MANY
        yield from channel.send(answer)
        if channel.conversation.phase is Phase.CLOSED:
            yield from visit.hang_up()
            raise _Left

    def _finish(self, visit: Visit) -> Playing:
        """The script is over: the client may close, or say QUIT; anything else was not foreseen."""
        channel = visit.channel
        while True:
            while channel.said:
                said = channel.said.popleft()
                if isinstance(said, CommandSaid):
                    yield from self._take_surplus(visit, said)
            if channel.gone or channel.conversation.phase is Phase.CLOSED or visit.awaiting:
                return
            if not (yield from channel.read(self._settings.reply_seconds(visit.name, ()), restart=True)):
                self._observer.remarked(visit.name, phrase("the script is over and the client does not close: we do"))
                return

    def _take_surplus(self, visit: Visit, said: CommandSaid) -> Playing:
        if visit.words.is_free:
            if not self._speaks:
                yield from self._voice.say_yes(visit)
        elif said.command.verb == "QUIT":
            self._observer.remarked(visit.name, phrase("QUIT does not stand in the script; it was answered 221"))
            yield from visit.channel.send(impromptu.BYE)
            yield from visit.hang_up()
        else:
            self._give("fail", visit, None, (Difference(0, 0, 0, "nothing", shown(said), "surplus"),))
            yield from self._object(visit, said, impromptu.not_expected("", 0))

    # ------------------------------------------------------------ directives, swapped

    def _await_file(self, visit: Visit, hear: Hear) -> Playing:
        """What a file says is answered when it is said."""
        restart = True
        while visit.words.is_free and not visit.awaiting:
            yield from self._read(visit, hear, phrase("what stands in the file"), restart=restart)
            restart = False

    def _do(self, visit: Visit, do: Do) -> Playing:
        match do.directive.value:
            case File():
                if visit.words.in_text:
                    yield from self._next_said(visit, BodySaid, do, phrase("the end of the message"))
                    visit.words.in_text = False
                else:
                    yield from self._voice.greet(visit)
                    visit.words.is_free = True
                if not self._speaks:
                    yield from self._voice.say_yes(visit)
            case WaitArgument(seconds):
                self._patience += seconds
            case Tls():
                if visit.channel.handshake is not None:
                    yield from visit.channel.settle()
                elif not visit.channel.conversation.tls_active:
                    yield from visit.channel.start_tls()
            case _ if do.directive.name == "eof":
                yield from visit.hang_up()
            case _ if do.directive.name in ("close", "shutdown"):
                yield from self._expect_end(visit, do)
            case _:
                pass  # @require, @caps: the client's own affair

    def _expect_end(self, visit: Visit, do: Do) -> Playing:
        """The client says no more; after `@shutdown` it still listens."""
        channel = visit.channel
        restart = True
        while True:
            while channel.said:
                said = channel.said.popleft()
                if isinstance(said, CommandSaid):
                    is_quit = said.command.verb == "QUIT"
                    end = Difference(do.line, 1, 0, f"@{do.directive.name}", shown(said), "close")
                    self._give("drift" if is_quit else "fail", visit, do, (end,))
                    if not is_quit:
                        yield from self._object(visit, said, impromptu.not_expected(phrase("nothing more"), do.line))
                        continue
                    yield from channel.send(impromptu.BYE)
                    yield from visit.hang_up()
            if channel.gone:
                break
            yield from self._read(visit, do, phrase("the end of the connection"), restart=restart)
            restart = False
        if do.directive.name == "shutdown":
            visit.half_closed = True
        else:
            del self._visits[visit.name]
