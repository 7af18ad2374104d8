"""How the tests of the command line call it: in this process where that is enough, as a program where it is not."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from smtp_repl.cli import execute
from smtp_repl.cli.environment import Environment
from smtp_repl.net.practice import PracticeOptions, PracticeThread

ROOT = Path(__file__).parent.parent.parent


class Done(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def call(*argv: str, stdin: bytes | None = b"", environ: Mapping[str, str] | None = None) -> Done:
    """Run a command line in this process, without any terminal."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
    environment = Environment(None if stdin is None else io.BytesIO(stdin), *streams, environ or {})
    status = execute(argv, environment)
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined] # it is a BytesIO
        stream.close()
    return Done(status, *texts)


def command(*argv: str) -> list[str]:
    return [sys.executable, "-X", "dev", "-W", "error", "-m", "smtp_repl", *argv]


def program(*argv: str, stdin: bytes = b"", cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> Done:
    """Run it as a program of its own, with warnings as errors."""
    done = subprocess.run(
        command(*argv),
        input=stdin,
        capture_output=True,
        timeout=60,
        cwd=cwd or ROOT,
        env={**os.environ, **(environ or {})},
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def practice() -> Iterator[PracticeThread]:
    """A practice server that outlives a command, so that its inbox can be looked at."""
    with PracticeThread(PracticeOptions()) as server:
        yield server


@pytest.fixture
def address(practice: PracticeThread) -> str:
    return f"{practice.host}:{practice.port}"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes a script of the given lines (or text, or octets); returns its path."""

    def write(content: str | bytes | Sequence[str], name: str = "a.smtp") -> str:
        if not isinstance(content, str | bytes):
            content = "".join(line + "\n" for line in content)
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write
