"""SIGTERM and SIGHUP end a session as a person would see it end: the terminal in order."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

from smtp_repl.wire.errors import ExitStatus

HANGUP = 129
"""The exit status after SIGHUP: the terminal is gone."""


@contextlib.contextmanager
def ending_signals(end: Callable[[int], None]) -> Iterator[None]:
    """Meanwhile a signal that ends calls `end` with the exit status, from within the running loop."""
    loop = asyncio.get_running_loop()
    statuses = {"SIGTERM": int(ExitStatus.TERMINATED), "SIGHUP": HANGUP}
    numbers = {getattr(signal, name): status for name, status in statuses.items() if hasattr(signal, name)}
    try:
        for number, status in numbers.items():
            with contextlib.suppress(NotImplementedError):  # Windows has no such thing in its loop
                loop.add_signal_handler(number, end, status)
        yield
    finally:
        for number in numbers:
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
