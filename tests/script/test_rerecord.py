"""Recording a replay with its script as guide: what holds keeps its source, what failed is written as it came."""

import pytest

from smtp_repl.script.casting import Casting, Observer, PlayResult, StepResult
from smtp_repl.script.differences import Difference
from smtp_repl.script.player import plan, play
from smtp_repl.script.rerecord import Rerecording
from smtp_repl.script.selfplay import play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.errors import PeerClosed
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.targets import Target


class Guide(Observer):
    """Passes on what a play tells, and collects what the file grows by."""

    def __init__(self, rerecording: Rerecording) -> None:
        self.rerecording = rerecording
        self.octets = rerecording.begin()

    def wrote(self, connection: str, events: object) -> None:
        self.rerecording.wrote()

    def stepped(self, result: StepResult) -> None:
        self.octets += self.rerecording.stepped(result)


def rerecord(
    script: bytes, server: bytes | None = None, *, to_line: int = 0, files: dict[str, bytes] | None = None
) -> bytes:
    """Play a script in memory against another one (or itself); returns what is recorded."""
    load = (files or {}).__getitem__
    read = parse(script, "a.smtp")
    steps = compile_steps(read, load)
    guide = Guide(Rerecording(read, steps))
    casting = Casting(target=Target("memory"), to_line=to_line)
    other = plan(compile_steps(parse(server or script, "b.smtp"), load))
    client, _ = play_together(play(plan(steps), casting, guide), play_server(other, casting, Observer()))
    if client.error is not None:
        return guide.octets + guide.rerecording.stopped(client.error)
    assert client.result is not None
    return guide.octets + guide.rerecording.ended(client.result)


GREEN = [
    b"S: 220 x\nC: QUIT\nS: 221 bye\n",
    b"\xef\xbb\xbf# caf\xe9\r\n\r\n@title x\r\n  S: 220 x\r\nC:  QUIT\r\n{note}\r\nS~ 221 {}\r\nS!: 999\r\n# end",
    b"S: 220 x\nC: EHLO x\nS: 250-x\nS?: 250-MAYBE\nS: 250 SIZE\n@caps SIZE\n"
    b"C: NOOP\nC: NOOP\nS: 250 a\n# between\nS: 250 b\n",
    b"S[bob]: 220 x\nC[bob]: NOOP\nS[bob]: 250\nS: 220 y\nC: NOOP\nS: 250\n@close\n",
]


@pytest.mark.parametrize("script", GREEN, ids=range(len(GREEN)))
def test_green_is_the_same(script: bytes) -> None:
    """A run in which all held gives the same octets."""
    assert rerecord(script) == script


def test_drift_is_green() -> None:
    """What differs below the level keeps its source."""
    script = b"S: 220 x\nC: NOOP\nS: 250 fine\n"
    assert rerecord(script, script.replace(b"fine", b"other")) == script


FAILED = [
    pytest.param(
        b"S: 220 x\nC: NOOP\n  S: 250 fine\n# why?\nC: QUIT\nS: 221\n",
        b"S: 220 x\nC: NOOP\nS: 550 5.7.1 no\nC: QUIT\nS: 221\n",
        b"S: 220 x\nC: NOOP\nS: 550 5.7.1 no\n# the play ended here: line 3 of a.smtp did not hold\n",
        id="another-code",
    ),
    pytest.param(
        b"@match text\r\nS: 220 x\r\nC: NOOP\r\n S~ 250-{}\r\nS: 250 b\r\n",
        b"S: 220 x\nC: NOOP\nS: 250-a\nS: 250 c\n",
        b"@match text\r\nS: 220 x\r\nC: NOOP\r\n S~ 250-{}\r\nS: 250 c\r\n"
        b"# the play ended here: line 4 of a.smtp did not hold\r\n",
        id="a-line-that-holds-stays",
    ),
    pytest.param(
        b"@match text\nS: 220 x\nC: NOOP\nS!: secret\n# note\nS: 250 b\nS!: other\n",
        b"S: 220 x\nC: NOOP\nS: 250-a\nS: 250 c\n",
        b"@match text\nS: 220 x\nC: NOOP\nS!: secret\n# note\nS: 250-a\nS: 250 c\nS!: other\n"
        b"# the play ended here: line 4 of a.smtp did not hold\n",
        id="assertions-stay",
    ),
    pytest.param(
        b"S: 220 x\nC: NOOP\nS!: bad\nS: 250\n@eof\n",
        b"S: 220 x\nC: NOOP\nS: 250\nC: x\n",
        b"S: 220 x\nC: NOOP\nS!: bad\nS: 250\n@eof\n# the play ended here: line 5 of a.smtp did not hold\n",
        id="a-directive",
    ),
    pytest.param(
        b"S: 220 x\nC[bob]: NOOP\nS[bob]: 250\n",
        b"S: 220 x\nC[bob]: NOOP\nS[bob]: 550 no\n",
        b"S: 220 x\nC[bob]: NOOP\nS[bob]: 550 no\n# the play ended here: line 3 of a.smtp did not hold\n",
        id="a-named-connection",
    ),
    pytest.param(
        b"@strict\nC: NOOP\nS: 250",
        b"S: 220 x\nC: NOOP\nS: 250\n",
        b"@strict\n# the play ended here: a reply came that the script does not expect: 220 x\n",
        id="unforeseen",
    ),
]


@pytest.mark.parametrize(("script", "server", "recorded"), FAILED)
def test_failures(script: bytes, server: bytes, recorded: bytes) -> None:
    """A reply that failed is written as it came; nothing behind it is kept, and a comment says why."""
    if script.startswith(b"S: 220 x\nC[bob]"):
        script, server, recorded = (text.replace(b"S: 220 x", b"S[bob]: 220 x") for text in (script, server, recorded))
    assert rerecord(script, server) == recorded


def test_a_stop_that_was_asked_for() -> None:
    script = b"S: 220 x\nC: NOOP\nS: 250\n# here\nC: QUIT\nS: 221\n"
    assert (
        rerecord(script, to_line=3)
        == script[: script.index(b"C: QUIT")] + b"# the play ended here: stopped here, as asked\n"
    )


def test_skipped() -> None:
    script = b"@require SIZE\nS: 220 x\nC: EHLO x\nS: 250 x\nC: QUIT\nS: 221\n"
    assert rerecord(script).endswith(b"# the play ended here: skipped: line 1: the server does not offer SIZE\n")


@pytest.mark.parametrize(
    ("server", "kept"),
    [
        (b"S: 220 x\nC: NOOP\n", b"S: 220 x\nC: NOOP\n"),
        (b"", b""),
    ],
    ids=["no-reply", "no-greeting"],
)
def test_an_error_ends_the_file(server: bytes, kept: bytes) -> None:
    """What was said before the connection broke is kept, what was due is not."""
    recorded = rerecord(b"S: 220 x\nC: NOOP\n# then\nS: 250\nC: QUIT\nS: 221\n", server + b"@close\n")
    assert recorded.startswith(kept + b"# the play ended here: ")
    assert recorded.count(b"\n") == kept.count(b"\n") + 1


def test_a_failure_in_an_included_file() -> None:
    """The script that includes it is not at fault: it is kept up to there."""
    files = {"inc.smtp": b"S: 220 x\nC: EHLO x\nS: 250\n", "other.smtp": b"S: 220 x\nC: EHLO x\nS: 500\n"}
    script = b"# one\n@include inc.smtp\nC: NOOP\nS: 250\n"
    assert rerecord(script, files=files) == script
    recorded = rerecord(script, script.replace(b"inc.", b"other."), files=files)
    assert recorded == b"# the play ended here: inc.smtp failed at its line 3\n"


def test_a_masked_secret_becomes_a_hole() -> None:
    """What a server repeats of a secret is not written, and the line matches it all the same."""
    script = parse(b"S: 220\nC: NOOP\nS: 250\n", "a.smtp")
    steps = compile_steps(script)
    rerecording = Rerecording(script, steps)
    reply = Reply(550, (b"no {x} ",), f"550 no {{x}} {MASK}\r\n".encode())
    code = Difference(3, 4, 3, "250", "550", "code")
    octets = rerecording.stepped(StepResult("a.smtp", 3, "fail", differences=(code,), reply=reply, step=2))
    assert b"S~ 550 no {{x}} {}\n" in octets


def test_nothing_comes_after_the_end() -> None:
    """Whatever is told after a failure adds nothing."""
    script = parse(b"S: 220", "a.smtp")
    steps = compile_steps(script)
    rerecording = Rerecording(script, steps)
    assert rerecording.stepped(StepResult("a.smtp", 1, "fail", step=0)).startswith(b"S: 220\n# the play") is False
    assert rerecording.stopped(PeerClosed("gone")) == b""
    assert rerecording.ended(PlayResult("fail", (0, 0, 1, 0))) == b""  # type: ignore[arg-type] # not looked at


def test_a_last_line_without_its_end_gets_one() -> None:
    script = parse(b"S: 220 x\nC: NOOP", "a.smtp")
    rerecording = Rerecording(script, compile_steps(script))
    octets = rerecording.stepped(StepResult("a.smtp", 1, "ok", step=0))
    rerecording.wrote()
    assert octets + rerecording.stopped(PeerClosed("gone")) == b"S: 220 x\nC: NOOP\n# the play ended here: gone\n"
