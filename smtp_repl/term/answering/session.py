"""`answer` at a terminal: the parts put together.

It ends when the person leaves; clients come and go meanwhile.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from smtp_repl.net.listener import Listener
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.answering.desk import AnswerDesk
from smtp_repl.term.answering.driver import AnswerDriver
from smtp_repl.term.at_terminal import AtTerminal
from smtp_repl.term.settings import Settings
from smtp_repl.wire.language import phrase, phrase_of

if TYPE_CHECKING:  # these load prompt_toolkit
    from smtp_repl.term.answering.person import Person
    from smtp_repl.term.stage import Stage


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What the command line says. `greeting` is shown first: where we listen and how to get there."""

    listener: Listener
    """Is the caller's to close."""
    greeting: Sequence[str] = ()
    record: Path | None = None
    settings: Settings = field(default_factory=Settings)


def main(options: AnswerOptions) -> int:
    """Serve until the person leaves; returns the exit status. Raises `OutputError` when there can be no recording."""
    return asyncio.run(_run(options))


async def _run(options: AnswerOptions) -> int:
    # Loading prompt_toolkit takes longer than -X dev lets a callback take without a word on the screen.
    asyncio.get_running_loop().slow_callback_duration = 60
    return await _Session(options, AnswerDesk(options.settings)).run()


class _Session(AtTerminal):
    """One run: driver, person and stage."""

    def __init__(self, options: AnswerOptions, desk: AnswerDesk) -> None:
        super().__init__(desk)
        self._options = options
        self._answering = desk
        self.worker = self._driver = AnswerDriver(
            desk, options.listener, show=self.show, ask=self.ask, changed=self.changed
        )

    async def run(self) -> int:
        if self._options.record is not None:
            self.early += self._desk.scribe.record(self._options.record)
        self.early += map(remark, self._options.greeting)
        return await super().run()

    def set_the_stage(self) -> "tuple[Stage, Person]":
        from smtp_repl.term.answering.person import Person
        from smtp_repl.term.history import TypedHistory
        from smtp_repl.term.stage import Stage

        history = TypedHistory(lambda: None)  # what was answered today is no answer tomorrow
        person = Person(self._answering, self._driver, history, str(self._options.listener))
        stage = person.stage = Stage(person, history, completer=person.completer, settings=self._desk.settings)
        self._driver.put, self._driver.edit = stage.insert, stage.edit
        self._desk.columns = lambda: stage.columns
        return stage, person

    def opened(self) -> None:
        self._driver.open()

    def go_on(self, stage: "Stage") -> None:
        stage.refresh()

    async def hang_up(self) -> None:
        # The other way round the client would be seen to hang up on us.
        self.early += self._desk.dropped()
        await self._driver.close()

    def last_words(self) -> list[Line]:
        desk = self._desk
        if not desk.commands:
            return []
        over = phrase_of("session over: {count} command heard", "session over: {count} commands heard", desk.commands)
        if not desk.scribe.kept:
            over = phrase("{over}; /save FILE would have kept the last client's", over=over)
        return [remark(over)]
