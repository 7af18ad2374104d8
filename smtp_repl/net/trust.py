"""Whom to trust, as a value: what options, shell and drivers hand on until a handshake needs it (see `tls`)."""

from smtp_repl.wire.records import Record


class TlsOptions(Record):
    """Whom to trust. The strictest that is given counts: a pin, then no verification, then a CA."""

    verify: bool = True
    ca_file: str = ""
    """PEM; in place of the system's authorities."""
    ca_pem: bytes = b""
    """The practice server's authority."""
    pin_sha256: tuple[str, ...] = ()
    """Fingerprints of which the server's certificate must have one; as `parse_pin` reads them."""
    server_name: str = ""
    """The name to send and to check, where it is not the host's."""

    @property
    def trust(self) -> str:
        """The word for `TlsFacts.trust`."""
        if self.pin_sha256:
            return "pin"
        if not self.verify:
            return "insecure"
        return "practice" if self.ca_pem else "ca" if self.ca_file else "system"
