"""TLS as a pipe: octets in, octets out, no socket (RFC 3207, RFC 8314, RFC 8446). Both drivers use it.

Verification is on unless told otherwise: chain, name, TLS 1.2 or later. A pinned fingerprint replaces chain and
name. `ssl` is imported when the first pipe is made, because plain `run` must not pay for it.
"""

from collections.abc import MutableMapping

from smtp_repl.net.certificates import Certificate, fingerprint, parse_pin, pin_mismatch, presented, rejected
from smtp_repl.net.pipe import Pipe, reason_of
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import TlsFacts
from smtp_repl.wire.errors import TlsError, UsageError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

if TYPE_CHECKING:
    import ssl


class Kept:
    """A session to be resumed, still inside the connection that it is of, and the certificate that came with it.

    Taking it out costs as much as half a handshake: that is done when somebody resumes it, once.
    """

    __slots__ = ("_object", "_session", "certificate")

    def __init__(self, tls: "ssl.SSLObject", certificate: Certificate) -> None:
        self._object: ssl.SSLObject | None = tls
        self._session: ssl.SSLSession | None = None
        self.certificate = certificate

    def session(self) -> "ssl.SSLSession | None":
        """The session; None when the server gave none."""
        if self._object is not None:
            self._session, self._object = self._object.session, None
        return self._session


Sessions = MutableMapping[tuple[TlsOptions, str], Kept]
"""Sessions to resume, by whom we trust and whom we talk to: resuming skips the certificate and its verification.

For many sessions with one server. Who wants to see what the server presents *now* uses none.
"""

_contexts: dict[TlsOptions, "ssl.SSLContext"] = {}


def context_for(options: TlsOptions) -> "ssl.SSLContext":
    """The one context for these options: making one costs 20 ms. Raises `UsageError` for a bad CA file or pin."""
    if options in _contexts:
        return _contexts[options]
    import ssl

    given = options
    options = options._replace(server_name="", pin_sha256=tuple(map(parse_pin, options.pin_sha256)))
    if options in _contexts:
        _contexts[given] = _contexts[options]
        return _contexts[options]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.trust in ("pin", "insecure"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif options.ca_file or options.ca_pem:
        _load(context, options)
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    _contexts[options] = context
    return context


def _load(context: "ssl.SSLContext", options: TlsOptions) -> None:
    import ssl

    try:
        context.load_verify_locations(options.ca_file or None, None, options.ca_pem.decode("ascii") or None)
    except ssl.SSLError:
        where = printable(options.ca_file) or phrase("the authority given")
        raise UsageError(
            phrase("{where} holds no certificate in PEM form", where=where), "-----BEGIN CERTIFICATE-----"
        ) from None
    except OSError as error:
        raise UsageError(f"{printable(options.ca_file)}: {error.strerror}", "--ca FILE, in PEM form") from None


class TlsPipe(Pipe):
    """The client's end of a TLS connection.

    `host` is what the person asked for; its name is checked and sent (SNI) unless the options have another one.
    `after_starttls` decides what octets that are no TLS are called. Raises `TlsError` and `UsageError`.
    """

    __slots__ = ("_after_starttls", "_certificate", "_key", "_name", "_options", "_resumed", "_sessions")

    def __init__(
        self,
        options: TlsOptions,
        host: str,
        *,
        after_starttls: bool = False,
        sessions: Sessions | None = None,
    ) -> None:
        super().__init__()
        self._options = options
        self._name = options.server_name or host.partition("%")[0].rstrip(".")
        self._after_starttls = after_starttls
        self._sessions = sessions
        self._key = (options, self._name)
        self._certificate: Certificate | None = None
        context = context_for(options)
        kept = sessions.get(self._key) if sessions is not None else None
        session = kept.session() if kept is not None else None
        self._resumed = kept.certificate if kept is not None else None
        # OpenSSL would check the chain and no name at all.
        if not self._name and context.check_hostname:
            raise self._no_name(phrase("there is no host name to check the certificate for"))
        try:
            self._object = context.wrap_bio(
                self._incoming, self._outgoing, server_hostname=self._name or None, session=session
            )
        except ValueError:  # UnicodeError is one
            raise self._no_name(
                phrase('"{name}" is no name to check a certificate for', name=printable(self._name))
            ) from None

    @staticmethod
    def _no_name(what: str) -> TlsError:
        return TlsError(what, "--tls-name NAME, --pin SHA256 or -k", kind="cert-hostname")

    def keep_session(self) -> None:
        """Remember the session, if sessions are kept: with TLS 1.3 its ticket comes after the handshake."""
        # One that could be resumed can be once more.
        if self._sessions is None or self._object.session_reused or self._certificate is None or self.fault is not None:
            return
        self._sessions[self._key] = Kept(self._object, self._certificate)

    def facts(self) -> TlsFacts:
        """What is known of the connection, once `handshake_done`."""
        certificate = self._certificate or Certificate()
        trust = self._options.trust
        return TlsFacts(self._version, self._cipher, trust != "insecure", *certificate, trust)

    def cut(self) -> TlsError:
        """What to say when the peer closed the connection during the handshake."""
        hint = phrase("does this server speak TLS here?") if not self._started else ""
        return TlsError(
            phrase("{name} closed the connection during the TLS handshake", name=printable(self._name)),
            hint,
            kind="handshake",
        )

    def stalled(self, seconds: float) -> TlsError:
        """What to say when the handshake took longer than it may."""
        hint = (
            ""
            if self._started
            else phrase("does this server begin with TLS here? 465 does; 25 and 587 begin in the clear")
        )
        return TlsError(
            phrase(
                "{name} did not finish the TLS handshake within {seconds:g} s",
                name=printable(self._name),
                seconds=seconds,
            ),
            hint,
            kind="handshake",
        )

    def _shaken(self) -> None:
        self._certificate = presented(self._object) or self._bare_certificate()
        self._check_pin()

    def _bare_certificate(self) -> Certificate | None:
        der = self._object.getpeercert(binary_form=True)
        if der is None:
            return None
        sha256 = fingerprint(der)
        # In a resumed session no chain is presented; this is the certificate that was, the first time.
        return self._resumed if self._resumed and self._resumed.sha256 == sha256 else Certificate(sha256=sha256)

    def _check_pin(self) -> None:
        pins = [parse_pin(pin) for pin in self._options.pin_sha256]
        if not pins:
            return
        import hmac

        own = self._certificate.sha256 if self._certificate else ""
        if not any(hmac.compare_digest(own, pin) for pin in pins):
            self._outgoing.read()  # our Finished: the peer must not believe that we agreed
            raise pin_mismatch(self._certificate, pins, self._name)

    def _plaintext(self, shown: str) -> TlsError:
        if self._after_starttls:
            return TlsError(
                phrase('after the 220 to STARTTLS came octets that are no TLS: "{shown}"', shown=shown),
                "the server is broken or somebody injected them; do not trust this connection",
                kind="data-before-handshake",
            )
        return TlsError(
            phrase('the server answered in plaintext: "{shown}"', shown=shown),
            "this port does not begin with TLS: connect without it, then STARTTLS",
            kind="plaintext",
        )

    def _handshake_failure(self, error: "ssl.SSLError") -> TlsError:
        import ssl

        if isinstance(error, ssl.SSLCertVerificationError):
            return rejected(error, presented(self._object), self._name)
        return self._failure(error)

    def _failure(self, error: "ssl.SSLError") -> TlsError:
        reason, text = error.reason or "", reason_of(error)
        if reason == "WRONG_VERSION_NUMBER":
            return TlsError("what the server answered is no TLS", "connect without TLS, then STARTTLS", kind="not-tls")
        if self.handshake_done:
            return TlsError(phrase("the TLS connection broke: {why}", why=text), kind="tls")
        hint = ""
        if "PROTOCOL" in reason or "VERSION" in reason:
            hint = phrase("the server seems to speak only versions before TLS 1.2, which are not safe")
        elif "ALERT" in reason:
            hint = phrase("the server ended the handshake; its log says why")
        return TlsError(
            phrase("the TLS handshake with {name} failed: {why}", name=printable(self._name), why=text),
            hint,
            kind="handshake",
        )


def injected(octets: bytes) -> TlsError:
    """What to say when octets came between the 220 to STARTTLS and our handshake (RFC 3207 §5, CVE-2011-0411)."""
    return TlsError(
        phrase('octets came between the 220 to STARTTLS and the handshake: "{octets}"', octets=printable(octets[:200])),
        "somebody injected them, or the server is broken; do not trust this connection",
        kind="data-before-handshake",
    )
