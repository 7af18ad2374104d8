r"""Base64 in place: what F4 makes of the line, and what `\0` in a typed text stands for (RFC 4954 §4, RFC 4616 §2).

Pure; whether a step is due is for the caller to know.
"""

import re

from smtp_repl.wire.octets import decode_step, encode_step, printable

_CHALLENGE = re.compile(r"(334[ -])(.+)", re.DOTALL)
_AUTH_LINE = re.compile(r"((?:AUTH|X-EXPS) +[A-Za-z0-9_-]+ +)(.+)", re.IGNORECASE | re.DOTALL)


def step_octets(text: str) -> bytes:
    r"""The octets of a text typed for a step: UTF-8, and a NUL where `\0` stands.

    >>> step_octets(r"\0alice\0secret")
    b'\x00alice\x00secret'
    """
    return text.encode("utf-8", "surrogateescape").replace(b"\\0", b"\0")


class InPlace:
    """Turns what stands in the line into base64, and back when it is asked to again."""

    def __init__(self) -> None:
        self._made = ""
        """The line as it was made last."""

    def turn(self, line: str, *, is_step: bool) -> str | None:
        """The line with its step encoded; the step itself where a 334 waits, else what stands behind the mechanism.

        None when there is nothing to encode.
        """
        if is_step:
            return self._turned("", line) if line else None
        found = _AUTH_LINE.fullmatch(line)
        return self._turned(found[1], found[2]) if found is not None else None

    def turn_challenge(self, line: str) -> str | None:
        """The line with the text of its 334 encoded, for whoever plays the server; None when there is none."""
        found = _CHALLENGE.fullmatch(line)
        return self._turned(found[1], found[2]) if found is not None else None

    def _turned(self, before: str, step: str) -> str:
        line = before + step
        decoded = decode_step(step.encode("utf-8", "surrogateescape"))
        if line == self._made and decoded is not None and printable(decoded.replace(b"\0", b"")).isprintable():
            return before + decoded.replace(b"\0", b"\\0").decode("utf-8", "surrogateescape")
        self._made = before + encode_step(step_octets(step)).decode("ascii")
        return self._made
