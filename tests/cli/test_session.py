"""`smtp-repl HOST` without a terminal: line mode, its transcript, its JSON and every status."""

import base64
import json
import os
import pty
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.net.practice import PracticeThread
from tests.cli.conftest import ROOT, call, command, program
from tests.servers.raw import Close, Expect, ExpectEnd, RawServer, Send

Start = Callable[..., RawServer]

PIPED = b"EHLO x\nMAIL FROM:<a@example.org>\nQUIT\n"


def test_a_pipe(address: str, tmp_path: Path) -> None:
    """printf … | smtp-repl HOST:PORT prints the transcript, and what it prints runs."""
    done = program(address, stdin=PIPED)
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == f"# connected to {address}"
    assert done.lines[1].startswith("S: 220 practice.example.com ")
    assert done.lines[2:4] == ["C: EHLO x", "S: 250-practice.example.com"]
    assert done.lines[-5:] == [
        *("C: MAIL FROM:<a@example.org>", "S: 250 2.1.0 Ok", "C: QUIT", "S: 221 2.0.0 Bye"),
        done.lines[-1],
    ]
    saved = tmp_path / "saved.smtp"
    saved.write_text(done.out)
    again = program("run", str(saved), "--server", address, "--strict", "--match", "exact")
    assert (again.status, again.err) == (0, ""), again
    assert again.out.startswith("ok ")


def test_json(address: str) -> None:
    """The same as events, one object on a line, in the order of the wire."""
    done = call(address, "--json", stdin=PIPED)
    events = [json.loads(line) for line in done.lines]
    assert [event["event"] for event in events] == [
        *("connected", "reply", "command", "reply", "capabilities", "command", "reply", "command", "reply", "closed")
    ]
    assert all({"event", "at", "connection"} <= event.keys() for event in events)
    assert events[2] == events[2] | {
        **{"text": "EHLO x", "raw": base64.b64encode(b"EHLO x\r\n").decode(), "secret": False, "connection": ""}
    }
    assert events[3]["answers"] == "EHLO"
    assert events[4]["keywords"]["SIZE"] == ["10240000"]
    assert (done.status, done.err) == (0, "")


def test_lines_are_sent_as_they_stand(raw_server: Start) -> None:
    """One LF or CRLF is stripped, nothing else; //x sends /x; an empty line is a line."""
    sent = [b" noop \t\r\n", b"/x\r\n", b"\r\n", b"\xff\r\n", b"QUIT\r\n"]
    moves = [move for line in sent for move in (Expect(line), Send(b"250 ok\r\n"))]
    server = raw_server([Send(b"220 x\r\n"), *moves, ExpectEnd()])
    done = call(server.address, stdin=b" noop \t\n//x\r\n\n\xff")
    server.join()
    assert server.received == sent
    assert done.status == 0
    assert [line for line in done.lines if line.startswith("C")] == [
        *(r'C" noop \t\r\n"', "C: /x", "C:", r'C"\xff\r\n"', "C: QUIT")
    ]


def test_options_say_the_lines_too(address: str) -> None:
    """-c wins over standard input, and repeats."""
    done = call(address, "-c", "HELO x", "-c", "/status", "-c", "NOOP", stdin=b"VRFY x\n")
    assert [line for line in done.lines if line.startswith("C")] == ["C: HELO x", "C: NOOP", "C: QUIT"]
    assert any(line.startswith("# phase      greeted") for line in done.lines)
    assert done.status == 0


def test_a_message(practice: PracticeThread, address: str) -> None:
    """Lines of a message are not stuffed and not answered one by one; / is text there."""
    before = len(practice.inbox.messages)
    lines = [
        *("EHLO x", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"),
        *("Subject: hi", "", "/status", "..dot", "."),
    ]
    done = call(address, stdin="\n".join(lines).encode())
    assert done.status == 0, done
    assert [message.octets for message in practice.inbox.messages[before:]] == [
        b"Subject: hi\r\n\r\n/status\r\n.dot\r\n"
    ]
    assert "C: ..dot" in done.lines


def test_the_end_inside_a_message_sends_nothing(practice: PracticeThread, address: str) -> None:
    """Half a message is never completed: closed without the dot, status 1."""
    before = len(practice.inbox.messages)
    lines = ["EHLO x", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA", "Subject: hi"]
    done = call(address, stdin="\n".join(lines).encode())
    assert done.status == 1
    assert "C: QUIT" not in done.lines
    assert len(practice.inbox.messages) == before


def test_the_text_of_a_refused_message_is_not_taken_for_commands(address: str) -> None:
    done = call(address, stdin=b"EHLO x\nDATA\nSubject: x\n\nRSET\n.\nNOOP\n")
    assert [line for line in done.lines if line.startswith("C")] == ["C: EHLO x", "C: DATA", "C: NOOP", "C: QUIT"]
    assert "# not sent: the message that was refused (4 lines)" in done.lines
    assert done.status == 1


# ---------------------------------------------------------------- one status for each way to end


@pytest.mark.parametrize(
    ("lines", "options", "status"),
    [
        (["EHLO x", "NOOP"], [], 0),
        (["EHLO x", "RCPT TO:<a@example.org>"], [], 1),
        (["EHLO x", "RCPT TO:<a@example.org>"], ["--expect", "503"], 0),
        (["EHLO x", "RCPT TO:<a@example.org>"], ["--expect", "5xx"], 0),
        (["EHLO x", "RCPT TO:<a@example.org>"], ["--expect", "550"], 1),
        (["EHLO x", "NOOP"], ["--expect", "550"], 1),
        (["EHLO x", "MAIL FROM:<a@example.org>", "RCPT TO:<later@example.com>"], ["--expect", "450"], 0),
        (["/nonsense"], [], 2),
        (["QUIT", "NOOP"], [], 6),
        (["/quit"], [], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_status(address: str, lines: list[str], options: list[str], status: int) -> None:
    """A refusal fails unless it was expected; an expected one that did not come fails."""
    done = call(address, *options, stdin="\n".join(lines).encode())
    assert done.status == status, done
    assert "Traceback" not in done.err


def test_connection_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = call("127.0.0.1", str(taken.getsockname()[1]), "-c", "NOOP", "--json")
    assert done.status == 3
    error = json.loads(done.lines[-1])
    assert (error["event"], error["kind"], error["exit"]) == ("error", "refused", 3)


def test_timeout(raw_server: Start) -> None:
    server = raw_server([Send(b"220 x\r\n"), Expect(b"NOOP"), Send(b"250-half"), ExpectEnd()])
    done = call(server.address, "-c", "NOOP", "--timeout", "0.2")
    assert done.status == 5
    assert "no reply to NOOP within 0.2 s; all that came is 250-half" in done.err


def test_closed(raw_server: Start) -> None:
    server = raw_server([Send(b"220 x\r\n"), Expect(b"NOOP"), Close()])
    done = call(server.address, "-c", "NOOP", "-c", "NOOP")
    assert done.status == 6
    assert "# the server closed the connection while NOOP awaited a reply" in done.lines


def test_an_unsolicited_reply_is_shown_before_the_next_line(raw_server: Start) -> None:
    """What nobody asked for answers nothing, and is marked."""
    server = raw_server([Send(b"220 x\r\n421 going down\r\n"), Close()])
    done = call(server.address, "-c", "NOOP")
    at = done.lines.index("# unsolicited")
    assert done.lines[at + 1] == "S: 421 going down"
    assert done.status == 6


def test_untrusted(address: str) -> None:
    """No line goes out in cleartext after a handshake that failed."""
    done = call(address, "--starttls", "-c", "NOOP")
    assert done.status == 4
    assert "C: NOOP" not in done.lines


def test_starttls_that_is_refused_ends_the_session(raw_server: Start) -> None:
    """Who asked for encryption says nothing without it."""
    server = raw_server(
        [
            *(Send(b"220 x\r\n"), Expect(b"EHLO"), Send(b"250-x\r\n250 STARTTLS\r\n")),
            *(Expect(b"STARTTLS"), Send(b"454 no\r\n"), Expect(b"QUIT"), Send(b"221 bye\r\n")),
        ]
    )
    done = call(server.address, "--starttls", "-c", "AUTH PLAIN AGEAYg==")
    server.join()
    assert done.status == 1
    assert "AUTH" not in done.out


def test_starttls_that_is_not_offered(raw_server: Start) -> None:
    server = raw_server([Send(b"220 x\r\n"), Expect(b"EHLO"), Send(b"250 x\r\n"), ExpectEnd()])
    assert call(server.address, "--starttls", "-c", "NOOP").status == 4


@pytest.mark.parametrize("stdin", ["closed", "here"])
def test_standard_input_closed(stdin: str) -> None:
    """Nothing to read from, nothing to say: status 2, and no wait."""
    done = subprocess.run(
        [
            "sh",
            "-c",
            '"$@" <&-',
            "sh",
            *command("run" if stdin == "here" else "127.0.0.1:1", *(["-"] * (stdin == "here"))),
        ],
        capture_output=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.returncode == 2, done
    assert b"standard input is closed" in done.stderr or b"read" in done.stderr


def test_full_disk(address: str) -> None:
    """L035: standard output that takes nothing."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command(address, "-c", "NOOP"), stdout=full, stderr=subprocess.PIPE, timeout=60, cwd=ROOT, text=True
        )
    assert done.returncode == 7
    assert done.stderr == "error: cannot write to standard output: No space left on device\n"


def test_a_reader_that_leaves(address: str) -> None:
    """`| head -1` is no traceback."""
    done = subprocess.Popen(
        command(address, "-c", "EHLO x", "-c", "NOOP"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert done.stdout is not None
    done.stdout.close()
    assert done.stderr is not None
    with done.stderr:
        text = done.stderr.read()
    assert done.wait(60) == 7
    assert text == b""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"])
def test_signals(raw_server: Start, number: signal.Signals, status: int) -> None:
    """Ctrl-C and SIGTERM close the connection and have their own status; no traceback."""
    # Whether the second line is on its way when the signal comes is nobody's concern.
    server = raw_server([Send(b"220 x\r\n"), Expect(b"NOOP"), Send(b"250 ok\r\n"), Expect(), ExpectEnd()])
    process = subprocess.Popen(
        command(server.address, "-c", "NOOP", "-c", "NOOP"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    while b"S: 250" not in process.stdout.readline():
        pass
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (status, b"")


# ---------------------------------------------------------------- walking to a point


def test_walk(address: str, practice: PracticeThread, tmp_path: Path) -> None:
    """--ehlo, --starttls and --auth go to that point, each step shown; the lines go on from there."""
    authority = tmp_path / "ca.pem"
    authority.write_bytes(practice.ca_pem())
    done = call(
        *(address, "--ehlo", "me.example.org", "--starttls", "--auth", "tutor", "--ca", str(authority)),
        *("--password-env", "P", "-c", "MAIL FROM:<a@example.org>"),
        environ={"P": "not-a-secret"},
    )
    assert done.status == 0, done
    said = [line for line in done.lines if line[0] in "C@"]
    assert said == [
        *("C: EHLO me.example.org", "C: STARTTLS", "C: EHLO me.example.org", "C: AUTH CRAM-MD5", "@auth user=tutor"),
        *("C~ {auth.reply}", "C: MAIL FROM:<a@example.org>", "C: QUIT"),
    ]


def test_a_missing_password_stops_before_connecting() -> None:
    done = call("127.0.0.1:1", "--auth", "alice", "-c", "NOOP")
    assert done.status == 2
    assert "--password-env" in done.err


def test_local_knows_its_account() -> None:
    done = call("--local", "--auth", "tutor", "-c", "NOOP")
    assert done.status == 0
    assert "S: 235 2.7.0 Authentication succeeded" in done.lines


CANARY = "Kanarienvogel-7"


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["transcript", "json"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "typed"])
def test_no_form_of_a_password_is_written(
    raw_server: Start, tmp_path: Path, options: list[str], mechanism: str
) -> None:
    """The canary: whatever way it goes out, it is in no output and in no recording."""
    plain = base64.b64encode(b"\0alice\0" + CANARY.encode()).decode()
    password = base64.b64encode(CANARY.encode()).decode()
    step = [Expect(), Send(b"334 UGFzc3dvcmQ6\r\n")]
    moves = {
        "PLAIN": [Expect(b"AUTH PLAIN " + plain.encode())],
        "LOGIN": [Expect(b"AUTH LOGIN"), Send(b"334 VXNlcm5hbWU6\r\n"), *step, Expect(password.encode())],
        "typed": [Expect(b"AUTH LOGIN"), Send(b"334 VXNlcm5hbWU6\r\n"), *step, Expect(password.encode())],
    }[mechanism]
    offered = "PLAIN" if mechanism == "PLAIN" else "LOGIN"
    server = raw_server(
        [
            *(Send(b"220 x\r\n"), Expect(b"EHLO"), Send(b"250-x\r\n250 AUTH " + offered.encode() + b"\r\n"), *moves),
            *(
                Send(
                    b"535 no "
                    + CANARY.encode()
                    + b" and "
                    + (plain if mechanism == "PLAIN" else password).encode()
                    + b"\r\n"
                ),
                Expect(b"QUIT"),
            ),
            Send(b"221 bye\r\n"),
        ]
    )
    recording = tmp_path / "r.smtp"
    if mechanism == "typed":
        given = ["-c", "EHLO x", "-c", "AUTH LOGIN", "-c", base64.b64encode(b"alice").decode(), "-c", password]
    else:
        given = ["--auth", "alice", "--password-env", "P", "-c", "NOOP"]
    done = call(server.address, *given, "--record", str(recording), *options, environ={"P": CANARY})
    server.join()
    assert done.status == 1, done
    written = done.out + done.err + recording.read_text()
    octets = CANARY.encode()
    forms = [CANARY, plain.rstrip("="), password.rstrip("="), octets.hex(), octets.hex().upper()]
    assert "535 no" in written
    assert not [form for form in forms if form in written]


# ---------------------------------------------------------------- recording


def test_a_recording_is_the_transcript_and_more(address: str, tmp_path: Path) -> None:
    """It begins with what it needs to be played again, is the user's alone, and runs."""
    recording = tmp_path / "r.smtp"
    done = call(address, "--record", str(recording), "-c", "EHLO x")
    assert done.status == 0
    lines = recording.read_text().splitlines()
    assert lines[2:4] == [f"@connect {address}", "@match status"]
    assert [line for line in done.lines if line[0] in "CS"] == [line for line in lines if line[0] in "CS"]
    assert recording.stat().st_mode & 0o777 == 0o600
    assert call("run", str(recording)).out.startswith("ok")


def test_a_recording_overwrites_nothing(address: str, tmp_path: Path) -> None:
    there = tmp_path / "there.smtp"
    there.write_text("precious\n")
    assert call("127.0.0.1:1", "--record", str(there), "-c", "NOOP").status == 7
    assert there.read_text() == "precious\n"
    assert call(address, "--record", str(there), "--force", "-c", "NOOP").status == 0
    assert "C: NOOP" in there.read_text()


# ---------------------------------------------------------------- at a terminal


def test_options_of_line_mode_at_a_terminal() -> None:
    """--json and its like are refused where there would be a shell."""
    leader, follower = pty.openpty()
    try:
        done = subprocess.run(
            command("--local", "--json"), stdin=follower, stdout=follower, stderr=subprocess.PIPE, timeout=60, cwd=ROOT
        )
    finally:
        os.close(leader)
        os.close(follower)
    assert done.returncode == 2
    assert b"--json is for sessions without a terminal" in done.stderr


def test_a_script_in_the_middle(address: str, tmp_path: Path) -> None:
    """`/run FILE` plays over the connection that is there; an expectation that fails is status 1."""
    script = tmp_path / "noop.smtp"
    script.write_text("S: 220\nC: NOOP\nS: 250\n")
    done = call(address, "-c", "HELO x", "-c", f"/run {script}", "-c", "NOOP")
    assert done.status == 0, done
    assert [line for line in done.lines if line.startswith("C")] == ["C: HELO x", "C: NOOP", "C: NOOP", "C: QUIT"]
    script.write_text("C: NOOP\nS: 550\n")
    assert call(address, "-c", "HELO x", "-c", f"/run {script}").status == 1


def test_the_server_may_close_first(raw_server: Start) -> None:
    """After QUIT the server has the first word about closing, so that a transcript tells the same each time."""
    server = raw_server([Send(b"220 x\r\n"), Expect(b"QUIT"), Send(b"221 bye\r\n"), Close()])
    assert call(server.address, stdin=b"").lines[-1] == "# the server closed the connection"
    server = raw_server([Send(b"220 x\r\n"), Expect(b"QUIT"), Send(b"221 bye\r\n"), ExpectEnd()])
    assert call(server.address, stdin=b"QUIT\n").lines[-1] == "# we closed the connection"


def test_a_pipelined_group(address: str) -> None:
    """Between /pipeline and /pipeline send lines are kept back; each reply says what it answers."""
    lines = "EHLO x", "/pipeline", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.com>", "/pipeline send"
    done = call(address, *(word for line in lines for word in ("-c", line)))
    assert done.status == 0
    assert [line for line in done.lines if line.startswith(("C: ", "# to", "S: 250 2.1"))] == [
        *("C: EHLO x", "C: MAIL FROM:<a@example.org>", "C: RCPT TO:<b@example.com>"),
        *("# to MAIL FROM:<a@example.org>:", "S: 250 2.1.0 Ok"),
        *("# to RCPT TO:<b@example.com>:", "S: 250 2.1.5 Ok (kept in /inbox, never delivered)"),
        "C: QUIT",
    ]


def test_lines_that_were_kept_back_and_forgotten(address: str) -> None:
    """What was never sent is an error and no success."""
    done = call(address, "-c", "/pipeline", "-c", "NOOP")
    assert "1 line was kept back by /pipeline and never sent" in done.err
    assert done.status == 2
