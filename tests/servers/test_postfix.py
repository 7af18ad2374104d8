"""The Postfix that other tests rely on does what they rely on; smtplib is the client."""

import base64
import hmac
import smtplib
import subprocess
from collections.abc import Iterator

import pytest

from tests.servers.certificates import Certificates
from tests.servers.postfix import ACCOUNTS, Postfix


@pytest.fixture
def client(postfix: Postfix) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(postfix.host, postfix.port, "client.example.net", timeout=20) as client:
        client.ehlo()
        yield client


def test_offers_what_the_scripts_use(client: smtplib.SMTP) -> None:
    """Every keyword that a ready script asks for is there."""
    assert set(client.esmtp_features) >= {
        *(
            "pipelining",
            "size",
            "starttls",
            "auth",
            "enhancedstatuscodes",
            "8bitmime",
            "smtputf8",
            "chunking",
        ),
    }
    assert set(client.esmtp_features["auth"].split()) == {"PLAIN", "LOGIN", "CRAM-MD5"}
    assert client.esmtp_features["size"] == "10240000"


@pytest.mark.parametrize("user", ACCOUNTS)
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_takes_each_mechanism_before_and_after_starttls(
    postfix: Postfix, certificates: Certificates, user: str, mechanism: str
) -> None:
    """Both accounts are known by all three mechanisms, in cleartext and over TLS that verifies."""
    for tls in (False, True):
        with smtplib.SMTP("localhost", postfix.port, "client.example.net", timeout=20) as client:
            if tls:
                client.starttls(context=certificates.client_context())
            client.ehlo()
            client.user, client.password = user, ACCOUNTS[user]
            method = getattr(client, "auth_" + mechanism.lower().replace("-", "_"))
            assert client.auth(mechanism, method)[0] == 235


def test_refuses_a_wrong_password(client: smtplib.SMTP) -> None:
    """A login means something."""
    challenge = client.docmd("AUTH", "CRAM-MD5")
    assert challenge[0] == 334
    digest = hmac.new(b"wrong", base64.b64decode(challenge[1]), "md5").hexdigest()
    assert client.docmd(base64.b64encode(f"alice {digest}".encode()).decode())[0] == 535


def test_tls_from_the_start(postfix: Postfix, certificates: Certificates) -> None:
    """`tls_port` greets inside TLS, with a certificate that `ca_pem` vouches for."""
    with smtplib.SMTP_SSL("localhost", postfix.tls_port, context=certificates.client_context(), timeout=20) as client:
        assert client.noop()[0] == 250


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("anyone@example.org", 250),
        ("nobody@example.com", 550),
        ("full@example.com", 552),
        ("later@example.com", 450),
        ("someone@elsewhere.invalid", 554),
    ],
)
def test_answers_as_the_practice_server_does(client: smtplib.SMTP, recipient: str, code: int) -> None:
    """A script about recipients holds against both servers."""
    assert client.mail("bob@example.org")[0] == 250
    assert client.rcpt(recipient)[0] == code


def test_delivers_to_alice(postfix: Postfix, client: smtplib.SMTP) -> None:
    """What is sent can be read back."""
    client.sendmail("bob@example.org", ["alice@example.com"], "Subject: smoke one\r\n\r\n.dot\r\n")
    message = postfix.wait_for_mail(b"smoke one")
    assert b"\n\n.dot\n" in message
    assert message in postfix.mail()


def test_swaks_delivers(postfix: Postfix, swaks: str) -> None:
    """A client that is neither Python nor ours gets through, TLS and AUTH included."""
    done = subprocess.run(
        [
            *(swaks, "--server", postfix.address, "--tls", "--auth", "CRAM-MD5", "--auth-user", "alice"),
            *("--auth-password", "wonderland", "--from", "bob@example.org", "--to", "alice@example.com"),
            *("--ehlo", "client.example.net", "--header", "Subject: smoke two"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    postfix.wait_for_mail(b"smoke two")
