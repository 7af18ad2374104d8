"""Handlers that keep what was said: a recording from here on, or all of it afterwards."""

from pathlib import Path

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.octets import printable


def handle_record(desk: Desk, argument: str) -> Handling:
    """`/record FILE`: write down what was said over this connection and what will be; `/record off` stops."""
    name = argument.strip()
    if not name:
        if desk.recorder is None:
            raise UsageError("not recording", "/record FILE")
        yield Tell(f"recording to {printable(str(desk.recorder.path))}")
    elif name.lower() == "off":
        if desk.recorder is None:
            raise UsageError("not recording")
        yield Tell(f"no longer recording to {printable(str(desk.recorder.path))}")
        desk.stop_recording()
    else:
        for line in desk.record(_path(name)):
            yield Tell(line.text.removeprefix("# "))


def handle_save(desk: Desk, argument: str) -> Handling:
    """`/save FILE`: what was said over this connection, or the last one, as a script."""
    name = argument.strip()
    if not name:
        raise UsageError("/save needs a file name", "/save FILE.smtp")
    if not desk.commands:
        raise UsageError("nothing was said yet")
    path = _path(name)
    desk.save(path)
    shown = printable(str(path))
    yield Tell(f"saved; play it again: smtp-repl run {shown} --server HOST:PORT, or --local")


def _path(name: str) -> Path:
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    return Path(name).expanduser()
