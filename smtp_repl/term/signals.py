"""Signals leave the terminal in order: SIGTERM and SIGHUP end a session as a person would, SIGTSTP lets it rest."""

import asyncio
import contextlib
import os
import signal
import sys
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


@contextlib.contextmanager
def stopping_signal(suspend: Callable[[Callable[[], None]], None]) -> Iterator[None]:
    """Meanwhile SIGTSTP calls `suspend` with what stops this process until SIGCONT; the terminal is to be given back.

    prompt_toolkit does so for Ctrl-Z alone; a signal from outside would stop the process in the middle of raw mode.
    """
    number = getattr(signal, "SIGTSTP", None)
    if number is None:
        yield
        return
    import termios  # where there is no such signal there is no such module

    loop = asyncio.get_running_loop()
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal) if os.isatty(terminal) else None

    def stop() -> None:
        # By the signal itself and not by SIGSTOP: where nobody could send SIGCONT the system does not stop us.
        loop.remove_signal_handler(number)
        if before is None:
            os.kill(os.getpid(), number)
        else:
            # prompt_toolkit gives back only what a program needs that it starts itself.
            now = termios.tcgetattr(terminal)
            termios.tcsetattr(terminal, termios.TCSANOW, before)
            os.kill(os.getpid(), number)
            termios.tcsetattr(terminal, termios.TCSANOW, now)
        loop.add_signal_handler(number, suspend, stop)

    loop.add_signal_handler(number, suspend, stop)
    try:
        yield
    finally:
        loop.remove_signal_handler(number)
