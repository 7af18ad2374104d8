"""Envelope and header of a message side by side: who stands where, what differs, and why that may be right.

The envelope (MAIL FROM, RCPT TO) decides where a message goes and where it comes back to; the header is what the
reader sees. RFC 5321 §3.6.3 and §4.4.4, RFC 5322 §3.6. Loads `email` from the standard library when asked.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from smtp_repl.view.width import cells
from smtp_repl.wire.language import N_, _
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

if TYPE_CHECKING:
    from smtp_repl.net.practice.inbox import Message

_SENDERS = ("From", "Sender")
_RECIPIENTS = ("To", "Cc", "Bcc")
_NOWHERE = "-"

_SAYS = {
    "nobody": N_("from nobody: a bounce or a report; nothing will ever come back for it (RFC 5321 §4.5.5)"),
    "sender differs": N_(
        "they differ: bounces go to the envelope's, and SPF looks at it; lists and newsletters are sent like this"
    ),
    "no From": N_("no From field: every message needs one (RFC 5322 §3.6)"),
    "blind": N_("in no field: a blind copy (Bcc) is sent like this, and mail from a list"),
    "Bcc": N_("in a Bcc field that every reader can see: a mail program takes the field out before it sends"),
    "header only": N_("in the header only: nothing is sent there by this envelope"),
}


class Row(Record):
    """One line of the comparison; `says` is a key of the sentences above, or ""."""

    label: str
    envelope: str
    header: str
    says: str = ""


def rows_of(message: "Message") -> list[Row]:
    """What stands in the envelope, and beside it what stands in the header; safe to print."""
    fields = header_fields(message.octets)
    senders = [(name, text) for name, text in fields if name in _SENDERS]
    rows = [_sender_row(printable(message.sender), senders)]
    rows += [Row("", "", f"{name}: {printable(text)}") for name, text in senders if name == "Sender"]
    named = [(name, address) for name, text in fields if name in _RECIPIENTS for address in _addresses(text)]
    for recipient in message.recipients:
        address = printable(recipient)
        where = [name for name, one in named if _same(one, address)]
        says = "Bcc" if "Bcc" in where else "" if where else "blind"
        rows.append(Row(N_("to"), address, ", ".join(dict.fromkeys(where)) or _NOWHERE, says))
    sent_to = [printable(recipient) for recipient in message.recipients]
    for name, address in named:
        if not any(_same(address, one) for one in sent_to):
            rows.append(Row(N_("to"), _NOWHERE, f"{name}: {printable(address)}", "header only"))
    return rows


def comparison(message: "Message", columns: int) -> Iterator[str]:
    """The rows as lines, in two columns where there is room, else below each other."""
    rows = rows_of(message)
    names = _("envelope"), _("header")
    label = max(cells(_(row.label)) for row in rows)
    left = max(cells(text) for text in (names[0], *(row.envelope for row in rows)))
    right = max(cells(text) for text in (names[1], *(row.header for row in rows)))
    if label + left + right + len("#   ") + 3 <= columns:
        yield f"{_pad('', label)}  {_pad(names[0], left)}  {names[1]}"
        for row in rows:
            yield f"{_pad(_(row.label), label)}  {_pad(row.envelope, left)}  {row.header}".rstrip()
            yield from _reason(row, label)
        return
    name = max(map(cells, names))
    for row in rows:
        if row.envelope:
            yield f"{_pad(_(row.label), label)}  {_pad(names[0], name)}  {row.envelope}"
        yield f"{_pad('' if row.envelope else _(row.label), label)}  {_pad(names[1], name)}  {row.header}"
        yield from _reason(row, label)


def header_fields(octets: bytes) -> list[tuple[str, str]]:
    """The fields of a header: name in its usual case, value unfolded, encoded words decoded. Not yet printable."""
    # With bare line feeds it is no header, but readers take it for one; and so will whoever looks at it here.
    header = octets.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    fields = []
    for field in header.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")[:_FIELDS]:
        name, colon, value = field.partition(b":")
        if colon:
            usual = name.strip().decode("ascii", "replace").title()
            fields.append((usual, _decoded(value.strip().decode("utf-8", "replace"))))
    return fields


_FIELDS = 1000


def _sender_row(sender: str, senders: Sequence[tuple[str, str]]) -> Row:
    shown = [printable(text) for name, text in senders if name == "From"]
    addresses = [address for name, text in senders if name == "From" for address in _addresses(text)]
    if not shown:
        return Row(N_("from"), sender or "<>", _NOWHERE, "no From")
    says = "nobody" if not sender else "" if any(_same(one, sender) for one in addresses) else "sender differs"
    return Row(N_("from"), sender or "<>", ", ".join(shown), says)


def _decoded(text: str) -> str:
    from email.header import decode_header, make_header

    from smtp_repl.term.mime_tree import UNREADABLE

    try:
        return str(make_header(decode_header(text))) if "=?" in text else text
    except UNREADABLE:
        return text


def _addresses(text: str) -> list[str]:
    from email.utils import getaddresses

    from smtp_repl.term.mime_tree import UNREADABLE

    try:
        return [address for _name, address in getaddresses([text]) if address]
    except UNREADABLE:
        return []


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _reason(row: Row, label: int) -> Iterator[str]:
    if row.says:
        yield f"{_pad('', label)}  {_(_SAYS[row.says])}"


def _pad(text: str, columns: int) -> str:
    return text + " " * (columns - cells(text))
