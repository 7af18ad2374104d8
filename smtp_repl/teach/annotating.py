"""A whole conversation explained: beside each line what a reader may want to know, and at the end what came of it.

Refusals are explained where they stand, with what is known of the server from its greeting; a verb, a keyword, a
parameter or a kind of reply is explained where it occurs first; steps of AUTH are decoded; findings and pitfalls stand
below what they are about. Passwords are masked, also where the text has them in the open: what is explained is handed
out. Pure; reads any text and raises nothing.
"""

from collections.abc import Iterator

from smtp_repl.knowledge import entries
from smtp_repl.knowledge.entries import Entry
from smtp_repl.script.model import Blank, Node, Script, Wire, line_text
from smtp_repl.teach.explaining import explain_reply
from smtp_repl.teach.explanation import NOWHERE, Circumstances, Explanation
from smtp_repl.teach.lens import challenge_remark, step_parts, step_remark
from smtp_repl.teach.outcome import Outcome
from smtp_repl.teach.pitfalls.reading import look_through
from smtp_repl.teach.pitfalls.watcher import Pitfall
from smtp_repl.teach.retelling import SERVER, Connected, Retold, Told, retell
from smtp_repl.teach.wording import in_one_line, sentences, where_written
from smtp_repl.wire.commands import parse_path
from smtp_repl.wire.events import AuthStep, BodySaid, ChallengeSaid, Closed, CommandSaid, Finding, ReplySaid
from smtp_repl.wire.language import _
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import GREETING

REFUSAL, REPLY, WORD, STEP, FINDING, END = "refusal", "reply", "word", "step", "finding", "end"


class Note(Record):
    """Something to know about a line, in the language of the person.

    `kind` is REFUSAL, REPLY, WORD, STEP, FINDING or END; `rule` is the id of a finding or a pitfall; `severity` is
    info, warning or error; `explanation` is there where the note is one.
    """

    kind: str
    text: str
    ref: str = ""
    severity: str = "info"
    rule: str = ""
    explanation: Explanation | None = None


class AnnotatedLine(Record):
    """A line of the text, safe to show, with its notes; `side` is "C", "S", "#", or "" where nothing is on it."""

    line: int
    side: str
    text: str
    notes: tuple[Note, ...] = ()


class Annotated(Record):
    """All lines of the text, and what came of the conversation, in sentences."""

    lines: tuple[AnnotatedLine, ...]
    summary: tuple[str, ...]


def annotate(script: Script, circumstances: Circumstances = NOWHERE) -> Annotated:
    """Explain a conversation; what is known of the server beside the text goes into `circumstances`."""
    return _Annotator(script, circumstances).annotate()


class _Annotator:
    def __init__(self, script: Script, circumstances: Circumstances) -> None:
        self._script = script
        self._given = circumstances
        self._around: dict[str, Circumstances] = {}
        self._told: set[tuple[str, str]] = set()
        self._refused: dict[tuple[str, str], int] = {}
        self._notes: dict[int, list[Note]] = {}
        self._masks: dict[int, str] = {}
        self._heard: dict[str, list[Retold]] = {}
        """Of each connection the lines of the reply that is being said."""
        self._outcome = Outcome()

    def annotate(self) -> Annotated:
        """All of it."""
        for told, remarks in look_through(self._script, retell(self._script)):
            if told.side == SERVER:
                self._heard.setdefault(told.connection, []).append(told)
            for event in told.events:
                self._outcome.note(event, told)
                for note in self._event(event, told):
                    self._add(told.line, note)
            for remark in remarks:
                if not (isinstance(remark, Pitfall) and self._is_explained(told.line)):
                    self._add(*_of_finding(remark, told.line))
        lines = tuple(self._line(node) for node in self._script.nodes)
        return Annotated(lines, tuple(self._outcome.sentences()))

    def _is_explained(self, line: int) -> bool:
        """Whether a line refuses something, for a reason that is known: a mistake that shows in it is the same one."""
        explained = [note.explanation for note in self._notes.get(line, ()) if note.kind == REFUSAL]
        return any(one is not None and one.kind not in ("code", "digit") for one in explained)

    def _add(self, line: int, note: Note) -> None:
        notes = self._notes.setdefault(line, [])
        if note not in notes:
            notes.append(note)

    def _line(self, node: Node) -> AnnotatedLine:
        side = node.side if isinstance(node, Wire) else "" if isinstance(node, Blank) else "#"
        text = self._masks.get(node.line, line_text(node.source))
        return AnnotatedLine(
            node.line, side, printable(text.replace("\t", "    ")), tuple(self._notes.get(node.line, ()))
        )

    def _event(self, event: Told, told: Retold) -> Iterator[Note]:
        match event:
            case Connected(host=host):
                self._around[told.connection] = self._given._replace(host=self._given.host or host)
            case CommandSaid():
                yield from self._command(event, told)
            case BodySaid(ended=True):
                yield from self._word(entries.verb("."))
            case ReplySaid():
                yield from self._reply(event, told)
            case ChallengeSaid():
                if text := challenge_remark(event):
                    yield Note(STEP, _(text))
            case Closed(expected=False, awaiting=awaiting) if awaiting:
                said = ", ".join(awaiting)
                text = _("The connection ended here while {said} awaited a reply.").format(said=said)
                yield Note(END, text, severity="warning")
            case _:
                pass

    # ------------------------------------------------------------ what the client said

    def _command(self, event: CommandSaid, told: Retold) -> Iterator[Note]:
        command = event.command
        yield from self._word(entries.verb(command.verb) if command.verb else None)
        if command.verb in ("MAIL", "RCPT"):
            path = parse_path(command.argument, b"FROM" if command.verb == "MAIL" else b"TO")
            for name, _value in path.parameters:
                yield from self._word(entries.parameter(name))
        if command.verb == "AUTH":
            words = command.argument.split()
            yield from self._word(entries.mechanism(words[0].decode("ascii", "replace")) if words else None)
        if event.step is not None:
            if text := step_remark(event.step, show=False):
                yield Note(STEP, _(text))
            self._mask_step(event.step, told.line)

    def _mask_step(self, step: AuthStep, line: int) -> None:
        """A password that stands in the text is not shown."""
        node = self._script.nodes[line - 1]
        octets = step.text.reveal()
        is_secret = step_parts(step, show=False).is_secret or not step.is_base64
        if not isinstance(node, Wire) or not is_secret or not octets:
            return
        if node.template is not None and node.template.secret:
            return
        text, secret = line_text(node.source), octets.decode("utf-8", "replace")
        if secret in text:
            self._masks[line] = text.replace(secret, MASK)
        else:  # written in another form: of octets, or with a hole
            self._masks[line] = f"{text[: node.column - 1]}{MASK}"

    def _word(self, entry: Entry | None) -> Iterator[Note]:
        """A word, where it occurs first."""
        if entry is None or (entry.kind, entry.word) in self._told:
            return
        self._told.add((entry.kind, entry.word))
        yield Note(WORD, _("{word}: {meaning}").format(word=entry.word, meaning=_(entry.plain)), entry.ref)

    # ------------------------------------------------------------ what the server said

    def _reply(self, event: ReplySaid, told: Retold) -> Iterator[Note]:
        lines = self._heard.pop(told.connection, [])
        reply, said = event.reply, event.answers or ""
        if event.secret:
            for line, octets in zip(lines, reply.lines, strict=False):
                self._masks[line.line] = f"S: {printable(octets)}"
        if said == GREETING:
            around = self._around.get(told.connection, self._given)
            banner = around.banner or printable(b" ".join(reply.texts))
            self._around[told.connection] = around._replace(banner=banner)
        if said in ("EHLO", "LHLO") and reply.code == 250:
            self._keywords(lines)
        if reply.partial:
            return
        explanation = explain_reply(reply, self._around.get(told.connection, self._given)._replace(said=said))
        if reply.klass in (4, 5):
            self._outcome.refused(event, told, explanation)
            yield self._refusal(explanation, told.line)
        elif (said, explanation.subject) not in self._told:
            self._told.add((said, explanation.subject))
            text = _about(explanation)
            yield Note(REPLY, text, explanation.ref, explanation=explanation)

    def _refusal(self, explanation: Explanation, line: int) -> Note:
        key = explanation.subject, explanation.plain
        first = self._refused.setdefault(key, line)
        if first != line:
            text = _("{code}: refused for the same reason as in line {line}.").format(code=key[0], line=first)
            return Note(REFUSAL, text, severity="error", explanation=explanation)
        text = _about(explanation)
        return Note(REFUSAL, text, where_written(explanation), "error", explanation=explanation)

    def _keywords(self, lines: list[Retold]) -> None:
        """What is offered, each keyword below its own line."""
        offered = [(told.line, line) for told in lines for line in told.octets.splitlines()]
        for number, octets in offered[1:]:
            words = octets[4:].split()
            name = words[0].decode("ascii", "replace") if words else ""
            for note in self._word(entries.keyword(name)):
                self._add(number, note)


def _about(explanation: Explanation) -> str:
    """What a reply means and what to do, behind its codes."""
    text, subject = in_one_line(explanation), explanation.subject
    return _("{word}: {meaning}").format(word=subject, meaning=text) if subject else text


def _of_finding(found: Finding | Pitfall, line: int) -> tuple[int, Note]:
    """A finding or a pitfall, and the line that it is about."""
    if isinstance(found, Pitfall):
        text = _(found.message)
        text = text if text.endswith((".", "\u3002")) else _("{text}.").format(text=text)
        text = sentences(text, _(found.hint)) if found.hint else text
        return found.where or line, Note(FINDING, text, found.ref, found.severity, found.rule)
    message, hint = _(found.message), _(found.hint)
    text = _("{message}; {hint}").format(message=message, hint=hint) if hint else message
    return line, Note(FINDING, text, found.ref, found.severity, found.rule)
