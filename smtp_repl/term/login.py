"""How far logging in has got: the exchange that is open, the 334 that waits for an answer, what was tried last.

Follows events; it keeps user names and no password.
"""

from collections.abc import Iterable

from smtp_repl.teach import lens
from smtp_repl.wire.events import ChallengeSaid, CommandSaid, Event, ReplySaid
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import AUTH_STEP


class Exchange(Record):
    """An AUTH exchange that has not got its final reply: responses given so far, and for whom."""

    mechanism: str
    responses: int = 0
    user: bytes | None = None


class Login:
    """One session by hand, over one connection after another."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None
        self.challenge: ChallengeSaid | None = None
        """The 334 that waits for an answer."""
        self.tried = lens.Tried()

    def said(self, event: CommandSaid) -> None:
        """The client said something."""
        if event.command.verb == "AUTH":
            words = event.command.argument.split()
            self.exchange = Exchange(words[0].decode("ascii", "replace").upper() if words else "")
        if event.step is not None:
            self.challenge = None
            before = self.exchange or Exchange(event.step.mechanism)
            self.exchange = before._replace(responses=before.responses + 1, user=event.step.user or before.user)
        if self.exchange is not None:
            self.tried = lens.tried(self.exchange.mechanism, event.step, self.tried)

    def heard(self, events: Iterable[Event]) -> None:
        """The server said something."""
        for event in events:
            if isinstance(event, ReplySaid) and event.answers in ("AUTH", AUTH_STEP):
                self.challenge = None
                if event.reply.code != 334:
                    self.exchange = None
            elif isinstance(event, ChallengeSaid):
                self.challenge = event

    def end(self) -> None:
        """The connection has ended, or another begins."""
        self.exchange, self.challenge = None, None
