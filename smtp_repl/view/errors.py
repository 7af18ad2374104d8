"""Errors as a person reads them: what, where, the line with carets, and what to do.

    error: this hole is not closed
      --> first.smtp:7:8
       |
     7 | S~ 250 {id
       |        ^^^
    hint: write {{ for a brace

All text is made printable here, since messages quote files and servers. Knows neither colours nor streams.
"""

import difflib
from collections.abc import Iterable

from smtp_repl.view.width import cells
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable

TAB = "    "
"""What a tab is shown as: a caret must stand under its character whatever the terminal's tab stops are."""
BEFORE, SHOWN = 60, 140
"""Characters of a long line before the trouble, and in all."""
LONGEST = 1000
"""Characters of a message; it may quote what a stranger wrote."""


def show_error(error: SmtpReplError, severity: str = "error") -> str:
    """An error in full, each line with its line end; `severity` is the word that it begins with."""
    lines = [*_prefixed(_("{word}: ").format(word=_(severity)), _(error.message))]
    if error.file or error.line:
        lines += _place(error)
    if error.hint:
        lines += _prefixed(_("{word}: ").format(word=_("hint")), _(error.hint))
    return "".join(line + "\n" for line in lines)


def _prefixed(prefix: str, text: str) -> list[str]:
    """Text behind its prefix; further lines are indented, so that none can pass for a line of our own."""
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + "…" + text[-LONGEST // 2 :]
    first, *others = text.split("\n")
    return [prefix + printable(first), *("  " + printable(line) for line in others)]


def _place(error: SmtpReplError) -> list[str]:
    gutter = " " * len(str(error.line)) if error.line else ""
    place = [printable(error.file) or "<script>"]
    place += [str(number) for number in (error.line, error.column) if number]
    lines = [f"{gutter} --> " + ":".join(place)] if error.line else ["--> " + place[0]]
    if not (error.line and error.source):
        return lines
    text, before, marked = _excerpt(error.source, max(error.column, 1) - 1, max(error.width, 1))
    lines += [f"{gutter} |", f"{error.line} | {text}"]
    if error.column:
        lines.append(f"{gutter} | {' ' * before}{'^' * marked}")
    return lines


def _excerpt(source: str, at: int, width: int) -> tuple[str, int, int]:
    """A line as shown, or the part of it around the trouble; cells before the carets, and carets."""
    at = min(at, len(source))
    start = at - BEFORE if at > BEFORE and len(source) > SHOWN else 0
    end = min(len(source), start + SHOWN)
    left, right = "…" * (start > 0), "…" * (end < len(source))
    before = left + _shown(source[start:at])
    marked = _shown(source[at : min(at + width, end)])
    rest = _shown(source[min(at + width, end) : end])
    return before + marked + rest + right, cells(before), max(1, cells(marked))


def _shown(text: str) -> str:
    return printable(text.replace("\t", TAB))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to one that is not known, or "" when none is near."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, 1, 0.6)
    return phrase("did you mean {name}?", name=names[near[0]]) if near else ""
