"""Transcript lines to coloured fragments, through the one lexer; what is printed is the text of the line, no more."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import groupby

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.styles import BaseStyle, Style, merge_styles
from prompt_toolkit.styles.pygments import pygments_token_to_classname, style_from_pygments_dict

from smtp_repl.script.transcript import CLIENT, REMARK, Line
from smtp_repl.term.requests import ADDED, REMOVED
from smtp_repl.view.lines import tokens
from smtp_repl.view.spans import Kind, Span
from smtp_repl.view.styles import shell_style
from smtp_repl.view.width import cells, fold

_IN_MESSAGE = "C: DATA\n"


_COMPARED = {REMOVED: "class:diff.removed", ADDED: "class:diff.added"}


def paint(lines: Iterable[Line], *, in_message: bool = False) -> StyleAndTextTuples:
    """Fragments for some lines, a line end after each. `in_message`: the client's lines are message text."""
    fragments: StyleAndTextTuples = []
    for style, group in groupby(lines, lambda line: _COMPARED.get(line.kind, "")):
        if style:
            fragments += [(style, f"{line.shown}\n") for line in group]
        else:
            fragments += _paint_transcript(list(group), in_message)
    return fragments


def _paint_transcript(lines: list[Line], in_message: bool) -> StyleAndTextTuples:
    text = "".join(f"{line.shown}\n" for line in lines)
    before = _IN_MESSAGE if in_message and any(line.kind == CLIENT for line in lines) else ""
    pieces = tokens(before + text)
    skip = len(before)
    while skip:
        token, piece = pieces.pop(0)
        if len(piece) > skip:
            pieces.insert(0, (token, piece[skip:]))
        skip = max(0, skip - len(piece))
    return paint_tokens(pieces)


def paint_tokens(pieces: Iterable[Span]) -> StyleAndTextTuples:
    """Fragments for tokens."""
    return [(_style_name(token), piece) for token, piece in pieces if piece]


@cache
def _style_name(token: Kind) -> str:
    return f"class:{pygments_token_to_classname(token)}"


def fit(lines: Iterable[Line], columns: int) -> list[Line]:
    """Remarks broken where the terminal would break them, at blanks or beside wide characters.

    Each row is a remark, wherever it is copied to. What the two sides said is never broken by us.
    """
    fitted: list[Line] = []
    for line in lines:
        text = line.shown
        if line.kind not in _TALK or cells(text) < columns or columns < _NARROW:
            fitted.append(line)
            continue
        indent = _INDENT.match(text)
        begin = indent[0] if indent is not None else "# "
        width = max(_NARROW // 2, columns - 1 - cells(begin))
        first, *others = fold(text[len(begin) :], width, width - 2)
        fitted += [Line(line.kind, begin + first), *(Line(line.kind, f"{begin}  {row}") for row in others)]
    return fitted


_NARROW = 20
_TALK = (REMARK, REMOVED, ADDED)
_INDENT = re.compile(r"# *(?=[^ ])|# +")


@cache
def stage_style(background: str = "dark") -> BaseStyle:
    """The style of everything in the shell."""
    return merge_styles(
        [
            style_from_pygments_dict(shell_style(background)),
            Style.from_dict(
                {
                    "bottom-toolbar": "noreverse",
                    "bottom-toolbar.text": "noreverse",
                    "ghost": "fg:#808080 italic",
                    "auto-suggestion": "fg:#808080 italic",
                    "mark.error": "fg:ansired underline",
                    "mark.warning": "fg:ansiyellow underline",
                    "stuffed": "ansimagenta bold",
                    "diff.removed": "ansired",
                    "diff.added": "ansigreen",
                    "toolbar.host": "bold",
                    "toolbar.good": "ansigreen",
                    "toolbar.bad": "ansired bold",
                    "toolbar.note": "ansiyellow bold",
                    "toolbar.next": "ansicyan",
                }
            ),
        ]
    )
