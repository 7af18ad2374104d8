"""A server's certificate: its facts in words, and what to say when it was not accepted.

Everything is read with the standard library, also from a certificate that failed verification. Texts in a
`Certificate` are as the certificate has them; only messages are made safe to print. Knows nothing of sockets.
"""

import contextlib
import re
from collections.abc import Iterable

from smtp_repl.wire.errors import TlsError, UsageError
from smtp_repl.wire.hints import TYPE_CHECKING, Protocol, cast
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

if TYPE_CHECKING:
    import ssl


class Certificate(Record):
    """What a certificate says of itself. Dates are ISO 8601 in UTC; `sha256` is 64 hexadecimal digits."""

    subject: str = ""
    issuer: str = ""
    not_before: str = ""
    not_after: str = ""
    names: tuple[str, ...] = ()
    sha256: str = ""

    def __str__(self) -> str:
        """All of it on one line that is safe to print."""
        names = ", ".join(self.names) or "none"
        parts = [f"SHA-256 {self.sha256}"]
        if self.not_after:  # what is there is there as a whole
            parts[:0] = [
                f"subject {self.subject or '(empty)'}",
                f"issuer {self.issuer or '(empty)'}",
                f"names {names}",
                f"valid {self.not_before} to {self.not_after}",
            ]
        return printable("; ".join(parts))


class CertificateRejected(TlsError):
    """The server's certificate was not accepted; `certificate` is it, where it could be had."""

    def __init__(self, message: str, hint: str, *, kind: str, certificate: Certificate | None) -> None:
        super().__init__(message, hint, kind=kind)
        self.certificate = certificate


_Names = tuple[tuple[tuple[str, str], ...], ...]


class _Parsed(Protocol):
    """A certificate inside the `ssl` module, which has no public name."""

    def public_bytes(self, form: int, /) -> bytes: ...
    def get_info(self) -> dict[str, object]: ...


_DER = 2  # ssl.ENCODING_DER, private too

_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "domainComponent": "DC",
    "emailAddress": "email",
}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DATE = re.compile(r"([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4}) GMT")


_known: dict[bytes, Certificate] = {}
"""Certificates that were read before: a server shows the same one each time."""


def presented(tls: "ssl.SSLObject") -> Certificate | None:
    """The certificate that the peer presented, accepted or not; None when there was none.

    After a failed verification `getpeercert` has nothing, but OpenSSL 3 keeps the chain, and Python has a method
    for it: in the open since 3.13, before that on the inner object. Without it this says None.
    """
    inner = getattr(tls, "_sslobj", tls)
    get_chain = getattr(inner, "get_unverified_chain", None)
    chain = cast("list[_Parsed | bytes] | None", get_chain() if get_chain is not None else None)
    if not chain:
        return None
    own = chain[0]
    der = own if isinstance(own, bytes) else own.public_bytes(_DER)
    known = _known.get(der)
    if known is not None:
        return known
    certificate = Certificate(sha256=fingerprint(der))
    if not isinstance(own, bytes):
        # It may have been made to break readers.
        with contextlib.suppress(ValueError, TypeError, AttributeError, UnicodeError):
            certificate = _read(der, own.get_info())
    if len(_known) < 100:
        _known[der] = certificate
    return certificate


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate in DER, in hexadecimal."""
    import hashlib

    return hashlib.sha256(der).hexdigest()


def _read(der: bytes, info: dict[str, object]) -> Certificate:
    names = cast("tuple[tuple[str, str], ...]", info.get("subjectAltName", ()))
    return Certificate(
        _name(cast("_Names", info.get("subject", ()))),
        _name(cast("_Names", info.get("issuer", ()))),
        _date(str(info.get("notBefore", ""))),
        _date(str(info.get("notAfter", ""))),
        tuple(name for kind, name in names if kind in ("DNS", "IP Address")),
        fingerprint(der),
    )


def _name(parts: _Names) -> str:
    pairs = [pair for part in parts for pair in part]
    return ", ".join(f"{_SHORT.get(key, key)}={value}" for key, value in pairs)


def _date(text: str) -> str:
    """OpenSSL's `Jun  1 12:00:00 2030 GMT` as 2030-06-01T12:00:00Z, whatever the locale."""
    found = _DATE.fullmatch(text)
    if found is None or found[1] not in _MONTHS:
        return text
    return f"{found[4]}-{_MONTHS.index(found[1]) + 1:02}-{int(found[2]):02}T{found[3]}Z"


def parse_pin(text: str) -> str:
    """A fingerprint as people copy it (`AB:CD:…`, `sha256:abcd…`) as 64 digits. Raises `UsageError`."""
    digits = text.strip().lower().removeprefix("sha256 fingerprint=").removeprefix("sha256:").replace(":", "")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise UsageError(
            phrase('"{text}" is not the SHA-256 of a certificate', text=printable(text)),
            "64 hexadecimal digits, colons allowed: openssl x509 -noout -fingerprint -sha256 -in FILE",
            kind="bad-pin",
        )
    return digits


# X509_V_ERR_…: verification codes of OpenSSL
_NOT_YET_VALID = 9
_EXPIRED = frozenset({10, 11, 12})
_OTHER_NAME = frozenset({62, 63, 64})


def rejected(error: "ssl.SSLCertVerificationError", certificate: Certificate | None, name: str) -> CertificateRejected:
    """What to say of a certificate that OpenSSL did not accept for `name`."""
    code = error.verify_code
    wanted = printable(name)
    if code in _OTHER_NAME:
        kind = "cert-hostname"
        names = certificate.names if certificate else ()
        what = phrase("the certificate is for other names, not for {wanted}", wanted=wanted)
        if names:
            known = printable(", ".join(names))
            what = phrase("the certificate is for {names}, not for {wanted}", names=known, wanted=wanted)
    elif code == _NOT_YET_VALID:
        kind = "cert-expired"
        what = phrase("the certificate of {wanted}, or one above it, is not valid yet", wanted=wanted)
    elif code in _EXPIRED:
        kind = "cert-expired"
        what = phrase("the certificate of {wanted}, or one above it, has expired", wanted=wanted)
    else:
        kind = "cert-untrusted"
        what = phrase(
            "the certificate of {wanted} is not trusted ({why})",
            wanted=wanted,
            why=printable(error.verify_message),
        )
    return _rejection(kind, what, certificate)


def pin_mismatch(certificate: Certificate | None, pins: Iterable[str], name: str) -> CertificateRejected:
    """What to say of a certificate that is not the pinned one."""
    what = phrase(
        "the certificate of {name} is not the pinned one ({pins})", name=printable(name), pins=", ".join(pins)
    )
    return _rejection("cert-pin", what, certificate)


def _rejection(kind: str, what: str, certificate: Certificate | None) -> CertificateRejected:
    pin = certificate.sha256 if certificate else "SHA256"
    ways = {
        "ca": phrase("--ca FILE trusts who issued it"),
        "pin": phrase("--pin {pin} trusts this certificate and no other", pin=pin),
        "name": phrase("--tls-name NAME checks for another name"),
        "k": phrase("-k checks nothing"),
        "shell": phrase("in the shell: /tls trust"),
    }
    order = {
        "cert-hostname": "name pin k shell",
        "cert-expired": "pin k shell",
        "cert-untrusted": "ca pin k shell",
        "cert-pin": "pin shell",
    }[kind]
    hint: str = ""
    for way in order.split():
        hint = phrase("{ways}; {way}", ways=hint, way=ways[way]) if hint else ways[way]
    hint = phrase("if you know it to be right: {ways}", ways=hint)
    message = phrase("{what}: {certificate}", what=what, certificate=str(certificate)) if certificate else what
    return CertificateRejected(message, hint, kind=kind, certificate=certificate)
