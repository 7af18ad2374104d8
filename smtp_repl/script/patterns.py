r"""The regular expressions that a hole may hold: Python's, cut down until no line can make them slow.

A script may come from a stranger and the line from a hostile server, so a pattern has neither groups, nor
lookaround, nor back-references, and its quantifiers are counted: `unbounded` ones (`*`, `+`, `{2,}`) cost a
factor of the line's length each, bounded ones a constant (`ways`). Who puts patterns together (`holes`) keeps
the sum within "at most quadratic". Classes are ASCII: `\d` is `[0-9]`, as in a reply code.

Knows nothing of scripts and lines: text in, checked pattern or `ScriptError` out. No RFC; `re` syntax.
"""

import re

from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record

FLAGS = re.ASCII | re.DOTALL
COUNT_LIMIT = 10_000
"""The largest number that a `{m,n}` may name."""
LENGTH_LIMIT = 1000
"""Characters of a pattern."""

_ATOM = r"(?s)\\x[0-9A-Fa-f]{2}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|."
_QUANTIFIER = r"([*+?]|\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)\})([?+]?)"
_SET_OPERATION = r"(?:--|&&|~~|\|\|)"
_CANDIDATES = "0aA x-._:@/<>" + "".join(map(chr, range(0x21, 0x7F))) + "\t\r\n\0é"


class Atom(Record):
    """One element of a branch and how often it may stand; `high` is None where nothing bounds it."""

    source: str
    low: int = 1
    high: int | None = 1


class Pattern(Record):
    """A checked pattern: its source, its branches (`a|b`), and what it costs."""

    source: str
    branches: tuple[tuple[Atom, ...], ...]
    unbounded: int
    ways: int

    def sample(self) -> str:
        """A shortest text that matches. Raises `ScriptError` where none is found (`\\b`, an empty class)."""
        texts = sorted((_sample_branch(branch) for branch in self.branches), key=len)
        for text in texts:
            if re.fullmatch(f"(?:{self.source})", text, FLAGS):
                return text
        raise ScriptError(
            phrase("no text is known that matches {source}", source=self.source),
            "name the value with @set",
            kind="no-sample",
        )


def read_pattern(source: str) -> Pattern:
    """Check a pattern; `ScriptError` kind "bad-regex", `column` counted from 1 within the source."""
    if len(source) > LENGTH_LIMIT:
        raise _bad(source, LENGTH_LIMIT, phrase("a pattern has at most {limit} characters", limit=LENGTH_LIMIT))
    branches: list[tuple[Atom, ...]] = []
    atoms: list[Atom] = []
    at = 0
    while at < len(source):
        found = _match(_ATOM, source, at)
        text = found[0] if found else source[at]
        _refuse(source, at, text)
        at += len(text)
        if text == "|":
            branches.append(tuple(atoms))
            atoms = []
            continue
        quantifier = _match(_QUANTIFIER, source, at)
        if quantifier is None:
            atoms.append(Atom(text))
            continue
        low, high = _bounds(source, at, quantifier[1])
        atoms.append(Atom(text, low, high))
        at = quantifier.end()
    branches.append(tuple(atoms))
    try:
        re.compile(source, FLAGS)
    except (re.error, OverflowError, RecursionError) as error:
        position = getattr(error, "pos", None) or 0
        raise _bad(
            source, position, phrase("this is no regular expression: {why}", why=getattr(error, "msg", error))
        ) from None
    unbounded = sum(atom.high is None for branch in branches for atom in branch)
    return Pattern(source, tuple(branches), unbounded, sum(_ways(branch) for branch in branches))


def _match(pattern: str, source: str, at: int) -> re.Match[str] | None:
    # Compiled when the first pattern is read, and kept by `re`: most scripts hold none.
    return re.compile(pattern).match(source, at)


def _bad(source: str, at: int, problem: str, hint: str = "", width: int = 1) -> ScriptError:
    return ScriptError(problem, hint, kind="bad-regex", column=at + 1, width=width, source=source)


def _refuse(source: str, at: int, text: str) -> None:
    if text == "\\":
        raise _bad(source, at, phrase("the pattern ends in a backslash"), phrase(r"write \\ for the character itself"))
    if text in "()":
        raise _bad(
            source, at, phrase("a pattern in a hole has no groups"), phrase(r"write \( or \) for the character itself")
        )
    if text in "*+?" or (text == "{" and _match(_QUANTIFIER, source, at)):
        raise _bad(
            source,
            at,
            phrase("there is nothing to repeat here"),
            phrase("write \\{text} for the character itself", text=text),
        )
    if text == "[":
        raise _bad(
            source, at, phrase("this character class is not closed"), phrase(r"write \[ for the character itself")
        )
    if text[0] == "[" and len(text) > 1:
        # Python only warns of these today ("possible nested set") and may read them differently tomorrow.
        inner = text[1:-1].replace("\\[", "")
        if "[" in inner or re.search(_SET_OPERATION, inner):
            raise _bad(source, at, phrase(r"write \[ inside a character class, and no -- && ~~ ||"), "", len(text))
    if text[0] == "\\" and len(text) == 2 and text[1].isdigit() and text[1] != "0":
        raise _bad(
            source, at, phrase("a pattern in a hole has no back-references"), phrase("use {name} twice instead"), 2
        )


def _bounds(source: str, at: int, quantifier: str) -> tuple[int, int | None]:
    if quantifier in "*+?":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[quantifier]
    low, comma, high = quantifier[1:-1].partition(",")
    if len(low) > 5 or len(high) > 5 or max(int(low or 0), int(high or 0)) > COUNT_LIMIT:
        raise _bad(source, at, phrase("a count goes up to {limit}", limit=COUNT_LIMIT), "", len(quantifier))
    lowest = int(low or 0)
    if not comma:
        return lowest, lowest
    return lowest, int(high) if high else None


def _ways(branch: tuple[Atom, ...]) -> int:
    ways = 1
    for atom in branch:
        if atom.high is not None:
            ways *= max(1, atom.high - atom.low + 1)
    return ways


def _sample_branch(branch: tuple[Atom, ...]) -> str:
    return "".join(_sample_atom(atom.source) * atom.low for atom in branch if atom.low)


def _sample_atom(source: str) -> str:
    if len(source) == 1 and source not in ".^$":
        return source
    if source in ("^", "$", "\\A", "\\Z", "\\b", "\\B"):
        return ""
    try:
        compiled = re.compile(source, FLAGS)
    except re.error:  # the first half of \\u0041; the whole pattern was compiled before
        return ""
    return next((character for character in _CANDIDATES if compiled.fullmatch(character)), "")
