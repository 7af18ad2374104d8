"""The colours of what is typed, by what it would be now. A lexer of prompt_toolkit, over the spans of `view`.

It is asked anew at each key, also in a message of thousands of lines, so it reads only the lines that are shown. What
a line of a message is depends on one thing before it: where the header ends.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from smtp_repl.term.actor import Actor
from smtp_repl.term.paint import paint_tokens
from smtp_repl.view.lines import Place, typed_tokens
from smtp_repl.view.spans import Span, body_spans, header_spans, reply_spans


class TypedLexer(Lexer):
    """Reads each line by itself."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        kind = self._actor.prompt().kind
        lines = document.lines
        if kind == "question":
            return lambda number: [("", lines[number])]
        if kind == "message":
            body = _body(lines)
            return _reading(lines, lambda number, line: (body_spans if number >= body else header_spans)(line))
        if kind == "reply":
            return _reading(lines, lambda number, line: reply_spans(line))
        place = {"step": Place.STEP, "live": Place.HEADER}.get(kind, Place.COMMAND)
        return _reading(lines, lambda number, line: typed_tokens(line, place))

    def invalidation_hash(self) -> Hashable:
        return self._actor.prompt().kind


def _body(lines: Sequence[str]) -> int:
    """The number of the first line that is not of the header."""
    return next((number for number, line in enumerate(lines) if not line or line.startswith(".")), len(lines))


def _reading(lines: Sequence[str], read: Callable[[int, str], Iterable[Span]]) -> Callable[[int], StyleAndTextTuples]:
    """Reads a line when it is first asked for: drawing asks several times, and once for a line that is not there."""
    known: dict[int, StyleAndTextTuples] = {}

    def line(number: int) -> StyleAndTextTuples:
        found = known.get(number)
        if found is None:
            found = known[number] = paint_tokens(read(number, lines[number])) if number < len(lines) else []
        return found

    return line
