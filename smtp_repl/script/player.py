"""The player: a script, played as the client, as a generator of actions that is sent what happened.

It serves replay, `/run` in the shell, in-memory tests and every other casting in which a script plays `C:`; the
part of the server is in `server_part`. It knows no socket, no clock and no file: see `actions` for whom it asks.

Replies answer expectations first in, first out. A play ends at the first expectation that fails: what a script says
after a refusal that it did not foresee is likely to be nonsense.
"""

from collections.abc import Generator, Iterator

from smtp_repl.script.actions import Action, Happening, Wait
from smtp_repl.script.arguments import File, Require, Tls, Within
from smtp_repl.script.arguments import Wait as WaitArgument
from smtp_repl.script.casting import Casting, Observer, PlayResult, StepResult
from smtp_repl.script.channel import Channel, Heard
from smtp_repl.script.judge import Judge
from smtp_repl.script.lockstep import Lockstep
from smtp_repl.script.matching import Difference, check_caps, lost_keywords, unmet_terms
from smtp_repl.script.model import Directive, Wire, line_text
from smtp_repl.script.rehearsal import Ahead, rehearse
from smtp_repl.script.scope import Scope
from smtp_repl.script.settings import Settings
from smtp_repl.script.steps import WRITE_LIMIT, Do, Hear, Say, Step, step_octets
from smtp_repl.script.verdicts import Failed, Verdicts
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import (
    CleartextError,
    PeerClosed,
    ReplyTimeout,
    ScriptError,
    SmtpReplError,
    TlsError,
    WireLimit,
)
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import GREETING, Phase

Playing = Generator[Action, Happening, None]


class Plan(Record):
    """A script made ready to be played any number of times: frozen, and shared by all who play it."""

    steps: tuple[Step, ...]
    ahead: tuple[Ahead, ...]
    speaks: bool
    """Whether it says what the server answers."""
    file: str
    """The script's own name, which tells its lines from those of files that it includes."""
    octets: tuple[bytes | None, ...]
    """What each `Say` says, where that is the same each time."""
    judge: Judge


def plan(steps: tuple[Step, ...], file: str = "") -> Plan:
    """Work out what is the same in every play of these steps; `file` is the name of the script."""
    speaks = any(isinstance(step, Hear) for step in steps)
    return Plan(steps, rehearse(steps), speaks, file, tuple(map(_fixed_octets, steps)), Judge())


def _fixed_octets(step: Step) -> bytes | None:
    if not isinstance(step, Say) or step.size > WRITE_LIMIT or any(wire.template is not None for wire in step.lines):
        return None
    return step_octets(step, {})


def play(
    plan: Plan,
    casting: Casting,
    observer: Observer,
    conversations: dict[str, Conversation] | None = None,
) -> Generator[Action, Happening, PlayResult]:
    """Play the client's part. `conversations` are those that go on already (the shell's, for `/run`).

    Raises what the driver throws in, and `ReplyTimeout`, `PeerClosed`, `TlsError`, `CleartextError`, `ScriptError`;
    what befell the connection names the line at which it did.
    """
    return _ClientPart(plan, casting, observer, conversations or {}).play()


class _Skipped(Exception):
    """`@require` was not met."""


class _ClientPart:
    def __init__(
        self, plan: Plan, casting: Casting, observer: Observer, conversations: dict[str, Conversation]
    ) -> None:
        self._plan = plan
        self._casting = casting
        self._observer = observer
        self._settings = Settings(casting)
        self._verdicts = Verdicts(observer)
        self._channels = {
            name: Channel(name, observer, lint=casting.lint, conversation=conversation)
            for name, conversation in conversations.items()
        }
        self._lent = frozenset(conversations)
        self._lockstep = Lockstep(self._reply_seconds, self._check_required)
        self._required: list[tuple[Do, Require]] = []
        self._unasked: dict[str, int] = {}
        self._lost: dict[str, None] = {}
        self._now = 0

    def play(self) -> Generator[Action, Happening, PlayResult]:
        status, reason, stopped_at = "", "", 0
        failure: StepResult | None = None
        try:
            for number, step in enumerate(self._plan.steps):
                self._now = number
                if self._is_behind(step):
                    stopped_at = step.line
                    break
                yield from self._step(step)
            else:
                self._now = len(self._plan.steps)
                yield from self._finish()
        except Failed as failed:
            status, failure = "fail", failed.result
        except _Skipped as skipped:
            status, reason = "skip", str(skipped)
        except (ReplyTimeout, PeerClosed, TlsError, WireLimit) as error:
            self._say_where(error)
            raise
        if not stopped_at:
            for name, channel in self._channels.items():
                if name not in self._lent:
                    yield from channel.close()
        counts = self._verdicts.counts
        status = status or ("fail" if counts.fail else "drift" if counts.drift else "pass")
        failure = failure or self._verdicts.failure
        return PlayResult(status, counts, failure, tuple(self._lost), reason, self._now, stopped_at)

    def _say_where(self, error: SmtpReplError) -> None:
        # In lock-step many lines are one step, and which of them it was is not known here.
        if self._plan.speaks and self._now < len(self._plan.steps) and not error.line:
            step = self._plan.steps[self._now]
            error.file, error.line, error.source = step.file, step.line, line_text(step.nodes[0].source)

    def _is_behind(self, step: Step) -> bool:
        """Whether a step stands behind the line to which the script is to be played."""
        of_script = not self._plan.file or step.file == self._plan.file
        return bool(self._casting.to_line) and of_script and step.line > self._casting.to_line

    def _step(self, step: Step) -> Playing:
        channel = self._channel(step.connection)
        match step:
            case Say():
                yield from self._ready(channel)
                yield from self._say(channel, step)
            case Hear():
                yield from self._open(channel)
                yield from self._hear(channel, step)
            case Do():
                if not self._settings.apply(step.directive):
                    yield from self._do(channel, step)

    # ------------------------------------------------------------ connections

    def _channel(self, name: str) -> Channel:
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name, self._observer, lint=self._casting.lint)
        return channel

    def _open(self, channel: Channel) -> Playing:
        if not channel.opened:
            yield from channel.open(self._settings.target(channel.name))
        yield from self._settle(channel)

    def _settle(self, channel: Channel) -> Playing:
        if channel.name not in self._settings.manual_tls:
            yield from channel.settle()

    def _ready(self, channel: Channel) -> Playing:
        """Connected, greeted, and past a handshake that is due."""
        yield from self._open(channel)
        greeted = _first_due(channel) != (GREETING,) or channel.name in self._settings.early
        if not greeted and not channel.gone:
            yield from channel.await_reply(self._reply_seconds(channel))
        if channel.gone:
            raise channel.why_gone()

    def _reply_seconds(self, channel: Channel) -> float:
        return self._settings.reply_seconds(channel.name, _first_due(channel))

    # ------------------------------------------------------------ saying

    def _say(self, channel: Channel, say: Say) -> Playing:
        octets = self._plan.octets[self._now]
        if octets is not None and self._plan.speaks:
            self._skip_unasked(channel)
            yield from channel.send(octets)
            return
        scope = Scope(self._settings.bindings, self._casting.credentials, self._casting.secrets, channel.exchange)
        if not self._plan.speaks:
            channel.replies.clear()
            for wire in say.lines:
                yield from self._settle(channel)
                self._guard(channel, say.file, wire, scope)
                yield from self._lockstep.say(channel, wire, scope)
            yield from self._settle(channel)
            return
        for wire in say.lines:
            self._guard(channel, say.file, wire, scope)
        self._skip_unasked(channel)
        if say.size > WRITE_LIMIT:
            yield from channel.stream(say.blocks(scope))
        else:
            yield from channel.send(step_octets(say, scope))

    def _guard(self, channel: Channel, file: str, wire: Wire, scope: Scope) -> None:
        """Passwords do not go out in cleartext, and never to where only the script says."""
        if wire.template is None or not wire.secret:
            return
        if self._casting.target is None and channel.name not in self._lent:
            raise _at(
                file,
                wire,
                ScriptError(
                    "a password goes only where the command line says, never where a script says",
                    "--server HOST:PORT, or --local",
                    kind="secret-without-server",
                ),
            )
        is_open = channel.is_private or self._casting.allow_plaintext_auth
        if not is_open and scope.shows_password(wire.template.names):
            raise CleartextError(
                phrase(
                    "line {line} would show the password to anyone on the path: this connection is not encrypted",
                    line=wire.line,
                ),
                "STARTTLS first, or smtps://; --allow-plaintext-auth if you mean it",
                kind="secret-without-tls",
            )

    def _skip_unasked(self, channel: Channel) -> None:
        """Set aside the replies that are due and that no expectation is left for."""
        ahead = self._plan.ahead[self._now]
        unasked = self._unasked.get(channel.name, 0)
        due = channel.due - unasked
        unasked += max(0, min(due, due + ahead.replies - ahead.expectations))
        while unasked and channel.replies:
            unasked -= 1
            self._unread(channel, channel.replies.popleft())
        self._unasked[channel.name] = unasked

    def _unread(self, channel: Channel, heard: Heard) -> None:
        if not self._plan.speaks:
            return
        got = b"\n".join(heard.said.reply.lines).decode("utf-8", "replace")
        difference = Difference(0, 0, 0, "nothing", got, phrase("unread reply"))
        self._verdicts.give(
            "fail" if self._settings.strict else "drift", channel.name, differences=(difference,), heard=heard
        )

    def _finish(self) -> Playing:
        """Hear what is still due, so that what nobody asked for does not depend on how fast it came."""
        for channel in self._channels.values():
            while channel.opened and not channel.gone and channel.conversation.due:
                if channel.conversation.phase in (Phase.CLOSED, Phase.TLS):
                    break
                if not (yield from channel.read(self._reply_seconds(channel), restart=True)):
                    break
            while channel.replies:
                self._unread(channel, channel.replies.popleft())

    # ------------------------------------------------------------ hearing

    def _hear(self, channel: Channel, hear: Hear) -> Playing:
        expectation = hear.expectation
        within = self._settings.take_within(channel.name)
        heard = yield from self._next_reply(channel, within, hear)
        reply = heard.said.reply
        if within is not None and not within.least <= heard.seconds <= within.most:
            self._late(channel, hear, within, heard)
        matched = self._plan.judge.match(
            expectation,
            reply,
            self._settings.level,
            self._settings.bindings,
            channel.conversation.capabilities,
            self._casting.own_names,
        )
        if expectation.ehlo and reply.code == 250:
            self._lost |= dict.fromkeys(lost_keywords(expectation.texts, reply))
        status = "fail" if matched.status == "drift" and self._settings.strict else matched.status
        try:
            self._verdicts.give(
                status, channel.name, step=hear, number=self._now, differences=matched.differences, heard=heard
            )
        except Failed as failed:
            if self._casting.goes_on is None or not self._casting.goes_on(failed.result):
                raise
        yield from self._settle(channel)
        self._check_required(channel)

    def _next_reply(self, channel: Channel, within: Within | None, hear: Hear) -> Generator[Action, Happening, Heard]:
        seconds = self._reply_seconds(channel)
        try:
            while True:
                heard = yield from channel.reply(seconds if within is None else min(seconds, within.most))
                if not self._unasked.get(channel.name):
                    return heard
                self._unasked[channel.name] -= 1
                self._unread(channel, heard)
        except PeerClosed:
            if channel.cut is None or all(line.end for line in hear.expectation.lines):
                raise
            heard, channel.cut = channel.cut, None
            return heard
        except ReplyTimeout:
            if within is not None and within.most <= seconds:
                self._late(channel, hear, within, None)
            raise

    def _late(self, channel: Channel, hear: Hear, within: Within, heard: Heard | None) -> None:
        want = (
            phrase("a reply within {least:g}..{most:g} s", least=within.least, most=within.most)
            if within.least
            else f"within {within.most:g} s"
        )
        got = phrase("no reply by then") if heard is None else f"{heard.seconds:.3f} s"
        difference = Difference(hear.line, 1, 0, want, got, "time")
        self._verdicts.give("fail", channel.name, step=hear, number=self._now, differences=(difference,), heard=heard)

    # ------------------------------------------------------------ directives that are done where they stand

    def _do(self, channel: Channel, do: Do) -> Playing:
        directive = do.directive
        match directive.value:
            case WaitArgument(seconds):
                if seconds:
                    yield Wait(seconds)
            case Tls():
                yield from self._start_tls(channel)
            case Require() as require:
                self._required.append((do, require))
                self._check_required(channel)
            case File(path):
                yield from self._ready(channel)
                yield from self._send_file(channel, do, path)
            case _:
                yield from self._do_word(channel, do)

    def _start_tls(self, channel: Channel) -> Playing:
        if not channel.opened:
            yield from channel.open(self._settings.target(channel.name))
        if channel.handshake is not None:
            yield from channel.settle()
        elif not channel.conversation.tls_active:
            yield from channel.start_tls()

    def _send_file(self, channel: Channel, do: Do, path: str) -> Playing:
        if self._plan.speaks:
            self._skip_unasked(channel)
        elif do.directive.name == "data" and not self._lockstep.takes_message(channel):
            return
        blocks = self._file_blocks(do, path)
        yield from channel.say_message(blocks) if do.directive.name == "data" else channel.stream(blocks)
        if not self._plan.speaks:
            yield from self._lockstep.hear(channel)

    def _do_word(self, channel: Channel, do: Do) -> Playing:
        match do.directive.name:
            case "eof":
                yield from self._expect_eof(channel, do)
            case "close":
                yield from channel.close()
                del self._channels[channel.name]
                self._unasked.pop(channel.name, None)
            case "shutdown":
                yield from self._open(channel)
                yield from channel.shutdown()
            case "caps":
                differences = tuple(check_caps(do.directive, channel.conversation.capabilities))
                status = "fail" if differences else "ok"
                self._verdicts.give(status, channel.name, step=do, number=self._now, differences=differences)
            case unknown:
                raise AssertionError(unknown)

    def _expect_eof(self, channel: Channel, do: Do) -> Playing:
        yield from self._open(channel)
        restart = True
        while not channel.gone:
            if not (yield from channel.read(self._reply_seconds(channel), restart=restart)):
                difference = Difference(
                    do.line, 1, 0, phrase("the server closes"), phrase("it did not close in time"), "close"
                )
                self._verdicts.give("fail", channel.name, step=do, number=self._now, differences=(difference,))
            restart = False
        self._verdicts.give("ok", channel.name, step=do, number=self._now)

    def _check_required(self, channel: Channel) -> None:
        """`@require`, as soon as there is an EHLO reply to ask."""
        if not self._required or channel.conversation.phase in (Phase.OPENED, Phase.CONNECTED):
            return
        for do, require in self._required:
            if do.connection != channel.name:
                continue
            for term in unmet_terms(require.terms, channel.conversation.capabilities):
                self._verdicts.give("skip", channel.name, step=do, number=self._now)
                raise _Skipped(phrase("line {line}: the server does not offer {keyword}", line=do.line, keyword=term))
        self._required = [(do, require) for do, require in self._required if do.connection != channel.name]

    def _file_blocks(self, do: Do, path: str) -> Iterator[bytes]:
        try:
            if self._casting.open_blocks is None:
                raise ScriptError(phrase("there is no folder to read {path} from", path=path), kind="file")
            yield from self._casting.open_blocks(path)
        except ScriptError as error:
            raise error if error.line else _at(do.file, do.directive, error) from None


def _at(file: str, node: Wire | Directive, error: ScriptError) -> ScriptError:
    """The error, made to point at a node of the script."""
    error.file, error.line, error.column = file, node.line, node.column
    error.source = line_text(node.source)
    return error


def _first_due(channel: Channel) -> tuple[str, ...]:
    """What the next reply answers, if one is due; a greeting always comes first."""
    awaited = channel.conversation.first_awaited
    return (awaited.said,) if awaited is not None else ()
