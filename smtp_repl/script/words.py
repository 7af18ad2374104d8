"""What a script's client says on one connection, for whoever plays the server: cut into commands, texts and chunks.

The script's writes and `"…"` forms cut the client's octets anywhere; here they become lines again, one at a time, so
that a flood of a billion octets lies in memory no more than it does where it is sent. Compares nothing.
"""

from collections import deque
from collections.abc import Iterator

from smtp_repl.script.model import Wire
from smtp_repl.script.steps import Say
from smtp_repl.wire.client_octets import LINE_KEPT
from smtp_repl.wire.commands import Command
from smtp_repl.wire.octets import lines_with_ends

Piece = tuple[Wire, bytes]


class Words:
    """Takes the writes of a script one by one and gives out what is said in them."""

    __slots__ = (
        "_begun",
        "_crlf",
        "_head",
        "_pieces",
        "_tail",
        "_wires",
        "chunk_left",
        "in_text",
        "is_free",
        "text_begun",
    )

    def __init__(self) -> None:
        self._wires: deque[Wire] = deque()
        self._pieces: Iterator[Piece] = iter(())
        self._head: Piece | None = None
        self._begun = b""
        self._crlf = True
        self._tail = b""
        self.in_text = False
        """Whether it is in the middle of a message."""
        self.text_begun = 0
        """Octets of a message that were left out."""
        self.chunk_left = 0
        """Octets that it has still to say of a chunk."""
        self.is_free = False
        """Whether it says what stands in a file (`@send`), which we do not know."""

    def __bool__(self) -> bool:
        self._head = self._head or self._following()
        return self._head is not None

    def add(self, say: Say, since: Wire | None = None) -> None:
        """It says this next; with `since` only from that line on, and nothing that was to be said before."""
        if since is None:
            self._wires += say.lines
            return
        self._wires = deque(say.lines[say.lines.index(since) :])
        self._pieces = iter(())
        self._head = None

    def _following(self) -> Piece | None:
        while True:
            piece = next(self._pieces, None)
            if piece is not None or not self._wires:
                return piece
            self._pieces = _pieces(self._wires.popleft())

    def _take(self) -> Piece | None:
        piece, self._head = self._head or self._following(), None
        return piece

    @property
    def begun(self) -> int:
        """Octets of a line whose end stands in a later write."""
        return len(self._head[1]) if self._head is not None else 0

    def take_line(self) -> Piece | None:
        """The next line, and the script line that it begins on; None when its end stands in a later write."""
        begun: Wire | None = None
        octets = b""
        while (piece := self._take()) is not None:
            begun = begun or piece[0]
            # Of more than is kept of what the client says nothing could be compared.
            octets = octets[:LINE_KEPT] + piece[1] if len(octets) > LINE_KEPT else octets + piece[1]
            if octets.endswith(b"\n"):
                return begun, octets
        if begun is not None:
            self._head = begun, octets
        return None

    def follow(self, command: Command) -> None:
        """What comes after this command is perhaps no command."""
        words = command.argument.split()
        if command.verb == "DATA":
            self.in_text = self._crlf = True
            self.text_begun = 0
        elif command.verb == "BDAT" and words and words[0].isdigit() and len(words[0]) <= 20:
            self.chunk_left = int(words[0])

    def skip_text(self) -> bool:
        """Leave out the text of a message, which is not compared; whether it ends in this write."""
        while (piece := self._take()) is not None:
            self.text_begun += len(piece[1])
            # Four octets of a line are enough to see that it is not the lone dot.
            self._begun = (self._begun + piece[1])[:4]
            self._tail = (self._tail + piece[1])[-2:]
            if piece[1].endswith(b"\n"):
                line, self._begun = self._begun, b""
                # The dot of LF.CRLF ends no message (RFC 5321 §4.1.1.4).
                if line == b".\r\n" and self._crlf:
                    self.in_text = False
                    return True
                self._crlf = self._tail == b"\r\n"
        return False

    def skip_chunk(self) -> bool:
        """Leave out the octets of a chunk; whether it ends in this write."""
        while self.chunk_left and (piece := self._take()) is not None:
            wire, octets = piece
            if len(octets) > self.chunk_left:
                self._head = wire, octets[self.chunk_left :]
            self.chunk_left -= min(len(octets), self.chunk_left)
        return not self.chunk_left


def _pieces(wire: Wire) -> Iterator[Piece]:
    """The octets of a script line, cut behind each line end; holes stand as they are written."""
    blocks = iter((wire.text + b"\r\n",)) if wire.template is not None else wire.blocks({})
    for block in blocks:
        for piece in lines_with_ends(block):
            yield wire, piece
