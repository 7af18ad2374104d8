"""An explanation as lines for a person: what it is, one plain sentence, what to do, where that is written.

Knows columns and no colours: each line says how it is to look, and `painted` gives it to a terminal. Pygments is not
loaded here, because an answer on the command line is to be there at once.
"""

from collections.abc import Iterable, Iterator, Mapping

from smtp_repl.teach.explanation import Explanation
from smtp_repl.teach.wording import OF_REPLIES, what_to_do, where_written
from smtp_repl.view.width import fold
from smtp_repl.wire.language import _
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

HEAD, TEXT, FAINT = "head", "text", "faint"
_CODES: Mapping[str, str] = {HEAD: "\x1b[1m", TEXT: "", FAINT: "\x1b[36m"}
"""As `styles` has them: bold, the terminal's own, and the colour of comments."""
_RESET = "\x1b[0m"

_INDENT = 2
_NARROWEST = 20


class Row(Record):
    """A line that fits; `look` is HEAD, TEXT or FAINT."""

    text: str
    look: str


def explanation_rows(explanation: Explanation, columns: int) -> list[Row]:
    """All that an explanation says, in lines of so many columns."""
    rows = list(_folded(_head(explanation), HEAD, columns, 0))
    more = [row for text in explanation.more for row in _folded(text, TEXT, columns, _INDENT, deeper=2)]
    for text in (explanation.plain, what_to_do(explanation)):
        rows += _folded(text, TEXT, columns, _INDENT)
    where = list(_folded(where_written(explanation), FAINT, columns, _INDENT))
    # What the codes of a reply say by themselves is an aside; of a word, it is what one wants to read.
    return [*rows, *where, *more] if explanation.kind in OF_REPLIES else [*rows, *more, *where]


def _head(explanation: Explanation) -> str:
    """The subject, and of a word also what it is; where an answer to a reply comes from is told at the end."""
    subject = printable(explanation.subject)
    if not subject:
        return explanation.source
    if explanation.kind in OF_REPLIES:
        return subject
    return _("{subject} ({what})").format(subject=subject, what=explanation.source)


def _folded(text: str, look: str, columns: int, indent: int, deeper: int = 0) -> Iterator[Row]:
    """The text folded behind an indentation; from its second line on it may stand deeper."""
    room = max(_NARROWEST, columns - indent)
    for number, line in enumerate(fold(printable(text), room, max(_NARROWEST, room - deeper))):
        if line:
            yield Row(" " * (indent + (deeper if number else 0)) + line, look)


def painted(rows: Iterable[Row], *, colour: bool) -> Iterator[str]:
    """The lines as a terminal takes them."""
    for row in rows:
        yield f"{_CODES[row.look]}{row.text}{_RESET}" if colour and _CODES[row.look] else row.text


def explanation_fields(explanation: Explanation) -> dict[str, object]:
    """An explanation for programs: the names are fixed, the texts are in the language of the person."""
    return {
        "event": "explanation",
        "subject": printable(explanation.subject),
        "kind": explanation.kind,
        "source": explanation.source,
        "plain": explanation.plain,
        "advice": explanation.advice,
        "retry": explanation.retry,
        "ref": explanation.ref,
        "confirmed": explanation.confirmed,
        "more": list(explanation.more),
    }
