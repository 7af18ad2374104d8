"""Completion for a person who plays the server: replies to what waits for an answer, keywords line by line, commands.

`reply_candidates` is pure; the completer behind it is prompt_toolkit's interface.
"""

from collections.abc import Callable, Iterator, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from smtp_repl.knowledge import entries
from smtp_repl.term.answering.replies import KEYWORDS, Due, proposed
from smtp_repl.term.commands import ANSWER_COMMANDS
from smtp_repl.term.completer import files_beginning
from smtp_repl.term.completion import candidates
from smtp_repl.term.suggestions import Candidate, State
from smtp_repl.wire.states import Phase

_COMMANDS = State(
    connected=True, phase=Phase.CONNECTED, commands=tuple(ANSWER_COMMANDS.values()), files=files_beginning
)


def reply_candidates(text: str, due: Due) -> list[Candidate]:
    """What could follow the text before the cursor, the likely ones first."""
    if text.startswith("/"):
        return candidates(text, _COMMANDS)
    *before, line = text.split("\n")
    if before:
        start = len(text) - len(line)
        return [one._replace(start=start) for one in _keyword_lines(before, line, due) if _goes_on_from(line, one.text)]
    return [
        Candidate(reply.text, 0, reply.meaning)
        for reply in proposed(due)
        if _goes_on_from(text, reply.text.partition("\n")[0])
    ]


def _goes_on_from(typed: str, text: str) -> bool:
    return text.lower().startswith(typed.lower()) and text != typed


def _keyword_lines(before: Sequence[str], line: str, due: Due) -> Iterator[Candidate]:
    """Further lines of a reply to EHLO; where a line is the last one is for the person to say."""
    if due.said not in ("EHLO", "LHLO"):
        return
    present = {words[0].upper() for one in before if (words := one[4:].split())}
    for offer, when in KEYWORDS:
        keyword = offer.partition(" ")[0]
        if keyword in present or (when == "plaintext" and due.tls_active):
            continue
        entry = entries.keyword(keyword)
        meaning = entry.plain if entry is not None else ""
        separators = line[3:4] or "- "
        for separator in separators:
            yield Candidate(f"250{separator}{offer}", 0, meaning)


class ReplyCompleter(Completer):
    """Asks anew at each key what waits for an answer: commands come while one types."""

    def __init__(self, due: Callable[[], Due | None]) -> None:
        self._due = due
        """None when no client is there."""

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        due = self._due()
        if due is None and not text.startswith("/"):
            return
        for candidate in reply_candidates(text, due or Due()):
            first, *more = candidate.text.split("\n")
            yield Completion(
                candidate.text,
                start_position=candidate.start - len(text),
                display=first + (" …" if more else ""),
                display_meta=candidate.meaning,
            )
