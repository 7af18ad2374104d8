"""Everything that stops smtp-repl and that the user can act on, one exit status each.

    SmtpReplError
     ├─ ExpectationFailed   1   an expectation of a script did not hold
     ├─ Refused             1   the server said no (line mode, `send`)
     ├─ UsageError          2   wrong words on the command line or in the settings
     ├─ ScriptError         2   a script that does not parse or cannot be played
     ├─ SecretMissing       2   a password without a source
     ├─ ConnectError        3   no connection: name, refused, unreachable, timed out
     ├─ TlsError            4   handshake, certificate, plaintext injected before the handshake
     ├─ CleartextError      4   a secret would have gone out in cleartext
     ├─ ReplyTimeout        5   no reply in time
     ├─ PeerClosed          6   the peer closed or cut the connection where a reply was due
     ├─ WireLimit           6   a reply beyond the limits: the conversation cannot go on
     ├─ OutputError         7   a recording, a report or standard output could not be written
     └─ Interrupted       130   Ctrl-C (SIGINT); 143 when terminated

Anything else that is raised is a bug and shows its traceback. What the *peer* did is no error: it is a
`Finding` (see `events`). This module knows nothing of terminals and files: whoever catches, shows.
"""

from enum import IntEnum

from smtp_repl.wire.language import phrase


class ExitStatus(IntEnum):
    """The exit statuses that other people's CI relies on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONNECT = 3
    TLS = 4
    TIMEOUT = 5
    CLOSED = 6
    OUTPUT = 7
    SKIPPED = 77
    INTERRUPTED = 130
    TERMINATED = 143


class SmtpReplError(Exception):
    """The user can act on this; carries an exit status, a stable `kind` and a hint on what to do.

    It may have a place in a script: `file`, `line` and `column` (both 1-based, 0 when not known), `source` is the
    text of that line without its line end, `width` the number of characters to underline.
    """

    exit_status = ExitStatus.USAGE
    kind = "usage"
    file = ""
    line = 0
    column = 0
    width = 1
    source = ""

    def __init__(self, message: str, hint: str = "", *, kind: str = "") -> None:
        super().__init__(message)
        # Phrases, so that an error which quotes another one can be read in another language as well.
        self.message: str = phrase(message)
        self.hint: str = phrase(hint)
        if kind:
            self.kind = kind


class ExpectationFailed(SmtpReplError):
    exit_status = ExitStatus.FAILED
    kind = "expectation"


class Refused(SmtpReplError):
    exit_status = ExitStatus.FAILED
    kind = "refused"


class UsageError(SmtpReplError):
    pass


class ScriptError(SmtpReplError):
    """A script that does not parse or cannot be played; says where."""

    kind = "script"

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        kind: str = "",
        file: str = "",
        line: int = 0,
        column: int = 0,
        width: int = 1,
        source: str = "",
    ) -> None:
        super().__init__(message, hint, kind=kind)
        self.file = file
        self.line = line
        self.column = column
        self.width = width
        self.source = source


class SecretMissing(SmtpReplError):
    kind = "secret-missing"


class ConnectError(SmtpReplError):
    exit_status = ExitStatus.CONNECT
    kind = "connect"


class TlsError(SmtpReplError):
    exit_status = ExitStatus.TLS
    kind = "tls"


class CleartextError(SmtpReplError):
    exit_status = ExitStatus.TLS
    kind = "cleartext"


class ReplyTimeout(SmtpReplError):
    exit_status = ExitStatus.TIMEOUT
    kind = "timeout"


class PeerClosed(SmtpReplError):
    exit_status = ExitStatus.CLOSED
    kind = "closed"


class WireLimit(SmtpReplError):
    exit_status = ExitStatus.CLOSED
    kind = "limit"


class OutputError(SmtpReplError):
    exit_status = ExitStatus.OUTPUT
    kind = "output"


class Interrupted(SmtpReplError):
    exit_status = ExitStatus.INTERRUPTED
    kind = "interrupted"
