"""The practice server as a thing that is started and stopped: TLS, limits, what it tells, and what it does not."""

import asyncio
import base64
import contextlib
import logging
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from smtp_repl.net.practice import Inbox, PracticeOptions, PracticeServer, PracticeThread, profile_from, profile_of
from smtp_repl.net.practice.answers import answer
from smtp_repl.net.practice.options import is_loopback
from smtp_repl.wire.errors import UsageError
from tests.net.practice_client import Raw


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeThread]:
    with PracticeThread() as thread:
        yield thread


def trusting(server: PracticeThread) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=server.ca_pem().decode("ascii"))


def test_starttls_shows_a_certificate_of_our_own_authority(server: PracticeThread) -> None:
    """And after it everything is as before EHLO, STARTTLS itself is gone (RFC 3207 §4.2)."""
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(b"EHLO x")
        raw.ask(b"MAIL FROM:<a@example.org>")
        assert raw.ask(b"STARTTLS") == answer("tls-ready")
        raw.start_tls(trusting(server), "practice.example.com")
        assert raw.ask(b"MAIL FROM:<a@example.org>") == answer("ehlo-first")
        assert "STARTTLS" not in raw.ask(b"EHLO x")
        assert raw.ask(b"STARTTLS") == answer("tls-twice")
        assert raw.ask(b"MAIL FROM:<a@example.org>") == answer("sender-ok")
        assert raw.ask(b"QUIT") == answer("bye")
        assert raw.rest() == b""


@pytest.mark.parametrize("name", ["practice.example.com", "localhost", "127.0.0.1", "::1"])
def test_the_certificate_is_for_every_name_that_one_would_use(server: PracticeThread, name: str) -> None:
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(b"EHLO x")
        raw.ask(b"STARTTLS")
        raw.start_tls(trusting(server), name)
        assert raw.ask(b"NOOP") == "250 2.0.0 Ok"


def test_a_login_is_forgotten_by_starttls(server: PracticeThread) -> None:
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(b"EHLO x")
        raw.ask(b"AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==")
        raw.ask(b"STARTTLS")
        raw.start_tls(trusting(server), "localhost")
        raw.ask(b"EHLO x")
        assert raw.ask(b"AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==") == answer("auth-ok")


def test_what_was_pipelined_behind_starttls_is_never_obeyed(server: PracticeThread) -> None:
    """V017, command injection."""
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(b"EHLO x")
        raw.say(b"STARTTLS\r\nEHLO commandinjectiontester\r\n")
        assert raw.reply() == answer("tls-ready")
        raw.start_tls(trusting(server), "localhost")
        assert raw.ask(b"FAKE x").startswith("500 5.5.1")


def test_a_handshake_that_fails_ends_that_session_only(server: PracticeThread) -> None:
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(b"EHLO x")
        raw.ask(b"STARTTLS")
        raw.say(b"EHLO is no client hello\r\n")
        with contextlib.suppress(ConnectionError):
            raw.rest()
    with Raw(server.host, server.port) as raw:
        assert raw.reply().startswith("220 ")


def test_smtplib_verifies_and_sends_over_tls(server: PracticeThread) -> None:
    with smtplib.SMTP("localhost", server.port, "client.example.org", timeout=10) as client:
        client.starttls(context=trusting(server))
        client.login("tutor", "not-a-secret")
        client.sendmail("a@example.org", ["b@example.com"], b"Subject: hello\r\n\r\nhello\r\n")
    message = server.inbox.messages[-1]
    assert (message.tls, message.user, message.ehlo) == (True, "tutor", b"client.example.org")


@contextlib.contextmanager
def running(log: Callable[[str], None]) -> Iterator[Raw]:
    """A client of a server of its own; both are gone afterwards."""
    with PracticeThread(log=log) as server, Raw(server.host, server.port) as raw:
        yield raw


def test_nothing_secret_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """V008: a password in base64, without base64, at the wrong moment, in the wrong case; and no log has it."""
    told: list[str] = []
    canary = b"hunter2canary"
    wrong = base64.b64encode(b"\0tutor\0" + canary)
    with caplog.at_level(logging.DEBUG), running(told.append) as raw:
        raw.reply()
        raw.ask(b"EHLO x")
        for line in (
            b"AUTH PLAIN " + wrong,
            b"auth plain " + wrong,
            b"AUTH  PLAIN " + wrong,
            b"AUTH " + wrong,
            b"AUTH PLAIN " + canary,
            b"X-EXPS " + canary,
            b"AUTH\tPLAIN " + wrong,
            b"AUTH LOGIN",
            b"dHV0b3I=",
            base64.b64encode(canary),
            canary,
            b"AUTH LOGIN " + base64.b64encode(canary),
            canary,
            b"AUTH PLAIN",
            b"*",
            wrong,
        ):
            raw.ask(line)
        raw.ask(b"QUIT")
    everything = "\n".join(told) + caplog.text
    for form in (canary, base64.b64encode(canary), wrong, canary.hex().encode()):
        assert form.decode() not in everything
    assert "C[1]: AUTH PLAIN ••••" in told
    assert "C[1]: *" in told
    assert "C[1]: QUIT" in told


def test_what_is_told_is_a_printable_transcript() -> None:
    told: list[str] = []
    with running(told.append) as raw:
        raw.reply()
        raw.ask(b"EHLO \x1b[2J")
        raw.ask(b"NOOP \xe2\x80\xae")
        raw.ask(b"QUIT")
        assert raw.rest() == b""
    assert told[0].startswith("# [1] connected from 127.0.0.1:")
    assert told[1] == "S[1]: 220 practice.example.com ESMTP smtp-repl practice server; nothing is delivered"
    assert told[2] == "C[1]: EHLO \\x1b[2J"
    assert "C[1]: NOOP \\xe2\\x80\\xae" in told
    assert told[-1] == "# [1] closed"
    assert all(line.isprintable() for line in told)


def test_one_session_too_many_is_told_so_and_room_comes_back() -> None:
    """V013."""
    with PracticeThread(PracticeOptions(max_sessions=3)) as server:
        inside = [Raw(server.host, server.port) for _ in range(3)]
        assert all(raw.reply().startswith("220 ") for raw in inside)
        for _ in range(20):
            with Raw(server.host, server.port) as outside:
                assert outside.reply() == answer("too-many-sessions")
                assert outside.rest() == b""
        inside[0].ask(b"QUIT")
        assert inside[0].rest() == b""
        with Raw(server.host, server.port) as next_one:
            assert next_one.reply().startswith("220 ")
        for raw in inside:
            raw.close()


def test_who_says_nothing_is_sent_away() -> None:
    with PracticeThread(PracticeOptions(idle_limit=0.05)) as server, Raw(server.host, server.port) as raw:
        raw.reply()
        assert raw.reply() == answer("idle", seconds=0.05)
        assert raw.rest() == b""


def test_single_octets_do_not_hold_a_session() -> None:
    """V014, slowloris: only whole commands count."""
    with PracticeThread(PracticeOptions(idle_limit=0.2)) as server, Raw(server.host, server.port) as raw:
        raw.reply()
        raw.drip(b"N", every=0.02)
        assert raw.reply() == answer("idle", seconds=0.2)


def test_the_put_off_recipient_is_put_off_again_in_the_next_session(server: PracticeThread) -> None:
    """So a script that expects 450 and then 250 runs green twice."""
    for _ in range(2):
        with Raw(server.host, server.port) as raw:
            raw.reply()
            raw.ask(b"EHLO x")
            raw.ask(b"MAIL FROM:<a@example.org>")
            assert raw.ask(b"RCPT TO:<later@again.example.com>") == answer("recipient-later")
            assert raw.ask(b"RCPT TO:<Later@again.example.com>") == answer("recipient-ok")


def test_stopping_says_421_to_whoever_is_there() -> None:
    with PracticeThread() as server:
        raw = Raw(server.host, server.port)
        raw.reply()
    with raw:
        assert raw.reply() == answer("stopping")
        assert raw.rest() == b""


def test_stopping_does_not_wait_for_a_client_that_does_not_read() -> None:
    """Its socket is full, so the last words never leave; the connection is cut."""
    with PracticeThread() as server:
        raw = Raw(server.host, server.port)
        raw.fill(b"HELP\r\n" * 1000)
    raw.close()


@pytest.mark.parametrize("implicit_tls", [False, True])
def test_stopping_does_not_wait_for_a_handshake(implicit_tls: bool) -> None:
    """That a client began, or did not even begin."""
    with PracticeThread(PracticeOptions(profile=profile_from({"implicit_tls": implicit_tls}))) as server:
        raw = Raw(server.host, server.port)
        if not implicit_tls:
            raw.reply()
            raw.ask(b"EHLO x")
            raw.ask(b"STARTTLS")
        raw.say(b"\x16\x03\x01")
        if implicit_tls:
            server.ca_pem()  # by then the server has begun
    raw.close()


def test_a_client_that_leaves_in_a_handshake_holds_no_place() -> None:
    with PracticeThread(PracticeOptions(max_sessions=1)) as server:
        for octets, closes in ((b"", Raw.close), (b"\x16\x03\x01", Raw.close), (b"\x16\x03\x01", Raw.shutdown)):
            raw = Raw(server.host, server.port)
            while not raw.reply().startswith("220 "):  # the place is not free again at once
                raw.close()
                raw = Raw(server.host, server.port)
            raw.ask(b"EHLO x")
            raw.ask(b"STARTTLS")
            raw.say(octets)
            closes(raw)
            if closes is Raw.shutdown:
                with contextlib.suppress(ConnectionError):
                    raw.rest()
                raw.close()


def test_start_and_stop_in_a_loop_of_ones_own() -> None:
    async def main() -> tuple[int, bytes]:
        async with PracticeServer() as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            greeting = await reader.readline()
            port = server.port
            writer.close()
            await writer.wait_closed()
        await server.stop()
        return port, greeting

    port, greeting = asyncio.run(main())
    assert greeting.startswith(b"220 ")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_port_that_is_taken_is_a_usage_error(server: PracticeThread) -> None:
    with pytest.raises(UsageError) as raised, PracticeThread(PracticeOptions(port=server.port)):
        pass
    assert raised.value.kind == "listen"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "mail.example.com"])
def test_the_server_is_not_open_to_others_by_accident(host: str) -> None:
    with pytest.raises(UsageError) as raised, PracticeThread(PracticeOptions(host=host)):
        pass
    assert raised.value.kind == "not-loopback"
    assert "--listen-public" in raised.value.hint


@pytest.mark.parametrize("profile", ["smuggler", "injectable"])
def test_a_server_with_a_hole_is_never_open_to_others(profile: str) -> None:
    options = PracticeOptions(host="0.0.0.0", public=True, profile=profile_of(profile))
    with pytest.raises(UsageError, match="for this machine only"), PracticeThread(options):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_what_loopback_is(host: str) -> None:
    assert is_loopback(host)


def test_without_auth_before_tls_a_login_needs_tls() -> None:
    with (
        PracticeThread(PracticeOptions(profile=profile_from({"only_under_tls": ["AUTH"]}))) as server,
        Raw(server.host, server.port) as raw,
    ):
        raw.reply()
        assert "AUTH" not in raw.ask(b"EHLO x")
        assert raw.ask(b"AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==") == answer("auth-needs-tls")
        raw.ask(b"STARTTLS")
        raw.start_tls(trusting(server), "localhost")
        assert "AUTH PLAIN LOGIN CRAM-MD5" in raw.ask(b"EHLO x")


def test_the_inbox_forgets_the_oldest() -> None:
    inbox = Inbox(count_limit=3, size_limit=100)
    for size in (1, 2, 3, 4, 90):
        inbox.add(sender=b"", recipients=(), octets=b"x" * size, received_at=datetime.now(UTC))
    assert [message.number for message in inbox.messages] == [3, 4, 5]
    inbox.add(sender=b"", recipients=(), octets=b"x" * 500, received_at=datetime.now(UTC))
    assert [message.number for message in inbox.messages] == [6]
    assert inbox.messages[0].header(b"Subject") == b""


def test_a_server_leaves_nothing_behind_and_imports_aiosmtpd_late() -> None:
    """With -X dev -W error: no open sockets, no pending tasks; trustme only for TLS."""
    program = """
import sys
from smtp_repl.net.practice import PracticeThread
assert "aiosmtpd" not in sys.modules
import smtplib
with PracticeThread() as server:
    assert "trustme" not in sys.modules
    with smtplib.SMTP(server.host, server.port, "x") as client:
        client.ehlo()
    client = smtplib.SMTP(server.host, server.port, "x")
    client.starttls()
    client.sendmail("a@example.org", ["b@example.com"], "hello")
client.close()
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
