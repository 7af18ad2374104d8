"""`/pipeline`: lines that are kept back, to be said in one write (RFC 2920). The shell and line mode share it.

Alt-Enter does the same with several lines that stand at the prompt. Nothing is refused: where PIPELINING is not
offered, that is said, and the group is sent all the same.
"""

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell, say
from smtp_repl.term.typed import line_octets, wire_text
from smtp_repl.wire.authentication import is_auth
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import Phase
from smtp_repl.wire.verbs import VERBS


def handle_pipeline(desk: Desk, argument: str) -> Handling:
    """`/pipeline`: keep back what is typed; `/pipeline send` says it in one write; `/pipeline drop` forgets it."""
    match argument.strip().lower():
        case "":
            yield from _collect(desk)
        case "send":
            yield from _send(desk)
        case "drop":
            count = len(_collected(desk))
            desk.pipeline = None
            yield Tell(
                phrase_of(
                    "{count} line dropped; what you type goes at once again",
                    "{count} lines dropped; what you type goes at once again",
                    count,
                )
            )
        case word:
            raise UsageError(
                phrase('/pipeline knows no "{word}"', word=printable(word)), "/pipeline, /pipeline send, /pipeline drop"
            )


def _collect(desk: Desk) -> Handling:
    if desk.pipeline is not None:
        yield Tell(
            phrase_of(
                "{count} line kept back; /pipeline send, or /pipeline drop",
                "{count} lines kept back; /pipeline send, or /pipeline drop",
                len(desk.pipeline),
            )
        )
        return
    desk.pipeline = []
    yield Tell("what you type is kept back; /pipeline send (Alt-Enter) says it in one write, /pipeline drop forgets it")
    if desk.phase not in (Phase.CLOSED, Phase.OPENED) and not desk.conversation.capabilities.offers("PIPELINING"):
        yield Tell(
            "PIPELINING is not offered here: the server may lose what comes before it has replied (RFC 2920 §3.1)"
        )


def _send(desk: Desk) -> Handling:
    lines = _collected(desk)
    if not desk.is_connected:
        raise UsageError("not connected; nothing sent", "/connect HOST[:PORT]")
    if desk.phase is Phase.DATA:
        raise UsageError("a message is open, and these lines are commands; nothing sent", "a lone dot ends the message")
    if not lines:
        raise UsageError("nothing is kept back yet", "type lines, then /pipeline send")
    desk.pipeline = None
    yield from say(b"".join(line_octets(line) for line in lines))


def _collected(desk: Desk) -> list[str]:
    if desk.pipeline is None:
        raise UsageError("nothing is kept back", "/pipeline begins")
    return desk.pipeline


def keep_back(desk: Desk, lines: list[str]) -> str:
    """Add lines to those that are kept back; returns the remark about it, a row for each.

    What stands behind AUTH in a line or a group may be a step of it, and shows as a mask.
    """
    kept = desk.pipeline if desk.pipeline is not None else []
    desk.pipeline = kept
    rows: list[str] = []
    for line in lines:
        # After an odd reply to AUTH, and behind AUTH itself, a line may be a password.
        is_step = any(map(_is_auth, kept)) or (desk.conversation.may_be_in_auth and not _is_command(line))
        shown = MASK if is_step else _masked(line)
        kept.append(line)
        rows.append(phrase("{count} kept back: {shown}", count=len(kept), shown=shown))
    return "\n".join(rows)


def _is_auth(line: str) -> bool:
    return is_auth(line_octets(line))


def _is_command(line: str) -> bool:
    return parse_command(line_octets(line)).verb in VERBS


def _masked(line: str) -> str:
    words = wire_text(line).split(maxsplit=2)
    if _is_auth(line) and len(words) > 2:
        return printable(f"{words[0]} {words[1]} {MASK}")
    return printable(wire_text(line))
