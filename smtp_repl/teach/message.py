"""A message as a lesson looks at it: envelope, header fields, subject, and the tree of its MIME parts.

It is read from the octets that the client said and the server took, so that it comes out of a live session and of a
transcript alike. Reads what it can and names what is wrong as defects; raises nothing. RFC 5322, 2045, 2046, 2047.
"""

import base64
import binascii
import re

from smtp_repl.wire.language import N_
from smtp_repl.wire.records import Record

PARTS_LIMIT = 200
DEPTH_LIMIT = 12
VALUE_LIMIT = 4096
"""Characters of a field in which an address is looked for."""

_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]+\?[bBqQ]\?)")
_PARAMETER = re.compile(r";\s*([^\s=;]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;]*))")


class Part(Record):
    """One node of the MIME tree; a multipart has `parts`, every other its own `octets` as they were sent."""

    type: str
    charset: str
    encoding: str
    name: str
    """Of a file; "" for none."""
    octets: bytes
    parts: "tuple[Part, ...]" = ()
    defects: tuple[str, ...] = ()

    @property
    def leaves(self) -> "tuple[Part, ...]":
        """The parts that hold something, in their order."""
        return tuple(leaf for part in self.parts for leaf in part.leaves) if self.parts else (self,)

    @property
    def text(self) -> str:
        """What is meant: transfer encoding and charset undone, lines ended by LF."""
        try:
            text = decoded(self.octets, self.encoding).decode(self.charset or "us-ascii", "replace")
        except LookupError:
            text = self.octets.decode("latin-1")
        return text.replace("\r\n", "\n")


class Message:
    """A message that a server took: its envelope and its octets (dots unstuffed, without the final dot)."""

    __slots__ = ("body", "fields", "header", "is_parted", "octets", "recipients", "root", "sender")

    def __init__(self, sender: str, recipients: tuple[str, ...], octets: bytes) -> None:
        self.sender = sender
        self.recipients = recipients
        self.octets = octets
        self.header, self.body = split(octets)
        self.is_parted = octets[len(self.header) :].startswith((b"\r\n", b"\n"))
        """An empty line stands between header and body."""
        self.fields = read_fields(self.header)
        self.root = read_part(self.fields, self.body)

    def field(self, name: str) -> str | None:
        """The value of the first field of this name, unfolded; None where there is none."""
        return next((value for field, value in self.fields if field == name.lower()), None)

    @property
    def subject(self) -> str:
        """Encoded words undone."""
        return decode_words(self.field("subject") or "")

    @property
    def author(self) -> str:
        """The address of the first From field."""
        return address_of(self.field("from") or "")

    @property
    def defects(self) -> tuple[str, ...]:
        """What is wrong with its structure, all parts together."""
        return (() if self.is_parted else (N_("no empty line ends the header"),)) + _defects(self.root)


def split(octets: bytes) -> tuple[bytes, bytes]:
    """Header and body. The first line that is no field ends the header, as most programs read it."""
    at = 0
    while at < len(octets):
        end = octets.find(b"\n", at) + 1 or len(octets)
        line = octets[at:end]
        if not line.strip(b"\r\n"):
            return octets[:at], octets[end:]
        if not _FIELD.match(line) and not (at and line[:1] in b" \t"):
            return octets[:at], octets[at:]
        at = end
    return octets, b""


def read_fields(header: bytes) -> tuple[tuple[str, str], ...]:
    """Names in lower case, and values, unfolded; octets that are no UTF-8 are replaced."""
    fields: list[tuple[str, str]] = []
    for line in re.sub(rb"\r?\n(?=[ \t])", b"", header).splitlines():
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            fields.append((name.strip().lower(), value.strip()))
    return tuple(fields)


def decode_words(text: str) -> str:
    """A header value with its encoded words (RFC 2047) undone; what cannot be undone stays."""

    def undone(found: re.Match[str]) -> str:
        charset, kind, inside = found.groups()
        try:
            if kind in "bB":
                octets = base64.b64decode(inside + "=" * (-len(inside) % 4), validate=True)
            else:
                octets = binascii.a2b_qp(inside.replace("_", " ").encode("ascii"), header=False)
            return octets.decode(charset.partition("*")[0], "replace")
        except (ValueError, LookupError):
            return found[0]

    # Blanks between encoded words belong to neither (RFC 2047 §6.2).
    return _WORD.sub(undone, _BETWEEN_WORDS.sub(r"\1", text))


def address_of(value: str) -> str:
    """The first address in a From, To or the like, without its name."""
    value = value[:VALUE_LIMIT]  # so that no value makes the search long
    found = re.search(r"<([^<>]*)>", value) or re.search(r"([^\s<>,;:\"]+@[^\s<>,;:\"]+)", value)
    return found[1] if found else ""


def decoded(octets: bytes, encoding: str) -> bytes:
    """The octets with their transfer encoding undone, as far as it can be."""
    if encoding == "base64":
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    return octets


def read_part(fields: tuple[tuple[str, str], ...], body: bytes, depth: int = 0) -> Part:
    """One part, and what is inside it."""
    values = dict(reversed(fields))
    kind, parameters = _parameters(values.get("content-type", "text/plain"))
    _, disposition = _parameters(values.get("content-disposition", ""))
    name = decode_words(disposition.get("filename", "") or parameters.get("name", ""))
    encoding = values.get("content-transfer-encoding", "7bit").strip().lower()
    charset = parameters.get("charset", "").lower()
    if not kind.startswith("multipart/") or depth >= DEPTH_LIMIT:
        return Part(kind, charset, encoding, name, body)
    boundary = parameters.get("boundary", "")
    if not boundary:
        return Part(kind, charset, encoding, name, body, defects=(N_("no boundary is named"),))
    pieces, defects = _cut(body, boundary.encode("utf-8"))
    parts = []
    for piece in pieces:
        header, inside = split(piece)
        parts.append(read_part(read_fields(header), inside, depth + 1))
    return Part(kind, charset, encoding, name, body, tuple(parts), defects)


def _cut(body: bytes, boundary: bytes) -> tuple[list[bytes], tuple[str, ...]]:
    """What stands between the boundaries, and what is wrong with these (RFC 2046 §5.1.1)."""
    marks = list(re.finditer(rb"(?:^|(?:\r?\n))--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)", body))
    pieces: list[bytes] = []
    closed = False
    for index, mark in enumerate(marks):
        if mark[1]:
            closed = True
            break
        start = body.find(b"\n", mark.end()) + 1 or len(body)
        end = marks[index + 1].start() if index + 1 < len(marks) else len(body)
        pieces.append(body[start:end])
        if len(pieces) == PARTS_LIMIT:
            break
    defects = [] if pieces else [N_("the boundary does not occur in the body")]
    if pieces and not closed:
        defects.append(N_("the closing boundary is missing"))
    return pieces, tuple(defects)


def _parameters(value: str) -> tuple[str, dict[str, str]]:
    """The word that a structured field begins with, in lower case, and its parameters."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(value):
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip()
        if name.endswith("*"):  # RFC 2231: charset'language'percent-encoded
            charset, _, rest = text.partition("'")
            octets = re.sub(
                rb"%([0-9A-Fa-f]{2})", lambda pair: bytes([int(pair[1], 16)]), rest.partition("'")[2].encode()
            )
            try:
                text = octets.decode(charset or "us-ascii", "replace")
            except LookupError:
                continue
        found[name.rstrip("*").lower()] = text
    return value.partition(";")[0].strip().lower(), found


def _defects(part: Part) -> tuple[str, ...]:
    return part.defects + tuple(defect for inner in part.parts for defect in _defects(inner))
