"""TAP 14: a plan, a line for each file, details in YAML, subtests for what was played several times."""

import re

from smtp_repl.view.tap import tap
from tests.view.reported import everything, file, run, session

GOLDEN = """\
TAP version 14
1..3
ok 1 - a.smtp - Title
  ---
  status: drift
  duration_ms: 250.000
  ok: 2
  drift: 1
  ...
not ok 2 - b.smtp
  ---
  status: error
  duration_ms: 250.000
  ok: 2
  drift: 1
  lost: ["STARTTLS"]
  kind: "timeout"
  message: "no \\"reply\\" \\\\x07"
  line: 5
  saved: "out/a.session-1.actual.smtp"
  text: |
    error: no "reply" \\x07
      --> b.smtp:5
  ...
ok 3 - c.smtp # SKIP line 2: the server does not offer XCLIENT
  ---
  status: skip
  duration_ms: 250.000
  ok: 2
  drift: 1
  ...
"""


def test_what_it_looks_like() -> None:
    failed = session(status="error")._replace(
        message='no "reply" \\x07', text='error: no "reply" \\x07\n  --> b.smtp:5'
    )
    files = (
        file("a.smtp", session(status="drift"), title="Title"),
        file("b.smtp", failed),
        file("c.smtp", session(status="skip")),
    )
    assert tap(run(*files)) == GOLDEN


def test_what_is_played_several_times_is_a_subtest() -> None:
    """Its own plan, indented by four, then the line of the file."""
    lines = tap(run(file("often.smtp", session(1), session(2, "fail"), session(3)))).splitlines()
    assert lines[2:4] == ["# Subtest: often.smtp", "    1..3"]
    assert [line for line in lines if re.match(r" {4}(not )?ok ", line)] == [
        "    ok 1 - session 1",
        "    not ok 2 - session 2",
        "    ok 3 - session 3",
    ]
    assert lines[-1] == "not ok 1 - often.smtp"


def test_what_tap_takes_for_its_own_is_escaped() -> None:
    """A title cannot make a failure a skip or a todo."""
    lines = tap(everything()).splitlines()
    points = [line for line in lines if re.match(r"(not )?ok ", line)]
    assert [line.split(" - ")[0] for line in points] == [*("ok 1", "ok 2", "not ok 3", "not ok 4", "ok 5", "not ok 6")]
    assert not re.search(r"(?<!\\)#", points[2])
    assert "\\\\x1b" in points[2]


def test_a_run_that_ended_early_bails_out() -> None:
    assert tap(run(cut="interrupted")).splitlines()[-1] == "Bail out! interrupted"
