"""What all sessions of one practice server share."""

from collections.abc import Callable
from typing import Protocol

from smtp_repl.net.authority import Certificates
from smtp_repl.net.practice.inbox import Inbox
from smtp_repl.net.practice.logins import Gate
from smtp_repl.net.practice.minutes import Minutes
from smtp_repl.net.practice.options import PracticeOptions, local_names
from smtp_repl.net.practice.switches import Profile


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
        self.profile = options.profile
        """How sessions behave that begin from now on."""
        self.inbox = Inbox(options.inbox_count, options.inbox_size)
        self.certificates = _certificates(options)
        self.minutes = _minutes(options)
        self.visitors: set[Visitor] = set()
        self.admitted: dict[Visitor, str] = {}
        """Who was let in, and from which address."""
        self.put_off: set[bytes] = set()
        """Recipients that were told to try later; see `recipients`."""
        self._seen: set[tuple[str, bytes, bytes]] = set()
        self._log = log
        self._sessions = 0

    def number_session(self) -> int:
        self._sessions += 1
        return self._sessions

    def gate(self, profile: Profile) -> Gate:
        """What a login is checked against."""
        return Gate({**self.options.accounts, **profile.accounts}, profile.hostname)

    def admit(self, visitor: Visitor, address: str) -> bool:
        """Whether there is room for one more session from there; if so, it is counted until `leave`."""
        if len(self.admitted) >= self.options.max_sessions:
            return False
        most = self.options.max_per_address
        if most is not None and list(self.admitted.values()).count(address) >= most:
            return False
        self.admitted[visitor] = address
        return True

    def leave(self, visitor: Visitor) -> None:
        self.visitors.discard(visitor)
        self.admitted.pop(visitor, None)

    def is_new(self, address: str, sender: bytes, recipient: bytes) -> bool:
        """Whether these three were never seen together before; from now on they were (greylisting)."""
        if (address, sender, recipient) in self._seen:
            return False
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen.add((address, sender, recipient))
        return True

    def note(self, text: str) -> None:
        """Tell whoever watches; `text` is one printable line without secrets."""
        if self._log is not None:
            self._log(text)


def _certificates(options: PracticeOptions) -> Certificates:
    """Raises `UsageError` for files that are no certificate and key."""
    own = None
    if options.cert:
        from smtp_repl.net.server_tls import load_context

        own = load_context(options.cert, options.key or options.cert)
    return Certificates(options.profile.hostname, *local_names(options), own=own)


def _minutes(options: PracticeOptions) -> Minutes | None:
    if options.transcripts is None:
        return None
    return Minutes(
        options.transcripts,
        options.accounts,
        session_limit=options.transcript_limit,
        limit=options.transcripts_limit,
    )


_REMEMBERED = 10_000
"""Triplets that greylisting keeps in mind; a flood of them must not fill the memory."""
