"""What one line of a script looks like: a placeholder, a stage direction, the other side's line, a dot not doubled.

Knows the line, and what it is in the conversation (a command, a line of a message) only as far as it is told. Reports
nothing of what the line holds but placeholders, which are no secrets.
"""

import re
from collections.abc import Iterator

from smtp_repl.script.directives import DIRECTIVES
from smtp_repl.script.expectations import ExpectedLine
from smtp_repl.script.lint_rules import lint_remark
from smtp_repl.script.model import Remark, Wire
from smtp_repl.wire.commands import VERBS, parse_command
from smtp_repl.wire.octets import line_end_faults

BODY_LINE = 998
"""Octets of a line of a message without its CRLF (RFC 5321 §4.5.3.1.6)."""
LOOKED_AT = 4096
"""Octets of the beginning of one line; a placeholder stands there or nowhere."""

_HOLE = rb"\{[A-Za-z_][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\}"
_PLACEHOLDER = (
    rb"(?i)<(?:base64|your|the|insert|enter|put)\b[^<>@]*>|<(?:password|passwd|user ?name|host ?name|domain)>"
    rb"|\bYOUR[_-][A-Z0-9_-]+|\[your\b[^\]]*\]|<CRLF>|<CR><LF>|(?<![\w.@-])x{4,40}(?![\w.@-])|(?:\.\.\.|\xe2\x80\xa6)\Z"
)
_DIRECTION = rb"\s*(?:\{.*\}|\(.*\)|\[.*\]|<.*>|#.*|---.*|\.\.\..+)\s*\Z"
_DIRECTIVE = rb"\s*@([a-z]+)(?:\s|\Z)"
_REPLY = rb"[2-5][0-9][0-9](?:[ -]|\Z)"


def beginning(wire: Wire) -> bytes:
    """The beginning of what a C line says, as written, without its line end."""
    octets = b"".join(item.octets[:LOOKED_AT] * min(item.times, 2) for item in wire.items[:64])
    return (octets if wire.items else wire.text)[:LOOKED_AT].removesuffix(b"\n").removesuffix(b"\r")


def place(wire: Wire, octets: int = 0) -> int:
    """The column in which an octet of the line's text stands; of an exact form where its text begins."""
    return wire.column if wire.items else wire.column + len(wire.text[:octets].decode("utf-8", "replace"))


def said_line(wire: Wire) -> Iterator[Remark]:
    """What is odd about a line that is a command, or a step of AUTH."""
    text = beginning(wire)
    if wire.form != ":" and not wire.items:
        return
    if hole := re.search(_HOLE, text):
        yield lint_remark("literal-hole", wire.line, place(wire, hole.start()), len(hole[0]), hole=hole[0].decode())
    elif found := re.search(_PLACEHOLDER, text):
        shown = found[0].decode("utf-8", "replace")
        yield lint_remark("placeholder", wire.line, place(wire, found.start()), len(shown), text=shown)
    elif is_swapped(text):
        yield lint_remark("roles-swapped", wire.line, wire.column, 3, who="client", other="S", whom="server")
    elif is_direction(text):
        yield lint_remark("stage-direction", wire.line, wire.column, max(1, len(text.decode("utf-8", "replace"))))


def is_swapped(text: bytes) -> bool:
    """Whether a client's line looks like a server's."""
    return re.match(_REPLY, text) is not None


def is_direction(text: bytes) -> bool:
    """Whether a client's line looks like a note or a directive."""
    directive = re.match(_DIRECTIVE, text)
    return re.match(_DIRECTION, text) is not None or (directive is not None and directive[1].decode() in DIRECTIVES)


def expected_line(line: ExpectedLine) -> Iterator[Remark]:
    """What is odd about the first line of an expected reply."""
    syntax = None if line.code else VERBS.get(parse_command(line.octets).verb)
    if syntax is not None and syntax.status == "standard":
        yield lint_remark("roles-swapped", line.wire.line, line.wire.column, 4, who="server", other="C", whom="client")


def message_line(wire: Wire) -> Iterator[Remark]:
    """What is odd about a line of a message."""
    if wire.items:
        one_line = not any(b"\n" in item.octets for item in wire.items[:-1])
        octets = wire.size - 2 if one_line else 0
    else:
        octets = len(wire.text) - wire.text.startswith(b"..")
        if wire.text.startswith(b".") and not wire.text.startswith(b"..") and wire.text != b".":
            yield lint_remark("unstuffed-dot", wire.line, wire.column)
    if octets > BODY_LINE:
        yield lint_remark("long-body-line", wire.line, wire.column, octets=octets)


def line_ends(wire: Wire) -> Iterator[Remark]:
    """CR and LF on their own in an exact form; where octets are counted they mean nothing."""
    if not wire.items:
        return
    octets = b"".join(item.octets[-LOOKED_AT:] * min(item.times, 2) for item in wire.items)
    if any(line_end_faults(octets)):
        yield lint_remark("bare-line-end", wire.line, wire.column)
