"""What a word means that a person asks about: whatever it is, a verb, a keyword, a code, a whole reply, a term.

One word may be several things (AUTH is a verb, a keyword and a parameter); all are explained, the likeliest first.
Replies are explained by `explaining_replies`; both are asked for here. Pure, but for the data files of `knowledge`.
"""

import re
from collections.abc import Iterator

from smtp_repl.knowledge import entries
from smtp_repl.knowledge.entries import Entry
from smtp_repl.knowledge.rows import groups_of, rows_of
from smtp_repl.knowledge.texts import texts_saying
from smtp_repl.teach.explaining_replies import OTHER_SERVICES, explain_reply, of_enhanced, of_text, retry_of
from smtp_repl.teach.explanation import NOWHERE, Circumstances, Explanation
from smtp_repl.wire.language import N_, _
from smtp_repl.wire.replies import Reply, ReplyReader

__all__ = ["NOWHERE", "Circumstances", "Explanation", "explain", "explain_reply", "suggest"]

_REPLY = re.compile(r"(?:S(?:\[\w+\])?[:=] ?)?([2-5][0-9]{2}(?:[ -].*|))", re.ASCII | re.DOTALL)
_CODE = re.compile(r"[2-5][0-9]{2}", re.ASCII)
_ENHANCED = re.compile(r"[245X]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_TAG = re.compile(r"C(?:\[\w+\])?[:=~] ?", re.ASCII)
_CLASS = re.compile("[2-5](?:XX|YZ)", re.ASCII)
_MANY = 3
"""How many texts are shown of those that say the words whose code nobody told."""


def explain(words: str, circumstances: Circumstances = NOWHERE) -> tuple[Explanation, ...]:
    """What these words mean, the likeliest first; nothing when nothing is known (see `suggest`).

    A whole reply ("550 5.7.1 …", also of several lines, also with the `S:` of a transcript), a code, an enhanced
    code, a verb, keyword, parameter or mechanism, a whole command, a term, the id of a pitfall, a text without its
    code.
    """
    words = words.strip()
    if not words:
        return ()
    replies = _replies_in(words)
    if words.startswith(OTHER_SERVICES):
        replies = [Reply(None, (words.encode("utf-8", "surrogateescape"),), b"")]
    if replies:
        return tuple(explain_reply(reply, circumstances) for reply in replies)
    word = words.upper()
    if _CODE.fullmatch(word):
        return tuple(_of_limit(words)) or (_of_code(word),)
    if _ENHANCED.fullmatch(word):
        return tuple(_of_enhanced(word))
    found = (*_of_names(_TAG.sub("", words, count=1)), *_of_term(words), *_of_pitfall(words))
    found = (*found, *_of_limit(words), *_of_digits(word))
    return found or tuple(_of_texts(words)) or _of_last_word(words.split())


def _of_last_word(words: list[str]) -> tuple[Explanation, ...]:
    """Of a whole question ("what is 8BITMIME?") the last word that is known."""
    for word in (word.strip("?!,;\"'") for word in reversed(words[1:])):
        if len(word) > 1 and entries.look_up(word) is not None:
            return explain(word)
    return ()


def suggest(words: str) -> list[str]:
    """At most three known words that may have been meant."""
    import difflib  # needed only after a mistake

    near = entries.suggest(words.split()[0]) if words.split() else []
    known = {name.lower(): name for term in rows_of("glossary") for name in term.split(" / ")}
    known.update({name: name for name in rows_of("pitfalls")})
    near += [known[name] for name in difflib.get_close_matches(words.lower(), known, n=3, cutoff=0.6)]
    return list(dict.fromkeys(near))[:3]


def _replies_in(words: str) -> list[Reply]:
    """The replies that the words consist of, whole or cut; a code alone is a word."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    found = [_REPLY.fullmatch(line) for line in lines]
    texts = [line[1] for line in found if line is not None]
    if len(texts) < len(lines) or len(words) == 3:
        return []
    texts[-1] = f"{texts[-1][:3]} {texts[-1][4:]}"  # the last line of a part is the last line
    octets = "".join(f"{text}\r\n" for text in texts).encode("utf-8", "surrogateescape")
    return ReplyReader().feed(octets)


def _reply(text: str) -> Reply:
    return Reply(int(text[:3]), (text[4:].encode(),), f"{text}\r\n".encode())


def _of_code(code: str) -> Explanation:
    """A code alone: what it means in general, and as the answer to what."""
    return explain_reply(_reply(code))._replace(more=_as_answers(code))


def _as_answers(code: str) -> tuple[str, ...]:
    answers = ((verb, rows[code]) for verb, rows in groups_of("answers").items() if code in rows)
    return tuple(f"{verb}: {_(row['means'])}" for verb, row in answers)


def _of_enhanced(code: str) -> Iterator[Explanation]:
    if code[0] == "X":
        entry = entries.enhanced(code)
        if entry is not None:
            yield of_entry(entry)
        return
    explanation = of_enhanced(f"{code[0]}00", code)
    if explanation is None or code.endswith(".0.0"):  # "nothing more specific": the first digit says that it failed
        yield from _of_class(code, f"{code[0]}.y.z")
    else:
        yield explanation._replace(subject=code, more=_as_answers(code))


def _of_names(words: str) -> Iterator[Explanation]:
    """Each known word of a command, in its order, the verb before the others."""
    parts = words.upper().split()
    if len(parts) == 1:
        for entry in entries.look_up_all(words):
            yield of_entry(entry)
        return
    verb = entries.verb(parts[0]) if parts else None
    if verb is None:
        return
    if verb.word == "AUTH" and (mechanism := entries.mechanism(parts[1])) is not None:
        yield of_entry(mechanism)._replace(subject=f"AUTH {mechanism.word}")
    yield of_entry(verb)
    for part in parts[1:] if verb.word in ("MAIL", "RCPT", "VRFY", "EXPN") else ():
        parameter = entries.parameter(part.partition("=")[0])
        if parameter is not None:
            yield of_entry(parameter)


def of_entry(entry: Entry) -> Explanation:
    """The explanation of a verb, a keyword, a parameter, a mechanism or a code."""
    more = [_(entry.detail), _("Write: {form}").format(form=entry.syntax) if entry.syntax else ""]
    more += entry.example.splitlines()
    more.append(_("Replies: {replies}").format(replies=_(entry.replies)) if entry.replies else "")
    return Explanation(
        entry.word,
        entry.kind,
        _KINDS[entry.kind](),
        sentence(entry.plain),
        "",
        None,
        entry.ref,
        entry.is_confirmed,
        tuple(line for line in more if line),
    )


_LIMITS = {
    "port": lambda: _("a port"),
    "size": lambda: _("a limit of size"),
    "timeout": lambda: _("a limit of time"),
}
_UNITS = (N_("octets"), N_("recipients"), N_("seconds"))
"""How the data file names them; marked for translators."""
_KINDS = {
    "verb": lambda: _("a command"),
    "keyword": lambda: _("a keyword of EHLO"),
    "parameter": lambda: _("a parameter"),
    "mechanism": lambda: _("a mechanism of AUTH"),
    "code": lambda: _("a reply code"),
    "enhanced": lambda: _("an enhanced code"),
}


def sentence(text: str) -> str:
    """A line of the completion menu as a sentence."""
    return _("{text}.").format(text=text[:1].upper() + text[1:])


def _of_term(words: str) -> Iterator[Explanation]:
    for term, row in rows_of("glossary").items():
        if words.lower() in (term.lower(), *(name.lower() for name in term.split(" / "))):
            confirmed = row["verified"] != "memory"
            more = (*filter(None, [_(row.get("detail", ""))]), _("In Chinese: {term}").format(term=row["zh"]))
            yield Explanation(term, "term", _("a term"), _(row["definition"]), "", None, row["ref"], confirmed, more)


def _of_pitfall(words: str) -> Iterator[Explanation]:
    row = rows_of("pitfalls").get(words) or rows_of("pitfalls").get(words.lower())
    if row is not None:
        retry = None if row["severity"] == "info" else False
        confirmed = row["verified"] != "memory"
        source = _("a pitfall")
        yield Explanation(
            words, "pitfall", source, _(row["why"]), _(row["fix"]), retry, row["ref"], confirmed, (_(row["title"]),)
        )


def _of_limit(words: str) -> Iterator[Explanation]:
    """A port, a size, a time: "587", "port 465", "local-part"."""
    limits = rows_of("limits")
    name = words.lower()
    row = limits.get(f"port {name}") or limits.get(name)
    if row is not None:
        subject = f"{row['number']} {_(row['unit'])}" if row["unit"] else f"port {row['number']}"
        confirmed = row["verified"] != "memory"
        yield Explanation(subject, "term", _LIMITS[row["kind"]](), _(row["plain"]), "", None, row["ref"], confirmed)


def _of_digits(word: str) -> Iterator[Explanation]:
    """A class of codes, as people write it: "4xx", "5yz"."""
    if _CLASS.fullmatch(word):
        yield from _of_class(word.lower(), f"{word[0]}yz")


def _of_class(subject: str, digits: str) -> Iterator[Explanation]:
    row = rows_of("digits")[digits]
    plain, advice = _(row["means"]), _(row.get("advice", ""))
    yield Explanation(
        subject, "digit", _("the first digit"), plain, advice, retry_of("", int(digits[0])), row["ref"], True
    )


def _of_texts(words: str) -> Iterator[Explanation]:
    """Texts that say this, when somebody left the code out; of one word, too many would."""
    if len(words.split()) < 2:
        return
    for number, text in enumerate(texts_saying(words)):
        if number >= _MANY:
            break
        yield of_text(words, text, 5)
