"""What can be chosen about a practice server, and the one choice that is refused."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from smtp_repl.wire.errors import UsageError

PRACTICE_ACCOUNTS: Mapping[str, str] = MappingProxyType({"tutor": "not-a-secret"})
"""The account that every practice server has; its password stands in the manual."""


@dataclass(frozen=True, slots=True)
class PracticeOptions:
    """Sizes in octets, times in seconds; port 0 takes a free one.

    `lenient` accepts the bad syntax that aiosmtpd accepts. `auth_before_tls` offers AUTH without TLS to clients
    on loopback, and only there. `idle_limit` None lets a person think as long as they like.
    """

    host: str = "127.0.0.1"
    port: int = 0
    lenient: bool = False
    accounts: Mapping[str, str] = field(default_factory=lambda: PRACTICE_ACCOUNTS, repr=False)
    hostname: str = "practice.example.com"
    max_size: int = 10_240_000
    max_sessions: int = 50
    idle_limit: float | None = 300.0
    auth_before_tls: bool = True
    bad_command_limit: int = 50
    public: bool = False


def is_loopback(host: str) -> bool:
    """Whether an address (or the name localhost) is reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_public(options: PracticeOptions) -> None:
    """Raises `UsageError` for a server that others could reach, unless that was asked for in so many words."""
    if not options.public and not is_loopback(options.host):
        raise UsageError(
            f"the practice server would be open to others on {options.host or 'every address'}",
            "--listen-public allows that; 127.0.0.1 and ::1 need no permission",
            kind="not-loopback",
        )
