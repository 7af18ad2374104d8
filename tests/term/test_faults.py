"""`/faults`: what the practice server does wrong, turned on and off in the middle of a session."""

from collections.abc import Iterator

import pytest

from smtp_repl.net.practice import PracticeOptions, PracticeThread, faults, profile_of
from smtp_repl.term.command_arguments import command_proposals
from smtp_repl.term.commands import COMMANDS, read_command
from smtp_repl.term.memory import Memory
from smtp_repl.term.practice import Practice
from smtp_repl.wire.errors import UsageError
from tests.term.sitting import Sitting


@pytest.fixture
def server() -> Iterator[PracticeThread]:
    with PracticeThread(PracticeOptions(profile=profile_of("lmtp"))) as thread:
        yield thread


@pytest.fixture
def sitting(server: PracticeThread) -> Sitting:
    sitting = Sitting().open()
    sitting.desk.practice = Practice.of(server)
    return sitting


def run(sitting: Sitting, line: str) -> list[str]:
    before = len(sitting.shown)
    sitting.run(read_command(line).start(sitting.desk))
    return sitting.shown[before:]


def test_one_line_for_each_fault(sitting: Sitting) -> None:
    lines = run(sitting, "/faults")
    assert len(lines) == len(faults())
    assert all(line.startswith("# off  ") for line in lines)


def test_on_and_off(sitting: Sitting, server: PracticeThread) -> None:
    """It holds from the next connection on, which is said; the profile below stays what it was."""
    assert run(sitting, "/faults on busy closing") == [
        "# faults that are on: busy, closing; they hold from the next connection on (/connect)"
    ]
    assert (server.profile.faults, server.profile.protocol) == (("busy", "closing"), "lmtp")
    assert [line.split()[2] for line in run(sitting, "/faults") if line.startswith("# on ")] == ["closing", "busy"]
    run(sitting, "/faults off busy")
    assert server.profile.faults == ("closing",)
    assert run(sitting, "/faults off") == ["# no fault is on; that holds from the next connection on (/connect)"]
    assert server.profile == profile_of("lmtp")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/faults on greylistin", "did you mean greylisting?"),
        ("/faults off busy", "no fault is on"),
        ("/faults maybe", "/faults [on NAME… | off [NAME…]]"),
        ("/faults on", "/faults [on NAME… | off [NAME…]]"),
    ],
)
def test_what_makes_no_sense(sitting: Sitting, server: PracticeThread, line: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        run(sitting, line)
    assert raised.value.hint == hint
    assert server.profile.faults == ()


def test_other_servers_have_faults_of_their_own() -> None:
    with pytest.raises(UsageError, match="only the practice server"):
        run(Sitting().open(), "/faults")


@pytest.mark.parametrize(
    ("argument", "start", "has", "lacks"),
    [
        ("", 8, ["on ", "off"], ["busy"]),
        ("on ", 11, ["busy", "greylisting"], ["on "]),
        ("on busy ", 16, ["greylisting"], ["busy"]),
    ],
)
def test_completion(sitting: Sitting, argument: str, start: int, has: list[str], lacks: list[str]) -> None:
    found = command_proposals(COMMANDS["faults"], argument, 8, Memory().state(sitting.desk))
    texts = [one.text for one in found.proposals]
    assert found.start == start
    assert set(has) <= set(texts)
    assert not set(lacks) & set(texts)
