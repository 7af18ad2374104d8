"""The pitfalls of a text: a transcript or a script, told again line by line, with a watcher beside each connection.

What a transcript cannot show is told by remarks. Those of our own recordings are understood (`# connected to …`, the
line about TLS, `# the server closed the connection`), and these, which may be written by hand:

    # connecting to HOST:PORT          nothing has come of it yet
    # nothing for 30 s                 silence, on both sides
    # made with openssl s_client       the client is that program, and no other
    # error: wrong version number      the text of an error
    # RENEGOTIATING, # DONE, # KEYUPDATE   what openssl s_client printed

A step of AUTH that is a hole is nobody's mistake, and shows no password.
"""

import re
from collections.abc import Iterable, Iterator

from smtp_repl.script.model import Script, Wire
from smtp_repl.teach.pitfalls.happenings import Dialled, Ended, Happening, Interrupted, Made, Printed, Quiet, Secured
from smtp_repl.teach.pitfalls.situation import TEXT
from smtp_repl.teach.pitfalls.watcher import Pitfall, Watcher
from smtp_repl.teach.retelling import CLIENT, Connected, Retold, TheyLeft, WeLeft, retell, told_by
from smtp_repl.teach.retelling import Secured as SecuredByText
from smtp_repl.wire.commands import Command
from smtp_repl.wire.events import BodySaid, CapabilitiesKnown, ChunkSaid, Closed, CommandSaid, Finding, ReplySaid
from smtp_repl.wire.extensions import NO_CAPABILITIES
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA
from smtp_repl.wire.targets import is_loopback_address


class Seen(Record):
    """What is to be told of one line of a text, in order: pitfalls, and the findings that no pitfall replaces."""

    told: Retold
    remarks: tuple[Finding | Pitfall, ...]


def pitfalls_of(script: Script) -> list[tuple[int, Pitfall]]:
    """The pitfalls of a script with the lines of the mistakes, in the order in which they show. Raises nothing."""
    found: list[tuple[int, Pitfall]] = []
    for seen in look_through(script, retell(script), with_silent=True):
        found += [(one.where, one) for one in seen.remarks if isinstance(one, Pitfall)]
    return found


OF_SCRIPTS = frozenset(
    "helo-no-ext param-not-offered command-in-data dot-space no-blank bcc-header 8bit-header b64-newline plain-nul"
    " plain-octal auth-twice".split()
)
"""What a script hardly has on purpose and `lint` does not say."""


def faults_of(script: Script) -> list[tuple[int, Pitfall]]:
    """The pitfalls of a script that are faults of its own: not where it expects to be refused for them."""
    found: list[tuple[int, Pitfall]] = []
    refusals: dict[str, _Refusals] = {}
    for seen in look_through(script, retell(script)):
        refusals.setdefault(seen.told.connection, _Refusals()).note(seen.told)
        found += [(one.where, one) for one in seen.remarks if isinstance(one, Pitfall) and one.rule in OF_SCRIPTS]
    refused = {line for one in refusals.values() for line in one.lines}
    return [(line, one) for line, one in found if line not in refused]


class _Refusals:
    """The lines of one connection that are answered by a refusal; of a refused login all of its lines."""

    def __init__(self) -> None:
        self.lines: set[int] = set()
        self._said: dict[int, tuple[Command, int]] = {}
        self._exchange: list[int] = []
        self._dot = 0

    def note(self, told: Retold) -> None:
        for event in told.events:
            match event:
                case CommandSaid(command=command):
                    self._said[id(command)] = command, told.line
                    if command.verb == "AUTH":
                        self._exchange = []
                    self._exchange.append(told.line)
                case BodySaid(ended=True) | ChunkSaid(ended=True, last=True):
                    self._dot = told.line
                case ReplySaid(reply=reply) if reply.klass in (4, 5):
                    self._refused(event)
                case _:
                    pass

    def _refused(self, event: ReplySaid) -> None:
        if id(event.command) in self._said:
            self.lines.add(self._said[id(event.command)][1])
        if event.answers == END_OF_DATA:
            self.lines.add(self._dot)
        elif event.answers in ("AUTH", AUTH_STEP):
            self.lines.update(self._exchange)


def look_through(script: Script, story: Iterable[Retold], *, with_silent: bool = False) -> Iterator[Seen]:
    """What is to be remarked on each line of a script that is told again; one remark for one act, or, `with_silent`,
    also the pitfalls that a finding has told."""
    readers: dict[str, _Reader] = {}
    for told in story:
        reader = readers.setdefault(told.connection, _Reader())
        node = script.nodes[told.line - 1] if 0 < told.line <= len(script.nodes) else None
        remarks = reader.read(told, node if isinstance(node, Wire) else None)
        yield Seen(told, tuple(one for one in remarks if with_silent or not (isinstance(one, Pitfall) and one.silent)))


def _is_hole(wire: Wire | None) -> bool:
    """Whether a line has a secret of `@auth`, or one to be bound, in it."""
    names = wire.template.names if wire is not None and wire.template is not None else ()
    return any("." in name for name in names)


def _is_described(wire: Wire | None) -> bool:
    """Whether a line tells what a reply is like and not what it is, so that more may be offered than it says."""
    return wire is not None and (bool(wire.mod) or wire.template is not None)


class _Reader:
    """One connection of a text."""

    def __init__(self) -> None:
        self._watcher = Watcher(TEXT)
        self._begun = b""
        self._is_described = False

    def read(self, told: Retold, wire: Wire | None) -> Iterator[Finding | Pitfall]:
        situation = self._watcher.situation
        if told.side == CLIENT:
            if self._begun:
                yield from self._watcher.watch(Interrupted(self._begun), told.line)
            situation.shows_secrets = not _is_hole(wire)
            self._begun, self._is_described = b"", False
        else:
            self._is_described = self._is_described or _is_described(wire)
        for happening in (*_meant(told), *_told(told)):
            if isinstance(happening, CapabilitiesKnown) and self._is_described:
                happening = CapabilitiesKnown(NO_CAPABILITIES)
            yield from self._watcher.watch(happening, told.line)
            if isinstance(happening, Finding) and not self._watcher.replaces(happening):
                yield happening
            if isinstance(happening, ReplySaid):
                self._begun = happening.reply.raw if happening.reply.partial else b""


def _told(told: Retold) -> Iterator[Happening]:
    """What retelling has made of the line."""
    for event in told.events:
        match event:
            case Connected(host=host, address=address, port=port, tls=tls):
                yield _dialled(host or address, address, port, tls=tls)
            case SecuredByText():
                yield Secured()
            case WeLeft():
                yield Ended(by_us=True)
            case Closed():
                if told.text:  # else it is only the text that has come to its end
                    yield Ended()
            case TheyLeft():
                pass  # a Closed follows
            case _:
                yield event


def _dialled(host: str, address: str, port: int, *, tls: bool) -> Dialled:
    is_loopback = host.lower() == "localhost" or is_loopback_address(address) or address.startswith("/")
    return Dialled(host, port, tls, is_loopback)


_QUIET = re.compile(r"nothing for ([0-9]{1,6}) s")
_MADE = re.compile(r"made with (?:openssl )?([a-z_]+)")
_PRINTED = ("RENEGOTIATING", "DONE", "KEYUPDATE")


def _meant(told: Retold) -> Iterator[Happening]:
    """What a remark says that retelling does not know."""
    text = told.text
    if not text or told.side == CLIENT:
        return
    if (found := _QUIET.fullmatch(text)) is not None:
        yield Quiet(float(found[1]))
    elif (found := _MADE.fullmatch(text)) is not None:
        yield Made(found[1])
    elif text in _PRINTED:
        yield Printed(text)
    elif text.startswith("error: "):
        yield Printed(text.removeprefix("error: "))
    elif text.startswith("connecting to "):
        where = told_by("connected" + text.removeprefix("connecting"))
        if isinstance(where, Connected):
            yield _dialled(where.host or where.address, where.address, where.port, tls=False)
