"""What is said beside what was said: remarks between the lines of a session.

They are on the screen only, because a recording tells what was said. Who has something to say about an event is a row
of `VOICES`, and the place to add one: a function that is given the event and what is around it, and that gives lines,
or none. They speak in the order of the table; a voice that would say the same again sees in `Around.told` what was
said before it. Pure.
"""

from collections.abc import Callable, Iterable

from smtp_repl.script.transcript import Line, finding_remark, remark
from smtp_repl.teach import lens
from smtp_repl.term import hexdump
from smtp_repl.term.last_reply import LastReply
from smtp_repl.term.lookout import Lookout
from smtp_repl.term.pairing import Answer
from smtp_repl.term.settings import Settings
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.events import ChallengeSaid, CommandSaid, Event, Finding, ReplySaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING
from smtp_repl.wire.targets import Target


class Around(Record):
    """What a voice may know beside the event: how the session stands after it."""

    settings: Settings
    conversation: Conversation
    target: Target | None
    tried: lens.Tried
    """How one tried last to log in."""
    shows_secrets: bool
    """Whether steps of AUTH may stand on the screen."""
    lookout: Lookout
    """Has seen the pitfalls in these events."""
    last_reply: LastReply
    columns: int | None
    """How wide the terminal is; None where nobody sits at one."""
    told: list[Line]
    """What was remarked already on the same write or reply."""


Voice = Callable[[Event, Around], Iterable[Line]]


def remarks(events: Iterable[Event], around: Around) -> list[Line]:
    """All that there is to say beside the events of one write, or of one reply and what follows from it."""
    lines: list[Line] = []
    for event in events:
        if around.settings.hex:
            lines += map(remark, hexdump.rows(event, around.columns or 0))
        for voice in VOICES:
            for line in voice(event, around):
                around.told.append(line)
                lines.append(line)
    return lines


# ------------------------------------------------------------ voices


def _pitfall(event: Event, around: Around) -> Iterable[Line]:
    if around.settings.explain:
        for one in around.lookout.pitfalls(event):
            yield remark(one.remark)


def _finding(event: Event, around: Around) -> Iterable[Line]:
    if not isinstance(event, Finding) or event.rule == "unsolicited":
        return  # a reply that nobody asked for has its remark above it already, in the transcript
    if around.settings.explain and around.lookout.replaces(event):
        return
    if around.settings.explain or event.severity == "error":
        yield finding_remark(event)


def _challenge(event: Event, around: Around) -> Iterable[Line]:
    if isinstance(event, ChallengeSaid) and (text := lens.challenge_remark(event)):
        yield remark(text)


def _step(event: Event, around: Around) -> Iterable[Line]:
    if not isinstance(event, CommandSaid) or event.step is None:
        return
    if text := lens.step_remark(event.step, show=around.shows_secrets):
        yield remark(text)
    if not around.settings.explain or around.lookout.pitfalls(event):
        return
    if text := lens.doubt_remark(event.step):
        yield remark(text)


def _refused_login(event: Event, around: Around) -> Iterable[Line]:
    if not isinstance(event, ReplySaid) or event.answers not in _LOGIN or not _is_puzzling(event, around):
        return
    text = around.last_reply.refusal_of_speaker(event, around.target, _room(around))
    if text := text or lens.refusal_remark(event.reply.code, around.tried, around.conversation.capabilities):
        yield remark(text)


def _refusal(event: Event, around: Around) -> Iterable[Line]:
    if not isinstance(event, ReplySaid) or event.answers in _LOGIN or not _is_puzzling(event, around):
        return
    if text := around.last_reply.refusal(event, around.target, _room(around)):
        yield remark(text)


def _is_puzzling(event: ReplySaid, around: Around) -> bool:
    """Whether a reply refuses, and nobody has told why yet."""
    return event.reply.klass in (4, 5) and around.settings.explain and not around.lookout.explains(event)


def _room(around: Around) -> int | None:
    """Columns for the text of a remark that is to stay in one row."""
    return around.columns - len("# ") - 1 if around.columns is not None else None


_LOGIN = ("AUTH", AUTH_STEP)

VOICES: list[Voice] = [_pitfall, _finding, _challenge, _step, _refused_login, _refusal]
"""Who may have something to say about an event, in this order."""


# ------------------------------------------------------------ about a reply as such


def label(event: ReplySaid, answer: Answer, settings: Settings) -> list[Line]:
    """What a reply answers, where that is not plain: another was awaited meanwhile, or it comes late."""
    limit = settings.end_of_data_seconds if event.answers == END_OF_DATA else settings.reply_seconds
    if answer.was_alone and answer.seconds <= limit:
        return []
    said = printable(event.command.line) if event.command is not None else ""
    what = {END_OF_DATA: phrase("the message"), AUTH_STEP: phrase("a step of AUTH"), GREETING: phrase("the connection")}
    return [remark(phrase("to {what}:", what=said or what.get(event.answers or "", event.answers)))]


def timing(answer: Answer) -> Line:
    """How long a reply took, and, where that is another time, when its first octet came."""
    took = answer.seconds * 1000
    if answer.first_octet is None or answer.seconds - answer.first_octet < _NOTABLE:
        return remark(phrase("{took:.1f} ms", took=took))
    first = answer.first_octet * 1000
    return remark(phrase("{took:.1f} ms, the first octet after {first:.1f} ms", took=took, first=first))


_NOTABLE = 0.0005
"""Seconds."""
