"""`/explain`: what the last reply means, or a word; and the word that F1 asks about.

The answers are those of `smtp-repl explain`, in the circumstances of this session: the dialled host, how it greeted,
and what the reply answers.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.verbs import PARAMETERS, VERBS

if TYPE_CHECKING:
    from smtp_repl.teach.explanation import Explanation

_MARGIN = len("# ") + 1


def handle_explain(desk: Desk, argument: str) -> Handling:
    """`/explain`: the last reply; `/explain WORD…`: a verb, keyword, parameter, code, reply, error, term."""
    from smtp_repl.view.explanations import explanation_rows  # with what explains: not before it is asked for

    words = argument.strip()
    for explanation in _of_words(desk, words) if words else _of_last_reply(desk):
        for row in explanation_rows(explanation, desk.columns() - _MARGIN):
            yield Tell(row.text)


def _of_last_reply(desk: Desk) -> Iterator["Explanation"]:
    event = desk.last_reply.event
    if event is None:
        raise UsageError("nothing was heard yet", "/explain WORD explains a word or a code")
    yield desk.last_reply.explain(event, desk.target)
    if event.reply.code == 334:
        from smtp_repl.teach.decoding import explain_base64

        inside = explain_base64(event.reply.texts[-1].decode("ascii", "replace"))
        if inside is not None:
            yield inside


def _of_words(desk: Desk, words: str) -> tuple["Explanation", ...]:
    from smtp_repl.teach.asking import answer
    from smtp_repl.teach.explaining import suggest

    found = answer(words, desk.last_reply.circumstances(desk.target))
    if found:
        return found
    near = suggest(words)
    if near:
        hint = phrase("did you mean {words}?", words=", ".join(near))
    else:
        hint = phrase("a verb, an EHLO keyword, a reply or its code, an error of TLS, base64")
    raise UsageError(phrase('nothing is known here about "{words}"', words=printable(words)), hint)


def thing_at(line: str, cursor: int) -> str:
    """What F1 asks about on a typed line: the word under the cursor if it is one of the protocol, else the verb.

    Of an AUTH command never more than its mechanism: what follows is secret. Empty for an empty line.
    """
    words = line.split()
    if not words:
        return ""
    verb = words[0].upper()
    place = len(line[:cursor].split()) - (0 if line[:cursor].endswith((" ", "\t")) or not line[:cursor].strip() else 1)
    word = words[min(max(place, 0), len(words) - 1)]
    if verb == "AUTH":
        return " ".join(words[:2]) if place else verb
    name = word.upper().partition("=")[0].partition(":")[0]
    if verb not in VERBS or name in _PARAMETERS or word[:1].isdigit():
        return name if name in _PARAMETERS else word
    return verb


_PARAMETERS = frozenset(parameter.name for parameter in PARAMETERS)
