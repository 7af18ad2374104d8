"""What happens around a conversation: silence, errors of the network and of TLS, the tool of the client, the end.

A tool that keeps a line for itself leaves no trace in the conversation but what is missing in it.
"""

import re

from smtp_repl.teach.pitfalls.happenings import Ended, Interrupted, Printed, Quiet
from smtp_repl.teach.pitfalls.situation import CLIENT, SERVER, Situation
from smtp_repl.wire.events import ChunkSaid
from smtp_repl.wire.states import Phase

DOT_SECONDS = 30
GREETING_SECONDS = 5
REPLY_SECONDS = 5
"""Seconds of silence after which it means something."""
SUBMISSIONS, SMTP = 465, 25


def _prints(event: Printed, pattern: str) -> bool:
    return re.search(pattern, event.text, re.IGNORECASE) is not None


# ---------------------------------------------------------------- silence


def no_dot(event: Quiet, situation: Situation) -> bool:
    return event.seconds >= DOT_SECONDS and situation.phase is Phase.DATA


def plain_on_465(event: Quiet, situation: Situation) -> bool:
    is_silent = event.seconds >= GREETING_SECONDS and situation.phase is Phase.OPENED
    return is_silent and situation.port == SUBMISSIONS and not situation.tls


def bdat_silence(event: Quiet, situation: Situation) -> bool:
    return event.seconds >= REPLY_SECONDS and situation.in_chunk


def bdat_cut(event: Ended, situation: Situation) -> bool:
    return situation.in_chunk


_SWALLOWED = rb"\n(?:QUIT|RSET|NOOP|BDAT [0-9]+(?: LAST)?)\r\n\Z"


def bdat_swallowed(event: ChunkSaid, situation: Situation) -> bool:
    """A chunk whose last line is a command: the count was too large."""
    octets = situation.chunk_tail + event.raw
    return event.ended and re.search(_SWALLOWED, octets[-64:], re.IGNORECASE) is not None


def interrupted(event: Interrupted, situation: Situation) -> bool:
    return re.match(rb"[2-5][0-9][0-9]-", event.begun) is not None


# ---------------------------------------------------------------- errors


def port25(event: Printed, situation: Situation) -> bool:
    return situation.port == SMTP and situation.phase is Phase.OPENED and _prints(event, r"tim(?:ed|e) ?out")


def tls_on_plain(event: Printed, situation: Situation) -> bool:
    """While connecting; after STARTTLS a handshake that fails has other reasons."""
    if situation.side == SERVER or situation.port == SUBMISSIONS or situation.phase is not Phase.OPENED:
        return False
    return _prints(
        event, r"wrong version number|unknown protocol|packet length too long|is no TLS|answered in plaintext"
    )


def starttls_refused(event: Printed, situation: Situation) -> bool:
    """Seen by a server: it waits for a handshake, and what comes is none."""
    is_no_tls = _prints(event, r"wrong version number|http request|unsupported protocol|is no TLS|plaintext")
    return situation.side == SERVER and situation.phase is Phase.TLS and is_no_tls


# ---------------------------------------------------------------- openssl s_client


def s_client_r_printed(event: Printed, situation: Situation) -> bool:
    # Of TLS 1.2 and 1.3, as OpenSSL 3.0 has them.
    return _prints(event, r"^RENEGOTIATING$|no renegotiation|can_renegotiate:wrong ssl version")


def s_client_r_ended(event: Ended, situation: Situation) -> bool:
    """Seen by a server: under TLS, after MAIL, where RCPT was due, the client was gone without a word."""
    is_due = situation.tls and situation.phase is Phase.MAIL and not situation.asked
    return is_due and not event.by_us and (situation.side == SERVER or situation.tool == "s_client")


def s_client_q_printed(event: Printed, situation: Situation) -> bool:
    return situation.side != CLIENT and _prints(event, r"^DONE$")


def s_client_k_printed(event: Printed, situation: Situation) -> bool:
    return situation.side != CLIENT and _prints(event, r"^KEYUPDATE$|SSL_key_update")
