"""A certificate authority of our own, made when TLS is first asked for (making it takes a tenth of a second).

For the servers that we play: whoever connects is to trust the authority, of which `ca_pem` is the certificate.
"""

import threading

from smtp_repl.wire.hints import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_OWNER = "smtp-repl practice server"


class Certificates:
    """One authority and one server certificate for the life of a server. Safe to use from several threads."""

    def __init__(self, *names: str, owner: str = _OWNER) -> None:
        self._names = names
        self._owner = owner
        self._lock = threading.Lock()
        self._made: tuple[bytes, ssl.SSLContext] | None = None

    def ca_pem(self) -> bytes:
        """The authority's certificate in PEM, for the client to trust."""
        return self._make()[0]

    def server_context(self) -> "ssl.SSLContext":
        """The context to answer a handshake with; one for all sessions."""
        return self._make()[1]

    def _make(self) -> "tuple[bytes, ssl.SSLContext]":
        with self._lock:
            if self._made is None:
                import ssl

                import trustme

                authority = trustme.CA(organization_name=self._owner)
                names = dict.fromkeys((*self._names, "localhost", "127.0.0.1", "::1"))
                certificate = authority.issue_cert(
                    *names,
                    organization_name=self._owner,
                    organization_unit_name="made for this run",
                    common_name=self._names[0],
                )
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                certificate.configure_cert(context)
                self._made = (authority.cert_pem.bytes(), context)
            return self._made
