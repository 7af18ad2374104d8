"""Whom the practice server takes mail for, and what it tells of its people (VRFY, EXPN).

Without a list of users: names that never leave a machine (RFC 2606 §3), and a few that refuse on purpose. Addresses
are compared without regard to case, and a domain in its own characters with its `xn--` form.
"""

import contextlib
from collections.abc import Iterable

from smtp_repl.net.practice.switches import Profile

MAGIC = {"nobody": "recipient-unknown", "full": "recipient-full", "later": "recipient-later"}
"""Local parts that answer as they are called; gone@ is taken, and bounces (see `reports`)."""


def fold(address: bytes | str) -> str:
    """An address in the form in which addresses are compared."""
    text = address if isinstance(address, str) else address.decode("utf-8", "surrogateescape")
    local, at, domain = text.lower().rpartition("@")
    if at and not domain.isascii():
        with contextlib.suppress(UnicodeError):  # no domain that could be written otherwise
            domain = domain.encode("idna").decode("ascii")
    return f"{local}{at}{domain}"


class Directory:
    """The people of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._users = {fold(user): user for user in profile.users}
        self._lists = {fold(name): (name, members) for name, members in profile.lists.items()}
        self._gone = frozenset(map(fold, profile.gone))
        self._domains = tuple(fold(f"@{domain}").removeprefix("@") for domain in profile.domains)

    def judge(self, address: bytes, authenticated: bool, put_off: set[bytes]) -> str:
        """The name of the answer (see `answers`) to a recipient.

        `put_off` is what the server remembers of later@: such an address is put off, then taken, then put off again,
        so that a script which expects both finds both however often it runs.
        """
        folded = fold(address)
        local, _, domain = folded.rpartition("@")
        if not local:
            return "recipient-ok"  # Postmaster, the one name without a domain (RFC 5321 §4.1.1.3)
        is_listed = folded in self._users or folded in self._lists or folded in self._gone
        if not (is_listed or self._is_ours(domain)):
            denied = self._why_not_relayed(authenticated)
            if denied or not self._profile.magic:
                return denied or "recipient-ok"
        if self._profile.magic and not is_listed and local in MAGIC:
            return self._magic(local, address.lower(), put_off)
        if self._users and self._is_ours(domain) and not (is_listed or local == "postmaster" or self.vanishes(address)):
            return "user-unknown"
        return "recipient-ok"

    def _is_ours(self, domain: str) -> bool:
        return domain in self._domains or domain.endswith(tuple(f".{known}" for known in self._domains))

    def _why_not_relayed(self, authenticated: bool) -> str:
        """The name of the answer to a recipient in a domain that is not ours, "" where it is taken."""
        if self._profile.relay == "anybody" or (authenticated and self._profile.relay == "after-auth"):
            return ""
        if self._profile.relay == "never":
            return "relay-never"
        return "relay-denied" if self._profile.domains else "relay-denied-to-all"

    def _magic(self, local: str, address: bytes, put_off: set[bytes]) -> str:
        if local == "later" and address in put_off:
            put_off.discard(address)
            return "recipient-ok"
        if local == "later":
            if len(put_off) >= _REMEMBERED:
                put_off.clear()
            put_off.add(address)
        return MAGIC[local]

    def vanishes(self, address: bytes) -> bool:
        """Whether mail for this recipient is taken and then comes back."""
        folded = fold(address)
        return folded in self._gone or (self._profile.magic and folded.startswith("gone@"))

    # ------------------------------------------------------------ VRFY and EXPN

    @property
    def tells(self) -> bool:
        """Whether there is a list of people to answer from."""
        return bool(self._users or self._lists)

    def verify(self, asked: str) -> list[str]:
        """Who is meant by an address or a name: none, one or several addresses."""
        word = fold(asked.strip().removeprefix("<").removesuffix(">"))
        known = [*self._users.values(), *(name for name, _ in self._lists.values())]
        if "@" in word:
            return [address for address in known if fold(address) == word]
        return [address for address in known if word and fold(address).rpartition("@")[0] == word]

    def expand(self, asked: str) -> list[str] | None:
        """The members of a list, given as an address or a name; None when there is no such list."""
        found = [address for address in self.verify(asked) if fold(address) in self._lists]
        return list(self._lists[fold(found[0])][1]) if found else None


def named(addresses: Iterable[str]) -> list[str]:
    """Addresses as the replies to VRFY and EXPN show them (RFC 5321 §3.5.1)."""
    return [f"<{address}>" for address in addresses]


_REMEMBERED = 10_000
