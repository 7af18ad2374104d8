r"""The later lessons as somebody types them who takes each answer that the last hint gives.

As in `test_learn_typed`, the shell is part of what is learnt: /pipeline keeps back, /raw says octets, /connect begins
anew.
"""

from pathlib import Path

import pytest

from smtp_repl.cli.language import LANGUAGES
from tests.cli.conftest import program

EHLO = "EHLO student.example.org\n"
MAIL = "MAIL FROM:<alice@example.org>\n"
RCPT = "RCPT TO:<bob@example.com>\n"
ENVELOPE = f"{MAIL}{RCPT}"
LETTER = "From: alice@example.org\nSubject: Hello\n\nHello Bob.\n.\n"
DATA = f"DATA\n{LETTER}"
CHUNK = "Subject: Hi\n\nHello\n/pipeline send\n"
INJECTION = "/pipeline\nSTARTTLS\nEHLO evil.example.net\n/pipeline send\n"
SMUGGLED = (
    r'/raw "DATA\r\nSubject: 1\r\n\r\nHi\n.\nMAIL FROM:<boss@example.org>\r\nRCPT TO:<carol@example.com>\r\n'
    r'DATA\r\nSubject: 2\r\n\r\nPay.\r\n.\r\n"'
)

TYPED = {
    "pipelining": f"""{EHLO}/pipeline
{ENVELOPE}RCPT TO:<nobody@example.com>
DATA
/pipeline send
{LETTER}/answer nobody@example.com
{ENVELOPE}/pipeline
DATA
Hello Bob.
.
/pipeline send
/next
{EHLO}{ENVELOPE}RCPT TO:<carol@example.com>
RSET
/pipeline
{ENVELOPE}RCPT TO:<carol@example.com>
RSET
/pipeline send
/answer 102 and 1
""",
    "chunking": f"""{EHLO}MAIL FROM:<alice@example.org> SIZE=5000
MAIL FROM:<alice@example.org> SIZE=500
{RCPT}/answer 22
/pipeline
BDAT 22 LAST
{CHUNK}{ENVELOPE}/pipeline
BDAT 22
{CHUNK}BDAT 0 LAST
{ENVELOPE}/pipeline
BDAT 18 LAST
Subject: Hi

.
/pipeline send
{ENVELOPE}/pipeline
BDAT 17 LAST
{CHUNK}MAIL FROM:<alice@example.org> BODY=BINARYMIME
{RCPT}DATA
""",
    "dsn": f"""{EHLO}MAIL FROM:<alice@example.org> RET=HDRS ENVID=QQ314159
RCPT TO:<bob@example.com> NOTIFY=SUCCESS,FAILURE
{DATA}/inbox 2
/answer 2.1.5
{MAIL}RCPT TO:<gone@example.com>
{DATA}/inbox 4
/answer 5.1.1
/answer <>
{MAIL}RCPT TO:<gone@example.com> NOTIFY=NEVER
{DATA}{MAIL}RCPT TO:<bob@example.com> NOTIFY=NEVER,SUCCESS
""",
    "smtputf8": f"""{EHLO}{MAIL}RCPT TO:<用户@例子.cn>
RSET
MAIL FROM:<alice@example.org> SMTPUTF8
RCPT TO:<用户@例子.cn>
DATA
From: alice@example.org
Subject: 你好

Hello.
.
{MAIL}RCPT TO:<user@xn--fsqu00a.cn>
/next
{EHLO}MAIL FROM:<alice@example.org> SMTPUTF8
/answer 例子.cn
{MAIL}RCPT TO:<user@xn--fsqu00a.cn>
DATA
Subject: =?UTF-8?B?5L2g5aW9?=

Hello.
.
""",
    "broken": f"""/answer POP3
/answer 587
/next
{EHLO}{ENVELOPE}{RCPT}{DATA}/answer the sender and the recipient
/next
{EHLO}{ENVELOPE}RSET
/auth PLAIN tutor
{ENVELOPE}/next
{EHLO}{ENVELOPE}DATA
From: alice@example.org
To: bob@example.com
Subject: Our holidays

Here comes the picture that I told you of. We were at the sea.
It rained every day, and it was fine all the same.
.
{ENVELOPE}DATA
Subject: Hi

Hello.
.
/answer 4,000,000
/next
{EHLO}/auth PLAIN tutor
/answer 535
/next
{EHLO}{ENVELOPE}RCPT TO:<carol@example.com>
DATA
/answer 4
/connect
{EHLO}{ENVELOPE}{DATA}/connect
{EHLO}{MAIL}RCPT TO:<carol@example.com>
{DATA}/next
{EHLO}STARTTLS
/answer another-host.example.net
/answer wait
/next
{EHLO}MAIL FROM:<www@example.net>
{RCPT}{DATA}/answer www@example.net
/inbox 5
/answer 550
{ENVELOPE}{DATA}""",
    "smuggling": f"""{EHLO}{ENVELOPE}{SMUGGLED}
/answer 2
/next
{EHLO}{ENVELOPE}{SMUGGLED}
/answer CR LF . CR LF
/next
{EHLO}{INJECTION}{MAIL}/next
{EHLO}{INJECTION}/connect
{EHLO}STARTTLS
{EHLO}/next
LHLO student.example.org
{ENVELOPE}RCPT TO:<carol@example.com>
RCPT TO:<full@example.com>
DATA
Hello.
.
/answer the client
""",
}
HUNG_UP = (
    "# error: the certificate is for another-host.example.net",
    "# error: the server closed the connection where the reply to ",
)
"""Errors that are what a lesson is about."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", TYPED)
def test_the_answers_of_the_hints_reach_every_goal(lesson: str, language: str, tmp_path: Path) -> None:
    """Whoever does as the last hints say is through, and is told so at each goal, in their order."""
    environ = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = program("learn", lesson, "--lang", language, stdin=TYPED[lesson].encode(), environ=environ)
    assert done.status == 0, done.out
    if lesson != "smuggling":  # from a pipe, MAIL goes before the reply that nobody asked for has come
        assert "is reached too: " not in done.out
    errors = [line for line in done.out.splitlines() if line.startswith("# error: ")]
    assert [line for line in errors if not line.startswith(HUNG_UP)] == []
