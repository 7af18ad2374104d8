"""Reading the text of a message after DATA: up to the line that holds a dot only, dots unstuffed, and within bounds.

RFC 5321 §2.3.8 and §4.1.1.4: CRLF . CRLF ends a message and nothing else does. A server that takes a bare LF for a
line end too lets others smuggle messages through it; it can be played here, to be looked at.
"""

import asyncio

from smtp_repl.wire.records import Record

LINE_LIMIT = 65536
"""Octets of any line, text lines included. Far more than RFC 5321 §4.5.3.1.6 asks for: real messages need it."""


class Text(Record):
    """What came: the octets as they were meant, or the name of the answer (see `answers`) that refuses them."""

    octets: bytes
    refusal: str = ""


async def read_text(reader: asyncio.StreamReader, size_limit: int, bare_lf: str) -> Text:
    """Read a message to its end, whatever is wrong with it: what cannot be kept is drained.

    `bare_lf` is kept, refused or ends (see `switches`). Raises IncompleteReadError when the client hangs up.
    """
    end = b"\n" if bare_lf == "ends" else b"\r\n"
    lines: list[bytes] = []
    size, refusal, is_begun = 0, "", False
    while True:
        try:
            line = await reader.readuntil(end)
        except asyncio.LimitOverrunError as overrun:
            refusal = refusal or "text-line-too-long"
            lines.clear()
            await reader.readexactly(overrun.consumed)
            is_begun = True
            continue
        if not is_begun and line in (b".\r\n", b".\n"):
            return Text(b"".join(lines) if not refusal else b"", refusal)
        is_begun = False
        size += len(line)
        if size > size_limit:
            refusal = refusal or "size-exceeded"
            lines.clear()
        elif bare_lf == "refused" and line.find(b"\n") != len(line) - 1:
            refusal = refusal or "bare-lf"
        if not refusal:
            lines.append(line[1:] if line.startswith(b".") else line)
