"""`smtp-repl run` with several scripts, at once, again and again: order, counts, statuses, reports, and limits."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import ROOT, call, command, program
from tests.cli.test_run import CANARY, forms
from tests.servers.raw import Await, Close, Expect, ExpectEnd, Move, RawServer, Send
from tests.term.screen import Terminal

Write = Callable[..., str]
Start = Callable[..., RawServer]

GOOD = [
    "@tag good",
    "S: 220",
    "C: EHLO client.example.org",
    "S: 250",
    "C: NOOP",
    "S: 250 2.0.0 Ok",
    "C: QUIT",
    "S: 221",
]
BAD = ["@title A bad one", "@tag bad", "S: 220", "C: VRFY bob", "S: 250 bob", "C: QUIT", "S: 221"]
SKIPPED = ["@require XCLIENT", "S: 220", "C: EHLO client.example.org", "S: 250"]
HELLO = Send(b"220 x\r\n")


def verdicts(lines: list[str]) -> list[str]:
    """The first word of each summary line, with the script's name."""
    found = [re.match(r"(ok|drift|FAIL|skip|error) +(\S+)", line) for line in lines]
    return [f"{each[1]} {Path(each[2]).name}" for each in found if each is not None]


# ---------------------------------------------------------------- which scripts


def test_folders(write: Write, tmp_path: Path, address: str) -> None:
    """All *.smtp below, in order, and nothing hidden; other files are no scripts."""
    for name in ("b.smtp", "a/z.smtp", "a/a.smtp", ".hidden/x.smtp", ".x.smtp", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(GOOD, name)
    done = call("run", str(tmp_path), "--server", address)
    assert (done.status, done.err) == (0, "")
    assert [line.split()[1] for line in done.lines] == [
        f"{tmp_path}/{name}" for name in ("a/a.smtp", "a/z.smtp", "b.smtp")
    ]


def test_a_folder_without_scripts_is_an_error(tmp_path: Path) -> None:
    done = call("run", str(tmp_path), "--server", "127.0.0.1:1")
    assert done.status == 2
    assert "no script (*.smtp)" in done.err


def test_tags(write: Write, address: str) -> None:
    """Only what has one of the tags is played; a tag that nothing has is an error and no success."""
    paths = [write(GOOD, "good.smtp"), write(BAD, "bad.smtp"), write(SKIPPED, "skipped.smtp")]
    done = call("run", *paths, "--server", address, "--tag", "good")
    assert verdicts(done.lines) == ["ok good.smtp"]
    done = call("run", *paths, "--server", address, "--tag", "good", "--tag", "bad")
    assert verdicts(done.lines) == ["ok good.smtp", "FAIL bad.smtp"]
    assert call("run", *paths, "--server", address, "--tag", "ugly").status == 2


# ---------------------------------------------------------------- order and statuses


def test_one_bad_script_does_not_stop_the_others(write: Write, address: str) -> None:
    """A script that does not parse, and one that fails, stand between others that are played."""
    paths = [write("NOOP\n", "a.smtp"), write(GOOD, "b.smtp"), write(BAD, "c.smtp"), write(GOOD, "d.smtp")]
    done = call("run", *paths, "--server", address)
    assert verdicts(done.lines) == ["error a.smtp", "ok b.smtp", "FAIL c.smtp", "ok d.smtp"]
    assert done.status == 2
    assert call("run", *paths[1:], "--server", address).status == 1


def test_sessions_are_at_once_and_lines_in_order(write: Write, raw_server: Start) -> None:
    """With -j the second script is over before the first; what is printed is in the order of the files."""
    slow = write(["S: 220", "C: NOOP", "S: 250 slow", "C: QUIT", "S: 221"], "slow.smtp")
    fast = write(["S: 220", "C: RSET", "S: 250 fast"], "fast.smtp")
    done = threading.Event()
    first = raw_server([HELLO, Expect(b"NOOP"), Await(done), Send(b"250 slow\r\n"), Expect(b"QUIT"), Send(b"221\r\n")])
    second = raw_server([HELLO, Expect(b"RSET"), Send(b"250 fast\r\n"), ExpectEnd()])
    Path(slow).write_text(f"@connect {first.address}\n" + Path(slow).read_text())
    Path(fast).write_text(f"@connect {second.address}\n" + Path(fast).read_text())
    threading.Thread(target=lambda: (second.join(), done.set())).start()
    result = call("run", slow, fast, "-j", "2", "-v")
    assert result.status == 0, result
    assert verdicts(result.lines) == ["ok slow.smtp", "ok fast.smtp"]
    at = result.lines.index
    assert at("S: 250 slow") < at("S: 221") < at("S: 250 fast")


def test_fail_fast(write: Write, address: str) -> None:
    """Nothing more is begun once something failed."""
    paths = [write(GOOD, "a.smtp"), write(BAD, "b.smtp"), write(GOOD, "c.smtp")]
    done = call("run", *paths, "--server", address, "--fail-fast")
    assert verdicts(done.lines) == ["ok a.smtp", "FAIL b.smtp"]
    assert "--fail-fast" in done.err
    assert done.status == 1


def test_fail_fast_ends_repeats(write: Write, address: str) -> None:
    done = call("run", write(BAD), "--server", address, "--repeat", "100", "--fail-fast", "--json")
    assert json.loads(done.lines[-1])["sessions"] == 1


def test_all_skipped(write: Write, address: str) -> None:
    done = call("run", write(SKIPPED, "a.smtp"), write(SKIPPED, "b.smtp"), "--server", address)
    assert (verdicts(done.lines), done.status) == (["skip a.smtp", "skip b.smtp"], 77)


# ---------------------------------------------------------------- again and again


def test_repeats_are_summed_up(write: Write, address: str) -> None:
    """One line for the script, then throughput and a row for each thing that is answered."""
    done = call("run", write(GOOD), "--server", address, "--repeat", "30", "-j", "5")
    assert (done.status, done.err) == (0, "")
    assert re.match(r"ok     \S+  30 sessions  120 steps  [0-9.]+ s$", done.lines[0])
    assert re.match(r"30 sessions in [0-9.]+ s, [0-9.]+ sessions/s, [0-9.]+ commands/s$", done.lines[2])
    rows = [line.split() for line in done.lines[4:]]
    assert [row[:2] for row in rows[1:]] == [["greeting", "30"], ["EHLO", "30"], ["NOOP", "30"], ["QUIT", "30"]]
    assert len({len(line) for line in done.lines[4:]}) == 1


@pytest.mark.parametrize("lane", [True, False], ids=["quick-lane", "player"])
def test_json_of_repeats(write: Write, address: str, lane: bool) -> None:
    """The last line sums up; sessions that went well write nothing of their own."""
    script = GOOD if lane else [*GOOD[:4], "S!: XCLIENT", "C~ NOOP {who}", *GOOD[5:]]
    done = call("run", write(script), "--server", address, "--repeat", "20", "-j", "4", "--json", "--var", "who=me")
    result, summary = map(json.loads, done.lines)
    assert (result["event"], result["session"], result["sessions"], result["failed"]) == ("result", 0, 20, 0)
    assert (summary["event"], summary["sessions"], summary["failed"], summary["errors"]) == ("summary", 20, 0, {})
    assert summary["sessions_per_second"] > 0
    assert summary["latencies"].keys() == {"greeting", "EHLO", "NOOP", "QUIT"}
    for row in summary["latencies"].values():
        assert row["count"] == 20
        assert 0 < row["p50"] <= row["p90"] <= row["p99"] <= row["max"]


@pytest.mark.parametrize("lane", [True, False], ids=["quick-lane", "player"])
def test_json_of_sessions_that_failed(write: Write, raw_server: Start, lane: bool) -> None:
    """Such a session writes all its events, with the times at which they happened, and its number."""
    good: list[Move] = [HELLO, Expect(b"NOOP"), Send(b"250 Ok\r\n"), Expect(b"QUIT"), Send(b"221 x\r\n"), ExpectEnd()]
    bad: list[Move] = [HELLO, Expect(b"NOOP"), Send(b"450 no\r\n"), ExpectEnd()]
    server = raw_server(good, bad, good)
    noop = "C: NOOP" if lane else "C~ NOOP"
    path = write(["S: 220", noop, "S: 250 Ok", "C: QUIT", "S: 221"])
    done = call("run", path, "--server", server.address, "--repeat", "3", "--json")
    events = [json.loads(line) for line in done.lines]
    assert done.status == 1
    names = [(event["event"], event.get("session")) for event in events]
    expected = ("connected", "reply", "step", "command", "reply", "step", "closed", "result")
    assert names == [*((name, 2) for name in expected), ("result", 0), ("summary", None)]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert events[4]["seconds"] < events[-1]["at"]
    assert events[-1]["errors"] == {"code": 1}


def test_only_the_first_failures_are_shown_in_full(write: Write, address: str) -> None:
    """The rest is counted, by kind."""
    done = call("run", write(BAD), "--server", address, "--repeat", "10")
    assert done.err.count("error: the reply has another code") == 3
    assert "# session 1 of " in done.err
    assert "# 7 more of " in done.err
    assert done.lines[0].endswith("  10 failed")
    assert re.search(r"^error  sessions\ncode         10$", done.out, re.MULTILINE)
    assert done.status == 1


def test_duration(write: Write, address: str) -> None:
    """Sessions are begun for so long, and those that have begun end as they should."""
    began = time.monotonic()
    done = call("run", write(GOOD), "--server", address, "--duration", "0.3", "-j", "2", "--json")
    assert 0.3 <= time.monotonic() - began < 10
    summary = json.loads(done.lines[-1])
    assert (done.status, summary["failed"]) == (0, 0)
    assert summary["sessions"] > 2
    assert {row["count"] for row in summary["latencies"].values()} == {summary["sessions"]}


def test_rate(write: Write, address: str) -> None:
    """Sessions begin by the clock: as many as the rate says, not as many as there could be."""
    done = call("run", write(GOOD), "--server", address, "--rate", "40", "--duration", "0.5", "--json")
    summary = json.loads(done.lines[-1])
    assert summary["sessions"] + summary["late"] >= 20
    assert summary["sessions"] <= 20


def test_late_starts_are_told(write: Write, raw_server: Start) -> None:
    """An open loop: who has to wait for a place begins late, and is counted."""
    slow: list[Move] = [HELLO, Expect(b"NOOP"), Send(b"250 Ok\r\n"), ExpectEnd()]
    server = raw_server(*[slow] * 4)
    path = write(["S: 220", "C: NOOP", "S: 250 Ok", "@wait 0.1"])
    done = call("run", path, "--server", server.address, "--rate", "1000", "-j", "1", "--repeat", "4")
    assert done.status == 0, done
    assert ", 3 began late" in done.out


# ---------------------------------------------------------------- what is kept


def test_the_transcript_of_a_failure_is_saved(write: Write, tmp_path: Path, address: str) -> None:
    """Beside the failure, in a file for its user only, which is a script; nothing is saved of what went well."""
    folder = tmp_path / "saved"
    paths = [write(GOOD, "good.smtp"), write(BAD, "bad.smtp")]
    done = call("run", *paths, "--server", address, "--save", str(folder))
    path = folder / "bad.session-1.actual.smtp"
    assert f"saved: {path}" in done.err.splitlines()
    assert os.listdir(folder) == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert "C: VRFY bob\nS: 252 2.0.0 " in text
    assert text.splitlines()[-1].startswith("# it ended here: the reply has another code: expected 250 bob")
    assert call("run", str(path), "--server", address).status == 0


def test_no_folder_is_made_when_nothing_failed(write: Write, tmp_path: Path, address: str) -> None:
    assert call("run", write(GOOD), "--server", address, "--save", str(tmp_path / "saved")).status == 0
    assert not (tmp_path / "saved").exists()


def test_repeated_failures_are_saved_by_session(write: Write, tmp_path: Path, address: str) -> None:
    """Also in the quick lane, which tells nobody of what goes well: all that was said is there."""
    folder = tmp_path / "saved"
    call("run", write(BAD, "bad.smtp"), "--server", address, "--save", str(folder), "--repeat", "3", "-j", "3")
    assert sorted(os.listdir(folder)) == [f"bad.session-{number}.actual.smtp" for number in (1, 2, 3)]
    assert all("C: VRFY bob\n" in path.read_text() for path in folder.iterdir())


def test_two_scripts_of_one_name_have_two_files(write: Write, tmp_path: Path, address: str) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        write(BAD, f"{name}/bad.smtp")
    call("run", str(tmp_path), "--server", address, "--save", str(tmp_path / "saved"))
    assert len(os.listdir(tmp_path / "saved")) == 2


def test_a_timeout_is_saved_too(write: Write, tmp_path: Path, raw_server: Start) -> None:
    server = raw_server([HELLO, Expect(b"NOOP"), ExpectEnd()])
    path = write(["S: 220", "C: NOOP", "S: 250"])
    done = call("run", path, "--server", server.address, "--timeout", "0.1", "--save", str(tmp_path / "saved"))
    assert done.status == 5
    (saved,) = (tmp_path / "saved").iterdir()
    assert "# no reply to NOOP within 0.1 s" in saved.read_text()


def test_a_folder_that_cannot_be_made(write: Write, address: str) -> None:
    done = call("run", write(BAD), "--server", address, "--save", "/dev/null/saved")
    assert done.status == 7
    assert "cannot make the folder" in done.err


# ---------------------------------------------------------------- reports


def test_reports(write: Write, tmp_path: Path, address: str) -> None:
    """All three from one run; the status is the run's."""
    paths = [
        write(GOOD, "good.smtp"),
        write(BAD, "bad.smtp"),
        write("x\n", "wrong.smtp"),
        write(SKIPPED, "skipped.smtp"),
    ]
    files = {key: tmp_path / f"report.{key}" for key in ("junit", "tap", "html")}
    options = [word for key, path in files.items() for word in (f"--{key}", str(path))]
    done = call("run", *paths, "--server", address, "-j", "4", *options)
    assert done.status == 2
    root = ElementTree.parse(files["junit"]).getroot()
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    tap = files["tap"].read_text().splitlines()
    assert [line.split(" - ")[0] for line in tap if re.match("(not )?ok", line)] == [
        "ok 1",
        "not ok 2",
        "not ok 3",
        "ok 4",
    ]
    page = files["html"].read_text()
    assert "2 of 4 failed" in page
    assert page.count("<details") == 4


def test_reports_of_repeats(write: Write, tmp_path: Path, address: str) -> None:
    """Each session is a case; of the first the page has the conversation, though the lane keeps none."""
    junit, html = tmp_path / "r.xml", tmp_path / "r.html"
    options = ["--repeat", "12", "-j", "3", "--junit", str(junit), "--html", str(html)]
    assert call("run", write(GOOD), "--server", address, *options).status == 0
    assert len(list(ElementTree.parse(junit).getroot().iter("testcase"))) == 12
    assert html.read_text().count("<details") == 1
    assert "Throughput" in html.read_text()


@pytest.mark.parametrize("key", ["junit", "tap", "html"])
def test_a_report_on_standard_output_has_it_to_itself(write: Write, address: str, key: str) -> None:
    done = call("run", write(GOOD), "--server", address, f"--{key}", "-")
    assert done.out.startswith({"junit": "<?xml", "tap": "TAP version 14", "html": "<!DOCTYPE html>"}[key])
    assert verdicts(done.err.splitlines()) == ["ok a.smtp"]


@pytest.mark.parametrize("path", ["/nonexistent/report", "a\0b", "/dev/full"], ids=["no-folder", "no-name", "full"])
@pytest.mark.parametrize("key", ["junit", "tap", "html"])
def test_a_report_that_cannot_be_written(write: Write, address: str, key: str, path: str) -> None:
    """Status 7, whatever the scripts came to."""
    done = call("run", write(GOOD), "--server", address, f"--{key}", path)
    assert done.status == 7
    assert "cannot write the report" in done.err


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--junit", "-", "--tap", "-"], "cannot both go to standard output"),
        (["--json", "--html", "-"], "cannot both go to standard output"),
        (["--repeat", "2", "--record", "f"], "--record is about one session"),
        (["--update", "--repeat", "2"], "plays each script once"),
        (["--update=some"], "--update=all"),
        (["--repeat", "0"], "a number from 1"),
        (["-j", "x"], "a number from 1"),
        (["--rate", "0"], "a number for each second"),
        (["--duration", "0"], "takes seconds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_contradictions(write: Write, options: list[str], message: str) -> None:
    done = call("run", write(GOOD), "--server", "127.0.0.1:1", *options)
    assert done.status == 2
    assert message in done.err


@pytest.mark.parametrize("options", [["-j", "11"], ["-j", "6"]], ids=["sessions", "connections"])
def test_a_load_on_somebody_else_needs_a_word(write: Write, options: list[str]) -> None:
    """More than ten connections at once to another machine, before anything is sent."""
    path = write(["S: 220", "C[bob]: NOOP", "C: NOOP"])
    done = call("run", path, "--server", "192.0.2.1", "--repeat", "20", *options)
    assert done.status == 2
    assert "--load-ok" in done.err
    elsewhere = write(["@connect 192.0.2.1", "S: 220", "C[bob]: NOOP"])
    assert "--load-ok" in call("run", elsewhere, "--repeat", "20", *options).err


def test_the_practice_server_takes_as_many_as_there_are(write: Write) -> None:
    """More sessions than it takes by itself, with both ends in one process."""
    done = call("run", write(GOOD), "--local", "-j", "120", "--repeat", "240")
    assert (done.status, done.err) == (0, "")


def test_open_files_are_raised(write: Write) -> None:
    """The soft limit is no limit where the hard one allows more; and where it does not, that is said first."""
    code = (
        "import resource, sys; from smtp_repl.cli import main;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (50, int(sys.argv[1]))); sys.exit(main(sys.argv[2:]))"
    )
    path = write(GOOD)
    for hard, status in ((400, 0), (80, 2)):
        done = subprocess.run(
            [sys.executable, "-c", code, str(hard), "run", path, "--local", "-j", "60", "--repeat", "60"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, done
        assert ("ulimit -n" in done.stderr) is (status == 2)


# ---------------------------------------------------------------- --update


def test_update_rewrites_the_file(write: Write, tmp_path: Path, address: str) -> None:
    """In place, with its mode; what changed is shown; a second run is green and changes nothing."""
    path = write(["S~ 220 {}", "C: NOOP", "S: 250 Fine", "# kept", "C: QUIT", "S: 221 so long"])
    os.chmod(path, 0o640)
    done = call("run", path, "--server", address, "--update", "--strict")
    assert done.status == 0, done
    assert {"-S: 250 Fine", "+S: 250 2.0.0 Ok", "-S: 221 so long", "+S: 221 2.0.0 Bye"} <= set(done.lines)
    assert "2 lines updated" in done.lines[-1]
    text = Path(path).read_text()
    assert text == "S~ 220 {}\nC: NOOP\nS: 250 2.0.0 Ok\n# kept\nC: QUIT\nS: 221 2.0.0 Bye\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.smtp"]
    done = call("run", path, "--server", address, "--update", "--strict")
    assert verdicts(done.lines) == ["ok a.smtp"]
    assert Path(path).read_text() == text


def test_update_leaves_a_success_alone(write: Write, address: str) -> None:
    """A 2xx does not become a 5xx unless all may; the failure is a failure."""
    lines = ["S~ 220 {}", "C: XYZZY", "S: 250 Fine", "C: QUIT", "S: 221"]
    path = write(lines)
    done = call("run", path, "--server", address, "--update")
    assert done.status == 1
    assert "--update=all does that too" in done.err
    assert Path(path).read_text().splitlines() == lines
    done = call("run", path, "--server", address, "--update=all")
    assert done.status == 0, done
    assert Path(path).read_text().splitlines()[2].startswith("S: 5")


def test_update_follows_a_link_and_keeps_it(write: Write, tmp_path: Path, address: str) -> None:
    path = write(["S~ 220 {}", "C: NOOP", "S: 250 Fine"], "real.smtp")
    link = tmp_path / "link.smtp"
    link.symlink_to(path)
    assert call("run", str(link), "--server", address, "--update").status == 0
    assert link.is_symlink()
    assert "S: 250 2.0.0 Ok" in Path(path).read_text()


def test_update_needs_a_file(address: str) -> None:
    for word in ("-", "@first-mail"):
        done = call("run", word, "--server", address, "--update", stdin=b"C: NOOP\n")
        assert done.status == 2


# ---------------------------------------------------------------- terminals and signals


def test_progress_is_for_terminals(write: Write, raw_server: Start) -> None:
    """One line that moves on a terminal, gone at the end; nothing of it in a pipe."""
    slow: list[Move] = [HELLO, Expect(b"NOOP"), Send(b"250 Ok\r\n"), ExpectEnd()]
    path = write(["S: 220", "C: NOOP", "S: 250 Ok", "@wait 0.4"])
    server = raw_server(slow, slow)
    with Terminal(command("run", path, "--server", server.address, "--repeat", "2"), cols=60) as terminal:
        terminal.wait_for("of 2 sessions")
        terminal.wait_for("2 sessions in ")
        assert terminal.close() == 0
    assert "of 2 sessions" not in terminal.text()
    server = raw_server(slow)
    done = program("run", path, "--server", server.address, "--repeat", "1", "-j", "1")
    assert (done.status, done.err) == (0, "")


def test_ctrl_c_sums_up(write: Write, address: str) -> None:
    """An interrupted run says what it came to, and its status is 130."""
    path = write(GOOD)
    running = subprocess.Popen(
        command("run", path, "--server", address, "--duration", "60", "-v"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert any("closed the connection" in line for line in running.stdout)  # a session is over, the run goes on
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130, (out, err)
    assert re.search(r"^[0-9]+ sessions? in ", out, re.MULTILINE)
    assert "Traceback" not in err


def test_nobody_reads_any_more(write: Write, address: str) -> None:
    """A closed pipe ends the run with status 7 and no traceback."""
    running = subprocess.Popen(
        command("run", write(GOOD), write(BAD, "b.smtp"), "--server", address, "--duration", "30", "-v"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    err = running.stderr.read().decode()
    running.stderr.close()
    assert running.wait(20) == 7, err
    assert "Traceback" not in err


def test_closed_connections_are_counted_by_kind(write: Write, raw_server: Start) -> None:
    server = raw_server([HELLO, Expect(b"NOOP"), Close()], [HELLO, Expect(b"NOOP"), Send(b"550 no\r\n"), ExpectEnd()])
    path = write(["S: 220", "C: NOOP", "S: 250"])
    done = call("run", path, "--server", server.address, "--repeat", "2", "--json")
    assert json.loads(done.lines[-1])["errors"] == {"closed": 1, "code": 1}
    assert done.status == 1


def test_no_form_of_a_password_is_in_any_report(write: Write, tmp_path: Path) -> None:
    """The canary: in no report, no saved transcript, no output."""
    lines = [
        *("@auth user=alice", "S: 220", "C: EHLO client.example.org", "S: 250", "C: AUTH LOGIN", "S: 334"),
        *("C~ {auth.user}", "S: 334", "C~ {auth.pass}", "S: 235", "C: NOOP", "S: 999"),
    ]
    reports = {key: tmp_path / f"report.{key}" for key in ("junit", "tap", "html")}
    options = [word for key, path in reports.items() for word in (f"--{key}", str(path))]
    saved = tmp_path / "saved"
    for more in ([], ["--repeat", "2", "-v"]):
        done = call(
            *("run", write(lines), "--local", "--password-env", "P", "--save", str(saved), *options, *more),
            environ={"P": CANARY},
        )
        assert done.status == 1
        written = done.out + done.err + "".join(path.read_text() for path in (*reports.values(), *saved.iterdir()))
        assert "AUTH LOGIN" in written
        assert "{auth.pass}" in written
        assert not [form for form in forms(CANARY) if form in written]
