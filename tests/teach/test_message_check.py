"""What may be wrong with a message: each trouble where it is, and nowhere else."""

import random

import pytest

from smtp_repl.teach.message_check import Circumstances, Survey, addresses_in, survey, troubles

GOOD = (
    b"From: Bob <bob@example.org>\r\nTo: alice@example.com\r\nSubject: Hello\r\n"
    b"Date: Tue, 15 Jan 2008 16:02:43 -0500\r\nMessage-ID: <1@example.org>\r\n\r\nHello.\r\n"
)
HEADER, BODY = GOOD.split(b"\r\n\r\n")
MAIL = Circumstances(sender=b"bob@example.org", size_limit=1000)
UTF8_TYPE = b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8"


def rules(message: bytes, given: Circumstances = MAIL, *, finished: bool = True) -> list[str]:
    return [one.rule for one in troubles(survey(message, finished=finished), given, finished=finished)]


TABLE = {
    "good": (GOOD, MAIL, []),
    "line ends of Unix": (GOOD.replace(b"\r\n", b"\n"), MAIL, []),
    "no line end at the end": (GOOD[:-2], MAIL, []),
    "folded field": (GOOD.replace(b": Hello", b": Hel\r\n lo"), MAIL, []),
    "only a header": (HEADER, MAIL, ["no-body"]),
    "only a header and its end": (HEADER + b"\r\n\r\n", MAIL, []),
    "nothing": (b"", MAIL, ["missing"]),
    "text at once": (b"Hello.\n", MAIL, ["bad-header", "missing"]),
    "no blank line": (HEADER + b"\r\nHello.\r\n", MAIL, ["bad-header"]),
    "text that looks like a field": (HEADER + b"\r\nhttp://x\r\n", MAIL, ["no-body"]),
    "mbox": (b"From bob@example.org Tue\n" + GOOD, MAIL, ["bad-header", "missing"]),
    "folded first": (b" x\n" + GOOD, MAIL, ["bad-header", "missing"]),
    "blank in a name": (b"My Field: x\n" + GOOD, MAIL, ["bad-header", "missing"]),
    "blank before the colon": (b"X-Old : x\r\n" + GOOD, MAIL, []),
    "no Date": (GOOD.replace(b"Date", b"X-Date"), MAIL, ["missing"]),
    "no Message-ID": (GOOD.replace(b"Message-ID", b"X-ID"), MAIL, ["missing"]),
    "two subjects": (b"subject: x\n" + GOOD, MAIL, ["doubled"]),
    "two of another": (b"Received: x\nReceived: y\n" + GOOD, MAIL, []),
    "another author": (GOOD, Circumstances(b"carol@example.org"), ["from-differs"]),
    "another case": (GOOD, Circumstances(b"BOB@EXAMPLE.ORG"), []),
    "a bounce": (GOOD, Circumstances(b""), []),
    "no MAIL": (GOOD, Circumstances(), []),
    "one of two authors": (GOOD.replace(b"From: ", b"From: Al <a@example.net>, "), MAIL, []),
    "author without brackets": (GOOD.replace(b"Bob <bob@example.org>", b"bob@example.org (Bob)"), MAIL, []),
    "bcc": (b"Bcc: carol@example.net\n" + GOOD, MAIL, ["bcc"]),
    "bcc in the text": (GOOD + b"Bcc: carol@example.net\n", MAIL, []),
    "998": (GOOD + b"x" * 998 + b"\r\n", Circumstances(), []),
    "999": (GOOD + b"x" * 999 + b"\r\n", Circumstances(), ["long-line"]),
    "999 in the header": (b"X: " + b"x" * 996 + b"\n" + GOOD, Circumstances(), ["long-line"]),
    "as large as may be": (GOOD + b"x" * (998 - len(GOOD)), MAIL, []),
    "an octet too large": (GOOD + b"x" * (999 - len(GOOD)), MAIL, ["size"]),
    "no limit": (GOOD + b"x\r\n" * 2000, Circumstances(size_limit=0), []),
    "bare CR": (GOOD + b"a\rb\r\n", MAIL, ["bare-cr"]),
    "bare CR at an end": (GOOD + b"a\r\r\n", MAIL, ["bare-cr"]),
    "NUL": (GOOD + b"a\0b\r\n", MAIL, ["nul"]),
    "raw subject": (GOOD.replace(b": Hello", b": H\xc3\xa9llo"), MAIL, ["raw-header"]),
    "raw subject, folded": (GOOD.replace(b": Hello", b": x\r\n \xe9"), MAIL, ["raw-header"]),
    "raw subject, said": (GOOD.replace(b": Hello", b": H\xc3\xa9llo"), MAIL._replace(utf8_said=True), []),
    "encoded subject": (GOOD.replace(b": Hello", b": =?utf-8?q?H=C3=A9llo?="), MAIL, []),
    "8 bits": (GOOD + b"\xc3\xa9", MAIL, ["eight-bit", "no-charset"]),
    "8 bits, typed": (HEADER + UTF8_TYPE + b"\r\n\r\n\xc3\xa9", MAIL, ["eight-bit"]),
    "8 bits, offered": (HEADER + UTF8_TYPE + b"\n\n\xe9", MAIL._replace(eight_bit_offered=True), ["eight-bit"]),
    "8 bits, said": (
        HEADER + UTF8_TYPE + b"\r\n\r\n\xc3\xa9",
        MAIL._replace(eight_bit_offered=True, eight_bit_said=True),
        [],
    ),
    "no MIME-Version": (b"Content-Type: text/plain\n" + GOOD, MAIL, ["no-mime-version"]),
}


@pytest.mark.parametrize(("message", "given", "expected"), TABLE.values(), ids=TABLE)
def test_rules(message: bytes, given: Circumstances, expected: list[str]) -> None:
    """All that is wrong, and nothing that is not."""
    assert rules(message, given) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"Subj", []),
        (b"Subject: x\nFro", []),
        (b"Subject: x\nFrom: bob@example.org\n", []),
        (b"Subject: x\nHello Bob\n", ["bad-header"]),
        (b"Subject: x\n\n", ["missing"]),
        (b"From: carol@example.net\n", ["from-differs"]),
    ],
    ids=["nothing", "half a name", "half a second", "header so far", "text", "header done", "author"],
)
def test_half_a_message(text: bytes, expected: list[str]) -> None:
    """While somebody writes, nothing is missed that may still come."""
    assert rules(text, finished=False) == expected


def test_any_cut_gives_the_same() -> None:
    """Blocks may end anywhere."""
    message = GOOD + b"x" * 2000 + b"\r\na\rb\r\n\xe9\0\n" + b"y" * 10
    whole = survey(message, finished=True)
    pick = random.Random(7)
    for _ in range(50):
        read, at = Survey(), 0
        while at < len(message):
            size = pick.randrange(1, 900)
            read.feed(message[at : at + size])
            at += size
        read.finish()
        assert all(getattr(read, name) == getattr(whole, name) for name in Survey.__slots__ if name != "_rest")


def test_octets_are_those_of_size() -> None:
    """RFC 1870 §3: with CRLF line ends, without doubled dots and final dot."""
    assert survey(b"a\n.b\r\nc", finished=True).octets == len(b"a\r\n.b\r\nc\r\n")
    assert survey(b"a\rb\r\r\n", finished=True).octets == len(b"a\r\nb\r\n\r\n")
    assert survey(b"a\nb", finished=False).size == len(b"a\r\nb\r\n")


def test_a_line_without_end_costs_no_memory() -> None:
    read = Survey()
    for _ in range(64):
        read.feed(b"x" * 65536)
    read.finish()
    assert read.octets == 64 * 65536 + 2
    assert read.long_line == 1


def test_remarks_say_what_to_do() -> None:
    """What, what to do about it, and where it is written; foreign text made printable."""
    read = survey(b"\x1b[2J\n", finished=True)
    shown = [one.remark for one in troubles(read, MAIL, finished=True)]
    assert shown == [
        'line 1 is no header field: "\\x1b[2J"; a blank line ends the header (RFC 5322 §2.2)',
        "no From, no Date, no Message-ID; /template adds what is missing (RFC 5322 §3.6)",
    ]


def test_who_looks_at_which_author() -> None:
    """SPF goes by MAIL FROM; DMARC compares domains."""
    other = troubles(survey(GOOD, finished=True), Circumstances(b"news@example.net"), finished=True)
    assert "DMARC compares the domains" in other[0].remark
    near = troubles(survey(GOOD, finished=True), Circumstances(b"news@example.org"), finished=True)
    assert near[0].remark == (
        "From is <bob@example.org>, MAIL FROM <news@example.org>; "
        "SPF looks at MAIL FROM, readers see From (RFC 7208 §2.4)"
    )


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        (b"bob@example.org", [b"bob@example.org"]),
        (b'"Bob <x@y>" <bob@example.org>', [b"bob@example.org"]),
        (b"A: a@example.org, b@example.org;", [b"a@example.org", b"b@example.org"]),
        (b"nobody", []),
    ],
)
def test_addresses(value: bytes, addresses: list[bytes]) -> None:
    assert addresses_in(value) == addresses
