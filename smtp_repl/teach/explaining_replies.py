"""What a reply means, in one plain sentence, with what to do about it and where that is written.

A reply is looked up from the particular to the general: a text of its provider, a text of its server program, its
enhanced code, its code as the answer to this command, its code, its first digit. The explanation says which of these
answered. What the peer wrote selects an explanation and never becomes one.

Pure, but for the data files of `knowledge`, of which only those are read that are needed (RFC 5321 §4.2, RFC 3463).
"""

from smtp_repl.knowledge import entries
from smtp_repl.knowledge.rows import Row, groups_of, rows_of
from smtp_repl.knowledge.texts import Text, says, texts_like, who_speaks
from smtp_repl.teach.explanation import NOWHERE, Circumstances, Explanation
from smtp_repl.wire.language import N_, _
from smtp_repl.wire.replies import Reply, parse_enhanced

_CALLED = {"AUTH step": ("AUTH",), "BDAT LAST": (".",), "HELO": ("HELO", "EHLO"), "LHLO": ("LHLO", "EHLO")}
"""Under which words of the table of answers to look for what a reply answers; else under its own."""

_VAGUE = ("250", "450", "451", "550", "554")
"""Codes that do not say what they are about."""
_STRANGE = (N_("No reply of SMTP begins with this digit."), N_("Check that the host and the port are those of mail."))
_NO_REPLY = (
    N_("This line is no reply: a reply begins with three digits, of which the first is 2, 3, 4 or 5."),
    N_("Check that the host and the port are those of mail."),
)
OTHER_SERVICES = ("+OK", "* OK", "SSH-", "HTTP/")
"""How the greetings of POP3, IMAP, SSH and HTTP begin."""


def explain_reply(reply: Reply, circumstances: Circumstances = NOWHERE) -> Explanation:
    """What a reply means. Never fails: of the strangest one it says what its first digit says, or that it is none."""
    if reply.code is None:
        return _no_reply(reply)
    code, enhanced = str(reply.code), str(reply.enhanced or "")
    text = words_of(reply)
    who = who_speaks(circumstances.host, circumstances.banner, text)
    for known in texts_like(code, enhanced, text, who):
        return of_text(f"{code} {enhanced}".rstrip(), known, int(code[0]))._replace(more=_beside(code, enhanced))
    return _of_codes(code, enhanced, text, circumstances.said)


def _of_codes(code: str, enhanced: str, text: str, said: str) -> Explanation:
    """What the codes say where the text is nobody's: the enhanced one before the other, unless it says less."""
    answers = _of_answer(code, enhanced, enhanced, said)
    if answers is not None:
        return answers
    by_enhanced, by_answer = of_enhanced(code, enhanced), _of_answer(code, enhanced, code, said)
    if by_enhanced is None or code[0] == "2" or enhanced.endswith(".0"):  # a success, or "other status" of a subject
        vague = by_enhanced if code in _VAGUE and not enhanced.endswith(".0.0") else None
        return _of_wording(code, enhanced, text, said) or by_answer or vague or _of_code(code, enhanced)
    return by_enhanced


def _of_wording(code: str, enhanced: str, text: str, said: str) -> Explanation | None:
    """What a text that many servers use means: it stands for an enhanced code that is not there."""
    for word, row in rows_of("wordings").items() if code[0] in "45" else ():
        if code in row["code"].split() and says(row["text"], text):
            meant = f"{code[0]}{word.split(' ')[0][1:]}"
            place = row.get("answers", said)
            found = _of_answer(code, enhanced, meant, place if said in (place, "") else "") or of_enhanced(code, meant)
            if found is not None:
                source = _("a common wording of {code}").format(code=meant)
                return found._replace(subject=f"{code} {enhanced}".rstrip(), kind="enhanced", source=source)
    return None


def words_of(reply: Reply) -> str:
    """The text of a reply without its codes and its line ends."""
    words: list[str] = []
    for line in reply.texts:
        code = parse_enhanced(line)
        words += line[len(str(code)) if code is not None else 0 :].decode("utf-8", "replace").split()
    return " ".join(words)


def retry_of(row_says: str, klass: int) -> bool | None:
    """Whether to try again as it is: what the row says, else what the first digit says."""
    if row_says:
        return row_says == "later"
    return {4: True, 5: False}.get(klass)


def of_text(subject: str, text: Text, klass: int) -> Explanation:
    """The explanation of a text that was recognised."""
    source = _("a text of {speaker}").format(speaker=_(text.speaker.name))
    plain, advice, retry = _(text.means), _(text.advice), retry_of(text.retry, klass)
    return Explanation(subject, text.speaker.kind, source, plain, advice, retry, text.ref, text.verified != "memory")


def _beside(code: str, enhanced: str) -> tuple[str, ...]:
    """What the codes say by themselves, in a line each."""
    found = (entries.enhanced(enhanced) if enhanced else None, entries.code(int(code)))
    return tuple(f"{entry.word}: {_(entry.plain)}" for entry in found if entry is not None)


def _of_answer(code: str, enhanced: str, word: str, said: str) -> Explanation | None:
    """What a code, enhanced or not, means as the answer to this."""
    if not said or not word:
        return None
    answers = groups_of("answers")
    for name in _CALLED.get(said, (said if said == "greeting" else said.upper(),)):
        if name in answers and word in answers[name]:
            row = answers[name][word]
            source = _as_answer(word, name)
            return _of_row(f"{code} {enhanced}".rstrip(), "enhanced" if "." in word else "code", source, row, code)
    return None


def _as_answer(word: str, name: str) -> str:
    if name == "greeting":
        return _("{code} as the greeting").format(code=word)
    if name == ".":
        return _("{code} after the message").format(code=word)
    return _("{code} as the answer to {verb}").format(code=word, verb=name)


def _of_row(subject: str, kind: str, source: str, row: Row, code: str) -> Explanation:
    retry = retry_of(row.get("retry", ""), int(code[0]))
    confirmed = row["verified"] != "memory"
    return Explanation(subject, kind, source, _(row["means"]), _(row.get("advice", "")), retry, row["ref"], confirmed)


def of_enhanced(code: str, enhanced: str) -> Explanation | None:
    """What an enhanced code behind a code says by itself; None where its first digit says as much (RFC 3463 §2)."""
    if not enhanced:
        return None
    klass, subject, detail = enhanced.split(".")
    subject_and_code = f"{code} {enhanced}"
    known = rows_of("enhanced_codes")
    row = known.get(enhanced) or known.get(f"X.{subject}.{detail}")
    if row is not None and (klass != "2" or "2" in row["classes"]):  # "2.1.1" is no unknown user
        source = _("enhanced code {code}").format(code=enhanced)
        return _of_row(subject_and_code, "enhanced", source, row, code)._replace(more=_beside(code, ""))
    row = rows_of("digits").get(f"x.{subject}.z")
    if row is None or subject == "0" or klass == "2":
        return None
    source = _("class and subject of {code}").format(code=enhanced)
    return _of_row(subject_and_code, "enhanced", source, row, code)._replace(more=_beside(code, ""))


def _of_code(code: str, enhanced: str) -> Explanation:
    subject = f"{code} {enhanced}".rstrip()
    row = rows_of("reply_codes").get(code)
    if row is not None:
        return _of_row(subject, "code", _("reply code {code}").format(code=code), row, code)
    row = rows_of("digits").get(f"{code[0]}yz")
    if row is not None:
        return _of_row(subject, "digit", _("the first digit"), row, code)
    plain, advice = _STRANGE
    return Explanation(subject, "digit", _("the first digit"), _(plain), _(advice), False, "RFC 5321 §4.2.1", True)


def _no_reply(reply: Reply) -> Explanation:
    text = words_of(reply)
    if text.startswith(OTHER_SERVICES):
        row = rows_of("pitfalls")["http-port"]
        return Explanation(
            "http-port", "pitfall", _("how the line begins"), _(row["why"]), _(row["fix"]), False, row["ref"], True
        )
    plain, advice = _NO_REPLY
    return Explanation("", "digit", _("the form of the line"), _(plain), _(advice), False, "RFC 5321 §4.2", True)
