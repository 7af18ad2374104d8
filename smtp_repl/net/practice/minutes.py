"""The minutes of a class: a transcript of each session, written by the server as it is said, one file each.

A script like any recording, so it can be read, played, explained and judged; and what a student cannot forge, since the
student never has the file. Steps of AUTH are holes; a line that is no command and holds the password of an account is
left out. Files are 0600, and together no bigger than they may be.
"""

import base64
import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from smtp_repl import __version__
from smtp_repl.net.recording import Recorder
from smtp_repl.script.actions import Opened
from smtp_repl.script.transcript import DIRECTIVE, Line, Transcriber, header_lines, remark
from smtp_repl.wire.conversation import Conversation, Side
from smtp_repl.wire.errors import OutputError, UsageError
from smtp_repl.wire.events import Broken, CommandSaid, Event
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.verbs import VERBS


class Full(Exception):
    """There is no room to write any more; the session must not go on unrecorded."""


class Minutes:
    """The folder, and how much may still be written: octets of one session, and of all. `accounts` are those whose
    passwords no file may hold.

    Raises `UsageError` for a folder that cannot be had.
    """

    def __init__(self, folder: Path, accounts: Mapping[str, str], *, session_limit: int, limit: int) -> None:
        self._folder = folder
        self._session_limit = session_limit
        self._left = limit
        self._secrets = frozenset(form for user, password in accounts.items() for form in _forms(user, password))
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                phrase("cannot write to {path}: {why}", path=printable(str(folder)), why=error.strerror),
                kind="no-folder",
            ) from None

    def begin(self, number: int, opened: Opened) -> "SessionMinutes":
        """The minutes of one session; `opened` is the connection as the client sees it. Raises `Full`."""
        begun = datetime.now(UTC)
        stem = f"{begun:%Y%m%d-%H%M%S}-{number:04}"
        try:
            recorder = Recorder(self._folder / f"{stem}.smtp")
        except OutputError:
            raise Full from None
        session = SessionMinutes(self, recorder)
        where = printable(opened.local_address)
        session.write(
            [
                *header_lines(__version__, f"{begun:%Y-%m-%dT%H:%M:%SZ}", None),
                Line(DIRECTIVE, f"@title session {number} from {where}, {begun:%Y-%m-%d %H:%M:%S} UTC"),
                remark("recorded by the server"),
            ]
        )
        session.opened(opened)
        return session

    def holds_password(self, line: bytes) -> bool:
        """Whether one of the words of a line is the password of an account, in a form in which it is typed."""
        return any(word in self._secrets for word in (line, *line.split()))

    def take(self, octets: int, already: int) -> None:
        """Count what a session is about to write, beside what it has written. Raises `Full`."""
        if octets > self._left or already + octets > self._session_limit:
            raise Full
        self._left -= octets


class SessionMinutes:
    """One session, as it goes on. All raise `Full` when it cannot be written down any more."""

    def __init__(self, minutes: Minutes, recorder: Recorder) -> None:
        self._minutes = minutes
        self._recorder = recorder
        self._conversation = Conversation(Side.SERVER, lint=False)
        self._transcriber = Transcriber()
        self._written = 0
        self._is_readable = True

    @property
    def path(self) -> Path:
        return self._recorder.path

    def opened(self, opened: Opened) -> None:
        self.write(self._transcriber.opened(opened))

    def client_said(self, octets: bytes) -> None:
        events = self._conversation.client_said(octets)
        kept: list[Event] = []
        for event in events:
            if isinstance(event, CommandSaid) and self._is_secret(event):
                self.write([*self._transcriber.wrote(kept), remark("a line that holds a password is left out here")])
                kept = []
            else:
                kept.append(event)
        self.write(self._transcriber.wrote(kept))

    def server_said(self, octets: bytes) -> None:
        if not self._is_readable:
            return
        events = self._conversation.server_said(octets)
        self.write(self._transcriber.heard(events))
        if any(isinstance(event, Broken) for event in events):
            self._is_readable = False
            self.write([remark("what the server says from here on is no SMTP")])

    def secured(self, version: str, cipher: str) -> None:
        """TLS is up."""
        self._conversation.handshake_done()
        # Whether the client looked at the certificate is not seen from here, so nothing is said about it.
        self.write([remark(f"{version} {cipher}")])

    def logged_in(self, user: str) -> None:
        """The account of the session: it stands in the file, and in the name of the file."""
        self.write([remark(phrase("logged in as {user}", user=user))])
        path = self._recorder.path
        named = path.with_name(f"{path.stem}-{file_name(user)}.smtp")
        with contextlib.suppress(OSError):  # Windows renames no file that is open
            if not named.exists():
                path.rename(named)
                self._recorder.path = named

    def closed(self, *, by_server: bool) -> None:
        """The connection is gone. Raises nothing."""
        with contextlib.suppress(Full):
            # "We" of a transcript are the client.
            lines = self._transcriber.closed(None, by_us=not by_server)
            now = f"{datetime.now(UTC):%H:%M:%S}"
            self.write([*lines, remark(phrase("the session ended at {time} UTC", time=now))])
        self._recorder.close()

    def write(self, lines: list[Line]) -> None:
        size = sum(len(line.text.encode("utf-8", "surrogateescape")) + 1 for line in lines)
        self._minutes.take(size, self._written)
        self._written += size
        try:
            self._recorder.write(lines)
        except OutputError:
            raise Full from None

    def _is_secret(self, event: CommandSaid) -> bool:
        """Whether a password stands where it is not taken for one: as a command, or as a name."""
        if event.step is not None:
            return event.step.user is not None and self._minutes.holds_password(event.step.user)
        return event.command.verb not in VERBS and self._minutes.holds_password(event.command.line)


def file_name(user: str) -> str:
    """An account's name as part of a file's name: what could mean a path, or nothing on some system, is a line."""
    return re.sub(r"[^A-Za-z0-9._@-]", "_", user).strip(".")[:64] or "_"


def _forms(user: str, password: str) -> tuple[bytes, ...]:
    """A password as people type it where it does not belong: plain, in base64, or as a whole step of PLAIN."""
    octets, name = password.encode(), user.encode()
    return octets, base64.b64encode(octets), base64.b64encode(b"\0" + name + b"\0" + octets)
