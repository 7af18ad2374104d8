"""`smtp-repl serve` as a program, for a block of a test."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile

from tests.cli.conftest import ROOT, command


@contextmanager
def serving(*options: str, ends: signal.Signals = signal.SIGINT) -> Iterator[tuple[str, int, "Ended"]]:
    """The program with these options: host, port, and after the block how it ended."""
    ended = Ended()
    # A pipe that nobody reads would be full some time, and the server would wait.
    with TemporaryFile("w+") as talk:
        process = subprocess.Popen(
            command("serve", "--listen", "127.0.0.1:0", *options),
            stdout=subprocess.PIPE,
            stderr=talk,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        try:
            told, _, address = process.stdout.readline().rstrip("\n").rpartition(" ")
            assert told == "listening on"
            host, _, port = address.partition(":")
            yield host, int(port), ended
        finally:
            process.send_signal(ends)
            ended.out, _ = process.communicate(timeout=60)
            ended.status = process.returncode
            talk.seek(0)
            ended.err = talk.read()


class Ended:
    status = -1
    out = err = ""
