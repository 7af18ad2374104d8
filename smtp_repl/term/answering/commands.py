"""Handlers of the `/commands` that a person who plays the server has for himself. Their rows stand with the others."""

from collections.abc import Iterator

from smtp_repl.term.answering.desk import AnswerDesk
from smtp_repl.term.answering.replies import HOST, proposed
from smtp_repl.term.desk import Desk
from smtp_repl.term.encoding import step_octets
from smtp_repl.term.requests import Drop, Handling, Leave, Put, Tell, confirm, say
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import encode_step, printable
from smtp_repl.wire.states import AUTH_STEP, Phase

CLOSING = f"421 4.3.2 {HOST} closes".encode() + b"\r\n"
"""What is said to a client on which a person hangs up."""


def _answering(desk: Desk) -> AnswerDesk:
    if not isinstance(desk, AnswerDesk):
        raise AssertionError("this row is for the server's side")
    return desk


def handle_reply(desk: Desk, argument: str) -> Handling:
    """`/reply`: what could be said now, and what it means; `/reply N` says it."""
    due = _answering(desk).due
    if not desk.is_connected:
        raise UsageError("no client is connected: there is nobody to answer")
    replies = proposed(due)
    word = argument.strip()
    if word:
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 4 else 0
        if not 0 < number <= len(replies):
            raise UsageError(phrase('there is no proposal "{word}"', word=printable(word)), "/reply lists them")
        yield from say(replies[number - 1].text.replace("\n", "\r\n").encode() + b"\r\n")
        return
    yield Tell(phrase("to {what}:", what=due.said) if due.said else "nothing waits for an answer; at any time:")
    for number, reply in enumerate(replies, 1):
        first, *more = reply.text.split("\n")
        text = phrase("{first} … and {count} more lines", first=first, count=len(more)) if more else first
        meaning = phrase(reply.meaning)
        yield Tell(phrase("  {number:2}  {text}: {meaning}", number=number, text=text, meaning=meaning))


def handle_challenge(desk: Desk, argument: str) -> Handling:
    r"""`/b64 TEXT`: says `334` with TEXT in base64, where AUTH waits; elsewhere it shows the base64."""
    octets = step_octets(argument)
    encoded = encode_step(octets)
    if _answering(desk).due.said in ("AUTH", AUTH_STEP):
        yield from say(b"334 " + encoded + b"\r\n")
    else:
        yield Tell(
            phrase(
                "{encoded} is base64 of {octets} (not sent: no AUTH waits for an answer)",
                encoded=encoded.decode(),
                octets=printable(octets),
            )
        )


def handle_encode_challenge(desk: Desk, argument: str) -> Handling:
    r"""`/encode TEXT`: puts `334` with TEXT in base64 at the prompt; `\0` stands for a NUL."""
    if not argument:
        raise UsageError("/encode needs the text", "/encode TEXT, or type 334 and the text and press F4")
    yield Put(f"334 {encode_step(step_octets(argument)).decode()}")


def handle_tls_state(desk: Desk, argument: str) -> Handling:
    """`/tls`: whether the client's connection is encrypted, and how."""
    if argument.strip():
        raise UsageError("/tls shows how it stands; the client asks for it with STARTTLS")
    if not desk.is_connected:
        yield Tell("no client is connected")
    elif desk.tls is None:
        yield Tell("not encrypted: the client says STARTTLS, and a 220 from you begins it")
    else:
        yield Tell(
            phrase(
                "{version} {cipher}; the client's own certificate is not asked for",
                version=desk.tls.version,
                cipher=desk.tls.cipher,
            )
        )


def handle_answer_status(desk: Desk, argument: str) -> Handling:
    """`/status`: everything that the toolbar has no room for."""
    for name, value in _status(_answering(desk)):
        yield Tell(f"{name.ljust(10)} {value}")


def _status(desk: AnswerDesk) -> Iterator[tuple[str, str]]:
    conversation = desk.conversation
    if not desk.is_connected:
        yield "client", phrase("none (last: {client})", client=desk.client) if desk.client else phrase("none")
    else:
        named = phrase("{client}, which calls itself {name}", client=desk.client, name=desk.ehlo)
        yield "client", named if desk.ehlo else desk.client
        yield "TLS", f"{desk.tls.version} {desk.tls.cipher}" if desk.tls is not None else "none: PLAINTEXT"
        yield "phase", conversation.phase.value
        yield "offered", " ".join(conversation.capabilities.keywords) or "nothing"
        who = conversation.authenticated
        if who is not None:
            yield "AUTH", f"{printable(who.user or b'?')} by {who.mechanism}"
        elif desk.login.exchange is not None:
            yield "AUTH", phrase("{mechanism}, not finished", mechanism=printable(desk.login.exchange.mechanism))
        if conversation.envelope.sender is not None:
            yield "from", f"<{printable(conversation.envelope.sender)}>"
        for recipient in conversation.envelope.recipients:
            yield "to", f"<{printable(recipient)}>"
        yield "awaiting", " ".join(conversation.awaiting) or phrase("nothing: it is the client's turn")
    if desk.scribe.recorder is not None:
        yield "recording", printable(str(desk.scribe.recorder.path))
    if desk.settings.show_secrets:
        yield "secrets", phrase("shown on this screen, of clients on this machine (/set secrets hide)")


def handle_goodbye(desk: Desk, argument: str) -> Handling:
    """`/quit`: 421 to a client that is there, then leave. Asks first in the middle of a mail."""
    if desk.is_connected:
        if desk.is_in_transaction:
            question = phrase("the client is in the middle of a mail; type yes to say 421 and leave")
            if not (yield from confirm(question)):
                return
        if desk.phase is not Phase.CLOSED and not desk.conversation.pending_reply:
            yield from say(CLOSING)
        if desk.is_connected:
            yield Drop()
    yield Leave()
