"""FLOOR 5: the command line. Each sub-command is a module of its own, imported when it runs."""

import signal
import sys
from collections.abc import Sequence
from types import FrameType

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.language import speak_for
from smtp_repl.cli.options import Words, read
from smtp_repl.wire.errors import ExitStatus, OutputError, SmtpReplError
from smtp_repl.wire.hints import Never

__all__ = ["main"]


class _Terminated(BaseException):
    """SIGTERM came: everything is closed on the way out, nothing catches it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status."""
    environment = Environment.of_process()
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return execute(sys.argv[1:] if argv is None else argv, environment)
    except KeyboardInterrupt:
        return int(ExitStatus.INTERRUPTED)
    except _Terminated:
        return int(ExitStatus.TERMINATED)
    finally:
        signal.signal(signal.SIGTERM, before)


def execute(argv: Sequence[str], environment: Environment) -> int:
    """Run a command line in an environment. Errors that the user can act on are shown and become the status."""
    try:
        speak_for(argv, environment.environ)
        words = read(argv)
        if words.has("version"):
            from smtp_repl import __version__

            environment.out(f"smtp-repl {__version__}")
        elif words.has("help"):
            from smtp_repl.cli.help import help_text

            environment.out(help_text(words.command))
        elif words.has("completion"):
            from smtp_repl.cli.completion import completion

            environment.out(completion(words.text("completion") or "").removesuffix("\n"))
        else:
            return _dispatch(words, environment)
    except SmtpReplError as error:
        if isinstance(error, OutputError):
            environment.abandon_output()
        # Who reads through `head` has gone on purpose and wants no complaint.
        if error.kind != "broken-pipe":
            from smtp_repl.view.errors import show_error

            environment.talk(show_error(error).removesuffix("\n"))
        return int(error.exit_status)
    return int(ExitStatus.OK)


def _dispatch(words: Words, environment: Environment) -> int:
    match words.command:
        case "run":
            from smtp_repl.cli import run

            return run.main(words, environment)
        case "mock":
            from smtp_repl.cli import mock

            return mock.main(words, environment)
        case "answer":
            from smtp_repl.cli import answer

            return answer.main(words, environment)
        case "check":
            from smtp_repl.cli import check

            return check.main(words, environment)
        case "fmt":
            from smtp_repl.cli import fmt

            return fmt.main(words, environment)
        case "explain":
            from smtp_repl.cli import explain

            return explain.main(words, environment)
        case "learn":
            from smtp_repl.cli import learn

            return learn.main(words, environment)
        case "show":
            from smtp_repl.cli import show

            return show.main(words, environment)
        case "serve":
            from smtp_repl.cli import serve

            return serve.main(words, environment)
        case "b64":
            from smtp_repl.cli import b64

            return b64.main(words, environment)
        case "auth":
            from smtp_repl.cli import auth

            return auth.main(words, environment)
        case "config":
            from smtp_repl.cli import config

            return config.main(words, environment)
        case _:
            from smtp_repl.cli import session

            return session.main(words, environment)


def _terminate(number: int, frame: FrameType | None) -> Never:
    raise _Terminated
