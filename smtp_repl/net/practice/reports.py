"""What became of a message, told to its sender by mail: reports of delivery and bounces (RFC 3461, RFC 3464).

Pure: octets in, octets out. A report comes from nobody (`MAIL FROM:<>`), so that none is ever sent about a report.
"""

from collections.abc import Sequence
from datetime import datetime

from smtp_repl.wire.octets import printable, xtext_decode
from smtp_repl.wire.records import Record


class Recipient(Record):
    """One recipient of the envelope and what RCPT asked for: NOTIFY in upper case (b"" where it did not), ORCPT as it
    was written."""

    address: bytes
    notify: bytes = b""
    orcpt: bytes = b""

    def wants(self, outcome: bytes) -> bool:
        """Whether the sender is to be told of SUCCESS or FAILURE; unasked, of a failure only (RFC 3461 §4.1)."""
        return outcome in (self.notify or b"FAILURE,DELAY").split(b",")


class Original(Record):
    """The message that a report is about; `ret` is FULL or HDRS, b"" where MAIL did not say."""

    number: int
    sender: bytes
    octets: bytes
    received_at: datetime
    ehlo: bytes = b""
    ret: bytes = b""
    envid: bytes = b""


def reports_on(
    original: Original, taken: Sequence[Recipient], vanished: Sequence[Recipient], hostname: str
) -> list[bytes]:
    """The reports that are due, as messages for the sender: a bounce, a report of success, both, or none.

    `taken` are the recipients whose mailbox has the message, `vanished` those whose mailbox is gone.
    """
    if not original.sender:
        return []  # RFC 5321 §6.1: nobody wants to know
    failed = [one for one in vanished if one.wants(b"FAILURE")]
    told = [one for one in taken if one.wants(b"SUCCESS")]
    reports = []
    if failed:
        whole = original.ret != b"HDRS"
        reports.append(_report(original, failed, _FAILED, hostname, whole=whole))
    if told:
        # RFC 3461 §6.2: the whole message comes back only with failures.
        reports.append(_report(original, told, _DELIVERED, hostname, whole=False))
    return reports


class _Outcome(Record):
    subject: str
    text: str
    action: str
    status: str
    diagnostic: str


_FAILED = _Outcome(
    "Undelivered mail returned to sender",
    "Your message was taken, but could not be delivered to one or more recipients:",
    "failed",
    "5.1.1",
    "smtp; 550 5.1.1 The mailbox is gone (gone@ vanishes for practice)",
)
_DELIVERED = _Outcome(
    "Successful mail delivery report",
    "Your message was delivered to these recipients, as you asked to be told:",
    "delivered",
    "2.1.5",
    "smtp; 250 2.1.5 Delivered to the inbox",
)


def _report(
    original: Original, recipients: Sequence[Recipient], outcome: _Outcome, hostname: str, *, whole: bool
) -> bytes:
    from email.utils import format_datetime  # only where something is reported

    host = hostname.encode()
    when = format_datetime(original.received_at).encode()
    header, _, _ = original.octets.partition(b"\r\n\r\n")
    returned = original.octets if whole else header + b"\r\n"
    addresses = b"".join((original.sender, *(one.address for one in recipients)))
    # RFC 6533 has types of its own for what is beyond ASCII.
    is_global = not (addresses + header).isascii()
    boundary = b"report-on-%d" % original.number
    while boundary in original.octets:
        boundary += b"-"
    lines = [
        b"From: Mail Delivery System <mailer-daemon@%s>" % host,
        b"To: <%s>" % original.sender,
        b"Subject: %s" % outcome.subject.encode(),
        b"Date: %s" % when,
        b"Message-ID: <report-%d-%s@%s>" % (original.number, outcome.action.encode(), host),
        b"Auto-Submitted: auto-replied",
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="%s"' % boundary,
        b"",
        b"--%s" % boundary,
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: 8bit",
        b"",
        b"This is the mail system at host %s." % host,
        b"",
        outcome.text.encode(),
        b"",
        *(b"  <%s>: %s" % (one.address, outcome.diagnostic.partition("; ")[2].encode()) for one in recipients),
        b"",
        b"--%s" % boundary,
        b"Content-Type: message/%sdelivery-status" % (b"global-" if is_global else b""),
        b"Content-Transfer-Encoding: 8bit",
        b"",
        *_status(original, recipients, outcome, host, when),
        b"--%s" % boundary,
        b"Content-Type: %s" % _returned_type(whole, is_global),
        b"Content-Transfer-Encoding: 8bit",
        b"",
        returned.removesuffix(b"\r\n"),
        b"",
        b"--%s--" % boundary,
        b"",
    ]
    return b"\r\n".join(lines)


def _returned_type(whole: bool, is_global: bool) -> bytes:
    if is_global:
        return b"message/global" if whole else b"message/global-headers"
    return b"message/rfc822" if whole else b"text/rfc822-headers"


def _status(
    original: Original, recipients: Sequence[Recipient], outcome: _Outcome, host: bytes, when: bytes
) -> list[bytes]:
    """The fields for programs, first of the message, then of each recipient (RFC 3464 §2.2, §2.3)."""
    lines = [b"Reporting-MTA: dns; %s" % host]
    if original.envid:
        lines.append(b"Original-Envelope-Id: %s" % _decoded(original.envid))
    if original.ehlo.isascii() and original.ehlo:
        lines.append(b"Received-From-MTA: dns; %s" % original.ehlo)
    lines += [b"Arrival-Date: %s" % when, b""]
    for one in recipients:
        if one.orcpt:
            kind, _, address = one.orcpt.partition(b";")
            lines.append(b"Original-Recipient: %s; %s" % (kind, _decoded(address)))
        kind = b"rfc822" if one.address.isascii() else b"utf-8"
        lines += [
            b"Final-Recipient: %s; %s" % (kind, one.address),
            b"Action: %s" % outcome.action.encode(),
            b"Status: %s" % outcome.status.encode(),
            b"Diagnostic-Code: %s" % outcome.diagnostic.encode(),
            b"",
        ]
    return lines


def _decoded(xtext: bytes) -> bytes:
    """What an xtext stands for; as it was written where that would break the line, or begin another field."""
    octets = xtext_decode(xtext)
    return xtext if octets is None or printable(octets).encode() != octets else octets
