"""Plaintext behind STARTTLS, as whoever plays the server sees it (RFC 3207 §5)."""

from smtp_repl.wire.errors import TlsError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

_SHOWN = 200
"""Octets that an error shows."""


def injected_error(injected: bytes) -> TlsError:
    """What to say of octets that a client said between STARTTLS and the handshake."""
    return TlsError(
        phrase(
            "no handshake: the client said {count} octets behind STARTTLS: {octets}",
            count=len(injected),
            octets=printable(injected[:_SHOWN]),
        ),
        "a client has to wait for the 220; or somebody injected them",
        kind="data-before-handshake",
    )
