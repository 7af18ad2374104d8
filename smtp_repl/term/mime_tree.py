"""The parts of a message as a tree: type, charset, encoding, size and name of each, and what is wrong with it.

Read by `email` from the standard library, which is loaded when a message is looked at. Whatever a message holds, lines
come out that are safe to print.
"""

from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message as Part

from smtp_repl.wire.language import N_, _, n_
from smtp_repl.wire.octets import printable

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError)
"""What `email` raises about fields that were made to break readers: charsets that are none, parameters in pieces."""
PARTS_LIMIT = 200
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
"""`email` makes a part of each block in these, which are but fields."""

_DEFECTS = {
    "StartBoundaryNotFoundDefect": N_("its boundary never comes: no part begins"),
    "CloseBoundaryNotFoundDefect": N_("the closing boundary is missing"),
    "NoBoundaryInMultipartDefect": N_("multipart without a boundary parameter"),
    "MultipartInvariantViolationDefect": N_("multipart, and yet no part in it"),
    "FirstHeaderLineIsContinuationDefect": N_("the header begins with a continuation line"),
    "MisplacedEnvelopeHeaderDefect": N_('a "From " line stands in the middle of the header'),
    "MissingHeaderBodySeparatorDefect": N_("no empty line between header and text"),
    "MalformedHeaderDefect": N_("a header field cannot be read"),
    "InvalidMultipartContentTransferEncodingDefect": N_("a multipart that is itself encoded"),
    "InvalidBase64PaddingDefect": N_("base64 that does not end well"),
    "InvalidBase64CharactersDefect": N_("base64 with characters that are none of it"),
    "InvalidBase64LengthDefect": N_("base64 of an impossible length"),
    "UndecodableBytesDefect": N_("octets beyond ASCII in the header"),
}


def read_message(octets: bytes) -> Part | None:
    """The message taken apart; None for one that cannot be, since it is nested too deeply."""
    try:
        return message_from_bytes(octets)
    except UNREADABLE:
        return None


def tree(message: Part) -> Iterator[str]:
    """A line for each part, indented by its depth, and below it what is wrong with it."""
    waiting = [("", message)]
    told = 0
    while waiting:
        number, part = waiting.pop(0)
        if told == PARTS_LIMIT:
            left = len(waiting) + 1
            yield n_("… and {count} more part", "… and {count} more parts", left).format(count=left)
            return
        told += 1
        indent = "  " * (number.count(".") + bool(number))
        yield f"{indent}{number} {_describe(part)}" if number else _describe(part)
        for defect in part.defects:
            name = type(defect).__name__
            yield f"{indent}  ! {_(_DEFECTS[name]) if name in _DEFECTS else name}"
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and part.get_content_type() in _STATUS:
            for block in children:
                yield from (f"{indent}    {printable(f'{name}: {value}')}" for name, value in _fields(block))
        elif isinstance(children, list):
            prefix = f"{number}." if number else ""
            waiting[:0] = [
                (f"{prefix}{count}", child) for count, child in enumerate(children, 1) if isinstance(child, Part)
            ]


def _fields(block: object) -> list[tuple[str, str]]:
    """The fields of one block of a report of delivery (RFC 3464 §2.1)."""
    return [(name, str(value)) for name, value in block.items()] if isinstance(block, Part) else []


def _describe(part: Part) -> str:
    facts = [printable(part.get_content_type())]
    if not part.is_multipart():
        charset = _parameter(part, "charset")
        facts += [charset] if charset else []
        facts.append(printable(str(part.get("Content-Transfer-Encoding", "7bit"))).lower())
        count = len(octets_of(part))
        facts.append(n_("{count} octet", "{count} octets", count).format(count=count))
    name = _file_name(part)
    if name:
        facts.append(f'"{printable(name)}"')
    return ", ".join(facts)


def _parameter(part: Part, name: str) -> str:
    try:
        return printable(str(part.get_param(name) or ""))
    except UNREADABLE:
        return "?"


def _file_name(part: Part) -> str:
    from email.header import decode_header, make_header

    try:
        name = part.get_filename() or ""
        return str(make_header(decode_header(name))) if "=?" in name else name
    except UNREADABLE:
        return "?"


def octets_of(part: Part) -> bytes:
    """What a part holds, decoded."""
    try:
        octets = part.get_payload(decode=True)
    except UNREADABLE:
        return b""
    return octets if isinstance(octets, bytes) else b""


def text_of(message: Part) -> str | None:
    """What the first part of text says, in its charset as far as that is known; None where there is no text."""
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_maintype() == "text" and not part.is_multipart():
            return _decoded(part)
        children = part.get_payload() if part.is_multipart() and part.get_content_type() not in _STATUS else []
        waiting[:0] = [child for child in children if isinstance(child, Part)]
    return None


def _decoded(part: Part) -> str:
    octets = octets_of(part)
    try:
        return octets.decode(str(part.get_param("charset") or "utf-8"), "replace")
    except UNREADABLE:
        return octets.decode("utf-8", "replace")
