"""The one loader of the prose: an `Entry` for a word, from a data file that is read when first asked for.

Every entry has a `plain` line short enough for a completion menu, more in `detail`, and its source. What was
never confirmed by a source says so in its texts, whoever shows them. Knows nothing of how entries are shown.
"""

import json
import os.path
import re

from smtp_repl.wire.records import Record

UNCONFIRMED = "reported, not confirmed"


class Entry(Record):
    """What is known about one word.

    `kind` is verb, keyword, parameter, code, enhanced or mechanism. `plain` is one line of at most 70 characters.
    `syntax`, `example` (one line, or a few with `C:` and `S:`) and `replies` may be empty. `verified` is rfc,
    registry (IANA), documentation, observed (seen from a running server) or memory (see `is_confirmed`).
    """

    kind: str
    word: str
    plain: str
    detail: str
    syntax: str
    example: str
    replies: str
    ref: str
    verified: str

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody has read it in a source; `plain` and `detail` of what is not say so themselves."""
        return self.verified != "memory"


_FILES = {
    "verb": "verbs.json",
    "keyword": "extensions.json",
    "parameter": "parameters.json",
    "code": "reply_codes.json",
    "enhanced": "enhanced_codes.json",
    "mechanism": "sasl.json",
}
_read: dict[str, dict[str, Entry]] = {}


def entries_of(kind: str) -> dict[str, Entry]:
    """All entries of a kind by their word, in the order of their file. Codes are words too: "250", "X.7.8"."""
    if kind not in _read:
        path = os.path.join(os.path.dirname(__file__), _FILES[kind])
        with open(path, encoding="utf-8") as file:
            rows: dict[str, dict[str, str]] = json.load(file)
        _read[kind] = {word: _entry(kind, word, row) for word, row in rows.items()}
    return _read[kind]


def _entry(kind: str, word: str, row: dict[str, str]) -> Entry:
    plain, detail = row["plain"], row.get("detail", "")
    if row["verified"] == "memory":
        plain = f"{plain} ({UNCONFIRMED})"
        detail = f"{detail} ({UNCONFIRMED.capitalize()}.)".lstrip()
    syntax, example, replies = (row.get(name, "") for name in ("syntax", "example", "replies"))
    return Entry(kind, word, plain, detail, syntax, example, replies, row["ref"], row["verified"])


def verb(name: str) -> Entry | None:
    """What a verb is for; `.` and `*` are verbs here."""
    return entries_of("verb").get(name.upper())


def keyword(name: str) -> Entry | None:
    """What an EHLO keyword offers."""
    return entries_of("keyword").get(name.upper())


def parameter(name: str) -> Entry | None:
    """What a parameter of MAIL, RCPT, VRFY or EXPN asks for."""
    return entries_of("parameter").get(name.upper())


def mechanism(name: str) -> Entry | None:
    """How a SASL mechanism goes, also one that we do not speak."""
    return entries_of("mechanism").get(name.upper())


_KINDS_OF_NAMES = ("verb", "keyword", "parameter", "mechanism")
_CODE = re.compile("[2-5][0-9]{2}", re.ASCII)
_FIRST_DIGIT = {
    2: "done",
    3: "go on, more is needed",
    4: "not now; it may work later",
    5: "no; do not repeat unchanged",
}


def code(number: int) -> Entry | None:
    """What a reply code means; of an unregistered one, what its first digit says (RFC 5321 §4.2.1)."""
    entry = entries_of("code").get(str(number))
    if entry is None and 200 <= number <= 599:
        plain = f"{_FIRST_DIGIT[number // 100]} (code not known here)"
        detail = "A client that does not know a code acts on its first digit alone."
        return Entry("code", str(number), plain, detail, "", "", "", "RFC 5321 §4.2.1", "rfc")
    return entry


_CLASSES = {"2": "success", "4": "temporary failure", "5": "permanent failure"}
_SUBJECTS = ("other", "address", "mailbox", "mail system", "network", "protocol", "content", "security or policy")
_ENHANCED = re.compile(r"([245X])\.([0-9]{1,3})\.([0-9]{1,3})", re.ASCII)


def enhanced(text: str) -> Entry | None:
    """What an enhanced code such as "5.7.8" means; of an unregistered one, its class and subject (RFC 3463 §2)."""
    found = _ENHANCED.fullmatch(text.upper())
    if found is None:
        return None
    klass, subject, detail = found.groups()
    entry = entries_of("enhanced").get(f"X.{subject}.{detail}")
    if entry is not None:
        return entry._replace(word=text.upper())
    if klass == "X" or int(subject) >= len(_SUBJECTS):
        return None
    plain = f"{_CLASSES[klass]}: {_SUBJECTS[int(subject)]} (the detail is not registered)"
    return Entry("enhanced", text, plain, "", "", "", "", "RFC 3463 §2", "rfc")


def look_up_all(words: str) -> tuple[Entry, ...]:
    """Everything known by this name: AUTH is a verb, a keyword and a parameter.

    Takes what a person types: any case, "MAIL FROM", "AUTH PLAIN", "SIZE=", "250", "5.7.8". Of several words the
    last that is known counts.
    """
    for word in reversed(words.upper().split()):
        name = word.partition("=")[0].rstrip(":") or word
        found = [entries_of(kind).get(name) for kind in _KINDS_OF_NAMES]
        found.append(code(int(name)) if _CODE.fullmatch(name) else enhanced(name))
        known = tuple(entry for entry in found if entry is not None)
        if known:
            return known
    return ()


def look_up(words: str) -> Entry | None:
    """The first that `look_up_all` finds: verbs before keywords, parameters and mechanisms."""
    found = look_up_all(words)
    return found[0] if found else None


def suggest(word: str) -> list[str]:
    """At most three known words that the word may have been meant for, the nearest first."""
    import difflib  # needed only after a mistake

    kinds = ("code",) if word.isdigit() else _KINDS_OF_NAMES
    names = dict.fromkeys(name for kind in kinds for name in entries_of(kind))
    return difflib.get_close_matches(word.upper(), names, n=3, cutoff=0.6)
