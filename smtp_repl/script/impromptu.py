"""What whoever plays the server says where the script says nothing.

A client that does not keep to its script gets an answer and is told what was due; one that wants to leave may; one
that cuts an AUTH exchange in another way gets the challenge that it waits for. And where a script is a list of
commands without a word about the server, the server says yes to everything. All replies end with CRLF.
"""

from collections.abc import Callable, Iterable

from smtp_repl.script.arguments import Term
from smtp_repl.script.offers import unmet_terms
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.octets import encode_step
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, LAST_CHUNK, Phase

HOST = "mock.example.com"

GREETING = f"220 {HOST} ESMTP\r\n".encode()
BYE = b"221 2.0.0 Bye\r\n"
GO_ON = b"334 \r\n"
ABORTED = b"501 5.7.0 Authentication cancelled\r\n"
OTHER_MECHANISM = b"504 5.5.4 The script expects another mechanism\r\n"
WRONG_CREDENTIALS = b"535 5.7.8 Wrong user or password\r\n"
TOO_MANY = b"421 4.7.0 Too many commands that the script does not expect\r\n"

FreshChallenge = Callable[[], bytes]
"""Makes octets that were never a challenge before (RFC 2195 §2)."""

_ANSWERS = {
    "HELO": f"250 {HOST}",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End data with <CR><LF>.<CR><LF>",
    "BDAT": "250 2.0.0 Ok",
    END_OF_DATA: "250 2.0.0 Ok",
    LAST_CHUNK: "250 2.0.0 Ok",
    "RSET": "250 2.0.0 Ok",
    "NOOP": "250 2.0.0 Ok",
    "VRFY": "252 2.1.5 Send mail and see",
    "EXPN": "252 2.1.5 Send mail and see",
    "HELP": "214 2.0.0 This server says yes to everything",
    "STARTTLS": "220 2.0.0 Ready to start TLS",
    "QUIT": "221 2.0.0 Bye",
}
_KEYWORDS = ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES")
_PROMPTS = (b"Username:", b"Password:")


def not_expected(wanted: str, line: int) -> bytes:
    """To a command that is not due, where `wanted` ("" for nothing) on a line of the script is."""
    if not wanted:
        return b"503 5.5.1 Not expected: the script is over\r\n"
    return f"503 5.5.1 Not expected: the script says {wanted} here (line {line})\r\n".encode("ascii", "replace")


def yes(conversation: Conversation, mechanism: str, challenges: int, fresh: FreshChallenge | None) -> bytes:
    """To the oldest of what awaits a reply; of an AUTH exchange the mechanism and the challenges so far are told."""
    said = conversation.awaiting[0]
    if said in ("AUTH", AUTH_STEP):
        if conversation.ahead is not Phase.AUTH:
            return b"235 2.7.0 Authentication successful\r\n"
        return challenge(mechanism, challenges, fresh)
    if said in ("EHLO", "LHLO"):
        words = [*_KEYWORDS, f"AUTH {' '.join(MECHANISMS)}", *([] if conversation.tls_active else ["STARTTLS"])]
        return f"250-{HOST}\r\n".encode() + b"".join(
            f"250{' ' if word is words[-1] else '-'}{word}\r\n".encode() for word in words
        )
    return _ANSWERS.get(said, "502 5.5.1 This is no command that the mock server knows").encode() + b"\r\n"


def offer(reply: bytes, terms: Iterable[Term]) -> bytes:
    """An EHLO reply that leaves open what is offered (`S*: 250`), with what the script requires.

    Its last line is `250 ` and nothing more; any other reply comes back as it is.
    """
    *lines, rest = reply.removesuffix(b"\r\n").split(b"\r\n")
    if rest != b"250 " or not lines:
        return reply
    offered = Capabilities.from_reply(tuple(line[4:] for line in lines))
    words: dict[str, list[str]] = {}
    for term in unmet_terms(terms, offered):
        words.setdefault(term.keyword, []).extend(term.parameters)
    more = [" ".join((keyword, *dict.fromkeys(parameters))).encode() for keyword, parameters in words.items()]
    lines += [b"250-" + line for line in more] or [rest]
    lines[-1] = b"250 " + lines[-1][4:]
    return b"\r\n".join(lines) + b"\r\n"


def challenge(mechanism: str, number: int, fresh: FreshChallenge | None) -> bytes:
    """A 334 for this mechanism, the `number`th of its exchange from 0."""
    known = MECHANISMS.get(mechanism)
    text = b""
    if known is not None and known.reads_challenges and fresh is not None:
        text = fresh()
    elif mechanism == "LOGIN":
        text = _PROMPTS[min(number, 1)]
    return b"334 " + encode_step(text) + b"\r\n"
