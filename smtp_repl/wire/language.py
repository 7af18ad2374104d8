"""The language that people are spoken to in: every text for a person passes through `_` on its way out.

Texts are written in English, and the English text is the key of its translation. Until somebody calls `speak`,
nothing is translated and nothing is loaded. What belongs to the protocol (verbs, keywords, codes, the S: and C: of
scripts) and what programs read (names of rules, JSON) never passes here.

Blanks are named, and filled after the translation: `_("no such file: {path}").format(path=path)` where the text is
shown, and `phrase("no such file: {path}", path=path)` where it is only made: an error, a finding, a problem. A phrase
is English to everybody, to logs and to a mail server that says it, until a person is to read it.
"""

from collections.abc import Callable, Iterable, Sequence


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


class Phrase(str):
    """An English text that remembers what it was made of, so that `_` can say it in another language."""

    facts: dict[str, object]
    one: str
    many: str
    number: int

    def translated(self) -> str:
        facts = {name: _(fact) if isinstance(fact, Phrase) else fact for name, fact in self.facts.items()}
        template = n_(self.one, self.many, self.number) if self.many else _(self.one)
        return template.format(**facts) if facts else template


def phrase(template: str, /, **facts: object) -> Phrase:
    """A text with its named blanks filled; without facts, its braces are braces. What is a phrase stays one.

    A fact that is a phrase itself is translated with it. Raises KeyError for a blank without a fact.
    """
    if not facts:
        return template if isinstance(template, Phrase) else _made(template, template, "", 1, facts)
    return _made(template.format(**facts), template, "", 1, facts)


def phrase_of(one: str, many: str, count: int, /, **facts: object) -> Phrase:
    """The same for one thing or for many; `{count}` is a fact too."""
    facts["count"] = count
    return _made((one if count == 1 else many).format(**facts), one, many, count, facts)


def listed(parts: Iterable[str], /) -> Phrase:
    """Several facts of one sentence, with commas between them; an empty phrase for none."""
    whole: Phrase | None = None
    for part in parts:
        whole = phrase(part) if whole is None else phrase("{facts}, {fact}", facts=whole, fact=phrase(part))
    return whole if whole is not None else phrase("")


def either(parts: Sequence[str], /) -> Phrase:
    """Several facts of which one is meant: "a, b or c"."""
    if len(parts) < 2:
        return listed(parts)
    return phrase("{facts} or {fact}", facts=listed(parts[:-1]), fact=phrase(parts[-1]))


def advice(message: str, hint: str = "", ref: str = "", /) -> Phrase:
    """What is the matter, what to do about it and where it is written, in one line."""
    text = phrase(message)
    if hint:
        text = phrase("{message}; {hint}", message=text, hint=phrase(hint))
    return phrase("{message} ({ref})", message=text, ref=ref) if ref else text


def _made(text: str, one: str, many: str, count: int, facts: dict[str, object]) -> Phrase:
    made = Phrase(text)
    made.one, made.many, made.number, made.facts = one, many, count, facts
    return made


def _(message: str) -> str:
    """A text in the language of the person; the blanks of what is no phrase are not yet filled."""
    if isinstance(message, Phrase):
        return message.translated()
    # To gettext the empty key is the catalog's own header.
    return _translate(message) if message else ""


def n_(one: str, many: str, count: int) -> str:
    """The text for one thing or for many, in the language of the person, its blanks not yet filled."""
    return _translate_count(one, many, count)


def pair(one: str, many: str) -> tuple[str, str]:
    """Marks the text for one thing and the text for many that stand in a table, for `n_` and `phrase_of`."""
    return one, many


def N_(message: str) -> str:
    """Marks a text that stands in a table: it is looked up by `_` where it is shown, not here."""
    return message
