"""`smtp-repl answer`: a person plays the server, at a terminal in the shell, elsewhere line by line."""

from collections.abc import Iterable

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.listening import listen
from smtp_repl.cli.options import Words
from smtp_repl.cli.session import read_lines, record_path
from smtp_repl.cli.settings import read_settings
from smtp_repl.net.listener import Listener
from smtp_repl.script.transcript import Line
from smtp_repl.wire.errors import ExitStatus, UsageError
from smtp_repl.wire.language import phrase


def main(words: Words, environment: Environment) -> int:
    """Serve; returns the exit status."""
    if words.has("force") and not words.has("record"):
        raise UsageError("--force overwrites the file of --record, and there is none")
    with listen(words) as listener:
        if environment.is_interactive and not environment.is_dumb:
            return _shell(words, environment, listener)
        return _lines(words, environment, listener)


def greeting(listener: Listener, *, ca_file: str = "") -> list[str]:
    """What a person is told first: where we listen, how to get there, what to type."""
    scheme = "smtps://" if listener.implicit_tls else ""
    trust = f" --ca {ca_file}" if ca_file else " -k" if listener.implicit_tls else ""
    return [
        phrase("listening on {listener}; you are the server, and whoever connects is the client", listener=listener),
        phrase(
            "in another terminal: smtp-repl {scheme}{listener}{trust}", scheme=scheme, listener=listener, trust=trust
        ),
        phrase("Tab takes the reply that stands dimmed, and goes on to the next; /reply explains them; Ctrl-D leaves"),
    ]


def _shell(words: Words, environment: Environment, listener: Listener) -> int:
    from smtp_repl.term.answering.session import AnswerOptions
    from smtp_repl.term.answering.session import main as answer

    first = greeting(listener, ca_file=words.text("ca-file") or "")
    return answer(AnswerOptions(listener, first, record_path(words), read_settings(words, environment).settings))


def _lines(words: Words, environment: Environment, listener: Listener) -> int:
    from smtp_repl.net.runner import NetOptions, Runner
    from smtp_repl.term.answering.desk import AnswerDesk
    from smtp_repl.term.answering.linemode import AnswerLines

    if environment.stdin is None:
        raise UsageError("standard input is closed, so there are no replies", kind="stdin-closed")
    desk = AnswerDesk()

    def show(shown: Iterable[Line]) -> None:
        for line in shown:
            environment.out(line.shown)

    record = record_path(words)
    environment.out(f"# listening on {listener}")
    if record is not None:
        show(desk.scribe.record(record))
    runner = Runner(NetOptions(), listener=listener)
    try:
        played = runner.add(AnswerLines(desk, show=show).play(read_lines(environment)))
        runner.run()
        if played.error is not None:
            raise played.error
        played.result  # noqa: B018 # raises what ended it
        if desk.scribe.fault is not None:
            raise desk.scribe.fault
    finally:
        desk.scribe.stop()
    return int(ExitStatus.OK)
