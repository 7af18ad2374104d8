"""`smtp-repl serve`: the practice server as a program."""

import signal
import smtplib
import subprocess

import pytest

from tests.cli.conftest import ROOT, call, command


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)], ids=["int", "term"])
def test_serves_until_it_is_stopped(number: signal.Signals, status: int) -> None:
    """The address is told at once, events go to standard error, Ctrl-C is the regular end."""
    process = subprocess.Popen(
        command("serve", "--listen", "127.0.0.1:0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        told, _, address = process.stdout.readline().rstrip("\n").rpartition(" ")
        assert told == "listening on"
        host, _, port = address.partition(":")
        with smtplib.SMTP(host, int(port)) as client:
            client.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\nhi\r\n")
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (status, "")
    assert "C[1]: mail FROM:<a@example.org>" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--listen", "0.0.0.0:0"], id="L033-everybody"),
        pytest.param(["--listen", "192.0.2.1:2525"], id="somebody"),
        pytest.param(["--listen", "127.0.0.1:99999"], id="no-port"),
        pytest.param(["--listen", "99999"], id="no-port-alone"),
    ],
)
def test_refuses(options: list[str]) -> None:
    """Others are let in only when that is said in so many words."""
    done = call("serve", *options)
    assert (done.status, done.out) == (2, "")


def test_the_refusal_says_how() -> None:
    assert "--listen-public" in call("serve", "--listen", "0.0.0.0:25").err


def test_profiles_and_faults_are_listed() -> None:
    for option, name in (("--list-profiles", "submission"), ("--list-faults", "greylisting")):
        done = call("serve", option)
        assert done.status == 0
        assert any(line.startswith(f"{name} ") for line in done.out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--profile", "strickt"], "did you mean strict?"),
        (["serve", "--fault", "greylistin"], "did you mean greylisting?"),
        (["--local", "--fault", "greylistin", "-c", "NOOP"], "did you mean greylisting?"),
        (["localhost:9", "--profile", "mx", "-c", "NOOP"], "--profile is for the practice server"),
        (["run", "@first-mail", "--server", "localhost:9", "--fault", "busy"], "--fault is for the practice server"),
    ],
)
def test_behaviour_that_cannot_be_had(arguments: list[str], told: str) -> None:
    done = call(*arguments)
    assert (done.status, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "shows"),
    [
        (["--local", "--profile", "lmtp", "-c", "LHLO x"], 0, "S: 220 store.example.com LMTP "),
        (["--local", "--profile", "submissions", "-c", "EHLO x"], 0, "S: 250-submission.example.com"),
        (
            ["--local", "--profile", "mx", "--fault", "unwelcome", "-c", "NOOP"],
            1,
            "S: 554 5.7.1 mx.example.com No mail",
        ),
        (["run", "@first-mail", "--local", "--fault", "greylisting"], 1, "got: 451 4.7.1 Greylisted"),
        (["run", "@first-mail", "--local", "--profile", "lenient"], 0, "ok     @first-mail"),
    ],
)
def test_local_servers_behave_as_they_are_told(arguments: list[str], status: int, shows: str) -> None:
    done = call(*arguments)
    assert shows in done.out + done.err
    assert done.status == status
