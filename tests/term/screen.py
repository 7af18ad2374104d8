"""A person at a terminal: a program in a pseudo-terminal, its output on an emulated screen.

    with Terminal([sys.executable, "-m", "smtp_repl", "--local"]) as terminal:
        terminal.wait_for("C: ")
        terminal.type("EHLO x")
        terminal.key("enter")
        terminal.wait_for("250 ")

Nothing is timed: `wait_for` reads until something holds. Only `wait_for…` and `close` read, so the
screen stands still in between. Questions of the program to the terminal (where is the cursor?) are answered.
"""

import os
import select
import signal
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte
from ptyprocess import PtyProcess

PATIENCE = 10.0
"""Seconds to wait for what must come."""

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "backtab": "\x1b[Z",
    "escape": "\x1b",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "alt-enter": "\x1b\r",
    "c-space": "\x00",
    "c-]": "\x1d",
    "c-\\": "\x1c",
    **{f"c-{letter}": chr(number) for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 1)},
}

PASTE = ("\x1b[200~", "\x1b[201~")
"""Around what a terminal pastes, when the program has asked for that (bracketed paste)."""


class _Screen(pyte.HistoryScreen):
    """pyte's screen, which speaks to the program; what pyte does not know it ignores."""

    answer: Callable[[str], None]

    def write_process_input(self, data: str) -> None:
        self.answer(data)

    def report_device_status(self, mode: int, **kwargs: bool) -> None:
        # pyte fails on private forms of this question (CSI ? 6 n).
        if not kwargs.get("private"):
            super().report_device_status(mode)


class Terminal:
    """A program and the screen on which it shows."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, cols: int = 100, rows: int = 40, cwd: str = ""
    ) -> None:
        """Start a program; `env` is added to this process's environment."""
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(cols), "LINES": str(rows)}
        for name in ("NO_COLOR", "COLORTERM", "CI", "PROMPT_TOOLKIT_NO_CPR"):
            environment.pop(name, None)
        environment.update(env or {})
        with warnings.catch_warnings():
            # Python ≥ 3.12 warns about forking next to threads; the child does nothing but exec.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = PtyProcess.spawn(list(argv), cwd or None, environment, echo=True, dimensions=(rows, cols))
        self._screen = _Screen(cols, rows, history=100_000)
        self._screen.answer = self._write
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""
        """Every octet that the program wrote."""
        self.ended = False
        """The program has closed the terminal (it ended)."""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.fd >= 0:
            self._process.kill(signal.SIGKILL)
            self._finish()

    def end(self) -> None:
        """End the program, whatever it is at; nothing that it showed is a traceback or a warning."""
        self.__exit__(None, None, None)
        for trouble in ("Traceback (most", "Warning: ", "Unhandled exception"):
            assert trouble not in self.text(), self.text()

    def type(self, text: str) -> None:
        """Press the keys of a text; a line end is Enter."""
        self._write(text.replace("\n", "\r"))

    def enter(self, line: str, awaited: str = "", prompt: str = "C: ") -> None:
        """Type a line, wait for what it brings, once more than it stood there, and for the prompt behind it.

        Without `awaited` there is nothing to come, without `prompt` no prompt.
        """
        before = self.text().count(awaited)
        self.type(line + "\n")
        self.wait_for(lambda terminal: not awaited or terminal.text().count(awaited) > before)
        if prompt:
            self.wait_for_prompt(prompt)

    def key(self, *names: str) -> None:
        """Press keys by name: enter, tab, c-c … (see `KEYS`)."""
        for name in names:
            self._write(KEYS[name])

    def paste(self, text: str) -> None:
        """Paste, as a terminal does: line ends become CR, and brackets go around it."""
        self._write(PASTE[0] + text.replace("\n", "\r") + PASTE[1])

    def resize(self, cols: int, rows: int) -> None:
        self._process.setwinsize(rows, cols)
        self._screen.resize(rows, cols)

    def wait_for(self, wanted: str | Callable[["Terminal"], bool], timeout: float = PATIENCE) -> None:
        """Read until some text stands on the screen or above it, or until a predicate holds."""
        if isinstance(wanted, str):
            self._read_until(lambda: wanted in self._padded(), timeout, f"{wanted!r} on the screen")
        else:
            self._read_until(lambda: wanted(self), timeout, f"that {getattr(wanted, '__name__', wanted)} holds")

    def wait_for_prompt(self, prompt: str = "C: ", timeout: float = PATIENCE) -> None:
        """Read until the cursor stands behind a prompt and nothing is typed."""
        self._read_until(
            lambda: self.line() == prompt.rstrip() and self.cursor()[0] == len(prompt),
            timeout,
            f"an empty prompt {prompt!r}",
        )

    def screen(self) -> list[str]:
        """The lines on the screen now, without trailing blanks; empty lines at the bottom are left out."""
        return _trimmed(list(self._screen.display))

    def history(self) -> list[str]:
        """All lines: those that have scrolled off the top, then the screen."""
        return _trimmed(self._padded().split("\n"))

    def text(self) -> str:
        """`history` as one text, a newline between lines."""
        return "\n".join(self.history())

    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor on the screen, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    def line(self) -> str:
        """The line in which the cursor stands."""
        return self._screen.display[self._screen.cursor.y].rstrip()

    def style_at(self, text: str) -> str:
        """Foreground colour of the first place on the screen where some text stands (pyte's name or hex digits)."""
        for row, line in enumerate(self._screen.display):
            column = line.find(text)
            if column >= 0:
                return self._screen.buffer[row][column].fg
        raise AssertionError(f"{text!r} is not on the screen:\n" + self.text())

    def close(self, timeout: float = PATIENCE) -> int:
        """Wait until the program has ended; returns its exit status (negative: the signal that ended it)."""
        self._read_until(lambda: self.ended, timeout, "that the program ends")
        return self._finish()

    def _padded(self) -> str:
        """All lines, as wide as the screen: the blank behind a prompt can be told from nothing only here."""
        width = self._screen.columns
        above = ["".join(line[x].data for x in range(width)) for line in self._screen.history.top]
        return "\n".join([*above, *self._screen.display])

    def _finish(self) -> int:
        self._process.wait()
        if self._process.fd >= 0:
            self._process.fileobj.close()
            self._process.fd = -1
            self._process.closed = True
        if self._process.signalstatus is not None:
            return -int(self._process.signalstatus)
        return int(self._process.exitstatus)

    def _read_until(self, holds: Callable[[], bool], timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        while not holds():
            left = deadline - time.monotonic()
            if self.ended or left <= 0 or not select.select([self._process.fd], [], [], left)[0]:
                why = "the program ended" if self.ended else f"{timeout:g} s went by"
                raise AssertionError(f"waited for {what}; {why}. The screen:\n" + self.text())
            self._read()

    def _read(self) -> None:
        try:
            data = os.read(self._process.fd, 65536)
        except OSError:  # EIO: Linux's way to say that nobody has the terminal open any more
            data = b""
        if not data:
            self.ended = True
        self.output += data
        self._stream.feed(data)

    def _write(self, text: str) -> None:
        self._process.write(text.encode())


def _trimmed(lines: list[str]) -> list[str]:
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines
