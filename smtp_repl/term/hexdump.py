"""Octets as they were said: sixteen to a row, in hexadecimal and as characters, for `/hex on`.

Each row says who said it. Control characters show as their pictures, so that CR LF can be seen (`␍␊`); what is no
ASCII is a dot. Of a long text only the beginning is shown. Steps of AUTH are masked, whoever may see secrets.
"""

from collections.abc import Iterator

from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid, Event, ReplySaid
from smtp_repl.wire.secrets import MASK

_ROW = 16
ROWS_LIMIT = 16
"""Rows of one event that are shown."""


def rows(event: Event) -> Iterator[str]:
    """One text for each row of what an event holds of the wire."""
    match event:
        case CommandSaid(raw=None, command=command):
            yield from _dump("C", command.line)
            yield f"C  ....  {MASK} a step of AUTH"
        case CommandSaid(raw=bytes(raw)) | BodySaid(raw=raw) | ChunkSaid(raw=raw):
            yield from _dump("C", raw)
        case ReplySaid(secret=True):
            yield f"S  ....  {MASK} the reply repeats a secret"
        case ReplySaid(reply=reply):
            yield from _dump("S", reply.raw)
        case _:
            pass


def _dump(side: str, octets: bytes) -> Iterator[str]:
    shown = octets[: ROWS_LIMIT * _ROW]
    for start in range(0, len(shown), _ROW):
        row = shown[start : start + _ROW]
        yield f"{side}  {start:04x}  {row.hex(' ').ljust(3 * _ROW)} {''.join(map(_picture, row))}"
    if len(shown) < len(octets):
        yield f"{side}  …     and {len(octets) - len(shown)} more octets"


def _picture(octet: int) -> str:
    if octet < 0x20:
        return chr(0x2400 + octet)
    if octet == 0x7F:
        return "\u2421"
    return chr(octet) if octet < 0x7F else "."
