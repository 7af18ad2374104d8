"""A session in memory: a desk, a server that says what the test gives it, and a driver for handlers in ten lines."""

from collections.abc import Iterable

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.transcript import Line
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import (
    Answer,
    Ask,
    Connect,
    Display,
    Draft,
    Drop,
    Handling,
    Leave,
    Request,
    Say,
    Tell,
    Write,
)
from smtp_repl.term.settings import Settings
from smtp_repl.wire.events import HandshakeDue, ReplySaid
from smtp_repl.wire.targets import Target

TARGET = Target("mail.example.com")
FACTS = TlsFacts("TLS 1.3", "TLS_AES_256_GCM_SHA384", True, names=("mail.example.com",), trust="system")


class Sitting:
    """`replies` are said one after another, each when a write has been made; `answers` answer questions."""

    def __init__(
        self,
        *replies: bytes,
        answers: Iterable[str | None] = (),
        loopback: bool = False,
        settings: Settings | None = None,
    ) -> None:
        self.desk = Desk(settings, clock=lambda: 0.0)
        self.shown: list[str] = []
        self.questions: list[str] = []
        self.sent = b""
        self.requests: list[Request] = []
        self.draft: str | None = None
        """The message that is being written, and where the cursor stands in it."""
        self.cursor = 0
        self._replies = list(replies)
        self._answers = list(answers)
        self._loopback = loopback

    def open(self, greeting: bytes = b"220 mail.example.com ESMTP\r\n") -> "Sitting":
        address = "127.0.0.1" if self._loopback else "192.0.2.1"
        opened = Opened("mail.example.com", address, 25, "192.0.2.9", 40000, is_loopback=self._loopback)
        self._show(self.desk.connected(opened, TARGET))
        self._show(self.desk.heard(greeting).lines)
        return self

    def greeted(self, *keywords: str) -> "Sitting":
        """Opened, and EHLO said."""
        lines = [b"mail.example.com", *(keyword.encode() for keyword in keywords)]
        reply = b"".join(b"250-%s\r\n" % line for line in lines[:-1]) + b"250 %s\r\n" % lines[-1]
        self.open()
        self._show(self.desk.wrote(b"EHLO client.example.org\r\n"))
        self._show(self.desk.heard(reply).lines)
        return self

    def run(self, handling: Handling) -> "Sitting":
        """Do all that a handler asks for; what it raises is raised."""
        answer: Answer = None
        try:
            while True:
                request = handling.send(answer)
                self.requests.append(request)
                answer = self._do(request)
        except StopIteration:
            return self
        finally:
            handling.close()

    def say(self, octets: bytes) -> Answer:
        self.sent += octets
        self._show(self.desk.wrote(octets))
        answer: Answer = None
        while self.desk.conversation.awaiting and self._replies:
            heard = self.desk.heard(self._replies.pop(0))
            self._show(heard.lines)
            for event in heard.events:
                if isinstance(event, ReplySaid):
                    answer = event.reply
                elif isinstance(event, HandshakeDue):
                    self._show(self.desk.secured(FACTS).lines)
        return answer

    def _do(self, request: Request) -> Answer:
        match request:
            case Say(octets):
                return self.say(octets)
            case Write(octets):
                self.sent += octets
                self._show(self.desk.wrote(octets))
            case Draft(text, cursor):
                before = self.draft
                if text is not None:
                    self.draft, self.cursor = text, cursor
                return before
            case Ask(prompt):
                self.questions.append(prompt)
                return self._answers.pop(0)
            case Tell(text):
                self.shown += [f"# {line}" for line in text.split("\n")]
            case Display(lines):
                self._show(list(lines))
            case Connect():
                self.open()
            case Drop():
                self._show(self.desk.dropped())
            case Leave():
                pass
        return None

    def _show(self, lines: list[Line]) -> None:
        self.shown += [line.text for line in lines]
