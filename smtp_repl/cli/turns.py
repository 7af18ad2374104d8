"""Who may write now: what several scripts have to say comes out one after the other, in the order of the scripts.

What goes on at the same time waits until it is its turn; with repeats nobody waits, since no script is over before
the end. The progress line makes way for everything.
"""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.progress import Progress
from smtp_repl.cli.report_files import ReportFiles


class Turns:
    """The way to standard output and standard error of a run. Raises `OutputError` where something is written."""

    def __init__(self, environment: Environment, reports: ReportFiles, progress: Progress, *, waits: bool) -> None:
        self._environment = environment
        self._reports = reports
        self._progress = progress
        self._waits = waits
        self._turn = 0
        self._waiting: dict[int, list[tuple[bool, str]]] = {}
        self._over: set[int] = set()

    def out(self, text: str) -> None:
        """Write data about the run as a whole."""
        self._progress.clear()
        self._reports.out(text)

    def talk(self, text: str) -> None:
        """Say something about the run as a whole."""
        self._progress.clear()
        self._environment.talk(text)

    def write(self, number: int, text: str, *, talk: bool = False) -> None:
        """Write something about a script, when it is its turn."""
        if not self._waits or number == self._turn:
            (self.talk if talk else self.out)(text)
        else:
            self._waiting.setdefault(number, []).append((talk, text))

    def over(self, number: int) -> None:
        """A script has no more to say."""
        self._over.add(number)
        while self._turn in self._over:
            self._next()

    def flush(self) -> None:
        """Write what still waits: the run is over."""
        while self._waiting:
            self._next()

    def _next(self) -> None:
        self._turn += 1
        for talk, text in self._waiting.pop(self._turn, ()):
            (self.talk if talk else self.out)(text)
