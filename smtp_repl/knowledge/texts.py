"""What well-known providers and server programs say in words of their own, and how one tells who is speaking.

A provider (Gmail, QQ) is told by the name that was dialled, by its greeting or by a mark in the reply; a program
(Postfix, Exim) by its greeting. A text that nobody else says needs none of these. Texts change without notice: each
row says where it was seen. Knows nothing of replies: words in, rows out.
"""

import re
from collections.abc import Iterator

from smtp_repl.knowledge.rows import Row, groups_of, rows_of
from smtp_repl.wire.language import N_
from smtp_repl.wire.records import Record

TEXT_LIMIT = 2000
"""Characters of a reply that are looked at."""
FLAGS = re.IGNORECASE | re.ASCII
FILTERS = (N_("a greylisting filter"), N_("a filter with block lists"))
"""The speakers whose names in the file are words, and are translated; the others' are names."""


class Speaker(Record):
    """Who words replies: `kind` is provider or software, `key` is its word in the files."""

    key: str
    name: str
    kind: str


class Text(Record):
    """A text that was recognised, and what it means. `retry` is "later", "change", or "" where the code decides."""

    speaker: Speaker
    means: str
    advice: str
    retry: str
    ref: str
    verified: str


def speakers() -> list[Speaker]:
    """All who are known, providers first."""
    return [Speaker(key, row["name"], row["kind"]) for key, row in rows_of("providers").items()]


def who_speaks(host: str = "", banner: str = "", text: str = "") -> list[str]:
    """The keys of those whom the dialled name, the greeting or a mark in a reply tells; providers come first."""
    host = host.rstrip(".").lower()
    return [key for key, row in rows_of("providers").items() if _is_told(row, host, banner, text)]


def _is_told(row: Row, host: str, banner: str, text: str) -> bool:
    if any(host == name or host.endswith("." + name) for name in row.get("hosts", "").split()):
        return True
    return says(row.get("banner", ""), banner) or says(row.get("mark", ""), text)


def says(pattern: str, text: str) -> bool:
    """Whether a pattern of the files is found in a text, of which only the beginning is looked at."""
    return bool(pattern and text) and re.search(pattern, text[:TEXT_LIMIT], FLAGS) is not None


def texts_like(code: str, enhanced: str, text: str, who: list[str]) -> Iterator[Text]:
    """What is known of a reply text, the likeliest first: those of `who`, then what nobody else says.

    `text` has neither codes nor line ends.
    """
    groups = groups_of("texts")
    for key in [*who, *(key for key in groups if key not in who)]:
        for row in groups.get(key, {}).values():
            if (key in who or "unmistakable" in row) and _fits(row, code, enhanced, text):
                yield _text(key, row)


def texts_saying(text: str) -> Iterator[Text]:
    """What is known of a text whose code nobody has."""
    for key, rows in groups_of("texts").items():
        for row in rows.values():
            if says(row.get("text", ""), text):
                yield _text(key, row)


def _fits(row: Row, code: str, enhanced: str, text: str) -> bool:
    if code not in row["code"].split() or ("enhanced" in row and enhanced not in row["enhanced"].split()):
        return False
    return "text" not in row or says(row["text"], text)


def _text(key: str, row: Row) -> Text:
    who = rows_of("providers")[key]
    speaker = Speaker(key, who["name"], who["kind"])
    return Text(speaker, row["means"], row.get("advice", ""), row.get("retry", ""), row["ref"], row["verified"])
