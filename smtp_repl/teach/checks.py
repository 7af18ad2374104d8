"""Checks: what a goal or a mistake looks for in what was said. Values, and whether a piece of evidence fits.

Four kinds look at one piece of evidence each (`ExchangeCheck`, `WriteCheck`, `AnswerCheck`, `EndCheck`); each is a
conjunction: all that it names must hold. `InOrder`, `AllOf` and `AnyOf` put others together. How far a check has come
while evidence arrives is kept in `judging`; how it is written in a file, in `lesson_text`.
"""

import re
from collections.abc import Mapping

from smtp_repl.teach.facts import Answer, End, Exchange, Fact, Write
from smtp_repl.teach.message import Message
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import Phase

Pattern = re.Pattern[str]

FLAGS = re.IGNORECASE | re.MULTILINE
"""What the patterns of lessons are compiled with: `^` and `$` stand at every line, case does not count."""


class MessageCheck(Record):
    """What a message must be like; what is None or empty does not matter.

    Whole values are compared: `sender`, each of the `recipients` (one recipient must fit), `subject` (decoded),
    `charset`, `encoding`, `type`, `attachment` (a file's name). Searched are the `fields` (one that is missing does not
    fit), `header` and `body` (the octets, CRLF and all) and `text` (the first text part as it is meant, LF). `without`
    and `no_header` must not be found. `differs` compares the From field with the sender of the envelope.
    """

    sender: Pattern | None = None
    recipients: tuple[Pattern, ...] = ()
    fields: Mapping[str, Pattern] = {}
    without: Mapping[str, Pattern] = {}
    header: Pattern | None = None
    no_header: Pattern | None = None
    subject: Pattern | None = None
    body: Pattern | None = None
    text: Pattern | None = None
    type: Pattern | None = None
    charset: Pattern | None = None
    encoding: Pattern | None = None
    attachment: Pattern | None = None
    parts: int = 0
    """At least so many that hold something."""
    differs: bool | None = None
    defects: bool | None = None


class ExchangeCheck(Record):
    """A command, or the end of a message, and its reply.

    `client` is searched in the line, `reply` fits one of the lines "code text" from its beginning. `answers` is what
    the reply answers: a verb, "greeting", "." for a message, "AUTH step", or "nothing" where nobody had asked.
    `before` and `phase` are the phase when the line was said and after its reply. `mechanism` is that of AUTH, and of
    its steps. `times` counts in one session.
    """

    client: Pattern | None = None
    reply: Pattern | None = None
    answers: str = ""
    mechanism: str = ""
    before: Phase | None = None
    phase: Phase | None = None
    tls: bool | None = None
    offers: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    message: MessageCheck | None = None
    times: int = 1


class WriteCheck(Record):
    """Octets of one write, once all is answered that awaited a reply: found in it `octets` (as Latin-1), at least so
    many `commands`, the `replies` one after the other, message text among them (`text`)."""

    octets: Pattern | None = None
    commands: int = 0
    replies: tuple[Pattern, ...] = ()
    text: bool | None = None
    times: int = 1


class AnswerCheck(Record):
    """What was answered to a question: found in it `text`."""

    text: Pattern
    times: int = 1


class EndCheck(Record):
    """The end of a connection: `by` client or server ("" either), `during` what was awaited; `silent` if the server
    never said an octet."""

    by: str = ""
    during: Pattern | None = None
    silent: bool | None = None
    times: int = 1


class InOrder(Record):
    """These, one after the other, in one session."""

    checks: "tuple[Check, ...]"


class AllOf(Record):
    """All of these, in whatever order and session."""

    checks: "tuple[Check, ...]"


class AnyOf(Record):
    """One of these."""

    checks: "tuple[Check, ...]"


Leaf = ExchangeCheck | WriteCheck | AnswerCheck | EndCheck
Check = Leaf | InOrder | AllOf | AnyOf


def asks(check: Check) -> bool:
    """Whether a question is to be answered for it."""
    if isinstance(check, InOrder | AllOf | AnyOf):
        return any(asks(inner) for inner in check.checks)
    return isinstance(check, AnswerCheck)


def fits(check: Leaf, fact: Fact) -> bool:
    """Whether a piece of evidence is of this kind and all that the check names holds for it."""
    match check, fact:
        case ExchangeCheck(), Exchange():
            return _fits_exchange(check, fact)
        case WriteCheck(), Write():
            return _fits_write(check, fact)
        case AnswerCheck(text=text), Answer(text=answer):
            return text.search(answer) is not None
        case EndCheck(), End():
            return _fits_end(check, fact)
    return False


def _fits_exchange(check: ExchangeCheck, fact: Exchange) -> bool:
    if check.client is not None and (fact.answers == "nothing" or not check.client.search(fact.client)):
        return False
    if check.reply is not None and not _replied(check.reply, fact.reply):
        return False
    if check.answers and check.answers.upper() != fact.answers.upper():
        return False
    if check.mechanism and check.mechanism.upper() != fact.mechanism:
        return False
    if check.before not in (None, fact.before) or check.phase not in (None, fact.phase):
        return False
    if check.tls not in (None, fact.tls):
        return False
    offers = fact.capabilities.offers
    if not all(map(offers, check.offers)) or any(map(offers, check.lacks)):
        return False
    if check.message is None:
        return True
    taken = fact.message is not None and (check.reply is not None or fact.code // 100 == 2)
    return taken and fact.message is not None and fits_message(check.message, fact.message)


def _replied(pattern: Pattern, reply: str) -> bool:
    return any(pattern.match(line) for line in reply.split("\n"))


def _fits_write(check: WriteCheck, fact: Write) -> bool:
    if check.octets is not None and not check.octets.search(fact.octets.decode("latin-1")):
        return False
    if fact.commands < check.commands or check.text not in (None, fact.has_text):
        return False
    replies = iter(fact.replies)
    return all(any(_replied(pattern, reply) for reply in replies) for pattern in check.replies)


def _fits_end(check: EndCheck, fact: End) -> bool:
    if check.by not in ("", fact.by) or check.silent not in (None, fact.silent):
        return False
    return check.during is None or check.during.search(" ".join(fact.awaiting)) is not None


def fits_message(check: MessageCheck, message: Message) -> bool:
    """Whether all that the check names holds for a message."""
    return _fits_envelope(check, message) and _fits_header(check, message) and _fits_body(check, message)


def _whole(pattern: Pattern | None, text: str) -> bool:
    return pattern is None or pattern.fullmatch(text) is not None


def _found(pattern: Pattern | None, octets: bytes) -> bool:
    return pattern is None or pattern.search(octets.decode("utf-8", "surrogateescape")) is not None


def _fits_envelope(check: MessageCheck, message: Message) -> bool:
    if not _whole(check.sender, message.sender):
        return False
    if check.differs is not None and check.differs is (message.author.lower() == message.sender.lower()):
        return False
    return all(any(_whole(pattern, one) for one in message.recipients) for pattern in check.recipients)


def _fits_header(check: MessageCheck, message: Message) -> bool:
    for name, pattern in check.fields.items():
        value = message.field(name)
        if value is None or not pattern.search(value):
            return False
    if any(pattern.search(message.field(name) or "") for name, pattern in check.without.items()):
        return False
    if check.no_header is not None and _found(check.no_header, message.header):
        return False
    return _found(check.header, message.header) and _whole(check.subject, message.subject)


def _fits_body(check: MessageCheck, message: Message) -> bool:
    leaves = message.root.leaves
    text = next((leaf for leaf in leaves if leaf.type.startswith("text/") and not leaf.name), None)
    if check.text is not None and (text is None or not check.text.search(text.text)):
        return False
    looked_at = text if text is not None else message.root
    if not _whole(check.charset, looked_at.charset) or not _whole(check.encoding, looked_at.encoding):
        return False
    if check.attachment is not None and not any(leaf.name and _whole(check.attachment, leaf.name) for leaf in leaves):
        return False
    if check.defects is not None and check.defects is not bool(message.defects):
        return False
    is_enough = len(leaves) >= check.parts and (not check.parts or bool(message.root.parts))
    return is_enough and _whole(check.type, message.root.type) and _found(check.body, message.body)
