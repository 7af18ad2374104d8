"""Replies: what a server says (RFC 5321 §4.2), read incrementally and within bounds.

Knows octets only: not which command a reply answers, nor what it means for the session. It never raises for
what the peer sent short of the limits; oddities become flags, which are rule ids of `events.RULES`.
"""

import re

from smtp_repl.wire.errors import WireLimit
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record

LINE_LIMIT = 8192
"""Octets in one reply line, line end included. RFC 5321 §4.5.3.1.5 says 512; real servers exceed that."""
LINES_LIMIT = 2000
"""Lines in one reply."""
REPLY_LIMIT = 256 * 1024
"""Octets in one reply."""

_ENHANCED = rb"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9.])"
_ENHANCED_LOOK = rb"[0-9]+\.[0-9]+\.[0-9]+(?:\s|$)"


class EnhancedCode(Record):
    """An enhanced status code such as 5.7.8 (RFC 3463 §2)."""

    klass: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.klass}.{self.subject}.{self.detail}"


def parse_enhanced(text: bytes) -> EnhancedCode | None:
    """The enhanced status code at the start of a reply text (after the code and its separator)."""
    found = re.match(_ENHANCED, text)
    return EnhancedCode(*(int(part) for part in found.groups())) if found else None


class Reply(Record):
    """One whole reply.

    `code` is None for a line that is no reply line at all (`HTTP/1.1 400 …`): such a line stands for itself.
    `texts` holds each line after its code and separator, without line end (of a malformed line all of it);
    `raw` is the octets as they came, line ends included. A `partial` reply was cut by a close or a timeout.
    """

    code: int | None
    texts: tuple[bytes, ...]
    raw: bytes
    flags: tuple[str, ...] = ()
    partial: bool = False

    @property
    def klass(self) -> int:
        """First digit: 2 done, 3 go on, 4 not now, 5 no; 0 when the reply is malformed, partial or doubtful."""
        if self.code is None or self.partial or (self.flags and _DOUBTFUL.intersection(self.flags)):
            return 0
        return self.code // 100

    @property
    def enhanced(self) -> EnhancedCode | None:
        """The enhanced code that the last line begins with, if its class agrees with the reply's."""
        code = parse_enhanced(self.texts[-1]) if self.texts else None
        return code if code is not None and code.klass == self.klass else None

    @property
    def lines(self) -> list[bytes]:
        """The lines as they came, code included, without line ends."""
        return split_lines(self.raw)


_DOUBTFUL = frozenset({"code-mismatch", "malformed-line"})


def split_lines(octets: bytes) -> list[bytes]:
    """The lines of some octets without their line ends; LF ends a line, and one CR before it goes with it."""
    lines = octets.split(b"\n")
    unfinished = lines.pop()
    result = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    return [*result, unfinished] if unfinished else result


class ReplyReader:
    """Octets in, whole replies out, however they are cut. Bounded: see `fault`."""

    __slots__ = ("_buffer", "_code", "_flags", "_lines", "_size", "_texts", "fault")

    def __init__(self) -> None:
        self._buffer = b""
        self.fault: WireLimit | None = None
        """Set when a limit was passed; what had been read by then was given out as a partial reply."""
        self._begin()

    def _begin(self) -> None:
        self._code: int | None = None
        self._texts: list[bytes] = []
        self._lines: list[bytes] = []
        self._flags: list[str] = []
        self._size = 0

    @property
    def pending(self) -> bytes:
        """What has come of a reply that is not complete: whole lines, then the beginning of one."""
        return b"".join(self._lines) + self._buffer

    def take_unread(self) -> bytes:
        """Remove and return octets that belong to no whole reply (before a TLS handshake there must be none)."""
        unread = self.pending
        self._buffer = b""
        self._begin()
        return unread

    def feed(self, data: bytes) -> list[Reply]:
        """Read octets; returns the replies that they complete. Raises `WireLimit` after a fault, never at it."""
        if self.fault is not None:
            raise self.fault
        buffer = self._buffer + data if self._buffer else data
        replies: list[Reply] = []
        start = 0
        while (end := buffer.find(b"\n", start)) >= 0:
            line = buffer[start : end + 1]
            start = end + 1
            if not self._lines and (usual := _usual_reply(line)) is not None:
                replies.append(usual)
                continue
            if len(line) > LINE_LIMIT:
                return self._give_up(replies, line[:LINE_LIMIT], "line-too-long")
            reply = self._line(line)
            if len(self._lines) > LINES_LIMIT or self._size > REPLY_LIMIT:
                return self._give_up(replies, b"", "reply-too-long")
            if reply is not None:
                replies.append(reply)
                self._begin()
        self._buffer = buffer[start:]
        if len(self._buffer) > LINE_LIMIT:
            return self._give_up(replies, self._buffer[:LINE_LIMIT], "line-too-long")
        return replies

    def cut(self, *flags: str) -> Reply | None:
        """What had come of an unfinished reply when the peer closed or time was up, as a partial reply."""
        raw = self.pending
        if not raw:
            return None
        texts = (*self._texts, self._buffer) if self._buffer else tuple(self._texts)
        reply = Reply(self._code, texts, raw, (*dict.fromkeys(self._flags), *flags), True)
        self._buffer = b""
        self._begin()
        return reply

    def _give_up(self, replies: list[Reply], rest: bytes, flag: str) -> list[Reply]:
        self._buffer = rest
        partial = self.cut(flag)
        if partial is not None:
            replies.append(partial)
        what = phrase("the server sent a reply line of more than {octets} octets", octets=LINE_LIMIT)
        if flag != "line-too-long":
            what = phrase(
                "the server sent a reply of more than {lines} lines or {octets} octets",
                lines=LINES_LIMIT,
                octets=REPLY_LIMIT,
            )
        self.fault = WireLimit(
            what,
            "this is no sane mail server; check the host and the port",
            kind=flag,
        )
        return replies

    def _line(self, line: bytes) -> Reply | None:
        """Take one line with its line end; returns the reply if this line completes it."""
        content = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        separator = content[3:4]
        self._note_oddities(line, content)
        self._lines.append(line)
        self._size += len(line)
        # Octets, not str: int() and str.isdigit() take signs, underscores and Arabic-Indic digits.
        if len(content) < 3 or not content[:3].isdigit() or separator not in (b"", b" ", b"-"):
            self._flags.append("malformed-line")
            self._texts.append(content)
            # In the middle of a reply the code is known and a later line ends it; alone it is all there is.
            return self._complete() if self._code is None else None
        code = int(content[:3])
        if self._code is not None and code != self._code:
            self._flags.append("code-mismatch")
        self._code = code
        text = content[4:]
        if not text and separator != b"-":
            self._flags.append("no-text")
        self._texts.append(text)
        return None if separator == b"-" else self._complete()

    def _complete(self) -> Reply:
        raw = self._lines[0] if len(self._lines) == 1 else b"".join(self._lines)
        if self._code is not None:
            self._flags += _enhanced_flags(self._code, self._texts[-1])
        return Reply(self._code, tuple(self._texts), raw, tuple(dict.fromkeys(self._flags)))

    def _note_oddities(self, line: bytes, content: bytes) -> None:
        flags = self._flags
        if len(line) > 512:
            flags.append("line-over-512")
        if not line.endswith(b"\r\n"):
            flags.append("bare-lf")
        if content.isascii() and content.decode("ascii").isprintable():
            return
        if b"\r" in content:
            flags.append("bare-cr")
        if b"\0" in content:
            flags.append("nul")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            flags.append("non-utf8")
            return
        if not content.isascii():
            flags.append("non-ascii")
        import unicodedata  # a library to load, which sessions in plain ASCII do without

        for character in text:
            if not character.isprintable() and character not in "\r\0\t":
                invisible = unicodedata.category(character) in ("Cf", "Zl", "Zp")
                flags.append("invisible-char" if invisible else "control-char")


def _usual_reply(line: bytes) -> Reply | None:
    """A reply of one line about which nothing is notable, which is what servers nearly always say; else None."""
    code, text = line[:3], line[4:-2]
    if line[3:4] != b" " or not code.isdigit() or line[-2:] != b"\r\n" or not 6 < len(line) <= 512:
        return None
    if not (text.isascii() and text.decode("ascii").isprintable()) or (text[1:2] == b"." and code[:1] != text[:1]):
        return None
    if text[1:2] == b"." and re.match(_ENHANCED, text) is None:
        return None
    return Reply._make((int(code), (text,), line, (), False))


def _enhanced_flags(code: int, text: bytes) -> list[str]:
    if b"." not in text or not re.match(_ENHANCED_LOOK, text):
        return []
    enhanced = parse_enhanced(text)
    if enhanced is None:
        return ["enhanced-bad"]
    return [] if enhanced.klass == code // 100 else ["enhanced-mismatch"]
