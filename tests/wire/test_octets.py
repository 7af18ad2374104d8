"""Any octets can be shown, written down and read back; message bodies are transparent."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.wire.octets import (
    BadEscape,
    DotReader,
    DotStuffer,
    decode_step,
    encode_step,
    is_plain,
    line_end_faults,
    lines_with_ends,
    printable,
    quote,
    unquote,
    xtext_decode,
    xtext_encode,
)

PRINTABLE = {
    "plain": (b"250 2.1.0 Ok", "250 2.1.0 Ok"),
    "utf-8": ("220 日本語 ✉".encode(), "220 日本語 ✉"),
    "short": (b"a\r\n\t\0b", r"a\r\n\t\0b"),
    "control": (b"\x1b[2J\x07\x08\x7f", r"\x1b[2J\x07\x08\x7f"),
    "c1 control": ("\x9b2J".encode(), r"\xc2\x9b2J"),
    "backslash stays": (rb"C:\new", r"C:\new"),
    "not utf-8": (b"\xed\xa0\x80 \xc0\xaf \xf4\x90\x80\x80", r"\xed\xa0\x80 \xc0\xaf \xf4\x90\x80\x80"),
    "bidi": ("a\u202eb".encode(), r"a\xe2\x80\xaeb"),
    "bom": ("\ufeffhi".encode(), r"\xef\xbb\xbfhi"),
    "line separator": ("a\u2028b\u2029".encode(), r"a\xe2\x80\xa8b\xe2\x80\xa9"),
    "private use": ("\ue000".encode(), r"\xee\x80\x80"),
    "unassigned": ("\U000e0080".encode(), r"\xf3\xa0\x82\x80"),
    "other blanks stay": ("a\u00a0b\u3000c".encode(), "a\u00a0b\u3000c"),
    "eight marks": (("e" + "\u0301" * 8 + "x").encode(), "e" + "\u0301" * 8 + "x"),
    "ninth mark": (("e" + "\u0301" * 9 + "x").encode(), "e" + "\u0301" * 8 + r"\xcc\x81x"),
}


@pytest.mark.parametrize(("octets", "shown"), PRINTABLE.values(), ids=PRINTABLE)
def test_printable(octets: bytes, shown: str) -> None:
    """Visible text stays, everything else shows its octets."""
    assert printable(octets) == shown


@pytest.mark.parametrize(("text", "shown"), [("ok", "ok"), ("\udcff", r"\xff"), ("\ud800", r"\xed\xa0\x80")])
def test_printable_takes_text(text: str, shown: str) -> None:
    """Text with lone surrogates (file names, arguments) is no exception."""
    assert printable(text) == shown


@given(st.binary() | st.text())
def test_printable_is_always_one_safe_line(octets: bytes | str) -> None:
    """Whatever comes in, no control character comes out."""
    shown = printable(octets)
    assert all(character.isprintable() or character.isspace() for character in shown)
    assert not set(shown) & set("\r\n\t\0\x0b\x0c\x1b\x85\u2028\u2029")


PLAIN = {
    "text": (b"250 Ok", True),
    "empty": (b"", True),
    "tab inside": (b"a\tb", True),
    "utf-8": ("naïve ✉ a\u00a0b".encode(), True),
    "private use": ("\ue000".encode(), True),
    "trailing blank": (b"250 ", False),
    "trailing tab": (b"250\t", False),
    "bare CR": (b"a\rb", False),
    "escape": (b"\x1b[0m", False),
    "bidi": ("\u202e".encode(), False),
    "zero width joiner": ("a\u200db".encode(), False),
    "line separator": ("\u2028".encode(), False),
    "not utf-8": (b"\xff", False),
}


@pytest.mark.parametrize(("line", "plain"), PLAIN.values(), ids=PLAIN)
def test_is_plain(line: bytes, plain: bool) -> None:
    """A recorder writes a line as it is only when nothing of it is hidden or lost."""
    assert is_plain(line) is plain


QUOTED = {
    "plain": (b"250 Ok", "250 Ok"),
    "line end": (b"250 Ok\r\n", r"250 Ok\r\n"),
    "short": (b"\t\0", r"\t\0"),
    "quote and backslash": (rb'a"\x', r"a\"\\x"),
    "utf-8": ("é\r".encode(), r"é\r"),
    "not utf-8": (b"\xe9\r", r"\xe9\r"),
    "hidden": ("a\u202eb".encode(), r"a\xe2\x80\xaeb"),
    "trailing blank": (b"250 ", "250 "),
}


@pytest.mark.parametrize(("octets", "body"), QUOTED.values(), ids=QUOTED)
def test_quote(octets: bytes, body: str) -> None:
    """The quoted form keeps text readable and loses nothing."""
    assert quote(octets) == body
    assert unquote(body) == octets


@given(st.binary())
def test_unquote_inverts_quote(octets: bytes) -> None:
    """unquote after quote is the identity for any octets, and the quoted form is one line without hidden parts."""
    body = quote(octets)
    assert unquote(body) == octets
    assert is_plain(body.rstrip(" ").encode())


@pytest.mark.parametrize(
    ("body", "offset", "message"),
    [
        (r"ok\q", 2, r"unknown escape \q"),
        (r"é\é", 1, r"unknown escape \é"),
        (r"\x4", 0, r"\x needs two hexadecimal digits"),
        (r"\xg0", 0, r"\x needs two hexadecimal digits"),
        ("a\\", 1, "nothing after the backslash"),
        ("\\\r", 0, r"unknown escape \\r"),
    ],
)
def test_unquote_refuses(body: str, offset: int, message: str) -> None:
    """An escape that is none is refused, with its place, never guessed at."""
    with pytest.raises(BadEscape) as caught:
        unquote(body)
    assert (caught.value.offset, str(caught.value)) == (offset, message)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("body", "octets"), [(r"\xFf\xfF", b"\xff\xff"), (r"\x00", b"\0"), (r"\\x41", rb"\x41")])
def test_unquote_takes(body: str, octets: bytes) -> None:
    """Hexadecimal digits of either case; an escaped backslash escapes nothing."""
    assert unquote(body) == octets


@given(st.binary())
def test_steps_round_trip(octets: bytes) -> None:
    """A base64 step decodes to what was encoded."""
    assert decode_step(encode_step(octets)) == octets


@pytest.mark.parametrize(
    "text", [b"=", b"!!!notbase64!!!", b"dGlt\n", b" dGlt", b"dGl", b"dGk", b"dGl=", b"dGk=x", b"dG lt", b"dGlt===="]
)
def test_only_canonical_base64_is_a_step(text: bytes) -> None:
    """Line ends, blanks, missing padding and stray bits make it no step (RFC 4954 §4, RFC 4648 §3.5)."""
    assert decode_step(text) is None


def test_empty_step() -> None:
    """Empty is the empty response."""
    assert decode_step(b"") == b""
    assert encode_step(b"") == b""


def test_a_long_step_has_no_line_ends() -> None:
    """Steps of up to 12,288 octets are one line (RFC 4954 §4)."""
    assert b"\n" not in encode_step(b"x" * 9000)


@pytest.mark.parametrize(
    ("octets", "xtext"), [(b"bob@example.com", b"bob@example.com"), (b"a+b=c d", b"a+2Bb+3Dc+20d"), (b"\xc3", b"+C3")]
)
def test_xtext(octets: bytes, xtext: bytes) -> None:
    """xtext per RFC 3461 §4."""
    assert xtext_encode(octets) == xtext
    assert xtext_decode(xtext) == octets


@pytest.mark.parametrize("text", [b"a b", b"a=b", b"+", b"+2", b"+2b", b"+GG", b"\xc3", b"\x7f", b"a\n"])
def test_not_xtext(text: bytes) -> None:
    """Lower-case digits and everything outside "!" to "~" make it no xtext."""
    assert xtext_decode(text) is None


@given(st.binary())
def test_xtext_round_trip(octets: bytes) -> None:
    """Any octets survive xtext."""
    assert xtext_decode(xtext_encode(octets)) == octets


@pytest.mark.parametrize(
    ("data", "faults"),
    [(b"a\r\nb\r\n", (0, 0)), (b"a\nb", (0, 1)), (b"a\rb\r", (2, 0)), (b"\r\r\n\n", (1, 1)), (b"", (0, 0))],
)
def test_line_end_faults(data: bytes, faults: tuple[int, int]) -> None:
    """Bare CR and bare LF are counted, CRLF is not."""
    assert line_end_faults(data) == faults


def stuffed(message: bytes, text: bool = False, cuts: tuple[int, ...] = ()) -> bytes:
    """A message sent in pieces that end at the cuts."""
    stuffer = DotStuffer(text)
    edges = [0, *sorted(cuts), len(message)]
    pieces = [stuffer.feed(message[a:b]) for a, b in pairwise(edges)]
    return b"".join(pieces) + stuffer.finish()


STUFFED = {
    "empty": (b"", b".\r\n"),
    "one line": (b"a\r\n", b"a\r\n.\r\n"),
    "no final line end": (b"no newline", b"no newline\r\n.\r\n"),
    "leading dots": (b"..a\r\n.b\r\n", b"...a\r\n..b\r\n.\r\n"),
    "end inside": (b"a\r\n.\r\nQUIT\r\n", b"a\r\n..\r\nQUIT\r\n.\r\n"),
    "lone dot at the end": (b".", b"..\r\n.\r\n"),
    "dot after bare LF is left alone": (b"a\n.\nb\r\n", b"a\n.\nb\r\n.\r\n"),
    "dot after bare CR is left alone": (b"a\r.\rb\r\n", b"a\r.\rb\r\n.\r\n"),
    "dots inside a line": (b"a.b..c.\r\n", b"a.b..c.\r\n.\r\n"),
    "ends with CR": (b"a\r", b"a\r\r\n.\r\n"),
    "dense": (b".a.b\r\n" * 200, b"..a.b\r\n" * 200 + b".\r\n"),
}


@pytest.mark.parametrize(("message", "wire"), STUFFED.values(), ids=STUFFED)
def test_stuffing(message: bytes, wire: bytes) -> None:
    """A dot is doubled at the start of a line, that is after CRLF, and nowhere else (RFC 5321 §4.5.2)."""
    assert stuffed(message) == wire
    assert stuffed(message, cuts=tuple(range(len(message)))) == wire


TEXT = {
    "bare LF": (b"a\n.\nb\n", b"a\r\n..\r\nb\r\n.\r\n"),
    "LF.LF smuggling": (b"a\n.\nMAIL FROM:<evil@example.net>\n", b"a\r\n..\r\nMAIL FROM:<evil@example.net>\r\n.\r\n"),
    "bare CR": (b"a\r.b\rc", b"a\r\n..b\r\nc\r\n.\r\n"),
    "LF.CRLF": (b"a\n.\r\nb", b"a\r\n..\r\nb\r\n.\r\n"),
    "CR at the end": (b"a\r", b"a\r\n.\r\n"),
    "only a CR": (b"\r", b"\r\n.\r\n"),
    "CR CR LF": (b"a\r\r\n.", b"a\r\n\r\n..\r\n.\r\n"),
    "already right": (b"a\r\n.b\r\n", b"a\r\n..b\r\n.\r\n"),
    "empty": (b"", b".\r\n"),
}


@pytest.mark.parametrize(("message", "wire"), TEXT.values(), ids=TEXT)
def test_stuffing_text(message: bytes, wire: bytes) -> None:
    """With text, each bare LF and bare CR becomes CRLF first, also where blocks meet."""
    assert stuffed(message, True) == wire
    assert stuffed(message, True, tuple(range(len(message)))) == wire


BODIES = st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"a", b"..", b"\r\n.", b"\xff"]), max_size=40).map(
    b"".join
)
CUTS = st.lists(st.integers(0, 60), max_size=12).map(tuple)


def test_dots_are_found_where_they_are_dense() -> None:
    """Beyond a measure of dots they are no longer looked at one by one, with the same outcome."""
    message = b"." * 1000 + (b"." * 60 + b"\r\n.\r\n") * 500
    assert stuffed(message) == b"." + message.replace(b"\r\n.", b"\r\n..") + b".\r\n"


@given(BODIES, CUTS)
def test_a_stuffer_counts_what_a_reader_will(message: bytes, cuts: tuple[int, ...]) -> None:
    """Octets and lines so far are those of the message, not of what goes over the wire."""
    stuffer, reader = DotStuffer(True), DotReader()
    for a, b in pairwise([0, *sorted(cuts), len(message)]):
        reader.feed(stuffer.feed(message[a:b]))
        assert (stuffer.octets, stuffer.lines) == (reader.octets, reader.lines)


@given(BODIES, CUTS)
def test_what_was_just_stuffed_need_not_be_read(message: bytes, cuts: tuple[int, ...]) -> None:
    """A reader that skips a stuffer's octets stands where one stands that has read them."""
    stuffer, reader, skipper = DotStuffer(True), DotReader(), DotReader()
    for a, b in pairwise([0, *sorted(cuts), len(message)]):
        octets, lines = stuffer.octets, stuffer.lines
        wire = stuffer.feed(message[a:b])
        reader.feed(wire)
        assert skipper.skip(wire, stuffer.octets - octets, stuffer.lines - lines)
    for one in (reader, skipper):
        one.feed(stuffer.finish() + b"QUIT\r\n")
    assert (skipper.done, skipper.rest) == (True, b"QUIT\r\n")
    assert (skipper.octets, skipper.lines) == (reader.octets, reader.lines)


def test_what_may_belong_to_the_end_is_read() -> None:
    """A dot that waits for its CRLF cannot be skipped over, nor can what comes after the end."""
    reader = DotReader()
    reader.feed(b"a\r\n.")
    assert not reader.skip(b"b", 1, 0)
    reader.feed(b"\r\n")
    assert not reader.skip(b"b", 1, 0)


@given(BODIES, CUTS, st.booleans())
def test_stuffing_does_not_depend_on_blocks(message: bytes, cuts: tuple[int, ...], text: bool) -> None:
    """The same octets go out however the message was cut."""
    assert stuffed(message, text, cuts) == stuffed(message, text)


def reads(wire: bytes, cuts: tuple[int, ...] = ()) -> tuple[bytes, bytes, bool, int, int]:
    """What a DotReader makes of these octets, cut so."""
    reader = DotReader()
    edges = [0, *sorted(cuts), len(wire)]
    message = b"".join([reader.feed(wire[a:b]) for a, b in pairwise(edges)])
    return message, reader.rest, reader.done, reader.lines, reader.octets


READ = {
    "empty message": (b".\r\n", (b"", b"", True, 0, 0)),
    "one line": (b"a\r\n.\r\n", (b"a\r\n", b"", True, 1, 3)),
    "what follows is kept": (b"a\r\n.\r\nQUIT\r\n", (b"a\r\n", b"QUIT\r\n", True, 1, 3)),
    "doubled dots": (b"..a\r\n..\r\n.\r\n", (b".a\r\n.\r\n", b"", True, 2, 7)),
    "dot with text": (b".a\r\n", (b"a\r\n", b"", False, 1, 3)),
    "LF.LF is text": (b"a\n.\nb\r\n.\r\n", (b"a\n.\nb\r\n", b"", True, 1, 7)),
    "CR.CR is text": (b"a\r.\rb\r\n.\r\n", (b"a\r.\rb\r\n", b"", True, 1, 7)),
    "LF.CRLF is text": (b"a\n.\r\nb\r\n.\r\n", (b"a\n.\r\nb\r\n", b"", True, 2, 8)),
    "CRLF.LF is text": (b"a\r\n.\nb\r\n.\r\n", (b"a\r\n\nb\r\n", b"", True, 2, 7)),
    "CRLF.CR is text": (b"a\r\n.\rb\r\n.\r\n", (b"a\r\n\rb\r\n", b"", True, 2, 7)),
    "CR CRLF.CRLF": (b"a\r\r\n.\r\n", (b"a\r\r\n", b"", True, 1, 4)),
    "not ended": (b"a\r\n.", (b"a\r\n", b"", False, 1, 3)),
}


@pytest.mark.parametrize(("wire", "result"), READ.values(), ids=READ)
def test_reading(wire: bytes, result: tuple[bytes, bytes, bool, int, int]) -> None:
    """Only CRLF.CRLF ends a message; whole and octet by octet alike (RFC 5321 §4.1.1.4)."""
    assert reads(wire) == result
    assert reads(wire, tuple(range(len(wire)))) == result


@given(BODIES, CUTS)
def test_reading_does_not_depend_on_cuts(wire: bytes, cuts: tuple[int, ...]) -> None:
    """Any cut of any octets gives the same message, end and counts."""
    assert reads(wire, cuts) == reads(wire)


@given(BODIES, CUTS, CUTS)
def test_reading_inverts_stuffing(message: bytes, cuts: tuple[int, ...], other_cuts: tuple[int, ...]) -> None:
    """A message comes out as it went in, but for a missing last CRLF."""
    whole = message if not message or message.endswith(b"\r\n") else message + b"\r\n"
    read, rest, done, lines, octets = reads(stuffed(message, cuts=cuts) + b"QUIT\r\n", other_cuts)
    assert (read, rest, done) == (whole, b"QUIT\r\n", True)
    assert (lines, octets) == (whole.count(b"\r\n"), len(whole))


@pytest.mark.parametrize(
    ("octets", "lines"),
    [
        (b"", []),
        (b"a\r\nb\n", [b"a\r\n", b"b\n"]),
        (b"a\nb", [b"a\n", b"b"]),
        (b"\n\n", [b"\n", b"\n"]),
        ("a\u2028b\x0c\r".encode(), ["a\u2028b\x0c\r".encode()]),
    ],
    ids=repr,
)
def test_only_lf_ends_a_line(octets: bytes, lines: list[bytes]) -> None:
    """Lines keep their ends, the last one may have none, and together they are the octets."""
    assert lines_with_ends(octets) == lines
    assert b"".join(lines) == octets
