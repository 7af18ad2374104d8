"""Octets as they were said: sixteen to a row, in hexadecimal and as characters, for `/hex on`.

On a narrow terminal a row has eight or four, and no place, so that a row stays a row.

Each row says who said it. Control characters show as their pictures, so that CR LF can be seen (`␍␊`); what is no
ASCII is a dot. Of a long text only the beginning is shown. Steps of AUTH are masked, whoever may see secrets.
"""

from collections.abc import Iterator

from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid, Event, ReplySaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.secrets import MASK

SHOWN = 256
"""Octets of one event that are shown."""
_WIDTHS = ((77, 16), (39, 8), (0, 4))
"""From so many columns on, so many octets to a row; behind the mark of a remark, and with the last column free."""


def rows(event: Event, columns: int = 0) -> Iterator[str]:
    """One text for each row of what an event holds of the wire; the terminal has so many columns, 0 for any."""
    match event:
        case CommandSaid(raw=None, command=command):
            yield from _dump("C", command.line, columns)
            yield phrase("C  ....  {mask} a step of AUTH", mask=MASK)
        case CommandSaid(raw=bytes(raw)) | BodySaid(raw=raw) | ChunkSaid(raw=raw):
            yield from _dump("C", raw, columns)
        case ReplySaid(secret=True):
            yield phrase("S  ....  {mask} the reply repeats a secret", mask=MASK)
        case ReplySaid(reply=reply):
            yield from _dump("S", reply.raw, columns)
        case _:
            pass


def _dump(side: str, octets: bytes, columns: int) -> Iterator[str]:
    shown = octets[:SHOWN]
    width = next(octets for least, octets in _WIDTHS if not columns or columns >= least)
    for start in range(0, len(shown), width):
        row = shown[start : start + width]
        place = f"{start:04x}  " if width == 16 else ""
        yield f"{side}  {place}{row.hex(' ').ljust(3 * width)} {''.join(map(_picture, row))}"
    if len(shown) < len(octets):
        yield phrase("{side}  …     and {octets} more octets", side=side, octets=len(octets) - len(shown))


def _picture(octet: int) -> str:
    if octet < 0x20:
        return chr(0x2400 + octet)
    if octet == 0x7F:
        return "\u2421"
    return chr(octet) if octet < 0x7F else "."
