"""How many sessions at once and how fast, as the command line says it, and whose server bears that.

Nobody else's server gets more than a few connections at once by mistake.
"""

from collections.abc import Sequence

from smtp_repl.cli.crowd import Pace
from smtp_repl.cli.options import Words
from smtp_repl.cli.preparing import Prepared, Unplayable
from smtp_repl.script.arguments import Connect
from smtp_repl.script.steps import Do
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.targets import parse_target

AT_ONCE_ELSEWHERE = 10
"""Connections at once to another machine that need no `--load-ok`."""
AT_ONCE_BY_RATE = 200
"""Sessions at once that `--rate` may come to without `-j`."""


def read_pace(words: Words, scripts: Sequence[Prepared | Unplayable]) -> Pace:
    """What the command line says about how many and how fast."""
    rate, duration, at_once = words.rate("rate"), words.seconds("duration"), words.count("jobs")
    if at_once is None:
        beyond = any(not is_here for one in scripts for is_here in _is_here(one, words)) and not words.has("load-ok")
        at_once = 1 if rate is None else AT_ONCE_ELSEWHERE if beyond else AT_ONCE_BY_RATE
    repeat = words.count("repeat") or (None if duration is not None else 1)
    return Pace(at_once, repeat, duration, rate, words.has("fail-fast"))


def _connections(one: Prepared | Unplayable) -> int:
    return len({step.connection for step in one.plan.steps}) if isinstance(one, Prepared) else 1


def _is_here(one: Prepared | Unplayable, words: Words) -> list[bool]:
    """Of each place to which a script goes, whether it is this machine."""
    if words.has("local") or isinstance(one, Unplayable):
        return [True]
    server = words.text("server")
    if server is not None:
        return [parse_target(server).is_loopback]
    values = [step.directive.value for step in one.plan.steps if isinstance(step, Do)]
    return [value.target.is_loopback for value in values if isinstance(value, Connect)]


def check_load(words: Words, scripts: Sequence[Prepared | Unplayable], pace: Pace) -> int:
    """How many connections there may be at once. Raises `UsageError` for too many to somebody else's server."""
    connections = pace.at_once * max(_connections(one) for one in scripts)
    if connections <= AT_ONCE_ELSEWHERE or words.has("load-ok"):
        return connections
    if not all(is_here for one in scripts for is_here in _is_here(one, words)):
        raise UsageError(
            phrase(
                "{count} connections at once are a load, and this server is not on this machine",
                count=connections,
            ),
            "--load-ok, if it is yours, or -j with less",
            kind="load",
        )
    return connections
