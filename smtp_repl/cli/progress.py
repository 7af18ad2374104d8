"""The line that moves while many sessions are played: on a terminal only, and gone when it is over."""

import os
import shutil

from smtp_repl.cli.environment import Environment
from smtp_repl.view.width import cells


class Progress:
    """One line on standard error, painted over itself. `clear` before anything else is written to a terminal."""

    def __init__(self, environment: Environment, *, enabled: bool) -> None:
        self._environment = environment
        self.enabled = enabled and environment.stderr_is_terminal and environment.environ.get("TERM") != "dumb"
        self._width = 0
        """Cells that are painted now."""

    def paint(self, text: str) -> None:
        """Show a text, which has no control characters in it."""
        if not self.enabled:
            return
        room = self._columns() - 1  # in the last column some terminals would go on to the next line
        while cells(text) > room:
            text = text[:-1]
        width = cells(text)
        self._environment.paint("\r" + text + " " * min(room - width, max(0, self._width - width)))
        self._width = width

    def clear(self) -> None:
        """Leave the line as it was before."""
        if self._width:
            self._environment.paint("\r" + " " * min(self._width, self._columns() - 1) + "\r")
            self._width = 0

    def _columns(self) -> int:
        stream = self._environment.stderr
        try:
            return os.get_terminal_size(stream.fileno()).columns if stream is not None else 80
        except (OSError, ValueError):
            return shutil.get_terminal_size().columns
