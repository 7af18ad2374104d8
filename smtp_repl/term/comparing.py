"""`/diff FILE`: this session beside one that was recorded; `-` is the file, `+` is here.

What differs is found by `script.session_diff`; what the session was stands in its own transcript.
"""

from collections.abc import Iterator

from smtp_repl.script.transcript import REMARK, Line, remark
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import ADDED, REMOVED, Display, Handling, Tell
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import listed, pair, phrase, phrase_of
from smtp_repl.wire.octets import printable

ROWS_LIMIT = 500


def handle_diff(desk: Desk, argument: str) -> Handling:
    """`/diff FILE`, or `/diff @name`: how this session differs from that script."""
    from smtp_repl.script.exchanges import read_exchanges  # nothing that a session begins with
    from smtp_repl.script.session_diff import SessionDiff, diff_sessions
    from smtp_repl.script.steps import compile_steps
    from smtp_repl.script.text import parse

    def lines(result: SessionDiff, name: str) -> Iterator[Line]:
        yield remark(f"- {name}")
        yield remark("+ this session")
        for row in result.rows[:ROWS_LIMIT]:
            yield Line(_KINDS.get(row.mark, REMARK), f"# {row.mark} {row.text}")
        if len(result.rows) > ROWS_LIMIT:
            yield remark(phrase("… and {count} more lines", count=len(result.rows) - ROWS_LIMIT))

    name = argument.strip()
    if not name:
        raise UsageError("/diff needs a script to compare with", "/diff FILE.smtp")
    if not desk.ledger.last:
        raise UsageError("nothing was said yet")
    if desk.read_script is None:
        raise UsageError("there are no scripts here")
    material = desk.read_script(name)
    recorded = read_exchanges(compile_steps(parse(material.octets, material.name), material.load))
    here = "".join(f"{line.text}\n" for line in desk.transcript).encode("utf-8", "surrogateescape")
    result = diff_sessions(recorded, read_exchanges(compile_steps(parse(here, ""))))
    shown = printable(name)
    if not result.is_empty:
        yield Display(tuple(lines(result, shown)))
    yield Tell(_summary(result.same, dict(result.kinds), result.only_first, result.only_second, shown))


_KINDS = {"-": REMOVED, "+": ADDED}


def _summary(same: int, kinds: dict[str, int], only_there: int, only_here: int, name: str) -> str:
    parts = [phrase_of("{count} exchange the same", "{count} exchanges the same", same)]
    parts += [phrase_of(*_OTHERS[kind], count) for kind, count in kinds.items()]
    if only_there:
        parts.append(phrase("{count} only in {name}", count=only_there, name=name))
    if only_here:
        parts.append(phrase("{count} only here", count=only_here))
    return listed(parts)


_OTHERS = {
    "command": pair("{count} other command", "{count} other commands"),
    "message": pair("{count} other message", "{count} other messages"),
    "reply": pair("{count} other reply", "{count} other replies"),
    "code": pair("{count} other code", "{count} other codes"),
    "enhanced code": pair("{count} other enhanced code", "{count} other enhanced codes"),
    "text": pair("{count} other text", "{count} other texts"),
    "keywords": pair("{count} other offer", "{count} other offers"),
}
