"""The one table of pitfalls: how each is recognised, how a person would call the evidence, and who else says it.

To add a pitfall, add its texts to `knowledge/pitfalls.json`, a row here, and a recogniser in the module of its kind.
For one thing that somebody did a person is told one thing, so each row says how it stands to the engine's findings:

- `told_by`: findings that say as much. They have spoken when the command was said, and the pitfall stays silent; it is
  told only where the server took the command all the same (`accepted`: what others would have answered).
- `instead_of`: findings that say less. The pitfall is told in their place.
"""

from smtp_repl.teach.pitfalls import commands, logins, messages, replies, surroundings
from smtp_repl.teach.pitfalls.rows import (
    MESSAGE,
    SESSION,
    InAnswered,
    InChunk,
    InCommand,
    InEnd,
    InInterruption,
    InLine,
    InMessage,
    InPrint,
    InReply,
    InSilence,
    Row,
)
from smtp_repl.wire.language import N_

_SYNTAX = (
    *("missing-brackets", "blank-after-colon", "missing-blank", "missing-address", "no-domain", "bad-local-part"),
    *("bad-domain", "unknown-parameter", "bad-parameter"),
)
"""What the engine finds in an address that holds more than an address."""

_OUT_OF_ORDER = N_("Accepted here; a strict server answers 503 to a command that is out of order.")
_BAD_SYNTAX = N_("Accepted here; a strict server answers 501 to it.")

_ORDER = (
    Row(
        "no-ehlo",
        "MAIL before any EHLO or HELO",
        (InAnswered(commands.no_ehlo),),
        told_by=("out-of-order",),
        accepted=_OUT_OF_ORDER,
    ),
    Row("helo-no-ext", "AUTH or STARTTLS in a session that HELO opened", (InCommand(commands.helo_no_ext),)),
    Row(
        "rcpt-first",
        "RCPT where no transaction is open",
        (InAnswered(commands.rcpt_first),),
        told_by=("out-of-order",),
        accepted=_OUT_OF_ORDER,
    ),
    Row(
        "data-early",
        "DATA before a recipient was accepted",
        (InAnswered(commands.data_early),),
        told_by=("out-of-order",),
        accepted=_OUT_OF_ORDER,
    ),
    Row(
        "nested-mail",
        "MAIL within a transaction",
        (InAnswered(commands.nested_mail),),
        told_by=("out-of-order",),
        accepted=_OUT_OF_ORDER,
    ),
    Row(
        "header-as-command",
        "a line that begins with the name of a header field and a colon, where a command is due",
        (InCommand(commands.header_as_command),),
        instead_of=("unknown-verb", "control-char", "line-over-512"),
    ),
)

_FORM = (
    Row(
        "ehlo-noarg",
        "EHLO, HELO or LHLO alone",
        (InAnswered(commands.ehlo_noarg),),
        told_by=("argument-missing",),
        accepted=_BAD_SYNTAX,
    ),
    Row(
        "ehlo-badname",
        "EHLO or HELO with a bare IPv4 address; or with a name such as localhost, unless to the own machine",
        (InCommand(commands.ehlo_badname),),
        once=SESSION,
    ),
    Row(
        "no-brackets",
        "MAIL or RCPT with an address that does not stand between < and >",
        (InAnswered(commands.no_brackets),),
        told_by=("missing-brackets",),
        accepted=N_("Accepted here, but Gmail would answer 555 5.5.2: the address needs < and >."),
    ),
    Row(
        "space-colon",
        "a blank between FROM: or TO: and the address",
        (InAnswered(commands.space_colon),),
        told_by=("blank-after-colon",),
        accepted=N_("Accepted here; a strict server answers 501 to the blank after the colon."),
    ),
    Row(
        "no-colon",
        "FROM or TO without its colon",
        (InAnswered(commands.no_colon),),
        told_by=("missing-keyword",),
        accepted=_BAD_SYNTAX,
    ),
    Row(
        "no-from",
        "an address right behind MAIL or RCPT",
        (InAnswered(commands.no_from),),
        told_by=("missing-keyword",),
        accepted=_BAD_SYNTAX,
    ),
    Row(
        "display-name",
        "words before the address of MAIL or RCPT, which stands in brackets",
        (InCommand(commands.display_name),),
        instead_of=_SYNTAX,
    ),
    Row(
        "rcpt-many",
        "a comma or a semicolon between two addresses of one RCPT",
        (InCommand(commands.rcpt_many),),
        instead_of=_SYNTAX,
    ),
    Row(
        "smtputf8",
        "an address beyond ASCII in a transaction whose MAIL had no SMTPUTF8",
        (InAnswered(commands.smtputf8),),
        told_by=("non-ascii",),
        accepted=N_("Accepted here; others refuse an address beyond ASCII without SMTPUTF8 (550 or 553)."),
    ),
    Row(
        "param-not-offered",
        "a parameter of MAIL or RCPT whose keyword the reply to EHLO has not; any of them after HELO",
        (InCommand(commands.param_not_offered),),
        instead_of=("parameters-after-helo",),
    ),
)

_TEXT = (
    Row(
        "command-in-data",
        "a line of the message that is a whole QUIT, RSET, NOOP or DATA, or begins as MAIL FROM:< or RCPT TO:<",
        (InLine(messages.command_in_data),),
        once=MESSAGE,
    ),
    Row("no-dot", "30 seconds of silence after the 354", (InSilence(surroundings.no_dot),), once=MESSAGE),
    Row("dot-space", "a line of the message with a dot and blanks, and nothing else", (InLine(messages.dot_space),)),
    Row(
        "dot-stuff",
        "a line of the message that begins with one dot and goes on",
        (InLine(messages.dot_stuff),),
        once=MESSAGE,
    ),
    Row(
        "no-blank",
        "a message whose header runs into a line that is no field, or that has no empty line",
        (InMessage(messages.no_blank),),
    ),
    Row(
        "no-headers",
        "a message without From, or with neither Date nor Subject",
        (InMessage(messages.no_headers),),
    ),
    Row(
        "from-vs-mail",
        "an address in From that is not the one of MAIL FROM; not for MAIL FROM:<>",
        (InMessage(messages.from_vs_mail),),
        text=N_("SPF looks at MAIL FROM, where bounces go as well, readers and DMARC at From; here these differ."),
    ),
    Row("bcc-header", "a Bcc field in the message", (InMessage(messages.bcc_header),)),
    Row(
        "8bit-header",
        "octets above 127 in the header, and no SMTPUTF8 on MAIL",
        (InMessage(messages.eight_bit_header),),
    ),
    Row(
        "8bit-body",
        "octets above 127 in the text, and no Content-Type, or no BODY=8BITMIME on MAIL",
        (InMessage(messages.eight_bit_body),),
    ),
    Row("long-line", "a line of the message with more than 998 octets", (InMessage(messages.long_line),)),
    Row(
        "bdat-count",
        "behind a chunk a line that is no command; a chunk that ends with a command; silence, or the end, within one",
        (
            InCommand(commands.bdat_rest),
            InChunk(surroundings.bdat_swallowed),
            InSilence(surroundings.bdat_silence),
            InEnd(surroundings.bdat_cut),
        ),
        instead_of=("unknown-verb", "control-char", "empty-line", "pipelining-not-offered"),
        once=MESSAGE,
    ),
)

_TRANSPORT = (
    Row(
        "bare-lf",
        "a line of the client that ends in LF without CR; once in a session",
        (InCommand(commands.bare_lf), InLine(messages.bare_lf)),
        instead_of=("bare-lf-command",),
        once=SESSION,
    ),
    Row(
        "crlf-windows",
        "a line of the client that ends in CR CR LF; once in a session",
        (InCommand(commands.crlf_windows), InLine(messages.crlf_windows)),
        instead_of=("control-char", "unknown-verb", "argument-unwanted"),
        once=SESSION,
    ),
    Row(
        "sync-error",
        "503, 521, 550 or 554 with words of synchronization, a protocol error, or talking too soon",
        (InReply(replies.sync_error),),
    ),
    Row(
        "telnet-backspace",
        "octet 8 or 127 in a command",
        (InCommand(commands.telnet_backspace),),
        instead_of=("control-char", "unknown-verb"),
    ),
    Row(
        "telnet-iac",
        "octet 255 and one above 235 in a command",
        (InCommand(commands.telnet_iac),),
        instead_of=("control-char", "unknown-verb", "non-utf8"),
    ),
    Row(
        "s_client-R",
        "openssl printed RENEGOTIATING, or broke with no renegotiation; seen by a server: under TLS, behind MAIL, the "
        "client was gone without a word",
        (InPrint(surroundings.s_client_r_printed), InEnd(surroundings.s_client_r_ended)),
        once=SESSION,
    ),
    Row(
        "s_client-Q",
        "openssl printed DONE; or, in a text made with s_client, a line that begins with Q",
        (InPrint(surroundings.s_client_q_printed), InCommand(commands.s_client_q)),
        once=SESSION,
    ),
    Row(
        "s_client-K",
        "openssl printed KEYUPDATE; or, in a text made with s_client, a line that begins with K or k",
        (InPrint(surroundings.s_client_k_printed), InCommand(commands.s_client_k)),
        instead_of=("unknown-verb",),
        once=SESSION,
    ),
)

_TLS = (
    Row(
        "starttls-telnet",
        "a line of text after the 220 to STARTTLS, where a handshake is due",
        (InCommand(commands.starttls_telnet), InPrint(surroundings.starttls_refused)),
        instead_of=("out-of-order", "unknown-verb"),
        once=SESSION,
    ),
    Row(
        "ehlo-after-tls",
        "a command after the handshake that needs EHLO first",
        (InAnswered(commands.ehlo_after_tls),),
        told_by=("no-ehlo-after-tls",),
        accepted=_OUT_OF_ORDER,
    ),
    Row(
        "tls-on-plain",
        'a handshake that failed with "wrong version number", "unknown protocol" or the like',
        (InPrint(surroundings.tls_on_plain),),
    ),
    Row(
        "plain-on-465",
        "no greeting for 5 seconds on port 465, without TLS",
        (InSilence(surroundings.plain_on_465),),
        once=SESSION,
    ),
    Row(
        "port25",
        "connecting to port 25 timed out",
        (InPrint(surroundings.port25),),
    ),
)

_AUTH = (
    Row(
        "auth-not-offered",
        "AUTH where the reply to EHLO has STARTTLS and no AUTH",
        (InAnswered(commands.auth_not_offered),),
        told_by=("not-offered",),
        accepted=N_("Accepted here without being offered; others refuse AUTH before STARTTLS."),
    ),
    Row("auth-needed", "530, unless it is TLS that is wanted", (InReply(replies.auth_needed),)),
    Row("b64-newline", "a step of PLAIN or LOGIN that ends in a line end", (InCommand(logins.b64_newline),)),
    Row(
        "b64-wrapped",
        "behind a step of 64 or 76 characters a line that is base64 and no command",
        (InCommand(commands.b64_wrapped),),
        instead_of=("unknown-verb",),
    ),
    Row(
        "b64-raw",
        "a step that is no base64, or whose octets are no text",
        (InCommand(logins.b64_raw),),
        told_by=("step-not-base64",),
    ),
    Row(
        "b64-prompt",
        "a command, the question itself, or what PLAIN sends, as the answer to a 334",
        (InCommand(logins.b64_prompt),),
        instead_of=("step-not-base64",),
    ),
    Row("plain-nul", "a step of PLAIN that has not exactly two NULs", (InCommand(logins.plain_nul),)),
    Row(
        "plain-octal",
        "a step of PLAIN that has a control character where its second NUL should be",
        (InCommand(logins.plain_octal),),
    ),
    Row(
        "perl-at",
        "535 to a user such as alice.com, which has the end of a domain and no @",
        (InReply(logins.perl_at),),
    ),
    Row(
        "app-password",
        "535 of a provider whose accounts have app passwords, or a refusal that speaks of one",
        (InReply(logins.app_password),),
    ),
    Row(
        "user-short",
        "535 of a distant server to a user without @, if nothing else was wrong with the step",
        (InReply(logins.user_short),),
    ),
    Row(
        "auth-in-txn",
        "AUTH within a transaction",
        (InAnswered(commands.auth_in_txn),),
        told_by=("out-of-order",),
        accepted=N_("Accepted here; others answer 503 to AUTH within a transaction."),
    ),
    Row("auth-twice", "AUTH after a 235", (InCommand(commands.auth_twice),)),
    Row(
        "secret-in-log",
        "235 to a password that stands in the text as it is, or on a screen that shows secrets",
        (InReply(logins.secret_in_log),),
        once=SESSION,
    ),
)

_READING = (
    Row(
        "multiline",
        'something said while the last line of the reply had a "-" after its code',
        (InInterruption(surroundings.interrupted),),
        instead_of=("pipelining-not-offered", "not-last"),
        once=SESSION,
    ),
    Row("relay-denied", "a refusal of MAIL or RCPT that speaks of relaying", (InReply(replies.relay_denied),)),
    Row(
        "greylist",
        "450 or 451 that speaks of greylisting, or asks at RCPT to try again later",
        (InReply(replies.greylist),),
    ),
    Row(
        "size-exceeded",
        "552 to a message or a chunk, and MAIL had no SIZE",
        (InReply(replies.size_exceeded),),
    ),
    Row("vrfy-252", "252 to VRFY or EXPN", (InReply(replies.vrfy_252),), once=SESSION),
    Row(
        "lmtp-ehlo",
        "500 to 503 to EHLO or HELO where LMTP is spoken; 500 to HELO anywhere",
        (InReply(replies.lmtp_ehlo),),
        once=SESSION,
    ),
    Row(
        "http-port",
        "a greeting that is no SMTP reply",
        (InReply(replies.http_port),),
        told_by=("malformed-line",),
        once=SESSION,
    ),
    Row(
        "msg-accepted-lost",
        "the first 250 to a message in a session with a distant server",
        (InReply(replies.msg_accepted_lost),),
        text=N_("The server has taken the message over, which is no promise that it arrives."),
        once=SESSION,
    ),
)

ROWS: tuple[Row, ...] = (*_ORDER, *_FORM, *_TEXT, *_TRANSPORT, *_TLS, *_AUTH, *_READING)
"""All of them. Where several fit the same act, each tells a thing of its own: the recognisers see to that."""

PITFALLS: dict[str, Row] = {row.rule: row for row in ROWS}
