"""The client's stream, cut into what it is: command lines, pieces of a message, pieces of a BDAT chunk.

Knows where lines, messages (RFC 5321 §4.5.2) and chunks (RFC 3030 §2) end, not what a line means: whether message text
comes next is asked of the conversation before each piece, for each line may change it.
"""

from collections.abc import Callable, Iterator

from smtp_repl.wire.commands import Command
from smtp_repl.wire.events import BodySaid, ChunkSaid
from smtp_repl.wire.octets import DotReader

LINE_KEPT = 1024 * 1024
"""Octets of one client line that are kept; of a longer one the rest is left out of what is reported."""


class ClientOctets:
    """Octets in, however they are cut; lines with their ends, `BodySaid` and `ChunkSaid` out.

    `text_begun` counts the octets of a message whose final dot has not come, `chunk_left` those that a chunk still has.
    """

    __slots__ = ("_body", "_chunk_is_last", "_unread", "chunk_left", "text_begun")

    def __init__(self) -> None:
        self._unread = bytearray()
        self._body: DotReader | None = None
        self._chunk_is_last = False
        self.text_begun = 0
        self.chunk_left = 0

    @property
    def line_begun(self) -> bytes:
        """A line whose end has not come."""
        return bytes(self._unread)

    def cut(self, octets: bytes, in_text: Callable[[], bool]) -> Iterator[bytes | BodySaid | ChunkSaid]:
        """The pieces, one by one; `in_text` is asked before each whether it is message text."""
        if self._unread:
            if b"\n" not in octets and not in_text():
                self._hold(octets)
                return
            octets = self.take_line() + octets
        at = 0
        while at < len(octets):
            if self.chunk_left:
                piece = octets[at : at + self.chunk_left]
                self.chunk_left -= len(piece)
                at += len(piece)
                yield ChunkSaid(piece, not self.chunk_left, self._chunk_is_last)
            elif in_text():
                text = self._text(octets[at:])
                at += len(text.raw)
                yield text
            else:
                end = octets.find(b"\n", at) + 1
                if not end:
                    self._hold(octets[at:])
                    return
                line, at = octets[at:end], end
                yield line

    def _hold(self, octets: bytes) -> None:
        """Keep the beginning of a line; of one without end only what will be reported, and its last two octets."""
        self._unread += octets
        if len(self._unread) > 2 * LINE_KEPT:
            del self._unread[LINE_KEPT:-2]

    def _text(self, octets: bytes) -> BodySaid:
        body = self._body = self._body or DotReader()
        body.feed(octets)
        if not body.done:
            self.text_begun += len(octets)
            return BodySaid(octets)
        self.drop_text()
        return BodySaid(octets[: len(octets) - len(body.rest)], True, body.octets, body.lines)

    def skip_text(self, wire: bytes, octets: int, lines: int) -> bool:
        """Take a piece of a message without reading it; False when it has to be read. See `DotReader.skip`."""
        if self._unread or self.chunk_left:
            return False
        body = self._body = self._body or DotReader()
        if not body.skip(wire, octets, lines):
            return False
        self.text_begun += len(wire)
        return True

    def drop_text(self) -> int | None:
        """Read on as if no message had been begun; returns its lines, None when there was none."""
        lines = self._body.lines if self._body is not None else None
        self._body = None
        self.text_begun = 0
        return lines

    def take_line(self) -> bytes:
        """Give out the line whose end has not come, as all that there will be of it."""
        line = bytes(self._unread)
        self._unread.clear()
        return line

    def begin_chunk(self, command: Command) -> bool:
        """A BDAT command announces octets; returns whether they are the last of the message."""
        words = command.argument.split()
        if words and words[0].isdigit() and len(words[0]) <= 20:
            self.chunk_left = int(words[0])
        self._chunk_is_last = len(words) > 1 and words[1].upper() == b"LAST"
        return self._chunk_is_last

    def skip_chunk(self, octets: int) -> int:
        """Take octets of the chunk as said without having them; returns how many were left over."""
        skipped = min(octets, self.chunk_left)
        self.chunk_left -= skipped
        return octets - skipped
