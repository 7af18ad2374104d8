"""The inbox: what the practice server took and did not deliver, kept in memory and within bounds."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

COUNT_LIMIT = 200
SIZE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `octets` is the text as it was meant: dots unstuffed, CRLF, without the final dot.

    `sender` is b"" for the null path; `ehlo` is the name that the client gave itself; `user` is who had logged
    in, None when nobody had; `tls` tells whether it came encrypted. `asked` are the parameters of MAIL and of each
    RCPT, as they were written; empty where they are not known.
    """

    number: int
    sender: bytes
    recipients: tuple[bytes, ...]
    octets: bytes
    received_at: datetime
    ehlo: bytes
    user: str | None
    tls: bool
    asked: tuple[bytes, ...] = ()

    def header(self, name: bytes) -> bytes:
        """The first header field of this name, unfolded to one line; b"" when there is none."""
        wanted = name.lower() + b":"
        header, _, _ = self.octets.partition(b"\r\n\r\n")
        for field in header.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
            if field.lower().startswith(wanted):
                return field[len(wanted) :].strip()
        return b""


class Inbox:
    """Messages, oldest first; the oldest go when there are too many. Safe to read from another thread."""

    def __init__(self, count_limit: int = COUNT_LIMIT, size_limit: int = SIZE_LIMIT) -> None:
        self._count_limit = count_limit
        self._size_limit = size_limit
        self._kept: deque[Message] = deque()
        self._size = 0
        self._number = 0
        self._lock = threading.Lock()

    @property
    def messages(self) -> tuple[Message, ...]:
        with self._lock:
            return tuple(self._kept)

    def get(self, number: int) -> Message | None:
        """The message of that number, None when it never came or had to go."""
        with self._lock:
            return next((message for message in self._kept if message.number == number), None)

    def add(
        self,
        *,
        sender: bytes,
        recipients: tuple[bytes, ...],
        octets: bytes,
        received_at: datetime,
        ehlo: bytes = b"",
        user: str | None = None,
        tls: bool = False,
        asked: tuple[bytes, ...] = (),
    ) -> Message:
        """Keep a message and number it; numbers count from 1 and are never used twice."""
        with self._lock:
            self._number += 1
            message = Message(self._number, sender, recipients, octets, received_at, ehlo, user, tls, asked)
            self._kept.append(message)
            self._size += len(octets)
            while len(self._kept) > 1 and (len(self._kept) > self._count_limit or self._size > self._size_limit):
                self._size -= len(self._kept.popleft().octets)
            return message
