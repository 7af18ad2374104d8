"""Line by line: what each piece of a conversation is, in Pygments' tokens but without loading its lexers.

One thing is remembered between lines: whether client lines are commands, a step of AUTH, or a message. A reader may
therefore begin at any line. The shell paints with this; `lexer` makes Pygments lexers of it.
"""

import re
from collections.abc import Callable, Iterator
from enum import Enum

from pygments.token import Error, Name, Operator, String, Whitespace, _TokenType

from smtp_repl.view.spans import (
    CLIENT_TAG,
    NOTE,
    REMARK,
    SERVER_TAG,
    Span,
    body_spans,
    bytes_spans,
    command_spans,
    directive_spans,
    header_spans,
    reply_spans,
    slash_spans,
    step_spans,
    with_holes,
)


class Place(Enum):
    """What a client line is here."""

    COMMAND = "command"
    STEP = "step"
    HEADER = "header"
    BODY = "body"


ReadLine = Callable[[str, Place, bool], tuple[list[Span], Place]]
"""Reads a line without its end, where client lines stand, and whether it is the first; gives also what comes next."""

_TAG = re.compile(r"([ \t]*)([CS])(\[[^\]]*\])?(?:([?*!]?)([:~=])(?=\s|$)|(=?)(?=\"))")
_NOTES = {"{": "}", "(": ")", "[": "]", "<": ">"}


def read_lines(text: str, read: ReadLine, place: Place) -> Iterator[tuple[int, _TokenType, str]]:
    """Every span with its offset; the pieces joined are the text, whatever it is."""
    at = 0
    # Not splitlines(): U+2028 and its kin end no line here.
    for line in text.split("\n"):
        content = line.removesuffix("\r")
        spans, place = read(content, place, at == 0)
        end = text[at + len(content) : at + len(line) + 1]
        for token, piece in _joined([*spans, (Whitespace, end)]):
            yield at, token, piece
            at += len(piece)


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Without empty spans, and neighbours of one kind as one."""
    held, text = spans[0]
    for token, piece in spans[1:]:
        if token is held or not piece:
            text += piece
            continue
        if text:
            yield held, text
        held, text = token, piece
    if text:
        yield held, text


def transcript_line(content: str, place: Place, first: bool) -> tuple[list[Span], Place]:
    """A line of a script or transcript, in the `C:`/`S:` notation."""
    spans: list[Span] = []
    if first and content.startswith("\ufeff"):
        spans.append((Whitespace, "\ufeff"))
        content = content[1:]
    tag = _TAG.match(content)
    if tag is not None:
        return _wire_line(spans, content, tag, place)
    bare = content.strip()
    indent = content[: len(content) - len(content.lstrip())]
    spans.append((Whitespace, indent))
    rest = content[len(indent) :]
    if rest.startswith("@"):
        spans += directive_spans(rest)
        # The file of @data has its own final dot.
        return spans, Place.COMMAND if rest.startswith("@data") else place
    token = REMARK if bare.startswith("#") else NOTE if _is_note(bare) else Error
    return [*spans, (token if bare else Whitespace, rest)], place


def _is_note(bare: str) -> bool:
    if bare.startswith(("...", "---", "…")):
        return True
    return len(bare) > 1 and bare[0] in _NOTES and bare.endswith(_NOTES[bare[0]])


def _wire_line(spans: list[Span], content: str, tag: re.Match[str], place: Place) -> tuple[list[Span], Place]:
    side, connection, mod, form = tag[2], tag[3] or "", tag[4] or "", tag[5] or ""
    token = CLIENT_TAG if side == "C" else SERVER_TAG
    spans += [(Whitespace, tag[1]), (token, side), (Name.Label, connection), (Operator, mod)]
    spans.append((Operator, tag[6] or "") if not form else (token if form == ":" else Operator, form))
    payload = content[tag.end() :]
    if not form:
        return [*spans, *bytes_spans(payload)], _after_bytes(side, payload, place)
    # One blank is syntax, the rest is payload.
    spans.append((Whitespace, payload[:1]))
    payload = payload[1:]
    if side == "C":
        inner, place = _client_spans(payload, place)
    elif mod == "!":
        inner = [(String, payload)]
    else:
        inner = list(reply_spans(payload))
        place = _after_reply(payload, place)
    return [*spans, *(with_holes(inner, payload) if form == "~" else inner)], place


def _client_spans(text: str, place: Place) -> tuple[list[Span], Place]:
    """A line of the client, and what the next one is if the server agrees."""
    match place:
        case Place.STEP:
            return list(step_spans(text)), Place.COMMAND
        case Place.HEADER | Place.BODY if text == ".":
            return list(body_spans(text)), Place.COMMAND
        case Place.HEADER if text and not text.startswith("."):
            return list(header_spans(text)), Place.HEADER
        case Place.HEADER | Place.BODY:
            return list(body_spans(text)), Place.BODY
        case _:
            is_data = text.rstrip(" \t").upper() == "DATA"
            return list(command_spans(text)), Place.HEADER if is_data else Place.COMMAND


def _after_reply(text: str, place: Place) -> Place:
    """A 334 asks for a step, a 354 for a message, and a refusal of either ends it."""
    if text.startswith("334"):
        return Place.STEP
    if text.startswith("354"):
        return place if place is Place.BODY else Place.HEADER
    return Place.COMMAND if text[:1] in ("4", "5") else place


def _after_bytes(side: str, text: str, place: Place) -> Place:
    is_end = side == "C" and place in (Place.HEADER, Place.BODY) and text.rstrip().endswith('\\r\\n.\\r\\n"')
    return Place.COMMAND if is_end else place


def typed_line(content: str, place: Place, first: bool) -> tuple[list[Span], Place]:
    """A line that is typed at the prompt: without a tag, or a `/command`."""
    if place in (Place.COMMAND, Place.STEP) and content.startswith("/"):
        if not content.startswith("//"):
            return list(slash_spans(content)), place
        inner, place = _client_spans(content[1:], place)
        return [(String.Escape, "/"), *inner], place
    return _client_spans(content, place)


def tokens(text: str) -> list[tuple[_TokenType, str]]:
    """The tokens of lines of a transcript, line ends as given; the pieces joined are the text."""
    return [(token, piece) for _, token, piece in read_lines(text, transcript_line, Place.COMMAND)]


def typed_tokens(text: str, place: Place = Place.COMMAND) -> list[tuple[_TokenType, str]]:
    """The tokens of what is typed at the prompt."""
    return [(token, piece) for _, token, piece in read_lines(text, typed_line, place)]
