"""Back and forth in a session with a server that is not ours: the steps, the way back, and what is kept of them."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.postfix import Postfix
from tests.term.screen import Terminal

Enter = Callable[..., list[str]]


@pytest.fixture
def session(postfix: Postfix, tmp_path: Path) -> Iterator[Terminal]:
    """A shell at Postfix, greeted."""
    argv = [sys.executable, "-X", "dev", "-W", "error", "-m", "smtp_repl", postfix.address, "--ca", str(postfix.ca_pem)]
    folders = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("STATE", "CONFIG")}
    with Terminal(argv, folders, rows=60, cwd=str(tmp_path)) as terminal:
        terminal.wait_for("S: 220 ")
        terminal.wait_for_prompt()
        yield terminal


@pytest.fixture
def enter(session: Terminal) -> Enter:
    """Type a line and wait for what it leads to; gives what stands below it, ports and times as `_`.

    `answers` pairs each question that comes first with what is typed then.
    """

    def enter(line: str, awaited: str, *answers: tuple[str, str]) -> list[str]:
        begin = _prompt(session)
        session.type(line + "\n")
        for asks, answer in answers:
            session.wait_for_prompt(asks)
            session.type(answer + "\n")
        session.wait_for(lambda terminal: any(awaited in text for text in terminal.history()[begin:]))
        session.wait_for_prompt()
        return [
            re.sub(r"\d\d:\d\d:\d\d|\d+\.\d ms|127\.0\.0\.1:\d+|queued as \w+", "_", text)
            for text in session.history()[begin + 1 : _prompt(session)]
            if not text.startswith("S: 250-")
        ]

    return enter


def _prompt(session: Terminal) -> int:
    """In which line the prompt stands."""
    return max(number for number, text in enumerate(session.history()) if text == "C:")


def test_there_and_back(enter: Enter, postfix: Postfix) -> None:
    """TLS is up again, the password is asked for again, what was refused is refused again; then one goes on."""
    enter("EHLO client.example.org", "S: 250 ")
    enter("/starttls", "S: 250 ")
    enter("AUTH LOGIN", "S: 334 ")
    enter("/b64 alice", "S: 334 ")
    enter("/pass", "S: 235 ", ("# password: ", postfix.password))
    enter("MAIL FROM:<alice@example.com>", "S: 250 2.1.0")
    enter("RCPT TO:<nobody@example.com>", "S: 550 ")
    enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")
    assert enter("/steps", "# /rewind N") == [
        "#   0  _  (connected)                    220  _",
        "#   1  _  EHLO client.example.org        250  _",
        "#   2  _  STARTTLS                       220  _",
        "#   3  _  EHLO client.example.org        250  _",
        "#   4  _  AUTH LOGIN                     334  _",
        "#   5  _  ••••                           334  _",
        "#   6  _  ••••                           235  _",
        "#   7  _  MAIL FROM:<alice@example.com>  250  _",
        "#   8  _  RCPT TO:<nobody@example.com>   550  _",
        "#   9  _  RCPT TO:<bob@example.com>      250  _",
        "# /rewind N connects again and plays the steps up to N; /undo takes back the last command",
    ]
    login = [
        "# password of alice: ••••",
        "# we closed the connection",
        "# connected to _",
        "S: 220 mail.example.com ESMTP Postfix",
        "C: EHLO client.example.org",
        "S: 250 CHUNKING",
        "C: STARTTLS",
        "S: 220 2.0.0 Ready to start TLS",
        "# TLS 1.3 TLS_AES_256_GCM_SHA384, certificate verified (localhost)",
        "# what was offered before TLS is forgotten: say EHLO again (RFC 3207 §4.2)",
        "C: EHLO client.example.org",
        "S: 250 CHUNKING",
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        '# the server asks: "Username:"',
        "@auth user=alice",
        "C~ {auth.user}",
        "# YWxpY2U= is base64 of alice (the user name)",
        "S: 334 UGFzc3dvcmQ6",
        '# the server asks: "Password:"',
        "C~ {auth.pass}",
        "# the password, in base64; masked",
        "S: 235 2.7.0 Authentication successful",
        "C: MAIL FROM:<alice@example.com>",
        "S: 250 2.1.0 Ok",
    ]
    question = ("# password of alice: ", postfix.password)
    refusal = "S: 550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown in virtual mailbox table"
    assert enter("/rewind 8", "# this is step", question) == [
        *login,
        "C: RCPT TO:<nobody@example.com>",
        refusal,
        "# There is no such user; the text names the table in which it was looked for. (/explain tells more)",
        "# this is step 8 again; go on by hand",
    ]
    assert enter("/undo", "# this is step", question) == [*login, "# this is step 7 again; go on by hand"]
    enter("RCPT TO:<carol@example.com>", "S: 250 2.1.5")
    enter("DATA", "S: 354 ")
    assert enter("Subject: There and back\n\nHello.\n.", "S: 250 ")[-1] == "S: 250 2.0.0 Ok: _"
    message = postfix.wait_for_mail(b"Subject: There and back", "everyone")
    assert b"X-Original-To: carol@example.com" in message
    assert b"bob@example.com" not in message


def test_a_wrong_password_and_the_right_one(enter: Enter, postfix: Postfix) -> None:
    """Two identities: a replay is told which is which, and is refused and let in as before."""
    enter("EHLO client.example.org", "S: 250 ")
    enter("AUTH LOGIN YWxpY2U=", "S: 334 ")
    enter("d3Jvbmc=", "S: 535 ")
    enter("AUTH LOGIN YWxpY2U=", "S: 334 ")
    enter("d29uZGVybGFuZA==", "S: 235 ")
    wrong = ("# password of alice, the one that is refused: ", "wrong")
    again = enter("/rewind 5", "# this is step", wrong, ("# password of alice: ", postfix.password))
    assert [line for line in again if line.startswith(("S: ", "C: ", "C~ ", "@", "# this"))] == [
        "S: 220 mail.example.com ESMTP Postfix",
        "C: EHLO client.example.org",
        "S: 250 CHUNKING",
        "@auth user=alice",
        "C~ AUTH LOGIN {auth.user}",
        "S: 334 UGFzc3dvcmQ6",
        "C~ {auth.pass}",
        "S: 535 5.7.8 Error: authentication failed: authentication failure",
        "C~ AUTH LOGIN {auth.user}",
        "S: 334 UGFzc3dvcmQ6",
        "@auth[auth2] user=alice",
        "C~ {auth2.pass}",
        "S: 235 2.7.0 Authentication successful",
        "# this is step 5 again; go on by hand",
    ]


def test_what_is_kept_and_compared(enter: Enter, tmp_path: Path) -> None:
    """`/save` writes all of it or an end of it; `/diff` counts what went as it did and shows what did not."""
    enter("EHLO client.example.org", "S: 250 ")
    enter("MAIL FROM:<alice@example.com> SIZE=1000", "S: 250 2.1.0")
    enter("RCPT TO:<bob@example.com>", "S: 250 2.1.5")
    enter("/save all.smtp", "# saved")
    enter("/save end.smtp --from 2", "# saved")
    saved = (tmp_path / "end.smtp").read_text().splitlines()
    assert [line for line in saved if not line.startswith(("#", "@"))] == [
        "C: MAIL FROM:<alice@example.com> SIZE=1000",
        "S: 250 2.1.0 Ok",
        "C: RCPT TO:<bob@example.com>",
        "S: 250 2.1.5 Ok",
    ]
    assert "S: 250-PIPELINING" in (tmp_path / "all.smtp").read_text().splitlines()
    assert enter("/diff all.smtp", " the same") == ["# 4 exchanges the same"]
    assert enter("/undo", "# this is step 2 again")[-1] == "# this is step 2 again; go on by hand"
    enter("RCPT TO:<full@example.com>", "S: 552 ")
    assert enter("/diff all.smtp", " the same") == [
        "# - all.smtp",
        "# + this session",
        "#   … 3 exchanges are the same",
        "# - C: RCPT TO:<bob@example.com>",
        "# + C: RCPT TO:<full@example.com>",
        "# - S: 250 2.1.5 Ok",
        "# + S: 552 5.2.2 <full@example.com>: Recipient address rejected: Mailbox full",
        "# 3 exchanges the same, 1 other command, 1 other code",
    ]
