"""`answer` without a terminal: replies from a pipe, each when a command waits for one; the transcript goes out.

One client is served. A line `250-…` goes on with the next line; `/commands` are done where they stand. A part for
the runner in `net`; no prompt_toolkit, no asyncio.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from math import inf

from smtp_repl.script.actions import (
    Action,
    Close,
    Happening,
    Open,
    Opened,
    PeerGone,
    Read,
    Received,
    Secured,
    Send,
    StartTls,
)
from smtp_repl.script.channel import describe_awaited
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.answering.commands import CLOSING
from smtp_repl.term.answering.desk import AnswerDesk
from smtp_repl.term.answering.injection import injected_error
from smtp_repl.term.commands import read_command
from smtp_repl.term.requests import Answer, Ask, Drop, Handling, Leave, Request, Say, Tell
from smtp_repl.term.typed import is_command, wire_text
from smtp_repl.wire.errors import ExpectationFailed, PeerClosed, SmtpReplError, UsageError
from smtp_repl.wire.events import Broken, Event, HandshakeDue
from smtp_repl.wire.language import phrase
from smtp_repl.wire.states import Phase

_GOES_ON = re.compile(rb"[0-9]{3}-")

Doing = Generator[Action, Happening, None]


class AnswerLines:
    """One client, served. `show` takes lines of the transcript."""

    def __init__(self, desk: AnswerDesk, *, show: Callable[[Iterable[Line]], None]) -> None:
        self._desk = desk
        self._show = show
        self._leaves = False

    def play(self, lines: Iterable[bytes]) -> Doing:
        """Say the replies, given as lines without their line ends, to the first client that connects.

        Raises the `SmtpReplError` that the session ended with: `PeerClosed` when the client left before 221 or 421
        was said, `ExpectationFailed` when the replies were over before that.
        """
        opened = yield Open("", None)
        if not isinstance(opened, Opened):
            raise AssertionError(opened)
        desk, typed = self._desk, iter(lines)
        self._show(desk.called(opened))
        while desk.is_connected:
            if desk.is_answerable:
                yield from self._answer(typed)
            else:
                yield from self._listen()
        if not desk.said_goodbye and not self._leaves:
            raise PeerClosed(phrase("the client {client} left without QUIT", client=desk.client), kind="no-quit")

    # ------------------------------------------------------------ what is said

    def _answer(self, typed: Iterator[bytes]) -> Doing:
        """Say the next reply, or do the next command."""
        octets = b""
        for line in typed:
            text = line.decode("utf-8", "surrogateescape")
            if not octets and is_command(text):
                yield from self._drive(read_command(text, self._desk.side).start(self._desk))
                return
            octets += wire_text(text).encode("utf-8", "surrogateescape") + b"\r\n"
            if not _GOES_ON.match(line):
                break
        if octets:
            yield from self._say(octets)
            return
        said = describe_awaited(self._desk.conversation.awaiting[0])
        yield from self._say(CLOSING)
        raise ExpectationFailed(
            phrase("the input ended where {said} awaited an answer", said=said), phrase("one reply for each command")
        )

    def _say(self, octets: bytes) -> Doing:
        desk = self._desk
        heard = desk.reply(octets)
        # What is shown stands in the recording already, and both before the octets are on their way.
        self._show(heard.lines)
        try:
            yield Send("", octets)
        except PeerClosed:
            yield from self._end()
            return
        yield from self._act_on(heard.events)
        if desk.is_connected and desk.phase is Phase.CLOSED:
            yield from self._end()

    def _act_on(self, events: list[Event]) -> Doing:
        for event in events:
            match event:
                case HandshakeDue(injected=injected) if injected:
                    yield from self._end()
                    raise injected_error(injected)
                case HandshakeDue():
                    secured = yield StartTls("")
                    if not isinstance(secured, Secured):
                        raise AssertionError(secured)
                    self._show(self._desk.secured(secured.tls).lines)
                case Broken(error=error):
                    raise error
                case _:
                    pass

    def _end(self) -> Doing:
        yield Close("")
        self._show(self._desk.dropped())

    # ------------------------------------------------------------ what comes

    def _listen(self) -> Doing:
        came = yield Read("", inf, True)
        match came:
            case Received(octets=octets):
                self._show(self._desk.heard(octets).lines)
            case PeerGone(reset=reset):
                self._show(self._desk.gone(reset=reset).lines)
                yield Close("")
            case _:
                pass

    # ------------------------------------------------------------ commands

    def _drive(self, handling: Handling) -> Doing:
        """Do what a handler asks for. An error that it does not catch ends the session: nobody is there to see it."""
        try:
            request = next(handling)
            while True:
                try:
                    yield from self._do(request)
                except SmtpReplError as error:
                    request = handling.throw(error)
                else:
                    answer: Answer = None  # there is nobody to ask
                    request = handling.send(answer)
        except StopIteration:
            return
        finally:
            handling.close()

    def _do(self, request: Request) -> Doing:
        match request:
            case Say(octets=octets):
                yield from self._say(octets)
            case Tell(text=text):
                self._show([remark(line) for line in text.split("\n")])
            case Drop():
                self._leaves = True
                yield from self._end()
            case Leave():
                self._leaves = True
            case Ask():
                pass
            case _:
                raise UsageError("whoever plays the server cannot do that")
