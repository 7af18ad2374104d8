"""TLS as a pipe, in memory against OpenSSL's own server side: who is trusted, and what is said of who is not."""

import contextlib
import datetime
import hashlib
import ssl
from pathlib import Path

import pytest
import trustme

from smtp_repl.net.certificates import Certificate, CertificateRejected, parse_pin
from smtp_repl.net.tls import Sessions, TlsOptions, TlsPipe, context_for, injected
from smtp_repl.wire.errors import ExitStatus, TlsError, UsageError
from smtp_repl.wire.octets import printable

NAME = "mail.example.com"
PAST = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)


class Peer:
    """The server's end of the pipe."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.shaken = False
        self.said = b""

    def feed(self, ciphertext: bytes) -> bytes:
        self._incoming.write(ciphertext)
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while octets := self.tls.read(65536):
                self.said += octets
        except ssl.SSLWantReadError:
            pass
        return self._outgoing.read()

    def say(self, octets: bytes) -> bytes:
        self.tls.write(octets)
        return self._outgoing.read()

    def close(self) -> bytes:
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self._outgoing.read()


def shake(pipe: TlsPipe, peer: Peer, cut: int = 1 << 20) -> bytes:
    """The whole handshake, what the server says in pieces of `cut` octets; returns what it said inside."""
    plaintext, to_peer = b"", pipe.start()
    while to_peer:
        from_peer, to_peer = peer.feed(to_peer), b""
        for start in range(0, len(from_peer), cut):
            piece, answer = pipe.feed(from_peer[start : start + cut])
            plaintext += piece
            to_peer += answer
    return plaintext


def server(certificate: trustme.LeafCert, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def good(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(NAME, "192.0.2.1", "::1", common_name="the \x1b[2J good one")


@pytest.fixture
def trusting(authority: trustme.CA) -> TlsOptions:
    return TlsOptions(ca_pem=authority.cert_pem.bytes())


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def version(request: pytest.FixtureRequest) -> ssl.TLSVersion:
    return ssl.TLSVersion(request.param)


def sha256(certificate: trustme.LeafCert) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())).hexdigest()


@pytest.mark.parametrize("cut", [1, 7, 1 << 20])
def test_carries_octets_both_ways(
    good: trustme.LeafCert, trusting: TlsOptions, version: ssl.TLSVersion, cut: int
) -> None:
    """However the ciphertext is cut, what one says the other hears, and the end is told."""
    pipe, peer = TlsPipe(trusting, NAME), Peer(server(good, version))
    assert shake(pipe, peer, cut) == b""
    assert pipe.handshake_done
    peer.feed(pipe.encrypt(b"EHLO x\r\n" * 10_000))
    assert peer.said == b"EHLO x\r\n" * 10_000
    said = peer.say(b"250 ok\r\n" * 5000)
    heard = b"".join(pipe.feed(said[start : start + 1000])[0] for start in range(0, len(said), 1000))
    assert heard == b"250 ok\r\n" * 5000
    assert not pipe.closed
    assert pipe.feed(peer.close())[0] == b""
    assert pipe.closed
    assert pipe.fault is None


def test_what_comes_with_the_end_of_the_handshake_is_not_lost(
    good: trustme.LeafCert, trusting: TlsOptions, version: ssl.TLSVersion
) -> None:
    """A greeting in the same segment as the server's last handshake octets is plaintext of the same feed."""
    pipe, peer = TlsPipe(trusting, NAME), Peer(server(good, version))
    last = peer.feed(pipe.feed(peer.feed(pipe.start()))[1])
    assert pipe.feed(last + peer.say(b"220 hello\r\n"))[0] == b"220 hello\r\n"


def test_closing_tells_the_peer(good: trustme.LeafCert, trusting: TlsOptions) -> None:
    """We say that we send no more, and can still hear."""
    pipe, peer = TlsPipe(trusting, NAME), Peer(server(good))
    shake(pipe, peer)
    peer.feed(pipe.close())
    assert peer.tls.read() == b""
    assert pipe.feed(peer.say(b"221 bye\r\n"))[0] == b"221 bye\r\n"


def test_facts(good: trustme.LeafCert, authority: trustme.CA, version: ssl.TLSVersion) -> None:
    """What is shown of a connection: version, cipher, certificate, and why it is trusted."""
    pipe = TlsPipe(TlsOptions(ca_pem=authority.cert_pem.bytes()), NAME)
    shake(pipe, Peer(server(good, version)))
    facts = pipe.facts()
    assert facts.version == ("TLS 1.2" if version is ssl.TLSVersion.TLSv1_2 else "TLS 1.3")
    assert facts.cipher.isprintable()
    assert facts.verified
    assert facts.trust == "practice"
    assert facts.names == (NAME, "192.0.2.1", "0:0:0:0:0:0:0:1")
    assert "CN=the \x1b[2J good one" in facts.subject  # as the certificate has it; who shows it must mind
    assert facts.issuer.startswith("O=trustme")
    assert facts.not_before == "2000-01-01T00:00:00Z"
    assert facts.not_after == "3000-01-01T00:00:00Z"
    assert facts.sha256 == sha256(good)


@pytest.mark.parametrize("host", [NAME, NAME + ".", NAME.upper(), "192.0.2.1", "::1"])
def test_trusts_the_names_of_the_certificate(good: trustme.LeafCert, trusting: TlsOptions, host: str) -> None:
    """Host names in any case, with a final dot, and addresses."""
    pipe = TlsPipe(trusting, host)
    shake(pipe, Peer(server(good)))
    assert pipe.handshake_done


def test_another_name_can_be_asked_for(good: trustme.LeafCert, trusting: TlsOptions) -> None:
    """`--tls-name` is what is checked, and what is sent."""
    pipe = TlsPipe(trusting._replace(server_name=NAME), "192.0.2.77")
    context = server(good)
    asked: list[str | None] = []

    def note(_tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        asked.append(name)

    context.sni_callback = note
    shake(pipe, Peer(context))
    assert pipe.handshake_done
    assert asked == [NAME]


@pytest.mark.parametrize(
    ("case", "kind", "says", "way"),
    [
        ("system", "cert-untrusted", "not trusted (unable to get local issuer certificate)", "--ca FILE"),
        ("other ca", "cert-untrusted", "not trusted", "--ca FILE"),
        ("expired", "cert-expired", "has expired", "--pin"),
        ("early", "cert-expired", "not valid yet", "--pin"),
        ("other name", "cert-hostname", "is for mail.example.net, not for mail.example.com", "--tls-name NAME"),
        ("other address", "cert-hostname", "not for 192.0.2.9", "--tls-name NAME"),
        ("pin", "cert-pin", "is not the pinned one", "--pin"),
    ],
)
def test_refuses(authority: trustme.CA, version: ssl.TLSVersion, case: str, kind: str, says: str, way: str) -> None:
    """What is not trusted is refused with the facts and the ways out."""
    host = "192.0.2.9" if case == "other address" else NAME
    certificate = authority.issue_cert(
        "mail.example.net" if case == "other name" else NAME,
        not_before=PAST if case != "early" else datetime.datetime(2900, 1, 2, tzinfo=datetime.UTC),
        not_after=PAST + datetime.timedelta(1) if case == "expired" else None,
    )
    options = {
        "system": TlsOptions(),
        "other ca": TlsOptions(ca_pem=trustme.CA().cert_pem.bytes()),
        "pin": TlsOptions(pin_sha256=("ab" * 32,)),
    }.get(case, TlsOptions(ca_pem=authority.cert_pem.bytes()))
    pipe, peer = TlsPipe(options, host), Peer(server(certificate, version))
    with pytest.raises(CertificateRejected) as raised:
        shake(pipe, peer)
    error = raised.value
    assert error.kind == kind
    assert error.exit_status is ExitStatus.TLS
    assert says in error.message
    assert way in error.hint
    assert "/tls trust" in error.hint
    assert printable(error.message) == error.message
    assert error.certificate is not None
    assert error.certificate.sha256 == sha256(certificate)
    assert f"SHA-256 {sha256(certificate)}" in error.message
    assert "issuer O=trustme" in error.message
    assert not pipe.handshake_done
    assert peer.said == b""


def test_the_alert_says_why(good: trustme.LeafCert, version: ssl.TLSVersion) -> None:
    """The server's log can tell what the client did not like."""
    pipe, peer = TlsPipe(TlsOptions(), NAME), Peer(server(good, version))
    with pytest.raises(CertificateRejected):
        shake(pipe, peer)
    with pytest.raises(ssl.SSLError, match="unknown ca"):
        peer.feed(pipe.farewell())


def test_a_wrong_pin_does_not_finish_the_handshake(good: trustme.LeafCert) -> None:
    """With TLS 1.3 the server never hears our Finished: it cannot think that we agreed. (1.2 has us go first.)"""
    pipe, peer = TlsPipe(TlsOptions(pin_sha256=("00" * 32,)), NAME), Peer(server(good, ssl.TLSVersion.TLSv1_3))
    with pytest.raises(CertificateRejected):
        shake(pipe, peer)
    assert pipe.farewell() == b""
    assert not peer.shaken


def test_a_pin_replaces_chain_and_name(authority: trustme.CA) -> None:
    """One of the pins is enough, written as people copy it; expiry and name do not matter then."""
    expired = authority.issue_cert("mail.example.net", not_before=PAST, not_after=PAST + datetime.timedelta(1))
    own = sha256(expired).upper()
    colons = ":".join(own[i : i + 2] for i in range(0, 64, 2))
    pipe = TlsPipe(TlsOptions(pin_sha256=("00" * 32, colons)), NAME)
    shake(pipe, Peer(server(expired)))
    assert pipe.handshake_done
    assert (pipe.facts().verified, pipe.facts().trust) == (True, "pin")


def test_unverified_when_told_so(authority: trustme.CA) -> None:
    """`-k` takes anything and says that it did."""
    pipe = TlsPipe(TlsOptions(verify=False), NAME)
    shake(pipe, Peer(server(authority.issue_cert("mail.example.net"))))
    assert (pipe.facts().verified, pipe.facts().trust) == (False, "insecure")
    assert pipe.facts().names == ("mail.example.net",)


def test_a_pin_is_stricter_than_no_verification() -> None:
    """Both together: the pin counts."""
    assert TlsOptions(verify=False, pin_sha256=("ab" * 32,)).trust == "pin"


def test_a_ca_file_replaces_the_systems(authority: trustme.CA, good: trustme.LeafCert, tmp_path: Path) -> None:
    """`--ca FILE`."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    pipe = TlsPipe(TlsOptions(ca_file=str(file)), NAME)
    shake(pipe, Peer(server(good)))
    assert pipe.facts().trust == "ca"


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_bad_ca_file_is_a_wrong_word(tmp_path: Path, content: str | None) -> None:
    """Missing, empty, something else: exit status 2 and no traceback."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError):
        TlsPipe(TlsOptions(ca_file=str(file)), NAME)


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, "ab" * 33, "\u0430b" * 32])
def test_a_bad_pin_is_a_wrong_word(text: str) -> None:
    """A pin that could never match must not be taken for one."""
    with pytest.raises(UsageError):
        parse_pin(text)
    with pytest.raises(UsageError):
        TlsPipe(TlsOptions(pin_sha256=(text,)), NAME)


@pytest.mark.parametrize("host", ["", "." + NAME, "a" * 64 + ".example.com", "a..example.com"])
def test_a_name_that_none_can_have(host: str) -> None:
    """A Unix socket has no name to check; Python's idna codec must not end in a traceback."""
    with pytest.raises(TlsError) as raised:
        TlsPipe(TlsOptions(ca_pem=trustme.CA().cert_pem.bytes()), host)
    assert raised.value.kind == "cert-hostname"
    assert "--tls-name" in raised.value.hint


def test_one_context_for_the_same_options(trusting: TlsOptions) -> None:
    """Making one loads the system's authorities each time; the name to check is no matter of the context."""
    assert context_for(trusting) is context_for(trusting._replace(server_name="mail.example.org"))
    assert context_for(trusting) is not context_for(TlsOptions(verify=False))
    assert context_for(trusting).minimum_version is ssl.TLSVersion.TLSv1_2


def test_sessions_are_resumed_for_the_same_name_only(
    good: trustme.LeafCert, trusting: TlsOptions, version: ssl.TLSVersion
) -> None:
    """Resuming skips the verification, so what was verified for one name does not serve another."""
    sessions: Sessions = {}
    context = server(good, version)
    for resumed, host in ((False, NAME), (True, NAME), (False, "192.0.2.1")):
        pipe, peer = TlsPipe(trusting, host, sessions=sessions), Peer(context)
        shake(pipe, peer)
        assert peer.tls.session_reused is resumed
        assert pipe.facts().sha256 == sha256(good)
        peer.feed(pipe.close())
    assert len(sessions) == 2


@pytest.mark.parametrize(
    ("octets", "after_starttls", "kind", "says"),
    [
        (b"220 mail.example.com \x1b[2J\r\n", False, "plaintext", '"220 mail.example.com \\x1b[2J\\r\\n"'),
        (b"250 injected\r\n", True, "data-before-handshake", '"250 injected\\r\\n"'),
        (b"\0", True, "data-before-handshake", "\\0"),
        (b"\x16\x03\x09\xff\xff" + b"x" * 50, False, "handshake", "failed"),
        (b"\x16HTTP/1.1", False, "plaintext", "HTTP"),
    ],
    ids=["plaintext", "injected", "one octet", "garbage", "nearly a record"],
)
def test_what_is_no_tls(octets: bytes, after_starttls: bool, kind: str, says: str) -> None:
    """A server that answers in plaintext is told from one whose TLS fails, and what it said is shown."""
    for pieces in ([octets], [octets[i : i + 1] for i in range(len(octets))]):
        pipe = TlsPipe(TlsOptions(verify=False), NAME, after_starttls=after_starttls)
        pipe.start()
        with pytest.raises(TlsError) as raised:
            list(map(pipe.feed, pieces))
        assert raised.value.kind in (kind, "not-tls")
        assert printable(raised.value.message) == raised.value.message
        if len(pieces) == 1:
            assert says in raised.value.message


def test_an_old_server() -> None:
    """A failed handshake names the reason, and what it means where that is known."""
    pipe = TlsPipe(TlsOptions(verify=False), NAME)
    pipe.start()
    alert = b"\x15\x03\x03\x00\x02\x02\x46"  # fatal, protocol_version (RFC 8446 §6)
    with pytest.raises(TlsError, match="protocol version") as raised:
        pipe.feed(alert)
    assert raised.value.kind == "handshake"
    assert "TLS 1.2" in raised.value.hint


def test_a_fault_after_the_handshake_loses_nothing(good: trustme.LeafCert, trusting: TlsOptions) -> None:
    """Octets that were tampered with end the connection, and what came before them is still heard."""
    pipe, peer = TlsPipe(trusting, NAME), Peer(server(good, ssl.TLSVersion.TLSv1_3))
    shake(pipe, peer)
    whole, broken = peer.say(b"250 ok\r\n"), bytearray(peer.say(b"250 evil\r\n"))
    broken[-1] ^= 1
    assert pipe.feed(whole + bytes(broken))[0] == b"250 ok\r\n"
    assert pipe.fault is not None
    assert pipe.fault.kind == "tls"


def test_injected_octets_are_shown() -> None:
    """RFC 3207: what came before the handshake is part of the message, made safe."""
    error = injected(b"250 \x1b[2Jevil\r\n")
    assert error.kind == "data-before-handshake"
    assert r"250 \x1b[2Jevil\r\n" in error.message


def test_a_certificate_prints_what_is_known() -> None:
    """With nothing but the fingerprint there is no empty talk."""
    assert str(Certificate(sha256="ab" * 32)) == "SHA-256 " + "ab" * 32
    whole = str(Certificate("", "CN=\x1b", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", (), "ab"))
    assert whole == (
        r"subject (empty); issuer CN=\x1b; names none; "
        "valid 2020-01-01T00:00:00Z to 2030-01-01T00:00:00Z; SHA-256 ab"
    )
