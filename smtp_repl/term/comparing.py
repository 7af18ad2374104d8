"""`/diff FILE`: this session beside one that was recorded; `-` is the file, `+` is here.

What differs is found by `script.session_diff`; what the session was stands in its own transcript.
"""

from collections.abc import Iterator

from smtp_repl.script.transcript import REMARK, Line, remark
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import ADDED, REMOVED, Display, Handling, Tell
from smtp_repl.wire.errors import UsageError
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
            yield remark(f"… and {len(result.rows) - ROWS_LIMIT} more lines")

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
    parts = [f"{same} {'exchange' if same == 1 else 'exchanges'} the same"]
    for kind, count in kinds.items():
        one, many = _NAMES.get(kind, (kind, f"{kind}s"))
        parts.append(f"{count} other {one if count == 1 else many}")
    parts += [f"{only_there} only in {name}"] if only_there else []
    parts += [f"{only_here} only here"] if only_here else []
    return ", ".join(parts)


_NAMES = {"reply": ("reply", "replies"), "keywords": ("offer", "offers")}
