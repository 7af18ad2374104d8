"""What a reply means to whoever knows what came before it: policies, limits, and replies that are easily misread.

Texts of servers differ; they are matched by the words that all of them have.
"""

import re

from smtp_repl.teach.pitfalls.situation import SERVER, Situation
from smtp_repl.wire.events import ReplySaid
from smtp_repl.wire.states import END_OF_DATA, GREETING, LAST_CHUNK

TEXT_LIMIT = 2000
"""Characters of a reply that are looked at."""


def _text(event: ReplySaid) -> str:
    return b" ".join(event.reply.texts).decode("utf-8", "replace")[:TEXT_LIMIT]


def _says(event: ReplySaid, pattern: str) -> bool:
    return re.search(pattern, _text(event), re.IGNORECASE) is not None


def http_port(event: ReplySaid, situation: Situation) -> bool:
    return event.answers == GREETING and event.reply.code is None and not event.reply.partial


def auth_needed(event: ReplySaid, situation: Situation) -> bool:
    """530, but not where it is TLS that is wanted (RFC 3207 §4)."""
    return event.reply.code == 530 and event.answers != "AUTH" and not _says(event, r"\bSTARTTLS\b|\bTLS\b|encrypt")


_RELAY = (
    r"\brelay(?:ing)? (?:access )?(?:is )?(?:denied|not |prohibited|refused|forbidden|disallowed)"
    r"|\b(?:not|unable|cannot|can't|don't|won't|refus\w*|no)\b[^.;]{0,40}\brelay(?:ing)?\b(?![.\w-]*\.\w)"
    r"|authenticat\w* [^.;]{0,30}\brelay"
)


def relay_denied(event: ReplySaid, situation: Situation) -> bool:
    return event.answers in ("RCPT", "MAIL") and event.reply.klass in (4, 5) and _says(event, _RELAY)


_GREY = r"gr[ae]y-?list|\bgr[ae]y\b"
_LATER = r"(?:try|retry|come back)\b[^.;(]{0,20}\b(?:again|later|in \d+)"
_OTHER = r"look-?up|resource|load|busy|local error|internal|quota|full|\brate\b|too many|database|disk"


def greylist(event: ReplySaid, situation: Situation) -> bool:
    if event.reply.code not in (450, 451) or event.answers not in ("MAIL", "RCPT", "DATA", END_OF_DATA):
        return False
    return _says(event, _GREY) or (event.answers == "RCPT" and _says(event, _LATER) and not _says(event, _OTHER))


def size_exceeded(event: ReplySaid, situation: Situation) -> bool:
    """552 to a message; 552 with an enhanced code x.2.x is about the mailbox of the recipient."""
    if event.reply.code != 552 or event.answers not in (END_OF_DATA, "BDAT", LAST_CHUNK):
        return False
    enhanced = event.reply.enhanced
    is_of_mailbox = enhanced is not None and enhanced.subject == 2
    return not is_of_mailbox and "SIZE" not in situation.mail_parameters


def vrfy_252(event: ReplySaid, situation: Situation) -> bool:
    return event.reply.code == 252 and event.answers in ("VRFY", "EXPN")


def lmtp_ehlo(event: ReplySaid, situation: Situation) -> bool:
    if event.answers not in ("EHLO", "HELO") or event.reply.code not in (500, 501, 502, 503):
        return False
    is_lmtp = situation.dialled is not None and (situation.dialled.lmtp or situation.dialled.port == 24)
    if is_lmtp or re.search(r"\bLMTP\b", situation.banner) or _says(event, r"\bL(?:HLO|MTP)\b"):
        return True
    # A server older than EHLO says 500 as well, but takes HELO.
    return event.reply.code == 500 and event.answers == "HELO"


_TOO_SOON = (
    r"synchroni[sz]ation|protocol error|talk\w* too soon|talk\w* before|pipelining|before (?:my|the) (?:banner|greet)"
)


def sync_error(event: ReplySaid, situation: Situation) -> bool:
    return event.reply.code in (503, 521, 550, 554) and _says(event, _TOO_SOON)


def msg_accepted_lost(event: ReplySaid, situation: Situation) -> bool:
    is_taken = event.answers in (END_OF_DATA, LAST_CHUNK) and event.reply.klass == 2
    return is_taken and situation.is_distant and situation.side != SERVER
