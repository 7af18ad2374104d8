"""Lock-step: commands without a word about the answers, one at a time, each answered before the next is said.

For a file that holds no `S` line: a list of commands scribbled at 3 a.m. just works. The text of a message goes out
only after 354; refused, it is left unsaid, so that no server takes a letter for commands.
"""

from collections.abc import Callable, Generator, Mapping

from smtp_repl.script.actions import Action, Happening
from smtp_repl.script.channel import Channel
from smtp_repl.script.model import Wire
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.secrets import Secret

Playing = Generator[Action, Happening, None]


class Lockstep:
    """What a play in lock-step keeps between writes: whether the text of a refused message is being left out."""

    __slots__ = ("_answered", "_seconds", "_skipping")

    def __init__(self, seconds: Callable[[Channel], float], answered: Callable[[Channel], None]) -> None:
        """`seconds` says how long to wait for a reply, `answered` is called after each; both are the player's."""
        self._seconds = seconds
        self._answered = answered
        self._skipping: set[str] = set()

    def say(self, channel: Channel, wire: Wire, scope: Mapping[str, bytes | Secret]) -> Playing:
        """Say one line, if it is to be said, and hear what there is to hear; raises like `Channel.reply`."""
        if channel.name in self._skipping:
            if _is_lone_dot(wire):
                self._skipping.discard(channel.name)
            return
        octets = wire.octets(scope)
        yield from channel.send(octets)
        yield from self.hear(channel, is_data=parse_command(octets.rstrip(b"\r\n")).verb == "DATA")

    def takes_message(self, channel: Channel) -> bool:
        """Whether a message from a file may go out now; asked once for each."""
        refused = channel.name in self._skipping
        self._skipping.discard(channel.name)
        return not refused

    def hear(self, channel: Channel, *, is_data: bool = False) -> Playing:
        """Hear the replies that are due, unless more has to be said first."""
        if channel.conversation.chunk_left or not channel.conversation.awaiting:
            return
        while channel.conversation.awaiting or channel.replies:
            heard = yield from channel.reply(self._seconds(channel))
            if is_data and heard.said.answers == "DATA" and heard.said.reply.klass != 3:
                self._skipping.add(channel.name)
            self._answered(channel)


def _is_lone_dot(wire: Wire) -> bool:
    if wire.items:
        return b"".join(wire.blocks({})) in (b".\r\n", b".\n")
    return wire.text == b"."
