"""`smtp-repl serve`: the practice server as a program."""

import signal
import smtplib
import ssl
from pathlib import Path

import pytest

from tests.cli.conftest import call
from tests.cli.serving import serving


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)], ids=["int", "term"])
def test_serves_until_it_is_stopped(number: signal.Signals, status: int) -> None:
    """The address is told at once, events go to standard error, Ctrl-C is the regular end."""
    with serving(ends=number) as (host, port, ended), smtplib.SMTP(host, port) as client:
        client.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\nhi\r\n")
    assert (ended.status, ended.out) == (status, "")
    assert "C[1]: mail FROM:<a@example.org>" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_a_class(tmp_path: Path, number: signal.Signals) -> None:
    """Accounts from a table, a certificate to trust, a transcript of each session that can be checked and played."""
    accounts, folder, authority = tmp_path / "class.csv", tmp_path / "sessions", tmp_path / "ca.pem"
    accounts.write_text("name,password\nalice,hunter2canary\nbob,x\n")
    accounts.chmod(0o600)
    options = ["--accounts", str(accounts), "--transcripts", str(folder), "--ca-file", str(authority)]
    with serving(*options, "--profile", "submission", ends=number) as (host, port, ended):
        with smtplib.SMTP(host, port, "client.example.org") as client:
            client.starttls(context=ssl.create_default_context(cafile=authority))
            assert "1048576" in client.ehlo()[1].decode()
            client.login("alice", "hunter2canary")
            client.sendmail("alice@example.org", ["b@example.org"], "Subject: x\r\n\r\nhi\r\n")
        unfinished = smtplib.SMTP(host, port, "client.example.org")
        unfinished.ehlo()
    unfinished.close()
    assert (ended.status, ended.out) == (0 if number is signal.SIGINT else 143, "")
    assert "# 2 accounts from " in ended.err
    assert "# profile: submission" in ended.err
    assert "# a transcript of each session: " in ended.err
    first, second = sorted(folder.iterdir())
    assert first.name.endswith("-0001-alice.smtp")
    assert second.read_text().splitlines()[-3:-1] == [
        "S: 421 4.3.2 The practice server stops",
        "# the server closed the connection",
    ]
    everything = ended.err + "".join(path.read_text() for path in (first, second))
    assert "canary" not in everything
    assert "Traceback" not in everything
    for path in (first, second):
        assert call("check", str(path)).status == 0
    played = call("run", str(first), "--local", "--profile", "submission")
    assert played.status == 0, played


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


def test_a_certificate_of_ones_own(tmp_path: Path) -> None:
    import trustme

    authority = trustme.CA()
    both = tmp_path / "both.pem"
    both.write_bytes(authority.issue_cert("localhost").private_key_and_cert_chain_pem.bytes())
    with serving("--cert", str(both)) as (_host, port, _ended), smtplib.SMTP("localhost", port) as client:
        context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        assert client.starttls(context=context)[0] == 220
        assert client.noop()[0] == 250


@pytest.mark.parametrize(
    "options",
    [["--key", "k"], ["--cert", "none.pem"], ["--cert", "c", "--ca-file", "f"], ["--transcripts", "/dev/null/x"]],
    ids=" ".join,
)
def test_files_that_cannot_be(options: list[str]) -> None:
    done = call("serve", *options)
    assert (done.status, done.out) == (2, "")


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
