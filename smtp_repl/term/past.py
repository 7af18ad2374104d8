"""What was said so far, as far as it bears on what to propose: sizes of messages, refused mechanisms, codes heard.

Follows events; the order in which they come is all that it needs. It keeps no secret: of AUTH only the mechanism.
"""

from collections.abc import Iterable, Sequence

from smtp_repl.wire.events import BodySaid, ChunkSaid, CommandSaid, Event, ReplySaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, Phase
from smtp_repl.wire.targets import Target

_KEPT = 20


class Past:
    """One session by hand, over one connection after another."""

    def __init__(self) -> None:
        self.message_size: int | None = None
        """Octets of the last whole message, without stuffing and final dot."""
        self.refused: dict[str, str] = {}
        """Mechanisms that this server refused, each with why: `refused before: 535 5.7.8`."""
        self._codes: dict[str, None] = {}
        self._target: Target | None = None
        self._mechanism = ""
        self._chunked = 0

    @property
    def codes(self) -> Sequence[str]:
        """Reply codes and enhanced codes of refusals, then the others, the latest first of each."""
        latest = list(self._codes)[::-1]
        return sorted(latest, key=lambda code: code[0] not in "45")

    def connected(self, target: Target) -> None:
        """A new connection: what another server refused does not count."""
        if target != self._target:
            self.refused.clear()
        self._target = target
        self._mechanism, self._chunked = "", 0

    def secured(self) -> None:
        """TLS is up: what was refused in the clear may be taken now (RFC 4954 §4)."""
        self.refused.clear()

    def note(self, events: Iterable[Event]) -> None:
        """What was said, by either side."""
        for event in events:
            match event:
                case CommandSaid():
                    self._command(event)
                case BodySaid(ended=True, octets=octets):
                    self.message_size = octets
                case ChunkSaid(raw=raw, ended=ended, last=last):
                    self._chunked += len(raw)
                    if ended and last:
                        self.message_size, self._chunked = self._chunked, 0
                case ReplySaid() if not event.reply.partial:
                    self._reply(event)
                case _:
                    pass

    def _command(self, event: CommandSaid) -> None:
        if event.phase is Phase.AUTH:
            if event.step is None or event.command.verb == "*":
                self._mechanism = ""  # given up by us, and not refused
        elif event.command.verb == "AUTH":
            words = event.command.argument.split()
            self._mechanism = printable(words[0]).upper() if words else ""
        elif event.command.verb in ("MAIL", "RSET", "EHLO"):
            self._chunked = 0

    def _reply(self, event: ReplySaid) -> None:
        reply = event.reply
        if reply.code is None or event.answers is None:
            return
        enhanced = reply.enhanced
        said = [str(reply.code), *([str(enhanced)] if enhanced is not None else [])]
        for code in reversed(said):
            self._codes.pop(code, None)
            self._codes[code] = None
        while len(self._codes) > _KEPT:
            del self._codes[next(iter(self._codes))]
        if event.answers in ("AUTH", AUTH_STEP):
            if reply.klass in (4, 5) and self._mechanism and reply.code != 503:
                self.refused[self._mechanism] = phrase("refused before: {said}", said=" ".join(said))
            if reply.klass != 3:
                self._mechanism = ""
        elif event.answers == END_OF_DATA:
            self._chunked = 0
