"""Comparing with a memory: in the thousandth play of a script most replies have been judged before.

Only expectations that compare the same octets the same way each time are remembered: no holes, no `@caps`.
"""

from smtp_repl.script.differences import Level, Match
from smtp_repl.script.expectations import Expectation
from smtp_repl.script.matching import match_reply
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.replies import Reply

REMEMBERED = 1000
"""Verdicts; a server that never says the same thing twice shall not fill the memory."""


class Judge:
    """Judges replies, for any number of plays of one script."""

    __slots__ = ("_verdicts",)

    def __init__(self) -> None:
        # An expectation is known by its place in memory: it is part of the plan, which outlives the judge.
        self._verdicts: dict[tuple[int, Level, bytes, tuple[bytes, ...]], Match] = {}

    def match(
        self,
        expectation: Expectation,
        reply: Reply,
        level: Level,
        bindings: dict[str, bytes],
        capabilities: Capabilities | None,
        own_names: tuple[bytes, ...],
    ) -> Match:
        """As `match_reply` says."""
        key = (id(expectation), level, reply.raw, own_names)
        known = self._verdicts.get(key)
        if known is not None:
            return known
        matched = match_reply(expectation, reply, level, bindings, capabilities, own_names)
        if len(self._verdicts) < REMEMBERED and not reply.partial and is_fixed(expectation):
            self._verdicts[key] = matched
        return matched


def is_fixed(expectation: Expectation) -> bool:
    """Whether an expectation means the same each time."""
    wires = (*(line.wire for line in expectation.lines), *expectation.forbidden)
    return not expectation.caps and all(wire.template is None for wire in wires)
