"""Bringing a script up to date: which lines become what, and what is left for a person to decide."""

from collections.abc import Sequence

import pytest

from smtp_repl.script.casting import Casting, Observer, PlayResult, StepResult
from smtp_repl.script.player import plan, play
from smtp_repl.script.selfplay import Outcome, play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.script.update import Update
from smtp_repl.wire.targets import Target

TARGET = Target("mail.example.com")


class Updater(Observer):
    """Lets an update see a play."""

    def __init__(self, update: Update) -> None:
        self._update = update

    def stepped(self, result: StepResult) -> None:
        self._update.stepped(result)


def against(script: bytes, server: bytes, *, everything: bool = False) -> tuple[Update, Outcome]:
    """Play a script against a server that says what another one says; the update and the play's end."""
    read = parse(script, "a.smtp")
    steps = compile_steps(read)
    update = Update(read, steps, everything=everything)
    casting = Casting(target=TARGET, goes_on=update.goes_on)
    other = plan(compile_steps(parse(server)))
    client, _ = play_together(play(plan(steps), casting, Updater(update)), play_server(other, Casting(), Observer()))
    return update, client


def lines(*given: str, end: str = "\n") -> bytes:
    return "".join(line + end for line in given).encode()


def replay(script: bytes, server: bytes) -> PlayResult:
    """The result of a script as it stands."""
    other = plan(compile_steps(parse(server)))
    client, _ = play_together(
        play(plan(compile_steps(parse(script))), Casting(target=TARGET), Observer()),
        play_server(other, Casting(), Observer()),
    )
    assert client.result is not None
    return client.result


HELLO = ("S: 220 hi", "C: EHLO x")

CASES: dict[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    # name: (the script, what the server says, what becomes of the script)
    "drift": (["S: 250 Ok"], ["S: 250 2.1.0 Ok"], ["S: 250 2.1.0 Ok"]),
    "another code": (["S: 250 Ok"], ["S: 252 Maybe"], ["S: 252 Maybe"]),
    "a refusal of another kind": (["S: 550 No"], ["S: 450 4.2.0 Later"], ["S: 450 4.2.0 Later"]),
    "an assertion": (["S= 250 Ok"], ["S: 250 Fine"], ["S= 250 Fine"]),
    "what holds stays": (["  S:  250 odd"], ["S:  250 odd"], ["  S:  250 odd"]),
    "what is masked stays": (["S: 250 at 12:00:01"], ["S: 250 at 13:59:59"], ["S: 250 at 12:00:01"]),
    "the space before the tag stays": (["  S: 250 Ok"], ["S: 250 Fine"], ["  S: 250 Fine"]),
    "a bare code stays bare": (["S: 250"], ["S: 251 forwarded"], ["S: 251"]),
    "a pattern stays a pattern": (["S: 25x Ok"], ["S: 251 Forwarded"], ["S: 25x Forwarded"]),
    "one line of three": (
        ["S: 250-x", "# between", "S: 250-SIZE 10", "S: 250 HELP"],
        ["S: 250-x", "S: 250-SIZE 20", "S: 250 HELP"],
        ["S: 250-x", "# between", "S: 250-SIZE 20", "S: 250 HELP"],
    ),
    "a line more": (
        ["S: 250-x", "S: 250 SIZE 10", "# after"],
        ["S: 250-x", "S: 250-SIZE 10", "S: 250 HELP"],
        ["S: 250-x", "S: 250-SIZE 10", "S: 250 HELP", "# after"],
    ),
    "a line less": (
        ["S: 250-x", "# of size", "S: 250-SIZE 10", "S: 250 HELP"],
        ["S: 250-x", "S: 250 HELP"],
        ["S: 250-x", "# of size", "S: 250 HELP"],
    ),
    "beside one with a hole": (
        ["S~ 250-{name}", "S: 250 SIZE 10"],
        ["S: 250-x", "S: 250 SIZE 20"],
        ["S~ 250-{name}", "S: 250 SIZE 20"],
    ),
    "beside one that must not be": (
        ["S: 250-x", "S: 250 SIZE 10", "S!: XCLIENT"],
        ["S: 250-x", "S: 250 SIZE 20"],
        ["S: 250-x", "S: 250 SIZE 20", "S!: XCLIENT"],
    ),
    "utf-8": (["S: 250 gut"], ["S: 250 schön"], ["S: 250 schön"]),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("before", "server", "after"), CASES.values(), ids=list(CASES))
def test_rewrites(before: Sequence[str], server: Sequence[str], after: Sequence[str], end: str) -> None:
    """Only the text of what differs changes; the result plays green against the same server."""
    rest = ("C: QUIT", "S: 221 bye")
    script = lines(*HELLO, *before, *rest, end=end)
    said = lines(*HELLO, *server, *rest)
    update, client = against(script, said)
    assert update.refusals == []
    assert update.octets == lines(*HELLO, *after, *rest, end=end)
    assert client.result is not None
    assert client.result.played == len(compile_steps(parse(script)))
    assert replay(update.octets, said).status == "pass"


REFUSALS: dict[str, tuple[Sequence[str], Sequence[str], str]] = {
    "success to refusal": (["S: 250 Ok"], ["S: 550 No"], "--update=all"),
    "hole": (["S~ 250 {} Ok"], ["S: 250 Fine"], "asserts more"),
    "forbidden": (["S: 250 Ok", "S!: Fine"], ["S: 250 Fine"], "asserts more"),
    "caps": (["S: 250 SIZE", "@caps XCLIENT"], ["S: 250 HELP"], "asserts more"),
    "exact octets": (['S="250 Ok\\r\\n"'], ["S: 250 Fine"], "asserts more"),
    "optional lines and a line more": (
        ["S?: 250-SIZE", "S: 250 HELP", "S= 250 X"],
        ["S: 250-A", "S: 250-B", "S: 250 C"],
        "other lines",
    ),
    "closing": (["S: 250 Ok"], ["S: 421 Bye", "@eof"], "421 ends the session"),
    "octets that no plain line has": (["S: 250 Ok"], [r'S"250 \x07\r\n"'], "a plain line cannot say"),
}


@pytest.mark.parametrize(("before", "server", "reason"), REFUSALS.values(), ids=list(REFUSALS))
def test_leaves_to_a_person(before: Sequence[str], server: Sequence[str], reason: str) -> None:
    """What needs a decision is left as it was, with its line and the reason."""
    script = lines(*HELLO, *before)
    update, _ = against(script, lines(*HELLO, *server))
    assert update.octets == script
    assert [refusal.line for refusal in update.refusals][:1] == [3]
    assert reason in update.refusals[0].reason


def test_all_lets_a_success_become_a_refusal() -> None:
    script = lines(*HELLO, "S: 250 Ok", "C: QUIT", "S: 221 bye")
    said = lines(*HELLO, "S: 550 No", "C: QUIT", "S: 221 Bye then")
    update, _ = against(script, said, everything=True)
    assert update.octets == said


@pytest.mark.parametrize(
    ("wanted", "said"), [("S: 354 Go", "S: 554 No"), ("S: 250 Ok", "S: 354 Go"), ("S: 354 Go", "S: 250 Ok")]
)
def test_what_gives_the_next_lines_another_meaning_is_refused_always(wanted: str, said: str) -> None:
    """A body must not go out as commands, nor commands as a body, whatever is asked for."""
    script = lines(*HELLO, wanted, "C: text", "C: .", "S: 250 Ok")
    update, client = against(script, lines(*HELLO, said, "C: QUIT", "S: 221 bye"), everything=True)
    assert update.octets == script
    assert "would mean something else" in update.refusals[0].reason
    assert client.result is not None
    assert client.result.status == "fail"


def test_goes_on_as_far_as_the_session_goes() -> None:
    """What was updated before the play stops is kept; the failure that stopped it is the result's."""
    script = lines("S: 220 one", "C: EHLO x", "S: 250 two", "C: NOOP", "S~ 250 {} three", "C: QUIT", "S: 221 four")
    said = lines("S: 220 uno", "C: EHLO x", "S: 252 due", "C: NOOP", "S: 250 tre", "C: QUIT", "S: 221 quattro")
    update, client = against(script, said)
    assert update.octets.splitlines()[:3] == [b"S: 220 uno", b"C: EHLO x", b"S: 252 due"]
    assert update.octets.splitlines()[4:] == script.splitlines()[4:]
    assert client.result is not None
    assert client.result.failure is not None
    assert client.result.failure.line == 5


@pytest.mark.parametrize("tail", [b"", b"\n"], ids=["no-line-end", "line-end"])
def test_the_end_of_the_file_stays_as_it_was(tail: bytes) -> None:
    """A last line without a line end gets none, also when lines come after it."""
    script = b"\xef\xbb\xbf" + lines(*HELLO, "S: 250 x").removesuffix(b"\n") + tail
    update, _ = against(script, lines(*HELLO, "S: 250-x", "S: 250 HELP"))
    assert update.octets == b"\xef\xbb\xbf" + lines(*HELLO, "S: 250-x", "S: 250 HELP").removesuffix(b"\n") + tail


def test_lines_of_an_included_file_stay() -> None:
    """Another file is not this one's to change."""
    read = parse(lines("@include greeting.smtp", "C: NOOP", "S: 250 Ok"), "a.smtp")
    steps = compile_steps(read, lambda path: b"S: 220 hello\n")
    update = Update(read, steps)
    casting = Casting(target=TARGET, goes_on=update.goes_on)
    server = plan(compile_steps(parse(lines("S: 220 hi", "C: NOOP", "S: 250 Fine"))))
    play_together(play(plan(steps), casting, Updater(update)), play_server(server, Casting(), Observer()))
    assert update.octets == lines("@include greeting.smtp", "C: NOOP", "S: 250 Fine")
    assert "includes" in update.refusals[0].reason
