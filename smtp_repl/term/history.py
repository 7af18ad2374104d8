"""The history file: what was typed, one line each with its server and phase, for the user's eyes alone.

It is created 0600, tightened when somebody loosened it, and a symbolic link in its place is refused. What may be in
it is decided by `is_memorable`: nothing from an AUTH command to its final reply, nothing that a helper for AUTH was
given, no message text. A history that cannot be read or written is no reason to stop: `fault` says why.
"""

import os
import re
import stat
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from prompt_toolkit.history import History

from smtp_repl.term.remembered import Entry, nearest_first, read_entry, write_entry
from smtp_repl.term.settings import HISTORY_LINES
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.sasl import MECHANISMS

_NOT_KEPT = frozenset({"auth", "pass", "b64"})
_AUTH = re.compile(r"\W*(?:AUTH|X-EXPS)\b", re.IGNORECASE)


def history_path() -> str:
    """Where the history of this user is kept."""
    if sys.platform == "linux":  # as platformdirs has it, which takes 5 ms to load, with pathlib
        folder = os.environ.get("XDG_STATE_HOME", "").strip()
        return os.path.join(os.path.expanduser(folder or "~/.local/state"), "smtp-repl", "history")
    from platformdirs import user_state_path

    return str(user_state_path("smtp-repl", appauthor=False) / "history")


def is_memorable(line: str) -> bool:
    """Whether a line typed outside any AUTH exchange may be kept."""
    from smtp_repl.term.commands import COMMANDS
    from smtp_repl.term.typed import is_command

    if not line.strip() or "\n" in line:
        return False
    words = line.upper().split()
    if is_command(line):
        name = line[1:].partition(" ")[0].lower()
        row = COMMANDS.get(name)
        # A name that is none may be a slip of one whose argument is secret: /b46 hunter2.
        return row is not None and not row.secret and name not in _NOT_KEPT and "AUTH" not in line.upper()
    # A slip in the verb, AUHT PLAIN …, still names its mechanism.
    return not _AUTH.match(line) and not any(name in words for name in MECHANISMS)


class TypedHistory(History):
    """The lines typed in this session and in earlier ones.

    `find` says where they are kept, None for in memory only; it is asked by `open`. `keeps` says
    whether anything is to be kept now. `limit` lines are read back; a file that has twice as many is cut down to these.
    """

    def __init__(
        self,
        find: Callable[[], str | os.PathLike[str] | None],
        *,
        keeps: Callable[[], bool] = lambda: True,
        limit: int = HISTORY_LINES,
    ) -> None:
        super().__init__()
        self._find = find
        self._keeps = keeps
        self._limit = limit
        self._path: str | None = None
        self._entries: list[Entry] | None = None
        """Oldest first; None before the file was read."""
        self.host = ""
        """Whose lines come first."""
        self.fault = ""
        """Why nothing is kept; empty when all is well."""

    def open(self) -> None:
        """Look for the file, and make it if there is none."""
        if not self._keeps():
            return
        found = self._find()
        if found is not None:
            self._path = os.fspath(found)
            self._open(self._path)
        if self._path is not None and not self._entries:
            self._entries = None

    @property
    def entries(self) -> Sequence[Entry]:
        """All that is known, newest first."""
        return self._known()[::-1]

    def remember(self, line: str, host: str = "", phase: str = "") -> None:
        """Keep a line, unless it is the last one again."""
        entry = Entry(line, host, phase)
        known = self._known()
        if is_memorable(line) and (not known or known[-1] != entry):
            known.append(entry)
            self._store(entry)

    async def load(self) -> AsyncGenerator[str, None]:
        """The lines in the order in which Up comes to them."""
        for line in nearest_first(self.entries, self.host):
            yield line

    def get_strings(self) -> list[str]:
        """Oldest first."""
        return [entry.line for entry in self._known()]

    def append_string(self, string: str) -> None:
        self.remember(string)

    def load_history_strings(self) -> Iterable[str]:
        """Newest first."""
        return [entry.line for entry in self.entries]

    def store_string(self, string: str) -> None:
        self._store(Entry(string))

    def _known(self) -> list[Entry]:
        if self._entries is None:
            self._entries = [read_entry(line) for line in self._lines()]
        return self._entries

    def _store(self, entry: Entry) -> None:
        if not self._keeps():
            return
        if self._path is None and not self.fault:
            self.open()  # somebody has changed their mind
        if self._path is None:
            return
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | _NO_LINK)
            try:
                os.write(file, f"{write_entry(entry)}\n".encode("utf-8", "surrogateescape"))
            finally:
                os.close(file)
        except OSError as error:
            self._give_up(self._path, error)

    def _open(self, path: str) -> None:
        try:
            os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
            try:
                mode = os.fstat(file).st_mode
                if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
                    os.fchmod(file, 0o600)
            finally:
                os.close(file)
            self._shorten(path)
        except OSError as error:
            self._give_up(path, error)

    def _lines(self) -> list[str]:
        if self._path is None:
            return []
        try:
            file = os.open(self._path, os.O_RDONLY | _NO_LINK)
            with os.fdopen(file, "rb") as stream:
                lines = stream.read().decode("utf-8", "surrogateescape").split("\n")
        except OSError as error:
            self._give_up(self._path, error)
            return []
        return [line for line in lines if line][-self._limit :]

    def _shorten(self, path: str) -> None:
        """Cut a long file down; a second shell that writes at this moment may lose a line, no more."""
        if os.stat(path).st_size < self._limit * 16:
            return
        with open(path, "rb") as stream:
            count = sum(1 for _ in stream)
        if count > 2 * self._limit:
            kept = "".join(f"{line}\n" for line in self._lines()).encode("utf-8", "surrogateescape")
            beside = f"{path}.{os.getpid()}"
            file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as stream:
                stream.write(kept)
            os.replace(beside, path)

    def _give_up(self, path: str, error: OSError) -> None:
        self._path = None
        what = phrase("it is a symbolic link") if os.path.islink(path) else error.strerror or str(error)
        self.fault = phrase("no history is kept: {path}: {why}", path=printable(path), why=what)


_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
