"""The quick lane comes to the same results as the player, and tells what the player tells when it matters."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from smtp_repl.script.casting import Casting, Observer, StepResult
from smtp_repl.script.player import Plan, plan, play
from smtp_repl.script.quick import by_hand, lane, play_quick
from smtp_repl.script.selfplay import Cut, Outcome, play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.targets import Target

CASTING = Casting(target=Target("mail.example.com"))

GOOD = """S: 220 mail.example.com
C: EHLO client.example.net
S: 250-mail.example.com
S: 250 PIPELINING
C: MAIL FROM:<alice@example.org>
C: RCPT TO:<bob@example.com>
C: DATA
S: 250 2.1.0 Ok
S: 250 2.1.5 Ok
S: 354 Go on
C: Subject: dots
C:
C: ..
C: .
S: 250 2.0.0 Ok
C: QUIT
S: 221 2.0.0 Bye
"""


class Log(Observer):
    """Everything that is told, as text."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        self.told.append(f"wrote {events}")

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self.told.append(f"heard {events}")

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self.told.append(f"closed {event} {by_us}")

    def stepped(self, result: StepResult) -> None:
        self.told.append(f"stepped {result}")


def made(text: str) -> Plan:
    return plan(compile_steps(parse(text.encode())))


def both(client: str, server: str, cut: Cut = lambda octets: [octets]) -> tuple[Outcome, Log, Outcome, Log]:
    """What comes of the lane and of the player, against the same server."""
    script = made(client)
    quick = lane(script, CASTING)
    assert quick is not None
    quick_log, log = Log(), Log()
    quickly, _ = play_together(
        by_hand(play_quick(quick, lambda: quick_log)), play_server(made(server), Casting(), Observer()), cut
    )
    slowly, _ = play_together(play(script, CASTING, log), play_server(made(server), Casting(), Observer()), cut)
    return quickly, quick_log, slowly, log


@pytest.mark.parametrize(
    "cut", [lambda octets: [octets], lambda octets: [octets[i : i + 1] for i in range(len(octets))]]
)
def test_a_play_that_holds_is_told_nobody(cut: Cut) -> None:
    """The result is the player's; the observer hears nothing of it."""
    quickly, quick_log, slowly, log = both(GOOD, GOOD, cut)
    assert quickly.result == slowly.result
    assert quickly.result is not None
    assert quickly.result.status == "pass"
    assert not quick_log.told
    assert log.told


@pytest.mark.parametrize(
    ("change", "into"),
    [
        ("S: 250 2.1.0 Ok", "S: 250 2.1.0 Fine"),
        ("S: 250 PIPELINING", "S: 250 SIZE 1000"),
        ("S: 220 mail", "S: 220-more\nS: 220 mail"),
    ],
    ids=["text", "keyword lost", "greeting"],
)
def test_drift_is_counted_and_told_nobody(change: str, into: str) -> None:
    """Drift, and lost keywords, come out as the player counts them."""
    quickly, quick_log, slowly, _ = both(GOOD, GOOD.replace(change, into))
    assert quickly.result == slowly.result
    assert quickly.result is not None
    assert quickly.result.status == "drift"
    assert not quick_log.told


@pytest.mark.parametrize(
    ("change", "into"),
    [
        ("S: 354 Go on", "S: 554 No"),
        ("S: 250 2.0.0 Ok", "S: 451 4.3.0 Later"),
        ("S: 221 2.0.0 Bye\n", "@eof\n"),
        ("S: 220 mail.example.com\n", "@eof\n"),
        ("S: 250-mail.example.com\n", 'S"250-cut"\n@eof\n'),
    ],
    ids=["refused", "temporary", "no goodbye", "no greeting", "cut"],
)
def test_what_goes_another_way_is_told_in_full(change: str, into: str) -> None:
    """A failure or an error is the player's own, with everything from the first octet."""
    quickly, quick_log, slowly, log = both(GOOD, GOOD.replace(change, into))
    assert quickly.result == slowly.result
    assert str(quickly.error) == str(slowly.error)
    assert quickly.error is not None or (quickly.result is not None and quickly.result.status == "fail")
    assert quick_log.told == log.told


@pytest.mark.parametrize(
    "line",
    [
        "C: STARTTLS\nS: 220 Go\n",
        "C~ MAIL FROM:<{who}>\nS: 250\n",
        "@within 1\nC: NOOP\nS: 250\n",
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dHV0b3I=\nS: 334 UGFzc3dvcmQ6\nC: *\nS: 501\n",
        "C[bob]: NOOP\n",
        "C: NOOP\nS~ 250 {id}\n",
        "C: NOOP\n",
        "@eof\n",
    ],
    ids=["tls", "hole", "within", "auth", "two connections", "capture", "unread", "eof"],
)
def test_what_needs_thought_takes_no_lane(line: str) -> None:
    """The lane knows fixed octets and whole replies, and nothing else."""
    assert lane(made("S: 220 x\nC: EHLO client.example.net\nS: 250 x\n" + line), CASTING) is None


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent.parent / "conversations").glob("*.smtp")), ids=lambda path: path.stem
)
def test_conversations_come_out_the_same(path: Path) -> None:
    """Every conversation that may take the lane ends as the player ends it."""
    script = plan(compile_steps(parse(path.read_bytes(), path.name)), path.name)
    quick = lane(script, CASTING)
    if quick is None:
        pytest.skip("takes no lane")
    quickly, _ = play_together(by_hand(play_quick(quick, Observer)), play_server(script, Casting(), Observer()))
    slowly, _ = play_together(play(script, CASTING, Observer()), play_server(script, Casting(), Observer()))
    assert quickly.result == slowly.result
    assert str(quickly.error) == str(slowly.error)


def test_replies_are_timed_once_a_play_has_held() -> None:
    """The times of a play, in the order of what is answered; of one that goes another way the observer has them."""
    quick = lane(made(GOOD), CASTING)
    assert quick is not None
    assert quick.answers == ("greeting", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT")
    taken: list[list[float]] = []
    for server in (GOOD, GOOD.replace("S: 354 Go on", "S: 554 No")):
        part = by_hand(play_quick(quick, Observer, lambda seconds: taken.append(list(seconds))))
        play_together(part, play_server(made(server), Casting(), Observer()))
    assert [len(seconds) for seconds in taken] == [len(quick.answers)]


def test_what_is_told_late_is_told_with_its_time() -> None:
    """The observer hears at which moment of the clock things happened, and nothing is dated when it is over."""

    class Dated(Log):
        def __init__(self) -> None:
            super().__init__()
            self.moments: list[float | None] = []

        def happened_at(self, moment: float | None) -> None:
            self.moments.append(moment)

    quick = lane(made(GOOD), CASTING)
    assert quick is not None
    moments = map(float, range(100))
    observer = Dated()
    part = by_hand(play_quick(quick, lambda: observer, clock=moments.__next__), moments.__next__)
    bad = made(GOOD.replace("S: 354 Go on", "S: 554 No"))
    play_together(part, play_server(bad, Casting(), Observer()))
    *dated, last = observer.moments
    times = [moment for moment in dated if moment is not None]
    assert times == sorted(times)
    assert (len(times), times[0], len(set(times)) > 3) == (len(dated), 0.0, True)
    assert last is None


def test_own_names_are_judged_as_the_player_does() -> None:
    """A name that we said in EHLO keeps nobody out of the lane, and is masked all the same."""
    casting = CASTING._replace(own_names=(b"client.example.net",))
    script = made(GOOD.replace("S: 250-mail.example.com", "S: 250-mail.example.com greets CLIENT.example.net"))
    server = GOOD.replace("S: 250-mail.example.com", "S: 250-mail.example.com greets client.example.net")
    quick = lane(script, casting)
    assert quick is not None
    quickly, _ = play_together(by_hand(play_quick(quick, Observer)), play_server(made(server), Casting(), Observer()))
    slowly, _ = play_together(play(script, casting, Observer()), play_server(made(server), Casting(), Observer()))
    assert quickly.result == slowly.result
    assert quickly.result is not None
    assert quickly.result.status == "pass"
