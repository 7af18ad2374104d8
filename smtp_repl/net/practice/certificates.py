"""A certificate authority of our own, made when TLS is first asked for (making it takes a tenth of a second)."""

import ssl
import threading

_OWNER = "smtp-repl practice server"


class Certificates:
    """One authority and one server certificate for the life of a server. Safe to use from several threads."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._lock = threading.Lock()
        self._made: tuple[bytes, ssl.SSLContext] | None = None

    def ca_pem(self) -> bytes:
        """The authority's certificate in PEM, for the client to trust."""
        return self._make()[0]

    def server_context(self) -> ssl.SSLContext:
        """The context to answer a handshake with; one for all sessions."""
        return self._make()[1]

    def _make(self) -> tuple[bytes, ssl.SSLContext]:
        with self._lock:
            if self._made is None:
                import trustme

                authority = trustme.CA(organization_name=_OWNER)
                names = dict.fromkeys((*self._names, "localhost", "127.0.0.1", "::1"))
                certificate = authority.issue_cert(
                    *names,
                    organization_name=_OWNER,
                    organization_unit_name="made for this run",
                    common_name=self._names[0],
                )
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                certificate.configure_cert(context)
                self._made = (authority.cert_pem.bytes(), context)
            return self._made
