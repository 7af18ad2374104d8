"""Secrets, wrapped where they are born, so that no sink can show one by accident.

A `Secret` prints as a mask wherever it turns up: screen, log, JSON, traceback. Getting at the octets takes
the word `reveal`, which one can search for. A `SecretBook` is the second net: it knows the octets that were
secret in this session and finds them again in what a server echoes.
"""

import binascii
from collections.abc import Iterator

MASK = "••••"
"""What is shown in place of a secret."""

_SHORTEST_SEARCHED = 4
"""Octets; a shorter secret would blot out ordinary text wherever its letters occur."""


class Secret:
    """Octets that must not be shown. Equality compares the octets; everything printable is a mask."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def reveal(self) -> bytes:
        """The octets themselves; for the wire only."""
        return self._octets

    def __repr__(self) -> str:
        return "Secret(" + MASK + ")"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._octets)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._octets == self._octets

    def __hash__(self) -> int:
        return hash(self._octets)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere, pickles included")


class SecretBook:
    """The secrets of one session, in every form in which a server could echo them."""

    __slots__ = ("_forms",)

    def __init__(self) -> None:
        self._forms: set[bytes] = set()

    def add(self, secret: Secret) -> None:
        """Remember a secret: its octets and their base64 and hexadecimal forms."""
        octets = secret.reveal()
        if len(octets) >= _SHORTEST_SEARCHED:
            self._forms.update(_forms(octets))

    def add_step(self, text: bytes) -> None:
        """Remember an AUTH step as it went over the wire, and, where it is base64, the parts within."""
        self.add(Secret(text))
        try:
            decoded = binascii.a2b_base64(text)
        except binascii.Error:
            return
        # [authzid] NUL user NUL password: whatever was forgotten of it, the password is the last.
        for part in {decoded, decoded.rpartition(b"\0")[2]}:
            self.add(Secret(part))

    def mask(self, octets: bytes) -> bytes:
        """The octets with every known secret in them replaced by a mask (UTF-8)."""
        for form in sorted(self._forms, key=len, reverse=True):
            if form in octets:
                octets = octets.replace(form, MASK.encode())
        return octets

    def occurs_in(self, octets: bytes) -> bool:
        """Whether a known secret occurs in the octets."""
        return any(form in octets for form in self._forms)


def _forms(octets: bytes) -> Iterator[bytes]:
    yield octets
    yield binascii.b2a_base64(octets, newline=False)
    yield binascii.b2a_base64(octets, newline=False).rstrip(b"=")
    yield octets.hex().encode()
    yield octets.hex().upper().encode()
