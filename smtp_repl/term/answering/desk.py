"""The desk of a person who plays the server: octets of a client come in, lines to show go out.

It is the shell's desk seen from the other side: what we say are replies, what comes are commands. It knows what waits
for an answer, and what is to be said about it.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from smtp_repl import __version__
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.transcript import CLIENT, Line, Transcriber, header_lines, remark
from smtp_repl.teach import lens
from smtp_repl.teach.pitfalls.happenings import Ended, Secured
from smtp_repl.term import hexdump
from smtp_repl.term.answering.replies import Due
from smtp_repl.term.desk import Desk, Heard
from smtp_repl.term.lookout import Lookout
from smtp_repl.term.settings import Settings
from smtp_repl.wire.commands import Command
from smtp_repl.wire.conversation import Conversation, Side
from smtp_repl.wire.events import FINDINGS, BodySaid, ChallengeSaid, ChunkSaid, CommandSaid, Event, Finding, ReplySaid
from smtp_repl.wire.language import advice, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import Phase
from smtp_repl.wire.targets import Target

MESSAGE_LINES = 200
"""Lines of a message that are shown."""

_GREETINGS = frozenset({"EHLO", "HELO", "LHLO"})
_UNTOLD = frozenset({"unsolicited", "capabilities-forgotten"})
"""Findings of which the first stands above the reply already, and the second is for clients."""
_OTHER_WORDS = {
    "step-not-base64": phrase("501 5.5.2 is the answer"),
    "auth-cleartext": phrase("a server that minds offers AUTH only after STARTTLS"),
}
"""Hints for whoever plays the server, where the finding's own is for the client."""


class Awaiting:
    """A command that waits for its answer, and what is notable about it."""

    __slots__ = ("command", "findings")

    def __init__(self, command: Command | None) -> None:
        self.command = command
        self.findings: list[Finding] = []


class AnswerDesk(Desk):
    """One client after another, each a session and a transcript of its own."""

    side = Side.SERVER

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self.lookout = Lookout("server")
        self.client = ""
        """The present client, or the last one: address and port."""
        self.ehlo = ""
        """What the client calls itself."""
        self.said_goodbye = False
        """221 or 421 was said to the present client, or the last one."""
        self._queue: deque[Awaiting] = deque()
        self._chunk = 0
        self._shown = 0
        """Lines of the present message that were shown."""

    # ------------------------------------------------------------ what prompt, toolbar and handlers ask

    @property
    def shows_secrets(self) -> bool:
        """A password that came from another machine is shown to nobody here."""
        return self.settings.show_secrets and self.opened is not None and self.opened.is_loopback

    @property
    def due(self) -> Due:
        """What waits for an answer now."""
        awaiting = self.conversation.awaiting if self.is_connected else ()
        first = self._queue[0] if self._queue else None
        exchange = self.login.exchange
        cancelled = first is not None and first.command is not None and first.command.line == b"*"
        return Due(
            awaiting[0] if awaiting else "",
            tuple(first.findings) if first is not None else (),
            self.conversation.tls_active,
            exchange.mechanism if exchange is not None else "",
            exchange.responses if exchange is not None else 0,
            cancelled,
        )

    @property
    def is_answerable(self) -> bool:
        """Whether something waits for an answer and has come as a whole."""
        return self.is_connected and bool(self.conversation.awaiting) and not self.conversation.chunk_left

    @property
    def is_in_message(self) -> bool:
        """Whether what the client says now is message text."""
        return self.conversation.ahead is Phase.DATA or self.conversation.chunk_left > 0

    # ------------------------------------------------------------ what happens

    def called(self, opened: Opened) -> list[Line]:
        """A client has connected."""
        self.opened, self.tls = opened, opened.tls
        self.conversation = Conversation(
            Side.SERVER, tls_active=opened.tls is not None, path_is_private=opened.is_loopback
        )
        self._transcriber = Transcriber()
        self.login.end()
        self.lookout.connected(Target(opened.address), is_loopback=opened.is_loopback, tls=opened.tls is not None)
        self.ehlo, self.said_goodbye, self._chunk, self._shown = "", False, 0, 0
        self._queue.clear()
        remarks = self.scribe.begin()
        self.scribe.keep(header_lines(__version__, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", None))
        address = f"[{opened.address}]" if ":" in opened.address else opened.address
        self.client = printable(f"{address}:{opened.port}")
        lines = [remark(phrase("client {client} connected", client=self.client))]
        if opened.tls is not None:
            lines.append(_tls_line(opened.tls))
        return remarks + self.scribe.keep(lines)

    def secured(self, facts: TlsFacts) -> Heard:
        events = self.conversation.handshake_done()
        self.tls, self.ehlo = facts, ""
        lines = self.scribe.keep([_tls_line(facts)]) + self._happens(Secured())
        return Heard(lines + self._said(events), events)

    def reply(self, octets: bytes) -> Heard:
        """We are about to say these octets. Raises `WireLimit` after a `Broken`."""
        events = self.conversation.send(octets)
        lines = self._said(events)
        pending = len(self.conversation.pending_reply)
        if pending and not any(isinstance(event, ReplySaid) for event in events):
            lines.append(
                remark(phrase("sent; of this reply {pending} octets are said, and it is not complete", pending=pending))
            )
        elif self._queue and self.conversation.phase not in (Phase.CLOSED, Phase.TLS):
            lines.append(self._next_remark())
        return Heard(lines, events)

    def heard(self, octets: bytes) -> Heard:
        """The client said these octets."""
        before, was_in_message = self.conversation.awaiting, self.is_in_message
        events = self.conversation.receive(octets)
        came = self._came(events)
        lines = (self._cut_short(came, events) if was_in_message else came) + self._queue_remark(before)
        if octets[:2] == b"\x16\x03" and self.conversation.line_begun:
            lines.append(remark("the client begins with TLS, and this server does not: start it with --tls"))
        return Heard(lines, events)

    def gone(self, *, reset: bool = False) -> Heard:
        """The client closed, or (`reset`) the connection broke."""
        unfinished = self.is_in_message
        lines = self._came(self.conversation.cut_line())
        awaiting = self.conversation.awaiting
        events = self.conversation.receive_eof()
        lines += self._said([event for event in events if isinstance(event, ReplySaid)])
        how = phrase("the client cut the connection") if reset else phrase("the client closed the connection")
        if unfinished:
            how = phrase("{how} in the middle of the message", how=how)
        elif awaiting and not self.said_goodbye:
            how = phrase("{how} while {verbs} awaited an answer", how=how, verbs=" ".join(awaiting))
        elif not self.said_goodbye:
            how = phrase("{how} without QUIT", how=how)
        return Heard(lines + self._ended(how), events)

    def dropped(self) -> list[Line]:
        """We closed the connection."""
        if not self.is_connected:
            return []
        return self._came(self.conversation.cut_line()) + self._ended(phrase("we closed the connection"), by_us=True)

    # ------------------------------------------------------------ inside

    def _ended(self, how: str, *, by_us: bool = False) -> list[Line]:
        # The last line says who closed, in the words of a client.
        lines = self.scribe.keep([*self._transcriber.closed(None)[:-1], remark(how)])
        lines += self._happens(Ended(by_us=by_us))
        self._hang_up()
        self._queue.clear()
        return lines

    def _came(self, events: Sequence[Event]) -> list[Line]:
        """What the client said."""
        for event in events:
            match event:
                case CommandSaid():
                    self.commands += 1
                    self._queue.append(Awaiting(event.command))
                    self.login.said(event)
                    if event.command.verb in _GREETINGS:
                        self.ehlo = printable(event.command.argument)
                case BodySaid(ended=True):
                    self._queue.append(Awaiting(None))
                case Finding() if self._queue:
                    self._queue[-1].findings.append(event)
                case _:
                    pass
        self._match_queue()
        self.lookout.watch(events)
        return self.scribe.keep(self._transcriber.wrote(events)) + self._remarks(events)

    def _said(self, events: Sequence[Event]) -> list[Line]:
        """What we said."""
        self.login.heard(events)
        for event in events:
            if isinstance(event, ReplySaid):
                self.said_goodbye = self.conversation.phase is Phase.CLOSED
        self._match_queue()
        self.lookout.watch(events)
        return self.scribe.keep(self._transcriber.heard(events)) + self._remarks(events)

    def _match_queue(self) -> None:
        """One entry for each that awaits an answer; what was taken back or said in LMTP has no findings."""
        awaiting = len(self.conversation.awaiting)
        while len(self._queue) > awaiting:
            self._queue.popleft()
        while len(self._queue) < awaiting:
            self._queue.append(Awaiting(None))

    def _queue_remark(self, before: tuple[str, ...]) -> list[Line]:
        awaiting = self.conversation.awaiting
        if len(awaiting) < 2 or awaiting == before:
            return []
        verbs = " ".join(awaiting)
        return [remark(phrase("{count} await an answer, in this order: {verbs}", count=len(awaiting), verbs=verbs))]

    def _next_remark(self) -> Line:
        """Of commands that came together, the one that is to be answered next."""
        command = self._queue[0].command
        said = printable(command.line) if command is not None and command.line else self.conversation.awaiting[0]
        if len(self._queue) < 2:
            return remark(phrase("next: {said}", said=said))
        return remark(phrase("next: {said} ({count} await an answer)", said=said, count=len(self._queue)))

    def _cut_short(self, lines: list[Line], events: Sequence[Event]) -> list[Line]:
        """What is shown of what came while a message was under way: of a long message not all."""
        count = sum(line.kind == CLIENT for line in lines) - sum(isinstance(event, CommandSaid) for event in events)
        has_ended = not self.is_in_message or count < 1
        kept: list[Line] = []
        for line in lines:
            if line.kind == CLIENT and count > 0:
                count -= 1
                self._shown += 1
                if self._shown == MESSAGE_LINES + 1:
                    kept.append(
                        remark(
                            phrase(
                                "of a long message {count} lines are shown; a recording has them all",
                                count=MESSAGE_LINES,
                            )
                        )
                    )
                if self._shown > MESSAGE_LINES and (count or not has_ended):
                    continue
            kept.append(line)
        if has_ended:
            self._shown = 0
        return kept

    def _remarks(self, events: Iterable[Event]) -> list[Line]:
        lines: list[Line] = []
        for event in events:
            if self.settings.hex:
                lines += map(remark, hexdump.rows(event, self.columns()))
            match event:
                case Finding():
                    is_replaced = self.settings.explain and self.lookout.replaces(event)
                    if event.rule not in _UNTOLD and not is_replaced:
                        lines.append(remark(_in_our_words(event)))
                case ChallengeSaid(decoded=decoded) if decoded:
                    lines.append(remark(phrase('we ask: "{question}"', question=printable(decoded))))
                case CommandSaid(step=step) if step is not None:
                    lines.append(remark(lens.client_step_remark(step, show=self.shows_secrets)))
                case BodySaid(ended=True, octets=octets, lines=count):
                    lines.append(
                        remark(
                            phrase(
                                "the message ends here: {octets} octets in {count} lines", octets=octets, count=count
                            )
                        )
                    )
                case ChunkSaid(raw=raw, ended=ended, last=last):
                    self._chunk += len(raw)
                    if ended:
                        come = phrase("the chunk has come: {octets} octets", octets=self._chunk)
                        if last:
                            come = phrase("the last chunk has come: {octets} octets", octets=self._chunk)
                        lines.append(remark(come))
                        self._chunk = 0
                case _:
                    pass
            if self.settings.explain:
                lines += [remark(one.remark) for one in self.lookout.pitfalls(event)]
        return lines


def _tls_line(facts: TlsFacts) -> Line:
    return remark(f"{facts.version} {facts.cipher}")


def _in_our_words(finding: Finding) -> str:
    """A finding for whoever plays the server: what, what to do, where it is written."""
    text = phrase(finding.message)
    if text.one == FINDINGS["out-of-order"].message:
        text = phrase("{said} is not due here: 503 5.5.1 is the answer", **text.facts)
    return advice(text, _OTHER_WORDS.get(finding.rule, finding.hint), finding.ref)
