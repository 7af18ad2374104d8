"""What the practice server does with commands: one method for each verb, in the table `_VERBS`.

First it is asked what a line is, then whether it is due, then how it is written (`_refusal`), and only then is
anything done. What is said stands in `answers`.
"""

import asyncio
import binascii
from collections.abc import Awaitable, Callable

from smtp_repl.net.practice.answers import HELP, answer, listed, several, teach
from smtp_repl.net.practice.logins import LOGINS, LoginRefused
from smtp_repl.net.practice.practice import Practice
from smtp_repl.net.practice.recipients import named
from smtp_repl.net.practice.transactions import PracticeTransactions
from smtp_repl.wire.commands import AUTH_LINE_LIMIT, Command, Problem, check_syntax, parse_command
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


# What the big ones answer in one way, whatever is wrong with it.
_TERSE = frozenset(
    {"blank-after-colon", "blank-before-colon", "missing-brackets", "missing-keyword", "missing-address"}
    | {"missing-blank", "no-domain", "bad-local-part", "bad-domain", "null-recipient", "bad-parameter"}
)
# Allowed before TLS where TLS is required (RFC 3207 §4).
_BEFORE_TLS = frozenset({"EHLO", "HELO", "LHLO", "NOOP", "STARTTLS", "QUIT"})


class PracticeSession(PracticeTransactions):
    """One session, from the greeting to the end."""

    def __init__(self, practice: Practice, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(practice, loop)
        self._bad_commands = 0
        self._commands = 0

    async def _read_command(self) -> None:
        line = await self._read_line()
        if line is None:
            self._note("C", "(a line of more than 65536 octets)")
            await self._refuse(answer("line-too-long"))
            return
        command = parse_command(line)
        self._note_command(command)
        self._commands += 1
        if self._profile.close_after and self._commands > self._profile.close_after:
            self._say_last(answer("closing"))
            return
        if self._is_early(command):
            self._say_last(answer("sync"))
            return
        refusal = self._refusal(command.verb, self._problem(command))
        if refusal is not None:
            if command.verb == "BDAT":
                await self._skip_chunk(command)
            text, is_bad = refusal
            await (self._refuse if is_bad else self.push)(text)
            return
        await _VERBS[command.verb](self, command)

    def _problem(self, command: Command) -> Problem | None:
        """What is wrong with the way a command is written, as far as this server minds."""
        problems = check_syntax(
            command,
            smtputf8=self._mail.is_utf8,
            extended=self._visit.extended_smtp or not self._visit.host_name,
            offered=frozenset(self._offered()) if self._visit.extended_smtp else None,
        )
        if self._profile.syntax == "lenient":
            problems = tuple(problem for problem in problems if problem.rule not in _LENIENT)
        return problems[0] if problems else None

    def _is_early(self, command: Command) -> bool:
        """Whether more has come already, where the client had to wait for the reply (RFC 2920 §3.1)."""
        if not (self._profile.enforce_sync and self._pending()):
            return False
        syntax = VERBS.get(command.verb)
        may_go_on = self._visit.extended_smtp and "PIPELINING" in self._offered()
        return not may_go_on or syntax is None or syntax.ends_group

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
        unknown = self._unknown(verb)
        if unknown:
            return answer(unknown, verb=verb), True
        out_of_order = self._out_of_order(verb)
        if out_of_order:
            return answer(out_of_order, verb=verb, mechanism=" ".join(self._profile.mechanisms[:1])), False
        if problem is not None:
            terse = self._profile.syntax == "terse" and problem.rule in _TERSE
            return answer("terse") if terse else teach(problem), True
        return None

    def _unknown(self, verb: str) -> str:
        """The name of the answer to a verb that this server does not have, "" for one that it has."""
        if verb in ("EHLO", "HELO") and self._is_lmtp:
            return "no-smtp"
        if verb == "EHLO" and not self._profile.esmtp:
            return "no-ehlo"
        if verb == "LHLO" and not self._is_lmtp:
            return "lhlo"
        if verb not in _VERBS:
            return "not-implemented"
        keyword = VERBS[verb].keyword or (verb if verb in ("VRFY", "EXPN", "HELP") else "")
        return "not-implemented" if keyword and keyword not in self._profile.keywords else ""

    def _out_of_order(self, verb: str) -> str:
        """The name of the answer to a command that is not due, "" for one that is (RFC 5321 §4.1.4)."""
        mail = self._mail
        in_order = verb in ("MAIL", "RCPT", "DATA", "BDAT", "AUTH", "STARTTLS")
        if in_order and not self._visit.host_name:
            return "lhlo-first" if self._is_lmtp else "ehlo-first"
        if self._profile.tls_required and not self._tls_active and verb not in _BEFORE_TLS:
            return "tls-needed"
        if self._profile.auth_required and self._user is None and verb in ("MAIL", "VRFY", "EXPN"):
            return "auth-needed" if self._auth_offered else "auth-needed-after-tls"
        if not in_order:
            return ""
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
        if verb == "DATA" and mail.is_binary:
            return "binary-by-bdat"
        if not mail.recipients:
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
        behind = {
            "SIZE": str(self._profile.max_size) if self._profile.size_told else "",
            "AUTH": " ".join(self._profile.mechanisms),
        }
        hidden = {"STARTTLS"} if self._tls_active else set(self._profile.only_under_tls)
        if not (self._auth_offered and self._profile.mechanisms):
            hidden.add("AUTH")
        return {keyword: behind.get(keyword, "") for keyword in self._profile.keywords if keyword not in hidden}

    async def _ehlo(self, command: Command) -> None:
        self._greeted_by(command, extended=True)
        keywords = [f"{keyword} {value}".rstrip() for keyword, value in self._offered().items()]
        await self.push(several(250, [self._profile.ehlo_name or self.hostname, *keywords]))

    async def _helo(self, command: Command) -> None:
        self._greeted_by(command, extended=False)
        await self.push(answer("helo", hostname=self._profile.ehlo_name or self.hostname))

    def _greeted_by(self, command: Command, extended: bool) -> None:
        self._drop_transaction()
        self._visit.host_name = _text(command.argument.strip(b" "))
        self._visit.extended_smtp = extended

    async def _starttls(self, command: Command) -> None:
        profile = self._profile
        if profile.tls_down:
            await self.push(answer("tls-down"))
            return
        await self._prepare_tls()
        if profile.after_starttls == "refused" and self._pending():
            self._say_last(answer("tls-not-alone"))
            return
        await self.push(answer("tls-ready"))
        if profile.drop_after_starttls:
            self._leaving = True
            return
        await self._begin_tls()

    async def _auth(self, command: Command) -> None:
        words = command.argument.split()
        mechanism = words[0].upper().decode("ascii")
        if mechanism not in self._profile.mechanisms:
            await self.push(answer("auth-unknown", mechanisms=listed(self._profile.mechanisms, "or")))
            return
        initial = None if len(words) == 1 else b"" if words[1] == b"=" else binascii.a2b_base64(words[1])
        exchange = LOGINS[mechanism](self._practice.gate(self._profile), initial)
        try:
            challenge = next(exchange)
            while True:
                challenge = exchange.send(await self._ask(challenge))
        except LoginRefused as refused:
            # Who guesses passwords is not worth talking to either.
            await self._refuse(answer(refused.answer, **refused.facts))
        except StopIteration as done:
            if self._profile.auth_down:
                await self.push(answer("auth-down"))
                return
            user: str = done.value
            self._user = user
            await self.push(answer("auth-ok"), lambda minutes: minutes.logged_in(user))

    async def _ask(self, challenge: bytes) -> bytes:
        """Say 334 and read the response, decoded. Raises `LoginRefused` when there is none."""
        await self.push(b"334 " + binascii.b2a_base64(challenge, newline=False))
        line = await self._read_line()
        self._note("C", MASK if line != b"*" else "*")
        if self._profile.enforce_sync and self._pending():
            self._say_last(answer("sync"))
            raise ConnectionAbortedError
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
        if not self._directory.tells:
            await self.push(answer("vrfy"))
            return
        found = named(self._directory.verify(_asked(command)))
        if len(found) > 1:
            await self.push(answer("vrfy-several", addresses=", ".join(found[:5])))
        else:
            await self.push(answer("vrfy-one", address=found[0]) if found else answer("vrfy-nobody"))

    async def _expn(self, command: Command) -> None:
        members = self._directory.expand(_asked(command))
        if members:
            await self.push(several(250, [f"2.1.5 {member}" for member in named(members)]))
        else:
            await self.push(answer("expn-no-list"))

    async def _help(self, command: Command) -> None:
        word = _text(command.argument.strip(b" ").upper())
        if not word:
            verbs = " ".join(verb for verb in sorted(_VERBS) if not self._unknown(verb))
            await self.push(several(214, [f"2.0.0 {line}".format(verbs=verbs) for line in HELP]))
        elif word in _VERBS and not self._unknown(word):
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


def _asked(command: Command) -> str:
    """Whom VRFY or EXPN is about: the argument without its parameter (RFC 6531 §3.7.4)."""
    words = [word for word in _text(command.argument).split(" ") if word.upper() != "SMTPUTF8"]
    return " ".join(words)


_VERBS: dict[str, Callable[[PracticeSession, Command], Awaitable[None]]] = {
    "EHLO": PracticeSession._ehlo,
    "HELO": PracticeSession._helo,
    "LHLO": PracticeSession._ehlo,
    "MAIL": PracticeSession._mail_from,
    "RCPT": PracticeSession._rcpt_to,
    "DATA": PracticeSession._data,
    "BDAT": PracticeSession._bdat,
    "STARTTLS": PracticeSession._starttls,
    "AUTH": PracticeSession._auth,
    "RSET": PracticeSession._rset,
    "NOOP": PracticeSession._noop,
    "VRFY": PracticeSession._vrfy,
    "EXPN": PracticeSession._expn,
    "HELP": PracticeSession._help,
    "QUIT": PracticeSession._quit,
}
