"""The player of the other part: the same script, played as the server. Directives are written from the client's
side and swap here: what the client does, we expect, and what it expects, we do.

`S` lines are sent (`S!` not, `S?` yes; holes as bound, else the shortest match), `C` lines are expected: commands by
their verb, `C=` and `C~` by the line; a message or a chunk is read to its end and not compared. Client and server
part played against each other, in memory, are how a script is tested without a network.
"""

from collections import deque
from collections.abc import Generator

from smtp_repl.script.actions import Action, Happening, Wait
from smtp_repl.script.arguments import File, Tls
from smtp_repl.script.arguments import Wait as WaitArgument
from smtp_repl.script.casting import Casting, Observer, PlayResult
from smtp_repl.script.channel import Channel
from smtp_repl.script.matching import Difference, Match, match_command
from smtp_repl.script.model import Wire
from smtp_repl.script.player import Plan
from smtp_repl.script.settings import Settings
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.script.verdicts import Failed, Verdicts
from smtp_repl.wire.commands import Command, parse_command
from smtp_repl.wire.conversation import Side
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout
from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import Phase

Playing = Generator[Action, Happening, None]


def play_server(plan: Plan, casting: Casting, observer: Observer) -> Generator[Action, Happening, PlayResult]:
    """Play the server's part; raises what the driver throws in, and `ReplyTimeout`, `PeerClosed`, `ScriptError`."""
    return _ServerPart(plan, casting, observer).play()


class _ServerPart:
    def __init__(self, plan: Plan, casting: Casting, observer: Observer) -> None:
        self._plan = plan
        self._observer = observer
        self._settings = Settings(casting)
        self._verdicts = Verdicts(observer)
        self._channels: dict[str, Channel] = {}
        self._words: dict[str, _Words] = {}
        self._patience = 0.0
        """Seconds that the script's client lets pass before it says the next thing."""
        self._now = 0

    def play(self) -> Generator[Action, Happening, PlayResult]:
        status = ""
        try:
            for number, step in enumerate(self._plan.steps):
                self._now = number
                yield from self._step(step)
        except Failed:
            status = "fail"
        for channel in self._channels.values():
            yield from channel.close()
        counts = self._verdicts.counts
        return PlayResult(status or ("drift" if counts.drift else "pass"), counts, self._verdicts.failure)

    def _step(self, step: Step) -> Playing:
        if isinstance(step, Do) and self._settings.apply(step.directive):
            return
        channel = yield from self._open(step.connection)
        match step:
            case Say():
                yield from self._expect(channel, step)
            case Hear():
                within = self._settings.take_within(channel.name)
                if within is not None and within.least:
                    yield Wait(within.least)
                yield from channel.send(step.expectation.sample(self._settings.bindings))
                if channel.conversation.phase is not Phase.DATA and "DATA" not in channel.conversation.awaiting:
                    self._words_of(channel.name).in_text = False
            case Do():
                yield from self._do(channel, step)
        if channel.name not in self._settings.manual_tls:
            yield from channel.settle()

    def _open(self, name: str) -> Generator[Action, Happening, Channel]:
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name, self._observer, side=Side.SERVER)
            yield from channel.open(None)
        return channel

    # ------------------------------------------------------------ what the client says

    def _words_of(self, name: str) -> "_Words":
        return self._words.setdefault(name, _Words())

    def _expect(self, channel: Channel, say: Say) -> Playing:
        words = self._words_of(channel.name)
        words.add(say)
        while words:
            if words.chunk_left:
                if words.skip_chunk():
                    yield from self._next(channel, ChunkSaid)
            elif words.in_text:
                if words.skip_text():
                    yield from self._next(channel, BodySaid)
                else:
                    yield from self._expect_beginning(channel, 0, words.text_begun)
            elif (line := words.take_line()) is not None:
                yield from self._expect_command(channel, say, *line)
            else:
                yield from self._expect_beginning(channel, words.begun, 0)
                return

    def _expect_beginning(self, channel: Channel, line: int, text: int) -> Playing:
        """Wait for so many octets of a line or message of which the end stands in a later write, or nowhere."""
        conversation = channel.conversation
        while conversation.line_begun < line or conversation.text_begun < text:
            if channel.said or channel.gone:
                return
            yield from self._read(channel, restart=True)

    def _expect_command(self, channel: Channel, say: Say, wire: Wire, octets: bytes) -> Playing:
        said = yield from self._next(channel, CommandSaid)
        if not isinstance(said, CommandSaid):
            raise AssertionError(said)
        matched = _match(wire, octets, said, self._settings.bindings)
        self._verdicts.give(matched.status, channel.name, step=say, number=self._now, differences=matched.differences)
        if said.step is None:
            self._words_of(channel.name).follow(parse_command(octets.rstrip(b"\r\n")))

    def _next(
        self, channel: Channel, kind: type[CommandSaid | BodySaid | ChunkSaid]
    ) -> Generator[Action, Happening, CommandSaid | BodySaid | ChunkSaid]:
        restart = True
        while True:
            while channel.said:
                said = channel.said.popleft()
                if isinstance(said, kind):
                    self._patience = 0.0
                    return said
            if channel.gone:
                raise PeerClosed("the client closed the connection where something of it was due")
            yield from self._read(channel, restart=restart)
            restart = False

    def _read(self, channel: Channel, *, restart: bool) -> Playing:
        seconds = self._patience + self._settings.reply_seconds(channel.name, ())
        if not (yield from channel.read(seconds, restart=restart)):
            raise ReplyTimeout(f"the client said nothing within {seconds:g} s")

    # ------------------------------------------------------------ directives, swapped

    def _do(self, channel: Channel, do: Do) -> Playing:
        match do.directive.value:
            case File():
                words = self._words_of(channel.name)
                yield from self._next(channel, BodySaid if words.in_text else CommandSaid)
                words.in_text = False
            case WaitArgument(seconds):
                self._patience += seconds
            case Tls():
                if channel.handshake is not None:
                    yield from channel.settle()
                elif not channel.conversation.tls_active:
                    yield from channel.start_tls()
            case _ if do.directive.name == "eof":
                yield from channel.close()
            case _ if do.directive.name in ("close", "shutdown"):
                yield from self._expect_eof(channel)
            case _:
                pass  # @require, @caps: the client's own affair

    def _expect_eof(self, channel: Channel) -> Playing:
        restart = True
        while not channel.gone:
            yield from self._read(channel, restart=restart)
            restart = False
        self._channels.pop(channel.name)
        self._words.pop(channel.name, None)


class _Words:
    """What the script's client says on one connection, however its `"…"` forms and its writes cut it."""

    __slots__ = ("_line_began", "_pieces", "chunk_left", "in_text", "text_begun")

    def __init__(self) -> None:
        self._pieces: deque[tuple[Wire, bytes]] = deque()
        self.in_text = False
        """Whether it is in the middle of a message."""
        self.text_begun = 0
        """Octets of a message that were left out."""
        self.chunk_left = 0
        self._line_began = True  # after CRLF: the lone dot of LF.CRLF ends no message (RFC 5321 §4.1.1.4)

    def __bool__(self) -> bool:
        return bool(self._pieces)

    @property
    def begun(self) -> int:
        """Octets of a line that has no end yet."""
        return sum(len(octets) for _, octets in self._pieces)

    def add(self, say: Say) -> None:
        for wire in say.lines:
            octets = wire.text + b"\r\n" if wire.template is not None else b"".join(wire.blocks({}))
            self._pieces += ((wire, piece) for piece in _cut(octets))

    def take_line(self) -> tuple[Wire, bytes] | None:
        """The next line, and the script line that it begins on; None when its end stands in a later write."""
        begun, octets = self._pieces[0][0], b""
        while self._pieces:
            octets += self._pieces.popleft()[1]
            if octets.endswith(b"\n"):
                return begun, octets
        self._pieces.append((begun, octets))
        return None

    def follow(self, command: Command) -> None:
        """What comes after this command is perhaps no command."""
        words = command.argument.split()
        if command.verb == "DATA":
            self.in_text = self._line_began = True
            self.text_begun = 0
        elif command.verb == "BDAT" and words and words[0].isdigit() and len(words[0]) <= 20:
            self.chunk_left = int(words[0])

    def skip_text(self) -> bool:
        """Leave out the text of a message, which is not compared; whether it ends in this write."""
        while self._pieces:
            octets = self._pieces.popleft()[1]
            self.text_begun += len(octets)
            if octets == b".\r\n" and self._line_began:
                self.in_text = False
                return True
            self._line_began = octets.endswith(b"\r\n")
        return False

    def skip_chunk(self) -> bool:
        """Leave out the octets of a chunk; whether it ends in this write."""
        while self._pieces and self.chunk_left:
            wire, octets = self._pieces.popleft()
            if len(octets) > self.chunk_left:
                self._pieces.appendleft((wire, octets[self.chunk_left :]))
            self.chunk_left -= min(len(octets), self.chunk_left)
        return not self.chunk_left


def _cut(octets: bytes) -> list[bytes]:
    pieces = [piece + b"\n" for piece in octets.split(b"\n")]
    last = pieces.pop()[:-1]
    return [*pieces, last] if last else pieces


def _match(wire: Wire, octets: bytes, said: CommandSaid, bindings: dict[str, bytes]) -> Match:
    line = said.command.line + (said.step.text.reveal() if said.step is not None else b"")
    is_step = said.phase is Phase.AUTH
    if wire.items and wire.template is None:
        want = octets.removesuffix(b"\n").removesuffix(b"\r")
        matched = match_command(wire._replace(text=want, items=(), form=":"), line, bindings, step=is_step)
    else:
        matched = match_command(wire, line, bindings, step=is_step)
    if said.step is None:
        return matched
    return Match(matched.status, tuple(_masked(one) for one in matched.differences))


def _masked(difference: Difference) -> Difference:
    return difference._replace(got=MASK, want=MASK)
