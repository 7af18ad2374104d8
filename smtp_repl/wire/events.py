"""What a conversation reports: what was said, what it means, and what is notable about it.

Events say who *said* a thing, not who received it: they are the same on both sides of the wire. A `Finding` is
data about something that the peer or the user did; it never stops anything. `FINDINGS` is the one table of what
can be found, except for syntax faults of commands, whose rows stand with the syntax in `commands`.
"""

from smtp_repl.wire.commands import Command
from smtp_repl.wire.errors import WireLimit
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.states import Phase


class AuthStep(Record):
    """What the client says to authenticate: an initial response or the answer to a 334.

    `text` is the step as it goes over the wire, without line end; `number` counts the responses of this exchange
    from 0; `user` is who wants in and `password` what was shown of the password, where the step tells.
    `is_base64` is False for a plain word typed where base64 was due.
    """

    mechanism: str
    number: int
    initial: bool
    text: Secret
    user: bytes | None = None
    password: Secret | None = None
    authzid: bytes = b""
    is_base64: bool = True


class CommandSaid(Record):
    """The client said a line, as a command or as a step of AUTH.

    `raw` holds the octets with their line end and is None when they are secret; then `command` stops before the
    secret and `step` has it. `answers_due` counts the replies that were still awaited when this was said.
    """

    command: Command
    raw: bytes | None
    phase: Phase
    answers_due: int = 0
    step: AuthStep | None = None


class BodySaid(Record):
    """The client said a piece of a message: octets as on the wire, dots stuffed, the final dot included.

    `ended` is set on the last piece; `octets` and `lines` then count the message without stuffing and final dot.
    """

    raw: bytes
    ended: bool = False
    octets: int = 0
    lines: int = 0


class ChunkSaid(Record):
    """The client said a piece of a BDAT chunk (RFC 3030); `ended` is set on the last piece of the chunk."""

    raw: bytes
    ended: bool
    last: bool


class ReplySaid(Record):
    """The server said a whole reply, or, when `reply.partial`, all that came of one.

    `answers` names what it answers: a verb, "." after a message, "greeting", "AUTH step", None when nothing was
    awaited. `command` is the command, where there was one. `secret` tells that the server repeated a secret, which
    is masked in `reply` already.
    """

    reply: Reply
    answers: str | None
    command: Command | None
    phase: Phase
    """The phase after this reply."""
    secret: bool = False


class CapabilitiesKnown(Record):
    """The server said what it offers, or, after a handshake, what it had offered is forgotten."""

    capabilities: Capabilities


class ChallengeSaid(Record):
    """A 334: `text` as on the wire, and decoded where it is base64."""

    mechanism: str
    text: bytes
    decoded: bytes | None


class HandshakeDue(Record):
    """STARTTLS was accepted: the driver must start TLS now, and must refuse to when `injected` is not empty."""

    injected: bytes


class Finding(Record):
    """Something notable. `rule` is a stable id; `severity` is info, warning or error."""

    rule: str
    severity: str
    message: str
    hint: str = ""
    ref: str = ""


class Closed(Record):
    """The peer closed; `expected` when it had been announced (221, 421) or nothing was awaited."""

    expected: bool
    awaiting: tuple[str, ...]


class Broken(Record):
    """A limit was passed: nothing more can be read."""

    error: WireLimit


Event = (
    CommandSaid
    | BodySaid
    | ChunkSaid
    | ReplySaid
    | CapabilitiesKnown
    | ChallengeSaid
    | HandshakeDue
    | Finding
    | Closed
    | Broken
)

_REPLY_ROWS = (
    # rule, severity, message, hint, ref
    ("malformed-line", "error", "this is no SMTP reply line", "", "RFC 5321 §4.2"),
    ("code-mismatch", "error", "the lines of this reply have different codes", "", "RFC 5321 §4.2.1"),
    (
        "line-too-long",
        "error",
        "the line is longer than any reply may be; reading stopped",
        "",
        "RFC 5321 §4.5.3.1.5",
    ),
    ("reply-too-long", "error", "the reply has no end; reading stopped", "", ""),
    ("bare-lf", "warning", "a line ends with LF alone, not CRLF", "", "RFC 5321 §2.3.8"),
    ("bare-cr", "warning", "a CR stands alone inside a line", "", "RFC 5321 §2.3.8"),
    ("nul", "warning", "the reply holds a NUL", "", "RFC 5321 §4.2"),
    (
        "control-char",
        "warning",
        "the reply holds control characters; they are shown escaped",
        "",
        "RFC 5321 §4.2",
    ),
    ("invisible-char", "warning", "the reply holds invisible characters; they are shown escaped", "", ""),
    (
        "non-utf8",
        "warning",
        "the reply holds octets that are not UTF-8; they are shown escaped",
        "",
        "RFC 6531 §3.7.4",
    ),
    ("non-ascii", "info", "the reply holds text beyond ASCII", "", "RFC 6531 §3.7.4"),
    ("line-over-512", "info", "a reply line is longer than 512 octets", "", "RFC 5321 §4.5.3.1.5"),
    ("no-text", "info", "the reply has a code and no text", "", "RFC 5321 §4.2"),
    (
        "enhanced-mismatch",
        "warning",
        "the enhanced code belongs to another class than the code",
        "",
        "RFC 2034 §4",
    ),
    ("enhanced-bad", "warning", "this looks like an enhanced code and is none", "", "RFC 3463 §2"),
    ("unsolicited", "warning", "nobody asked for this reply", "", "RFC 5321 §3.8"),
    ("unexpected-code", "warning", "{code} is no answer to {said} that the RFC knows", "", "RFC 5321 §4.3.2"),
    (
        "secret-echoed",
        "error",
        "the server repeated a secret; it is masked here, and in its logs perhaps not",
        "",
        "",
    ),
)
_EHLO_ROWS = (
    ("auth-equals", "info", 'the old form "AUTH=" is offered beside or instead of AUTH', "", "RFC 4954 §3"),
    (
        "duplicate-keyword",
        "warning",
        "a keyword is offered twice; the first one counts",
        "",
        "RFC 5321 §4.1.1.1",
    ),
    ("size-bad", "warning", "SIZE does not give a number of octets", "", "RFC 1870 §4"),
    ("size-overflow", "warning", "SIZE gives a number beyond 20 digits", "", "RFC 1870 §4"),
    (
        "non-ascii-keyword",
        "warning",
        "an EHLO line does not begin with an ASCII keyword",
        "",
        "RFC 5321 §4.1.1.1",
    ),
    ("bad-keyword", "warning", "an EHLO line does not begin with a keyword", "", "RFC 5321 §4.1.1.1"),
    ("keywords-lost", "warning", "no longer offered: {keywords}", "", ""),
)
_AUTH_ROWS = (
    ("bad-mechanism", "warning", "AUTH offers something that is no mechanism name", "", "RFC 4422 §3.1"),
    ("bad-base64", "warning", "the challenge is not base64", "answer it, or cancel with *", "RFC 4954 §4"),
    (
        "step-not-base64",
        "warning",
        "what was sent as a step of AUTH is not base64; it stays masked",
        "/b64 TEXT sends TEXT encoded; /pass asks for a password",
        "RFC 4954 §4",
    ),
    (
        "auth-cleartext",
        "warning",
        "{mechanism} showed the password to everyone on the path: the connection is not encrypted",
        "/starttls first",
        "RFC 4954 §9",
    ),
    (
        "success-before-credentials",
        "warning",
        "the server said yes before it was told who you are",
        "",
        "RFC 4954 §4",
    ),
)
_ORDER_ROWS = (
    ("out-of-order", "warning", "{said} is not due here: expect 503", "{first}", "{ref}"),
    ("not-offered", "warning", "{said} needs {keyword}, which this server does not offer", "{why}", "{ref}"),
    ("not-last", "warning", "{said} must be the last command of a pipelined group", "", "RFC 2920 §3.1"),
    (
        "pipelining-not-offered",
        "warning",
        "{said} was sent before the reply to {before} came, and PIPELINING is not offered",
        "",
        "RFC 2920 §3.1",
    ),
    ("talks-too-early", "warning", "{said} was sent before the greeting came", "", "RFC 5321 §4.3.1"),
    (
        "body-as-commands",
        "error",
        "the message text was sent and DATA refused: the server takes the text for commands",
        "",
        "RFC 5321 §4.1.1.4",
    ),
    (
        "no-ehlo-after-tls",
        "warning",
        "after STARTTLS the session begins anew: say EHLO again",
        "",
        "RFC 3207 §4.2",
    ),
    ("command-cut", "warning", "the line is very long; only its first {octets} octets are shown", "", ""),
    ("bare-lf-command", "warning", "the line ends with LF alone, not CRLF", "", "RFC 5321 §2.3.8"),
)
_TLS_ROWS = (
    (
        "data-before-handshake",
        "error",
        "octets came between the 220 to STARTTLS and the handshake: somebody injected them",
        "do not trust this connection",
        "RFC 3207 §5",
    ),
    (
        "capabilities-forgotten",
        "info",
        "what was offered before TLS is forgotten: say EHLO again",
        "",
        "RFC 3207 §4.2",
    ),
)

FINDINGS: dict[str, Finding] = {
    row[0]: Finding(*row) for row in (*_REPLY_ROWS, *_EHLO_ROWS, *_AUTH_ROWS, *_ORDER_ROWS, *_TLS_ROWS)
}


def finding(rule: str, *, hint: str = "", **facts: object) -> Finding:
    """The finding of a rule with its blanks filled; `hint` replaces the rule's own. Raises KeyError."""
    row = FINDINGS[rule]
    return Finding(
        rule,
        row.severity,
        phrase(row.message, **facts),
        hint or phrase(row.hint, **facts),
        row.ref.format(**facts),
    )
