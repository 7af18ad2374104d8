"""Octets: forms of any bytes that are safe to show or to write down, and the small encodings of SMTP.

The printable form for screens, the quoted form for scripts, base64 steps (RFC 4954 §4), xtext (RFC 3461 §4),
and the transparency of DATA bodies (RFC 5321 §4.5.2), streaming. Knows nothing of replies, commands or files.
"""

import binascii
import re

from smtp_repl.wire.language import N_, phrase

_SHORT = {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0"}
_MARKS_IN_A_ROW = 8
"""Combining marks kept after one another; more would climb over the neighbouring lines of a terminal."""

# What is invisible or acts on a terminal. Unassigned and private characters are not here: which code points are
# unassigned depends on the Python that runs, and a recording must not.
_UNWRITABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(octets: bytes | str) -> str:
    r"""The octets (or text) as one line that is safe on any terminal; for eyes, not to be read back.

    What is not a printable character becomes `\r`, `\n`, `\t`, `\0` or one `\xHH` for each octet of it; a
    backslash stays as it is. Of combining marks at most eight in a row stay.

    >>> print(printable(b"220 caf\xc3\xa9 \xff \x1b[2J"))
    220 café \xff \x1b[2J
    """
    text = octets if isinstance(octets, str) else octets.decode("utf-8", "surrogateescape")
    if text.isprintable() and text.isascii():
        return text
    import unicodedata  # a library to load, which sessions in plain ASCII do without

    shown: list[str] = []
    marks = 0
    for character in text:
        if character < "\u0300":
            marks = 0
        elif unicodedata.category(character)[0] == "M":
            marks += 1
        else:
            marks = 0
        if marks <= _MARKS_IN_A_ROW and (character.isprintable() or unicodedata.category(character) == "Zs"):
            shown.append(character)
        else:
            shown.append(_SHORT.get(character) or _escaped(character))
    return "".join(shown)


def is_plain(line: bytes) -> bool:
    """Whether a recorder may write this line (without its CRLF) as it is: `S: line`, nothing lost or hidden.

    True for UTF-8 without characters of category Cc (but TAB), Cf, Zl and Zp and without a trailing blank.
    """
    if line.endswith((b" ", b"\t")):
        return False
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.isprintable() or not any(map(_unwritable, text.replace("\t", "")))


def quote(octets: bytes) -> str:
    r"""The inside of the `"…"` form of a script for any octets; `unquote` gives them back.

    >>> print(quote(b'250 "caf\xc3\xa9"\xff\r\n'))
    250 \"café\"\xff\r\n
    """
    text = octets.decode("utf-8", "surrogateescape")
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    if text.isprintable():
        return text
    return "".join(
        _SHORT.get(character) or _escaped(character) if _unwritable(character) else character for character in text
    )


class BadEscape(ValueError):
    """An escape that the `"…"` form does not have; `offset` is where in the text its backslash stands."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


_ESCAPE = rb"(?s)\\(?:x([0-9A-Fa-f]{2})|(.?))"
_LONG = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\", b'"': b'"'}


def unquote(body: str) -> bytes:
    r"""The octets of a `"…"` form, given the text between the quotes.

    Raises `BadEscape` (a ValueError) for anything but `\r \n \t \0 \\ \" \xHH` after a backslash.
    """
    octets = body.encode("utf-8", "surrogateescape")
    if b"\\" not in octets:
        return octets
    return re.sub(_ESCAPE, lambda found: _unescape(octets, found), octets)


def _unescape(octets: bytes, found: re.Match[bytes]) -> bytes:
    if found[1] is not None:
        return bytes.fromhex(found[1].decode("ascii"))
    octet = _LONG.get(found[2])
    if octet is None:
        offset = len(octets[: found.start()].decode("utf-8", "surrogateescape"))
        if found[2] == b"x":
            raise BadEscape(N_("\\x needs two hexadecimal digits"), offset)
        # The escaped character may be longer than the one octet that was matched.
        after = octets[found.start() + 1 :].decode("utf-8", "surrogateescape")[:1]
        unknown = phrase("unknown escape {escape}", escape=f"\\{printable(after)}")
        raise BadEscape(unknown if after else N_("nothing after the backslash"), offset)
    return octet


def _unwritable(character: str) -> bool:
    if character.isprintable():
        return False
    import unicodedata

    return unicodedata.category(character) in _UNWRITABLE


def _escaped(character: str) -> str:
    # A lone surrogate is an octet that was no UTF-8 (surrogateescape), or came so in a str (surrogatepass).
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{octet:02x}" for octet in character.encode("utf-8", errors))


def lines_with_ends(octets: bytes) -> list[bytes]:
    """The lines of some octets with their line ends; only LF ends one, and the last one may have none."""
    *whole, unfinished = octets.split(b"\n")
    lines = [line + b"\n" for line in whole]
    return [*lines, unfinished] if unfinished else lines


def encode_step(octets: bytes) -> bytes:
    """An AUTH step in base64, on one line, as it goes on the wire (RFC 4954 §4); empty for empty."""
    return binascii.b2a_base64(octets, newline=False)


def decode_step(text: bytes) -> bytes | None:
    """The octets of an AUTH step; None when the text is not base64 exactly as `encode_step` writes it.

    The `=` that stands for an empty initial response is not base64 and is the caller's to know.
    """
    try:
        octets = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return None
    # Strict mode still takes stray bits under the padding.
    return octets if encode_step(octets) == text else None


_NOT_XCHAR = rb"[^!-*,-<>-~]"
_XTEXT = rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*"


def xtext_encode(octets: bytes) -> bytes:
    """The octets as xtext (RFC 3461 §4): `+` and two digits for what is not a visible ASCII character."""
    return re.sub(_NOT_XCHAR, lambda found: b"+%02X" % found[0][0], octets)


def xtext_decode(text: bytes) -> bytes | None:
    """The octets of an xtext; None when it is none (RFC 3461 §4 wants upper-case digits)."""
    if re.fullmatch(_XTEXT, text) is None:
        return None
    return re.sub(rb"\+(..)", lambda found: bytes.fromhex(found[1].decode("ascii")), text)


def line_end_faults(data: bytes) -> tuple[int, int]:
    """How many bare CR and how many bare LF a whole message holds (RFC 5321 §2.3.8 allows neither)."""
    pairs = data.count(b"\r\n")
    return data.count(b"\r") - pairs, data.count(b"\n") - pairs


_SPARSE = 128
"""Octets for each dot, below which looking at the dots one by one loses against a search for CRLF and a dot."""
_TRIAL = 4096
"""Octets of a block after which that is judged at the earliest."""


class DotStuffer:
    """A message in, block by block; out comes what goes on the wire after 354 (RFC 5321 §4.5.2).

    A dot is doubled at the start and after CRLF and nowhere else: octets go out as they are. With `text`, each
    bare LF and bare CR first becomes CRLF, also where blocks meet, as befits a message from a text file.
    """

    __slots__ = ("_held", "_tail", "_text", "lines", "octets")

    def __init__(self, text: bool = False) -> None:
        self._text = text
        self._held = b""
        self._tail = b"\r\n"
        self.octets = 0
        """Octets of the message so far, without what stuffing adds."""
        self.lines = 0
        """Lines of the message so far that ended; with `text` only."""

    def feed(self, data: bytes) -> bytes:
        """The next octets of the message as wire octets. Blocks of about 256 KiB are fastest."""
        if self._text:
            data = self._normalise(data)
        if not data:
            return b""
        stuffed = self._stuff(data)
        self.octets += len(data)
        self._tail = data[-2:] if len(data) > 1 else self._tail[-1:] + data
        return stuffed

    def finish(self) -> bytes:
        """What ends the message: CRLF if it did not end with one (none for an empty message), then `.` CRLF."""
        return b".\r\n" if self._tail == b"\r\n" and not self._held else b"\r\n.\r\n"

    def _normalise(self, data: bytes) -> bytes:
        data = self._held + data if self._held else data
        # Whether a CR is bare shows only with the octet after it.
        self._held = b"\r" if data.endswith(b"\r") else b""
        data = data[:-1] if self._held else data
        # Searches for one octet are several times as fast as those for two: most texts have LF or CRLF throughout.
        unix = data.replace(b"\r", b"") if b"\r" in data else data
        crlf = unix.replace(b"\n", b"\r\n")
        if unix is not data and crlf != data:
            unix = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            crlf = unix.replace(b"\n", b"\r\n")
        self.lines += len(crlf) - len(unix)
        return crlf

    def _stuff(self, data: bytes) -> bytes:
        dots = self._first_dots(data)
        if not dots:
            return data
        pieces: list[bytes | memoryview] = []
        view = memoryview(data)
        start = 0
        for dot in dots:
            pieces += (view[start:dot], b".")
            start = dot
        pieces.append(view[start:])
        return b"".join(pieces)

    def _first_dots(self, data: bytes) -> list[int]:
        """Where the dots are that begin a line."""
        edge = self._tail + data[:2]
        dots = [dot for dot in (0, 1) if edge.startswith(b"\r\n.", dot)]
        seen = 0
        dot = data.find(b".", 2)
        while dot >= 0 and seen * _SPARSE <= dot + _TRIAL:
            seen += 1
            if data.startswith(b"\r\n", dot - 2):
                dots.append(dot)
            dot = data.find(b".", dot + 1)
        if dot >= 0:
            end = data.find(b"\r\n.", dot - 2)
            while end >= 0:
                dots.append(end + 2)
                end = data.find(b"\r\n.", end + 3)
        return dots


_END = b"\r\n.\r\n"


class DotReader:
    """What follows 354, in any cut; out comes the message. Only CRLF `.` CRLF ends it (RFC 5321 §4.1.1.4).

    A lone dot between other line ends (LF.LF, CR.CR and their mixtures) is text: whoever ends a message there
    can be fed a second one that the sender never saw.
    """

    __slots__ = ("_before", "done", "lines", "octets", "rest")

    def __init__(self) -> None:
        self.done = False
        """Whether the final dot has come."""
        self.rest = b""
        """The octets that came after the final dot's line."""
        self.lines = 0
        """Lines of the message that ended with CRLF, the final dot not among them."""
        self.octets = 0
        """Octets of the message."""
        self._before = b"\r\n"
        # The last octets on the wire, as far as they may belong to the end: of these, CR and LF were given out
        # already, a dot (and a CR after it) was not. A message begins as if after a CRLF: that of the command.

    def feed(self, data: bytes) -> bytes:
        """The octets of the message that these wire octets bring, with doubled dots undone."""
        if self.done:
            self.rest += data
            return b""
        given_out = min(len(self._before), 2)
        wire = self._before + data
        end = wire.find(_END)
        if end >= 0:
            self.done = True
            self.rest = wire[end + len(_END) :]
            wire = wire[: end + 2]
        else:
            length = next((length for length in (4, 3, 2, 1) if wire.endswith(_END[:length])), 0)
            self._before = _END[:length]
            if length > 2:
                wire = wire[: 2 - length]
        wire = wire.replace(b"\r\n.", b"\r\n")
        self.octets += len(wire) - given_out
        self.lines += wire.count(b"\r\n") - (given_out == 2)
        return wire[given_out:]

    def skip(self, wire: bytes, octets: int, lines: int) -> bool:
        """Take wire octets that a `DotStuffer` has just made as read: they hold no end of a message.

        `octets` and `lines` are what they bring of the message. False, and nothing done, when they have to be read
        all the same: a dot has come that may belong to the end.
        """
        if self.done or len(self._before) > 2:
            return False
        last = (self._before + wire)[-2:] if len(wire) < 2 else wire[-2:]
        self._before = last if last == b"\r\n" else b"\r" if last.endswith(b"\r") else b""
        self.octets += octets
        self.lines += lines
        return True
