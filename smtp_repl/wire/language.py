"""The language that people are spoken to in: every text for a person passes through `_` on its way out.

Texts are written in English, and the English text is the key of its translation. Until somebody calls `speak`,
nothing is translated and nothing is loaded. What belongs to the protocol (verbs, keywords, codes, the S: and C: of
scripts) and what programs read (names of rules, JSON) never passes here. Blanks are named, and filled after the
translation: `_("no such file: {path}").format(path=path)`, never an f-string.
"""

from collections.abc import Callable


def _as_it_is(message: str) -> str:
    return message


def _by_count(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


_translate: Callable[[str], str] = _as_it_is
_translate_count: Callable[[str, str, int], str] = _by_count


def speak(
    translate: Callable[[str], str] = _as_it_is, translate_count: Callable[[str, str, int], str] = _by_count
) -> None:
    """Translate by these functions from now on (those of a `gettext` catalog); without any, speak English."""
    global _translate, _translate_count
    _translate, _translate_count = translate, translate_count


def _(message: str) -> str:
    """A text in the language of the person, its blanks not yet filled. The empty text stays empty."""
    # To gettext the empty key is the catalog's own header.
    return _translate(message) if message else ""


def n_(one: str, many: str, count: int) -> str:
    """The text for one thing or for many, in the language of the person, its blanks not yet filled."""
    return _translate_count(one, many, count)


def N_(message: str) -> str:
    """Marks a text that stands in a table: it is looked up by `_` where it is shown, not here."""
    return message
