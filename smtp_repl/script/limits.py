"""What one script may ask for in all: a script may come from a stranger, and must end some day.

Each single line has its own limits, where it is read. Here they are added up, included files and all. The limits are
part of the format (docs/grammar.md); they are far beyond what a conversation needs.
"""

from collections.abc import Sequence

from smtp_repl.script.arguments import Wait
from smtp_repl.script.model import Directive, Wire
from smtp_repl.wire.language import phrase

LINES = 100_000
"""Lines of a script, with those of the files that it includes."""
PROBLEMS = 100
"""Lines that cannot be read, of which each is told; with more of them a file is no script."""
INCLUDE_DEPTH = 8
"""How deep scripts may include one another."""
INCLUDES = 100
"""Files that one script may include in all, however they are nested."""
INCLUDED_OCTETS = 16 * 1024 * 1024
"""Octets of these files together."""
WAITS = 3600.0
"""Seconds that all `@wait` may take together."""
SAID = 4 * 1024 * 1024 * 1024
"""Octets that all C lines say together, repeats counted."""
EXPECTED_LINE = 300 * 1024
"""Octets of one S line with repeats; what goes beyond is left out, since no reply of that size is read."""
EXPECTED = 16 * 1024 * 1024
"""Octets that all S lines say together."""
EXPECTED_LINES = 2000
"""Lines and `@caps` of one expected reply; no reply of more than 2000 lines is read."""
CONNECTIONS = 100
"""Connections of one script."""


class Budget:
    """Adds up what a script asks for; each method says what is too much, or ""."""

    __slots__ = ("_connections", "_expected", "_included", "_lines", "_octets", "_said", "_waits")

    def __init__(self) -> None:
        self._connections: set[str] = set()
        self._expected = 0
        self._included = 0
        self._lines = 0
        self._octets = 0
        self._said = 0
        self._waits = 0.0

    def script(self, lines: int) -> str:
        """So many lines more."""
        self._lines += lines
        return (
            phrase("with what it includes, this script has more than {limit} lines", limit=LINES)
            if self._lines > LINES
            else ""
        )

    def include(self) -> str:
        """One more file."""
        self._included += 1
        return phrase("more than {limit} files are included", limit=INCLUDES) if self._included > INCLUDES else ""

    def included(self, octets: int) -> str:
        """That file has so many octets."""
        self._octets += octets
        return (
            phrase("what is included has more than {limit} octets", limit=INCLUDED_OCTETS)
            if self._octets > INCLUDED_OCTETS
            else ""
        )

    def wire(self, wire: Wire) -> str:
        """One more line that is said or expected."""
        if wire.side == "C":
            self._said += wire.size
            if self._said > SAID:
                return phrase("all C lines up to here say more than {limit} octets", limit=SAID)
        else:
            self._expected += min(wire.size, EXPECTED_LINE)
            if self._expected > EXPECTED:
                return phrase("all S lines up to here say more than {limit} octets", limit=EXPECTED)
        return self._connection(wire.connection)

    def directive(self, node: Directive) -> str:
        """One more directive."""
        if isinstance(node.value, Wait):
            self._waits += node.value.seconds
            if self._waits > WAITS:
                return phrase("all @wait up to here take more than {limit:.0f} seconds", limit=WAITS)
        return self._connection(node.connection)

    def _connection(self, name: str) -> str:
        self._connections.add(name)
        return (
            phrase("a script has at most {limit} connections", limit=CONNECTIONS)
            if len(self._connections) > CONNECTIONS
            else ""
        )


def too_many_lines(*parts: Sequence[object]) -> str:
    """What is wrong with the size of one expected reply, or ""; `parts` are its lines, and its lines as written."""
    is_too_much = any(len(part) > EXPECTED_LINES for part in parts)
    return phrase("a reply is expected in at most {limit} lines", limit=EXPECTED_LINES) if is_too_much else ""
