"""Messages as lessons look at them: header, encoded words, the MIME tree and what is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.teach.message import Message, address_of, decode_words, split


def message(text: str) -> Message:
    return Message("a@example.org", ("b@example.com",), text.replace("\n", "\r\n").encode())


MIXED = """From: Alice <alice@example.org>
Content-Type: multipart/mixed;
 boundary="x y"

To be ignored.
--x y
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

K=C3=A4se
--x y
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''%E6%8A%A5.pdf
Content-Transfer-Encoding: base64

AAEC
--x y--
"""


def test_reads_the_tree_of_parts() -> None:
    """Parts, types, charsets, encodings and names; what stands before the first boundary is no part."""
    root = message(MIXED).root
    assert root.type == "multipart/mixed"
    text, file = root.leaves
    assert (text.type, text.charset, text.encoding, text.text) == ("text/plain", "utf-8", "quoted-printable", "Käse")
    assert (file.type, file.name, file.octets) == ("application/pdf", "报.pdf", b"AAEC")
    assert message(MIXED).defects == ()


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        (MIXED.replace("--x y--\n", ""), "the closing boundary is missing"),
        (MIXED.replace("--x y", "--other"), "the boundary does not occur in the body"),
        (MIXED.replace(';\n boundary="x y"', ""), "no boundary is named"),
    ],
)
def test_names_what_is_wrong_with_the_tree(text: str, defect: str) -> None:
    assert message(text).defects == (defect,)


@pytest.mark.parametrize(
    ("octets", "header", "body"),
    [
        (b"A: b\r\n\r\nc\r\n", b"A: b\r\n", b"c\r\n"),
        (b"A: b\r\n c\r\n\r\nd", b"A: b\r\n c\r\n", b"d"),
        (b"\r\nA: b\r\n", b"", b"A: b\r\n"),
        (b"Hello Bob.\r\n", b"", b"Hello Bob.\r\n"),
        (b"A: b\r\nHello Bob.\r\n", b"A: b\r\n", b"Hello Bob.\r\n"),
        (b"A: b\n\nc", b"A: b\n", b"c"),
        (b"A: b", b"A: b", b""),
        (b"", b"", b""),
    ],
)
def test_parts_header_and_body(octets: bytes, header: bytes, body: bytes) -> None:
    """An empty line ends the header, and so does the first line that is no field."""
    assert split(octets) == (header, body)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?UTF-8?B?5L2g5aW9?=", "你好"),
        ("=?utf-8?q?a_=C3=A4?= b", "a ä b"),
        ("=?utf-8?b?5L2g?=\t =?utf-8?b?5aW9?=", "你好"),
        ("=?utf-8?b?5L2g5aW9", "=?utf-8?b?5L2g5aW9"),
        ("=?none-such?b?AAAA?=", "=?none-such?b?AAAA?="),
        ("=?utf-8?b?%%?=", "=?utf-8?b?%%?="),
        ("plain", "plain"),
    ],
)
def test_undoes_encoded_words(value: str, text: str) -> None:
    """RFC 2047; blanks between two of them vanish, and what is none stays."""
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("Alice <alice@example.org>", "alice@example.org"),
        ("alice@example.org", "alice@example.org"),
        ('"Smith, A." <a@example.org>, b@example.org', "a@example.org"),
        ("nobody at all", ""),
    ],
)
def test_finds_the_address(value: str, address: str) -> None:
    assert address_of(value) == address


@given(st.binary(max_size=300))
def test_reads_whatever_it_is_given(octets: bytes) -> None:
    """No message is a reason to stop."""
    read = Message("", (), octets)
    assert isinstance(read.subject + read.author, str)
    assert all(isinstance(leaf.text, str) for leaf in read.root.leaves)


@given(st.lists(st.sampled_from(["Content-Type: multipart/mixed; boundary=b", "--b", "--b--", "", "x"]), max_size=40))
def test_reads_trees_of_any_shape(lines: list[str]) -> None:
    """Depth and number of parts are bounded."""
    assert len(message("\n".join(lines)).root.leaves) <= 200


def test_nesting_is_bounded() -> None:
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(100))
    assert message(deep).root.leaves
