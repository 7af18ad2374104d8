"""Lock-step: commands without a word about the answers, one at a time, each answered before the next is said.

For a file that holds no `S` line: a list of commands scribbled at 3 a.m. just works. The text of a message goes out
only after 354; refused, it is left unsaid, so that no server takes a letter for commands.
"""

from collections.abc import Callable, Generator, Mapping

from smtp_repl.script.actions import Action, Happening
from smtp_repl.script.channel import Channel
from smtp_repl.script.model import Wire
from smtp_repl.script.steps import Say
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.states import Phase


def in_lockstep(
    channel: Channel, say: Say, scope: Mapping[str, bytes | Secret], seconds: Callable[[], float]
) -> Generator[Action, Happening, None]:
    """Say the lines of one write one by one; raises like `Channel.reply`."""
    channel.replies.clear()
    skipping = False
    for wire in say.lines:
        if skipping:
            skipping = not _is_lone_dot(wire)
            continue
        yield from channel.settle()
        octets = wire.octets(scope)
        yield from channel.send(octets)
        if channel.conversation.phase is Phase.DATA and not channel.conversation.awaiting:
            continue
        if channel.conversation.chunk_left:
            continue
        refused = False
        while channel.conversation.awaiting:
            heard = yield from channel.reply(seconds())
            refused = heard.said.reply.klass != 3
        yield from channel.settle()
        skipping = refused and parse_command(octets.rstrip(b"\r\n")).verb == "DATA"


def _is_lone_dot(wire: Wire) -> bool:
    return wire.text in (b".", b".\\r\\n")
