"""The server's end of a TLS connection, for those that we accept (RFC 3207, RFC 8314).

The client's certificate is neither asked for nor looked at. TLS 1.2 or later.
"""

import ssl

from smtp_repl.net.pipe import Pipe, reason_of
from smtp_repl.script.actions import TlsFacts
from smtp_repl.wire.errors import TlsError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable


class ServerPipe(Pipe):
    """Answers the handshake of a client; `peer` is what the client is called in errors. Raises `TlsError`."""

    __slots__ = ("_after_starttls", "_peer")

    def __init__(self, context: ssl.SSLContext, peer: str, *, after_starttls: bool = False) -> None:
        super().__init__()
        self._peer = printable(peer)
        self._after_starttls = after_starttls
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def facts(self) -> TlsFacts:
        return TlsFacts(self._version, self._cipher, verified=False, trust="server")

    def cut(self) -> TlsError:
        hint = phrase("does the client trust the certificate? --ca-file FILE writes the authority for it to trust")
        return TlsError(
            phrase("the client {peer} closed the connection during the TLS handshake", peer=self._peer),
            hint,
            kind="handshake",
        )

    def stalled(self, seconds: float) -> TlsError:
        hint = (
            ""
            if self._started
            else phrase("a client that begins in the clear waits for a greeting: --tls is not for it")
        )
        return TlsError(
            phrase(
                "the client {peer} did not finish the TLS handshake within {seconds:g} s",
                peer=self._peer,
                seconds=seconds,
            ),
            hint,
            kind="handshake",
        )

    def _plaintext(self, shown: str) -> TlsError:
        shown = shown.partition(" ")[0]  # what follows a client's verb may be a password
        if self._after_starttls:
            return TlsError(
                phrase('after the 220 to STARTTLS the client said, instead of TLS: "{shown}"', shown=shown),
                "a client has to say nothing before the handshake; or somebody injected it (RFC 3207 §5)",
                kind="data-before-handshake",
            )
        return TlsError(
            phrase('the client began in plaintext: "{shown}"', shown=shown),
            "--tls is for clients that begin with TLS",
            kind="plaintext",
        )

    def _failure(self, error: ssl.SSLError) -> TlsError:
        reason, text = error.reason or "", reason_of(error)
        if self.handshake_done:
            return TlsError(phrase("the TLS connection broke: {why}", why=text), kind="tls")
        hint = ""
        if "UNKNOWN_CA" in reason or "CERTIFICATE" in reason:
            hint = phrase(
                "the client does not trust the certificate: --ca-file FILE writes the authority for it to trust"
            )
        elif "PROTOCOL" in reason or "VERSION" in reason:
            hint = phrase("the client seems to speak only versions before TLS 1.2")
        return TlsError(
            phrase("the TLS handshake with the client {peer} failed: {why}", peer=self._peer, why=text),
            hint,
            kind="handshake",
        )


def load_context(cert: str, key: str) -> ssl.SSLContext:
    """A server's context with a certificate (chain) and key in PEM files. Raises `UsageError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A key with a passphrase would make OpenSSL ask at the terminal.
        context.load_cert_chain(cert, key, password=lambda: b"")
    except ssl.SSLError as error:
        raise UsageError(
            phrase(
                "{cert} and {key} are no certificate and its key: {why}",
                cert=printable(cert),
                key=printable(key),
                why=reason_of(error),
            ),
            "--cert FILE --key FILE, both PEM, the key without a passphrase",
        ) from None
    except OSError as error:
        name = printable(str(error.filename or f"{cert} or {key}"))
        raise UsageError(f"{name}: {printable(error.strerror or '')}", "--cert FILE --key FILE, in PEM form") from None
    return context
