"""How many files and connections the system lets this process have open, and how to get more.

Where there is no such limit (Windows), there is nothing to do.
"""

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase

SPARE = 64
"""Descriptors for all else: streams, files, the selector, a practice server's own."""


def allow_connections(count: int, *, at_both_ends: bool = False) -> None:
    """Make room for so many connections at once; twice as many when their other ends are in this process too.

    Raises `UsageError` when the system does not allow it.
    """
    try:
        import resource
    except ImportError:
        return
    needed = count * (2 if at_both_ends else 1) + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    try:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):
        hard = soft
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise UsageError(
            phrase(
                "{count} connections at once need {needed} open files, and this system allows {limit}",
                count=count,
                needed=needed,
                limit=hard,
            ),
            phrase("ulimit -n {needed}, or fewer at once", needed=needed),
            kind="limit",
        )
