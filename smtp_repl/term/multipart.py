"""A message and files as one: multipart/mixed, with the files in base64 (RFC 2046 §5.1, RFC 2045 §6.8).

What was typed is not changed but for what MIME wants: its Content fields move into the first part. The files are read
block by block when the message goes. Knows nothing of a session.
"""

import stat
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from smtp_repl.teach.message_check import survey
from smtp_repl.term.outgoing import Outgoing
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

LIMIT = 64 * 1024 * 1024
"""Octets of one file."""
_LINE = 57
"""Octets that make a line of 76 characters in base64 (RFC 2045 §6.8)."""
_BLOCK = _LINE * 4096


class Attachment(Record):
    """A file: `octets` is its size when it was attached; `head` is the header of its part, with the blank line."""

    path: Path
    octets: int
    kind: str
    head: bytes

    @property
    def size(self) -> int:
        """Octets of its part: header, base64 with CRLF."""
        lines = -(-self.octets // _LINE)
        return len(self.head) + 4 * -(-self.octets // 3) + 2 * lines


def attach(path: Path) -> Attachment:
    """Look at a file. Raises `UsageError` for what cannot be attached."""
    shown = printable(str(path))
    try:
        with path.open("rb") as file:  # as it will have to be
            facts = path.stat()
            file.read(1 if stat.S_ISREG(facts.st_mode) else 0)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else phrase("no name of a file")
        raise UsageError(phrase("cannot read {shown}: {why}", shown=shown, why=why), kind="no-file") from None
    if not stat.S_ISREG(facts.st_mode):
        raise UsageError(phrase("cannot attach {shown}: it is no file", shown=shown), kind="no-file")
    if facts.st_size > LIMIT:
        raise UsageError(
            phrase("{shown} has {octets:,} octets", shown=shown, octets=facts.st_size),
            phrase("/attach takes {limit:,}; /send FILE.eml any size", limit=LIMIT),
            kind="limit",
        )
    kind = kind_of(path.name)
    return Attachment(path, facts.st_size, kind, _head(path.name, kind))


def kind_of(name: str) -> str:
    """The media type by the file's name."""
    from mimetypes import guess_type

    kind, encoding = guess_type(name)
    # A message may not be in base64 (RFC 2046 §5.2.1), and a compressed file is not what is in it.
    if kind is None or encoding is not None or kind.startswith(("message/", "multipart/")):
        return "application/octet-stream"
    return kind


def _head(name: str, kind: str) -> bytes:
    from email.message import Message  # what writes a file's name in any alphabet (RFC 2231)

    part = Message()
    part["Content-Type"] = kind
    part["Content-Transfer-Encoding"] = "base64"
    safe = printable(name)
    part.add_header("Content-Disposition", "attachment", filename=safe if safe.isascii() else ("utf-8", "", safe))
    return part.as_string().replace("\n", "\r\n").encode("ascii", "replace")


class Multipart:
    """A message as it was typed (LF or CRLF) and its files as one message with CRLF, to be read in blocks."""

    def __init__(self, message: bytes, attachments: Sequence[Attachment]) -> None:
        header, own, body = _parted(message)
        boundary = _boundary(message)
        names = {line.partition(b":")[0].strip().lower() for line in header}
        if b"mime-version" not in names:
            header.append(b"MIME-Version: 1.0")
        header.append(b'Content-Type: multipart/mixed; boundary="%s"' % boundary)
        lines = [*header, b"", b"--" + boundary, *(own or _text_part(body)), b"", *body]
        self._between = b"\r\n--%s\r\n" % boundary
        self._start = b"\r\n".join(lines)
        self._end = b"\r\n--%s--\r\n" % boundary
        self._attachments = attachments

    @property
    def size(self) -> int:
        """Octets on the wire, but for doubled dots."""
        parts = sum(len(self._between) + one.size for one in self._attachments)
        return len(self._start) + parts + len(self._end)

    def blocks(self, outgoing: Outgoing) -> Iterator[bytes]:
        """The message; the files are read now."""
        for block in self._blocks():
            outgoing.done += len(block)
            yield block

    def _blocks(self) -> Iterator[bytes]:
        yield self._start
        for one in self._attachments:
            yield self._between + one.head
            with one.path.open("rb") as file:
                while octets := file.read(_BLOCK):
                    yield b"".join(
                        b2a_base64(octets[at : at + _LINE], newline=False) + b"\r\n"
                        for at in range(0, len(octets), _LINE)
                    )
        yield self._end


def _parted(message: bytes) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Lines of the header without its Content fields, these fields, and lines of the body."""
    lines = [line.removesuffix(b"\r") for line in message.removesuffix(b"\n").split(b"\n")] if message else []
    read = survey(message, finished=True)
    if read.bad_line is not None:
        end = after = read.bad_line[0] - 1
    else:
        end = lines.index(b"") if b"" in lines else len(lines)
        after = end + 1
    header: list[bytes] = []
    own: list[bytes] = []
    into = header
    for line in lines[:end]:
        if line[:1] not in (b" ", b"\t"):
            into = own if line.lower().startswith(b"content-") else header
        into.append(line)
    return header, own, lines[after:]


def _text_part(body: Sequence[bytes]) -> list[bytes]:
    if all(line.isascii() for line in body):
        return [b"Content-Type: text/plain; charset=us-ascii"]
    return [b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: 8bit"]


def _boundary(message: bytes) -> bytes:
    """What occurs in no part: base64 has no underscore, and the text is looked at."""
    numbers = (b"=_smtp-repl-%d" % number for number in count(1))
    return next(boundary for boundary in numbers if boundary not in message)
