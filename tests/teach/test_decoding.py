"""Base64 that somebody saw: what it looks like, what is in it, and what of it is never shown."""

from base64 import b64encode

import pytest

from smtp_repl.teach.decoding import explain_base64

SECRET = "hunter2-and-more"


def encoded(octets: bytes) -> str:
    return b64encode(octets).decode()


@pytest.mark.parametrize(
    ("octets", "means", "shown"),
    [
        (b"Username:", "a prompt of LOGIN", "Username:"),
        (b"Password:", "a prompt of LOGIN", "Password:"),
        (b"User Name\0", "a prompt of LOGIN", "User Name\\0"),
        (f"\0alice\0{SECRET}".encode(), "the step of PLAIN", "\\0alice\\0••••"),
        (f"bob\0alice\0{SECRET}".encode(), "the step of PLAIN", "bob\\0alice\\0••••"),
        (b"<1896.697170952@example.com>", "a challenge of CRAM-MD5", "<1896.697170952@example.com>"),
        (b"tim b913a602c7eda7a495b4e6e7334d3890", "an answer of CRAM-MD5", "tim ••••"),
        (f"user=alice@example.org\x01auth=Bearer {SECRET}\x01\x01".encode(), "XOAUTH2", "alice@example.org ••••"),
        (f"n,a=alice@example.org,\x01host=x\x01auth=Bearer {SECRET}\x01\x01".encode(), "OAUTHBEARER", "alice"),
        (b"n,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL", "the first step of SCRAM", "n=alice"),
        (b"r=fyko+d2l3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", "the challenge of SCRAM", "i=4096"),
        (b"c=biws,r=fyko+d2lbbFgONRv9,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "the proof of SCRAM", "••••"),
        (b"NTLMSSP\0\1\0\0\0\7\x82\x08\0", "a message of NTLM", "••••"),
        (b'realm="example.com",nonce="OA6MG9tEQGm2hh",qop="auth"', "DIGEST-MD5", "nonce"),
        (b'{"status":"400","schemes":"Bearer"}', "why an access token was refused", "400"),
        ("grüß dich".encode(), "base64 of a text", "grüß dich"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_looks_like(octets: bytes, means: str, shown: str) -> None:
    found = explain_base64(encoded(octets))
    assert found is not None
    assert found.kind == "base64"
    assert means in found.plain
    assert shown in found.more[0]
    for text in (found.subject, *found.more):
        assert SECRET not in text
        assert SECRET.encode() not in octets or encoded(octets) not in text


@pytest.mark.parametrize(
    "word", ["", "Password", "pipelining", "abcd", "AAAA", "////////", "not base64", "=?utf-8?X?x?="]
)
def test_what_is_no_base64(word: str) -> None:
    """Many words happen to be base64 of octets that mean nothing."""
    assert explain_base64(word) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=?utf-8?B?5L2g5aW9?=", "你好"),
        ("=?UTF-8?q?caf=C3=A9_noir?=", "café noir"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("Subject: =?utf-8?B?5L2g?=\r\n =?utf-8?B?5aW9?=", "Subject: 你好"),
        ("=?nonsense?B?5L2g?=", "=?nonsense?B?5L2g?="),
        ("=?utf-8?B?%%%?=", ""),
        ("=?utf-8*en?Q?a=1b[2Jb?=", "a\\x1b[2Jb"),
    ],
)
def test_encoded_words(text: str, shown: str) -> None:
    """RFC 2047: any character set that Python has; what no terminal should be sent is escaped."""
    found = explain_base64(text)
    assert found is not None
    assert shown in found.more[0]
    assert "\x1b" not in found.more[0]
