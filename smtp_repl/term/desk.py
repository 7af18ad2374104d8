"""The desk: everything that a session by hand knows, whoever drives it; octets come in, lines to show go out.

It holds the conversation, and tells what happens to those who make something of it: the scribe writes it down,
`login` follows AUTH, the ledger numbers it, and `beside` knows what is to be remarked between the lines. No socket, no
terminal, no loop: the shell and line mode each put their own around it. Handlers of `/commands` read it, and change
nothing but `settings` and the recording.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smtp_repl import __version__
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.transcript import Line, Transcriber, header_lines, remark
from smtp_repl.teach.pitfalls.happenings import Ended, Interrupted, Printed, Secured
from smtp_repl.term import beside
from smtp_repl.term.last_reply import LastReply
from smtp_repl.term.ledger import Ledger
from smtp_repl.term.login import Login
from smtp_repl.term.lookout import Lookout
from smtp_repl.term.pairing import Answer, Pairing
from smtp_repl.term.past import Past
from smtp_repl.term.practice import Practice
from smtp_repl.term.scribe import Scribe
from smtp_repl.term.settings import Settings
from smtp_repl.wire.conversation import Conversation, Side
from smtp_repl.wire.events import BodySaid, ChunkSaid, Closed, CommandSaid, Event, ReplySaid
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import END_OF_DATA, Phase
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:  # what a session by hand can begin without: 20 ms before the first prompt
    from smtp_repl.script.casting import Observer, OpenBlocks
    from smtp_repl.script.steps import Load
    from smtp_repl.teach.pitfalls.happenings import Happening
    from smtp_repl.teach.pitfalls.watcher import Pitfall
    from smtp_repl.term.hosts import Host
    from smtp_repl.term.learning import Learning
    from smtp_repl.term.multipart import Attachment
    from smtp_repl.term.outgoing import Outgoing


class Material(Record):
    """A script's octets, and how it reads the files of its own folder."""

    name: str
    octets: bytes
    load: "Load | None" = None
    open_blocks: "OpenBlocks | None" = None


class Heard(Record):
    """What came of some octets: lines to show and events to act on."""

    lines: list[Line]
    events: list[Event]


class Desk:
    """One session by hand, over one connection after another."""

    side = Side.CLIENT
    """Whose part the person takes."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        time_of_day: Callable[[], str] = lambda: time.strftime("%H:%M:%S"),
    ) -> None:
        self.settings = settings or Settings()
        self.aliases: Mapping[str, str] = {}
        """Commands of the user's own, by name: the line that each stands for."""
        self.hosts: Mapping[str, Host] = {}
        """Servers that the user gave a name."""
        self.profile: Host | None = None
        """The one that was asked for last; see `host`."""
        self.practice: Practice | None = None
        self.columns: Callable[[], int] = lambda: _COLUMNS
        """How wide the terminal is; who is at one sets it."""
        self.target: Target | None = None
        """Where the present connection goes, or the last one went."""
        self.opened: Opened | None = None
        """None when there is no connection."""
        self.tls: TlsFacts | None = None
        self.conversation = Conversation()
        """Of the present connection, or of the last one."""
        self.scribe = Scribe()
        self.ledger = Ledger(time_of_day)
        """What was said over the present or last connection, write by write."""
        self.past = Past()
        """What of it bears on what to propose."""
        self.login = Login()
        self.lookout = Lookout()
        """Sees pitfalls."""
        self.last_reply = LastReply()
        self.round_trip: float | None = None
        """Seconds between the last write that was answered and its reply."""
        self.read_script: Callable[[str], Material] | None = None
        """Reads the file, or `@name`, that `/run` names. Raises `UsageError`."""
        self.list_scripts: Callable[[], Sequence[tuple[str, str]]] = lambda: ()
        """Names the scripts that `@` can name, and says what each is."""
        self.list_typed: Callable[[], Iterable[str]] = lambda: ()
        """What was typed before, the nearest first."""
        self.tls_options = TlsOptions()
        """For the next handshake; `/tls trust` changes them."""
        self.untrusted_sha256 = ""
        """The certificate that was refused last, for `/tls trust`."""
        self._greeted_as = ""
        """The name that was said last."""
        self.pipeline: list[str] | None = None
        """Typed lines that are kept back, to be said in one write; None when each goes at once."""
        self.commands = 0
        self.observer: Observer | None = None
        """Is told what happens, as in a play (`--json`)."""
        self.learning: Learning | None = None
        """The lesson that goes on here; then it is the observer."""
        self.at_prompt = False
        """A person writes and reads here, and not a pipe."""
        self.attachments: list[Attachment] = []
        """Files that go with the message that is being written."""
        self.outgoing: Outgoing | None = None
        """A message that goes out in blocks just now."""
        self._clock = clock
        self._time_of_day = time_of_day
        self._transcriber = Transcriber()
        self._pairing = Pairing(clock)

    # ------------------------------------------------------------ what handlers and toolbar ask

    @property
    def is_connected(self) -> bool:
        return self.opened is not None

    @property
    def transcript(self) -> list[Line]:
        """What was said over the present or last connection."""
        return self.scribe.transcript

    @property
    def phase(self) -> Phase:
        """CLOSED when there is no connection."""
        return self.conversation.phase if self.is_connected else Phase.CLOSED

    @property
    def prospect(self) -> Conversation:
        """The conversation as it will be when what `/pipeline` keeps back has been said: what is typed comes then."""
        if not self.pipeline or self.phase is Phase.DATA:
            return self.conversation
        from copy import deepcopy

        from smtp_repl.term.typed import line_octets

        said = deepcopy(self.conversation)
        said.client_said(b"".join(map(line_octets, self.pipeline)))
        return said

    @property
    def host(self) -> "Host | None":
        """What is known of the present server, or of the last one; what is known of another does not count here."""
        return self.profile if self.profile is not None and self.profile.target == self.target else None

    @property
    def is_practice(self) -> bool:
        return self.practice is not None and self.is_connected and self.target == self.practice.target

    @property
    def shows_secrets(self) -> bool:
        """Whether steps of AUTH may stand on the screen; files never hold them."""
        return self.is_practice or self.settings.show_secrets

    @property
    def is_in_transaction(self) -> bool:
        return self.phase in (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BDAT)

    @property
    def ehlo_name(self) -> str:
        """The name to say in EHLO when none is given: the one set or said last, or the address that we come from."""
        host = self.host
        of_profile = host.ehlo if host is not None and not self.settings.ehlo_is_chosen else ""
        if name := of_profile or self.settings.ehlo or self._greeted_as:
            return name
        address = self.opened.local_address if self.opened is not None else ""
        if not address:
            return "localhost"
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def tls_for(self, target: Target) -> TlsOptions:
        """Whom to trust at a target: the practice server by its own authority."""
        options = self.tls_options
        if self.profile is not None and self.profile.target == target:
            options = self.profile.trust(options)
        is_practice = self.practice is not None and target == self.practice.target
        if not is_practice or self.practice is None or options.pin_sha256 or options.ca_file or not options.verify:
            return options
        return options._replace(ca_pem=self.practice.ca_pem())

    def reply_seconds(self) -> float:
        """How long the reply that is due next may take before a remark is made."""
        awaiting = self.conversation.awaiting
        is_message = bool(awaiting) and awaiting[0] == END_OF_DATA
        return self.settings.end_of_data_seconds if is_message else self.settings.reply_seconds

    # ------------------------------------------------------------ what happens

    def connected(self, opened: Opened, target: Target) -> list[Line]:
        """A new connection is there."""
        self.target, self.opened, self.tls = target, opened, opened.tls
        self.past.connected(target)
        self.last_reply.connected()
        self.lookout.connected(target, is_loopback=opened.is_loopback, tls=opened.tls is not None)
        self.conversation = Conversation(tls_active=opened.tls is not None, path_is_private=opened.is_loopback)
        self._transcriber = Transcriber()
        self.login.end()
        self.round_trip = None
        self.ledger, self._pairing = Ledger(self._time_of_day), Pairing(self._clock)
        remarks = self.scribe.begin()
        self.scribe.keep(header_lines(__version__, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", target))
        if self.observer is not None:
            self.observer.opened("", opened, target)
        return remarks + self.scribe.keep(self._transcriber.opened(opened, target))

    def secured(self, facts: TlsFacts) -> Heard:
        """TLS is up, by STARTTLS."""
        events = self.conversation.handshake_done()
        return Heard(self.note_secured(facts) + self.note_heard(events), events)

    def wrote(self, octets: bytes) -> list[Line]:
        """We are about to say these octets, in one write."""
        begun = self.conversation.pending_reply
        told = self._happens(Interrupted(begun)) if begun else []
        return self.note_wrote(self.conversation.send(octets)) + told

    def heard(self, octets: bytes) -> Heard:
        """The server said these octets. Raises `WireLimit` after a `Broken`."""
        self._pairing.octets_come()
        events = self.conversation.receive(octets)
        lines = self.note_heard(events)
        self._pairing.octets_came(is_unfinished=bool(self.conversation.pending_reply))
        return Heard(lines, events)

    def gone(self, *, reset: bool = False) -> Heard:
        """The server closed, or (`reset`) the connection broke."""
        lines = self.note_wrote(self.conversation.cut_line())
        events = self.conversation.receive_eof()
        lines += self.note_heard(events)
        closed = next((event for event in events if isinstance(event, Closed)), None)
        lines += self.note_closed(closed, by_us=False)
        if reset:
            lines.append(remark("the connection was cut (reset), not closed"))
        return Heard(lines, events)

    def dropped(self) -> list[Line]:
        """We closed the connection."""
        if not self.is_connected:
            return []
        lines = self.note_wrote(self.conversation.cut_line())
        return lines + self.note_closed(None, by_us=True)

    # ------------------------------------------------------------ messages in blocks

    def now(self) -> float:
        """Seconds, for intervals."""
        return self._clock()

    def message_begins(self, outgoing: "Outgoing") -> None:
        """What the client says from now on is the text of this message."""
        self.outgoing = outgoing
        self.transcript.extend(outgoing.stand_in())

    def message_ends(self) -> None:
        self.outgoing = None

    def _said(self, events: Sequence[Event]) -> list[Line]:
        """Write down what the client said; of a long message not all is shown, or kept in memory."""
        outgoing = self.outgoing
        if outgoing is None:
            return self.scribe.keep(self._transcriber.wrote(events)) + self._remarks(events)
        shown: list[Line] = []
        for event in events:
            if not isinstance(event, BodySaid | ChunkSaid):
                shown += self.scribe.keep(self._transcriber.wrote([event])) + self._remarks([event])
            elif self.scribe.recorder is not None or not (self.at_prompt and outgoing.shows_nothing_more):
                lines = self.scribe.keep(self._transcriber.wrote([event]), in_memory=outgoing.is_kept)
                shown += outgoing.thin(lines) if self.at_prompt else lines
                shown += [] if outgoing.is_long else self._remarks([event])
        return shown

    # ------------------------------------------------------------ what happens, as events

    def note_secured(self, facts: TlsFacts) -> list[Line]:
        self.tls = facts
        self.past.secured()
        if self.observer is not None:
            self.observer.secured("", facts)
        return self.scribe.keep(self._transcriber.secured(facts)) + self._happens(Secured())

    def note_wrote(self, events: Sequence[Event]) -> list[Line]:
        """Events of one write. This and its neighbours are for whoever feeds the conversation himself (a play)."""
        if not events:
            return []
        conversation = self.conversation
        self.past.note(events)
        self.last_reply.said(events)
        step = self.ledger.wrote(events, len(self.transcript), is_private=conversation.path_is_private)
        self._pairing.wrote(step, len(conversation.awaiting))
        for event in events:
            if isinstance(event, CommandSaid):
                self.commands += 1
                name = event.command.argument
                if event.command.verb in ("EHLO", "HELO", "LHLO") and re.fullmatch(rb"[!-~]+", name):
                    self._greeted_as = name.decode("ascii")
                self.login.said(event)
        self._watch(events)
        if self.observer is not None:
            self.observer.wrote("", self.lookout.with_pitfalls(events))
        return self._said(events) + self._taught()

    def note_heard(self, events: Sequence[Event]) -> list[Line]:
        lines: list[Line] = []
        self.past.note(events)
        self.last_reply.note(events)
        self._watch(events)
        if self.observer is not None:
            self.observer.heard("", self.lookout.with_pitfalls(events))
        self.login.heard(events)
        for group in _by_reply(events):
            reply = group[0] if isinstance(group[0], ReplySaid) else None
            answer = self._answered(reply) if reply is not None else None
            if reply is not None and answer is not None:
                lines += beside.label(reply, answer, self.settings)
            begin = len(self.transcript)
            lines += self.scribe.keep(self._transcriber.heard(group))
            if reply is not None:
                step, seconds = (answer.step, answer.seconds) if answer is not None else (None, 0.0)
                self.ledger.replied(reply, step, seconds, begin, len(self.transcript))
            lines += self._remarks(group)
            if self.settings.timing and answer is not None:
                lines.append(beside.timing(answer))
        self._pairing.settle(len(self.conversation.awaiting))
        return lines + self._taught()

    def note_closed(self, event: Closed | None, *, by_us: bool) -> list[Line]:
        if self.observer is not None:
            self.observer.closed("", event, by_us=by_us)
        lines = self.scribe.keep(self._transcriber.closed(event, by_us=by_us)) + self._happens(Ended(by_us=by_us))
        self._hang_up()
        return lines + self._taught()

    def quiet(self, seconds: float) -> list[Line]:
        """Nothing has been heard for so long."""
        return self._tell(self.lookout.silent_for(seconds))

    def printed(self, text: str) -> list[Line]:
        """Something failed, for this reason."""
        return self._happens(Printed(text))

    # ------------------------------------------------------------ inside

    def _watch(self, events: Sequence[Event]) -> None:
        """Look for pitfalls; what is shown of them, and where, is for `beside` to say."""
        shows = self.settings.show_secrets and not self.is_practice
        self.lookout.watch(events, shows_secrets=shows, is_surveyed=self.outgoing is not None)

    def _happens(self, happening: "Happening") -> list[Line]:
        """Something happened beside the conversation."""
        return self._tell(self.lookout.happens(happening))

    def _tell(self, found: Sequence["Pitfall"]) -> list[Line]:
        if found and self.observer is not None:
            self.observer.heard("", [one.finding for one in found])
        return [remark(one.remark) for one in found] if self.settings.explain else []

    def _answered(self, event: ReplySaid) -> Answer | None:
        """Take note of a reply."""
        if event.answers is None or event.reply.partial:
            return None
        answer = self._pairing.answer()
        if answer is not None:
            self.round_trip = answer.seconds
        return answer

    def _remarks(self, events: Iterable[Event]) -> list[Line]:
        around = beside.Around(
            self.settings,
            self.conversation,
            self.target,
            self.login.tried,
            self.shows_secrets,
            self.lookout,
            self.last_reply,
            self.columns() if self.at_prompt else None,
            [],
        )
        return beside.remarks(events, around)

    def _taught(self) -> list[Line]:
        """What the lesson has to say, below what brought it about."""
        return [] if self.learning is None else [remark(text) for text in self.learning.take()]

    def _hang_up(self) -> None:
        self.opened = None
        self.login.end()
        self.attachments.clear()


def _by_reply(events: Iterable[Event]) -> list[list[Event]]:
    """Events in groups that each begin with a reply, but for what came before the first."""
    groups: list[list[Event]] = []
    for event in events:
        if isinstance(event, ReplySaid) or not groups:
            groups.append([])
        groups[-1].append(event)
    return groups


_COLUMNS = 80
"""Of whoever has not said how wide the terminal is."""
