"""Handlers that only tell: what the practice server kept, what a word means."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.octets import printable

if TYPE_CHECKING:
    from smtp_repl.knowledge.entries import Entry

MESSAGE_LINES = 200
"""Lines of a message that `/inbox N` shows."""


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
