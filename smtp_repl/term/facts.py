"""Handlers that only tell: where the session stands, what the practice server kept, what a word means."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtp_repl.script.transcript import describe_tls
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.term.toolbar import makes_sense
from smtp_repl.wire import states
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import Phase

if TYPE_CHECKING:
    from smtp_repl.knowledge.entries import Entry

MESSAGE_LINES = 200
"""Lines of a message that `/inbox N` shows."""


def handle_status(desk: Desk, argument: str) -> Handling:
    """`/status`: everything that the toolbar has no room for."""
    for name, value in _status(desk):
        yield Tell(f"{name.ljust(10)} {value}")


def _status(desk: Desk) -> Iterator[tuple[str, str]]:
    opened, conversation = desk.opened, desk.conversation
    if opened is None:
        yield "server", f"not connected (last: {desk.target})" if desk.target is not None else "not connected"
    else:
        where = f"{opened.address} port {opened.port}" if opened.port else opened.address
        name = "" if opened.host in ("", opened.address) else f" ({opened.host})"
        practice = ", the practice server: nothing is delivered" if desk.is_practice else ""
        yield "server", printable(where + name) + practice
        yield "TLS", describe_tls(desk.tls) if desk.tls is not None else "none: PLAINTEXT"
        yield "phase", conversation.phase.value
        keywords = " ".join(conversation.capabilities.keywords)
        yield "offered", keywords or ("nothing" if conversation.phase.value != "connected" else "not asked: say EHLO")
        who = conversation.authenticated
        if who is not None:
            yield "AUTH", f"{printable(who.user or b'?')} by {who.mechanism}"
        elif desk.exchange is not None:
            yield "AUTH", f"{printable(desk.exchange.mechanism)}, not finished"
        yield from _envelope(desk)
        if conversation.awaiting:
            yield "awaited", f"a reply to {', '.join(conversation.awaiting)}"
        yield "due here", _due(desk)
    if desk.recorder is not None:
        yield "recording", printable(str(desk.recorder.path))
    if desk.round_trip is not None:
        yield "last reply", f"after {desk.round_trip * 1000:.1f} ms"
    if desk.settings.show_secrets:
        yield "secrets", "shown on this screen (/set secrets hide)"


def _due(desk: Desk) -> str:
    match desk.phase:
        case Phase.DATA:
            return "the message; a lone dot ends it"
        case Phase.AUTH:
            return "a step of AUTH in base64, or * to cancel"
        case Phase.OPENED:
            return "the greeting"
        case phase:
            return " ".join(verb for verb in states.legal_verbs(phase) if makes_sense(verb, desk)) or "nothing"


def _envelope(desk: Desk) -> Iterator[tuple[str, str]]:
    envelope = desk.conversation.envelope
    if envelope.sender is not None:
        yield "from", f"<{printable(envelope.sender)}>"
    for recipient in envelope.recipients:
        yield "to", f"<{printable(recipient)}>"


def handle_inbox(desk: Desk, argument: str) -> Handling:
    """`/inbox`: what the practice server kept; `/inbox N`: one message."""
    if desk.practice is None:
        raise UsageError("only the practice server has an inbox", "smtp-repl --local")
    word = argument.strip()
    if word:
        message = desk.practice.inbox.get(int(word)) if word.isascii() and word.isdigit() else None
        if message is None:
            raise UsageError(f'there is no message "{printable(word)}"', "/inbox lists them")
        lines = message.octets.removesuffix(b"\r\n").split(b"\r\n")
        yield Tell(f"from <{printable(message.sender)}> to {_addresses(message.recipients)}")
        for line in lines[:MESSAGE_LINES]:
            yield Tell(f"| {printable(line)}")
        if len(lines) > MESSAGE_LINES:
            yield Tell(f"… and {len(lines) - MESSAGE_LINES} more lines")
        return
    messages = desk.practice.inbox.messages
    if not messages:
        yield Tell("the inbox is empty")
    for message in messages:
        subject = printable(message.header(b"Subject")) or "(no subject)"
        yield Tell(f"{message.number}  <{printable(message.sender)}> to {_addresses(message.recipients)}: {subject}")


def _addresses(addresses: tuple[bytes, ...]) -> str:
    return ", ".join(f"<{printable(address)}>" for address in addresses)


def topic_lines(words: str) -> list[str]:
    """What is known of a verb, keyword, parameter, mechanism or code. Raises `UsageError` when nothing is."""
    from smtp_repl.knowledge.entries import look_up_all, suggest

    entries = look_up_all(words)
    if not entries:
        near = suggest(words.split()[0])
        hint = f"did you mean {' or '.join(near)}?" if near else "a verb, an EHLO keyword or a reply code"
        raise UsageError(f'nothing is known here about "{printable(words.strip())}"', hint)
    lines: list[str] = []
    for entry in entries:
        lines += _entry_lines(entry)
    return lines


def _entry_lines(entry: "Entry") -> Iterator[str]:
    yield f"{entry.word} ({entry.kind}): {entry.plain}"
    if entry.detail:
        yield f"  {entry.detail}"
    if entry.syntax:
        yield f"  write: {entry.syntax}"
    for number, line in enumerate(entry.example.splitlines()):
        yield f"  {'e.g.' if not number else '    '} {line}"
    if entry.replies:
        yield f"  replies: {entry.replies}"
    if entry.ref:
        yield f"  {entry.ref}"
