"""What the holes of a script stand for when it is told and not played: nothing is captured, and nobody gives a secret.

Octets are told as they are written, holes and all. What a conversation is to read is something of the form that would
stand there: a word, the value that the script itself gives, a step of AUTH without the secret. Pure.
"""

from smtp_repl.script.arguments import Auth, Set
from smtp_repl.script.holes import Template
from smtp_repl.script.model import Directive
from smtp_repl.wire.octets import encode_step


class StandIns:
    """What holes stand for: what the script sets, else their own text."""

    __slots__ = ("_users", "_values", "captured")

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._users: dict[str, bytes] = {}
        self.captured: dict[str, bytes] = {}
        """Of `S~` lines: what a name stood for when it first occurred; a name without a pattern stands for itself."""

    def set(self, directive: Directive) -> None:
        """Note what `@set` and `@auth` say."""
        match directive.value:
            case Set(name=name, value=value):
                self._values[name] = self.captured[name] = value
            case Auth(name=name, user=user):
                self._users[name] = user.encode("utf-8", "surrogateescape")
            case _:
                pass

    def capture(self, template: Template) -> None:
        """Note which names an `S~` line has."""
        for hole in template.holes:
            if hole.name and hole.pattern is None:
                self.captured.setdefault(hole.name, hole.name.encode())

    def fill(self, template: Template) -> tuple[bytes, bytes]:
        """A `C~` line without line end: as it is written, and as a conversation is to read it."""
        written = said = b""
        for part in template.parts:
            if isinstance(part, str):
                own = step = part.encode()
            else:
                own = template.text[part.column - 1 : part.column - 1 + part.width].encode()
                own = self._values.get(part.name, own)
                step = self._stand_in(part.name, own)
            written += own
            said += step
        return written, said

    def _stand_in(self, name: str, own: bytes) -> bytes:
        """What a hole is read as: a word where a word belongs, a step of AUTH where one does."""
        if "." in name:
            return self._step(name, own)
        return self._values.get(name) or self.captured.get(name) or name.encode() or b"x"

    def _step(self, name: str, own: bytes) -> bytes:
        """A step of AUTH for one that is not in the text: of the form that it would have, without the secret."""
        identity, _, part = name.partition(".")
        user = self._users.get(identity, b"")
        match part:
            case "plain":
                return encode_step(b"\0" + user + b"\0" + own)
            case "user":
                return encode_step(user or own)
            case _:
                return encode_step(own)
