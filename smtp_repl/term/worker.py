"""A handler at work in the loop, or none: what the shell and `answer` have in common, whoever answers its requests.

Whatever a handler raises that the user can act on is shown, and the session goes on; anything else is a bug, and is
kept to be raised where it is seen.
"""

import asyncio
from collections.abc import Callable

from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.requests import Answer, Handling, Request, told
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.language import _

Show = Callable[[list[Line], bool], None]
"""Takes lines, and whether what the client says in them is message text."""


class Worker:
    """Runs handlers, one at a time. `changed` is called whenever one has ended."""

    def __init__(self, *, show: Show, changed: Callable[[], None]) -> None:
        self.is_leaving = False
        """A handler has said `Leave`."""
        self.bug: BaseException | None = None
        """What ended a handler and is no error of the user's."""
        self.failure: SmtpReplError | None = None
        """What the last handler raised."""
        self._show = show
        self._changed = changed
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """A handler is at work."""
        return self._task is not None

    def start(self, handling: Handling) -> None:
        """Set a handler to work; there must be none."""
        self.failure = None
        self._task = asyncio.get_running_loop().create_task(self._drive(handling))
        self._task.add_done_callback(self._finished)

    def stop(self) -> None:
        """Stop the handler where it stands. What was sent stays sent."""
        if self._task is not None:
            self._task.cancel()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self.bug = error
        self._changed()

    async def _drive(self, handling: Handling) -> None:
        try:
            request = next(handling)
            while True:
                try:
                    answer = await self._do(request)
                except SmtpReplError as error:
                    request = handling.throw(error)
                else:
                    request = handling.send(answer)
        except StopIteration:
            pass
        except SmtpReplError as error:
            self.failure = error
            self.tell_error(error)
        finally:
            handling.close()

    async def _do(self, request: Request) -> Answer:
        """Do what a handler asks for. Raises `SmtpReplError` where that cannot be done."""
        raise NotImplementedError

    def tell(self, text: str) -> None:
        """Show a remark of one or more lines."""
        self._show([remark(line) for line in _(text).split("\n")], False)

    def tell_error(self, error: SmtpReplError) -> None:
        self.tell(told(error))
