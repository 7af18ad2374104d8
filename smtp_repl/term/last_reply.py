"""What the server said, as far as an explanation needs it: how it greeted, and what it said last.

A refusal is explained at once, in one line: what it means and what to do, without what the reply says itself, and no
longer than the terminal is wide. What explains is loaded when something is refused.
"""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from smtp_repl.wire.commands import Command
from smtp_repl.wire.events import CommandSaid, Event, Finding, ReplySaid
from smtp_repl.wire.language import _
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import GREETING
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:
    from smtp_repl.teach.explanation import Circumstances, Explanation

_SPEAKERS = ("provider", "software")
_KEPT = 1000
"""Commands with faults that are remembered."""
_FAULTS = frozenset((500, 501, 502, 503, 504, 555))
"""Codes that tell of a fault of the command itself (RFC 5321 §4.2.2)."""
_SAME_WORDS = 0.75
"""Share of its words that a sentence has in common with the reply, from which on it tells nothing new."""
_WORD_LENGTH = 4
"""Letters of a word that counts."""


class LastReply:
    """Beside one connection after another."""

    def __init__(self) -> None:
        self.event: ReplySaid | None = None
        """The last whole reply."""
        self._banner = ""
        self._foretold: deque[Command] = deque(maxlen=_KEPT)
        self._told = ""

    def connected(self) -> None:
        """A new connection is there."""
        self.event, self._banner, self._told = None, "", ""
        self._foretold.clear()

    def said(self, events: Iterable[Event]) -> None:
        """The client said something; a fault that was found with it foretells how it will be answered."""
        command: Command | None = None
        for event in events:
            if isinstance(event, CommandSaid):
                command = event.command
            elif isinstance(event, Finding) and command is not None and event.severity != "info":
                self._foretold.append(command)

    def note(self, events: Iterable[Event]) -> None:
        """The server said something."""
        for event in events:
            if isinstance(event, ReplySaid) and not event.reply.partial:
                self.event = event
                if event.reply.klass in (2, 3):
                    self._told = ""
                if event.answers == GREETING:
                    self._banner = printable(b" ".join(event.reply.texts))

    def circumstances(self, target: Target | None, said: str | None = "") -> "Circumstances":
        """What is known around a reply that answers this."""
        from smtp_repl.teach.explanation import Circumstances

        return Circumstances(target.host if target is not None else "", self._banner, said or "")

    def explain(self, event: ReplySaid, target: Target | None) -> "Explanation":
        """What a reply means here."""
        from smtp_repl.teach.explaining_replies import explain_reply  # with its data: not before there is a question

        return explain_reply(event.reply, self.circumstances(target, event.answers))

    def refusal(self, event: ReplySaid, target: Target | None, columns: int | None) -> str:
        """A refusal in one line; empty where the same was said just before, of the command or of the last refusal."""
        explanation = self.explain(event, target)
        if self._is_foretold(event) and explanation.kind not in _SPEAKERS:
            return ""
        return self._once(event, explanation, columns)

    def refusal_of_speaker(self, event: ReplySaid, target: Target | None, columns: int | None) -> str:
        """The same, if this provider or this server program is known to say it; else empty."""
        explanation = self.explain(event, target)
        return self._once(event, explanation, columns) if explanation.kind in _SPEAKERS else ""

    def _once(self, event: ReplySaid, explanation: "Explanation", columns: int | None) -> str:
        line = refusal_line(event, explanation, columns)
        is_new, self._told = line != self._told, line
        return line if is_new else ""

    def _is_foretold(self, event: ReplySaid) -> bool:
        return event.reply.code in _FAULTS and any(event.command is command for command in self._foretold)


def refusal_line(event: ReplySaid, explanation: "Explanation", columns: int | None) -> str:
    """A refusal in one line of a remark; whole where `columns` is None."""
    from smtp_repl.teach.wording import in_one_line, sentences, what_to_do
    from smtp_repl.view.width import cells, cut

    told = b" ".join(event.reply.texts).decode("utf-8", "replace")
    says_nothing_new = _repeats(explanation.plain, told)
    whole = what_to_do(explanation) if says_nothing_new else in_one_line(explanation)
    if columns is None:
        return whole
    first = whole if says_nothing_new else explanation.plain
    retry = what_to_do(explanation._replace(advice="")) if explanation.retry else ""
    shorter = [sentences(first, retry)] if retry and not says_nothing_new else []
    for text in (whole, *shorter, sentences(first, _("(/explain tells more)")), first):
        if cells(text) <= columns:
            return text
    return cut(first, columns)


def _repeats(sentence: str, reply: str) -> bool:
    words = {word for word in _words(sentence) if len(word) >= _WORD_LENGTH}
    return bool(words) and len(words & _words(reply)) >= _SAME_WORDS * len(words)


def _words(text: str) -> set[str]:
    letters = "".join(character if character.isalnum() else " " for character in text.lower())
    return set(letters.split())
