"""`smtp-repl answer` without a terminal: replies from a pipe, a transcript out, a status that says how it ended."""

import re
import smtplib
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, call, command


class Answering:
    """The program at work, with its replies; `port` is where it listens."""

    def __init__(self, replies: str, *words: str) -> None:
        self._process = subprocess.Popen(
            command("answer", *words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(replies.encode())
        self._process.stdin.close()
        self.first = self._process.stdout.readline().decode()
        found = re.fullmatch(r"# listening on 127\.0\.0\.1:([0-9]+)\n", self.first)
        assert found is not None, self.first
        self.port = int(found[1])

    def end(self) -> tuple[int, list[str], str]:
        """Status, lines and errors, when it has ended."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        out, err = self._process.stdout.read(), self._process.stderr.read()
        self.close()
        return self._process.wait(10), out.decode().splitlines(), err.decode()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.close()

    def close(self) -> None:
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


Start = Callable[..., Answering]


@pytest.fixture
def answering() -> Iterator[Start]:
    started: list[Answering] = []

    def start(replies: str, *words: str) -> Answering:
        started.append(Answering(replies, *words))
        return started[-1]

    yield start
    for one in started:
        one.kill()


MAIL = """220 mail.example.com ESMTP
250-mail.example.com
250 SIZE 1000
250 2.1.0 Ok
250 2.1.5 Ok
354 go on
250 2.0.0 queued
221 2.0.0 Bye
"""


def test_a_mail(answering: Start, tmp_path: Path) -> None:
    """One reply for each command; the transcript is a script, the recording another; status 0 after QUIT and 221."""
    server = answering(MAIL, "--record", str(tmp_path / "rec.smtp"))
    with smtplib.SMTP("127.0.0.1", server.port, "client.example.org", timeout=10) as client:
        assert (
            client.sendmail("a@example.org", ["b@example.com"], "From: a@example.org\r\nSubject: x\r\n\r\nHi.\r\n")
            == {}
        )
    status, lines, err = server.end()
    assert (status, err) == (0, "")
    assert re.fullmatch(r"# client 127\.0\.0\.1:[0-9]+ connected", lines[1])
    assert lines[2:] == [
        *("S: 220 mail.example.com ESMTP", "C: ehlo client.example.org", "S: 250-mail.example.com", "S: 250 SIZE 1000"),
        *("C: mail FROM:<a@example.org> size=40", "S: 250 2.1.0 Ok", "C: rcpt TO:<b@example.com>", "S: 250 2.1.5 Ok"),
        *("C: data", "S: 354 go on", "C: From: a@example.org", "C: Subject: x", "C:", "C: Hi.", "C: ."),
        *("# the message ends here: 40 octets in 4 lines", "S: 250 2.0.0 queued"),
        *("C: QUIT", "S: 221 2.0.0 Bye", "# we closed the connection"),
    ]
    assert "@match status\n" in (tmp_path / "rec.smtp").read_text()


def exchange(port: int, *lines: bytes) -> bytes:
    """A client that says one line after each reply, then closes; returns all that it heard."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client, client.makefile("rb") as file:
        for line in (b"", *lines):
            client.sendall(line)
            while octets := file.readline():
                heard += octets
                if octets[3:4] != b"-":
                    break
    return heard


def test_a_client_that_just_leaves(answering: Start) -> None:
    """Without QUIT the status is 6."""
    server = answering("220 hi\n250 hello\n")
    exchange(server.port, b"HELO x\r\n")
    status, lines, err = server.end()
    assert status == 6
    assert lines[-1].startswith("# the client closed the connection without QUIT")
    assert "left without QUIT" in err


def test_replies_that_are_over_too_early(answering: Start) -> None:
    """When a command waits and there is no reply for it, the client gets 421 and the status is 1."""
    server = answering("220 hi\n")
    assert exchange(server.port, b"HELO x\r\n") == b"220 hi\r\n421 4.3.2 mail.example.com closes\r\n"
    status, lines, err = server.end()
    assert status == 1
    assert lines[-2:] == ["S: 421 4.3.2 mail.example.com closes", "# we closed the connection"]
    assert "the input ended where HELO awaited an answer" in err


def test_commands_work(answering: Start) -> None:
    """/commands are done where they stand; //x is sent as /x."""
    server = answering('220 hi\n/reply\n/raw "250 exa"\n/raw "ct\\r\\n"\n//no reply\n/close\n')
    heard = exchange(server.port, b"HELO x\r\n", b"NOOP\r\n", b"NOOP\r\n")
    assert heard == b"220 hi\r\n250 exact\r\n/no reply\r\n"
    status, lines, _ = server.end()
    assert status == 0
    assert "#    1  250 mail.example.com: yes: greeted, without extensions" in lines
    assert "S: /no reply" in lines
    assert lines[-1] == "# we closed the connection"


def test_plaintext_behind_starttls(answering: Start) -> None:
    """Injected octets: no handshake, status 4."""
    server = answering("220 hi\n250-hi\n250 STARTTLS\n220 go\n250 never\n")
    exchange(server.port, b"EHLO x\r\n", b"STARTTLS\r\nNOOP\r\n")
    status, lines, err = server.end()
    assert status == 4
    assert "no handshake: the client said 6 octets behind STARTTLS: NOOP" in err
    assert "S: 250 never" not in lines


def test_pipelined_commands_are_answered_in_order(answering: Start) -> None:
    server = answering("220 hi\n250 one\n251 two\n221 bye\n")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client, client.makefile("rb") as file:
        file.readline()
        client.sendall(b"HELO x\r\nNOOP\r\nQUIT\r\n")
        assert file.read() == b"250 one\r\n251 two\r\n221 bye\r\n"
    status, lines, _ = server.end()
    assert status == 0
    assert "# 3 await an answer, in this order: HELO NOOP QUIT" in lines


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--key", "k.pem"], "--key is the key of a certificate"),
        (["--force"], "--force overwrites the file of --record"),
        (["--listen", "192.0.2.1:2525"], "others could reach this server"),
        (["a.smtp"], "one word too many"),
    ],
    ids=["key", "force", "public", "word"],
)
def test_usage(words: list[str], problem: str) -> None:
    done = call("answer", *words)
    assert done.status == 2
    assert problem in done.err


def test_closed_input() -> None:
    """Without a terminal and without input there is nothing to answer with."""
    done = call("answer", stdin=None)
    assert done.status == 2
    assert "there are no replies" in done.err
