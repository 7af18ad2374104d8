"""A script gone through in the mind: what would be awaited when, if the server said what the script says.

The player needs one fact of it. A script may leave replies unread (it begins with `C: EHLO` and says nothing of the
greeting; it ends a group with `C: NOOP` and does not care). Which of the replies that are due at a write will nobody
ever ask for? As many as there are more replies to come than expectations left. Counting that beforehand makes it a
fact of the script and not of which octets happened to have arrived.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from smtp_repl.script.steps import Hear, Say, Step
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.secrets import Secret

PIECE = 4096
"""Octets of one line that are looked at; what follows in a flood changes nothing about how many replies are due."""


class Ahead(NamedTuple):
    """For one step: replies that this and later writes on its connection bring, and expectations from here on."""

    replies: int
    expectations: int


class _Anything(Mapping[str, "bytes | Secret"]):
    """Every name is known, and stands for something that is base64 too."""

    def __getitem__(self, name: str) -> bytes:
        return b"AAAA"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def rehearse(steps: tuple[Step, ...]) -> tuple[Ahead, ...]:
    """What is ahead at each step."""
    conversations: dict[str, Conversation] = {}
    brought = [0] * len(steps)
    for number, step in enumerate(steps):
        conversation = conversations.setdefault(step.connection, Conversation(lint=False))
        try:
            if isinstance(step, Say):
                before = len(conversation.awaiting)
                for wire in step.lines:
                    conversation.client_said(_octets(wire.blocks(_Anything())))
                brought[number] = max(0, len(conversation.awaiting) - before)
            elif isinstance(step, Hear):
                conversation.server_said(step.expectation.sample({}))
                if conversation.phase is conversation.phase.TLS:
                    conversation.handshake_done()
        except SmtpReplError:
            continue  # what cannot be said will be reported when it is
    replies: dict[str, int] = {}
    expectations: dict[str, int] = {}
    ahead: list[Ahead] = []
    for number in range(len(steps) - 1, -1, -1):
        name = steps[number].connection
        replies[name] = replies.get(name, 0) + brought[number]
        expectations[name] = expectations.get(name, 0) + isinstance(steps[number], Hear)
        ahead.append(Ahead(replies[name], expectations[name]))
    return tuple(reversed(ahead))


def _octets(blocks: Iterator[bytes]) -> bytes:
    result = b"".join(block for _, block in zip(range(4), blocks, strict=False))
    return result if len(result) <= PIECE else result[:PIECE] + result[-2:]
