"""The reports of a run. Their files are opened first: an hour of work shall not end in "no such folder"."""

from types import TracebackType

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.view.results import RunResult
from smtp_repl.wire.errors import OutputError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

if TYPE_CHECKING:
    from typing import TextIO

FORMATS = ("junit", "tap", "html")


class ReportFiles:
    """The files of `--junit`, `--tap` and `--html`. Raises `OutputError` when one cannot be written."""

    def __init__(self, words: Words, environment: Environment) -> None:
        self._environment = environment
        self._paths = {key: words.text(key) or "" for key in FORMATS if words.has(key)}
        self._files: dict[str, TextIO] = {}
        self._to_output = "-" in self._paths.values()
        for key, path in self._paths.items():
            if path == "-":
                continue
            try:
                self._files[key] = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 # closed by close()
            except (OSError, ValueError) as error:
                self.close()
                raise _cannot(path, error) from None

    @property
    def wanted(self) -> bool:
        """Whether there is any report to write."""
        return bool(self._paths)

    @property
    def shows_transcripts(self) -> bool:
        """Whether one of them shows what was said in sessions that went well."""
        return "html" in self._paths

    def out(self, text: str) -> None:
        """Write a line of data: to standard output, unless a report has it to itself."""
        if self._to_output:
            self._environment.talk(text)
        else:
            self._environment.out(text)

    def write(self, result: RunResult) -> None:
        """Write them all."""
        for key, path in self._paths.items():
            text = _made(key, result)
            if path == "-":
                self._environment.out(text.removesuffix("\n"))
                continue
            try:
                with self._files.pop(key) as file:
                    file.write(text)
            except OSError as error:
                raise _cannot(path, error) from None

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def __enter__(self) -> "ReportFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _cannot(path: str, error: OSError | ValueError) -> OutputError:
    why = getattr(error, "strerror", None) or phrase("no file name")
    return OutputError(phrase("cannot write the report {path}: {why}", path=printable(path), why=why))


def _made(key: str, result: RunResult) -> str:
    if key == "junit":
        from smtp_repl.view.junit import junit

        return junit(result)
    if key == "tap":
        from smtp_repl.view.tap import tap

        return tap(result)
    from smtp_repl.view.html_report import html_report

    return html_report(result)
