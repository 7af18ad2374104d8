r"""Lessons as somebody types them who takes each answer that the last hint gives: the shell is part of what is learnt.

Proofs speak to the server alone. Here /b64 encodes, /connect begins anew, /hex is asked for. A pipe doubles no dots, as
after `/data live`, so that they are doubled here.
"""

from pathlib import Path

import pytest

from smtp_repl.cli.language import LANGUAGES
from smtp_repl.cli.lesson_files import packaged_lessons
from tests.cli.conftest import program

ENVELOPE = "MAIL FROM:<alice@example.org>\nRCPT TO:<bob@example.com>\nDATA\n"
HEADER = "From: alice@example.org\nTo: bob@example.com\nSubject: Hello\n"
MIME = HEADER + "MIME-Version: 1.0\n"
PLAIN = "AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==\n"
PARTS = """Content-Type: multipart/mixed; boundary=cut

--cut

a text
--cut
Content-Disposition: attachment; filename=note.txt

what is in the file
"""

TYPED = {
    "replies": """ABRACADABRA
EHLO
DATA
EXPN staff
EHLO student.example.org
MAIL FROM:<alice@example.org> COLOUR=red
MAIL FROM:<alice@example.org>
RCPT TO:<nobody@example.com>
/answer 5.1.1
RCPT TO:<later@example.com>
RCPT TO:<later@example.com>
VRFY bob
/answer 450
""",
    "dots": f"""EHLO student.example.org
{ENVELOPE}{HEADER}
..profile
.
/answer 2
/data live
{ENVELOPE}{HEADER}
.profile
.
{ENVELOPE}{HEADER}
..
more text
.
/hex on
NOOP
/answer 0d 0a
/raw "NOOP\\n"
""",
    "auth": f"""EHLO student.example.org
MAIL FROM:<alice@example.org>
AUTH LOGIN
/answer Username
*
AUTH LOGIN
/b64 tutor
/b64 wrong
AUTH LOGIN
/b64 tutor
/b64 not-a-secret
MAIL FROM:<alice@example.org>
QUIT
/connect
EHLO student.example.org
{PLAIN}/explain c3VtbWVyLTIwMjY=
/answer summer-2026
""",
    "cram-md5": """EHLO student.example.org
AUTH CRAM-MD5
/answer practice.example.com
*
AUTH CRAM-MD5
/answer no
/b64 tutor b913a602c7eda7a495b4e6e7334d3890
/answer d568cc6418ff68463fb60500f938ef53
AUTH CRAM-MD5
/pass
""",
    "tls": f"""EHLO student.example.org
MAIL FROM:<alice@example.org>
STARTTLS
EHLO student.example.org
/tls
/answer Testing CA
{PLAIN}{ENVELOPE}{HEADER}
Hello Bob.
.
/set timeout 0.5
/next
/close
/answer TLS
/next
EHLO student.example.org
/answer STARTTLS
{PLAIN}QUIT
""",
    "mime": f"""EHLO student.example.org
{ENVELOPE}From: alice@example.org
Subject: =?UTF-8?B?5L2g5aW9?=

Hello Bob.
.
{ENVELOPE.replace(">", "> BODY=8BITMIME", 1)}{MIME}Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

你好
.
{ENVELOPE}{MIME}Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

5L2g5aW9
.
{ENVELOPE}{MIME}{PARTS}--cut--
.
{ENVELOPE}{MIME}{PARTS}.
/inbox 5
/answer the closing boundary
""",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", TYPED)
def test_the_answers_of_the_hints_reach_every_goal(lesson: str, language: str, tmp_path: Path) -> None:
    """Whoever does as the last hints say is through; and is told so at each goal, in their order."""
    environ = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = program("learn", lesson, "--lang", language, stdin=TYPED[lesson].encode(), environ=environ)
    assert done.status == 0, done.out
    title = next(found.lesson.title for found in packaged_lessons() if found.lesson.id == lesson)
    assert (title in done.out) == (language == "en")
    assert "is reached too: " not in done.out
    assert "# error: " not in done.out.replace("# error: no reply to the connection", "")
