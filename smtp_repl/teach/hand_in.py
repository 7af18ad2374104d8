"""A transcript as facts: what is handed in is read as if one had been there.

It is told again line by line (`retelling`), and comments are what was said to the lesson and not to the server. Pure;
whatever stands in a text is no reason to stop.
"""

from collections.abc import Iterator

from smtp_repl.script.model import Comment, Directive, Script
from smtp_repl.teach.evidence import Evidence
from smtp_repl.teach.facts import Fact
from smtp_repl.teach.retelling import CLIENT, Connected, Retold, Secured, TheyLeft, Told, WeLeft, retell
from smtp_repl.wire.events import Closed
from smtp_repl.wire.records import Record

ANSWER = "/answer"
"""What a comment begins with that answers a question."""


class Said(Record):
    """A comment of the transcript: what was said to the lesson and not to the server."""

    line: int
    text: str


def facts_of(script: Script) -> Iterator[Fact | Said]:
    """The evidence of a transcript, and its comments, in the order in which they happened.

    `# /answer TEXT` is both: a comment, and the `Answer`.
    """
    return _Reading(script).facts()


class _Reading:
    def __init__(self, script: Script) -> None:
        self._script = script
        self._evidence = Evidence()
        self._write: list[tuple[int, Told]] = []
        self._connection = ""

    def facts(self) -> Iterator[Fact | Said]:
        for told in retell(self._script):
            if told.side == CLIENT:
                if told.connection != self._connection:
                    yield from self._end_write()
                self._connection = told.connection
                self._write += [(told.line, event) for event in told.events]
                continue
            node = self._script.nodes[told.line - 1] if told.line else None
            if told.octets or told.events or isinstance(node, Directive):
                yield from self._end_write()
            yield from self._heard(told)
            if isinstance(node, Comment) and told.text:  # without a text it is the end of a connection
                yield from self._comment(node)
        yield from self._end_write()

    def _end_write(self) -> Iterator[Fact]:
        """C lines one after the other are one write; this is the end of it."""
        said, self._write = self._write, []
        yield from self._evidence.wrote(self._connection, said)

    def _heard(self, told: Retold) -> Iterator[Fact]:
        plain: list[Told] = []
        for event in told.events:
            match event:
                case Connected(tls=tls):
                    self._evidence.opened(told.connection, tls=tls)
                case Secured():
                    self._evidence.secured(told.connection)
                case WeLeft():
                    yield from self._evidence.closed(told.connection, by="client", awaiting=(), line=told.line)
                case Closed(awaiting=awaiting):
                    yield from self._evidence.closed(told.connection, by="server", awaiting=awaiting, line=told.line)
                case TheyLeft():
                    pass  # the Closed beside it says more
                case _:
                    plain.append(event)
        if plain:
            yield from self._evidence.heard(told.connection, plain, told.line)

    def _comment(self, comment: Comment) -> Iterator[Fact | Said]:
        yield Said(comment.line, comment.text)
        word, _, text = comment.text.partition(" ")
        if word == ANSWER:
            yield from self._evidence.answered(text.strip(), comment.line)
