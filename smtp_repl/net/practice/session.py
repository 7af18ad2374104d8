"""What the practice server does with commands: one method for each verb, in the table `_VERBS`.

First it is asked what a line is, then whether it is due, then how it is written (`_refusal`), and only then is
anything done. What is said stands in `answers`.
"""

import asyncio
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from smtp_repl.net.practice.answers import HELP, answer, several, teach
from smtp_repl.net.practice.connection import BLOCK, PracticeConnection
from smtp_repl.net.practice.logins import LOGINS, LoginRefused
from smtp_repl.net.practice.recipients import judge
from smtp_repl.wire.commands import AUTH_LINE_LIMIT, Command, Problem, check_syntax, parse_command, parse_path
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.verbs import VERBS, parameters_of

# Refused whatever the phase: such a line is no command at all.
_NO_COMMAND = frozenset({"empty-line", "control-char", "unknown-verb", "line-over-512", "auth-line-too-long"})
# What plain aiosmtpd lets pass.
_LENIENT = frozenset(
    {"blank-after-colon", "blank-before-colon", "missing-brackets", "bad-host-name", "line-over-512"}
    | {"no-domain", "bad-local-part", "bad-domain", "local-part-too-long", "path-too-long"}
    | {"non-ascii", "non-utf8", "duplicate-parameter"}
)


class PracticeSession(PracticeConnection):
    """One session, from the greeting to the end."""

    _bad_commands = 0

    async def _read_command(self) -> None:
        line = await self._read_line()
        if line is None:
            self._note("C", "(a line of more than 65536 octets)")
            await self._refuse(answer("line-too-long"))
            return
        command = parse_command(line)
        self._note_command(command)
        mail = self._mail
        problems = check_syntax(
            command,
            smtputf8=mail.smtp_utf8,
            extended=self._visit.extended_smtp or not self._visit.host_name,
            offered=frozenset(self._offered()) if self._visit.extended_smtp else None,
        )
        if self._options.lenient:
            problems = tuple(problem for problem in problems if problem.rule not in _LENIENT)
        refusal = self._refusal(command.verb, problems[0] if problems else None)
        if refusal is not None:
            if command.verb == "BDAT":
                await self._skip_chunk(command)
            text, is_bad = refusal
            await (self._refuse if is_bad else self.push)(text)
            return
        await _VERBS[command.verb](self, command)

    async def _refuse(self, text: str) -> None:
        """Answer something that is no command; too many of them and the client is not worth talking to."""
        self._bad_commands += 1
        if self._bad_commands > self._options.bad_command_limit:
            self._say_last(answer("too-many-bad-commands"))
        else:
            await self.push(text)

    def _refusal(self, verb: str, problem: Problem | None) -> tuple[str, bool] | None:
        """Why this command is refused before anything is done, and whether it is a bad one.

        First what it is, then whether it is due, then how it is written; what is merely not due is not bad.
        """
        if problem is not None and problem.rule in _NO_COMMAND:
            return teach(problem), True
        if verb not in _VERBS:
            return answer("lhlo" if verb == "LHLO" else "not-implemented", verb=verb), True
        out_of_order = self._out_of_order(verb)
        if out_of_order:
            return answer(out_of_order, verb=verb), False
        return (teach(problem), True) if problem is not None else None

    def _out_of_order(self, verb: str) -> str:
        """The name of the answer to a command that is not due, "" for one that is (RFC 5321 §4.1.4)."""
        mail = self._mail
        if verb not in ("MAIL", "RCPT", "DATA", "BDAT", "AUTH", "STARTTLS"):
            return ""
        if not self._visit.host_name:
            return "ehlo-first"
        if verb in ("BDAT", "AUTH", "STARTTLS") and not self._visit.extended_smtp:
            return "needs-ehlo"
        if verb == "STARTTLS":
            return "tls-twice" if self._tls_active else ""
        if verb == "AUTH":
            return self._auth_out_of_order()
        if verb == "MAIL":
            return "mail-twice" if mail.open else ""
        if not mail.open:
            return "mail-first"
        if verb == "RCPT":
            return "rcpt-after-bdat" if mail.chunks is not None or mail.failed else ""
        if verb == "BDAT" and mail.failed:
            return "bdat-after-failure"
        if verb == "DATA" and (mail.chunks is not None or mail.failed):
            return "data-after-bdat"
        if not mail.rcpt_tos:
            return "rcpt-all-refused" if mail.refused else "rcpt-first"
        return ""

    def _auth_out_of_order(self) -> str:
        if self._user is not None:
            return "auth-twice"
        if self._mail.open:
            return "auth-in-transaction"
        return "" if self._auth_offered else "auth-needs-tls"

    # ------------------------------------------------------------ the verbs

    def _offered(self) -> dict[str, str]:
        """The EHLO keywords and what stands behind them."""
        offered = {"PIPELINING": "", "SIZE": str(self._options.max_size), "VRFY": ""}
        if not self._tls_active:
            offered["STARTTLS"] = ""
        if self._auth_offered:
            offered["AUTH"] = " ".join(LOGINS)
        return offered | {"ENHANCEDSTATUSCODES": "", "8BITMIME": "", "SMTPUTF8": "", "CHUNKING": "", "HELP": ""}

    async def _ehlo(self, command: Command) -> None:
        self._greeted_by(command, extended=True)
        keywords = [f"{keyword} {value}".rstrip() for keyword, value in self._offered().items()]
        await self.push(several(250, [self.hostname, *keywords]))

    async def _helo(self, command: Command) -> None:
        self._greeted_by(command, extended=False)
        await self.push(answer("helo", hostname=self.hostname))

    def _greeted_by(self, command: Command, extended: bool) -> None:
        self._drop_transaction()
        self._visit.host_name = _text(command.argument.strip(b" "))
        self._visit.extended_smtp = extended

    async def _mail_from(self, command: Command) -> None:
        path = parse_path(command.argument, b"FROM")
        parameters = dict(path.parameters)
        size = parameters.get("SIZE")
        if size is not None and int(size) > self._options.max_size:
            await self.push(answer("size-declared", max_size=self._options.max_size))
            return
        mail = self._mail
        mail.open = True
        mail.mail_from = _text(path.address or b"")
        mail.smtp_utf8 = "SMTPUTF8" in parameters
        await self.push(answer("sender-ok"))

    async def _rcpt_to(self, command: Command) -> None:
        address = parse_path(command.argument, b"TO").address or b""
        verdict = judge(address, self._user is not None, self._practice.put_off)
        if verdict == "recipient-ok":
            self._mail.rcpt_tos.append(_text(address))
        else:
            self._mail.refused += 1
        await self.push(answer(verdict))

    async def _data(self, command: Command) -> None:
        self._receiving = True
        await super().smtp_DATA("")
        self._receiving = False

    async def _bdat(self, command: Command) -> None:
        mail = self._mail
        size, last = _chunk(command)
        chunks = mail.chunks if mail.chunks is not None else bytearray()
        if len(chunks) + size > self._options.max_size:
            await self._skip_chunk(command)
            mail.chunks, mail.failed = None, True
            if last:
                self._drop_transaction()
            await self.push(answer("size-exceeded", max_size=self._options.max_size))
            return
        mail.chunks = chunks
        while size:
            block = await self._read_block(size)
            chunks += block
            size -= len(block)
        if last:
            kept = self.keep(bytes(chunks))
            self._drop_transaction()
            await self.push(kept)
        else:
            await self.push(answer("chunk", octets=_chunk(command)[0]))

    async def _skip_chunk(self, command: Command) -> None:
        """Swallow the octets of a chunk that is refused (RFC 3030 §2), never more than a block at a time."""
        size, last = _chunk(command)
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

    def keep(self, octets: bytes) -> str:
        """Put the message of this transaction into the inbox; returns the reply."""
        mail = self._mail
        message = self._practice.inbox.add(
            sender=_octets(mail.mail_from or ""),
            recipients=tuple(map(_octets, mail.rcpt_tos)),
            octets=octets,
            received_at=datetime.now(UTC),
            ehlo=_octets(self._visit.host_name or ""),
            user=self._user,
            tls=self._tls_active,
        )
        recipients = ", ".join(f"<{printable(recipient)}>" for recipient in message.recipients[:5])
        sender = printable(message.sender)
        self._note(f"message {message.number}: {len(octets)} octets from <{sender}> for {recipients}")
        return answer("kept", number=message.number)

    async def _starttls(self, command: Command) -> None:
        # Made in a thread: a server in the shell's own loop must not stop the shell for it.
        self.tls_context = await asyncio.to_thread(self._practice.certificates.server_context)
        await super().smtp_STARTTLS("")

    async def _auth(self, command: Command) -> None:
        words = command.argument.split()
        mechanism = words[0].upper().decode("ascii")
        if mechanism not in LOGINS:
            await self.push(answer("auth-unknown"))
            return
        initial = None if len(words) == 1 else b"" if words[1] == b"=" else binascii.a2b_base64(words[1])
        exchange = LOGINS[mechanism](self._practice.gate, initial)
        try:
            challenge = next(exchange)
            while True:
                challenge = exchange.send(await self._ask(challenge))
        except LoginRefused as refused:
            await self.push(answer(refused.answer, **refused.facts))
        except StopIteration as done:
            self._user = done.value
            await self.push(answer("auth-ok"))

    async def _ask(self, challenge: bytes) -> bytes:
        """Say 334 and read the response, decoded. Raises `LoginRefused` when there is none."""
        await self.push(b"334 " + binascii.b2a_base64(challenge, newline=False))
        line = await self._read_line()
        self._note("C", MASK if line != b"*" else "*")
        if line is None or len(line) + 2 > AUTH_LINE_LIMIT:
            raise LoginRefused("auth-line-too-long")
        if line == b"*":
            raise LoginRefused("auth-cancelled")
        try:
            return binascii.a2b_base64(line, strict_mode=True)
        except binascii.Error:
            raise LoginRefused("auth-bad-base64") from None

    async def _rset(self, command: Command) -> None:
        was_open = self._mail.open
        self._drop_transaction()
        await self.push(answer("reset" if was_open else "nothing-to-reset"))

    async def _noop(self, command: Command) -> None:
        await self.push(answer("noop"))

    async def _vrfy(self, command: Command) -> None:
        await self.push(answer("vrfy"))

    async def _help(self, command: Command) -> None:
        word = _text(command.argument.strip(b" ").upper())
        if not word:
            lines = [f"2.0.0 {line}".format(verbs=" ".join(sorted(_VERBS))) for line in HELP]
            await self.push(several(214, lines))
        elif word in _VERBS:
            offered = self._offered()
            forms = [known.form for known in parameters_of(word).values() if known.keyword in offered]
            parameters = f"; parameters: {' '.join(forms)}" if forms else ""
            await self.push(answer("help-verb", form=VERBS[word].form, parameters=parameters))
        else:
            await self.push(answer("help-unknown"))

    async def _quit(self, command: Command) -> None:
        self._leaving = True
        await self.push(answer("bye"))


def _text(octets: bytes) -> str:
    """aiosmtpd keeps addresses as text that can be turned back into the octets."""
    return octets.decode("utf-8", "surrogateescape")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _chunk(command: Command) -> tuple[int, bool]:
    """The octets of a BDAT chunk (0 where that is no number) and whether it is the last."""
    words = command.argument.split()
    size = int(words[0]) if words and words[0].isdigit() and len(words[0]) <= 20 else 0
    return size, len(words) > 1 and words[1].upper() == b"LAST"


_VERBS: dict[str, Callable[[PracticeSession, Command], Awaitable[None]]] = {
    "EHLO": PracticeSession._ehlo,
    "HELO": PracticeSession._helo,
    "MAIL": PracticeSession._mail_from,
    "RCPT": PracticeSession._rcpt_to,
    "DATA": PracticeSession._data,
    "BDAT": PracticeSession._bdat,
    "STARTTLS": PracticeSession._starttls,
    "AUTH": PracticeSession._auth,
    "RSET": PracticeSession._rset,
    "NOOP": PracticeSession._noop,
    "VRFY": PracticeSession._vrfy,
    "HELP": PracticeSession._help,
    "QUIT": PracticeSession._quit,
}
