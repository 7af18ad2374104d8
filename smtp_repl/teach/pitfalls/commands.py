"""What is wrong with a command: said out of order, in another form than the grammar's, or nothing for a server at all.

Two kinds of recognisers. Those of an `Asked` run when the reply has come: the engine's finding has said already what a
strict server thinks of the command, and only now is it known whether this one is lenient. Those of a `CommandSaid` run
at once: there is no finding, or one that says less.
"""

import re

from smtp_repl.teach.pitfalls.situation import CLIENT, Asked, Situation
from smtp_repl.wire.commands import VERBS, parse_path
from smtp_repl.wire.events import CommandSaid
from smtp_repl.wire.paths import check_domain
from smtp_repl.wire.states import Phase
from smtp_repl.wire.verbs import parameters_of

# ---------------------------------------------------------------- out of order, told by a finding


def _is_early(asked: Asked, verb: str, *phases: Phase) -> bool:
    said = asked.said
    return said.command.verb == verb and said.phase in phases and "out-of-order" in asked.findings


def no_ehlo(asked: Asked, situation: Situation) -> bool:
    return _is_early(asked, "MAIL", Phase.CONNECTED)


def rcpt_first(asked: Asked, situation: Situation) -> bool:
    return _is_early(asked, "RCPT", Phase.GREETED)


def data_early(asked: Asked, situation: Situation) -> bool:
    return _is_early(asked, "DATA", Phase.GREETED, Phase.MAIL)


def nested_mail(asked: Asked, situation: Situation) -> bool:
    return _is_early(asked, "MAIL", Phase.MAIL, Phase.RCPT, Phase.BDAT)


def auth_in_txn(asked: Asked, situation: Situation) -> bool:
    return _is_early(asked, "AUTH", Phase.MAIL, Phase.RCPT)


def ehlo_after_tls(asked: Asked, situation: Situation) -> bool:
    return "no-ehlo-after-tls" in asked.findings


def auth_not_offered(asked: Asked, situation: Situation) -> bool:
    is_hidden = "not-offered" in asked.findings and situation.capabilities.offers("STARTTLS")
    return is_hidden and asked.said.command.verb == "AUTH"


# ---------------------------------------------------------------- form, told by a finding


def ehlo_noarg(asked: Asked, situation: Situation) -> bool:
    return asked.said.command.verb in ("EHLO", "HELO", "LHLO") and "argument-missing" in asked.findings


def no_brackets(asked: Asked, situation: Situation) -> bool:
    return "missing-brackets" in asked.findings and not _is_worse(asked.said)


def space_colon(asked: Asked, situation: Situation) -> bool:
    return "blank-after-colon" in asked.findings and not _is_worse(asked.said)


def no_colon(asked: Asked, situation: Situation) -> bool:
    return "missing-keyword" in asked.findings and _keyword(asked.said) in (b"FROM", b"TO")


def no_from(asked: Asked, situation: Situation) -> bool:
    return "missing-keyword" in asked.findings and _keyword(asked.said) == b"" and b"@" in asked.said.command.argument


def smtputf8(asked: Asked, situation: Situation) -> bool:
    return "non-ascii" in asked.findings


def _keyword(said: CommandSaid) -> bytes:
    expected = b"FROM" if said.command.verb == "MAIL" else b"TO"
    return parse_path(said.command.argument, expected).keyword.strip(b" ").upper()


def _is_worse(said: CommandSaid) -> bool:
    """Whether brackets or blanks are the least of what is wrong with an address."""
    return _has_display_name(said) or _has_many(said)


# ---------------------------------------------------------------- form, told here

_LOOKED_AT = 1000
"""Octets of an argument; the patterns may take time that grows with the square of it."""
_QUOTED = rb'"(?:[^"\\]|\\.)*"'
_NAMED = rb'(?i)(?:FROM|TO): *(?:"[^"]*"|[^<>"@]*[^<>"@ ]) *<[^<>@]+@[^<>]*>'
_SECOND = rb"@[^\s,;<>=]*>?[ ]*[,;][ ]*<?[^\s,;<>@]+@"


def _has_display_name(said: CommandSaid) -> bool:
    return said.command.verb in ("MAIL", "RCPT") and re.match(_NAMED, said.command.argument[:_LOOKED_AT]) is not None


def _has_many(said: CommandSaid) -> bool:
    argument = said.command.argument[:_LOOKED_AT]
    if said.command.verb != "RCPT" or b"<@" in argument:  # a source route has commas (RFC 5321 §C)
        return False
    return re.search(_SECOND, re.sub(_QUOTED, b"x", argument)) is not None


def display_name(said: CommandSaid, situation: Situation) -> bool:
    return _has_display_name(said)


def rcpt_many(said: CommandSaid, situation: Situation) -> bool:
    return _has_many(said)


def param_not_offered(said: CommandSaid, situation: Situation) -> bool:
    verb = said.command.verb
    if verb not in ("MAIL", "RCPT") or not situation.greeted_by:
        return False
    if situation.greeted_by != "HELO" and not situation.knows_capabilities:
        return False
    known = parameters_of(verb)
    given = parse_path(said.command.argument, b"FROM" if verb == "MAIL" else b"TO").parameters
    needed = {
        # RFC 3030 §3 hangs a value of its own on the parameter of RFC 6152.
        "BINARYMIME" if value and value.upper() == b"BINARYMIME" else known[name].keyword
        for name, value in given
        if name in known
    }
    return any(not situation.capabilities.offers(keyword) for keyword in needed)


_ODD_NAMES = frozenset((b"localhost", b"localhost.localdomain", b"me", b"test", b"client", b"myhost", b"pc", b"host"))


def ehlo_badname(said: CommandSaid, situation: Situation) -> bool:
    name = said.command.argument.strip(b" ")
    if said.command.verb not in ("EHLO", "HELO") or check_domain(name):
        return False
    if re.fullmatch(rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", name):
        return True
    is_near = situation.dialled is not None and not situation.is_distant  # where "localhost" is the right name
    return name.lower() in _ODD_NAMES and not is_near


def helo_no_ext(said: CommandSaid, situation: Situation) -> bool:
    return said.command.verb in ("AUTH", "STARTTLS") and situation.greeted_by == "HELO" and said.phase is Phase.GREETED


_FIELDS = frozenset(
    "FROM: TO: CC: BCC: SUBJECT: DATE: REPLY-TO: SENDER: MESSAGE-ID: IN-REPLY-TO: REFERENCES: MIME-VERSION:"
    " CONTENT-TYPE: CONTENT-TRANSFER-ENCODING: RECEIVED: RETURN-PATH: X-MAILER:".split()
)


def header_as_command(said: CommandSaid, situation: Situation) -> bool:
    line = said.command.line
    name = line[: line.find(b":") + 1].decode("ascii", "replace").upper()
    return said.step is None and name in _FIELDS


def auth_twice(said: CommandSaid, situation: Situation) -> bool:
    return said.command.verb == "AUTH" and situation.authenticated and said.phase is Phase.GREETED


# ---------------------------------------------------------------- octets


def bare_lf(said: CommandSaid, situation: Situation) -> bool:
    return said.raw is not None and said.raw.endswith(b"\n") and not said.raw.endswith(b"\r\n")


def crlf_windows(said: CommandSaid, situation: Situation) -> bool:
    return said.raw is not None and said.raw.endswith(b"\r\r\n")


def telnet_backspace(said: CommandSaid, situation: Situation) -> bool:
    return b"\x08" in said.command.line or b"\x7f" in said.command.line


def telnet_iac(said: CommandSaid, situation: Situation) -> bool:
    # IAC and a command of telnet (RFC 854), which ÿ in an address of Latin-1 is not followed by.
    return re.search(rb"\xff[\xec-\xff]", said.command.line) is not None


# ---------------------------------------------------------------- what comes of something before


def starttls_telnet(said: CommandSaid, situation: Situation) -> bool:
    """Text where the handshake is due; what was sent together with STARTTLS is another matter (RFC 3207 §5)."""
    return situation.phase is Phase.TLS and said.phase is Phase.TLS and not said.answers_due


_REST_OF_BASE64 = rb"[A-Za-z0-9+/]{1,76}={0,2}"
_WIDTHS = (76, 64)
"""Characters after which `base64` and `openssl base64` break a line."""


def b64_wrapped(said: CommandSaid, situation: Situation) -> bool:
    step = situation.step
    if step is None or said.step is not None or len(step.text.reveal()) not in _WIDTHS:
        return False
    line = said.command.line
    return said.command.verb not in VERBS and re.fullmatch(_REST_OF_BASE64, line) is not None


def bdat_rest(said: CommandSaid, situation: Situation) -> bool:
    """A line that is no command right behind a chunk: the count was too small."""
    return bool(situation.chunk_tail) and said.command.verb not in VERBS


def s_client_q(said: CommandSaid, situation: Situation) -> bool:
    return situation.tool == "s_client" and situation.tls and said.command.line.startswith(b"Q")


def s_client_k(said: CommandSaid, situation: Situation) -> bool:
    is_key = said.command.line[:1] in (b"K", b"k") if said.step is None else said.step.text.reveal()[:1] in b"Kk"
    return situation.tool == "s_client" and situation.tls and is_key and situation.side != CLIENT
