"""What came of a conversation, in a few sentences: who logged in, which messages were taken, what was refused and why.

Fed with the events of a text that is told again, in their order. Pure.
"""

from collections.abc import Iterator

from smtp_repl.teach.explanation import Explanation
from smtp_repl.teach.retelling import Connected, Retold, Secured, Told
from smtp_repl.teach.wording import in_one_line
from smtp_repl.wire.commands import parse_path
from smtp_repl.wire.events import Closed, CommandSaid, HandshakeDue, ReplySaid
from smtp_repl.wire.language import _, n_
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, LAST_CHUNK

SHOWN = 10
"""Different refusals, and recipients, that are named."""


class Refused(Record):
    """A refusal: where it stands, what was refused, as it may be shown, and what it means."""

    line: int
    what: str
    explanation: Explanation


class _Envelope:
    __slots__ = ("recipients", "sender")

    def __init__(self) -> None:
        self.sender: bytes | None = None
        self.recipients: list[bytes] = []


class Outcome:
    """Gathers what is worth a sentence."""

    def __init__(self) -> None:
        self._replies = 0
        self._secure: set[str] = set()
        self._users: dict[str, bytes | None] = {}
        self._envelopes: dict[str, _Envelope] = {}
        self._said: list[str] = []
        self._refused: list[Refused] = []
        self._ends: list[str] = []

    def note(self, event: Told, told: Retold) -> None:
        """One event, in its order."""
        connection = told.connection
        match event:
            case Connected(tls=tls):
                self._secure.discard(connection)
                if tls:
                    self._secure.add(connection)
            case Secured():
                self._secure.add(connection)
            case HandshakeDue(injected=injected) if not injected:
                self._secure.add(connection)
            case CommandSaid(step=step) if step is not None:
                self._users[connection] = step.user if step.user is not None else self._users.get(connection)
            case ReplySaid():
                self._replies += 1
                if event.reply.klass in (2, 3):
                    self._taken(event, told)
            case Closed(expected=False, awaiting=awaiting) if awaiting and told.text:
                text = _("The server closed the connection while {said} awaited a reply (line {line}).")
                self._ends.append(text.format(said=", ".join(awaiting), line=told.line))
            case _:
                pass

    def refused(self, event: ReplySaid, told: Retold, explanation: Explanation) -> None:
        """A reply that refuses, with what it means."""
        names = {END_OF_DATA: _("The message"), LAST_CHUNK: _("The message"), GREETING: _("The connection")}
        said = event.answers or ""
        is_login = said in ("AUTH", AUTH_STEP)
        line = printable(event.command.line).strip() if event.command is not None and not is_login else ""
        what = _("The login") if is_login else names.get(said) or line or said or _("Something that nobody asked")
        self._refused.append(Refused(told.line, what, explanation))

    def _taken(self, event: ReplySaid, told: Retold) -> None:
        envelope = self._envelopes.setdefault(told.connection, _Envelope())
        argument = event.command.argument if event.command is not None else b""
        match event.answers:
            case "MAIL":
                self._envelopes[told.connection] = envelope = _Envelope()
                envelope.sender = parse_path(argument, b"FROM").address or b""
            case "RCPT":
                envelope.recipients.append(parse_path(argument, b"TO").address or b"")
            case "RSET" | "EHLO" | "HELO" | "LHLO":
                self._envelopes[told.connection] = _Envelope()
            case "AUTH" | "AUTH step" if event.reply.code == 235:
                self._said.append(self._login(told))
            case "." | "BDAT LAST":
                self._said.append(self._message(envelope, told))
            case _:
                pass

    def _login(self, told: Retold) -> str:
        user, is_secure = self._users.get(told.connection), told.connection in self._secure
        if user is None:
            under_tls, text = (
                _("The login succeeded, under TLS (line {line})."),
                _("The login succeeded (line {line})."),
            )
        else:
            under_tls, text = _("{user} logged in, under TLS (line {line})."), _("{user} logged in (line {line}).")
        return (under_tls if is_secure else text).format(user=printable(user or b""), line=told.line)

    def _message(self, envelope: _Envelope, told: Retold) -> str:
        if not envelope.recipients:  # what the text tells has no beginning
            return _("The server took a message (line {line}).").format(line=told.line)
        named = envelope.recipients[:SHOWN]
        recipients = ", ".join(f"<{printable(address)}>" for address in named)
        sender = f"<{printable(envelope.sender or b'')}>"
        more = len(envelope.recipients) - len(named)
        if more:
            text = n_(
                "The server took a message from {sender} for {recipients} and {more} other (line {line}).",
                "The server took a message from {sender} for {recipients} and {more} others (line {line}).",
                more,
            )
        else:
            text = _("The server took a message from {sender} for {recipients} (line {line}).")
        return text.format(sender=sender, recipients=recipients, more=more, line=told.line)

    def sentences(self) -> Iterator[str]:
        """What happened, and what to do."""
        yield from self._said
        yield from self._refusals()
        yield from self._ends
        if not self._replies:
            yield _("The text tells no reply, so what the server made of it is not known.")
        elif not self._refused:
            yield _("Nothing was refused.")

    def _refusals(self) -> Iterator[str]:
        """Each reason once, where it was given first, and how often."""
        groups: dict[tuple[str, str], list[Refused]] = {}
        for refused in self._refused:
            groups.setdefault((refused.explanation.subject, refused.explanation.plain), []).append(refused)
        for number, ((subject, _plain), group) in enumerate(groups.items()):
            if number >= SHOWN:
                left = sum(len(rest) for rest in list(groups.values())[SHOWN:])
                yield n_("{count} more thing was refused.", "{count} more things were refused.", left).format(
                    count=left
                )
                return
            first = group[0]
            means = in_one_line(first.explanation)
            if len(group) == 1:
                text = _("{what} was refused with {code} (line {line}): {means}")
            else:
                text = _("{what} was refused with {code} (line {line}), and so were {count} more: {means}")
            yield text.format(what=first.what, code=subject, line=first.line, means=means, count=len(group) - 1)
