"""Checking while somebody types: what cannot be read by any server, and what this one will refuse here, and why.

`judge` is pure and never blocks: what it finds is shown and the line is sent all the same. It reads the tables of
`wire` (syntax, findings, the way from one phase to the next) and what `due` says of verbs. A line that could still
become right by typing on is not faulted: see `unfinished`.
"""

import re

from smtp_repl.teach.lens import typed_remark
from smtp_repl.teach.step_doubts import UNFINISHED, step_doubt
from smtp_repl.term.desk import Desk
from smtp_repl.term.due import why_not_due
from smtp_repl.term.full_width import full_width_runs
from smtp_repl.term.message_completion import HEADERS
from smtp_repl.term.suggestions import State
from smtp_repl.term.trouble import ERROR, INFO, WARNING, Trouble
from smtp_repl.term.typed import is_command
from smtp_repl.term.unfinished import lasting_problems, may_become_verb
from smtp_repl.wire import states
from smtp_repl.wire.authentication import is_auth
from smtp_repl.wire.commands import VERBS, Command, parse_command
from smtp_repl.wire.findings import command_findings
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.problems import Problem
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.states import Phase

LONGEST = 20_000
"""Characters of a line beyond which it is not looked at while it is typed."""


class Standing(Record):
    """Where a session stands, for checking: `session` as completion has it, and how far AUTH and MAIL have come."""

    session: State = State()
    mechanism: str = ""
    """Of the exchange that goes on, in upper case."""
    responses: int = 0
    """Responses of it that were said."""
    smtputf8: bool = False
    shows_secrets: bool = False
    aliases: tuple[str, ...] = ()
    """Names of the person's own commands."""

    @classmethod
    def of(cls, desk: Desk, *, in_command: bool = False) -> "Standing":
        """What a desk knows; `in_command` while a command is typed in the middle of a message."""
        conversation = desk.prospect
        session = State.of(conversation, connected=desk.is_connected and not in_command)
        if desk.target is not None and desk.target.lmtp:
            session = session._replace(lmtp=True)
        exchange = desk.login.exchange
        return cls(
            session,
            exchange.mechanism if exchange is not None else "",
            exchange.responses if exchange is not None else 0,
            conversation.smtputf8,
            desk.shows_secrets,
            tuple(desk.aliases),
        )


class Checker:
    """Remembers what it found last: the line and the toolbar ask for the same at each key."""

    def __init__(self) -> None:
        self._asked: tuple[str, Standing] = ("", Standing())
        self._found: list[Trouble] = []

    def troubles(self, text: str, standing: Standing) -> list[Trouble]:
        asked = (text, standing)
        if asked != self._asked:
            self._asked, self._found = asked, judge(text, standing)
        return self._found


def judge(text: str, standing: Standing) -> list[Trouble]:
    """What is wrong with typed text, in the order in which it stands there; of several lines each is judged."""
    if len(text) > LONGEST:
        return []
    if "\n" not in text:
        return _judge_line(text, standing)
    found: list[Trouble] = []
    start = 0
    for line in text.split("\n"):
        found += [one._replace(start=one.start + start, end=one.end + start) for one in _judge_line(line, standing)]
        start += len(line) + 1
        verb = parse_command(_octets(line)).verb
        if verb in ("AUTH", "DATA", "STARTTLS", "BDAT") or is_command(line):
            break  # what follows depends on the reply
        session = standing.session
        smtputf8 = "SMTPUTF8" in line.upper().split() if verb == "MAIL" else standing.smtputf8
        phase = states.hoped(session.phase, verb)
        standing = standing._replace(session=session._replace(phase=phase), smtputf8=smtputf8)
    return found


def _judge_line(text: str, standing: Standing) -> list[Trouble]:
    if not text:
        return []
    if is_command(text):
        return _unknown_command(text, standing.aliases)
    session = standing.session
    if not session.connected or session.phase is Phase.DATA:
        return []
    if session.phase is Phase.AUTH:
        return _step_troubles(text, 0, standing.mechanism, standing.responses, standing.shows_secrets)
    skipped = 1 if text.startswith("//") else 0
    line = text[skipped:]
    found = _hardly_meant(line, session) or _command_troubles(line, standing)
    return [one._replace(start=one.start + skipped, end=one.end + skipped) for one in found] if skipped else found


def _unknown_command(text: str, aliases: tuple[str, ...]) -> list[Trouble]:
    from smtp_repl.term.commands import COMMANDS

    name, blank, _ = text[1:].partition(" ")
    names = (*COMMANDS, *aliases)
    if name.lower() in names or (not blank and any(word.startswith(name.lower()) for word in names)):
        return []
    return [
        Trouble(
            0,
            len(name) + 1,
            ERROR,
            phrase('there is no command "/{name}"', name=printable(name)),
            phrase("/help lists them"),
        )
    ]


# ---------------------------------------------------------------- what is no command at all

_FIELDS = frozenset(name.lower() for name, _ in HEADERS) | {"bcc", "received", "return-path", "x-mailer"}
_FIELD = re.compile(r"([A-Za-z][A-Za-z-]*):(?!<)")
_REPLY = re.compile(r"[2-5][0-9]{2}(?:[ -]|$)")
_MARK = re.compile(r"[CS][~=]?: ")


def _hardly_meant(line: str, session: State) -> list[Trouble]:
    """Lines that show at a glance that something else was meant than a command."""
    runs = full_width_runs(line)
    syntax = VERBS.get(line.partition(" ")[0].upper())
    if runs and (syntax is None or syntax.argument != "optional"):
        shown = "".join(dict.fromkeys(line[start:end] for start, end in runs))
        message = phrase("{shown} is full-width, and a server reads ASCII only", shown=printable(shown))
        return [Trouble(start, end, ERROR, message, phrase("F3 makes it ASCII")) for start, end in runs]
    field = _FIELD.match(line)
    if field is not None and field[1].lower() in _FIELDS:
        way = (*states.way_to("DATA", _settled(session.phase)), "DATA")
        first = f"{', then '.join(way)} {'comes' if len(way) == 1 else 'come'} first"
        message = phrase("{field} is a header: it belongs to the message", field=field[1])
        return [Trouble(0, len(field[0]), ERROR, message, first)]
    if (mark := _MARK.match(line)) is not None:
        return [
            Trouble(
                0,
                2,
                ERROR,
                phrase("the mark {mark} is for scripts", mark=mark[0].strip()),
                phrase("type what stands behind it"),
            )
        ]
    if (reply := _REPLY.match(line)) is not None:
        return [
            Trouble(
                0, 3, WARNING, phrase("{reply} is a reply: the server says it", reply=reply[0][:3]), "type a command"
            )
        ]
    return []


# ---------------------------------------------------------------- commands

_REFUSED = frozenset(("parameter-not-offered", "unknown-parameter", "non-ascii", "parameters-after-helo"))
"""Faults of syntax that another server, or another session, would not find."""
_ORDER = frozenset(("out-of-order", "not-offered"))


def _command_troubles(line: str, standing: Standing) -> list[Trouble]:
    session = standing.session
    octets = _octets(line)
    command = parse_command(octets)
    if command.verb not in VERBS and (may_become_verb(line) or session.capabilities.offers(command.verb)):
        return []
    found = _syntax_troubles(line, command, standing)
    found += _order_troubles(command, session)
    if command.verb == "MAIL" and session.capabilities.size:
        found += _size_troubles(line, session.capabilities.size)
    if is_auth(octets):
        found += _auth_troubles(line, standing)
    return sorted(found)


def _syntax_troubles(line: str, command: Command, standing: Standing) -> list[Trouble]:
    session = standing.session
    offered = frozenset(session.capabilities.keywords) if session.knows_capabilities else None
    said_helo = not session.knows_capabilities and not session.awaiting and session.phase in _AFTER_GREETING
    problems = lasting_problems(command, smtputf8=standing.smtputf8, extended=not said_helo, offered=offered)
    return [_from_problem(line, command, problem, offered) for problem in problems]


_AFTER_GREETING = (Phase.GREETED, Phase.MAIL, Phase.RCPT)


def _from_problem(line: str, command: Command, problem: Problem, offered: frozenset[str] | None) -> Trouble:
    at = len(command.line[: problem.column - 1].decode("utf-8", "surrogateescape"))
    start = min(at, len(line) - 1)
    rest = line[start:]
    match problem.rule:
        case "blank-after-colon" | "empty-line":
            length = len(rest) - len(rest.lstrip(" "))
        case "control-char":
            length = 1
        case "line-over-512":
            length = len(rest)
        case _:
            length = len(rest.partition(" ")[0])
    hint = problem.hint
    if problem.rule == "non-ascii" and offered is not None and "SMTPUTF8" not in offered:
        hint = phrase("this server does not offer it")
    severity = WARNING if problem.rule in _REFUSED else ERROR
    return Trouble(start, start + max(1, length), severity, problem.message, hint)


def _settled(phase: Phase) -> Phase:
    """The phase in which the line will be said: it waits for greeting and handshake."""
    return Phase.CONNECTED if phase in (Phase.OPENED, Phase.TLS) else phase


def _order_troubles(command: Command, session: State) -> list[Trouble]:
    verb = command.verb
    if verb not in VERBS or VERBS[verb].status == "pseudo":
        return []
    session = session._replace(phase=_settled(session.phase))
    said = command_findings(
        Command(verb.encode(), verb, b""),
        verb,
        phase=session.phase,
        awaiting=(),
        capabilities=session.capabilities,
        after_handshake=False,
        smtputf8=False,
    )
    found = [
        Trouble(0, len(verb), WARNING, one.message, one.hint.replace("EHLO", "LHLO") if session.lmtp else one.hint)
        for one in said
        if one.rule in _ORDER
    ]
    if not found and (why := why_not_due(verb, session)) and not session.why_not_offered(VERBS[verb].keyword):
        found.append(Trouble(0, len(verb), WARNING, phrase("{verb} is not due here: {why}", verb=verb, why=why)))
    return found[:1]


_SIZE = re.compile(r"> .*?(SIZE=([0-9]{1,20}))(?= |$)", re.IGNORECASE)


def _size_troubles(line: str, limit: int) -> list[Trouble]:
    """A message that is announced to be larger than this server takes (RFC 1870 §6.1)."""
    found = _SIZE.search(line)
    if found is None or int(found[2]) <= limit:
        return []
    message = phrase("this server takes at most {limit} octets: expect 552", limit=limit)
    return [Trouble(found.start(1), found.end(1), WARNING, message)]


# ---------------------------------------------------------------- AUTH


def _auth_troubles(line: str, standing: Standing) -> list[Trouble]:
    """What is odd about the mechanism and the step behind it; never repeats what is secret."""
    session = standing.session
    found = re.match(r"(\S+ +)([A-Za-z0-9_-]+)( *)(\S*)", line)
    if found is None:
        return []
    name = found[2].upper()
    span = (found.start(2), found.end(2))
    offered = session.capabilities.auth
    troubles: list[Trouble] = []
    if session.capabilities.offers("AUTH") and name not in offered:
        if not found[3] and any(one.startswith(name) for one in offered):
            return []
        message = phrase("{name} is not offered here: expect 504", name=name)
        troubles.append(Trouble(*span, WARNING, message, f"offered: {printable(', '.join(offered))}"))
    mechanism = MECHANISMS.get(name)
    if mechanism is not None and mechanism.reveals_password and not session.path_is_private:
        message = phrase("{name} shows your password to everyone on the path", name=name)
        troubles.append(Trouble(*span, WARNING, message, phrase("/starttls first")))
    if found[4]:
        if mechanism is not None and mechanism.initial == "never":
            message = phrase("nothing may stand behind {name}: the server begins with a challenge", name=name)
            troubles.append(Trouble(found.start(4), found.end(4), ERROR, message))
        else:
            troubles += _step_troubles(line[found.start(4) :], found.start(4), name, 0, standing.shows_secrets)
    return troubles


def _step_troubles(text: str, at: int, mechanism: str, number: int, show: bool) -> list[Trouble]:
    """What is odd about a step; of one that is not, what it holds, secrets masked unless they may `show`."""
    octets = _octets(text)
    doubt = step_doubt(mechanism, number, octets)
    if doubt is None:
        held = typed_remark(mechanism, number, octets, show=show)
        return [Trouble(at, at, INFO, held)] if held else []
    if doubt.rule == UNFINISHED:
        return [Trouble(at, at, INFO, doubt.message, doubt.hint)]
    severity = ERROR if doubt.rule == "not-base64" else WARNING
    return [Trouble(at + doubt.start, at + len(text), severity, doubt.message, doubt.hint)]


def _octets(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape")
