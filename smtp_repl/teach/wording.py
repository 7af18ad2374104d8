"""An explanation in whole sentences: what to do about it, and where that is written. Pure."""

from smtp_repl.knowledge.entries import UNCONFIRMED
from smtp_repl.teach.explanation import Explanation
from smtp_repl.wire.language import _

OF_REPLIES = ("provider", "software", "enhanced", "code", "digit")
"""The kinds of explanations that answer for a reply."""


def what_to_do(explanation: Explanation) -> str:
    """Retry as it is, or change this; of what did not fail only the advice, if there is one."""
    advice = explanation.advice
    if explanation.retry is None:
        return advice
    if explanation.retry:
        return _("Retry as it is. {advice}").format(advice=advice).rstrip()
    return _("Change this: {advice}").format(advice=advice) if advice else _("Do not retry it unchanged.")


def where_written(explanation: Explanation) -> str:
    """Which look-up answered, and where that is written."""
    if explanation.kind in OF_REPLIES and explanation.source:
        text = _("Known from {source}; see {ref}").format(source=explanation.source, ref=explanation.ref)
    else:
        text = _("See {ref}").format(ref=explanation.ref)
    return text if explanation.confirmed else _("{text} ({doubt})").format(text=text, doubt=_(UNCONFIRMED))


def in_one_line(explanation: Explanation) -> str:
    """The sentence and what to do, for the line below a reply."""
    advice = what_to_do(explanation)
    return sentences(explanation.plain, advice) if advice else explanation.plain


def sentences(first: str, second: str) -> str:
    """Two sentences one behind the other; whether a blank stands between them is a matter of the language."""
    return _("{first} {second}").format(first=first, second=second)
