"""`smtp-repl run`: every way in which a play can end, what is shown of it, and the status."""

import base64
import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.cli.run import combine
from smtp_repl.net.practice import PracticeThread
from tests.cli.conftest import Done, call, program
from tests.servers.raw import Close, Expect, ExpectEnd, RawServer, Send
from tests.term.screen import Terminal

Write = Callable[..., str]
Start = Callable[..., RawServer]

RFC_EXAMPLE = """\
S: 220 smtp.example.com ESMTP Postfix
C: HELO relay.example.org
S: 250 Hello relay.example.org, I am glad to meet you
C: MAIL FROM:<bob@example.org>
S: 250 Ok
C: RCPT TO:<alice@example.com>
S: 250 Ok
C: RCPT TO:<theboss@example.com>
S: 250 Ok
C: DATA
S: 354 End data with <CR><LF>.<CR><LF>
C: From: "Bob Example" <bob@example.org>
C: To: "Alice Example" <alice@example.com>
C: Cc: theboss@example.com
C: Date: Tue, 15 January 2008 16:02:43 -0500
C: Subject: Test message
C:
C: Hello Alice.
C: This is a test message with 5 header fields and 4 lines in the message body.
C: Your friend,
C: Bob
C: .
S: 250 Ok: queued as 12345
C: QUIT
S: 221 Bye
{The server closes the connection}
"""


def test_the_example_of_the_rfc(write: Write) -> None:
    """The conversation as every textbook prints it runs as it stands, against the practice server."""
    done = program("run", write(RFC_EXAMPLE, "rfc.smtp"), "--local")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("drift  ")
    assert "rfc.smtp  8 steps" in done.out
    assert "7 drift" in done.out


def test_verbose_shows_the_conversation_and_the_drift(write: Write, address: str) -> None:
    """-v prints the transcript, each drift below the reply that drifted."""
    done = call("run", write(RFC_EXAMPLE), "--server", address, "-v")
    at = done.lines.index("C: MAIL FROM:<bob@example.org>")
    assert done.lines[at + 1 : at + 3] == [
        "S: 250 2.1.0 Ok",
        "# drift: line 5: the reply says something else: expected 250 Ok, got 250 2.1.0 Ok",
    ]
    assert done.status == 0


FAILURE = """\
error: the reply has another code: expected 250 fine, got 550 5.1.1 nobody here
  --> {path}:4:4
  |
4 | S: 250 fine
  |    ^^^
got: 550 5.1.1 nobody here
hint: 550: {code}; 5.1.1: {enhanced}
"""


def test_a_failure_points_at_the_line(write: Write, raw_server: Start) -> None:
    """Title, place, the line with carets, what came, and what it means; the play stops there."""
    from smtp_repl.knowledge import entries

    server = raw_server([Send(b"220 x\r\n"), Expect(b"VRFY"), Send(b"550 5.1.1 nobody here\r\n"), ExpectEnd()])
    path = write(["# who is there?", "S: 220", "C: VRFY bob", "S: 250 fine", "C: QUIT"])
    done = call("run", path, "--server", server.address)
    code, enhanced = entries.code(550), entries.enhanced("5.1.1")
    assert code is not None
    assert enhanced is not None
    assert done.err == FAILURE.format(path=path, code=code.plain, enhanced=enhanced.plain)
    assert done.out.startswith(f"FAIL   {path}  2 steps")
    assert "  line 4" in done.out
    assert done.status == 1


@pytest.mark.parametrize(
    ("level", "status"), [("code", 0), ("class", 0), ("status", 1), ("text", 1)], ids=lambda value: str(value)
)
def test_the_level_of_the_command_line_wins(write: Write, address: str, level: str, status: int) -> None:
    path = write(["@match exact", "S~ 220 {}", "C: HELO x", "S~ 250 {}", "C: NOOP", "S: 250 2.9.9 Ok"])
    assert call("run", path, "--server", address, "--match", level).status == status


def test_strict_makes_drift_fail(write: Write, address: str) -> None:
    path = write(["S~ 220 {}", "C: HELO x", "S: 250 somebody.example.org"])
    assert call("run", path, "--server", address).status == 0
    done = call("run", path, "--server", address, "--strict")
    assert done.status == 1
    assert "the reply says something else" in done.err


def test_lost_keywords_are_named_even_in_a_quiet_summary(write: Write, raw_server: Start) -> None:
    """STARTTLS that is gone from EHLO must not go unnoticed, whatever the level."""
    server = raw_server([Send(b"220 x\r\n"), Expect(b"EHLO"), Send(b"250-x\r\n250 SIZE\r\n"), ExpectEnd()])
    path = write(["S: 220", "C: EHLO y", "S: 250-x", "S: 250-STARTTLS", "S: 250 SIZE"])
    done = call("run", path, "--server", server.address, "-q")
    assert done.status == 0
    assert "EHLO lost: STARTTLS" in done.out


def test_quiet_shows_nothing_when_all_is_well(write: Write, address: str) -> None:
    assert call("run", write(["C: NOOP", "S: 250"]), "--server", address, "-q") == (0, "", "")


def test_a_list_of_commands_is_played_in_lock_step(write: Write, address: str) -> None:
    """A file without any S line needs no expectations."""
    done = call("run", write(["C: EHLO x", "C: NOOP", "C: QUIT"]), "--server", address, "-v")
    assert done.status == 0
    assert done.lines[-4:-2] == ["C: QUIT", "S: 221 2.0.0 Bye"]


# ---------------------------------------------------------------- one status for each way to end


def test_skipped(write: Write, address: str) -> None:
    path = write(["@require XCLIENT", "C: EHLO x", "S: 250"])
    done = call("run", path, "--server", address)
    assert done.status == 77
    assert done.out.startswith("skip ")
    assert "does not offer XCLIENT" in done.out


def test_refused_connection(write: Write) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        done = call("run", write(["C: NOOP"]), "--server", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.status == 3
    assert "connection refused" in done.err
    assert done.out.startswith("error ")


STARTTLS = ["S: 220", "C: EHLO x", "S: 250", "C: STARTTLS", "S: 220", "C: NOOP", "S: 250", "C: QUIT", "S: 221"]


def test_untrusted_certificate(write: Write, address: str) -> None:
    """A certificate that nobody vouches for: no session, and the ways out are named."""
    done = call("run", write(STARTTLS), "--server", address)
    assert done.status == 4
    assert all(way in done.err for way in ("--ca FILE", "--pin", "-k"))


@pytest.mark.parametrize(
    ("way", "status"), [("ca", 0), ("pin", 0), ("insecure", 0), ("another-pin", 4), ("another-name", 4)]
)
def test_ways_to_trust(
    write: Write, practice: PracticeThread, address: str, tmp_path: Path, way: str, status: int
) -> None:
    """--ca, --pin and -k let a session happen that the system's authorities would not."""
    authority = tmp_path / "ca.pem"
    authority.write_bytes(practice.ca_pem())
    path = write(STARTTLS)
    events = map(json.loads, call("run", path, "--server", address, "-k", "--json").lines)
    facts = next(event for event in events if event["event"] == "tls")
    assert facts["verified"] is False
    options = {
        "ca": ["--ca", str(authority)],
        "pin": ["--pin", facts["sha256"]],
        "insecure": ["--insecure"],
        "another-pin": ["--pin", "0" * 64],
        "another-name": ["--ca", str(authority), "--tls-name", "other.example.com"],
    }[way]
    assert call("run", path, "--server", address, *options).status == status


def test_octets_before_the_handshake(write: Write, raw_server: Start) -> None:
    """Plaintext between the 220 and the handshake: no handshake, status 4, the octets shown."""
    server = raw_server([Send(b"220 x\r\n"), Expect(b"STARTTLS"), Send(b"220 go\r\n250 injected\r\n"), ExpectEnd()])
    done = call("run", write(["S: 220", "C: STARTTLS", "S: 220", "C: NOOP", "S: 250"]), "--server", server.address)
    assert done.status == 4
    assert "250 injected" in done.err


def test_timeout(write: Write, raw_server: Start) -> None:
    server = raw_server([Send(b"220 x\r\n"), Expect(b"NOOP"), ExpectEnd()])
    done = call("run", write(["S: 220", "C: NOOP", "S: 250"]), "--server", server.address, "--timeout", "0.1")
    assert done.status == 5
    assert "no reply to NOOP within 0.1 s" in done.err


def test_closed(write: Write, raw_server: Start) -> None:
    server = raw_server([Send(b"220 x\r\n"), Expect(b"NOOP"), Close()])
    done = call("run", write(["S: 220", "C: NOOP", "S: 250"]), "--server", server.address)
    assert done.status == 6
    assert "reply to NOOP was due" in done.err


def test_full_disk(write: Write) -> None:
    """Standard output that takes nothing: status 7, a word, no traceback."""
    import subprocess

    from tests.cli.conftest import ROOT, command

    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command("run", write(["C: NOOP"]), "--local"), stdout=full, stderr=subprocess.PIPE, cwd=ROOT, timeout=60
        )
    assert done.returncode == 7
    assert done.stderr.decode() == "error: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("C: EHLO x\nNOOP\n", "this line is none of C:, S:, @directive, # comment"),
        ("C~ {nobody}\n", "nobody"),
        ("@include ../secret\n", "outside"),
        ("@include missing.smtp\n", "cannot read missing.smtp"),
        (b"C: \xff\n", "not UTF-8"),
    ],
    ids=["no-line", "no-name", "outside", "no-file", "no-utf8"],
)
def test_bad_scripts(write: Write, content: str | bytes, message: str) -> None:
    """What cannot be played is refused before anything is said."""
    done = call("run", write(content), "--server", "127.0.0.1:1")
    assert done.status == 2
    assert message in done.err
    assert done.out.startswith("error ")


def test_all_problems_are_listed(write: Write) -> None:
    done = call("run", write("NOOP\nC: x\nEHLO y\n"), "--local")
    assert done.err.count("error: ") == 2
    assert "(and 1 more)" in done.out


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["/"], id="L020-a-folder"),
        pytest.param(["/nonexistent.smtp"], id="no-file"),
        pytest.param(["@nothing"], id="no-packaged-script"),
        pytest.param(["a\0b"], id="nul"),
    ],
)
def test_no_script(argv: list[str]) -> None:
    done = call("run", *argv, "--server", "127.0.0.1:1")
    assert done.status == 2
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param([], id="no-file"),
        pytest.param(["-", "-", "--local"], id="standard-input-twice"),
        pytest.param(["-", "--local", "--server", "h"], id="two-servers"),
        pytest.param(["-", "--password-env", "X"], id="a-password-and-no-server"),
        pytest.param(["-", "--local", "--match", "loose"], id="no-level"),
        pytest.param(["-", "--local", "--var", "x"], id="no-value"),
        pytest.param(["-", "--local", "--var", "1=x"], id="no-name"),
        pytest.param(["-", "a", "--local", "--record", "f"], id="one-recording-two-scripts"),
        pytest.param(["-", "--local", "-q", "-v"], id="quiet-and-verbose"),
        pytest.param(["-", "--local", "--to-line", "0"], id="no-line"),
        pytest.param(["-", "--local", "--shell"], id="shell-without-a-line"),
        pytest.param(["-", "--server", "h:0"], id="no-port"),
        pytest.param(["-"], id="no-server-at-all"),
    ],
)
def test_contradictions(argv: list[str]) -> None:
    done = call("run", *argv, stdin=b"C: NOOP\n")
    assert done.status == 2, done
    assert done.err.startswith("error: ")


def test_standard_input(address: str) -> None:
    done = call("run", "-", "--server", address, stdin=b"S~ 220 {}\nC: NOOP\nS: 250 2.0.0 Ok\n")
    assert done.status == 0
    assert done.out.startswith("ok     <stdin>  2 steps  ")


def test_closed_standard_input(address: str) -> None:
    """L022: `run -` without a standard input is an error, not a wait."""
    done = call("run", "-", "--server", address, stdin=None)
    assert done.status == 2
    assert "standard input is closed" in done.err


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0, 0], 0),
        ([0, 77], 0),
        ([77, 77], 77),
        ([0, 3, 5], 3),
        ([6, 3, 1], 1),
        ([1, 2, 3], 2),
        ([77, 4], 4),
        ([], 0),
    ],
    ids=str,
)
def test_several_files_have_one_status(statuses: list[int], status: int) -> None:
    """2 if any, else 1 if any, else the lowest other, else 77 if all were skipped, else 0."""
    assert combine(statuses) == status


def test_several_files_are_all_played(write: Write, address: str) -> None:
    good = write(["S~ 220 {}", "C: NOOP", "S~ 250 {}"], "good.smtp")
    fails = write(["C: NOOP", "S: 500"], "fails.smtp")
    broken = write(["nonsense"], "broken.smtp")
    done = call("run", broken, fails, good, "--server", address)
    assert done.status == 2
    assert [line.split()[0] for line in done.lines] == ["error", "FAIL", "ok"]


def test_connect_of_the_script(write: Write, address: str) -> None:
    """Without --server and --local a script goes where its @connect says; with one of them it does not."""
    path = write([f"@connect {address}", "C: NOOP", "S: 250"])
    assert call("run", path).status == 0
    assert call("run", path, "--server", "127.0.0.1:1").status == 3


def test_variables(write: Write, raw_server: Start) -> None:
    server = raw_server([Send(b"220 x\r\n"), Expect(b"VRFY bob\r\n"), Send(b"252 ok\r\n")])
    path = write(["@set who=alice", "C~ VRFY {who}", "S: 252"])
    assert call("run", path, "--server", server.address, "--var", "who=bob").status == 0


def test_files_of_the_own_folder(write: Write, address: str, tmp_path: Path) -> None:
    """@include and @data read files beside the script, and no link leads out."""
    write(["C: EHLO x", "S: 250"], "prologue.smtp")
    write("Subject: hi\n\n.dot\n", "hi.eml")
    lines = ["@include prologue.smtp", "C: MAIL FROM:<a@example.org>", "S: 250", "C: RCPT TO:<b@example.org>"]
    path = write([*lines, "S: 250", "C: DATA", "S: 354", "@data hi.eml", "S: 250"])
    done = call("run", path, "--server", address, "-v")
    assert done.status == 0, done
    assert "C: ..dot" in done.lines
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.smtp").symlink_to(tmp_path / "prologue.smtp")
    path = write(["@include link.smtp"], "in/out.smtp")
    done = call("run", path, "--server", address)
    assert done.status == 2
    assert "outside of the script's folder" in done.err


def test_a_fifo_is_no_file(write: Write, address: str, tmp_path: Path) -> None:
    """A special file in the script's folder is refused, and nobody waits for its writer."""
    import os

    os.mkfifo(tmp_path / "pipe")
    done = call("run", write(["@include pipe"]), "--server", address)
    assert done.status == 2
    assert "no regular file" in done.err


def test_to_line(write: Write, address: str) -> None:
    path = write(["C: EHLO x", "S: 250", "C: NOOP", "S: 999"])
    done = call("run", path, "--server", address, "--to-line", "2", "-v")
    assert done.status == 0
    assert "stopped before line 3" in done.out
    assert "C: NOOP" not in done.lines


# ---------------------------------------------------------------- JSON


def test_json(write: Write, address: str) -> None:
    """One object for each event, in the order of the wire, each with its file; the result is the last."""
    path = write(["S: 220", "C: EHLO x", "S: 250", "C: QUIT", "S: 221"])
    done = call("run", path, "--server", address, "--json")
    events = [json.loads(line) for line in done.lines]
    assert (done.status, done.err) == (0, "")
    names = [event["event"] for event in events]
    assert names == ["connected", "reply", "step", "command", "reply", "capabilities", "step", "command", "reply",
                     "step", "closed", "result"]  # fmt: skip
    assert {event["file"] for event in events} == {path}
    assert {event["session"] for event in events} == {1}
    assert all({"at", "connection"} <= event.keys() for event in events)
    assert events[-1]["status"] == "pass"
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)


def test_json_of_an_error(write: Write) -> None:
    done = call("run", write(["C: NOOP"]), "--server", "127.0.0.1:1", "--json")
    error, result = (json.loads(line) for line in done.lines)
    assert (error["event"], error["kind"], error["exit"]) == ("error", "refused", 3)
    assert (result["event"], result["status"]) == ("result", "error")


# ---------------------------------------------------------------- passwords

AUTH = ["@auth user=tutor", "S: 220", "C: EHLO x", "S: 250", "C~ AUTH PLAIN {auth.plain}", "S: 235"]


@pytest.mark.parametrize("source", ["env", "file", "command", "local"])
def test_passwords_come_from_where_the_user_says(write: Write, address: str, tmp_path: Path, source: str) -> None:
    """The environment, a file's first line, a command's output; --local knows its own account."""
    (tmp_path / "password").write_text("not-a-secret\nsecond line\n")
    options = {
        "env": ["--server", address, "--password-env", "SMTP_PASSWORD"],
        "file": ["--server", address, "--password-file", f"auth={tmp_path}/password"],
        "command": ["--server", address, "--password-command", "printf 'not-a-secret\\n'"],
        "local": ["--local"],
    }[source]
    done = call("run", write(AUTH), *options, environ={"SMTP_PASSWORD": "not-a-secret"})
    assert done.status == 0, done


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "needs the password of tutor"),
        (["--password-env", "NOT_THERE"], "no variable NOT_THERE"),
        (["--password-env", "EMPTY"], "is empty"),
        (["--password-file", "/nonexistent"], "cannot read the password"),
        (["--password-command", "false"], "ended with status 1"),
        (["--password-command", "/nonexistent"], "cannot run"),
        (["--password-env", "bob=SMTP_PASSWORD"], "needs the password of tutor"),
    ],
    ids=["none", "unset", "empty", "no-file", "command-fails", "no-command", "somebody-else's"],
)
def test_a_missing_password_stops_before_connecting(write: Write, options: list[str], message: str) -> None:
    """Nothing to answer a prompt and no source: status 2, although nobody listens there (status 3)."""
    done = call("run", write(AUTH), "--server", "127.0.0.1:1", *options, environ={"SMTP_PASSWORD": "x", "EMPTY": ""})
    assert done.status == 2
    assert message in done.err


def test_a_script_cannot_send_a_password_where_it_likes(write: Write) -> None:
    """A password goes only where the command line says: before anything is connected."""
    done = call("run", write(["@connect 127.0.0.1:1", *AUTH]))
    assert done.status == 2
    assert "only where the command line says" in done.err


def test_somebody_elses_recording_runs_on_the_practice_server(write: Write) -> None:
    """--local lets in whoever the script says it is, so that a recording of a real server can be played."""
    done = call("run", write(["@auth user=alice", *AUTH[1:]]), "--local")
    assert done.status == 0, done


@pytest.mark.parametrize("user", ["tutor", "alice"])
def test_a_wrong_password_is_wrong_again(write: Write, user: str) -> None:
    """A login that was refused, and then one that was not, are played as they were."""
    login = ["C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C~ {auth.user}", "S: 334 UGFzc3dvcmQ6"]
    first = [f"@auth user={user}", *AUTH[1:4], *login, "C~ {auth.pass}", "S: 535"]
    done = call("run", write([*first, *login, f"@auth[auth2] user={user}", "C~ {auth2.pass}", "S: 235"]), "--local")
    assert done.status == 0, done


CANARY = "Kanarienvogel-7"


def forms(password: str) -> list[str]:
    octets = password.encode()
    plain = b"\0alice\0" + octets
    return [
        password,
        octets.hex(),
        octets.hex().upper(),
        *(base64.b64encode(text).decode().rstrip("=") for text in (octets, plain)),
    ]


@pytest.mark.parametrize("options", [["-v"], ["--json"], []], ids=["verbose", "json", "plain"])
def test_no_form_of_a_password_is_written(write: Write, tmp_path: Path, options: list[str]) -> None:
    """The canary: in no output and in no recording, plain, in base64 or in hexadecimal; on failure neither."""
    lines = ["@auth user=alice", "S: 220", "C: EHLO x", "S: 250", "C: AUTH LOGIN", "S: 334", "C~ {auth.user}", "S: 334",
             "C~ {auth.pass}", "S: 235", "C: NOOP", "S: 999"]  # fmt: skip
    recording = tmp_path / "recorded.smtp"
    done = call(
        *("run", write(lines), "--local", "--record", str(recording), "--password-env", "P", *options),
        environ={"P": CANARY},
    )
    assert done.status == 1
    written = done.out + done.err + recording.read_text()
    assert "AUTH LOGIN" in written
    assert not [form for form in forms(CANARY) if form in written]


# ---------------------------------------------------------------- recording


def record(path: str, address: str, recording: Path, *options: str) -> Done:
    return call("run", path, "--server", address, "--record", str(recording), *options)


def test_a_green_run_records_the_same_file(write: Write, tmp_path: Path) -> None:
    """Byte for byte: comments, notes, directives, odd spacing, CRLF and all."""
    octets = (
        b"\xef\xbb\xbf# caf\xe9\r\n@title Odd\n\n  S: 220 x\n@auth user=tutor\nC: EHLO x\n{note}\nS: 250\r\n"
        b"C~ AUTH PLAIN {auth.plain}\nS~ 235 {all}\nC: QUIT\nS: 221 see you\n(over)\n# end"
    )
    recording = tmp_path / "again.smtp"
    done = call("run", write(octets), "--local", "--record", str(recording))
    assert done.status == 0, done
    assert recording.read_bytes() == octets
    assert recording.stat().st_mode & 0o777 == 0o600


def test_a_reply_that_failed_is_recorded_as_it_came(write: Write, address: str, tmp_path: Path) -> None:
    """What was said before stays as written; what was not played is left out, and a comment says so."""
    path = write(["# one", "S: 220 hi", "C: NOOP", "  S: 500 no", "C: QUIT", "S: 221"])
    recording = tmp_path / "new.smtp"
    assert record(path, address, recording).status == 1
    lines = recording.read_text().splitlines()
    assert lines[:4] == ["# one", "S: 220 hi", "C: NOOP", "S: 250 2.0.0 Ok"]
    assert lines[4].startswith("# the play ended here: line 4 of ")
    assert len(lines) == 5
    recording.rename(tmp_path / "b.smtp")
    assert call("run", str(tmp_path / "b.smtp"), "--server", address).status == 0


def test_a_play_that_broke_off_is_recorded_up_to_there(write: Write, raw_server: Start, tmp_path: Path) -> None:
    server = raw_server([Send(b"220 x\r\n"), Expect(b"NOOP"), Close()])
    path = write(["S: 220", "C: NOOP", "S: 250", "C: QUIT", "S: 221"])
    recording = tmp_path / "new.smtp"
    assert record(path, server.address, recording).status == 6
    lines = recording.read_text().splitlines()
    assert lines[:2] == ["S: 220", "C: NOOP"]
    assert lines[2:] == ["# the play ended here: the server closed the connection where the reply to NOOP was due"]


def test_commands_alone_are_recorded_with_the_replies(write: Write, address: str, tmp_path: Path) -> None:
    """A list of commands becomes a script."""
    recording = tmp_path / "new.smtp"
    assert record(write(["C: HELO x", "C: QUIT"]), address, recording).status == 0
    lines = recording.read_text().splitlines()
    assert lines[-5:-1] == ["C: HELO x", "S: 250 practice.example.com", "C: QUIT", "S: 221 2.0.0 Bye"]
    assert call("run", str(recording), "--server", address).out.startswith("ok")


def test_a_recording_overwrites_nothing(write: Write, address: str, tmp_path: Path) -> None:
    """L017, L018: a file that is there, or a folder that is not, is found before anything is connected."""
    path = write(["C: NOOP"])
    there = tmp_path / "there.smtp"
    there.write_text("precious\n")
    for recording in (there, tmp_path / "nowhere" / "x.smtp"):
        assert record(path, "127.0.0.1:1", recording).status == 7
    assert there.read_text() == "precious\n"
    assert record(path, address, there, "--force").status == 0
    assert "C: NOOP" in there.read_text()


# ---------------------------------------------------------------- scripts that came with the program


def test_packaged_scripts() -> None:
    """`--list` names them with their titles, and `@name` plays one from anywhere."""
    done = call("run", "--list")
    assert done.status == 0
    assert "@first-mail " in done.out
    assert call("run", "@first-mail", "--local").status == 0


def test_a_packaged_script_that_was_mistyped() -> None:
    assert "did you mean @first-mail?" in call("run", "@frist-mail", "--local").err


# ---------------------------------------------------------------- handing over to a person


def test_hands_over(write: Write) -> None:
    """`--to-line N --shell`: the script up to line N, then the person goes on over the same connection."""
    path = write(["S: 220", "C: EHLO x", "S: 250", "C: MAIL FROM:<a@example.org>", "S: 250", "C: RSET", "S: 999"])
    argv = [sys.executable, "-m", "smtp_repl", "run", path, "--local", "--to-line", "5", "--shell"]
    with Terminal(argv) as terminal:
        terminal.wait_for("stopped before line 6; go on by hand")
        terminal.type("RCPT TO:<b@example.com>")
        terminal.key("enter")
        terminal.wait_for("250 2.1.5 Ok")
        terminal.type("/quit")
        terminal.key("enter")
        terminal.wait_for("type yes to leave")
        terminal.type("yes")
        terminal.key("enter")
        assert terminal.close() == 0
    assert "RSET" not in terminal.text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--shell"], "say where"),
        (["--shell", "--to-line", "1"], "needs a terminal"),
        (["--shell", "--to-line", "1", "--json"], "--json has no place with --shell"),
        (["--shell", "--to-line", "1", "--password-env", "X"], "a password option has no place"),
    ],
    ids=["no-line", "no-terminal", "json", "password"],
)
def test_cannot_hand_over(write: Write, options: list[str], message: str) -> None:
    done = call("run", write(["C: NOOP"]), "--local", *options)
    assert done.status == 2
    assert message in done.err
