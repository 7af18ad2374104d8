"""What all sessions of one practice server share."""

from collections.abc import Callable
from typing import Protocol

from smtp_repl.net.authority import Certificates
from smtp_repl.net.practice.inbox import Inbox
from smtp_repl.net.practice.logins import Gate
from smtp_repl.net.practice.options import PracticeOptions


class Visitor(Protocol):
    """A session as its server sees it."""

    def dismiss(self) -> None:
        """Say 421 and hang up."""

    def abort(self) -> None:
        """Hang up without a word."""

    async def gone(self) -> None:
        """Returns when the connection is closed and nothing of the session runs any more."""


class Practice:
    """Options, inbox, certificates, and who is here. Used from the server's own loop only, but for the inbox."""

    def __init__(self, options: PracticeOptions, log: Callable[[str], None] | None) -> None:
        self.options = options
        self.inbox = Inbox()
        self.certificates = Certificates(options.hostname)
        self.gate = Gate(options.accounts, options.hostname)
        self.visitors: set[Visitor] = set()
        self.admitted: set[Visitor] = set()
        self.put_off: set[bytes] = set()
        """Recipients that were told to try later; see `recipients`."""
        self._log = log
        self._sessions = 0

    def number_session(self) -> int:
        self._sessions += 1
        return self._sessions

    def admit(self, visitor: Visitor) -> bool:
        """Whether there is room for one more session; if so, it is counted until `leave`."""
        if len(self.admitted) >= self.options.max_sessions:
            return False
        self.admitted.add(visitor)
        return True

    def leave(self, visitor: Visitor) -> None:
        self.visitors.discard(visitor)
        self.admitted.discard(visitor)

    def note(self, text: str) -> None:
        """Tell whoever watches; `text` is one printable line without secrets."""
        if self._log is not None:
            self._log(text)
