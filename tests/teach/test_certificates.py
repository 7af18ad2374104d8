"""Errors of TLS: each is recognised by the words of the libraries and programs that show it."""

import re

import pytest

from smtp_repl.knowledge.rows import rows_of
from smtp_repl.teach.certificates import explain_tls_error

SEEN = {
    "self-signed": [
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
        "verify error:num=18:self signed certificate",
        "the certificate of mail.example.com is not trusted (self-signed certificate)",
    ],
    "self-signed-chain": ["Verify return code: 19 (self-signed certificate in certificate chain)"],
    "no-issuer": [
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate",
        "verify error:num=21:unable to verify the first certificate",
        "x509: certificate signed by unknown authority",
    ],
    "expired": [
        "certificate verify failed: certificate has expired",
        "verify error:num=10:certificate has expired",
        "the certificate of mail.example.com, or one above it, has expired",
        "CERT_HAS_EXPIRED",
    ],
    "not-yet-valid": [
        "verify error:num=9:certificate is not yet valid",
        "the certificate of mail.example.com, or one above it, is not valid yet",
    ],
    "hostname": [
        "certificate verify failed: Hostname mismatch, certificate is not valid for 'mail.example.com'. (_ssl.c:1006)",
        "certificate verify failed: IP address mismatch, certificate is not valid for '192.0.2.1'.",
        "the certificate is for mail.example.org, not for mail.example.com",
        "curl: (60) SSL: no alternative certificate subject name matches target host name 'mail.example.com'",
    ],
    "revoked": ["verify error:num=23:certificate revoked"],
    "purpose": ["verify error:num=26:unsuitable certificate purpose"],
    "invalid-ca": ["verify error:num=24:invalid CA certificate"],
    "weak": ["[SSL: EE_KEY_TOO_SMALL] ee key too small", "verify error:num=68:CA md too weak", "dh key too small"],
    "crl": ["verify error:num=3:unable to get certificate CRL"],
    "pin": ["the certificate of mail.example.com is not the pinned one (ab12)"],
    "client-unknown-ca": ["error:0A000418:SSL routines::tlsv1 alert unknown ca:SSL alert number 48"],
    "client-bad-certificate": ["SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:SSL alert number 42"],
    "client-certificate-required": ["tlsv13 alert certificate required"],
    "plaintext": [
        "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
        "error:0A00010B:SSL routines::wrong version number",
        'the server answered in plaintext: "220 mail.example.com ESMTP"',
        "what the server answered is no TLS",
        "tls: first record does not look like a TLS handshake",
    ],
    "no-certificate": ["no peer certificate available"],
    "injected": ['octets came between the 220 to STARTTLS and the handshake: "250 ok"'],
    "old-version": ["tlsv1 alert protocol version", "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1006)"],
    "no-cipher": ["sslv3 alert handshake failure", "SSL routines::no shared cipher"],
    "unrecognized-name": ["tlsv1 unrecognized name"],
    "dane": ["TLSA lookup error for mail.example.com:25"],
    "mta-sts": ["MTA-STS policy validation failed"],
    "cut-off": ["SSL: UNEXPECTED_EOF_WHILE_READING", "mail.example.com closed the connection during the TLS handshake"],
    "broken-record": ["decryption failed or bad record mac"],
    "not-trusted": ["Server certificate not trusted", "certificate verification failed for mail.example.com"],
}


def test_every_row_is_recognised() -> None:
    assert SEEN.keys() == rows_of("certificates").keys()


@pytest.mark.parametrize(("key", "message"), [(key, message) for key, messages in SEEN.items() for message in messages])
def test_recognised(key: str, message: str) -> None:
    """The particular reason is found, not the general one that stands before it in the message."""
    found = explain_tls_error(message)
    row = rows_of("certificates")[key]
    assert found is not None
    assert (found.subject, found.plain, found.kind) == (row["title"], row["means"], "certificate")


@pytest.mark.parametrize("row", rows_of("certificates").values(), ids=rows_of("certificates"))
def test_rows(row: dict[str, str]) -> None:
    """Sentences, a source, and a pattern that is a list of words without anything that could be slow."""
    assert row.keys() == {"title", "text", "means", "advice", "retry", "ref", "verified"}
    assert row["means"].endswith(".")
    assert row["advice"].endswith(".")
    assert row["retry"] in ("change", "later")
    assert re.fullmatch(r"RFC [0-9]+ §[0-9.]+", row["ref"])
    assert all(alternative.count("*") <= 1 for alternative in row["text"].split("|"))


@pytest.mark.parametrize("words", ["", "250 ok", "RCPT TO:<dane@example.com>" * 300, "no such user", "AUTH PLAIN"])
def test_what_is_none(words: str) -> None:
    """Nothing is guessed."""
    found = explain_tls_error(words)
    assert found is None or "dane" in words
