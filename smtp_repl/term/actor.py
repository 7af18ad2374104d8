"""Between the person's keys and what they mean: what a stage asks, what it tells, and what keys may do to it."""

from typing import Protocol

from smtp_repl.wire.records import Record


class Prompt(Record):
    """What the prompt is now. `kind` is line, step, message, live, aside, question, idle or (a server's) reply.

    `ghost` stands there dimmed while nothing is typed; Tab takes it.
    """

    text: str
    kind: str
    hidden: bool = False
    ghost: str = ""


class Actor(Protocol):
    """Who acts on the stage: is asked what the prompt is, and told what was done at it."""

    def prompt(self) -> Prompt: ...

    def toolbar(self, width: int) -> list[tuple[str, str]]: ...

    def entered(self) -> None:
        """Enter was pressed, and not to choose a completion."""

    def pipelined(self) -> None:
        """Alt-Enter."""

    def pasted(self, text: str) -> None:
        """Text from the clipboard, line ends as LF."""

    def interrupted(self) -> None:
        """Ctrl-C."""

    def ended(self) -> None:
        """Ctrl-D with nothing typed."""

    def stepped_aside(self) -> None:
        """Ctrl-]."""

    def narrowed(self) -> None:
        """F3: full-width characters become ASCII."""

    def encoded(self) -> None:
        """F4: a step of AUTH becomes base64."""

    def puzzled(self, line: str, cursor: int) -> None:
        """F1, at this place of the typed line."""

    def asked(self, command: str) -> None:
        """A key whose `/command` twin this is."""


class Board(Protocol):
    """The stage, as far as keys touch it directly."""

    @property
    def text(self) -> str: ...

    @property
    def has_completion(self) -> bool: ...

    def edit(self) -> None: ...

    def cursor_reported(self, row: int) -> None: ...
