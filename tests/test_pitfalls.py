"""Never a false alarm on the wire: honest sessions with the practice server and with Postfix, watched as they go on."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from smtp_repl.net.practice import PracticeThread
from smtp_repl.net.runner import run_part
from smtp_repl.net.session import NetOptions
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Casting, Observer
from smtp_repl.script.player import plan, play
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.teach.pitfalls.happenings import Dialled, Ended, Happening, Secured
from smtp_repl.teach.pitfalls.watcher import Watcher
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target
from tests.servers.postfix import Postfix

FILES = sorted((Path(__file__).parent.parent / "scripts").glob("*.smtp"))
CREDENTIALS = {"auth": Credentials("tutor", Secret(b"not-a-secret"))}
ABOUT = {"refused-relay": {"relay-denied"}, "temporary-failure": {"greylist"}}
"""The scripts that are about a pitfall."""

each_script = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


class Beside(Observer):
    """Tells a watcher what a play does."""

    def __init__(self) -> None:
        self.watcher = Watcher()
        self.rules: set[str] = set()

    def _watch(self, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            self.rules.update(one.rule for one in self.watcher.watch(happening))

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self._watch([Dialled(opened.host, opened.port, opened.tls is not None, opened.is_loopback)])

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self._watch(events)

    heard = wrote

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._watch([Secured()])

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self._watch([Ended(by_us=by_us)])


def seen(path: Path, host: str, port: int, ca_pem: bytes) -> set[str]:
    target = Target(host, port)
    beside = Beside()
    casting = Casting(target, credentials=CREDENTIALS)
    part = play(plan(compile_steps(parse(path.read_bytes(), path.name))), casting, beside)
    run_part(part, NetOptions(target, tls=TlsOptions(ca_pem=ca_pem)))
    return beside.rules


@pytest.fixture(scope="module")
def practice() -> Iterator[PracticeThread]:
    with PracticeThread() as server:
        yield server


@each_script
def test_the_practice_server(path: Path, practice: PracticeThread) -> None:
    assert seen(path, practice.host, practice.port, practice.ca_pem()) <= ABOUT.get(path.stem, set())


@each_script
def test_postfix(path: Path, postfix: Postfix) -> None:
    # A script that needs what this server does not offer is skipped, and then nothing at all is seen.
    assert seen(path, postfix.host, postfix.port, postfix.ca_pem.read_bytes()) <= ABOUT.get(path.stem, set())
