"""Octets as they are: sixteen to a row, in hexadecimal and as characters, for `/hex on`."""

from collections.abc import Iterator

from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid, Event, ReplySaid

_ROW = 16
_LIMIT = 4096
"""Octets of one event that are shown."""


def rows(octets: bytes) -> Iterator[str]:
    """One text for each row of a dump."""
    for start in range(0, min(len(octets), _LIMIT), _ROW):
        row = octets[start : start + _ROW]
        characters = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in row)
        yield f"{start:04x}  {row.hex(' ').ljust(3 * _ROW)} {characters}"
    if len(octets) > _LIMIT:
        yield f"and {len(octets) - _LIMIT} more octets"


def octets_of(event: Event) -> bytes:
    """What an event holds of the wire; nothing for a step of AUTH, which is secret."""
    match event:
        case CommandSaid(raw=raw):
            return raw or b""
        case BodySaid(raw=raw) | ChunkSaid(raw=raw):
            return raw
        case ReplySaid(reply=reply, secret=False):
            return reply.raw
        case _:
            return b""
