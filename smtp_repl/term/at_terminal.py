"""A session at a terminal, whichever part the person takes: how it begins, how lines come on the stage, how it ends.

What there is to show before there is a stage, and after it has gone, is kept until it can be shown. A terminal that
has gone, and a signal, end a session in order. The stage loads prompt_toolkit, so whoever derives from this makes it.
"""

import asyncio
import errno
import gc
from typing import TYPE_CHECKING

from smtp_repl.script.transcript import Line
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Ask
from smtp_repl.term.signals import HANGUP, ending_signals
from smtp_repl.term.worker import Worker
from smtp_repl.wire.errors import ExitStatus

if TYPE_CHECKING:  # these load prompt_toolkit
    from smtp_repl.term.questions import Asker
    from smtp_repl.term.stage import Stage


_TURNS = 20
"""Turns of the loop that a connection and its greeting take, and a few more."""


class AtTerminal:
    """One run: desk, worker, stage, and the actor on it."""

    worker: Worker
    """Set by whoever derives from this, because it shows its lines here."""

    def __init__(self, desk: Desk) -> None:
        self.status = 0
        """With which it is going to end."""
        self.early: list[Line] = []
        """What there is to show while there is no stage."""
        self._desk = desk
        self._stage: Stage | None = None
        self._asker: Asker | None = None
        self._ready = asyncio.Event()

    async def run(self) -> int:
        """Until the person leaves; returns the exit status."""
        desk = self._desk
        gc.disable()  # loading prompt_toolkit makes many objects and no garbage: looking for it takes 10 ms
        try:
            stage, self._asker = self.set_the_stage()
            self._stage = stage
            for _ in range(_TURNS):  # what came meanwhile belongs on the first screen, which is then drawn once
                await asyncio.sleep(0)
            self.loaded()
            with ending_signals(self._end):
                await stage.run(self._started, self._take_early)
        except EOFError:
            self.status = HANGUP
        except OSError as error:
            if error.errno != errno.EIO:  # what writing to a terminal gives that is gone
                raise
            self.status = HANGUP
        finally:
            gc.enable()
            self._ready.clear()
            await self.hang_up()
            desk.scribe.stop()
        if self.worker.bug is not None:
            raise self.worker.bug
        if self.status != HANGUP:
            stage.show([*self.early, *([] if self.status else self.last_words())])
        return self.status or (ExitStatus.OUTPUT if desk.scribe.fault is not None else 0)

    # ------------------------------------------------------------ what differs

    def set_the_stage(self) -> "tuple[Stage, Asker]":
        """Make the stage, and who is asked questions on it."""
        raise NotImplementedError

    def loaded(self) -> None:
        """All is there, and the first screen is drawn next."""

    def opened(self) -> None:
        """The person can see and type."""

    def go_on(self, stage: "Stage") -> None:
        """Something has happened, and the session goes on."""
        raise NotImplementedError

    async def hang_up(self) -> None:
        """Stop the worker and close the connection."""
        raise NotImplementedError

    def last_words(self) -> list[Line]:
        """What is shown to a person who leaves."""
        raise NotImplementedError

    # ------------------------------------------------------------ what the worker asks

    def show(self, lines: list[Line], in_message: bool) -> None:
        if self._stage is None or not self._ready.is_set():
            self.early += lines
        else:
            self._stage.show(lines, in_message=in_message)

    async def ask(self, ask: Ask) -> str | None:
        await self._ready.wait()
        return await self._asker.ask(ask) if self._asker is not None else None

    def changed(self) -> None:
        if self._stage is None or not self._ready.is_set():
            return
        if self.worker.bug is not None or (self.worker.is_leaving and not self.worker.is_busy):
            self._stage.leave()
        else:
            self.go_on(self._stage)

    # ------------------------------------------------------------ inside

    def _started(self) -> None:
        self._ready.set()
        gc.freeze()
        gc.enable()
        self.opened()
        self.show(self._take_early(), False)
        self.changed()

    def _take_early(self) -> list[Line]:
        early, self.early = self.early, []
        return early

    def _end(self, status: int) -> None:
        self.status = status
        if self._stage is not None:
            self._stage.leave()
