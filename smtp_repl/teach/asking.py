"""Whatever a person asks about, answered: replies and words, errors of TLS, base64, and what a reply carries.

The places that know each kind of thing are asked in an order in which the particular goes before the general. Pure.
"""

import re
from collections.abc import Iterator

from smtp_repl.knowledge.entries import keyword
from smtp_repl.teach.certificates import explain_tls_error
from smtp_repl.teach.decoding import explain_base64
from smtp_repl.teach.explaining import explain, of_entry
from smtp_repl.teach.explanation import NOWHERE, Circumstances, Explanation
from smtp_repl.wire.verbs import VERBS

_REPLY = r"(?:S(?:\[\w+\])?[:=] ?)?[2-5][0-9]{2}(?:[ -]|$)"
_CARRIED = r"(?ai)(?:S(?:\[\w+\])?[:=] ?)?334 (\S+)|(?:C(?:\[\w+\])?[:=] ?)?AUTH +\S+ +(\S+)"

_OFFER = r"(?:S(?:\[\w+\])?[:=] ?)?250[ -]([A-Za-z0-9][A-Za-z0-9-]*)"
_FEW = 2
"""Words in which nobody quotes a reply."""
_MANY = 20
"""Words that are explained at once."""


def answer(words: str, circumstances: Circumstances = NOWHERE) -> tuple[Explanation, ...]:
    """What these words mean, the likeliest first; nothing when nothing is known."""
    words = words.strip()
    is_reply = re.match(_REPLY, words, re.ASCII) is not None
    several = words.split()
    if not is_reply and len(several) > _FEW and (quoted := _quoted(words, circumstances)):
        return quoted
    if not is_reply and len(several) > 1 and (error := explain_tls_error(words)) is not None:
        return (error,)
    carried = re.fullmatch(_CARRIED, words) if len(several) > 1 else None
    inside = explain_base64(carried[1] or carried[2]) if carried is not None else explain_base64(words)
    found = _each(several, circumstances) or explain(_without_step(words, carried), circumstances)
    if inside is not None:
        return (*found, inside) if is_reply else (inside, *found)
    if is_reply:
        return (*found, *_offered(words))
    return found or tuple(filter(None, (explain_tls_error(words),)))


def _offered(reply: str) -> Iterator[Explanation]:
    """The keywords in the lines of an answer to EHLO, each once."""
    lines = [re.match(_OFFER, line.strip(), re.ASCII) for line in reply.splitlines()]
    for name in dict.fromkeys(found[1].upper() for found in lines if found is not None):
        entry = keyword(name)
        if entry is not None:
            yield of_entry(entry)


def _quoted(words: str, circumstances: Circumstances) -> tuple[Explanation, ...]:
    """A line of a log, or an error, that quotes a reply."""
    from smtp_repl.teach.quoted import quoted_reply  # seldom asked for

    quoted = quoted_reply(words, circumstances)
    return explain(quoted.reply, quoted.circumstances) if quoted is not None else ()


def _each(words: list[str], circumstances: Circumstances) -> tuple[Explanation, ...]:
    """Several words of which each is known; behind a verb they are its arguments."""
    if len(words) < 2 or words[0].upper() in VERBS or re.match(_REPLY, words[0], re.ASCII):
        return ()
    found = [explain(word, circumstances) for word in words[:_MANY]]
    return tuple(one for of_word in found for one in of_word) if all(found) else ()


def _without_step(words: str, carried: re.Match[str] | None) -> str:
    """An AUTH command without its step, which is nobody's word."""
    return words[: carried.start(2)] if carried is not None and carried[2] else words
