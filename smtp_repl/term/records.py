"""Handlers for files into which goes what was said."""

from pathlib import Path

from smtp_repl.term.desk import Desk
from smtp_repl.term.excerpt import lines_from
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.wire.conversation import Side
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable


def handle_record(desk: Desk, argument: str) -> Handling:
    """`/record FILE`: write down what was said over this connection and what will be; `/record off` stops."""
    name = argument.strip()
    if not name:
        if desk.scribe.recorder is None:
            raise UsageError("not recording", "/record FILE")
        yield Tell(phrase("recording to {path}", path=printable(str(desk.scribe.recorder.path))))
    elif name.lower() == "off":
        if desk.scribe.recorder is None:
            raise UsageError("not recording")
        yield Tell(phrase("no longer recording to {path}", path=printable(str(desk.scribe.recorder.path))))
        desk.scribe.stop()
    else:
        for line in desk.scribe.record(_path(name)):
            yield Tell(line.text.removeprefix("# "))


def handle_save(desk: Desk, argument: str) -> Handling:
    """`/save FILE [--from N]`: what was said over this connection, or the last one, as a script; or from step N on."""
    name, _, step = argument.partition(" --from ")
    if not name.strip():
        raise UsageError("/save needs a file name", "/save FILE.smtp [--from N]")
    if not desk.commands:
        raise UsageError("nothing was said yet")
    path = _path(name.strip())
    number = _step(desk, step.strip()) if step else 0
    desk.scribe.save(path, lines_from(desk.transcript, desk.ledger, number) if number else None)
    shown = printable(str(path))
    again = "--local" if desk.side is Side.CLIENT else phrase("smtp-repl mock {shown}", shown=shown)
    yield Tell(
        phrase("saved; play it again: smtp-repl run {shown} --server HOST:PORT, or {again}", shown=shown, again=again)
    )


def _step(desk: Desk, word: str) -> int:
    if not (word.isascii() and word.isdigit() and int(word) <= desk.ledger.last):
        raise UsageError(phrase('"{word}" is no step of this session', word=printable(word)), "/steps lists them")
    return int(word)


def _path(name: str) -> Path:
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    return Path(name).expanduser()
