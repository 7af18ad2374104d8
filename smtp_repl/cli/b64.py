r"""`smtp-repl b64`: a text as the base64 of a step of AUTH, and back. A NUL is written `\0` both ways (RFC 4954 §4).

What comes out is fit for a terminal: octets that are none are shown escaped, never as they are.
"""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.term.encoding import step_octets
from smtp_repl.wire.errors import ExitStatus, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import decode_step, encode_step, printable

LIMIT = 1024 * 1024
"""Octets that are read from standard input."""


def main(words: Words, environment: Environment) -> int:
    """Print the base64 of the text, or with `-d` what the base64 holds. Raises `UsageError`."""
    text = words.words[0]
    if words.has("decode"):
        octets = _standard_input(environment) if text == "-" else text.encode("utf-8", "surrogateescape")
        for line in octets.removesuffix(b"\n").split(b"\n"):
            environment.out(_decoded(line.removesuffix(b"\r"), environment))
        return int(ExitStatus.OK)
    octets = _standard_input(environment) if text == "-" else step_octets(text)
    if octets.endswith(b"\n"):
        environment.talk("warning: the text ends with a line end, and so does what the base64 holds")
        environment.talk("hint: echo adds one, printf '%s' does not")
    environment.out(encode_step(octets).decode("ascii"))
    return int(ExitStatus.OK)


def _standard_input(environment: Environment) -> bytes:
    octets = environment.read_all(LIMIT)
    if len(octets) > LIMIT:
        raise UsageError(phrase("standard input has more than {limit} octets", limit=LIMIT), kind="limit")
    return octets


def _decoded(text: bytes, environment: Environment) -> str:
    """What a line of base64 holds, in printable form; the code of a 334 before it is left out."""
    base64 = text.removeprefix(b"334 ") if text != b"334" else b""
    octets = b"" if base64 == b"=" else decode_step(base64)
    if octets is None:
        raise UsageError(*_why_not(base64), kind="bad-base64")
    if octets.endswith(b"\n"):
        environment.talk(
            r"warning: a line end is in it, behind the last character (\n), and a server takes it for a part"
        )
        environment.talk("hint: echo adds one, printf '%s' does not")
    return printable(octets)


def _why_not(text: bytes) -> tuple[str, str]:
    """Why a text is no base64, and how it might be; what it is may be a secret and is not repeated."""
    bare = text.strip()
    if bare != text and decode_step(bare) is not None:
        return phrase("this is base64 with a blank beside it"), phrase("a step of AUTH is base64 and nothing else")
    padded = bare.rstrip(b"=") + b"=" * (-len(bare.rstrip(b"=")) % 4)
    if decode_step(padded) is not None:
        return phrase("this base64 has not the right number of = at its end"), phrase(
            "with {padded} it decodes", padded=padded.count(b"=")
        )
    standard = padded.replace(b"-", b"+").replace(b"_", b"/")
    if decode_step(standard) is not None:
        return phrase("this is the base64 of web addresses"), phrase("AUTH wants + for - and / for _")
    return phrase("this is no base64"), phrase(
        "base64 has A to Z, a to z, 0 to 9, + and / in groups of four, and = at its end"
    )
