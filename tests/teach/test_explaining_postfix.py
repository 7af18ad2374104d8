"""What a running Postfix refuses is explained as its own text; skips where none is installed."""

import smtplib

import pytest

from smtp_repl.teach.explaining import Circumstances, explain_reply
from smtp_repl.wire.replies import ReplyReader
from tests.servers.postfix import Postfix

SESSIONS = [
    # commands; which words the last of them is answered under; what the explanation must speak of
    (["NOOP", "FOO"], "FOO", "does not know the command"),
    (["EHLO"], "EHLO", "name after EHLO is missing"),
    (["EHLO client.example.net", "MAIL FROM:<alice@example.org> FOO=BAR"], "MAIL", "parameter"),
    (["EHLO client.example.net", "MAIL FROM:<alice@example.org> SIZE=99999999999"], "MAIL", "larger than"),
    (["EHLO client.example.net", "RCPT TO:<bob@example.org>"], "RCPT", "No sender"),
    (
        ["EHLO client.example.net", "MAIL FROM:<alice@example.org>", "MAIL FROM:<alice@example.org>"],
        "MAIL",
        "open already",
    ),
    (["EHLO client.example.net", "MAIL FROM:<alice@example.org>", "DATA"], "DATA", "No recipient"),
    (
        ["EHLO client.example.net", "MAIL FROM:<alice@example.org>", "RCPT TO:<bob@elsewhere.invalid>"],
        "RCPT",
        "may not relay",
    ),
    (["EHLO client.example.net", "AUTH FOO"], "AUTH", "mechanism"),
    (["EHLO client.example.net", "AUTH PLAIN !"], "AUTH", "no base64"),
    (["EHLO client.example.net", "AUTH PLAIN AGFsaWNlAHdyb25n"], "AUTH", "password was refused"),
]


@pytest.mark.parametrize(("commands", "said", "speaks_of"), SESSIONS, ids=[commands[-1] for commands, *_ in SESSIONS])
def test_refusals(postfix: Postfix, commands: list[str], said: str, speaks_of: str) -> None:
    """The greeting tells that it is Postfix, and each common refusal has its row."""
    with smtplib.SMTP(timeout=20) as client:
        _, banner = client.connect(postfix.host, postfix.port)
        code, text = [client.docmd(command) for command in commands][-1]
    assert 400 <= code < 600
    [reply] = ReplyReader().feed(b"%d %s\r\n" % (code, text.replace(b"\n", b" ")))
    explanation = explain_reply(reply, Circumstances(postfix.host, banner.decode(), said))
    assert explanation.source == "a text of Postfix"
    assert speaks_of in explanation.plain
    assert explanation.retry is False
