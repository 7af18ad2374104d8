"""The mail transactions of a practice session: MAIL, RCPT, DATA and BDAT, and what becomes of the message.

That a command is due, and well written, is seen to before (`session`). Importing this module imports aiosmtpd.
"""

import asyncio
from datetime import UTC, datetime

from aiosmtpd.smtp import Envelope

from smtp_repl.net.practice.answers import answer, listed
from smtp_repl.net.practice.connection import BLOCK, PracticeConnection
from smtp_repl.net.practice.inbox import Message
from smtp_repl.net.practice.practice import Practice
from smtp_repl.net.practice.recipients import Directory
from smtp_repl.net.practice.reports import Original, Recipient, reports_on
from smtp_repl.net.practice.textreader import read_text
from smtp_repl.wire.commands import Command, parse_path
from smtp_repl.wire.octets import printable
from smtp_repl.wire.paths import Path


class Transaction(Envelope):
    """The envelope, and how far the message has come. `chunks` is what BDAT brought, None before the first."""

    def __init__(self) -> None:
        super().__init__()
        self.open = False
        self.sender = b""
        self.recipients: list[Recipient] = []
        self.asked: list[bytes] = []
        """The parameters of MAIL, and of each RCPT that was taken, as they were written."""
        self.refused = 0
        self.chunks: bytearray | None = None
        self.failed = False
        self.is_utf8 = False
        self.is_binary = False
        self.ret = b""
        self.envid = b""


class PracticeTransactions(PracticeConnection):
    """A connection that takes messages."""

    _mail: Transaction

    def __init__(self, practice: Practice, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(practice, loop)
        self._directory = Directory(self._profile)

    def _create_envelope(self) -> Transaction:
        self._mail = Transaction()
        return self._mail

    def _drop_transaction(self) -> None:
        self.envelope = self._create_envelope()

    @property
    def _is_lmtp(self) -> bool:
        return self._profile.protocol == "lmtp"

    # ------------------------------------------------------------ the envelope

    async def _mail_from(self, command: Command) -> None:
        path = parse_path(command.argument, b"FROM")
        parameters = dict(path.parameters)
        size = parameters.get("SIZE")
        if self._profile.size_told and size is not None and int(size) > self._profile.max_size:
            await self.push(answer("size-declared", max_size=self._profile.max_size))
            return
        mail = self._mail
        mail.open = True
        mail.sender = path.address or b""
        mail.is_utf8 = "SMTPUTF8" in parameters
        mail.is_binary = (parameters.get("BODY") or b"").upper() == b"BINARYMIME"
        mail.ret = (parameters.get("RET") or b"").upper()
        mail.envid = parameters.get("ENVID") or b""
        mail.asked = [_parameters(path, command)]
        await self.push(answer("sender-ok"))

    async def _rcpt_to(self, command: Command) -> None:
        path = parse_path(command.argument, b"TO")
        verdict = self._judge(path.address or b"")
        if verdict == "recipient-ok":
            parameters = dict(path.parameters)
            notify, orcpt = parameters.get("NOTIFY") or b"", parameters.get("ORCPT") or b""
            self._mail.recipients.append(Recipient(path.address or b"", notify.upper(), orcpt))
            self._mail.asked.append(_parameters(path, command))
        else:
            self._mail.refused += 1
        await self.push(answer(verdict, domains=listed(self._profile.domains, "and")))

    def _judge(self, address: bytes) -> str:
        """The name of the answer to a recipient."""
        verdict = self._directory.judge(address, self._user is not None, self._practice.put_off)
        if verdict == "recipient-full" and self._is_lmtp:
            return "recipient-ok"  # here a mailbox tells after the message
        if verdict != "recipient-ok":
            return verdict
        if self._profile.mailbox_full != "no":
            return "mailbox-full" if self._profile.mailbox_full == "for-good" else "mailbox-full-for-now"
        if self._profile.greylist and self._practice.is_new(str(self._peer()[0]), self._mail.sender, address):
            return "greylisted"
        return verdict

    # ------------------------------------------------------------ the message

    async def _data(self, command: Command) -> None:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._receiving = True
        text = await read_text(self._reader, self._profile.max_size, self._profile.bare_lf)
        self._receiving = False
        await self._finish(text.octets, text.refusal)

    async def _bdat(self, command: Command) -> None:
        mail = self._mail
        size, last = chunk_of(command)
        chunks = mail.chunks if mail.chunks is not None else bytearray()
        if len(chunks) + size > self._profile.max_size:
            await self._skip_chunk(command)
            mail.chunks, mail.failed = None, True
            if last:
                self._drop_transaction()
            await self.push(answer("size-exceeded", max_size=self._profile.max_size))
            return
        mail.chunks = chunks
        while size:
            block = await self._read_block(size)
            chunks += block
            size -= len(block)
        if last:
            await self._finish(bytes(chunks))
        else:
            await self.push(answer("chunk", octets=chunk_of(command)[0]))

    async def _skip_chunk(self, command: Command) -> None:
        """Swallow the octets of a chunk that is refused (RFC 3030 §2), never more than a block at a time."""
        size, last = chunk_of(command)
        while size:
            size -= len(await self._read_block(size))
        if last and self._mail.failed:
            self._drop_transaction()

    async def _read_block(self, size: int) -> bytes:
        self._receiving = True
        block = await self._reader.read(min(size, BLOCK))
        self._receiving = False
        if not block:
            raise asyncio.IncompleteReadError(b"", size)
        return block

    async def _finish(self, octets: bytes, refusal: str = "") -> None:
        """The message is complete: keep it or not, say so, and be ready for the next."""
        mail = self._mail
        refusal = refusal or self._header_refusal(octets)
        if refusal:
            due = len(mail.recipients) if self._is_lmtp else 1
            replies = [answer(refusal, max_size=self._profile.max_size)] * due
        else:
            replies = self._keep(octets)
        self._drop_transaction()
        if not self._profile.final_reply:
            self._note("the reply to the message is not given")
            return
        for reply in replies:
            await self.push(reply)

    def _header_refusal(self, octets: bytes) -> str:
        """The name of the answer to a header that this envelope does not allow, or "" (RFC 6531 §3.6)."""
        header = octets.partition(b"\r\n\r\n")[0]
        if not self._profile.strict_smtputf8 or header.isascii():
            return ""
        if not self._mail.is_utf8:
            return "utf8-header"
        try:
            header.decode("utf-8")
        except UnicodeDecodeError:
            return "not-utf8-header"
        return ""

    def _keep(self, octets: bytes) -> list[str]:
        """Put the message into the inbox, and what there is to report; returns the replies."""
        mail = self._mail
        full = [one for one in mail.recipients if self._is_lmtp and self._is_full(one.address)]
        stored = [one for one in mail.recipients if one not in full]
        if not stored:
            return [answer("full-for", recipient=_text(one.address)) for one in full]
        message = self._practice.inbox.add(
            sender=mail.sender,
            recipients=tuple(one.address for one in stored),
            octets=octets,
            received_at=datetime.now(UTC),
            ehlo=_octets(self._visit.host_name or ""),
            user=self._user,
            tls=self._tls_active,
            asked=tuple(mail.asked) if not full else (),
        )
        self._note_message(message)
        self._report(message, stored)
        if not self._is_lmtp:
            return [answer("kept", number=message.number)]
        return [
            answer("full-for", recipient=_text(one.address))
            if one in full
            else answer("kept-for", recipient=_text(one.address), number=message.number)
            for one in mail.recipients
        ]

    def _is_full(self, address: bytes) -> bool:
        return self._directory.judge(address, True, set()) == "recipient-full"

    def _report(self, message: Message, stored: list[Recipient]) -> None:
        """Tell the sender what became of the message, as far as anybody wants to know."""
        if not self._profile.reports:
            return
        vanished = [one for one in stored if self._directory.vanishes(one.address)]
        taken = [one for one in stored if one not in vanished]
        mail = self._mail
        original = Original(
            message.number, mail.sender, message.octets, message.received_at, message.ehlo, mail.ret, mail.envid
        )
        for octets in reports_on(original, taken, vanished, self.hostname):
            report = self._practice.inbox.add(
                sender=b"", recipients=(mail.sender,), octets=octets, received_at=datetime.now(UTC)
            )
            self._note_message(report)

    def _note_message(self, message: Message) -> None:
        recipients = ", ".join(f"<{printable(recipient)}>" for recipient in message.recipients[:5])
        sender = printable(message.sender)
        self._note(f"message {message.number}: {len(message.octets)} octets from <{sender}> for {recipients}")


def _parameters(path: Path, command: Command) -> bytes:
    return command.argument[path.end :].strip(b" ")


def chunk_of(command: Command) -> tuple[int, bool]:
    """The octets of a BDAT chunk (0 where that is no number) and whether it is the last."""
    words = command.argument.split()
    size = int(words[0]) if words and words[0].isdigit() and len(words[0]) <= 20 else 0
    return size, len(words) > 1 and words[1].upper() == b"LAST"


def _text(octets: bytes) -> str:
    """Replies are kept as text that can be turned back into the octets."""
    return octets.decode("utf-8", "surrogateescape")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
