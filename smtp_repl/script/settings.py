"""What holds "from here on" while a script is played: the directives that act on nothing but later steps.

The command line wins over the file: what the casting sets, no directive changes.
"""

from smtp_repl.script.arguments import Connect, Match, Set, Timeout, Tls, Within
from smtp_repl.script.casting import END_OF_DATA_SECONDS, REPLY_SECONDS, Casting
from smtp_repl.script.matching import Level
from smtp_repl.script.model import Directive
from smtp_repl.wire.states import END_OF_DATA
from smtp_repl.wire.targets import Target


class Settings:
    """The settings of one play, by connection where a directive takes a name."""

    __slots__ = ("_casting", "_targets", "_timeouts", "_within", "bindings", "early", "level", "manual_tls", "strict")

    def __init__(self, casting: Casting) -> None:
        self._casting = casting
        self.bindings = dict(casting.variables)
        self.level = casting.level if casting.level is not None else Level.CODE
        self.strict = casting.strict
        self.early: set[str] = set()
        self.manual_tls: set[str] = set()
        self._targets: dict[str, Target] = {}
        self._timeouts: dict[str, float] = {}
        self._within: dict[str, Within] = {}

    def apply(self, directive: Directive) -> bool:
        """Take up a directive; False when it is not one of these and has to be done."""
        connection = directive.connection
        match directive.value:
            case Connect(target):
                self._targets[connection] = target
            case Match(level):
                self.level = self._casting.level if self._casting.level is not None else Level.from_word(level)
            case Timeout(seconds):
                self._timeouts[connection] = seconds
            case Within() as within:
                self._within[connection] = within
            case Set(name, value):
                if name not in self._casting.variables:
                    self.bindings[name] = value
            case Tls("manual"):
                self.manual_tls.add(connection)
            case Tls("auto"):
                self.manual_tls.discard(connection)
            case _:
                return self._apply_word(directive)
        return True

    def _apply_word(self, directive: Directive) -> bool:
        if directive.name == "strict":
            self.strict = True
        elif directive.name == "early":
            self.early.add(directive.connection)
        else:
            # Who authenticates is said by @auth, with what by the command line: nothing is left to do.
            return directive.name == "auth"
        return True

    def target(self, connection: str) -> Target | None:
        """Where a connection goes; None leaves it to the driver."""
        return self._casting.target or self._targets.get(connection)

    def take_within(self, connection: str) -> Within | None:
        """How long the next reply may take; asked once."""
        return self._within.pop(connection, None)

    def reply_seconds(self, connection: str, awaiting: tuple[str, ...]) -> float:
        """How long to wait for the reply to the oldest of what is awaited."""
        if self._casting.timeout is not None:
            return self._casting.timeout
        given = self._timeouts.get(connection, self._timeouts.get(""))
        if given is not None:
            return given
        return END_OF_DATA_SECONDS if awaiting and awaiting[0] == END_OF_DATA else REPLY_SECONDS
