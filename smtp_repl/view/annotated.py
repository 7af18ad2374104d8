"""An explained conversation as text: every line as it stands, and below it, as remarks, what there is to know.

What is printed is still a transcript: all that was added begins with `# `. Pygments is loaded for colours only.
"""

from collections.abc import Iterable, Iterator

from smtp_repl.teach.annotating import REFUSAL, Annotated, AnnotatedLine, Note
from smtp_repl.view.explanations import FAINT, Row, explanation_fields, painted
from smtp_repl.view.width import fold
from smtp_repl.wire.language import _

_NARROWEST = 20


def annotated_text(annotated: Annotated, columns: int, *, colour: bool, style: str = "dark") -> Iterator[str]:
    """The lines of it; notes are folded, and what was said is not."""
    shown = _shown([line.text for line in annotated.lines], colour, style)
    for line, text in zip(annotated.lines, shown, strict=True):
        yield text
        yield from painted(_remarks(line.notes, columns), colour=colour)
    if annotated.summary:
        rows = [Row("#", FAINT), Row(f"# {_('In short:')}", FAINT)]
        rows += (Row(text, FAINT) for sentence in annotated.summary for text in remark_lines(sentence, columns))
        yield from painted(rows, colour=colour)


def _shown(texts: list[str], colour: bool, style: str) -> list[str]:
    if not colour:
        return texts
    from smtp_repl.view.styles import highlight

    coloured = highlight("\n".join(texts), True, style).split("\n")
    # The formatter ends its last line.
    return coloured[: len(texts)]


def _remarks(notes: Iterable[Note], columns: int) -> Iterator[Row]:
    for note in notes:
        apart = note.kind == REFUSAL
        text = note.text if apart or not note.ref else _("{message} ({ref})").format(message=note.text, ref=note.ref)
        for line in (*remark_lines(text, columns), *(remark_lines(note.ref, columns) if apart and note.ref else ())):
            yield Row(line, FAINT)


def remark_lines(text: str, columns: int) -> Iterator[str]:
    """A remark folded; from its second line on it stands deeper."""
    first, *others = fold(text, max(_NARROWEST, columns - len(_FIRST)), max(_NARROWEST, columns - len(_NEXT)))
    yield _FIRST + first
    for line in others:
        yield _NEXT + line


_FIRST, _NEXT = "#   ", "#     "


def annotated_fields(line: AnnotatedLine) -> Iterator[dict[str, object]]:
    """The notes of a line for programs."""
    for note in line.notes:
        fields: dict[str, object] = {
            "event": "note",
            "line": line.line,
            "side": line.side,
            "text": line.text,
            "kind": note.kind,
            "rule": note.rule,
            "severity": note.severity,
            "message": note.text,
            "ref": note.ref,
        }
        if note.explanation is not None:
            own = explanation_fields(note.explanation)
            fields |= {"explanation": {name: own[name] for name in own if name != "event"}, "ref": note.explanation.ref}
        yield fields
