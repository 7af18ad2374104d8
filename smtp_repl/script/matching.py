"""A reply against what the script expects, a command against what it says; the difference as data.

Six levels, from loose to strict; what differs, but below the level, is *drift*. `S~ S= S="…" S!` and `@caps`
assert at every level. A reply is as expected ("ok") when it is the same after masking what changes from run to
run (see `masking`), at level `exact` when its octets are the same.

Raises nothing, waits for nothing, counts nothing: the player does.
"""

from collections.abc import Iterable

from smtp_repl.script.comparison import Comparison
from smtp_repl.script.differences import Difference, Level, Match, line_difference
from smtp_repl.script.expectations import Expectation
from smtp_repl.script.model import Wire
from smtp_repl.script.offers import check_caps, lost_keywords, unmet_terms
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.octets import printable
from smtp_repl.wire.replies import Reply

__all__ = [
    "OK",
    "Difference",
    "Level",
    "Match",
    "check_caps",
    "lost_keywords",
    "match_command",
    "match_reply",
    "unmet_terms",
]

OK = Match("ok")


def match_reply(
    expectation: Expectation,
    reply: Reply,
    level: Level,
    bindings: dict[str, bytes],
    capabilities: Capabilities | None = None,
    own_names: Iterable[bytes] = (),
) -> Match:
    """Compare one reply; `bindings` take up what holes captured, unless it fails.

    `capabilities` are those of the latest EHLO reply, this one included; `own_names` the names that we said.
    """
    if _is_same(expectation, reply):
        return OK
    comparison = Comparison(expectation, reply, dict(bindings), tuple(own_names))
    failures = comparison.failures(level)
    for directive in expectation.caps:
        failures += check_caps(directive, capabilities)
    if failures:
        return Match("fail", tuple(failures))
    is_judged = level >= Level.TEXT or _is_bare(expectation)
    drift = [] if is_judged else comparison.aligned(Level.TEXT, dict(comparison.bindings))
    bindings.update(comparison.bindings)
    return Match("drift", tuple(drift)) if drift else OK


def _is_bare(expectation: Expectation) -> bool:
    """Whether nothing but a code is expected (`S: 250`): then there is nothing that a text could drift from."""
    return len(expectation.lines) == 1 and expectation.code != "" and not expectation.lines[0].text


def _is_same(expectation: Expectation, reply: Reply) -> bool:
    """Whether a reply of one line is, octet for octet, the line that is expected: most are, in thousands of runs."""
    if len(expectation.lines) != 1 or expectation.forbidden or expectation.caps or reply.partial:
        return False
    line = expectation.lines[0]
    return line.wire.template is None and line.mod != "*" and line.octets + line.end == reply.raw


def match_command(wire: Wire, line: bytes, bindings: dict[str, bytes] | None = None, *, step: bool = False) -> Match:
    """Compare a command that a client sent, without line end, with the C line that says it.

    `C:` compares the verb, the rest is drift; `C=`, `C="…"` and `C~` compare the line. In `C~` nameless holes and
    secrets take anything. `step` says that it answers a 334: then there is no verb, and any difference is drift.
    """
    scope = {} if bindings is None else bindings
    if wire.template is not None:
        captured = wire.template.match(line, scope)
        if captured is None:
            return Match("fail", (line_difference(wire, wire.text, line, "text"),))
        scope.update(captured)
        return OK
    want = wire.text
    if wire.items:
        want = b"".join(item.octets * min(item.times, 1_000_000) for item in wire.items)
        want = want.removesuffix(b"\n").removesuffix(b"\r")
    if want == line:
        return OK
    if wire.asserts:
        return Match("fail", (line_difference(wire, want, line, "text"),))
    expected = parse_command(want).verb
    if step or (expected and parse_command(line).verb == expected):
        return Match("drift", (line_difference(wire, want, line, "text"),))
    width = len(expected) if expected and not wire.items else max(1, len(wire.text))
    return Match("fail", (Difference(wire.line, wire.column, width, printable(want), printable(line), "verb"),))
