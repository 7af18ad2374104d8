"""One line of the client against the script's: whoever plays the server judges it here.

Besides whether it is the line (see `matching`): whether it is another way to the same end, which real clients take,
and whether it knows the password, where one was given. Secrets never come out: what differs in them is masked.
"""

from smtp_repl.script.casting import Casting
from smtp_repl.script.matching import Difference, Match, match_command
from smtp_repl.script.model import Wire
from smtp_repl.script.scope import Exchange, Scope
from smtp_repl.wire.commands import Command, parse_command
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.events import CommandSaid
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import Phase


class Line(Record):
    """A line that the script's client says: where it begins in the script, and its octets with their end.

    Holes stand in `octets` as they are written.
    """

    wire: Wire
    octets: bytes

    @property
    def content(self) -> bytes:
        return self.octets.removesuffix(b"\n").removesuffix(b"\r")

    @property
    def command(self) -> Command:
        return parse_command(self.content)

    @property
    def due(self) -> str:
        """What is due, in one word."""
        verb = self.command.verb
        return phrase("the AUTH step") if "{" in verb or (self.wire.secret and verb != "AUTH") else verb or "a line"

    @property
    def has_initial_response(self) -> bool:
        """Whether more than a mechanism stands behind AUTH."""
        return len(self.content.split()) > 2

    @staticmethod
    def mechanism_of(line: bytes) -> str:
        """The second word, in upper case."""
        return line.split()[1].upper().decode("ascii", "replace") if len(line.split()) > 1 else ""

    def begins_with(self, line: bytes) -> bool:
        """Whether it is this AUTH command with an initial response behind it."""
        words, said = self.content.split(), line.split()
        return (
            len(words) == 3
            and len(said) == 2
            and words[0].upper() == b"AUTH"
            and [word.upper() for word in said] == [word.upper() for word in words[:2]]
        )


def judge(line: Line, said: CommandSaid, bindings: dict[str, bytes]) -> Match:
    """Compare what the client said; what holes captured is bound."""
    octets = said.command.line + (said.step.text.reveal() if said.step is not None else b"")
    is_step = said.phase is Phase.AUTH
    wire = line.wire
    if is_step and octets == b"*" and line.content != b"*":
        # Giving up (RFC 4954 §4) is no step, though a hole takes anything.
        return Match("fail", (Difference(wire.line, wire.column, max(1, len(wire.text)), line.due, "*", "verb"),))
    if wire.items and wire.template is None:
        wire = wire._replace(text=line.content, items=(), form=":")
    matched = match_command(wire, _in_its_case(wire, octets), bindings, step=is_step)
    if said.step is None:
        return matched
    return Match(matched.status, tuple(_masked(one) for one in matched.differences))


def _in_its_case(wire: Wire, octets: bytes) -> bytes:
    """The line with its verb in the script's case, which means nothing (RFC 5321 §2.4); holes compare all the rest."""
    if wire.template is None:
        return octets
    verb = wire.template.prefix.partition(" ")[0].encode()
    return verb + octets[len(verb) :] if octets[: len(verb)].upper() == verb.upper() else octets


def _masked(difference: Difference) -> Difference:
    return difference._replace(got=MASK, want=MASK)


def shown(said: CommandSaid) -> str:
    """What was said, safe to show."""
    return printable(said.command.line) + (MASK if said.step is not None else "")


def greets_otherwise(line: Line, said: CommandSaid, reply_lines: int) -> bool:
    """Whether it is EHLO for HELO, or the other way round, and the script's reply fits both."""
    if line.wire.asserts or line.wire.template is not None:
        return False
    verbs = (line.command.verb, said.command.verb)
    return verbs == ("HELO", "EHLO") or (verbs == ("EHLO", "HELO") and reply_lines == 1)


def another_mechanism(line: Line, said: CommandSaid) -> bool:
    """Whether both are AUTH, with mechanisms that are not the same."""
    if line.command.verb != "AUTH" or said.command.verb != "AUTH":
        return False
    wanted = Line.mechanism_of(line.content)
    return "{" not in wanted and wanted != Line.mechanism_of(said.command.line)


def knows_password(line: Line, said: CommandSaid, casting: Casting, exchange: Exchange) -> bool:
    """Whether the credentials are those that were given; where none were, any are good."""
    template = line.wire.template
    step = said.step
    if template is None or step is None:
        return True
    scope = Scope({}, casting.credentials, casting.secrets, exchange)
    for name in template.names:
        if "." not in name:
            continue
        identity, _, part = name.partition(".")
        who = casting.credentials.get(identity)
        if who is not None and part == "plain":
            return _is_who(said, who)
        try:
            wanted = scope[name]
        except KeyError:
            continue
        except SmtpReplError:
            return False  # an answer to a challenge that nobody could answer
        return step.text == wanted
    return True


def _is_who(said: CommandSaid, who: Credentials) -> bool:
    """PLAIN may name whom to act as, oneself included: that is no other password."""
    step = said.step
    return step is not None and step.user == who.user.encode() and step.password == who.password
