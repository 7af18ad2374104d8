"""`/history`: what was typed before, as Up and Ctrl-R find it."""

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

LINES_SHOWN = 20


def handle_history(desk: Desk, argument: str) -> Handling:
    """`/history`: the latest lines, those of this host before others; `/history TEXT`: those with TEXT in them."""
    wanted = argument.strip().lower()
    found = [line for line in dict.fromkeys(desk.list_typed()) if wanted in line.lower()]
    if not found:
        raise UsageError(
            phrase('nothing typed before has "{wanted}" in it', wanted=printable(wanted))
            if wanted
            else "nothing was typed yet"
        )
    # The nearest stands next to the prompt.
    for line in found[:LINES_SHOWN][::-1]:
        yield Tell(f"  {printable(line)}")
