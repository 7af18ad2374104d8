"""Replies to propose: one table of what a server may sensibly say to each command, the likely ones first.

Which codes may stand where is RFC 5321 §4.3.2 and the RFC of each extension; the texts are ours. `proposed` puts the
table into the light of the session: what is wrong with the command comes first, and an AUTH exchange has its steps.
Pure: knows no prompt.
"""

from collections.abc import Iterator, Sequence

from smtp_repl.wire.events import Finding
from smtp_repl.wire.octets import encode_step
from smtp_repl.wire.problems import RULES
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, LAST_CHUNK

HOST = "mail.example.com"
"""What the server that a person plays is called, unless the person says another name."""


class Proposed(Record):
    """One reply, ready to be sent; `text` has a line for each of its lines, LF between. `meaning` is one line."""

    text: str
    meaning: str


class Due(Record):
    """What waits for an answer. `said` is as in `Conversation.awaiting`, "" when nothing waits.

    `findings` are those about the command; `mechanism` and `steps` tell of an AUTH exchange how many responses the
    client has given in it, `cancelled` that it gives it up.
    """

    said: str = ""
    findings: Sequence[Finding] = ()
    tls_active: bool = False
    mechanism: str = ""
    steps: int = 0
    cancelled: bool = False
    host: str = HOST


KEYWORDS: tuple[tuple[str, str], ...] = (
    ("PIPELINING", ""),
    ("SIZE 10240000", ""),
    ("8BITMIME", ""),
    ("SMTPUTF8", ""),
    ("ENHANCEDSTATUSCODES", ""),
    ("AUTH PLAIN LOGIN", ""),
    ("STARTTLS", "plaintext"),
    ("CHUNKING", "named"),
    ("DSN", "named"),
    ("AUTH PLAIN LOGIN CRAM-MD5", "named"),
)
"""What a server may offer in EHLO, and when it is in the proposed reply: always, in plaintext, or only when it is
begun to be typed ("named")."""

REPLIES: dict[str, tuple[tuple[str, str], ...]] = {
    GREETING: (
        ("220 {host} ESMTP", "welcome; EHLO follows"),
        ("554 5.3.2 {host} takes no mail now", "no service here; the client may only QUIT"),
        ("521 5.3.2 {host} does not accept mail", "this host never takes mail (RFC 7504)"),
    ),
    "EHLO": (
        ("{ehlo}", "yes, and what is offered here"),
        ("250 {host}", "yes, and nothing is offered"),
        ("502 5.5.1 Command not implemented", "an old server; the client goes on with HELO"),
        ("550 5.7.1 You are not welcome here", "no: this client is refused"),
        ("504 5.5.4 Say your own name", "no: the name is not accepted"),
    ),
    "LHLO": (
        ("{ehlo}", "yes, and what is offered here"),
        ("250 {host}", "yes, and nothing is offered"),
    ),
    "HELO": (
        ("250 {host}", "yes: greeted, without extensions"),
        ("550 5.7.1 You are not welcome here", "no: this client is refused"),
        ("504 5.5.4 Say your own name", "no: the name is not accepted"),
    ),
    "MAIL": (
        ("250 2.1.0 Ok", "yes: a mail transaction begins"),
        ("550 5.7.1 This sender is not accepted", "no: policy"),
        ("451 4.3.0 Try again later", "not now: a local error"),
        ("452 4.3.1 Out of space", "not now: no room on this system"),
        ("552 5.3.4 That is more than SIZE allows", "no: the announced size is too large"),
        ("530 5.7.0 Say STARTTLS first", "no: only after STARTTLS (or AUTH)"),
        ("553 5.1.7 No such sender address", "no: the address is not right"),
        ("555 5.5.4 This parameter is not known", "no: a parameter is not understood"),
    ),
    "RCPT": (
        ("250 2.1.5 Ok", "yes: this recipient is accepted"),
        ("550 5.1.1 No such user here", "no: the mailbox does not exist"),
        ("450 4.2.0 Try again in a few minutes", "not now: busy, or greylisted"),
        ("552 5.2.2 The mailbox is full", "no: the mailbox has no room"),
        ("550 5.7.1 Relay access denied", "no: mail to elsewhere is not taken"),
        ("251 2.1.5 Not here, and passed on", "yes: the user is elsewhere; it is forwarded"),
        ("451 4.3.0 Try again later", "not now: a local error"),
        ("452 4.5.3 Too many recipients", "not now: the rest in another mail"),
    ),
    "DATA": (
        ("354 End data with <CR><LF>.<CR><LF>", "go on: the message follows, a lone dot ends it"),
        ("554 5.5.1 No valid recipients", "no: nobody is there to take it"),
        ("451 4.3.0 Try again later", "not now: a local error"),
    ),
    END_OF_DATA: (
        ("250 2.0.0 Ok: queued as 12345", "yes: the message is ours now"),
        ("550 5.7.1 This looks like spam", "no: policy"),
        ("451 4.3.0 Try again later", "not now: the client keeps it and comes again"),
        ("452 4.3.1 Out of space", "not now: no room on this system"),
        ("552 5.3.4 The message is too large", "no: larger than is accepted"),
        ("554 5.6.0 The message is not in order", "no: its form or content"),
    ),
    "BDAT": (
        ("250 2.0.0 Ok: chunk received", "yes: the next chunk"),
        ("452 4.3.1 Out of space", "not now: no room on this system"),
        ("552 5.3.4 The message is too large", "no: larger than is accepted"),
    ),
    LAST_CHUNK: (
        ("250 2.0.0 Ok: queued as 12345", "yes: the message is ours now"),
        ("451 4.3.0 Try again later", "not now: the client keeps it and comes again"),
        ("554 5.6.0 The message is not in order", "no: its form or content"),
    ),
    "STARTTLS": (
        ("220 2.0.0 Ready to start TLS", "yes: the handshake follows at once"),
        ("454 4.7.0 TLS is not available now", "not now: the client decides whether to go on"),
    ),
    "RSET": (("250 2.0.0 Ok", "yes: the transaction is forgotten"),),
    "NOOP": (("250 2.0.0 Ok", "yes: still here"),),
    "VRFY": (
        ("252 2.1.5 Send mail and see", "neither yes nor no"),
        ("250 2.1.5 <alice@example.com>", "yes: there is such a mailbox"),
        ("550 5.1.1 No such user here", "no: the mailbox does not exist"),
        ("502 5.5.1 Command not implemented", "no: this server does not tell"),
    ),
    "EXPN": (
        ("250 2.1.5 <alice@example.com>", "yes: the members of the list"),
        ("550 5.1.1 No such list here", "no: there is no such list"),
        ("502 5.5.1 Command not implemented", "no: this server does not tell"),
    ),
    "HELP": (
        ("214 2.0.0 See RFC 5321", "a text for a human reader"),
        ("502 5.5.1 Command not implemented", "no help here"),
    ),
    "ETRN": (
        ("250 2.0.0 Ok, queuing started", "yes: what waits for that host is sent"),
        ("458 4.3.0 The queue cannot be started now", "not now"),
    ),
    "XCLIENT": (
        ("220 {host} ESMTP", "yes: the session begins anew"),
        ("550 5.7.0 Not from you", "no: this client is not trusted"),
    ),
    "XFORWARD": (("250 2.0.0 Ok", "yes: noted"), ("550 5.7.0 Not from you", "no: this client is not trusted")),
    "QUIT": (("221 2.0.0 Bye", "goodbye; the connection is closed behind it"),),
}
"""The replies to each that `Conversation.awaiting` can name, with a line of meaning for each."""

_SUCCESS = ("235 2.7.0 Authentication successful", "yes: logged in")
_AUTH_REFUSALS = (
    ("535 5.7.8 Wrong user or password", "no: these credentials are not good"),
    ("454 4.7.0 Temporary authentication failure", "not now: who could tell is not there"),
)
_AUTH_NOT_HERE = (
    ("504 5.5.4 This mechanism is not offered", "no: another mechanism may do"),
    ("538 5.7.11 Say STARTTLS first", "no: not without encryption"),
)
_PROMPTS = ("Username:", "Password:")

UNKNOWN = (
    ("500 5.5.1 Command not known", "no: this is no command"),
    ("502 5.5.1 Command not implemented", "no: a command, and not known here"),
)
ANYWHERE = (
    ("503 5.5.1 Bad sequence of commands", "no: another command comes first"),
    ("501 5.5.4 Syntax error in the argument", "no: not written as it should be"),
    ("421 4.3.2 {host} closes", "goodbye, at any time: the connection is closed behind it"),
)
"""What may be the answer to anything."""
UNASKED = ANYWHERE[2:]
"""What may be said even when no command waits for an answer (RFC 5321 §3.8)."""

_OUT_OF_ORDER = frozenset({"out-of-order", "no-ehlo-after-tls", "talks-too-early"})


def proposed(due: Due) -> list[Proposed]:
    """What may be said now; the first is what a server that is neither lenient nor busy would say."""
    always = ANYWHERE if due.said not in ("", GREETING) else UNASKED
    rows = [*_on_faults(due.findings), *_rows(due), *always]
    ready: dict[str, Proposed] = {}
    for text, meaning in rows:
        filled = _filled(text, due)
        ready.setdefault(filled, Proposed(filled, meaning))
    return list(ready.values())


def ehlo_lines(*, tls_active: bool, host: str = HOST) -> list[str]:
    """The lines of a reply to EHLO, without codes."""
    return [host, *(word for word, when in KEYWORDS if not when or (when == "plaintext" and not tls_active))]


def _rows(due: Due) -> Sequence[tuple[str, str]]:
    if not due.said:
        return ()
    if due.said in ("AUTH", AUTH_STEP):
        return tuple(_exchange(due))
    return REPLIES.get(due.said, UNKNOWN)


def _on_faults(findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """What a strict server says to what is wrong with a command."""
    for finding in findings:
        rule = RULES.get(finding.rule)
        if finding.rule in _OUT_OF_ORDER:
            yield ANYWHERE[0]
        elif finding.rule == "not-offered":
            yield UNKNOWN[1]
        elif finding.rule == "step-not-base64":
            yield "501 5.5.2 That is no base64", "no: a step of AUTH is base64"
        elif rule is not None and finding.message.isascii() and finding.message.isprintable():
            yield f"{rule.code} {rule.enhanced} {finding.message}".replace("{", "("), "no: that is what is wrong"


def _exchange(due: Due) -> Iterator[tuple[str, str]]:
    """The next turn of an AUTH exchange (RFC 4954 §4)."""
    if due.cancelled:
        yield "501 5.7.0 Authentication cancelled", "yes: the client gave it up (RFC 4954 §4)"
        return
    known = MECHANISMS.get(due.mechanism)
    if known is None:
        yield _AUTH_NOT_HERE[0]
    has_all = known is not None and due.steps >= known.responses
    if has_all:
        yield _SUCCESS
        yield from _AUTH_REFUSALS
    elif due.mechanism == "LOGIN":
        asked = _PROMPTS[min(due.steps, 1)]
        yield f"334 {encode_step(asked.encode()).decode()}", f'ask for "{asked}"'
    elif known is not None and known.reads_challenges:
        challenge = f"<20260115.1@{due.host}>"
        yield f"334 {encode_step(challenge.encode()).decode()}", f"the challenge {challenge}"
    else:
        yield "334 ", "go on: the client's response follows"
    if not has_all:
        yield from (_SUCCESS, *_AUTH_REFUSALS)
    if due.said == "AUTH" and known is not None:
        yield from _AUTH_NOT_HERE


def _filled(text: str, due: Due) -> str:
    if text == "{ehlo}":
        lines = ehlo_lines(tls_active=due.tls_active, host=due.host)
        return "\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])
    return text.replace("{host}", due.host)
