"""The native text of scripts: octets to a `Script` and back, losslessly, and the canonical spacing (`fmt`).

`parse` never raises: a line that cannot be read becomes an `Invalid` node that says where and what to write
instead. LF ends a line, a CR before it goes with it; nothing else ends one (U+2028 does not). `write` gives the
octets back, whatever they were. Opens no file. No RFC: our notation, made from the S:/C: of the RFCs' examples.
"""

import re

from smtp_repl.script.directives import near_directive, read_directive
from smtp_repl.script.holes import NAME, Template, parse_template
from smtp_repl.script.limits import LINES, PROBLEMS
from smtp_repl.script.model import (
    Blank,
    Comment,
    Directive,
    Invalid,
    Item,
    Node,
    Note,
    Remark,
    Script,
    Wire,
    line_text,
    strip_line_end,
)
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable, unquote
from smtp_repl.wire.verbs import VERBS

LINE_LIMIT = 1024 * 1024
"""Octets in one line of a script."""
TIMES_LIMIT = 1_000_000_000
"""How often `"…"*N` may repeat."""

_SPACE = " \t\r\n\v\f"
_BOM = b"\xef\xbb\xbf"
_WIRE = re.compile(r"([CS])(?:\[([^\]]*)\])?(?:([?*!]?)([:~=])(?=\s|$)|(=?)(?=\"))")
_DIRECTIVE = re.compile(r"@([A-Za-z][A-Za-z0-9-]*)?(?:\[([^\]]*)\])?(?=\s|$)")
_ITEM = r'"((?:[^"\\]++|\\.)*+)"(?:\*([0-9]+))?(?=[ \t]|$)'
_NOTES = (("{", "}"), ("(", ")"), ("[", "]"), ("<", ">"))
_NEARLY = r"\s*([CScs])\s*(\[[^\]]*\])?\s*([?*!]?[:~=\"])"
_OTHER_TAG = r"(?i)\s*(?:(client|[cC] ?->|-?->|>>>|=>)|(server|[sS] ?->|<-|<<<|<=))(?:\s|:|$)"
_REPLY_LIKE = r"\s*[0-9]{3}(?:[ -]|$)"


class _Unreadable(Exception):
    """A line cannot be read; ends the reading of that line and nothing else."""

    def __init__(self, kind: str, problem: str, hint: str = "", column: int = 1, width: int = 1) -> None:
        self.kind = kind
        self.problem = problem
        self.hint = hint
        self.column = column
        self.width = width


def parse(data: bytes, name: str = "<script>") -> Script:
    """Read a script; any octets will do. `name` is for messages."""
    bom = data.startswith(_BOM)
    nodes: list[Node] = []
    warnings: list[Remark] = []
    problems = 0
    at = len(_BOM) if bom else 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        if len(nodes) == LINES or problems == PROBLEMS:
            nodes.append(_rest(data[at:], len(nodes)))
            break
        source = data[at:end]
        at = end
        node = _read_line(source, len(nodes) + 1)
        nodes.append(node)
        if isinstance(node, Invalid):
            problems += 1
        else:
            warnings.extend(_unseen(node))
    return Script(name, tuple(nodes), bom=bom, warnings=tuple(warnings))


def _rest(source: bytes, lines: int) -> Invalid:
    """All that is left of a file that is too long, or no script: it is kept, and not looked at."""
    if lines == LINES:
        problem, hint = phrase("a script has at most {limit} lines", limit=LINES), phrase("@data or @send a file")
    else:
        problem, hint = (
            phrase("the rest is not read: {count} lines cannot be read already", count=PROBLEMS),
            phrase("is this a script?"),
        )
    return Invalid(source, lines + 1, "limit", problem, hint, 1, 1)


def write(script: Script) -> bytes:
    """The octets that the script was read from."""
    return (_BOM if script.bom else b"") + b"".join(node.source for node in script.nodes)


def format_script(script: Script) -> bytes:
    """The script with canonical spacing: no indentation, one space after a tag, LF, no byte order mark.

    What goes over the wire and what is not understood stays untouched; formatting twice changes nothing more.
    """
    result = b"".join(_format_node(node) for node in script.nodes)
    # Of two byte order marks the second belongs to the first line; without the first it would not.
    return _BOM + result if script.bom and result.startswith(_BOM) else result


def _format_node(node: Node) -> bytes:
    if isinstance(node, Invalid):
        return node.source
    if isinstance(node, Blank):
        return b"\n"
    if isinstance(node, Wire):
        body = b" ".join(item.source.encode() for item in node.items) if node.items else node.text
        space = b" " if node.text and not node.items else b""
        return node.tag.encode() + space + body + b"\n"
    if isinstance(node, Directive):
        name = f"[{node.connection}]" if node.connection else ""
        return f"@{node.name}{name} {node.args}".rstrip().encode() + b"\n"
    return node.source.strip() + b"\n"


def _read_line(source: bytes, line: int) -> Node:
    content = strip_line_end(source)
    try:
        if len(content) > LINE_LIMIT:
            raise _Unreadable(
                "line-too-long",
                phrase("this line is longer than {limit} octets", limit=LINE_LIMIT),
                phrase("@data or @send a file"),
            )
        bare = content.strip()
        if not bare:
            return Blank(source, line)
        if bare.startswith(b"#"):
            return Comment(source, line, bare[1:].decode("utf-8", "replace").strip())
        text = _decode(content)
        if bare.startswith(b"@"):
            return _read_directive(source, line, text)
        return _read_wire(source, line, text) or _read_other(source, line, text)
    except _Unreadable as error:
        return Invalid(source, line, error.kind, error.problem, error.hint, error.column, error.width)
    except ScriptError as error:
        return Invalid(source, line, error.kind, error.message, error.hint, error.column, error.width)


def _decode(content: bytes) -> str:
    """The line as text; lines that are neither comments nor blank must be UTF-8 without NUL and stray CR."""
    tag = content.lstrip()[:1].decode("ascii", "replace")
    form = f'{tag if tag in ("C", "S") else "C"}"…"'
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        column = len(content[: error.start].decode("utf-8")) + 1
        octet = f"\\x{content[error.start]:02x}"
        hint = phrase("write it as {form}, this octet as {octet}", form=form, octet=octet)
        raise _Unreadable("not-utf8", phrase("this line is not UTF-8"), hint, column) from None
    for character, kind, name, escape in (
        ("\0", "nul", "a NUL", "\\0"),
        ("\r", "bare-cr", phrase("a CR on its own"), "\\r"),
    ):
        if character in text:
            hint = phrase("write it as {form} with {escape}", form=form, escape=escape)
            if character == "\r" and re.match(_NEARLY, text.partition("\r")[2]):
                hint = phrase("lines end in LF or CRLF; this file has CR alone, from a very old Macintosh?")
            raise _Unreadable(kind, phrase("this line holds {name}", name=name), hint, text.index(character) + 1)
    return text


def _read_wire(source: bytes, line: int, text: str) -> Wire | None:
    start = len(text) - len(text.lstrip(" \t"))
    tag = _WIRE.match(text, start)
    if tag is None:
        return None
    side, connection = tag[1], _read_connection(tag[2], start + 2)
    mod, form = tag[3] or "", tag[4] or '"'
    if mod and side == "C":
        raise _Unreadable(
            "bad-tag", phrase("C lines have no {mod!r}; only S lines do", mod=mod), "", start + 1, tag.end() - start
        )
    asserts = mod == "!" or form in ("~", "=") or tag[5] == "="
    at = tag.end()
    if form == '"':
        items = _read_items(text, at)
        body = text[at:].rstrip(" \t").encode()
        return Wire(source, line, side, connection, mod, form, asserts, body, at + 1, items)
    if at < len(text) and text[at] != " ":
        raise _Unreadable(
            "bad-tag", phrase("a tag is followed by one space"), f"write {tag[0].strip()} and a space", at + 1
        )
    at += 1
    payload = text[at:]
    template: Template | None = None
    if form == "~":
        try:
            template = parse_template(payload, side, line=line, anywhere=mod == "!")
        except ScriptError as error:
            error.column += at
            raise
    return Wire(source, line, side, connection, mod, form, asserts, payload.encode(), at + 1, (), template)


def _read_connection(name: str | None, column: int) -> str:
    if name is None:
        return ""
    if not re.fullmatch(NAME, name):
        hint = phrase("letters, digits, - and _: C[bob]: …")
        raise _Unreadable(
            "bad-connection", phrase("{name!r} is no name for a connection", name=name), hint, column, len(name) + 2
        )
    return name


def _read_items(text: str, at: int) -> tuple[Item, ...]:
    items = []
    while at < len(text):
        found = re.compile(_ITEM).match(text, at)
        if found is None:
            hint = r'C"EHLO x\r\n" "A"*1000; escapes: \r \n \t \0 \\ \" \xHH'
            raise _Unreadable(
                "bad-bytes", phrase('exact bytes stand in quotes: "…" or "…"*N'), hint, at + 1, len(text) - at
            )
        times = found[2] or "1"
        if len(times) > 10 or int(times) > TIMES_LIMIT:
            raise _Unreadable(
                "limit",
                phrase("{times} times is too often", times=times[:12]),
                phrase("at most {limit}", limit=TIMES_LIMIT),
                found.start(2) + 1,
                len(times),
            )
        try:
            octets = unquote(found[1])
        except ValueError as error:
            column = found.start(1) + getattr(error, "offset", 0) + 1
            hint = r"escapes: \r \n \t \0 \\ \" \xHH"
            raise _Unreadable("bad-escape", str(error), hint, column, 2) from None
        items.append(Item(found[0], octets, int(times)))
        at = found.end()
        while at < len(text) and text[at] in " \t":
            at += 1
    return tuple(items)


def _read_directive(source: bytes, line: int, text: str) -> Directive:
    start = text.index("@")
    tag = _DIRECTIVE.match(text, start)
    if tag is None or tag[1] is None:
        hint = phrase("@word, or @word[connection], then its arguments")
        raise _Unreadable("bad-directive", phrase("this is no directive"), hint, start + 1, len(text.split()[0]))
    connection = _read_connection(tag[2], start + 1 + len(tag[1]) + 1)
    args = text[tag.end() :].strip()
    column = text.index(args, tag.end()) + 1
    try:
        value = read_directive(tag[1], connection, args)
    except ScriptError as error:
        if error.column == 0:
            error.column, error.width = start + 1, len(tag[1]) + 1
        else:
            error.column += column - 1
        raise
    return Directive(source, line, tag[1], connection, args, column, value)


def _read_other(source: bytes, line: int, text: str) -> Note:
    """A note, or the reason why the line is nothing."""
    bare = text.strip(_SPACE)
    start = len(text) - len(text.lstrip(_SPACE)) + 1
    for opening, closing in _NOTES:
        if bare.startswith(opening) and not re.match(_OTHER_TAG, text):
            if bare.endswith(closing) and len(bare) > 1:
                return Note(source, line)
            hint = phrase("close it with {closing} on this line, or begin the line with #", closing=closing)
            raise _Unreadable("unclosed-note", phrase("this note does not end on its line"), hint, start, len(bare))
    if bare.startswith(("...", "---", "…")):
        return Note(source, line)
    raise _Unreadable(
        "unknown-line", phrase("this line is none of C:, S:, @directive, # comment"), _hint(text), start, len(bare)
    )


def _hint(text: str) -> str:
    """What the writer of a line that is nothing may have meant."""
    bare = text.strip(_SPACE)
    word = re.split(r"[\s:]", bare, maxsplit=1)[0]
    if nearly := re.match(_NEARLY, text):
        tag = f"{nearly[1].upper()}{nearly[2] or ''}{nearly[3]}"
        return phrase("write {tag} and one space", tag=tag)
    if found := re.match(_OTHER_TAG, text):
        return phrase("write C: for what the client says") if found[1] else phrase("write S: for what the server says")
    if re.match(_REPLY_LIKE, text):
        return phrase("a server's line begins with its tag: S: {bare}", bare=printable(bare[:40]))
    if word.upper() in VERBS:
        return phrase("a client's line begins with its tag: C: {bare}", bare=printable(bare[:40]))
    if (near := near_directive(word[:40])) is not None:
        return phrase("did you mean @{near}?", near=near)
    return phrase("a remark begins with #")


def _unseen(node: Node) -> list[Remark]:
    """Characters that hide or reorder what is read (Trojan Source), and control characters in what is sent."""
    text = line_text(node.source).replace("\t", " ")
    if text.isprintable() or (node.source.isascii() and not isinstance(node, Wire)):
        return []
    import unicodedata  # a library to load, which most scripts do without

    for index, character in enumerate(text):
        category = "" if character.isprintable() else unicodedata.category(character)
        if category == "Cc":
            message = phrase("a control character stands in this line as it is")
            return [Remark("control-char", message, node.line, index + 1)]
        if category in ("Cf", "Zl", "Zp"):
            message = phrase(
                "the character U+{character:04X} stands in this line and cannot be seen", character=ord(character)
            )
            return [Remark("invisible-char", message, node.line, index + 1)]
    return []
