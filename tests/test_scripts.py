"""The ready conversations: each holds against the practice server, word for word, and against Postfix by its codes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smtp_repl.net.practice import PracticeThread
from smtp_repl.net.runner import run_part
from smtp_repl.net.session import NetOptions
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.casting import Casting, PlayResult
from smtp_repl.script.player import plan, play
from smtp_repl.script.steps import check_names, compile_steps
from smtp_repl.script.text import format_script, parse
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target
from tests.script.recorder import Keeper
from tests.script.stage import rehearse_both
from tests.servers.postfix import Postfix

FOLDER = Path(__file__).parent.parent / "scripts"
FILES = sorted(FOLDER.glob("*.smtp"))
PASSWORD = b"not-a-secret"
CREDENTIALS = {"auth": Credentials("tutor", Secret(PASSWORD))}

each_script = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def practice() -> Iterator[PracticeThread]:
    with PracticeThread() as server:
        yield server


def run(path: Path, host: str, port: int, ca_pem: bytes) -> tuple[PlayResult, Keeper]:
    script = parse(path.read_bytes(), path.name)
    target = Target(host, port)
    keeper = Keeper()
    part = play(plan(compile_steps(script)), Casting(target, credentials=CREDENTIALS), keeper)
    return run_part(part, NetOptions(target, tls=TlsOptions(ca_pem=ca_pem))), keeper


def shows_password(keeper: Keeper) -> bool:
    return any(form in keeper.text for form in (PASSWORD, b"bm90LWEtc2VjcmV0", b"AHR1dG9yAG5vdC1hLXNlY3JldA"))


@each_script
def test_against_the_practice_server(path: Path, practice: PracticeThread) -> None:
    """Its texts are those of the practice server: nothing fails and nothing drifts."""
    result, keeper = run(path, practice.host, practice.port, practice.ca_pem())
    assert result.failure is None, result.failure
    assert result.status == "pass"
    assert result.lost == ()
    assert not shows_password(keeper)


@each_script
def test_against_postfix(path: Path, postfix: Postfix) -> None:
    """What it teaches is true of a server that has nothing in common with ours; only the words are others."""
    result, keeper = run(path, postfix.host, postfix.port, postfix.ca_pem.read_bytes())
    assert result.failure is None, result.failure
    if result.status == "skip":
        pytest.skip(result.reason)
    assert result.lost == ()
    assert not shows_password(keeper)


@each_script
def test_against_itself(path: Path) -> None:
    client, server, _, _ = rehearse_both(path.read_bytes(), casting=Casting(Target("x", 25), credentials=CREDENTIALS))
    if client.result is not None and client.result.status == "skip":
        return  # its EHLO reply names no keyword: what a server offers is the server's business
    assert (client.error, server.error) == (None, None)
    assert client.result is not None
    assert client.result.failure is None


@each_script
def test_what_it_says_of_itself(path: Path) -> None:
    """A title and a line about it for the list, no password, every name known, and the canonical spacing."""
    octets = path.read_bytes()
    script = parse(octets, path.name)
    assert not script.problems
    assert script.title
    assert script.about
    assert "\n" not in script.about
    assert PASSWORD not in octets
    check_names(compile_steps(script))
    assert format_script(script) == octets


def test_the_list() -> None:
    names = {path.stem for path in FILES}
    assert names >= {
        *("first-mail", "two-recipients", "auth-plain", "auth-login", "cram-md5", "starttls-then-auth"),
        *("pipelining", "refused-relay", "size-exceeded"),
    }
