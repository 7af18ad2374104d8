"""`answer` at a terminal: the parts put together, and how a session ends.

It ends when the person leaves; clients come and go meanwhile.
"""

import asyncio
import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from smtp_repl.net.listener import Listener
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.answering.desk import AnswerDesk
from smtp_repl.term.answering.driver import AnswerDriver
from smtp_repl.term.requests import Ask
from smtp_repl.term.settings import Settings
from smtp_repl.term.signals import HANGUP, ending_signals
from smtp_repl.wire.errors import ExitStatus

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
    return await _Session(options).run()


class _Session:
    """One run: driver, person and stage."""

    def __init__(self, options: AnswerOptions) -> None:
        self._options = options
        self._desk = AnswerDesk(options.settings)
        self._status = 0
        self._early: list[Line] = []
        """What there is to show before there is a stage."""
        self._stage: Stage | None = None
        self._person: Person | None = None
        self._ready = asyncio.Event()
        self._driver = AnswerDriver(self._desk, options.listener, show=self._show, ask=self._ask, changed=self._changed)

    async def run(self) -> int:
        desk, driver = self._desk, self._driver
        if self._options.record is not None:
            self._early += desk.scribe.record(self._options.record)
        self._early += map(remark, self._options.greeting)
        try:
            stage = self._set_the_stage()
            stage.show(self._take_early())
            with ending_signals(self._end):
                await stage.run(self._started)
        except EOFError:
            self._status = HANGUP
        except OSError as error:
            if error.errno != errno.EIO:  # what writing to a terminal gives that is gone
                raise
            self._status = HANGUP
        finally:
            self._ready.clear()
            self._early += desk.dropped()
            await driver.close()
            desk.scribe.stop()
        if driver.bug is not None:
            raise driver.bug
        if self._status != HANGUP:
            stage.show([*self._early, *self._summary()])
        return self._status or (ExitStatus.OUTPUT if desk.scribe.fault is not None else 0)

    def _set_the_stage(self) -> "Stage":
        from smtp_repl.term.answering.person import Person
        from smtp_repl.term.history import TypedHistory
        from smtp_repl.term.stage import Stage

        history = TypedHistory(lambda: None)  # what was answered today is no answer tomorrow
        person = self._person = Person(self._desk, self._driver, history, str(self._options.listener))
        stage = Stage(person, history, completer=person.completer, settings=self._desk.settings)
        self._stage = person.stage = stage
        return stage

    # ------------------------------------------------------------ what the driver asks

    def _started(self) -> None:
        self._ready.set()
        self._driver.open()
        self._show(self._take_early(), False)
        self._changed()

    def _take_early(self) -> list[Line]:
        early, self._early = self._early, []
        return early

    def _show(self, lines: list[Line], in_message: bool) -> None:
        if self._stage is None or not self._ready.is_set():
            self._early += lines
        else:
            self._stage.show(lines, in_message=in_message)

    async def _ask(self, ask: Ask) -> str | None:
        await self._ready.wait()
        return await self._person.ask(ask) if self._person is not None else None

    def _changed(self) -> None:
        if self._stage is None or not self._ready.is_set():
            return
        if self._driver.bug is not None or (self._driver.is_leaving and not self._driver.is_busy):
            self._stage.leave()
        else:
            self._stage.refresh()

    # ------------------------------------------------------------ how it ends

    def _end(self, status: int) -> None:
        self._status = status
        if self._stage is not None:
            self._stage.leave()

    def _summary(self) -> list[Line]:
        desk = self._desk
        if self._status or not desk.commands:
            return []
        kept = "" if desk.scribe.kept else "; /save FILE would have kept the last client's"
        count = "1 command" if desk.commands == 1 else f"{desk.commands} commands"
        return [remark(f"session over: {count} heard{kept}")]
