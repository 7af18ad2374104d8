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
