"""An explained conversation as one page of HTML, to hand out: what came of it, then each line with its notes.

The page needs nothing but itself, and reads the same without colours: no script, no font, no picture from elsewhere,
and its own policy forbids them. Everything foreign goes through the template's escaping. jinja2 is imported here.
"""

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from smtp_repl import __version__
from smtp_repl.teach.annotating import Annotated, AnnotatedLine
from smtp_repl.view.html_report import coloured, style
from smtp_repl.wire.language import _
from smtp_repl.wire.records import Record

Piece = tuple[str, str]


class _Line(Record):
    """A line as the template takes it: its pieces, each with the class of its colour."""

    line: AnnotatedLine
    pieces: Sequence[Piece]


def annotated_page(annotated: Annotated, title: str) -> str:
    """The page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = files("smtp_repl.view").joinpath("annotated.html").read_text(encoding="utf-8")
    pieces = _by_line("\n".join(line.text for line in annotated.lines))
    page = environment.from_string(text).render(
        title=title,
        # The name of the language, in a form that HTML takes.
        language=_("en"),
        lines=[_Line(line, own) for line, own in zip(annotated.lines, pieces, strict=True)],
        summary=annotated.summary,
        in_short=_("In short"),
        said=_("What was said"),
        legend=_("C: is what the client says, S: what the server answers; what is set in below a line explains it."),
        made=_("explained by smtp-repl {version}").format(version=__version__),
        style=style(),
    )
    return page.rstrip("\n") + "\n"


def _by_line(transcript: str) -> list[list[Piece]]:
    """The coloured pieces of a transcript, line by line."""
    lines: list[list[Piece]] = [[]]
    for name, piece in coloured(f"{transcript}\n"):
        first, *others = piece.split("\n")
        lines[-1].append((name, first))
        lines += [[(name, other)] for other in others]
    wanted = transcript.count("\n") + 1
    return [[piece for piece in line if piece[1]] for line in lines[:wanted]]
