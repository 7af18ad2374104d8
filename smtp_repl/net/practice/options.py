"""What can be chosen about a practice server, and the one choice that is refused."""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from smtp_repl.net.practice.inbox import COUNT_LIMIT, SIZE_LIMIT
from smtp_repl.net.practice.profiles import DEFAULT
from smtp_repl.net.practice.switches import Profile
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.paths import check_domain

PRACTICE_ACCOUNTS: Mapping[str, str] = MappingProxyType({"tutor": "not-a-secret"})
"""The account that every practice server has; its password stands in the manual."""


@dataclass(frozen=True, slots=True)
class PracticeOptions:
    """Where it listens, who may log in, and how much it takes; how it behaves is a matter of its `profile`.

    Times are in seconds; port 0 takes a free one. `max_per_address` bounds the sessions from one address;
    `idle_limit` None lets a person think as long as they like. `inbox_count` and `inbox_size` (octets) bound what is
    kept of messages.
    """

    host: str = "127.0.0.1"
    port: int = 0
    profile: Profile = DEFAULT
    accounts: Mapping[str, str] = field(default_factory=lambda: PRACTICE_ACCOUNTS, repr=False)
    max_sessions: int = 50
    max_per_address: int | None = None
    idle_limit: float | None = 300.0
    bad_command_limit: int = 50
    inbox_count: int = COUNT_LIMIT
    inbox_size: int = SIZE_LIMIT
    public: bool = False
    transcripts: Path | None = None
    """Where a transcript of each session is kept."""
    transcript_limit: int = 8 * 1024 * 1024
    """Octets of one transcript."""
    transcripts_limit: int = 1024 * 1024 * 1024
    """Octets of all of them."""
    cert: str = ""
    """The file of a certificate (PEM) to show; without, one is made."""
    key: str = ""
    """The file of its key, where it is another."""


def is_loopback(host: str) -> bool:
    """Whether an address (or the name localhost) is reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_public(options: PracticeOptions) -> None:
    """Raises `UsageError` for a server that others could reach, unless that was asked for in so many words; and for one
    with a hole in any case."""
    if not options.public and not is_loopback(options.host):
        raise UsageError(
            phrase("the practice server would be open to others on {host}", host=options.host)
            if options.host
            else "the practice server would be open to others on every address",
            "--listen-public allows that; 127.0.0.1 and ::1 need no permission",
            kind="not-loopback",
        )
    profile = options.profile
    if not is_loopback(options.host) and (profile.bare_lf == "ends" or profile.after_starttls == "obeyed"):
        raise UsageError(
            "a server that can be smuggled through, or injected into, is for this machine only",
            "--listen 127.0.0.1:0",
            kind="not-loopback",
        )


def local_names(options: PracticeOptions) -> list[str]:
    """What clients beyond this machine would call the server, as far as it knows: for its certificate."""
    if not options.public:
        return []
    names = [socket.gethostname(), options.host]
    return [name for name in names if name.isascii() and not check_domain(name.encode()) and name != "0.0.0.0"]  # noqa: S104 # a name for everybody
