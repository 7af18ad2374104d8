"""Whatever a person asks about, answered: replies and words, errors of TLS, base64, and what a reply carries.

The places that know each kind of thing are asked in an order in which the particular goes before the general. Pure.
"""

import re

from smtp_repl.teach.certificates import explain_tls_error
from smtp_repl.teach.decoding import explain_base64
from smtp_repl.teach.explaining import explain
from smtp_repl.teach.explanation import NOWHERE, Circumstances, Explanation

_REPLY = r"(?:S(?:\[\w+\])?[:=] ?)?[2-5][0-9]{2}(?:[ -]|$)"
_CARRIED = r"(?ai)(?:S(?:\[\w+\])?[:=] ?)?334 (\S+)|(?:C(?:\[\w+\])?[:=] ?)?AUTH +\S+ +(\S+)"


def answer(words: str, circumstances: Circumstances = NOWHERE) -> tuple[Explanation, ...]:
    """What these words mean, the likeliest first; nothing when nothing is known."""
    words = words.strip()
    is_reply = re.match(_REPLY, words, re.ASCII) is not None
    if not is_reply and len(words.split()) > 1 and (error := explain_tls_error(words)) is not None:
        return (error,)
    carried = re.fullmatch(_CARRIED, words) if " " in words else None
    inside = explain_base64(carried[1] or carried[2]) if carried is not None else explain_base64(words)
    found = explain(_without_step(words, carried), circumstances)
    if inside is not None:
        return (*found, inside) if is_reply else (inside, *found)
    return found or tuple(filter(None, (explain_tls_error(words),)))


def _without_step(words: str, carried: re.Match[str] | None) -> str:
    """An AUTH command without its step, which is nobody's word."""
    return words[: carried.start(2)] if carried is not None and carried[2] else words
