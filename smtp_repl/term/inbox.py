"""`/inbox`: what the practice server took and did not deliver, as a list, or one message taken apart."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _, n_, phrase
from smtp_repl.wire.octets import line_end_faults, printable

if TYPE_CHECKING:
    from smtp_repl.net.practice.inbox import Message

MESSAGE_LINES = 200
"""Lines of a message that `/inbox N` shows."""


def handle_inbox(desk: Desk, argument: str) -> Handling:
    """`/inbox`: what the practice server kept; `/inbox N`: one message; `/inbox N --raw`: as it came."""
    if desk.practice is None:
        raise UsageError("only the practice server has an inbox", "smtp-repl --local")
    words = argument.split()
    raw = "--raw" in words
    words = [word for word in words if word != "--raw"]
    if len(words) > 1 or (raw and not words):
        raise UsageError("/inbox takes the number of a message", "/inbox [N [--raw]]")
    if not words:
        lines: Iterable[str] = _listed(desk.practice.inbox.messages)
    else:
        word = words[0]
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0
        message = desk.practice.inbox.get(number)
        if message is None:
            raise UsageError(phrase('there is no message "{word}"', word=printable(word)), "/inbox lists them")
        lines = _raw(message) if raw else _taken_apart(message, desk.columns())
    for line in lines:
        yield Tell(line)


def _listed(messages: tuple["Message", ...]) -> Iterator[str]:
    if not messages:
        yield _("the inbox is empty")
    for message in messages:
        subject = _subject(message) or _("(no subject)")
        sender, recipients = f"<{printable(message.sender)}>", _addresses(message.recipients)
        yield _("{number}  {sender} to {recipients}: {subject}").format(
            number=message.number, sender=sender, recipients=recipients, subject=subject
        )


def _subject(message: "Message") -> str:
    from smtp_repl.term.envelopes import header_fields

    return next((printable(text) for name, text in header_fields(message.octets) if name == "Subject"), "")


def _addresses(addresses: tuple[bytes, ...]) -> str:
    return ", ".join(f"<{printable(address)}>" for address in addresses)


def _taken_apart(message: "Message", columns: int) -> Iterator[str]:
    """Where it came from, envelope beside header, the parts, and the text as a reader sees it."""
    from smtp_repl.term.envelopes import comparison
    from smtp_repl.term.mime_tree import read_message, text_of, tree

    yield _origin(message)
    yield from comparison(message, columns)
    yield from _asked(message)
    parts = read_message(message.octets)
    if parts is None:
        yield _("its parts are nested too deeply to be shown")
        yield from _raw(message)
        return
    yield from tree(parts)
    bare = sum(line_end_faults(message.octets))
    if bare:
        yield n_(
            "! {count} CR or LF without the other: only CRLF ends a line (RFC 5321 §2.3.8)",
            "! {count} CR and LF without the other: only CRLF ends a line (RFC 5321 §2.3.8)",
            bare,
        ).format(count=bare)
    text = text_of(parts)
    if text is not None:
        yield from _quoted(text.replace("\r\n", "\n").removesuffix("\n").split("\n"))


def _origin(message: "Message") -> str:
    """How big it is, from whom it came, and how."""
    size = len(message.octets)
    facts = [
        _("message {number}").format(number=message.number),
        n_("{count} octet", "{count} octets", size).format(count=size),
    ]
    if message.ehlo:
        facts.append(_("EHLO {name}").format(name=printable(message.ehlo)))
        facts.append(_("over TLS") if message.tls else _("in the clear"))
    if message.user is not None:
        facts.append(_("logged in as {user}").format(user=printable(message.user)))
    return ", ".join(facts)


def _asked(message: "Message") -> Iterator[str]:
    """The parameters of MAIL and RCPT."""
    if any(message.asked):
        for verb, words in zip(("MAIL", *("RCPT" for _each in message.recipients)), message.asked, strict=False):
            if words:
                yield f"{verb}  {printable(words)}"


def _raw(message: "Message") -> Iterator[str]:
    """The octets as they came, line by line; nothing is decoded."""
    yield from _quoted(message.octets.removesuffix(b"\r\n").split(b"\r\n"))


def _quoted(lines: list[str] | list[bytes]) -> Iterator[str]:
    for line in lines[:MESSAGE_LINES]:
        yield f"| {printable(line)}"
    left = len(lines) - MESSAGE_LINES
    if left > 0:
        yield n_("… and {count} more line", "… and {count} more lines", left).format(count=left)
