"""The words of the protocol: an `Entry` for each verb, keyword, parameter, code and mechanism.

Every entry has a `plain` line short enough for a completion menu, more in `detail`, and its source. What was
never confirmed by a source says so in its texts, whoever shows them. Knows nothing of how entries are shown.
"""

import re

from smtp_repl.knowledge.rows import Row, rows_of
from smtp_repl.wire.language import N_, _
from smtp_repl.wire.records import Record

UNCONFIRMED = N_("reported, not confirmed")


class Entry(Record):
    """What is known about one word.

    `kind` is verb, keyword, parameter, code, enhanced or mechanism. `gist` is `plain` in English, `sentences` are
    those of `detail`. `syntax`, `example` (one line, or a few with `C:` and `S:`) and `replies` may be empty.
    `verified` is rfc, registry (IANA), documentation, observed (seen from a running server) or memory (see
    `is_confirmed`).
    """

    kind: str
    word: str
    gist: str
    sentences: tuple[str, ...]
    syntax: str
    example: str
    replies: str
    ref: str
    verified: str

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody has read it in a source; `plain` and `detail` of what is not say so themselves."""
        return self.verified != "memory"

    @property
    def plain(self) -> str:
        """One line of at most 70 characters, in the language of the person (in which it may be longer)."""
        return _(self.gist) if self.is_confirmed else f"{_(self.gist)} ({_(UNCONFIRMED)})"

    @property
    def detail(self) -> str:
        """What else there is to say, in whole sentences, in the language of the person."""
        said = [_(sentence) for sentence in self.sentences]
        return " ".join(said if self.is_confirmed else [*said, _("(Reported, not confirmed.)")])


_FILES = {
    "verb": "verbs",
    "keyword": "extensions",
    "parameter": "parameters",
    "code": "reply_codes",
    "enhanced": "enhanced_codes",
    "mechanism": "sasl",
}
_read: dict[str, dict[str, Entry]] = {}


def entries_of(kind: str) -> dict[str, Entry]:
    """All entries of a kind by their word, in the order of their file. Codes are words too: "250", "X.7.8"."""
    if kind not in _read:
        _read[kind] = {word: _entry(kind, word, row) for word, row in rows_of(_FILES[kind]).items()}
    return _read[kind]


def _entry(kind: str, word: str, row: Row) -> Entry:
    sentences = [row[name] for name in ("detail", "means", "advice") if name in row]
    if "registered" in row:
        sentences.insert(0, f"{row['registered']}.")
    syntax, example, replies = (row.get(name, "") for name in ("syntax", "example", "replies"))
    return Entry(kind, word, row["plain"], tuple(sentences), syntax, example, replies, row["ref"], row["verified"])


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


def code(number: int) -> Entry | None:
    """What a reply code means; of an unregistered one, what its first digit says (RFC 5321 §4.2.1)."""
    entry = entries_of("code").get(str(number))
    if entry is None and 200 <= number <= 599:
        digit = rows_of("digits")[f"{number // 100}yz"]
        plain = _("{meaning} (code not known here)").format(meaning=_(digit["plain"]))
        detail = N_("A client that does not know a code acts on its first digit alone.")
        return Entry("code", str(number), plain, (detail,), "", "", "", digit["ref"], digit["verified"])
    return entry


_ENHANCED = re.compile(r"([245X])\.([0-9]{1,3})\.([0-9]{1,3})", re.ASCII)


def enhanced(text: str) -> Entry | None:
    """What an enhanced code such as "5.7.8" means; of an unregistered one, its class and subject (RFC 3463 §2)."""
    found = _ENHANCED.fullmatch(text.upper())
    if found is None:
        return None
    klass, subject, detail = found.groups()
    known = entries_of("enhanced")
    entry = known.get(text.upper()) or known.get(f"X.{subject}.{detail}")
    if entry is not None:
        return entry._replace(word=text.upper())
    digits = rows_of("digits")
    klass_row, subject_row = digits.get(f"{klass}.y.z"), digits.get(f"x.{subject}.z")
    if klass_row is None or subject_row is None:
        return None
    plain = _("{klass}: {subject} (the detail is not registered)").format(
        klass=_(klass_row["plain"]), subject=_(subject_row["plain"])
    )
    return Entry("enhanced", text, plain, (), "", "", "", subject_row["ref"], subject_row["verified"])


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
