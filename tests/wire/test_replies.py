"""Replies are read from any octets, in any cut, within limits, and nothing is dressed up as a good reply."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.wire.errors import WireLimit
from smtp_repl.wire.replies import (
    LINE_LIMIT,
    LINES_LIMIT,
    REPLY_LIMIT,
    EnhancedCode,
    Reply,
    ReplyReader,
    parse_enhanced,
    split_lines,
)


def read(wire: bytes, *cuts: int) -> list[Reply]:
    """All replies in these octets, fed in pieces that end at the cuts."""
    reader = ReplyReader()
    replies: list[Reply] = []
    for a, b in itertools.pairwise([0, *sorted(cuts), len(wire)]):
        replies += reader.feed(wire[a:b])
    return replies


def only(wire: bytes) -> Reply:
    """The one reply in these octets; whole and octet by octet must agree."""
    (reply,) = read(wire)
    assert read(wire, *range(len(wire))) == [reply]
    return reply


# octets, code, texts, flags
REPLIES = {
    "one line": (b"220 ok\r\n", 220, (b"ok",), ()),
    "several lines": (b"250-a\r\n250-b\r\n250 c\r\n", 250, (b"a", b"b", b"c"), ()),
    "code alone": (b"220\r\n", 220, (b"",), ("no-text",)),
    "code and blank": (b"220 \r\n", 220, (b"",), ("no-text",)),
    "empty line goes on": (b"220-\r\n220\r\n", 220, (b"", b""), ("no-text",)),
    "text is not trimmed": (b"220  a \r\n", 220, (b" a ",), ()),
    "bare LF": (b"220 hello\n", 220, (b"hello",), ("bare-lf",)),
    "mixed line ends": (b"220-a\n220-b\r\n220 c\n", 220, (b"a", b"b", b"c"), ("bare-lf",)),
    "bare CR inside": (b"220 a\rb\r\n", 220, (b"a\rb",), ("bare-cr",)),
    "CR CR LF": (b"220 a\r\r\n", 220, (b"a\r",), ("bare-cr",)),
    "NUL": (b"220 a\0b\r\n", 220, (b"a\0b",), ("nul",)),
    "escape": (b"220 \x1b[2J\r\n", 220, (b"\x1b[2J",), ("control-char",)),
    "UTF-8": ("220 日本語 ✉\r\n".encode(), 220, ("日本語 ✉".encode(),), ("non-ascii",)),
    "BOM": ("220 \ufeffhi\r\n".encode(), 220, ("\ufeffhi".encode(),), ("non-ascii", "invisible-char")),
    "not UTF-8": (b"220 \xed\xa0\x80 \xc0\xaf\r\n", 220, (b"\xed\xa0\x80 \xc0\xaf",), ("non-utf8",)),
    "codes differ": (b"550-no\r\n250 yes\r\n", 250, (b"no", b"yes"), ("code-mismatch",)),
    "underscore in the middle": (
        b"250-a\r\n250_b\r\n250 c\r\n",
        250,
        (b"a", b"250_b", b"c"),
        ("malformed-line",),
    ),
    "no code": (b"hello\r\n", None, (b"hello",), ("malformed-line",)),
    "two digits": (b"25 hi\r\n", None, (b"25 hi",), ("malformed-line",)),
    "four digits": (b"2200 hi\r\n", None, (b"2200 hi",), ("malformed-line",)),
    "signed": (b"-20 hi\r\n", None, (b"-20 hi",), ("malformed-line",)),
    "plus": (b"+22 hi\r\n", None, (b"+22 hi",), ("malformed-line",)),
    "leading blank": (b" 220 hi\r\n", None, (b" 220 hi",), ("malformed-line",)),
    "underscore": (b"2_2 hi\r\n", None, (b"2_2 hi",), ("malformed-line",)),
    "Arabic digits": ("٢٢٠ hi\r\n".encode(), None, ("٢٢٠ hi".encode(),), ("non-ascii", "malformed-line")),
    "superscript digits": ("²²⁰ hi\r\n".encode(), None, ("²²⁰ hi".encode(),), ("non-ascii", "malformed-line")),
    "NUL in the code": (b"22\x000 a\r\n", None, (b"22\x000 a",), ("nul", "malformed-line")),
    "empty line": (b"\r\n", None, (b"",), ("malformed-line",)),
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n", None, (b"HTTP/1.1 400 Bad Request",), ("malformed-line",)),
    "enhanced code alone": (b"250 2.1.0\r\n", 250, (b"2.1.0",), ()),
    "enhanced class contradicts": (
        b"250 5.1.1 contradictory\r\n",
        250,
        (b"5.1.1 contradictory",),
        ("enhanced-mismatch",),
    ),
    "enhanced code overflows": (
        b"250 2.999999999999999999999.1 x\r\n",
        250,
        (b"2.999999999999999999999.1 x",),
        ("enhanced-bad",),
    ),
    "over 512 octets": (b"220 " + b"x" * 600 + b"\r\n", 220, (b"x" * 600,), ("line-over-512",)),
}


@pytest.mark.parametrize(("wire", "code", "texts", "flags"), REPLIES.values(), ids=REPLIES)
def test_reading(wire: bytes, code: int | None, texts: tuple[bytes, ...], flags: tuple[str, ...]) -> None:
    """Three ASCII digits, then a blank, a hyphen or the line end, are a code; all oddities are flagged."""
    reply = only(wire)
    assert (reply.code, reply.texts) == (code, texts)
    assert sorted(reply.flags) == sorted(flags)
    assert reply.raw == wire
    assert not reply.partial


def test_two_replies_in_one_chunk() -> None:
    """The second of two replies that come together is given out at once."""
    replies = read(b"220 hi\r\n554 I also say this\r\n")
    assert [reply.code for reply in replies] == [220, 554]


def test_the_start_of_a_reply_waits() -> None:
    """What is not complete stays pending and is given out when it is."""
    reader = ReplyReader()
    assert reader.feed(b"250-a\r\n250 b\r") == []
    assert reader.pending == b"250-a\r\n250 b\r"
    assert [reply.texts for reply in reader.feed(b"\n")] == [(b"a", b"b")]
    assert reader.pending == b""


@pytest.mark.parametrize(
    ("wire", "klass"),
    [
        (b"250 a\r\n", 2),
        (b"354 a\r\n", 3),
        (b"421 a\r\n", 4),
        (b"550 a\r\n", 5),
        (b"550-no\r\n250 yes\r\n", 0),
        (b"250-a\r\n250_b\r\n250 c\r\n", 0),
        (b"hello\r\n", 0),
    ],
)
def test_class(wire: bytes, klass: int) -> None:
    """A doubtful reply is no success (and no other class either)."""
    assert only(wire).klass == klass


ENHANCED = {
    "with text": (b"550 5.1.1 no such user\r\n", "5.1.1"),
    "alone": (b"250 2.1.0\r\n", "2.1.0"),
    "on the last line of several": (b"250-2.1.0 a\r\n250 2.1.5 b\r\n", "2.1.5"),
    "class contradicts": (b"250 5.1.1 x\r\n", None),
    "too long": (b"250 2.1111.0 x\r\n", None),
    "four parts": (b"250 2.1.0.1 x\r\n", None),
    "class 3": (b"354 3.0.0 x\r\n", None),
    "none": (b"250 Ok 2.1.0\r\n", None),
    "an address": (b"220 5.6.7.8 ESMTP\r\n", None),
}


@pytest.mark.parametrize(("wire", "enhanced"), ENHANCED.values(), ids=ENHANCED)
def test_enhanced_code(wire: bytes, enhanced: str | None) -> None:
    """An enhanced code stands first in the text and agrees with the reply's class (RFC 2034 §4)."""
    found = only(wire).enhanced
    assert (str(found) if found else None) == enhanced


def test_parse_enhanced() -> None:
    """The parts are numbers."""
    assert parse_enhanced(b"5.7.30 x") == EnhancedCode(5, 7, 30)


def test_lines_of_a_reply() -> None:
    """The lines as they came, without line ends."""
    assert only(b"250-a\r\n250 b\n").lines == [b"250-a", b"250 b"]
    assert only(b"250 a\r\r\n").lines == [b"250 a\r"]


@pytest.mark.parametrize(
    ("octets", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\r\nb", [b"a", b"b"]),
        (b"\n\r\n", [b"", b""]),
        (b"a\r", [b"a\r"]),
    ],
)
def test_split_lines(octets: bytes, lines: list[bytes]) -> None:
    """LF ends a line and takes one CR with it; a lone CR ends nothing."""
    assert split_lines(octets) == lines


CUTS = {
    "nothing": (b"", None),
    "between lines": (b"220-mail\r\n", Reply(220, (b"mail",), b"220-mail\r\n", ("eof",), True)),
    "after CR": (b"220 mail\r", Reply(None, (b"220 mail\r",), b"220 mail\r", ("eof",), True)),
    "no line end": (b"220 mail", Reply(None, (b"220 mail",), b"220 mail", ("eof",), True)),
    "second line begun": (b"250-a\r\n250", Reply(250, (b"a", b"250"), b"250-a\r\n250", ("eof",), True)),
}


@pytest.mark.parametrize(("wire", "cut"), CUTS.values(), ids=CUTS)
def test_cut(wire: bytes, cut: Reply | None) -> None:
    """What was cut is shown as partial and never taken for a whole reply."""
    reader = ReplyReader()
    assert reader.feed(wire) == []
    assert reader.cut("eof") == cut
    assert cut is None or cut.klass == 0
    assert reader.pending == b""
    assert reader.cut("eof") is None


def test_unread_octets_can_be_taken() -> None:
    """Before a handshake, what was not read yet is taken away and shown; nothing of it survives (RFC 3207 §4.2)."""
    reader = ReplyReader()
    reader.feed(b"220 go ahead\r\n250-injected\r\n25")
    assert reader.take_unread() == b"250-injected\r\n25"
    assert [reply.raw for reply in reader.feed(b"220 hi\r\n")] == [b"220 hi\r\n"]


def test_longest_line() -> None:
    """A line of 8,192 octets is read, one more is a fault."""
    wire = b"220 " + b"x" * (LINE_LIMIT - 6) + b"\r\n"
    assert only(wire).flags == ("line-over-512",)


@pytest.mark.parametrize("end", [b"\r\n", b""], ids=["ended", "without end"])
@pytest.mark.parametrize("step", [1 << 20, 1000, 1], ids=["whole", "in blocks", "by octet"])
def test_line_too_long(end: bytes, step: int) -> None:
    """A line beyond the limit ends the reading: what had come is a partial reply, further feeding raises."""
    wire = b"220 " + b"x" * (LINE_LIMIT - 3 - len(end)) + end
    reader = ReplyReader()
    replies = [reply for at in range(0, len(wire), step) for reply in reader.feed(wire[at : at + step])]
    (reply,) = replies
    assert reply.partial
    assert "line-too-long" in reply.flags
    assert len(reply.raw) <= LINE_LIMIT
    assert isinstance(reader.fault, WireLimit)
    assert reader.fault.kind == "line-too-long"
    with pytest.raises(WireLimit):
        reader.feed(b"250 ok\r\n")


def test_replies_before_a_fault_are_given_out() -> None:
    """A good reply that came before the endless line is not lost."""
    reader = ReplyReader()
    replies = reader.feed(b"250 ok\r\n" + b"x" * (LINE_LIMIT + 1))
    assert [reply.code for reply in replies] == [250, None]


def test_most_lines() -> None:
    """So many lines are read, one more is a fault."""
    whole = b"250-l\r\n" * (LINES_LIMIT - 1) + b"250 l\r\n"
    (reply,) = read(whole)
    assert len(reply.texts) == LINES_LIMIT
    reader = ReplyReader()
    (reply,) = reader.feed(b"250-l\r\n" + whole)
    assert reply.partial
    assert "reply-too-long" in reply.flags
    assert reader.fault is not None
    assert reader.fault.kind == "reply-too-long"


def test_reply_without_end_stays_small() -> None:
    """An endless reply is given up at 256 KiB, and memory does not grow beyond."""
    reader = ReplyReader()
    line = b"220-" + b"B" * 1000 + b"\r\n"
    taken = 0
    while reader.fault is None:
        taken += len(line)
        reader.feed(line)
    assert REPLY_LIMIT <= taken <= REPLY_LIMIT + len(line)
    assert reader.pending == b""


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("last", [b"250 l\r\n", b"250-l\r\n"], ids=["ended", "goes on"])
def test_a_limit_does_not_depend_on_cuts(last: bytes, step: int) -> None:
    """One line too many is a fault whether or not it would have ended the reply."""
    wire = b"250-l\r\n" * LINES_LIMIT + last
    reader = ReplyReader()
    for at in range(0, len(wire), step):
        reader.feed(wire[at : at + step])
        if reader.fault is not None:
            break
    assert reader.fault is not None


LINES = st.lists(
    st.sampled_from(
        [
            b"250-a\r\n",
            b"250 b\r\n",
            b"220\r\n",
            b"550-x\n",
            b"hello\r\n",
            b"\r\n",
            b"\r",
            b"\n",
            b"25",
            b"0 ",
            b"\xff\0",
        ]
    ),
    max_size=20,
).map(b"".join)


@given(LINES | st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=10))
def test_cuts_do_not_matter(wire: bytes, cuts: list[int]) -> None:
    """Any octets in any cut give the same replies, and no octet is lost."""
    whole, pieces = ReplyReader(), ReplyReader()
    replies = whole.feed(wire)
    cut = [reply for a, b in itertools.pairwise([0, *sorted(cuts), len(wire)]) for reply in pieces.feed(wire[a:b])]
    assert cut == replies
    assert b"".join(reply.raw for reply in replies) + whole.pending == wire
    assert pieces.pending == whole.pending
    assert pieces.cut("eof") == whole.cut("eof")
