"""The course of a script: what is said in it, said to a conversation that listens, with the replies that it expects.

What the conversation finds odd goes for the script as well, unless the script expects that the server refuses it:
a conversation in which MAIL comes too early, and 503 is expected, is a test and no mistake. Where the script says
nothing of a reply, the hoped one is taken; so the course is also the script that its own server would need (`answers`).
"""

from collections.abc import Iterable
from functools import lru_cache

from smtp_repl.script.arguments import Require, Set, Tls
from smtp_repl.script.expectations import Expectation, cut
from smtp_repl.script.lint_lines import expected_line, line_ends, message_line, place, said_line
from smtp_repl.script.lint_rules import RULES, lint_remark, wire_remark
from smtp_repl.script.lint_session import Session, Spoken, Values, column_of
from smtp_repl.script.model import Remark, Wire
from smtp_repl.script.rehearsal import Ahead, Listener, rehearse
from smtp_repl.script.steps import Do, Hear, Say, Step
from smtp_repl.script.text import parse
from smtp_repl.wire.commands import PARAMETERS, VERBS, Command
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.events import AuthStep, BodySaid, CommandSaid, Event, Finding, ReplySaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.paths import parse_path
from smtp_repl.wire.problems import RULES as SYNTAX
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, UNAVAILABLE, Phase

_NOT_OURS = frozenset({"talks-too-early", "auth-cleartext", "command-cut", "bare-lf-command", "bad-base64"})
"""What a conversation finds that the player sees to, or that says nothing about the script."""
_OFFER = frozenset({"not-offered", "pipelining-not-offered"})
"""What depends on an EHLO reply that is there in full."""
_OFFERED = 100
"""Keywords that a reply offers which stands nowhere in the script."""
_PUBLIC = frozenset({"EXTERNAL", "ANONYMOUS"})
"""Mechanisms whose steps are no secrets."""


class Course:
    """Goes through the steps once; see `remarks`, `answers` and `shown` afterwards."""

    __slots__ = (
        "_ahead",
        "_file",
        "_listener",
        "_remarks",
        "_sessions",
        "_speaks",
        "_steps",
        "_values",
        "_wanted",
        "answers",
        "shown",
    )

    def __init__(self, steps: tuple[Step, ...], file: str) -> None:
        """`file` is the script's own name: nothing is remarked on the lines of files that it includes."""
        self._steps = steps
        self._ahead = rehearse(steps)
        self._file = file
        self._speaks = any(isinstance(step, Hear) for step in steps)
        self._sessions: dict[str, Session] = {}
        self._remarks: dict[Remark, None] = {}
        self._wanted = _wanted(steps)
        self._values = Values()
        self._listener = Listener()
        self.answers: list[Step] = []
        """The steps, and between them the replies of which the script says nothing."""
        self.shown: dict[int, str] = {}
        """Lines that hold a secret, as they may be shown."""

    @property
    def remarks(self) -> list[Remark]:
        """Everything that was found, as it was found."""
        return [*self._remarks, *(found for one in self._sessions.values() for found in one.owed(self._file))]

    def follow(self) -> None:
        for step, ahead in zip(self._steps, self._ahead, strict=True):
            session = self._sessions.setdefault(step.connection, Session())
            match step:
                case Say():
                    self._say(session, step, ahead)
                case Hear():
                    self._hear(session, step)
                case Do():
                    self._do(session, step, ahead)
        last = {step.connection: step for step in self._steps}
        for name, session in self._sessions.items():
            while session.awaits_reply:
                self._hear_hoped(session, last[name], said_of=True)
            if session.body is not None and session.conversation.phase is not Phase.CLOSED:
                self._note(session, lint_remark("ends-in-data", session.body.line, session.body.column))

    def _note(self, session: Session, *remarks: Remark) -> None:
        if session.file == self._file:
            self._remarks.update(dict.fromkeys(remarks))

    # ------------------------------------------------------------ what the client says

    def _say(self, session: Session, say: Say, ahead: Ahead) -> None:
        session.file = say.file
        if self._speaks:
            self._pass_unread(session, say, ahead)
            self.answers.append(say)
        elif session.awaits_greeting:
            self._hear_hoped(session, say)
        for wire in say.lines:
            if not self._speaks:
                self.answers.append(Say(say.file, say.connection, (wire,)))
            self._line(session, wire)
            while not self._speaks and session.awaits_reply and not session.conversation.chunk_left:
                self._hear_hoped(session, say)

    def _pass_unread(self, session: Session, step: Step, ahead: Ahead) -> None:
        """The replies that are due before this step and that nobody will ask for, as the player counts them."""
        due = session.conversation.due
        for _ in range(min(due, due + ahead.replies - ahead.expectations)):
            self._hear_hoped(session, step, said_of=True)

    def _line(self, session: Session, wire: Wire) -> None:
        conversation = session.conversation
        in_chunk = conversation.chunk_left > 0
        in_text = conversation.ahead is Phase.DATA and not in_chunk
        if in_text:
            session.body = wire
            self._note(session, *message_line(wire))
            if conversation.phase is not Phase.DATA and session.last.command.verb == "DATA":
                self._ends_group(session.last)
        elif not in_chunk and not session.unsure:
            self._note(session, *said_line(wire))
        if not in_chunk:
            self._note(session, *line_ends(wire))
        elif conversation.chunk_left < wire.size and not wire.items:
            surplus = wire.size - conversation.chunk_left
            self._note(session, lint_remark("chunk-miscounted", wire.line, wire.column, octets=surplus))
            session.unsure = True  # what stands behind it was meant otherwise
        try:
            events = self._listener.say(wire, self._values, conversation)
        except SmtpReplError:  # a value that cannot be sent: the play will tell
            events, session.unsure = [], True
        for event in events:
            self._said(session, wire, event)
        if conversation.ahead is not Phase.DATA:
            session.body = None
        elif session.body is None:
            session.body = wire

    def _said(self, session: Session, wire: Wire, event: Event) -> None:
        if isinstance(event, CommandSaid):
            session.said(event.command, wire, is_step=event.step is not None)
            self._uses(session, event.command)
            if event.step is not None and _is_secret(event.step, wire):
                self._hide(session, event, wire)
        elif isinstance(event, Finding):
            self._found(session, event, wire)
        elif isinstance(event, BodySaid) and event.ended:
            session.body, session.last_dot = None, wire

    def _found(self, session: Session, found: Finding, wire: Wire) -> None:
        """Something odd about the command that was said last."""
        rule = found.rule
        command = session.last.command
        if rule == "not-last":
            session.forgive(command)  # whatever else is odd about it comes of that
            self._ends_group(session.before)
        elif rule in _NOT_OURS or session.unsure or (rule in _OFFER and not session.offers_known):
            pass
        elif rule in SYNTAX and (session.last.is_step or not self._values.fills(wire)):
            pass  # not all of the line is known
        elif rule in ("unknown-verb", "empty-line") and any(said_line(wire)):
            pass  # said better already
        elif rule == "out-of-order" and session.conversation.ahead is Phase.CLOSED:
            session.owe(command, lint_remark("said-after-close", wire.line, wire.column))
        elif rule in RULES:
            session.owe(command, wire_remark(found, wire.line, place(wire)))

    def _ends_group(self, spoken: Spoken) -> None:
        """A command does not end its group, and must."""
        verb, wire = spoken.command.verb, spoken.wire
        found = lint_remark("pipelined-group", wire.line, wire.column, max(1, len(verb)), verb=verb)
        if spoken.file == self._file:
            self._remarks[found] = None

    def _hide(self, session: Session, event: CommandSaid, wire: Wire) -> None:
        """A step of AUTH stands here as it is."""
        text = wire.text.decode("utf-8", "replace")
        kept = len(event.command.line.decode("utf-8", "replace")) if event.step and event.step.initial else 0
        start = 0 if wire.items else kept
        session.owe(event.command, lint_remark("secret-in-clear", wire.line, wire.column + start, len(MASK)))
        self.shown[wire.line] = wire.tag + " " + text[:start] + MASK

    def _uses(self, session: Session, command: Command) -> None:
        """Note the keywords that a command needs, for `@require`."""
        syntax = VERBS.get(command.verb)
        if syntax is None:
            return
        if syntax.keyword:
            session.used.add(syntax.keyword)
        if syntax.takes_parameters and b" " in command.argument:
            names = [name for name, _ in parse_path(command.argument, _KEYWORDS.get(command.verb, b"TO")).parameters]
            session.used.update(row.keyword for row in PARAMETERS if row.name in names and command.verb in row.on)

    # ------------------------------------------------------------ what the server says

    def _hear(self, session: Session, hear: Hear) -> None:
        session.file = hear.file
        self.answers.append(hear)
        expectation = hear.expectation
        if expectation.lines:
            self._note(session, *expected_line(expectation.lines[0]))
            last = expectation.lines[-1]
            if last.more and last.end and last.mod != "*":
                self._note(session, lint_remark("unfinished-reply", last.wire.line, last.wire.column + 3))
        missing = session.conversation.chunk_left
        if missing:
            self._note(session, lint_remark("chunk-unfinished", hear.line, column_of(hear.nodes[0]), 3, octets=missing))
            session.unsure = True
        awaited = session.conversation.first_awaited
        if awaited is None and expectation.code != str(UNAVAILABLE) and not session.unsure:
            self._note(session, lint_remark("unanswered", hear.line, column_of(hear.nodes[0]), 3))
        self._server_says(session, _reply_octets(hear, session), hear)
        if awaited is not None and awaited.said in ("EHLO", "LHLO"):
            in_full = len(expectation.lines) > 1 and not any(line.mod for line in expectation.lines)
            session.offers_known = in_full and not any(line.wire.template for line in expectation.lines)

    def _server_says(self, session: Session, octets: bytes, hear: Hear | None) -> None:
        try:
            events = session.conversation.server_said(octets)
        except SmtpReplError:  # nothing can be read behind a reply without end
            events = []
            session.unsure = True
        for event in events:
            if isinstance(event, ReplySaid) and event.reply.klass in (4, 5) and event.command is not None:
                session.forgive(event.command)
            elif isinstance(event, Finding) and hear is not None and not session.unsure:
                self._replied_oddly(session, event, hear)
        if session.conversation.ahead is not Phase.DATA:
            session.body = None
        if session.conversation.phase is Phase.TLS and not session.manual_tls:
            session.conversation.handshake_done()

    def _replied_oddly(self, session: Session, found: Finding, hear: Hear) -> None:
        is_known = found.rule != "unexpected-code" or hear.expectation.code.isdigit()
        if is_known and found.rule in RULES and found.rule not in _NOT_OURS and found.rule not in SYNTAX:
            self._note(session, wire_remark(found, hear.line, column_of(hear.nodes[0])))

    def _hear_hoped(self, session: Session, step: Step, *, said_of: bool = False) -> None:
        """The reply that the client hopes for, where the script says nothing of it."""
        said = session.awaited
        texts = ["as hoped", *(self._wanted.get(step.connection, ()) if said in ("EHLO", "LHLO") else ())]
        expectation = _expectation(session.hoped_code, tuple(texts), step.connection)
        self.answers.append(Hear(step.file, step.connection, expectation))
        if said_of and self._speaks and not session.unsure:
            file, line, column = session.place_of_awaited(step)
            if file == self._file:
                name = {
                    GREETING: phrase("the connection"),
                    END_OF_DATA: phrase("the message"),
                    AUTH_STEP: phrase("the step"),
                }.get(said, said)
                self._remarks[lint_remark("unread-reply", line, column, said=name)] = None
        self._server_says(session, expectation.sample({}), None)

    # ------------------------------------------------------------ directives

    def _do(self, session: Session, do: Do, ahead: Ahead) -> None:
        session.file = do.file
        conversation = session.conversation
        directive = do.directive
        match directive.value:
            case Set(name, value):
                self._values.known[name] = value
            case Require(terms):
                late = [term.keyword for term in terms if term.keyword in session.used]
                for keyword in late:
                    self._note(session, lint_remark("late-require", do.line, column_of(directive), keyword=keyword))
            case Tls(mode):
                session.manual_tls = mode == "manual"
                if mode == "start":
                    conversation.handshake_done()
        if directive.name in ("data", "send"):
            if self._speaks:
                self._pass_unread(session, do, ahead)
            self._file_said(session, do)
        self.answers.append(do)
        if directive.name == "data" and not self._speaks:
            while session.awaits_reply:
                self._hear_hoped(session, do)
        elif directive.name == "eof":
            conversation.receive_eof()
        elif directive.name == "close":
            self._remarks.update(dict.fromkeys(session.owed(self._file)))
            del self._sessions[do.connection]

    def _file_said(self, session: Session, do: Do) -> None:
        conversation = session.conversation
        session.body = None
        if do.directive.name == "send":
            session.unsure = True  # nobody knows what the file says
        elif conversation.ahead is Phase.DATA:
            conversation.client_said(b"\r\n.\r\n")
        elif not session.unsure:
            self._note(session, lint_remark("data-not-due", do.line, column_of(do.directive)))


_KEYWORDS = {"MAIL": b"FROM"}


def _is_secret(step: AuthStep, wire: Wire) -> bool:
    """Whether a step that a script says as it stands gives a password away, or what takes its place."""
    text = step.text.reveal()
    if (wire.template is not None and wire.template.names) or text in (b"", b"=", b"*"):
        return False
    if step.mechanism == "LOGIN" and step.user is not None and step.password is None:
        return False
    return step.mechanism not in _PUBLIC and (step.password is None or bool(step.password))


def _wanted(steps: Iterable[Step]) -> dict[str, dict[str, None]]:
    """The keywords that the script wants of a server, as lines of an EHLO reply, by connection."""
    wanted: dict[str, dict[str, None]] = {}
    for step in steps:
        if isinstance(step, Do) and isinstance(step.directive.value, Require):
            for term in step.directive.value.terms[:_OFFERED]:
                if len(wanted.get(step.connection, ())) < _OFFERED:
                    wanted.setdefault(step.connection, {})[" ".join((term.keyword, *term.parameters))] = None
    return wanted


@lru_cache(maxsize=256)
def _expectation(code: int, texts: tuple[str, ...], connection: str) -> Expectation:
    """A reply, as if the script expected it."""
    tag = f"S[{connection}]: " if connection else "S: "
    lines = [f"{tag}{code}-{text}\n" for text in texts[:-1]]
    nodes = parse("".join([*lines, f"{tag}{code} {texts[-1]}\n"]).encode()).nodes
    return cut([node for node in nodes if isinstance(node, Wire)])[0]


def _reply_octets(hear: Hear, session: Session) -> bytes:
    """What the expected reply looks like on the wire, made whole, and given the hoped code where it has none."""
    expectation = hear.expectation
    try:
        octets = expectation.sample({})
    except SmtpReplError:  # a pattern for which no text is known
        return b"%d as hoped\r\n" % session.hoped_code
    if not expectation.code:
        return b"%d as hoped\r\n" % session.hoped_code
    begun, end, last = octets.rstrip(b"\r\n").rpartition(b"\n")
    return begun + end + last[:3] + b" " + last[4:] + b"\r\n"
