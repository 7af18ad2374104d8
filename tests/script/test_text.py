"""The reader and the writer of scripts: lossless for any octets, never raising, helpful about bad lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.script.arguments import Timeout
from smtp_repl.script.model import Blank, Comment, Directive, Invalid, Note, Script, Wire
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import LINE_LIMIT, format_script, parse, write

LINES = [
    b"",
    b"  \t",
    b"\x0c",
    b"# a remark",
    b"  #",
    b"# caf\xe9",
    b"{The server closes the connection}",
    b"  (later)  ",
    b"[note]",
    b"<note>",
    b"... and so on",
    b"---",
    b"@timeout 5",
    b"  @match[bob]   text ",
    b"@caps STARTTLS !XCLIENT",
    b"@title  caf\xc3\xa9",
    b"C: EHLO relay.example.org",
    b"C:",
    b"C:  two blanks ",
    b"\tC[bob]: NOOP",
    b"C~ AUTH PLAIN {auth.plain}",
    b"C= NOOP",
    b'C"EHLO x\\r\\n" "A"*3',
    b"S: 250-mail.example.com",
    b"S: 250 ok",
    b"S?: 250-MAYBE",
    b"S*: 250",
    b"S!: STARTTLS",
    b"S[bob]!~ 250 {}",
    b"S~ 250 queued as {id:[A-F0-9]+}",
    b'S="250 ok\\r\\n"',
    b'S"250 \\xff\\r\\n"',
    b"S: 250 a\xe2\x80\xa8b",
    b"C: S: 250 fake",
    b"c: lower",
    b"EHLO x",
    b"C: a\x00b",
    b"C: \xff",
    b"C: EHLO x\rS: 250",
    b"@nonsense",
    b"{open",
    b'C"open',
    b"\xef\xbb\xbfC: x",
    b"\xc2\xa0",
    b"\x1c",
]
_line = st.sampled_from(LINES) | st.text(max_size=20).map(str.encode) | st.binary(max_size=20)


def node_of(line: bytes) -> Blank | Note | Comment | Directive | Wire | Invalid:
    (node,) = parse(line).nodes
    return node


def wire_of(line: bytes) -> Wire:
    node = node_of(line)
    assert isinstance(node, Wire), node
    return node


@given(st.binary(max_size=200))
def test_any_octets_come_back(data: bytes) -> None:
    """write(parse(x)) == x, whatever x is."""
    assert write(parse(data)) == data


@given(st.lists(st.tuples(_line, st.sampled_from([b"\n", b"\r\n", b"\r", b""])), max_size=12), st.booleans())
def test_any_mixture_of_lines_comes_back(lines: list[tuple[bytes, bytes]], bom: bool) -> None:
    data = (b"\xef\xbb\xbf" if bom else b"") + b"".join(line + end for line, end in lines)
    script = parse(data)
    assert write(script) == data
    assert [node.line for node in script.nodes] == list(range(1, len(script.nodes) + 1))
    assert b"".join(node.source for node in script.nodes) == data[3 if script.bom else 0 :]


@given(st.lists(st.tuples(_line, st.sampled_from([b"\n", b"\r\n"])), max_size=12), st.booleans())
def test_formatting_changes_no_step(lines: list[tuple[bytes, bytes]], bom: bool) -> None:
    """Formatting keeps what is said, heard and done, and formatting again changes nothing."""
    script = parse((b"\xef\xbb\xbf" if bom else b"") + b"".join(line + end for line, end in lines))
    formatted = format_script(script)
    again = parse(formatted)
    assert format_script(again) == formatted
    assert [_meaning(node) for node in again.nodes] == [_meaning(node) for node in script.nodes]
    if not script.problems:
        assert len(compile_steps(again, load=lambda path: b"")) == len(compile_steps(script, load=lambda path: b""))


def _meaning(node: object) -> object:
    if isinstance(node, Wire):
        return node._replace(source=b"", column=0, text=b"" if node.items else node.text)
    if isinstance(node, Directive):
        return node._replace(source=b"", column=0)
    if isinstance(node, Invalid):
        return (node.kind, node.column)
    return type(node)


@pytest.mark.parametrize(
    ("line", "side", "connection", "mod", "form", "asserts", "text", "column"),
    [
        ("C: NOOP", "C", "", "", ":", False, b"NOOP", 4),
        ("C:", "C", "", "", ":", False, b"", 4),
        ("C: ", "C", "", "", ":", False, b"", 4),
        ("C:  x ", "C", "", "", ":", False, b" x ", 4),
        (" \tC[bob]: x", "C", "bob", "", ":", False, b"x", 11),
        ("C~ a{b}", "C", "", "", "~", True, b"a{b}", 4),
        ("C= x", "C", "", "", "=", True, b"x", 4),
        ('C"x"', "C", "", "", '"', False, b'"x"', 2),
        ('C="x"', "C", "", "", '"', True, b'"x"', 3),
        ("S: 250 ok", "S", "", "", ":", False, b"250 ok", 4),
        ("S~ 250 {}", "S", "", "", "~", True, b"250 {}", 4),
        ("S= 250 ok", "S", "", "", "=", True, b"250 ok", 4),
        ('S= "x"', "S", "", "", "=", True, b'"x"', 4),
        ("S?: 250", "S", "", "?", ":", False, b"250", 5),
        ("S?~ 250", "S", "", "?", "~", True, b"250", 5),
        ("S*: 250", "S", "", "*", ":", False, b"250", 5),
        ("S!: X", "S", "", "!", ":", True, b"X", 5),
        ("S[bob]!~ X", "S", "bob", "!", "~", True, b"X", 10),
        ('S="a" "b"*2 ', "S", "", "", '"', True, b'"a" "b"*2', 3),
    ],
)
def test_wire_forms(
    line: str, side: str, connection: str, mod: str, form: str, asserts: bool, text: bytes, column: int
) -> None:
    wire = wire_of(line.encode())
    assert wire[2:9] == (side, connection, mod, form, asserts, text, column)


def test_exact_bytes() -> None:
    """No CRLF is added, escapes are read, repeats repeat."""
    wire = wire_of(rb'C"a\r\n\t\0\\\"\xff" "AB"*3')
    assert wire.octets({}) == b'a\r\n\t\0\\"\xffABABAB'
    assert [item.times for item in wire.items] == [1, 3]
    assert wire_of(b'C"" "x"*0').octets({}) == b""


def test_empty_items_stream_nothing() -> None:
    assert list(wire_of(b'C"" "a"*2').blocks({})) == [b"aa"]
    assert list(wire_of(b'C"a"*65536').blocks({})) == [b"a" * 65536]


@pytest.mark.parametrize(
    ("line", "tag", "secret"),
    [
        ("C~ AUTH PLAIN {bob.plain}", "C~", True),
        ("C~ {x}", "C~", False),
        ("C[b]: {auth.plain}", "C[b]:", False),
        ('S="x"', "S=", False),
        ('C"x"', "C", False),
        ("S[b]!~ x", "S[b]!~", False),
    ],
)
def test_tags_and_secrecy(line: str, tag: str, secret: bool) -> None:
    wire = wire_of(line.encode())
    assert (wire.tag, wire.secret) == (tag, secret)


def test_only_one_space_is_syntax() -> None:
    """What follows the tag and one space is payload, tags and blanks at the end included."""
    assert wire_of(b"C: S: 250 fake ").octets({}) == b"S: 250 fake \r\n"


@pytest.mark.parametrize(
    ("line", "kind", "column", "hint"),
    [
        (b"C: a\0b", "nul", 5, 'C"…" with \\0'),
        (b"S: a\0b", "nul", 5, 'S"…"'),
        (b"C: \xc3\xa9\xff", "not-utf8", 5, "\\xff"),
        (b"@title \xff", "not-utf8", 8, ""),
        (b"C: a\rb", "bare-cr", 5, 'C"…" with \\r'),
        (b"C: EHLO x\rS: 250\r", "bare-cr", 10, "Macintosh"),
        (b"c: x", "unknown-line", 1, "write C: and one space"),
        (b"s[bob]: x", "unknown-line", 1, "write S[bob]: and one space"),
        (b"C : x", "unknown-line", 1, "write C: and one space"),
        (b"  C:x", "unknown-line", 3, "write C: and one space"),
        (b"C:\tx", "bad-tag", 3, "write C: and a space"),
        (b"Client: EHLO x", "unknown-line", 1, "write C:"),
        (b"-> EHLO x", "unknown-line", 1, "write C:"),
        (b"<- 250 <x>", "unknown-line", 1, "write S:"),
        (b"<- 250 x", "unknown-line", 1, "write S:"),
        (b"250 ok", "unknown-line", 1, "S: 250 ok"),
        (b"EHLO x", "unknown-line", 1, "C: EHLO x"),
        (b"timeout 5", "unknown-line", 1, "did you mean @timeout?"),
        (b"hello there", "unknown-line", 1, "a remark begins with #"),
        (b"\xc2\xa0", "unknown-line", 1, "a remark"),
        (b"\x1c", "unknown-line", 1, "a remark"),
        (b"!shell rm", "unknown-line", 1, ""),
        (b"@timout 5", "unknown-directive", 1, "did you mean @timeout?"),
        (b"  @xyzzy", "unknown-directive", 3, "@connect"),
        (b"@timeout[bob]  nan", "bad-number", 16, ""),
        (b"@", "bad-directive", 1, "@word"),
        (b"@match[b] !", "bad-argument", 11, ""),
        (b"@match[] text", "bad-connection", 7, ""),
        (b"C[a b]: x", "bad-connection", 2, "letters"),
        (b"C?: x", "bad-tag", 1, ""),
        (b'S?"x"', "unknown-line", 1, ""),
        (b"(open", "unclosed-note", 1, "close it with )"),
        (b"{", "unclosed-note", 1, "}"),
        (b'C"a', "bad-bytes", 2, ""),
        (b'C"a"b', "bad-bytes", 2, ""),
        (b'C"a\\q"', "bad-escape", 4, "\\xHH"),
        (b'C"a" "\\xg"', "bad-escape", 7, "\\xHH"),
        (b'C"a"*99999999999', "limit", 6, ""),
        (b"C~ a{b", "bad-hole", 5, "{{"),
        (b"S~ 250 {:(}", "bad-regex", 10, ""),
        (b"C: " + b"x" * LINE_LIMIT, "line-too-long", 1, "@send"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else str(value)[:20],
)
def test_bad_lines(line: bytes, kind: str, column: int, hint: str) -> None:
    """A bad line keeps its octets and says where it is bad and what to write instead."""
    node = node_of(line)
    assert isinstance(node, Invalid), node
    assert (node.kind, node.column) == (kind, column)
    assert hint in node.hint
    assert node.source == line
    assert node.width >= 1
    error = node.error("a.smtp")
    assert (error.file, error.line, error.kind) == ("a.smtp", 1, kind)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"", None),
        (b"\t \x0c", Blank),
        (b"#x", Comment),
        (b"  # caf\xe9", Comment),
        (b" {note} ", Note),
        (b"()", Note),
        (b"[S: 250]", Note),
        (b"<x>", Note),
        (b"...", Note),
        (b"--- 8< ---", Note),
        ("… später".encode(), Note),
        (b"@early", Directive),
    ],
)
def test_other_lines(line: bytes, kind: type | None) -> None:
    nodes = parse(line).nodes
    assert [type(node) for node in nodes] == ([kind] if kind else [])


def test_line_ends() -> None:
    """LF and CRLF end a line, kept as they are; U+2028, NEL and a form feed do not."""
    script = parse("\ufeffC: a\u2028b\x85c\r\nS: 250\n\n".encode())
    assert script.bom
    assert [type(node) for node in script.nodes] == [Wire, Wire, Blank]
    assert script.nodes[0].source.endswith(b"\r\n")
    assert len(compile_steps(script)) == 2


@pytest.mark.parametrize(
    ("line", "remarks"),
    [
        ("C: EHLO \u202ex", [("invisible-char", 9)]),
        ("# a \u2066b", [("invisible-char", 5)]),
        ("C: a\x1b[2J", [("control-char", 5)]),
        ("C: é\x1b", [("control-char", 5)]),
        ("C: é\t", []),
        ("C: a\u00a0b", []),
        ("# \x1b", []),
        ("C: a\tb", []),
        ("# é", []),
        ("c: \u202e", []),
    ],
)
def test_remarks(line: str, remarks: list[tuple[str, int]]) -> None:
    """Characters that hide or turn around what is read are named, with their place, and kept."""
    assert [(remark.kind, remark.column) for remark in parse(line.encode()).warnings] == remarks


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\xef\xbb\xbf  C[a]:  x \r\n", b"C[a]:  x \n"),
        (b"C: \n", b"C:\n"),
        (b'S="a"   "b"*2  ', b'S="a" "b"*2\n'),
        (b"  @match    text  ", b"@match text\n"),
        (b" @eof[bob] \n", b"@eof[bob]\n"),
        (b"  # x  \r\n \t\n {n} ", b"# x\n\n{n}\n"),
        (b"c: x\r\n", b"c: x\r\n"),
        (b"\xef\xbb\xbf\xef\xbb\xbfC: x\n", b"\xef\xbb\xbf\xef\xbb\xbfC: x\n"),
    ],
)
def test_format(before: bytes, after: bytes) -> None:
    assert format_script(parse(before)) == after


def test_metadata() -> None:
    script = parse(
        b"@title First\n@about One\n@about Two\n@source RFC 5321\n@tag a, b\n@tag c\n@recorded now\n@timeout 5\nC: x\n"
    )
    assert (script.title, script.about, script.origin, script.recorded) == ("First", "One\nTwo", "RFC 5321", "now")
    assert script.tags == ("a", "b", "c")
    assert not script.speaks
    assert script.problems == ()
    assert isinstance(script.nodes[7], Directive)
    assert script.nodes[7].value == Timeout(5.0)
    assert parse(b"S: 220\n").speaks
    assert isinstance(parse(b""), Script)
