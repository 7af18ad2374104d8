"""The minutes of a class: what the server writes down of each session, and what it never does."""

import base64
import dataclasses
import hmac
import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtp_repl.net.practice import PracticeOptions, PracticeThread, profile_from
from smtp_repl.net.practice.answers import answer
from smtp_repl.net.practice.minutes import Full, Minutes, file_name
from smtp_repl.script.actions import Opened
from smtp_repl.script.model import Directive, Invalid
from smtp_repl.script.text import parse
from smtp_repl.wire.errors import UsageError
from tests.net.practice_client import Raw

CANARY = "hunter2canary"
ACCOUNTS = {"alice": CANARY, "bob": "another-secret", "../../etc/x": "third-secret"}
EHLO = b"EHLO client.example.org"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "class" / "minutes"


@pytest.fixture
def server(folder: Path) -> Iterator[PracticeThread]:
    with PracticeThread(PracticeOptions(accounts=ACCOUNTS, transcripts=folder)) as thread:
        yield thread


def plain(user: str, password: str) -> bytes:
    return base64.b64encode(f"\0{user}\0{password}".encode())


def texts(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(folder.iterdir())]


def test_a_session_is_a_script_that_tells_who_and_when(server: PracticeThread, folder: Path) -> None:
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(EHLO)
        raw.ask(b"AUTH PLAIN " + plain("alice", CANARY))
        raw.ask(b"MAIL FROM:<alice@example.org>")
        raw.ask(b"RCPT TO:<bob@example.com>")
        raw.ask(b"DATA")
        raw.say("Subject: 你好\r\n\r\n..dot\r\nlast\n\r\n.\r\n".encode())
        raw.reply()
        raw.ask(b"QUIT")
        assert raw.rest() == b""
    [path] = folder.iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-0001-alice\.smtp", path.name)
    text = path.read_text("utf-8")
    script = parse(path.read_bytes())
    assert not [node for node in script.nodes if isinstance(node, Invalid)]
    assert script.title.startswith("session 1 from 127.0.0.1, 20")
    for line in (
        "# recorded by the server",
        f"# connected to 127.0.0.1:{server.port} (practice.example.com)",
        "S: 220 practice.example.com ESMTP smtp-repl practice server; nothing is delivered",
        "C: EHLO client.example.org",
        "@auth user=alice",
        "C~ AUTH PLAIN {auth.plain}",
        "# logged in as alice",
        "C: Subject: 你好",
        "C: ..dot",
        'C"last\\n"',
        "C: .",
        "S: 221 2.0.0 Bye",
        "# the server closed the connection",
    ):
        assert line in text.splitlines(), line
    assert CANARY not in text
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_line_is_in_the_file_before_its_reply_is_heard(server: PracticeThread, folder: Path) -> None:
    """And a server that dies loses nothing of what was said."""
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(EHLO)
        [text] = texts(folder)
        assert "C: EHLO client.example.org" in text
        assert "S: 250 HELP" in text


def test_no_password_is_ever_written(server: PracticeThread, folder: Path) -> None:
    """In any mechanism, right or wrong, in base64 or not, at the wrong moment, in the wrong case."""
    encoded = base64.b64encode(CANARY.encode())
    whole = plain("alice", CANARY)
    lines = (
        b"AUTH PLAIN " + plain("carol", CANARY),
        b"auth plain " + plain("bob", CANARY),
        b"AUTH  PLAIN " + plain("carol", CANARY),
        b"AUTH PLAIN " + CANARY.encode(),
        b"AUTH " + whole,
        b"X-EXPS LOGIN " + encoded,
        b"AUTH LOGIN",
        base64.b64encode(b"alice2"),
        encoded,
        b"AUTH LOGIN",
        base64.b64encode(b"alice2"),
        CANARY.encode(),
        b"AUTH PLAIN",
        whole,
        CANARY.encode(),
        encoded,
        b"password " + CANARY.encode(),
        whole,
        b"  " + encoded + b"  ",
    )
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(EHLO)
        for line in lines:
            raw.ask(line)
        challenge = base64.b64decode(raw.ask(b"AUTH CRAM-MD5")[4:]) if "235" in raw.ask(b"NOOP") else b""
        digest = hmac.new(CANARY.encode(), challenge, "md5").hexdigest()
        raw.ask(b"QUIT")
    [text] = texts(folder)
    for form in (CANARY, encoded.decode(), whole.decode(), CANARY.encode().hex(), digest):
        assert form not in text
    assert text.count("# a line that holds a password is left out here") == 6


def test_what_cram_md5_says_is_no_secret_that_helps_and_is_not_written_either(
    server: PracticeThread, folder: Path
) -> None:
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(EHLO)
        challenge = base64.b64decode(raw.ask(b"AUTH CRAM-MD5")[4:])
        digest = hmac.new(CANARY.encode(), challenge, "md5").hexdigest().encode()
        assert raw.ask(base64.b64encode(b"alice " + digest)) == answer("auth-ok")
    [text] = texts(folder)
    assert "C~ {auth.reply}" in text
    assert digest.decode() not in text
    assert base64.b64encode(b"alice " + digest).decode() not in text


def test_sessions_over_tls_are_written_in_the_clear(server: PracticeThread, folder: Path) -> None:
    context = ssl.create_default_context(cadata=server.ca_pem().decode("ascii"))
    with smtplib.SMTP(server.host, server.port, "client.example.org", timeout=10) as client:
        client.starttls(context=context)
        client.login("bob", "another-secret")
    [text] = texts(folder)
    assert re.search(r"^# TLSv1\.\d \S+_\S+$", text, re.MULTILINE)
    assert text.count("C: ehlo client.example.org") == 2
    assert "# logged in as bob" in text
    assert "another-secret" not in text


@pytest.mark.parametrize(
    ("service", "told"), [("smtp", "# we closed the connection"), ("busy", "# the server closed the connection")]
)
def test_who_closed_is_told_from_the_clients_side(folder: Path, service: str, told: str) -> None:
    options = PracticeOptions(profile=profile_from({"service": service}), transcripts=folder)
    with PracticeThread(options) as server:
        with Raw(server.host, server.port) as raw:
            raw.reply()
            if service == "busy":
                assert raw.rest() == b""
        with Raw(server.host, server.port) as raw:
            raw.reply()  # by then the first session is over
    text = texts(folder)[0]
    assert f"\n{told}\n" in text
    assert re.search(r"\n# the session ended at \d\d:\d\d:\d\d UTC\n$", text)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("alice", "alice"),
        ("alice@example.com", "alice@example.com"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "_"),
        ("", "_"),
        ("用户", "__"),
        ("a\nb\0c", "a_b_c"),
        ("CON:", "CON_"),
        ("x" * 300, "x" * 64),
    ],
)
def test_an_account_cannot_name_another_place(user: str, name: str) -> None:
    assert file_name(user) == name


def test_an_account_with_a_path_for_its_name(server: PracticeThread, folder: Path) -> None:
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(EHLO)
        assert raw.ask(b"AUTH PLAIN " + plain("../../etc/x", "third-secret")) == answer("auth-ok")
    [path] = folder.iterdir()
    assert path.name.endswith("-0001-_.._etc_x.smtp")
    assert "# logged in as ../../etc/x" in path.read_text()


def test_no_service_but_smtp_upsets_the_minutes(server: PracticeThread, folder: Path) -> None:
    for service in ("pop3", "http", "silent"):
        server.behave(profile_from({"service": service}))
        with Raw(server.host, server.port) as raw:
            raw.say(b"EHLO x\r\n\xff\x00\r\nQUIT\r\n")
            raw.rest()
    assert len(texts(folder)) == 3
    assert all("C: EHLO x" in text for text in texts(folder))


HOSTILE = [
    b"\r\n" * 200,
    b"\0" * 5000 + b"\r\n",
    b"x" * 200_000 + b"\r\n",
    b"C: fake\r\nS: 250 fake\r\n@connect h:1\r\n",
]


@pytest.mark.parametrize("octets", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_client_says_the_file_can_be_read(server: PracticeThread, folder: Path, octets: bytes) -> None:
    with Raw(server.host, server.port) as raw:
        raw.reply()
        raw.say(octets + b"QUIT\r\n")
        raw.rest()
    [path] = folder.iterdir()
    script = parse(path.read_bytes())
    assert not [node for node in script.nodes if isinstance(node, Invalid)]
    assert not [node for node in script.nodes if isinstance(node, Directive) and node.name == "connect"]


# ---------------------------------------------------------------- limits


OPENED = Opened("practice.example.com", "127.0.0.1", 25, "127.0.0.1", 40000)


def test_a_session_that_is_too_long_is_ended(tmp_path: Path) -> None:
    minutes = Minutes(tmp_path, {}, session_limit=2000, limit=10_000)
    session = minutes.begin(1, OPENED)
    with pytest.raises(Full):
        session.client_said(b"NOOP\r\n" * 2000)
    session.client_said(b"NOOP\r\n")
    session.closed(by_server=True)
    assert session.path.stat().st_size <= 2000


def test_all_together_are_bounded(tmp_path: Path) -> None:
    minutes = Minutes(tmp_path, {}, session_limit=2000, limit=1000)
    sessions = [minutes.begin(number, OPENED) for number in range(3)]
    with pytest.raises(Full):
        minutes.begin(3, OPENED)
    for session in sessions:
        session.closed(by_server=True)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000


def test_no_session_goes_on_unrecorded(server: PracticeThread, folder: Path) -> None:
    """Whether there is no room at the beginning, or no more in the middle."""
    with Raw(server.host, server.port) as raw:
        raw.reply()
        folder.rename(folder.with_name("moved"))
        with Raw(server.host, server.port) as other:
            assert other.reply() == answer("recording-ends")
            assert other.rest() == b""
        raw.ask(EHLO)
        assert raw.ask(b"AUTH PLAIN " + plain("alice", CANARY)) == answer("auth-ok")


def test_nor_when_the_room_is_used_up(folder: Path) -> None:
    options = PracticeOptions(transcripts=folder, transcript_limit=4000)
    with PracticeThread(options) as server, Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(EHLO)
        assert raw.ask(b"MAIL FROM:<a@example.org>") == answer("sender-ok")
        assert raw.ask(b"RCPT TO:<a@example.org>") == answer("recipient-ok")
        raw.ask(b"DATA")
        raw.say((b"\x01" * 900 + b"\r\n") * 3)
        assert raw.reply() == answer("recording-ends")


def test_a_folder_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot write to"):
        Minutes(tmp_path / "file" / "below", {}, session_limit=1, limit=1)


def test_sessions_from_one_address_are_bounded() -> None:
    options = dataclasses.replace(PracticeOptions(), max_per_address=2)
    with PracticeThread(options) as server:
        inside = [Raw(server.host, server.port) for _ in range(2)]
        assert all(raw.reply().startswith("220 ") for raw in inside)
        with Raw(server.host, server.port) as outside:
            assert outside.reply() == answer("too-many-sessions")
        for raw in inside:
            raw.close()


def test_whoever_guesses_passwords_is_sent_away() -> None:
    with PracticeThread(PracticeOptions(bad_command_limit=3)) as server, Raw(server.host, server.port) as raw:
        raw.reply()
        raw.ask(EHLO)
        for _ in range(3):
            assert raw.ask(b"AUTH PLAIN " + plain("tutor", "guess")) == answer("auth-wrong")
        assert raw.ask(b"AUTH PLAIN " + plain("tutor", "guess")) == answer("too-many-bad-commands")
