"""What the practice server says, in one table: code, enhanced code, and words that tell what to do.

RFC 2034 §4: every reply has an enhanced code but the greeting, the replies to EHLO and HELO, and 3xx. The
refusals of bad syntax are made from `wire.problems`.
"""

import re
from collections.abc import Sequence

from smtp_repl.wire.problems import Problem

ANSWERS: dict[str, str] = {
    "greeting": "220 {hostname} {protocol} smtp-repl practice server; nothing is delivered",
    "too-many-sessions": "421 4.3.2 Too many sessions; try again later",
    "too-many-bad-commands": "421 4.7.0 Too many bad commands; closing",
    "sync": "554 5.5.0 SMTP synchronization error: you talked before it was your turn; closing",
    "closing": "421 4.3.0 The server is going down in the middle of it all; try again later",
    "recording-ends": "421 4.3.1 There is no room to record this session; closing",
    "idle": "421 4.4.2 Nothing was said for {seconds:g} seconds; closing",
    "stopping": "421 4.3.2 The practice server stops",
    "broken": "421 4.3.0 The practice server made a mistake; closing",
    "helo": "250 {hostname}",
    "noop": "250 2.0.0 Ok",
    "reset": "250 2.0.0 Ok: the transaction is dropped",
    "nothing-to-reset": "250 2.0.0 Ok: there was no transaction",
    "bye": "221 2.0.0 Bye",
    "vrfy": "252 2.0.0 VRFY tells nothing here; RCPT tells more",
    "vrfy-one": "250 2.1.5 {address}",
    "vrfy-several": "553 5.1.4 User ambiguous: {addresses}",
    "vrfy-nobody": "550 5.1.1 There is no such user here",
    "expn-no-list": "550 5.1.1 There is no such mailing list here",
    "help-verb": "214 2.0.0 Write {form}{parameters}",
    "help-unknown": "504 5.5.4 There is no help on that; write HELP for a list",
    # order
    "ehlo-first": "503 5.5.1 Say EHLO first; write EHLO client.example.org",
    "needs-ehlo": "503 5.5.1 {verb} needs EHLO, and you said HELO",
    "mail-first": "503 5.5.1 MAIL comes before {verb}; write MAIL FROM:<a@example.org>",
    "mail-twice": "503 5.5.1 A transaction is open already; finish it, or write RSET",
    "rcpt-first": "503 5.5.1 RCPT comes before {verb}; write RCPT TO:<b@example.com>",
    "rcpt-all-refused": "554 5.5.1 No recipient was accepted, so there is nobody to send this to",
    "rcpt-after-bdat": "503 5.5.1 No further recipients once BDAT has begun; RSET drops the transaction",
    "data-after-bdat": "503 5.5.1 DATA and BDAT do not mix; finish with BDAT 0 LAST, or write RSET",
    "bdat-after-failure": "503 5.5.1 A chunk before this one was refused; write RSET and begin again",
    "auth-in-transaction": "503 5.5.1 AUTH comes before MAIL; write RSET first",
    "auth-twice": "503 5.5.1 You are logged in already; one AUTH per session",
    "binary-by-bdat": "503 5.5.1 A message with BODY=BINARYMIME goes by BDAT; DATA has no way to end it",
    "tls-needed": "530 5.7.0 Must issue a STARTTLS command first",
    "auth-needed": "530 5.7.0 Authentication required; write AUTH {mechanism}",
    "auth-needed-after-tls": "530 5.7.0 Authentication required, and AUTH needs TLS here; write STARTTLS first",
    "tls-twice": "503 5.5.1 TLS is active already",
    "not-implemented": "502 5.5.1 {verb} is not implemented here",
    "no-ehlo": "500 5.5.1 EHLO is not known here; write HELO client.example.org",
    "no-smtp": "500 5.5.1 {verb} is for SMTP, and this is LMTP; write LHLO client.example.org",
    "lhlo-first": "503 5.5.1 Say LHLO first; write LHLO client.example.org",
    "lhlo": "500 5.5.1 LHLO is for LMTP, and this is SMTP; write EHLO client.example.org",
    # envelope
    "sender-ok": "250 2.1.0 Ok",
    "size-declared": "552 5.3.4 The message is too big: at most {max_size} octets here",
    "recipient-ok": "250 2.1.5 Ok (kept in /inbox, never delivered)",
    "recipient-unknown": "550 5.1.1 Nobody has this mailbox (nobody@ is refused for practice)",
    "recipient-full": "552 5.2.2 The mailbox is full (full@ is refused for practice)",
    "recipient-later": "450 4.2.0 Not now, try once more (later@ is put off once, for practice)",
    "mailbox-full": "552 5.2.2 The mailbox is full",
    "mailbox-full-for-now": "452 4.2.2 The mailbox is full just now; try again later",
    "user-unknown": "550 5.1.1 There is no such user here",
    "greylisted": "451 4.7.1 Greylisted: you are new here; try the same again later",
    "relay-denied": "554 5.7.1 Relay access denied; this practice server takes {domains}, or anything after AUTH",
    "relay-never": "554 5.7.1 Relay access denied; this server takes mail for {domains} and for nobody else",
    "relay-denied-to-all": "554 5.7.1 Relay access denied; who wants to send mail through here must log in (AUTH)",
    # message
    "kept": "250 2.0.0 Ok: kept as message {number}",
    "kept-for": "250 2.1.5 <{recipient}> Ok: kept as message {number}",
    "full-for": "552 5.2.2 <{recipient}> The mailbox is full (full@ is refused for practice)",
    "bare-lf": "550 5.5.2 The message has a bare line feed; only CRLF ends a line",
    "utf8-header": "550 5.6.7 The header has octets beyond ASCII; write SMTPUTF8 behind MAIL FROM, or encode them",
    "not-utf8-header": "550 5.6.7 The header is neither ASCII nor UTF-8",
    "chunk": "250 2.0.0 Ok: {octets} octets received",
    "size-exceeded": "552 5.3.4 The message was too big: at most {max_size} octets here",
    "text-line-too-long": "500 5.5.2 The message has a line of more than 65536 octets",
    # AUTH
    "auth-ok": "235 2.7.0 Authentication succeeded",
    "auth-wrong": "535 5.7.8 Wrong user or password",
    "auth-cancelled": "501 5.7.0 Authentication cancelled",
    "auth-bad-base64": "501 5.5.2 This is not base64; /b64 encodes",
    "auth-malformed": "501 5.5.2 Once decoded, this is not what {mechanism} wants: {wanted}",
    "auth-initial": "501 5.7.0 In {mechanism} the server begins; write AUTH {mechanism} alone",
    "auth-unknown": "504 5.5.4 There is no such mechanism here; take {mechanisms}",
    "auth-down": "454 4.7.0 Temporary authentication failure: the directory of passwords cannot be reached",
    "auth-needs-tls": "538 5.7.11 AUTH needs TLS here; write STARTTLS first",
    "auth-line-too-long": "500 5.5.6 The line is longer than 12288 octets",
    # TLS
    "tls-ready": "220 2.0.0 Ready to start TLS",
    "tls-down": "454 4.7.0 TLS not available due to temporary reason",
    "tls-not-alone": "554 5.5.0 Nothing may follow STARTTLS before the handshake; closing",
    "terse": "555 5.5.2 Syntax error, cannot read what you say",
    "line-too-long": "500 5.5.2 The line is too long",
}

READY_OF_AIOSMTPD = "220 Ready to start TLS"
"""What aiosmtpd says by itself in the method that we inherit."""

HELP = (
    "This is the practice server of smtp-repl; nothing is delivered",
    "Commands: {verbs}",
    "Senders such as a@example.org, recipients such as b@example.com are fine",
    "nobody@example.com, full@example.com and later@example.com are refused, for practice",
    "HELP MAIL tells how MAIL is written",
)
"""The lines of the reply to HELP."""


def answer(name: str, **facts: object) -> str:
    """A reply line without its line end. Raises KeyError for a name that is none."""
    return ANSWERS[name].format(**facts)


def teach(problem: Problem) -> str:
    """The refusal of a badly written command: what is wrong, then how to write it."""
    hint = f"; {problem.hint}" if problem.hint else ""
    return f"{problem.code} {problem.enhanced} {problem.message}{hint}"


def listed(words: Sequence[str], last: str) -> str:
    """Words as a reply lists them: "A, B and C"; `last` is the word before the last one."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def without_enhanced(text: str) -> str:
    """A reply as a server says it that does not offer ENHANCEDSTATUSCODES."""
    return re.sub(r"(?m)^([0-9]{3}[ -])[245]\.[0-9]{1,3}\.[0-9]{1,3} ", r"\1", text)


def several(code: int, lines: list[str]) -> str:
    """A reply of several lines, without the last line end (RFC 5321 §4.2.1)."""
    last = len(lines) - 1
    return "\r\n".join(f"{code}{' ' if number == last else '-'}{line}" for number, line in enumerate(lines))
