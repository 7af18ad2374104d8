"""A certificate authority of our own, made when TLS is first asked for (making it takes a tenth of a second).

For the servers that we play: whoever connects is to trust the authority, of which `ca_pem` is the certificate. What a
client must refuse can be had as well: certificates for another name, out of date, or signed by nobody.
"""

import threading
from datetime import UTC, datetime, timedelta

from smtp_repl.wire.hints import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from trustme import CA

_OWNER = "smtp-repl practice server"
ANOTHER_NAME = "another-host.example.net"
"""Whose certificate the kind "wrong-name" is."""


class Certificates:
    """One authority, and certificates of it for the life of a server. Safe to use from several threads."""

    def __init__(self, *names: str, owner: str = _OWNER, own: "ssl.SSLContext | None" = None) -> None:
        self._own = own
        """A context that somebody brought along, for the kind "own"; nothing is made for it."""
        self._names = names
        self._owner = owner
        self._lock = threading.Lock()
        self._made: CA | None = None
        self._contexts: dict[tuple[str, str], ssl.SSLContext] = {}

    def ca_pem(self) -> bytes:
        """The authority's certificate in PEM, for the client to trust; b"" where a certificate was brought along."""
        if self._own is not None:
            return b""
        with self._lock:
            return self._authority().cert_pem.bytes()

    def server_context(self, kind: str = "own", name: str = "") -> "ssl.SSLContext":
        """The context to answer handshakes with; one for all sessions of a kind.

        `kind` is own, wrong-name, self-signed or expired; `name` is what the server is called beside its other names.
        """
        if self._own is not None and kind == "own":
            return self._own
        with self._lock:
            context = self._contexts.get((kind, name))
            if context is None:
                context = self._contexts[kind, name] = self._context(kind, name)
            return context

    def _authority(self) -> "CA":
        if self._made is None:
            import trustme

            self._made = trustme.CA(organization_name=self._owner)
        return self._made

    def _context(self, kind: str, name: str) -> "ssl.SSLContext":
        import ssl

        import trustme

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if kind == "self-signed":
            # An authority's certificate is signed by itself; this one is of an authority that nobody knows.
            nobody = trustme.CA(organization_name=self._owner, organization_unit_name="signed by itself")
            with nobody.private_key_pem.tempfile() as key, nobody.cert_pem.tempfile() as certificate:
                context.load_cert_chain(certificate, key)
            return context
        names = [*filter(None, (name,)), *self._names, "localhost", "127.0.0.1", "::1"]
        if kind == "wrong-name":
            names = [ANOTHER_NAME]
        yesterday = datetime.now(UTC) - timedelta(days=1)
        self._authority().issue_cert(
            *dict.fromkeys(names),
            organization_name=self._owner,
            organization_unit_name="made for this run",
            common_name=names[0],
            not_before=yesterday - timedelta(days=90) if kind == "expired" else None,
            not_after=yesterday if kind == "expired" else None,
        ).configure_cert(context)
        return context
