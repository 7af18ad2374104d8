"""What changes from one session to the next in a reply that says the same: dates, addresses, ids, our own name.

For comparing two texts, not for showing one: a mask is a single octet that no reply holds by accident. Knows
nothing of codes and expectations. Takes and gives octets without line end; never raises. No RFC: experience.
"""

import re
from collections.abc import Iterable

# Patterns are compiled when a reply first differs, not at import: most runs have no use for them.
_DATE, _ADDRESS, _ID, _NAME = b"\x01", b"\x02", b"\x03", b"\x04"

_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_TIME = rb"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
_ZONE = rb"(?:Z|[+-][0-9]{2}:?[0-9]{2}|[A-Z]{3,4}(?![A-Za-z0-9]))"
_DATES = (
    rb"(?<![A-Za-z0-9.:-])(?:"
    # RFC 5322: Tue, 15 Jan 2008 16:02:43 -0500 (EST)
    rb"(?:" + _DAY + rb",? )?[0-9]{1,2}[ -]" + _MONTH + rb"[ -][0-9]{2,4}"
    rb"(?: " + _TIME + rb")?(?: ?" + _ZONE + rb")?(?: \([A-Z]{2,5}\))?"
    # asctime, with a zone before the year or without: Tue Jan 15 16:02:43 2008
    rb"|(?:" + _DAY + rb" )?" + _MONTH + rb" {1,2}[0-9]{1,2},? " + _TIME + rb"(?: " + _ZONE + rb")?(?: [0-9]{4})?"
    # ISO 8601: 2008-01-15T16:02:43Z
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]" + _TIME + rb"(?: ?" + _ZONE + rb")?)?"
    rb"|" + _TIME + rb"(?![A-Za-z0-9:])"
    rb")"
)
_ADDRESSES = (
    rb"(?<![A-Za-z0-9.:-])(?:"
    rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.]*[0-9])"
    rb"|(?:IPv6:)?(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}(?![A-Za-z0-9:])"
    rb")"
)
_NAMED_ID = (
    rb"(?i)(?<![A-Za-z0-9])(queued as|queue id|message id|as message|id)([ =:#]{1,3})"
    rb"(?:<[^<>\s]{1,255}>|[^\s;,()<>]{1,255})"
)
_TOKEN = rb"(?<![A-Za-z0-9_+/=.~-])[A-Za-z0-9_+/=.~-]{8,}+(?!@)"
_HOST = rb"(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z]{2,63}\.?"
_KEYWORD = rb"[A-Z-]+[0-9]{1,3}(?:-[A-Z0-9]+)*"
_VERSION = rb"[A-Za-z-]+[/-][0-9]+(?:\.[0-9]+)+"


def mask(text: bytes, own_names: Iterable[bytes] = ()) -> bytes:
    """The text with what changes masked; `own_names` are the names that we said in EHLO, in either run."""
    for name in own_names:
        if name:
            pattern = rb"(?i)(?<![A-Za-z0-9.-])" + re.escape(name) + rb"(?![A-Za-z0-9-]|\.[A-Za-z0-9])"
            text = re.sub(pattern, _NAME, text)
    text = re.sub(_DATES, _DATE, text)
    text = re.sub(_ADDRESSES, _ADDRESS, text)
    text = re.sub(_NAMED_ID, rb"\1\2" + _ID, text)
    return re.sub(_TOKEN, _token, text)


def _token(found: re.Match[bytes]) -> bytes:
    """A mask for what looks like an id: letters and digits mixed, or many digits; names and versions stay."""
    word = found[0]
    if re.search(rb"[0-9]", word) is None:
        return word
    if re.search(rb"[A-Za-z]", word) is None:
        return _ID if word.isdigit() and len(word) > 8 else word
    return word if any(re.fullmatch(kept, word) for kept in (_HOST, _KEYWORD, _VERSION)) else _ID
