"""What was typed before, between the typist and the file: what may be kept, for which place, and what it gives back.

The place is the host and the phase ahead. From an AUTH command to its final reply nothing is kept or given back.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from smtp_repl.term.desk import Desk
from smtp_repl.term.history import TypedHistory
from smtp_repl.term.remembered import PRACTICE, ghost, nearest_first
from smtp_repl.wire.states import Phase

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

    from smtp_repl.term.memory import Memory

LEARNT = 1_000
"""Lines of the history in which addresses are looked for."""


class Recall:
    """One for each session."""

    def __init__(self, desk: Desk, history: TypedHistory) -> None:
        self._desk = desk
        self._history = history
        self._memory: Memory | None = None
        desk.list_typed = lambda: nearest_first(history.entries, history.host)

    def completer(self, in_command: Callable[[], bool]) -> "Completer":
        """Proposes what could be typed next."""
        from smtp_repl.term.completer import SmtpCompleter  # with what follows, not before the first key
        from smtp_repl.term.memory import Memory

        memory = self._memory = Memory()
        for entry in self._history.entries[:LEARNT][::-1]:
            memory.learn(entry.line, entry.host)
        return SmtpCompleter(lambda: memory.state(self._desk, self._place()[0], in_command=in_command()))

    def going_on(self, text: str) -> str:
        """How a line that begins so went on when it was typed here last."""
        return "" if self._is_in_auth() else ghost(text, self._history.entries, *self._place())

    def has_moved(self) -> bool:
        """Whether the session is at another host than when this was asked before."""
        host, before = self._place()[0], self._history.host
        self._history.host = host
        return host != before

    def remember(self, line: str) -> None:
        """Keep a line in the history, unless it can have to do with AUTH."""
        secrets = self._desk.conversation.secrets
        if self._is_in_auth() or secrets.occurs_in(line.encode("utf-8", "surrogateescape")):
            return
        host, phase = self._place()
        self._history.remember(line, host, phase)
        if self._memory is not None:
            self._memory.learn(line, host)

    def _place(self) -> tuple[str, str]:
        """The host and the phase for which a line is typed now."""
        desk = self._desk
        phase = desk.prospect.ahead if desk.is_connected else Phase.CLOSED
        if desk.target is None:
            return "", phase.value
        is_practice = desk.practice is not None and desk.target == desk.practice.target
        return PRACTICE if is_practice else desk.target.path or desk.target.host, phase.value

    def _is_in_auth(self) -> bool:
        return self._desk.login.exchange is not None or self._desk.prospect.may_be_in_auth
