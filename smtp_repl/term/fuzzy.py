"""Whether a word resembles what was typed, when it does not begin so: `tls` for STARTTLS, `rqt` for REQUIRETLS."""


def fits(typed: str, word: str) -> bool:
    """Whether the typed letters stand in the word: together, or apart, but then the first begins a part of it.

    Two letters together, or one letter alone, are in nearly every word, and fit none.

    >>> fits("tls", "STARTTLS"), fits("8m", "BODY=8BITMIME"), fits("ta", "DATA"), fits("rqt", "REQUIRETLS")
    (True, True, False, True)
    """
    typed, word = typed.lower(), word.lower()
    if typed.startswith("/") and word.startswith("/"):
        typed, word = typed[1:], word[1:]
    if len(typed) < _LEAST:
        return False
    if len(typed) > _LEAST and typed in word:
        return True
    return any(_follows(typed, word[begin:]) for begin in _beginnings(word) if word[begin] == typed[0])


_LEAST = 2


def _beginnings(word: str) -> list[int]:
    """Where parts of a word begin: behind anything that is neither letter nor digit."""
    return [at for at, letter in enumerate(word) if letter.isalnum() and (not at or not word[at - 1].isalnum())]


def _follows(typed: str, word: str) -> bool:
    at = -1
    for letter in typed:
        at = word.find(letter, at + 1)
        if at < 0:
            return False
    return True
