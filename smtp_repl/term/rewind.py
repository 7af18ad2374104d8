"""`/steps`, `/rewind N` and `/undo`: back to an earlier point of this session, over a new connection.

SMTP has no way back. So the session's own transcript is played again as a script, from the greeting on, each step
shown, and the person goes on from there. Nothing is kept that would be needed to log in: passwords are asked for
again. A replay that goes another way than the session did stops there, and there the person stands.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from smtp_repl.term.desk import Desk
from smtp_repl.term.excerpt import script_until, unkept_message
from smtp_repl.term.ledger import Step
from smtp_repl.term.requests import Handling, Tell, confirm, connect, perform
from smtp_repl.wire.errors import CleartextError, ScriptError, UsageError
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import printable
from smtp_repl.wire.replies import Reply

if TYPE_CHECKING:
    from smtp_repl.script.casting import PlayResult


def handle_steps(desk: Desk, argument: str) -> Handling:
    """`/steps`: what was said in this session, numbered."""
    ledger = desk.ledger
    if desk.opened is None and not desk.transcript:
        raise UsageError("nothing was said yet")
    for row in step_rows(ledger.steps, desk.columns()):
        yield Tell(row)
    if ledger.last:
        yield Tell("/rewind N connects again and plays the steps up to N; /undo takes back the last command")


def step_rows(steps: Sequence[Step], columns: int = 80) -> Iterator[str]:
    """One text for each step: number, time of day, what was said, the codes that came, and how long that took.

    On a narrow terminal only what one needs to choose a step.
    """
    texts = [", ".join(step.said) if number else "(connected)" for number, step in enumerate(steps)]
    width = min(_WIDEST, max(map(len, texts)))
    for number, (step, text) in enumerate(zip(steps, texts, strict=True)):
        codes = " ".join(step.codes) or phrase("no reply")
        if columns < _NARROW:
            yield f"{number:3}  {text}  {codes}"
            continue
        took = f"  {step.seconds * 1000:.1f} ms" if step.seconds is not None else ""
        yield f"{number:3}  {step.at}  {text.ljust(width)}  {codes}{took}"


_WIDEST = 60
_NARROW = 60


def handle_undo(desk: Desk, argument: str) -> Handling:
    """`/undo`: to before the last command; a message and steps of AUTH go with theirs."""
    before = desk.ledger.before_last_command()
    if before is None:
        raise UsageError("no command was said yet, so there is nothing to take back")
    yield from _rewind(desk, before)


def handle_rewind(desk: Desk, argument: str) -> Handling:
    """`/rewind N`: connect again and play what was said up to step N."""
    word, last = argument.strip(), desk.ledger.last
    if not (word.isascii() and word.isdigit()):
        problem = (
            phrase('"{word}" is no number of a step', word=printable(word))
            if word
            else phrase("/rewind needs the number of a step")
        )
        raise UsageError(problem, "/steps lists them; 0 is the greeting")
    if int(word) > last:
        raise UsageError(
            phrase("there is no step {word}: the last one is {last}", word=word, last=last), "/steps lists them"
        )
    yield from _rewind(desk, int(word))


def _rewind(desk: Desk, step: int) -> Handling:
    from smtp_repl.script.casting import Casting  # the player and what it needs: not before it is needed
    from smtp_repl.script.player import plan
    from smtp_repl.script.steps import compile_steps
    from smtp_repl.script.text import parse
    from smtp_repl.term.playing import bind

    target, ledger = desk.target, desk.ledger
    if target is None or not desk.transcript:
        raise UsageError("there was no connection yet", "/connect HOST[:PORT]")
    unkept = unkept_message(desk.transcript, ledger, step)
    if unkept is not None:
        raise UsageError(
            phrase("the message of step {step} was too large to be kept", step=unkept),
            phrase("/rewind {step}, or earlier", step=unkept - 1),
        )
    played = ledger.steps[1 : step + 1]
    sent = sum(one.accepted_message for one in played)
    if sent and target != (desk.practice.target if desk.practice is not None else None):
        question = phrase_of(
            "this sends a message that was accepted once more; type yes to do it",
            "this sends {count} messages that were accepted once more; type yes to do it",
            sent,
        )
        if not (yield from confirm(question)):
            yield Tell("nothing sent")
            return
    in_clear = desk.settings.allow_plaintext_auth
    if not in_clear and any(one.in_clear for one in played):
        question = phrase(
            "this shows your password once more to anyone on the path to {target}; type yes",
            target=printable(str(target)),
        )
        in_clear = yield from confirm(question)
        if not in_clear:
            raise CleartextError(
                "nothing sent: the connection was not encrypted", "/starttls first", kind="secret-without-tls"
            )
    steps = compile_steps(parse(script_until(desk.transcript, ledger, step), ""))
    credentials, secrets = yield from bind(desk, steps)
    before = ledger.steps[0].codes[:1]
    greeting = yield from connect(target)
    if not _same(greeting, before):
        yield Tell("the greeting is another one than before; nothing was replayed")
        return
    result = None
    if step and desk.is_connected:
        casting = Casting(
            target=target,
            credentials=credentials,
            secrets=secrets,
            allow_plaintext_auth=in_clear,
            open_blocks=_open_blocks,
        )
        result = yield from perform(plan(steps), casting)
    yield Tell(_outcome(result, step, desk.ledger.last))


def _open_blocks(path: str) -> Iterator[bytes]:
    """A large message, which is kept as the file that it came from. Raises `ScriptError`."""
    try:
        with open(path, "rb") as file:
            while block := file.read(256 * 1024):
                yield block
    except OSError as error:
        raise ScriptError(
            phrase("cannot read {path}: {why}", path=printable(path), why=error.strerror), kind="file"
        ) from None


def _same(greeting: Reply | None, before: Sequence[str]) -> bool:
    return [str(greeting.code)] == list(before) if greeting is not None else not before


def _outcome(result: "PlayResult | None", wanted: int, reached: int) -> str:
    """Where the session stands after a replay."""
    if result is not None and result.failure is not None:
        rest = wanted - reached
        if rest <= 0:
            return phrase("step {step} went another way than before; go on by hand", step=reached)
        return phrase_of(
            "step {step} went another way than before, and {count} more was not said; go on by hand",
            "step {step} went another way than before, and {count} more were not said; go on by hand",
            rest,
            step=reached,
        )
    if result is not None and result.lost:
        lost = ", ".join(result.lost)
        if not wanted:
            return phrase("this is the greeting again; EHLO lost: {keywords}; go on by hand", keywords=lost)
        return phrase("this is step {step} again; EHLO lost: {keywords}; go on by hand", step=wanted, keywords=lost)
    if not wanted:
        return phrase("this is the greeting again; go on by hand")
    return phrase("this is step {step} again; go on by hand", step=wanted)
