"""A recording: transcript lines appended to a file one by one, each there before it is shown.

kill -9 loses nothing that was shown. The file is the user's alone (0600): it holds addresses and message texts.
Passwords are in none of its lines, since lines come from `script.transcript`.
"""

import os
from collections.abc import Iterable

from smtp_repl.script.transcript import Line
from smtp_repl.wire.errors import OutputError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import phrase

if TYPE_CHECKING:
    from pathlib import Path


class Recorder:
    """Writes lines to `path`. Raises `OutputError` when the file exists already, or cannot be written.

    One that `goes_on` adds to a file that there may be, one that may `overwrite` takes its place.
    """

    def __init__(self, path: "Path", *, overwrite: bool = False, goes_on: bool = False) -> None:
        self.path = path
        # O_EXCL also refuses a symbolic link that somebody put there.
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if goes_on else os.O_TRUNC if overwrite else os.O_EXCL)
        try:
            self._file = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            raise OutputError(
                phrase("{path} exists already", path=path), "choose another name, or overwrite it with --force"
            ) from None
        except OSError as error:
            raise OutputError(phrase("cannot record to {path}: {why}", path=path, why=error.strerror)) from None

    def write(self, lines: Iterable[Line]) -> None:
        """Append lines; they are with the operating system when this returns."""
        self.append("".join(f"{line.text}\n" for line in lines).encode("utf-8", "surrogateescape"))

    def append(self, octets: bytes) -> None:
        """Append octets as they are: lines of a script that a replay keeps."""
        try:
            while octets:
                octets = octets[os.write(self._file, octets) :]
        except OSError as error:
            raise OutputError(phrase("cannot record to {path}: {why}", path=self.path, why=error.strerror)) from None

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
