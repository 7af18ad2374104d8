"""A certificate authority for one test run, and a certificate for the names of this machine's loopback."""

import ssl
from pathlib import Path

import pytest
import trustme

NAMES = ("localhost", "127.0.0.1", "::1", "mail.example.com")


class Certificates:
    """`ca_pem` is what a client trusts; `chain_pem` (0644) and `key_pem` (0600) are what a server shows."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert(*NAMES)
        self.ca_pem = folder / "ca.pem"
        self.chain_pem = folder / "chain.pem"
        self.key_pem = folder / "key.pem"
        authority.cert_pem.write_to_path(str(self.ca_pem))
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(str(self.chain_pem), append=True)
        self.key_pem.touch(mode=0o600)
        certificate.private_key_pem.write_to_path(str(self.key_pem))

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain_pem, self.key_pem)
        return context

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_pem))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))
