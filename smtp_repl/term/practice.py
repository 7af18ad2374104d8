"""The practice server of a session by hand, as the shell and its commands see it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:  # with aiosmtpd
    from smtp_repl.net.practice import Inbox, PracticeServer, PracticeThread


class Account(Record):
    user: str
    password: str


class Practice(Record):
    """The practice server that was started for this session: where, what it kept, and who may log in."""

    target: Target
    inbox: "Inbox"
    account: Account
    ca_pem: Callable[[], bytes]
    """Makes the authority of its certificate, or gives it again."""
    server: "PracticeServer | PracticeThread | None" = None
    """To make it behave otherwise (`/faults`)."""

    @classmethod
    def of(cls, server: "PracticeServer | PracticeThread") -> "Practice":
        """A server that listens."""
        return cls(server.target, server.inbox, Account(*server.account), server.ca_pem, server)
