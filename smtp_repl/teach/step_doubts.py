"""What is odd about a step of AUTH, judged by its octets: before it is sent, and once more when it was refused.

The checker asks while somebody types, the lens when the step goes out. Nothing that is said here repeats a secret.
A step is whatever the line holds: only what hardly anybody can have meant is doubted. RFC 4954 §4, RFC 4616 §2.
"""

import codecs
import re

from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import decode_step
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import describe_response

UNFINISHED = "unfinished"
"""The rule of a step that may still become right: no fault while it is being typed."""


class Doubt(Record):
    """`rule` is unfinished, not-base64, plain-word, line-end or shape; `start` is where in the text it begins."""

    rule: str
    message: str
    hint: str = ""
    start: int = 0


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")
_SHAPES = {
    "PLAIN": phrase("PLAIN wants an authorization identity (mostly empty), user and password, a NUL between each"),
    "CRAM-MD5": phrase("CRAM-MD5 wants the user name, a blank and 32 hexadecimal digits"),
}
_HINTS = {"PLAIN": phrase(r"\0user\0password, then F4"), "CRAM-MD5": phrase("/pass works it out")}
_TEXTUAL = frozenset(("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"))
"""Mechanisms whose responses are text; what others send may be any octets."""
_ENCODES = phrase("F4 encodes it")


def step_doubt(mechanism: str, number: int, text: bytes) -> Doubt | None:
    """What is odd about the text of a client's step, the `number`th from 0; None when nothing is.

    `mechanism` in upper case, "" when it is not known. The star that cancels is never odd.
    """
    if text in (b"*", b"=", b""):
        return None
    stranger = _NOT_BASE64.search(text)
    if stranger is not None:
        return _no_base64(text, stranger.start())
    whole = len(text) & ~3
    if mechanism in _TEXTUAL and whole and not _is_text(text[:whole]):
        return Doubt("plain-word", phrase("this looks like a plain word, and the server takes it for base64"), _ENCODES)
    decoded = decode_step(text)
    if decoded is None:
        return _cut(text)
    if decoded.endswith(b"\n"):
        made = phrase("echo adds one, printf and echo -n do not")
        return Doubt(
            "line-end", phrase(r"the base64 has a line end in it, behind the last character (\n)"), made, len(text) - 4
        )
    if mechanism in _SHAPES and describe_response(mechanism, number, text) is None:
        may_go_on = not text.endswith(b"=") and (mechanism != "PLAIN" or decoded.count(b"\0") < 2)
        return Doubt(UNFINISHED if may_go_on else "shape", _SHAPES[mechanism], _HINTS[mechanism])
    return None


def _no_base64(text: bytes, at: int) -> Doubt:
    if not _NOT_BASE64.search(text.strip(b" ")):
        return Doubt("not-base64", phrase("a blank beside the base64 makes it none"), phrase("take it out"), at)
    return Doubt("not-base64", phrase("this is no base64, and a step of AUTH has to be"), _ENCODES)


def _cut(text: bytes) -> Doubt:
    """Base64 in its alphabet that does not decode as it stands."""
    before, equals, after = text.partition(b"=")
    if after.strip(b"=") or len(equals + after) > 2:
        return Doubt("not-base64", phrase("= and == stand at the end of base64 only"), start=len(before))
    if len(text) % 4 == 0:
        return Doubt(
            "not-base64",
            phrase("the last character of this base64 has bits that belong to nothing"),
            start=len(text) - 4,
        )
    due = phrase_of(
        "base64 comes in fours: {count} more character is due",
        "base64 comes in fours: {count} more characters are due",
        -len(text) % 4,
    )
    return Doubt(UNFINISHED, due, phrase("for a plain word, F4 encodes it"))


def _is_text(fours: bytes) -> bool:
    """Whether complete groups of base64 decode to text, as far as they go; a character may go on behind them."""
    decoded = decode_step(fours)
    if decoded is None:
        return True  # something else is wrong with it
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(decoded)
    except UnicodeDecodeError:
        return False
    # PLAIN has NULs, the OAuth mechanisms have U+0001, and a line end is a doubt of its own.
    return all(character.isprintable() or character in "\0\1\r\n" for character in text)
