"""What both ends of a TLS connection have in common: octets in, octets out, no socket.

The two ends are `tls.TlsPipe` and `server_tls.ServerPipe`. `ssl` is imported when the first pipe is made.
"""

from smtp_repl.script.actions import TlsFacts
from smtp_repl.wire.errors import TlsError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.octets import printable

if TYPE_CHECKING:
    import ssl

BLOCK = 16384
"""Octets that are decrypted at once: what a record holds at most."""


class Pipe:
    """One end of a TLS connection; whoever makes one sets `_object`."""

    __slots__ = ("_incoming", "_object", "_outgoing", "_started", "closed", "fault", "handshake_done")

    _object: "ssl.SSLObject"

    def __init__(self) -> None:
        import ssl

        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._started = b""
        self.handshake_done = False
        self.closed = False
        """The peer said that it sends no more (close_notify)."""
        self.fault: TlsError | None = None
        """What broke the connection after the handshake."""

    def start(self) -> bytes:
        """What we say first, to be sent now: the client's hello, the server's nothing."""
        self._shake()
        return self._outgoing.read()

    def feed(self, ciphertext: bytes) -> tuple[bytes, bytes]:
        """Take what came; returns plaintext, and ciphertext to be sent.

        Raises `TlsError` when the handshake fails: then send `farewell()` and close. After the handshake it raises
        nothing: `fault` has the error, and the plaintext that came before it is not lost.
        """
        self._incoming.write(ciphertext)
        if not self.handshake_done:
            if len(self._started) < 3:
                self._started += ciphertext[:512]
                self._look_for_plaintext()
            self._shake()
        plaintext = self._read() if self.handshake_done else b""
        return plaintext, self._outgoing.read()

    def encrypt(self, plaintext: bytes | memoryview) -> bytes:
        """The octets as ciphertext to be sent. Raises `TlsError` when the connection can carry no more."""
        import ssl

        view = memoryview(plaintext)
        try:
            while view:
                view = view[self._object.write(view) :]
        except ssl.SSLError as error:
            raise self._failure(error) from None
        return self._outgoing.read()

    def close(self) -> bytes:
        """We send no more: the close_notify to be sent."""
        import ssl

        if not self.handshake_done:
            return b""
        self.keep_session()
        try:  # noqa: SIM105 # at every session's end, and a manager of contexts takes its time
            self._object.unwrap()
        except ssl.SSLError:
            pass  # the peer has not closed its half yet, or TLS is broken anyway
        return self._outgoing.read()

    def farewell(self) -> bytes:
        """After a failed handshake: the alert that tells the peer why."""
        return self._outgoing.read()

    def keep_session(self) -> None:
        """Remember the session, where sessions are kept."""

    def facts(self) -> TlsFacts:
        """What is known of the connection, once `handshake_done`."""
        raise NotImplementedError

    def cut(self) -> TlsError:
        """What to say when the peer closed the connection during the handshake."""
        raise NotImplementedError

    def stalled(self, seconds: float) -> TlsError:
        """What to say when the handshake took longer than it may."""
        raise NotImplementedError

    @property
    def _version(self) -> str:
        return (self._object.version() or "").replace("TLSv", "TLS ")

    @property
    def _cipher(self) -> str:
        cipher = self._object.cipher()
        return cipher[0] if cipher else ""

    def _shake(self) -> None:
        import ssl

        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            raise self._handshake_failure(error) from None
        self._shaken()
        self.handshake_done = True

    def _shaken(self) -> None:
        """The handshake is through; raises `TlsError` where that is not enough."""

    def _read(self) -> bytes:
        import ssl

        pieces: list[bytes] = []
        try:
            while piece := self._object.read(BLOCK):
                pieces.append(piece)
                if not self._incoming.pending and not self._object.pending():
                    break  # else the next reading would say so with an exception, which takes its time
            else:
                self.closed = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.fault = self._failure(error)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _look_for_plaintext(self) -> None:
        """OpenSSL says "wrong version number" to `220 hello`; here one sees what came instead of TLS."""
        began = self._started
        # A record begins with its type (20 to 23) and 3, the major version that never changed (RFC 8446 §5.1).
        if began and not (20 <= began[0] <= 23 and began[1:2] in (b"", b"\x03")):
            raise self._plaintext(printable(began[:200]))

    def _plaintext(self, shown: str) -> TlsError:
        """The error for octets that are no TLS."""
        raise NotImplementedError

    def _handshake_failure(self, error: "ssl.SSLError") -> TlsError:
        return self._failure(error)

    def _failure(self, error: "ssl.SSLError") -> TlsError:
        raise NotImplementedError


def reason_of(error: "ssl.SSLError") -> str:
    """What OpenSSL says, in words."""
    return printable((error.reason or "").replace("_", " ").lower() or str(error))
