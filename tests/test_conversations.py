"""The conversations of the protocol, as files: each is played client against server, and both hear the same.

A file in `conversations/` is a fact of SMTP in our own words. Whole, octet by octet and in random pieces it gives
the same events on both sides, it comes back from the reader octet for octet, and what is recorded of it plays again.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from smtp_repl.script.casting import Casting, Observer
from smtp_repl.script.model import Directive
from smtp_repl.script.player import play
from smtp_repl.script.selfplay import play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.text import format_script, parse, write
from smtp_repl.wire.events import Closed, Event, Finding, HandshakeDue
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from tests.script.recorder import Keeper
from tests.script.stage import TARGET, planned
from tests.wire.pair import merged

FOLDER = Path(__file__).parent / "conversations"
FILES = sorted(FOLDER.glob("*.smtp"))
TIM = Credentials("tim", Secret(b"tanstaaftanstaaf"))
CASTING = Casting(TARGET, credentials={"auth": TIM})

Cut = Callable[[bytes], list[bytes]]


class Listener(Observer):
    """The events of each connection."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self.events.setdefault(connection, []).extend(events)

    heard = wrote

    @property
    def merged(self) -> dict[str, list[Event]]:
        return {connection: merged(events) for connection, events in self.events.items()}


def in_random_pieces(seed: int) -> Cut:
    chance = random.Random(seed)

    def cut(octets: bytes) -> list[bytes]:
        pieces = []
        while octets:
            size = chance.randint(1, 12)
            pieces.append(octets[:size])
            octets = octets[size:]
        return pieces

    return cut


CUTS: dict[str, Cut] = {
    "whole": lambda octets: [octets],
    "octet by octet": lambda octets: [octets[at : at + 1] for at in range(len(octets))],
    **{f"pieces {seed}": in_random_pieces(seed) for seed in range(3)},
}


def listen(path: Path, cut: Cut) -> tuple[Listener, Listener]:
    """What both sides heard of a file that plays against itself, which has to go as it says."""
    ours, theirs = Listener(), Listener()
    made = planned(path.read_bytes())
    client, server = play_together(play(made, CASTING, ours), play_server(made, Casting(), theirs), cut)
    assert client.error is None, client.error
    assert server.error is None, server.error
    assert client.result is not None
    assert server.result is not None
    assert server.result.status == "pass", server.result
    assert client.result.failure is None, client.result.failure
    assert client.result.counts.ok
    assert client.result.counts.drift <= (1 if path.stem == "captures" else 0)  # "2xx" and "25x" are drift for 250
    return ours, theirs


def said(events: dict[str, list[Event]]) -> dict[str, list[Event]]:
    """Without what only one side can know: who closed, and what a client had injected before the handshake."""
    return {
        connection: [
            event
            for event in heard
            if not isinstance(event, HandshakeDue | Closed)
            and not (isinstance(event, Finding) and event.rule == "data-before-handshake")
        ]
        for connection, heard in events.items()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_both_sides_hear_the_same_in_any_cut(path: Path) -> None:
    ours, theirs = listen(path, CUTS["whole"])
    assert said(ours.merged) == said(theirs.merged)
    for name, cut in CUTS.items():
        again = listen(path, cut)
        assert again[0].merged == ours.merged, name
        assert again[1].merged == theirs.merged, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_comes_back(path: Path) -> None:
    """Reader and writer lose nothing; formatting changes spacing and no step."""
    octets = path.read_bytes()
    script = parse(octets, path.name)
    assert not script.problems
    assert script.title
    assert write(script) == octets
    formatted = format_script(script)
    assert format_script(parse(formatted)) == formatted


# Which a recording cannot hold: who closes when, who waits, who does not wait for the greeting.
DIRECTED = {"close", "shutdown", "eof", "early", "wait", "set"}
# Which hold a password of their own, as no recording does.
TELLING = {"auth-wrong-password", "auth-plain", "auth-not-base64"}


def is_recordable(path: Path) -> bool:
    nodes = parse(path.read_bytes()).nodes
    return path.stem not in TELLING and not any(isinstance(node, Directive) and node.name in DIRECTED for node in nodes)


@pytest.mark.parametrize("path", list(filter(is_recordable, FILES)), ids=lambda path: path.stem)
def test_what_was_recorded_plays_again(path: Path) -> None:
    recordings = []
    made = planned(path.read_bytes())
    for _ in range(2):
        keeper = Keeper()
        client, server = play_together(play(made, CASTING, keeper), play_server(made, Casting(), Observer()))
        assert (client.error, server.error) == (None, None)
        assert client.result is not None
        assert client.result.failure is None
        recordings.append(keeper.text)
        made = planned(keeper.text)
    assert recordings[0] == recordings[1]
    for form in (b"tanstaaf", b"dGFuc3RhYWZ0YW5zdGFhZg", b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm", b"74616e7374616166"):
        assert form not in recordings[1]


def test_there_are_many() -> None:
    assert len(FILES) >= 60
