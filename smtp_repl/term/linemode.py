"""Line mode: a session by hand whose lines come from a pipe or from `-c`, one at a time, each answered first.

It is the shell's session without its terminal: the same desk writes the same transcript, the same handlers do the
`/commands`. What is typed goes on the wire as it stands, with CRLF; nothing is stuffed, trimmed or completed. A part
for the runner in `net`; no prompt_toolkit, no asyncio.
"""

import re
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, NamedTuple

from smtp_repl.script.actions import (
    Action,
    Happening,
    Send,
)
from smtp_repl.script.channel import describe_awaited
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.commands import read_command
from smtp_repl.term.connections import walk
from smtp_repl.term.desk import Desk
from smtp_repl.term.line_connection import Connection
from smtp_repl.term.pipelining import keep_back
from smtp_repl.term.requests import (
    Answer,
    Ask,
    Connect,
    Display,
    Drop,
    Handling,
    Leave,
    Play,
    Put,
    Request,
    Say,
    Tell,
    Write,
    told,
)
from smtp_repl.term.typed import expand, is_command, wire_text
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.errors import (
    CleartextError,
    ExpectationFailed,
    OutputError,
    PeerClosed,
    Refused,
    ReplyTimeout,
    SmtpReplError,
    UsageError,
)
from smtp_repl.wire.events import ReplySaid
from smtp_repl.wire.language import _, phrase, phrase_of
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import Phase
from smtp_repl.wire.targets import Target
from smtp_repl.wire.verbs import VERBS

if TYPE_CHECKING:
    from smtp_repl.script.casting import Casting, PlayResult
    from smtp_repl.script.player import Plan

_GOODBYE = 1.0
"""Seconds that a server has to close after it has said goodbye."""


class LineOptions(NamedTuple):
    """What the command line says about the session; `expect` is a code such as 550, or 5xx; "" expects no refusal.

    A session that is `attended` has a person at a terminal that is too plain for the shell: what goes wrong is shown
    to them and ends nothing, and a refusal is theirs to judge.
    """

    target: Target
    ehlo: bool = False
    starttls: bool = False
    auth_user: str | None = None
    expect: str = ""
    quits: bool = True
    attended: bool = False


class LineMode:
    """One session. `show` takes lines of the transcript, `ask` answers questions or returns None."""

    def __init__(
        self,
        desk: Desk,
        options: LineOptions,
        *,
        show: Callable[[Iterable[Line]], None],
        ask: Callable[[Ask], str | None],
    ) -> None:
        self._desk = desk
        self._options = options
        self._show = show
        self._ask = ask
        self._line = Connection(desk, show, self._note)
        self._refusal: ReplySaid | None = None
        self._was_expected = False
        self._leaves = False
        self._skips: int | None = None
        self._last_verb = ""

    def play(self, lines: Iterable[bytes]) -> Generator[Action, Happening, None]:
        """Say the lines, given without their line ends. Raises the `SmtpReplError` that the session ended with."""
        options = self._options
        if self._desk.learning is not None:
            from smtp_repl.term.lesson_commands import begin

            steps = begin(self._desk, self._desk.learning)
        else:
            steps = walk(
                self._desk,
                options.target,
                ehlo=options.ehlo,
                starttls=options.starttls,
                auth_user=options.auth_user,
            )
        yield from self._drive(steps)
        walked = options.ehlo or options.starttls or options.auth_user is not None
        if self._refusal is None or not walked or options.attended:
            for line in lines:
                yield from self._take_from(line)
                if self._leaves:
                    break
        yield from self._end()
        if not options.attended:
            self._judge()

    def _judge(self) -> None:
        """The end of the session decides: was there a refusal, and was it what was asked for?"""
        expect, refusal = self._options.expect, self._refusal
        if refusal is not None:
            reply = refusal.reply
            said = describe_awaited(refusal.answers or "")
            text = printable(reply.lines[-1] if reply.lines else b"")
            raise Refused(
                phrase("the server refused {said}: {text}", said=said, text=text),
                "--expect CODE makes a refusal the success",
            )
        if expect and not self._was_expected:
            raise ExpectationFailed(phrase("no reply had the code {code}", code=expect))

    # ------------------------------------------------------------ lines

    def _take_from(self, line: bytes) -> Generator[Action, Happening, None]:
        """Do what one line of a script or of a person says."""
        try:
            yield from self._take(line)
            if self._options.attended:
                yield from self._part()
        except SmtpReplError as error:
            if not self._options.attended or isinstance(error, OutputError):
                raise
            if not isinstance(error, UsageError | CleartextError | ReplyTimeout):
                yield from self._line.drop()
            self._show([remark(text) for text in told(error).split("\n")])

    def _take(self, line: bytes) -> Generator[Action, Happening, None]:
        """Do what one line says."""
        desk = self._desk
        if self._skips is not None:
            self._skip(line)
            return
        in_message = desk.phase is Phase.DATA or desk.conversation.chunk_left > 0
        text = ""
        if not in_message:
            yield from self._line.look()
            text = expand(line.decode("utf-8", "surrogateescape"), desk.aliases)
            if is_command(text):
                yield from self._drive(read_command(text).start(desk))
                return
            line = wire_text(text).encode("utf-8", "surrogateescape")
        if not desk.is_connected:
            raise PeerClosed(
                phrase("not connected; not sent: {line}", line=printable(line)),
                "the session was over before its lines were",
                kind="not-connected",
            )
        if self._last_verb == "DATA" and self._refused_data and parse_command(line).verb not in VERBS:
            self._skips = 0
            self._skip(line)
            return
        if desk.pipeline is not None and not in_message:
            self._show([remark(keep_back(desk, [text]))])
            return
        self._last_verb = "" if in_message or desk.phase is Phase.AUTH else parse_command(line).verb
        yield from self._line.said(line + b"\r\n")

    @property
    def _refused_data(self) -> bool:
        return self._line.last_reply is not None and self._line.last_reply.klass in (4, 5)

    def _skip(self, line: bytes) -> None:
        """The text of a message that was not wanted is not said: a server would take it for commands."""
        skipped = (self._skips or 0) + 1
        self._skips = skipped
        if line == b".":
            self._show([remark(phrase("not sent: the message that was refused ({count} lines)", count=skipped))])
            self._skips, self._last_verb = None, ""

    def _end(self) -> Generator[Action, Happening, None]:
        """The input is over."""
        desk = self._desk
        if self._skips is not None:
            self._show([remark(phrase("not sent: the message that was refused ({count} lines)", count=self._skips))])
        if desk.is_connected:
            yield from self._line.look()
        unfinished = desk.phase is Phase.DATA or (desk.is_connected and desk.conversation.chunk_left > 0)
        if unfinished:
            self._show([remark("the input ended inside the message: it is not sent")])
        elif self._options.quits and not self._leaves and desk.phase is not Phase.CLOSED:
            if desk.phase is Phase.AUTH:
                yield from self._line.said(b"*\r\n")
            if desk.is_connected:
                yield from self._line.said(b"QUIT\r\n")
        yield from self._part()
        yield from self._line.drop()
        if desk.pipeline:
            kept = phrase_of(
                "{count} line was kept back by /pipeline and never sent",
                "{count} lines were kept back by /pipeline and never sent",
                len(desk.pipeline),
            )
            raise UsageError(kept, "/pipeline send, behind them")
        if unfinished:
            raise Refused(
                "the message was not finished, and not sent", "a line with a lone dot ends it", kind="in-data"
            )

    def _part(self) -> Generator[Action, Happening, None]:
        """After goodbye. Who closes first is told the same way each time: RFC 5321 §4.1.1.10 says the server."""
        if self._desk.phase is Phase.CLOSED:
            while self._desk.is_connected and (yield from self._line.read(_GOODBYE, restart=True)):
                pass

    # ------------------------------------------------------------ handlers

    def _drive(self, handling: Handling) -> Generator[Action, Happening, None]:
        """Do what a handler asks for. An error that it does not catch ends the session: nobody is there to see it."""
        try:
            request = next(handling)
            while True:
                try:
                    answer = yield from self._do(request)
                except SmtpReplError as error:
                    request = handling.throw(error)
                else:
                    request = handling.send(answer)
        except StopIteration:
            return
        finally:
            handling.close()

    def _do(self, request: Request) -> Generator[Action, Happening, Answer]:
        match request:
            case Say(octets):
                return (yield from self._line.said(octets))
            case Write(octets):
                self._show(self._desk.wrote(octets))
                yield Send("", octets)
            case Ask():
                return self._ask(request)
            case Tell(text):
                self._show([remark(line) for line in _(text).split("\n")])
            case Display(shown):
                self._show(shown)
            case Connect(target):
                yield from self._line.drop()
                return (yield from self._line.connect(target))
            case Put():
                raise UsageError("there is no prompt to put this at", "/b64 TEXT sends a step in base64")
            case Drop():
                yield from self._line.drop()
            case Leave():
                self._leaves = True
            case Play(plan, casting):
                return (yield from self._perform(plan, casting))
        return None

    def _perform(self, plan: "Plan", casting: "Casting") -> Generator[Action, Happening, "PlayResult"]:
        """Play a script over the connection: it is a part as this is one."""
        from smtp_repl.script.player import play
        from smtp_repl.term.playing import Onlooker

        result = yield from play(plan, casting, Onlooker(self._desk, self._show), {"": self._desk.conversation})
        if result.failure is not None:
            raise ExpectationFailed(phrase("line {line} of the script did not hold", line=result.failure.line))
        return result

    def _note(self, event: ReplySaid) -> None:
        """A reply to something that we said: a refusal counts unless it is the one that was expected."""
        reply = event.reply
        pattern = self._options.expect.replace("x", "[0-9]")
        if pattern and re.fullmatch(pattern, str(reply.code)):
            self._was_expected = True
        elif reply.klass in (4, 5) and self._refusal is None:
            self._refusal = event
