"""What may be wrong with a message before it is sent: shown while it is written and once it was sent, never in the way.

A `Survey` reads a message once, block by block or as a whole, and knows nothing of the session; `troubles` judges what
it found in the light of the envelope and of what the server offers (`Circumstances`). Octets in, values out.
"""

import re

from smtp_repl.wire.language import advice, listed, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record


class Circumstances(Record):
    """What of the session bears on the message. `sender` is the address of MAIL, None when there was none."""

    sender: bytes | None = None
    size_limit: int | None = None
    """What SIZE offers; None or 0 is no limit that is known (RFC 1870 §4)."""
    eight_bit_offered: bool = False
    eight_bit_said: bool = False
    """MAIL had BODY=8BITMIME or BINARYMIME."""
    utf8_said: bool = False
    """MAIL had SMTPUTF8."""


class Trouble(Record):
    """Something that a careful sender would change. `rule` is its name, `text` what a toolbar has room for."""

    rule: str
    text: str
    hint: str = ""
    ref: str = ""

    @property
    def remark(self) -> str:
        return advice(self.text, self.hint, self.ref)


LINE_LIMIT = 998
"""Octets of a line without its CRLF (RFC 5322 §2.1.1)."""
_ONCE = frozenset(b"from sender reply-to to cc bcc message-id in-reply-to references subject date".split())
_FIELD = re.compile(rb"([!-9;-~]+)([ \t]*):(.*)", re.DOTALL)
_HEADER_LIMIT = 256 * 1024
_SHOWN = 30


class Survey:
    """Reads a message with LF or CRLF line ends, in any cut."""

    __slots__ = (
        "_cut",
        "_in_header",
        "_kept",
        "_rest",
        "bad_line",
        "bare_cr",
        "eight_bit_body",
        "eight_bit_header",
        "fields",
        "has_body",
        "lines",
        "long_line",
        "nul",
        "octets",
    )

    def __init__(self) -> None:
        self.octets = 0
        """Octets of the message with CRLF line ends and without doubled dots, as SIZE counts (RFC 1870 §3)."""
        self.lines = 0
        """Lines that ended."""
        self.fields: list[tuple[bytes, bytes]] = []
        """The header: names in small letters and values, folded as they came."""
        self.bad_line: tuple[int, bytes] | None = None
        """The first line of the header that is none, with its number."""
        self.has_body = False
        """Whether a blank line has come."""
        self.long_line = self.bare_cr = self.nul = self.eight_bit_body = 0
        """Numbers of the first lines that have these, 0 for none."""
        self.eight_bit_header: tuple[int, bytes] | None = None
        self._in_header = True
        self._kept = 0
        self._rest = b""
        self._cut = 0

    def copy(self) -> "Survey":
        """The same, to be fed on by itself."""
        other = Survey()
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.fields = list(self.fields)
        return other

    def feed(self, data: bytes) -> None:
        """The next octets."""
        data = self._rest + data if self._rest else data
        *lines, self._rest = data.split(b"\n")
        text = data[: len(data) - len(self._rest) - 1]
        if len(self._rest) > _HEADER_LIMIT:  # a line without end is long, and that is all there is to know of it
            self._cut += len(self._rest)
            self._rest = b""
        if lines:
            self._take(lines, text)

    def finish(self) -> None:
        """The last line, if it has no line end."""
        if self._rest or self._cut:
            rest, self._rest = self._rest, b""
            self._take([rest], rest)

    def _take(self, lines: list[bytes], text: bytes) -> None:
        """Some lines, as a list and as they stood."""
        first, self.lines = self.lines + 1, self.lines + len(lines)
        body = self._read_header(lines, first) if self._in_header else 0
        crs = text.count(b"\r")
        self.octets += len(text) + self._cut + 2 * len(lines) - (len(lines) - 1) - crs
        if not self.long_line and self._cut + max(map(len, lines)) > LINE_LIMIT:
            self._find_long(lines, first)
        self._cut = 0
        if crs:
            self.octets += 2 * (crs - sum(line.endswith(b"\r") for line in lines))  # a bare one goes out as CRLF
            bare = (number for number, line in enumerate(lines, first) if b"\r" in line.removesuffix(b"\r"))
            self.bare_cr = self.bare_cr or next(bare, 0)
        if not self.nul and b"\0" in text:
            self.nul = next(number for number, line in enumerate(lines, first) if b"\0" in line)
        if not text.isascii() and not self.eight_bit_body:
            odd = (number for number, line in enumerate(lines[body:], first + body) if not line.isascii())
            self.eight_bit_body = next(odd, 0)

    def _find_long(self, lines: list[bytes], first: int) -> None:
        for number, line in enumerate(lines, first):
            cut = self._cut if number == first else 0
            if cut + len(line.removesuffix(b"\r")) > LINE_LIMIT:
                self.long_line = number
                break

    def _read_header(self, lines: list[bytes], first: int) -> int:
        """Read lines of the header; returns how many of them are not of the body."""
        for count, raw in enumerate(lines):
            line = raw.removesuffix(b"\r")
            self._kept += len(line)
            if not line:
                self.has_body, self._in_header = True, False
                return count + 1
            field = _FIELD.match(line)
            is_folded = line[:1] in b" \t" and self.fields
            if (field is None and not is_folded) or self._kept > _HEADER_LIMIT:
                self.bad_line, self._in_header = (first + count, line), False
                return count
            if not line.isascii() and self.eight_bit_header is None:
                self.eight_bit_header = first + count, self.fields[-1][0] if field is None else field[1]
            if is_folded:
                name, value = self.fields[-1]
                self.fields[-1] = name, value + b"\r\n" + line
            elif field is not None:
                self.fields.append((field[1].lower(), field[3].strip(b" \t")))
        return len(lines)

    @property
    def size(self) -> int:
        """`octets` of what would go if the message ended here."""
        return self.octets + (self._cut + len(self._rest) + 2 if self._rest or self._cut else 0)

    def field(self, name: bytes) -> bytes | None:
        """The first value of a field, its name in small letters."""
        return next((value for one, value in self.fields if one == name), None)


def survey(message: bytes, *, finished: bool) -> Survey:
    """Read a whole message. While it is being written (not `finished`) its last line may be half a word."""
    read = Survey()
    read.feed(message)
    if finished:
        read.finish()
    return read


def troubles(read: Survey, given: Circumstances, *, finished: bool) -> list[Trouble]:
    """What is wrong, the worst first. What only the end of the header or of the message can show waits for it."""
    found = [*_broken(read, given), *_header(read, given, finished)]
    if finished and read.bad_line is None and not read.has_body and read.fields:
        found.append(
            Trouble("no-body", phrase("no blank line: all of it is header, and the body is empty"), ref="RFC 5322 §2.1")
        )
    return found + _eight_bit(read, given)


def _broken(read: Survey, given: Circumstances) -> list[Trouble]:
    """What servers and readers stumble over."""
    found = []
    if given.size_limit and read.octets > given.size_limit:
        over = phrase(
            "{octets:,} octets: this server takes {size_limit:,}", octets=read.octets, size_limit=given.size_limit
        )
        found.append(Trouble("size", over, "expect 552", "RFC 1870 §6"))
    if read.bad_line is not None:
        number, line = read.bad_line
        shown = printable(line[:_SHOWN]) + ("…" if len(line) > _SHOWN else "")
        hint = phrase("a blank line ends the header")
        if line.startswith(b"From "):
            hint = phrase("this is how mbox files begin a message; leave it out")
        elif line[:1] in (b" ", b"\t"):
            hint = phrase("a line that begins with a blank goes on from the one before, and there is none")
        found.append(
            Trouble(
                "bad-header",
                phrase('line {number} is no header field: "{shown}"', number=number, shown=shown),
                hint,
                "RFC 5322 §2.2",
            )
        )
    if read.long_line:
        text = phrase(
            "line {long_line} is longer than {line_limit} octets", long_line=read.long_line, line_limit=LINE_LIMIT
        )
        found.append(Trouble("long-line", text, phrase("servers may cut or refuse it"), "RFC 5321 §4.5.3.1.6"))
    if read.bare_cr:
        found.append(
            Trouble(
                "bare-cr",
                phrase("bare CR in line {bare_cr}", bare_cr=read.bare_cr),
                phrase("it goes out as CRLF"),
                "RFC 5321 §2.3.8",
            )
        )
    if read.nul:
        found.append(
            Trouble(
                "nul", phrase("NUL in line {nul}", nul=read.nul), phrase("servers refuse or drop it"), "RFC 5322 §4"
            )
        )
    return found


def _header(read: Survey, given: Circumstances, finished: bool) -> list[Trouble]:
    names = [name for name, value in read.fields]
    found = []
    wanted = ((b"from", "From"), (b"date", "Date"), (b"message-id", "Message-ID"))
    missing = [phrase("no {field}", field=shown) for name, shown in wanted if name not in names]
    if missing and (finished or read.has_body):
        found.append(Trouble("missing", listed(missing), phrase("/template adds what is missing"), "RFC 5322 §3.6"))
    doubled = next((name for name in dict.fromkeys(names) if name in _ONCE and names.count(name) > 1), None)
    if doubled is not None:
        text = phrase("{field} stands there {count} times", field=_title(doubled), count=names.count(doubled))
        found.append(Trouble("doubled", text, phrase("once is allowed"), "RFC 5322 §3.6"))
    found += _author(read, given)
    if b"bcc" in names:
        hint = phrase("every recipient reads it; RCPT TO alone makes a blind copy")
        found.append(Trouble("bcc", phrase("Bcc is in the message"), hint, "RFC 5322 §3.6.3"))
    if b"content-type" in names and b"mime-version" not in names and (finished or read.has_body):
        found.append(
            Trouble("no-mime-version", phrase("Content-Type without MIME-Version"), "MIME-Version: 1.0", "RFC 2045 §4")
        )
    return found


def _author(read: Survey, given: Circumstances) -> list[Trouble]:
    """From against MAIL FROM. After `MAIL FROM:<>`, a bounce, SPF looks at the name of HELO, and they always differ."""
    value = read.field(b"from")
    if not value or not given.sender:
        return []
    addresses = addresses_in(value)
    if not addresses or any(address.lower() == given.sender.lower() for address in addresses):
        return []
    author, sender = printable(addresses[0]), printable(given.sender)
    text = phrase("From is <{author}>, MAIL FROM <{sender}>", author=author, sender=sender)
    hint = phrase("SPF looks at MAIL FROM, readers see From")
    if addresses[0].rpartition(b"@")[2].lower() != given.sender.rpartition(b"@")[2].lower():
        hint = phrase("SPF looks at MAIL FROM, readers see From, and DMARC compares the domains")
    return [Trouble("from-differs", text, hint, "RFC 7208 §2.4")]


def _eight_bit(read: Survey, given: Circumstances) -> list[Trouble]:
    found = []
    if read.eight_bit_header is not None and not given.utf8_said:
        number, name = read.eight_bit_header
        text = phrase("raw non-ASCII in the header, line {number} ({name})", number=number, name=_title(name))
        found.append(Trouble("raw-header", text, "=?utf-8?…?= (RFC 2047), or SMTPUTF8 on MAIL", "RFC 6532"))
    if read.eight_bit_body:
        text = phrase("non-ASCII text in line {eight_bit_body}", eight_bit_body=read.eight_bit_body)
        if not given.eight_bit_offered:
            hint = phrase("this server has not said 8BITMIME: quoted-printable or base64")
            found.append(Trouble("eight-bit", text, hint, "RFC 6152"))
        elif not given.eight_bit_said:
            silent = phrase("{text}, and MAIL had no BODY=8BITMIME", text=text)
            found.append(Trouble("eight-bit", silent, "", "RFC 6152 §3"))
        if read.field(b"content-type") is None:
            hint = phrase("Content-Type: text/plain; charset=utf-8, and MIME-Version: 1.0; /template adds them")
            found.append(
                Trouble("no-charset", phrase("nothing says which charset the text has"), hint, "RFC 2045 §5.2")
            )
    return found


_ANGLE = re.compile(rb"<([^<>]*)>")
_BARE = re.compile(rb"[^\s,;:<>()\"]+@[^\s,;:<>()\"]+")


def addresses_in(value: bytes) -> list[bytes]:
    """The addresses in a From, To or Cc; display names in quotes may hold what they like."""
    return _ANGLE.findall(re.sub(rb'"(?:[^"\\]|\\.)*"(?!@)', b"", value)) or _BARE.findall(value)


def _title(name: bytes) -> str:
    return "-".join(
        part if part == "ID" else part.capitalize() for part in printable(name).replace("-id", "-ID").split("-")
    )
