"""What a command stands in: its streams, whether they are terminals, the variables. Passed in, so tests can make one.

Data goes to `out`, talk goes to `talk`. Every octet is with the operating system when a call returns, so that a pipe
sees a line when it happens, and a full disk is noticed where it can still be told.
"""

import os
import sys
from collections.abc import Mapping

from smtp_repl.wire.errors import OutputError, UsageError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import _, phrase

if TYPE_CHECKING:
    from typing import BinaryIO, TextIO


class Environment:
    """`stdin` is None when standard input is closed."""

    __slots__ = (
        "_stdout",
        "environ",
        "stderr",
        "stderr_is_terminal",
        "stdin",
        "stdin_is_terminal",
        "stdout_is_terminal",
    )

    def __init__(
        self, stdin: "BinaryIO | None", stdout: "TextIO | None", stderr: "TextIO | None", environ: Mapping[str, str]
    ) -> None:
        self.stdin = stdin
        self._stdout = stdout
        self.stderr = stderr
        self.environ = environ
        self.stdin_is_terminal = stdin is not None and stdin.isatty()
        self.stdout_is_terminal = stdout is not None and stdout.isatty()
        self.stderr_is_terminal = stderr is not None and stderr.isatty()

    @classmethod
    def of_process(cls) -> "Environment":
        """The streams and variables of this process."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                # Scripts and transcripts are UTF-8 wherever they are kept; a terminal says itself what it can show.
                encoding = None if stream.isatty() else "utf-8"
                stream.reconfigure(encoding=encoding, errors="backslashreplace")
        # sys.stdin is None when the program was started without one.
        stdin = None if sys.stdin is None else sys.stdin.buffer
        return cls(stdin, sys.stdout, sys.stderr, os.environ)

    @property
    def is_interactive(self) -> bool:
        """Whether a person sits at both ends."""
        return self.stdin_is_terminal and self.stdout_is_terminal

    @property
    def is_dumb(self) -> bool:
        """Whether the terminal prints one line behind the other, and nothing else."""
        return self.environ.get("TERM") in ("dumb", "unknown")

    def out(self, text: str) -> None:
        """Write a line of data. Raises `OutputError`."""
        if self._stdout is None:
            raise OutputError("standard output is closed")
        try:
            self._stdout.write(text + "\n")
            self._stdout.flush()
        except BrokenPipeError:
            raise OutputError("nobody reads standard output any more", kind="broken-pipe") from None
        except OSError as error:
            raise OutputError(phrase("cannot write to standard output: {why}", why=error.strerror)) from None

    def out_octets(self, octets: bytes) -> None:
        """Write octets of data as they are. Raises `OutputError`."""
        if self._stdout is None:
            raise OutputError("standard output is closed")
        try:
            self._stdout.flush()
            self._stdout.buffer.write(octets)
            self._stdout.buffer.flush()
        except BrokenPipeError:
            raise OutputError("nobody reads standard output any more", kind="broken-pipe") from None
        except OSError as error:
            raise OutputError(phrase("cannot write to standard output: {why}", why=error.strerror)) from None

    def talk(self, text: str) -> None:
        """Say something to the person; where nobody listens, it is lost and nothing is wrong."""
        self.paint(_(text) + "\n")

    def paint(self, text: str) -> None:
        """The same without the line end."""
        if self.stderr is None:
            return
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except OSError:
            return

    def read_all(self, limit: int) -> bytes:
        """Standard input to its end, at most one octet more than `limit`. Raises `UsageError` when it is closed."""
        if self.stdin is None:
            raise UsageError("standard input is closed, and - reads from it", kind="stdin-closed")
        try:
            return self.stdin.read(limit + 1)
        except OSError as error:
            raise UsageError(
                phrase("cannot read standard input: {why}", why=error.strerror), kind="stdin-closed"
            ) from None

    def abandon_output(self) -> None:
        """Nothing more can be written: keep Python from trying, and complaining, when it ends."""
        if self._stdout is not None and self._stdout is sys.stdout:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stdout.fileno())
            os.close(null)
