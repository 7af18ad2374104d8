r"""Holes: the `{…}` of `C~` and `S~` lines, filled when we send, captured when we compare.

    {}  {:regex}            anything; anything like this            {name}  {name:regex}    the same, remembered
    {b64:\0alice\0wrong}    base64 of these octets (C~ only)        {{  }}                  a brace

A name that is bound must occur again as it is. Matching takes the shortest text for each hole from left to
right and works on whole lines. Dotted names (`{auth.plain}`, `{secret.1}`) are secret; they stand in `C~`.

The promise: comparing a line costs at most quadratic time in its length. A hole without a pattern that is
followed by another one commits to its shortest text (for two wildcards that loses no match), so any number
of these is linear; all other unbounded holes are counted, and three of them are an error of the script.

Knows neither connections nor who plays; text is UTF-8, lines have no line end. No RFC: our notation.
"""

import re
from collections.abc import Mapping

from smtp_repl.script.patterns import FLAGS, Pattern, read_pattern
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import encode_step, unquote
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import Secret

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
"""What connections, identities and variables may be called (a pattern)."""
HOLES_LIMIT = 100
"""Holes in a line."""
WAYS_LIMIT = 1000
"""In how many ways the bounded quantifiers of a template may match together; a hundredth when it is quadratic."""

_DOTTED = NAME + r"(?:\.[A-Za-z0-9_-]+)?"


class Hole(Record):
    """One `{…}`; `name` is "" when nothing is remembered, `pattern` None when anything will do."""

    name: str
    pattern: Pattern | None
    column: int
    width: int


class Template:
    """A line with holes: `parts` are literal texts and holes, in order."""

    __slots__ = ("_compiled", "line", "parts", "side", "text")

    def __init__(self, text: str, parts: tuple[str | Hole, ...], side: str, line: int = 0) -> None:
        self.text = text
        self.parts = parts
        self.side = side
        self.line = line
        """The line of the script that the template stands in, for errors (0: none)."""
        self._compiled: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and (other.text, other.parts) == (self.text, self.parts)

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def holes(self) -> tuple[Hole, ...]:
        return tuple(part for part in self.parts if isinstance(part, Hole))

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order, each once."""
        return tuple(dict.fromkeys(hole.name for hole in self.holes if hole.name))

    @property
    def secret(self) -> bool:
        """Whether something that is secret goes into it."""
        return any("." in hole.name for hole in self.holes)

    @property
    def prefix(self) -> str:
        """The literal text before the first hole."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""

    def fill(self, scope: Mapping[str, bytes | Secret]) -> bytes:
        """The line with every hole filled, without line end.

        Raises `ScriptError`: "undeclared-variable" (a nameless hole too), "control-char" when a value holds
        CR, LF or NUL: a value must not become a second command.
        """
        result: list[bytes] = []
        for part in self.parts:
            if isinstance(part, str):
                result.append(part.encode())
                continue
            if not part.name:
                raise self._error(
                    part, phrase("a hole without a name cannot be sent"), phrase("name it: {name}, and @set name=value")
                )
            try:
                value = scope[part.name]
            except KeyError:
                known = ", ".join(sorted(scope)) or "none"
                raise self._error(
                    part,
                    phrase("{{{name}}} has no value here", name=part.name),
                    phrase("known names: {known}", known=known),
                ) from None
            except ScriptError as error:  # the scope knows why, we know where
                raise self._error(part, error.message, error.hint, error.kind) from None
            octets = value.reveal() if isinstance(value, Secret) else value
            if b"\r" in octets or b"\n" in octets or b"\0" in octets:
                raise self._error(
                    part, phrase("the value of {{{name}}} holds a CR, LF or NUL", name=part.name), "", "control-char"
                )
            result.append(octets)
        return b"".join(result)

    def match(self, line: bytes, bindings: Mapping[str, bytes]) -> dict[str, bytes] | None:
        """What the names captured, if the whole line matches, else None. Names already bound must be equal."""
        found = self._pattern(bindings).fullmatch(line.decode("utf-8", "surrogateescape"))
        return None if found is None else self._captures(found, bindings)

    def sample(self, bindings: dict[str, bytes]) -> bytes:
        """The line as whoever plays the server says it: bound values, else the shortest match, which is bound."""
        result: list[bytes] = []
        for part in self.parts:
            if isinstance(part, str):
                result.append(part.encode())
            elif part.name in bindings:
                result.append(bindings[part.name])
            else:
                octets = part.pattern.sample().encode() if part.pattern else b""
                if part.name:
                    bindings[part.name] = octets
                result.append(octets)
        return b"".join(result)

    def _error(self, hole: Hole, problem: str, hint: str, kind: str = "undeclared-variable") -> ScriptError:
        return ScriptError(
            problem, hint, kind=kind, line=self.line, column=hole.column, width=hole.width, source=self.text
        )

    def _captures(self, found: re.Match[str], bindings: Mapping[str, bytes]) -> dict[str, bytes]:
        names = [name for name in self.names if name not in bindings and "." not in name]
        return {name: found[number].encode("utf-8", "surrogateescape") for number, name in enumerate(names, start=1)}

    def _pattern(self, bindings: Mapping[str, bytes]) -> re.Pattern[str]:
        if any(name in bindings for name in self.names):
            return re.compile(self._source(bindings), FLAGS)
        if self._compiled is None:
            self._compiled = re.compile(self._source({}), FLAGS)
        return self._compiled

    def _source(self, bindings: Mapping[str, bytes]) -> str:
        groups: dict[str, int] = {}
        parts = _bound(self.parts, bindings)
        committing = _committing(parts, self.side)
        result: list[str] = []
        pending = ""  # what closes the atomic group of a hole that commits
        for index, part in enumerate(parts):
            if isinstance(part, str):
                result.append(re.escape(part) + pending)
                pending = ""
                continue
            result.append(pending)
            pending = ""
            if part.name in groups and self.side == "S":
                result.append(f"(?:\\{groups[part.name]})")
            else:
                inner = part.pattern.source if part.pattern else ".*?"
                captured = part.name and "." not in part.name and part.name not in groups
                if captured:
                    groups[part.name] = len(groups) + 1
                group = f"({inner})" if captured else f"(?:{inner})"
                if index in committing:
                    group, pending = f"(?>{group}", ")"
                result.append(group)
        return "".join(result) + pending


def parse_template(text: str, side: str, *, line: int = 0, anywhere: bool = False) -> Template:
    """Read the text of a `C~` ("C") or `S~` ("S") line, without line end; `anywhere` (`S!~`) adds a `{}` at each end.

    Raises `ScriptError` ("bad-hole", "bad-regex"), `column` counted from 1 within the text.
    """
    parts: list[str | Hole] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        stop = next((i for i in range(at, len(text)) if text[i] in "{}"), len(text))
        literal.append(text[at:stop])
        at = stop
        if at == len(text):
            break
        if text[at : at + 2] in ("{{", "}}"):
            literal.append(text[at])
            at += 2
            continue
        if text[at] == "}":
            raise _bad(text, at, 1, phrase("this brace closes nothing"), "write }} for a brace")
        end = _closing(text, at)
        hole = _read_hole(text, at, end, side)
        at = end + 1
        if isinstance(hole, str):
            literal.append(hole)
            continue
        if joined := "".join(literal):
            parts.append(joined)
        literal = []
        parts.append(hole)
        if len(parts) > 2 * HOLES_LIMIT:
            raise _bad(text, at - 1, 1, phrase("a line has at most {limit} holes", limit=HOLES_LIMIT))
    if joined := "".join(literal):
        parts.append(joined)
    if anywhere:
        parts = [Hole("", None, 1, 1), *parts, Hole("", None, len(text) + 1, 1)]
    template = Template(text, tuple(parts), side, line)
    _check_cost(template)
    return template


def _bad(text: str, at: int, width: int, problem: str, hint: str = "") -> ScriptError:
    return ScriptError(problem, hint, kind="bad-hole", column=at + 1, width=width, source=text)


def _closing(text: str, at: int) -> int:
    """Where the hole that begins at `at` ends; braces inside balance, after a backslash they do not count."""
    depth = 0
    index = at
    while index < len(text):
        character = text[index]
        if character == "\\":
            index += 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if not depth:
                return index
        index += 1
    raise _bad(text, at, len(text) - at, phrase("this hole is not closed"), "write {{ for a brace")


def _read_hole(text: str, at: int, end: int, side: str) -> Hole | str:
    """The hole between two braces; of `{b64:…}` the text that it stands for."""
    name, colon, rest = text[at + 1 : end].partition(":")
    width = end - at + 1
    if name == "b64" and colon:
        if side != "C":
            raise _bad(
                text, at, width, phrase("{b64:…} is for C~ lines"), phrase("decode the step, or use {name} here")
            )
        try:
            return encode_step(unquote(rest)).decode("ascii")
        except ValueError as error:
            raise _bad(text, at, width, str(error), phrase(r"escapes are those of C\"…\": \0 \t \\ \xHH")) from None
    if name and not re.fullmatch(_DOTTED, name):
        raise _bad(
            text,
            at,
            width,
            phrase("{name!r} is no name for a hole", name=name),
            phrase("letters, digits, - and _; {{ for a brace"),
        )
    if "." in name and side != "C":
        raise _bad(text, at, width, phrase("{{{name}}} is a secret of ours and stands in C~ lines only", name=name))
    pattern = None
    if colon:
        try:
            pattern = read_pattern(rest)
        except ScriptError as error:
            error.column += at + 1 + len(name) + 1
            error.source = text
            raise
    return Hole(name, pattern, at + 1, width)


def _bound(parts: tuple[str | Hole, ...], bindings: Mapping[str, bytes]) -> tuple[str | Hole, ...]:
    """The parts with every name that is bound turned into the text that it stands for."""
    result: list[str | Hole] = []
    for part in parts:
        if isinstance(part, Hole) and part.name in bindings:
            part = bindings[part.name].decode("utf-8", "surrogateescape")
        if isinstance(part, str) and result and isinstance(last := result[-1], str):
            result[-1] = last + part
        else:
            result.append(part)
    return tuple(result)


def _committing(parts: tuple[str | Hole, ...], side: str) -> set[int]:
    """The holes that may commit to their shortest text: wildcards before (a text and) another wildcard.

    A name that occurs twice in an `S~` has to occur the same, so it may not. In a `C~`, which nobody but a
    mock server compares, the second one takes anything: the values are ours, and three of a name are common.
    """
    names = [part.name if isinstance(part, Hole) else "" for part in parts]
    result = set()
    for index, part in enumerate(parts):
        after = parts[index + 1 : index + 3]
        following = after[0] if after and isinstance(after[0], Hole) else after[1] if len(after) > 1 else None
        if not isinstance(part, Hole) or not isinstance(following, Hole):
            continue
        alone = all(
            hole.pattern is None and (not hole.name or side == "C" or names.count(hole.name) == 1)
            for hole in (part, following)
        )
        if alone:
            result.add(index)
    return result


def _check_cost(template: Template) -> None:
    """Refuse a template that a hostile line could make slow (see the module's promise)."""
    committing = _committing(template.parts, template.side)
    degree, ways, chained = 0, 1, False
    seen: set[str] = set()
    for index, part in enumerate(template.parts):
        if isinstance(part, str):
            continue
        if index in committing:
            # A chain that commits is one scan; behind something that can be retried it is one scan each time.
            degree += bool(degree and not chained)
            chained = True
        elif part.name and part.name in seen and template.side == "S":
            degree += 1
        elif part.pattern is None and index == len(template.parts) - 1:
            pass  # whatever comes, it matches: nothing is retried
        elif part.pattern is None:
            degree += 0 if chained and degree else 1
        else:
            degree += part.pattern.unbounded
            ways *= part.pattern.ways
        seen.add(part.name)
        if degree > 2 or ways > (WAYS_LIMIT if degree < 2 else WAYS_LIMIT // 100):
            error = _bad(
                template.text,
                part.column - 1,
                part.width,
                phrase("these holes could take too long to match"),
                phrase("at most two unbounded quantifiers (* + {2,}) in a line; name fewer holes or bound them"),
            )
            error.kind = "bad-regex"
            raise error
