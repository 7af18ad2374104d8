"""`smtp-repl explain`: one plain sentence, what to do, and where that is written; for words and for conversations."""

import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, call, command

Write = Callable[..., str]

REFUSED = [
    "# connected to 192.0.2.7:25 (mail.example.com)",
    "S: 220 mail.example.com ESMTP Postfix",
    "C: EHLO client.example.org",
    "S: 250-mail.example.com",
    "S: 250 SIZE 10240000",
    "C: MAIL FROM:<alice@example.org>",
    "S: 250 2.1.0 Ok",
    "C: RCPT TO:<bob@example.net>",
    "S: 554 5.7.1 <bob@example.net>: Relay access denied",
    "C: RCPT TO:<carol@example.net>",
    "S: 554 5.7.1 <carol@example.net>: Relay access denied",
    "C: QUIT",
    "S: 221 2.0.0 Bye",
]


@pytest.mark.parametrize(
    ("words", "head", "inside"),
    [
        (["550"], "550", "Known from reply code 550; see RFC 5321"),
        (["RCPT"], "RCPT (a command)", "Write: RCPT TO:<"),
        (["rcpt"], "RCPT (a command)", "Write: RCPT TO:<"),
        (["SMTPUTF8"], "SMTPUTF8 (a keyword of EHLO)", "RFC 6531"),
        (["5.7.26"], "5.7.26", "RFC 7372"),
        (["450 4.2.0 Greylisted"], "450 4.2.0", "Retry as it is."),
        (["450", "4.2.0", "Greylisted"], "450 4.2.0", "Retry as it is."),
        (["AUTH", "PLAIN"], "AUTH PLAIN (a mechanism of AUTH)", "RFC 4616"),
        (
            ["certificate verify failed: certificate has expired"],
            "certificate has expired (an error of TLS)",
            "renewed",
        ),
        (["VXNlcm5hbWU6"], "VXNlcm5hbWU6 (the base64 decoded)", "It holds: Username:"),
        (["=?utf-8?B?5L2g5aW9?="], "=?utf-8?B?5L2g5aW9?= (the encoded words decoded)", "It holds: 你好"),
    ],
    ids=lambda value: value[0][:20] if isinstance(value, list) else "",
)
def test_words(words: list[str], head: str, inside: str) -> None:
    """Whatever a person saw or typed, in one word or in several, in any case."""
    done = call("explain", *words)
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == head
    assert inside in " ".join(done.out.split())
    assert max(map(len, done.lines)) <= 80


def test_circumstances_choose_the_text() -> None:
    """The same reply is explained by whoever says it; the answer tells who that is."""
    text = "550 5.7.1 Our system has detected that this message is likely unsolicited mail."
    plain = call("explain", text)
    gmail = call("explain", text, "--host", "smtp.gmail.com", "--said", ".")
    assert "a text of Gmail" in gmail.out
    assert "Known from" in plain.out
    banner = call("explain", "554 5.7.1 <x@example.net>: Relay access denied", "--banner", "mx ESMTP Postfix")
    assert "a text of Postfix" in banner.out


def test_said_chooses_the_context() -> None:
    """550 to RCPT is about a mailbox, after the message about its contents."""
    rcpt, message = (call("explain", "550 no", "--said", said).out for said in ("RCPT", "."))
    assert "550 as the answer to RCPT" in rcpt
    assert "550 after the message" in message


@pytest.mark.parametrize(
    ("word", "hint"), [("RCTP", "did you mean RCPT"), ("qwxyz", "hint: a verb, an EHLO keyword, a reply")]
)
def test_an_unknown_word(word: str, hint: str) -> None:
    """Status 2, and the nearest word that is known."""
    done = call("explain", word)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f'error: nothing is known here about "{word}"')
    assert hint in done.err


def test_json() -> None:
    """An object for each explanation, whose names are fixed."""
    done = call("explain", "SIZE", "--json")
    rows = [json.loads(line) for line in done.lines]
    assert [row["kind"] for row in rows] == ["keyword", "parameter"]
    assert rows[0].keys() == {
        *("event", "subject", "kind", "source", "plain", "advice", "retry", "ref", "confirmed", "more")
    }


def test_a_password_is_not_repeated() -> None:
    """A step of PLAIN tells its user; neither the password nor its base64 is printed."""
    done = call("explain", "AUTH PLAIN AGFsaWNlAGh1bnRlcjI=")
    assert "\\0alice\\0••••" in done.out
    assert "hunter2" not in done.out
    assert "AGFsaWNl" not in done.out


def test_a_conversation(write: Write) -> None:
    """Every line as it stands, what there is to know below it, each thing once, and at the end what came of it."""
    done = call("explain", write(REFUSED))
    assert (done.status, done.err) == (0, "")
    assert [line for line in done.lines if not line.startswith("#")] == REFUSED[1:]
    told = " ".join(line.removeprefix("#").strip() for line in done.lines)
    assert told.count("RCPT: add one recipient") == 1
    assert told.count("a text of Postfix") == 1
    assert "554 5.7.1: refused for the same reason as in line 9." in told
    assert "RCPT TO:<bob@example.net> was refused with 554 5.7.1 (line 9), and so were 1 more:" in told


def test_what_is_printed_is_a_transcript(write: Write) -> None:
    """All that was added is a remark: it can be checked, explained and played as the file itself."""
    explained = call("explain", write(REFUSED)).out
    again = write(explained, "again.smtp")
    assert call("check", again).status == 0


def test_a_conversation_as_json(write: Write) -> None:
    """A note an object, with the line that it is about; the refusal has its explanation whole."""
    rows = [json.loads(line) for line in call("explain", write(REFUSED), "--json").lines]
    refusal = next(row for row in rows if row.get("kind") == "refusal")
    assert (refusal["line"], refusal["explanation"]["kind"]) == (9, "software")
    assert rows[-1]["event"] == "summary"


def test_secrets_of_a_conversation(write: Write) -> None:
    """A password that stands in the file is in nothing that is made of it."""
    session = ["S: 220 x", "C: EHLO y", "S: 250-x", "S: 250 AUTH PLAIN LOGIN", "C: AUTH PLAIN AGFsaWNlAGh1bnRlcjI="]
    session += ["S: 535 5.7.8 no", "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YWxpY2U=", "S: 334 UGFzc3dvcmQ6"]
    session += [
        "C: aHVudGVyMg==",
        "S: 535 5.7.8 not aHVudGVyMg==",
        'C"AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\\r\\n"',
        "S: 535 no",
    ]
    path = write(session)
    for options in ([], ["--json"], ["--html", "-"]):
        done = call("explain", path, *options)
        assert done.status == 0
        assert "alice" in done.out
        for secret in ("hunter2", "aHVudGVyMg", "AGFsaWNl"):
            assert secret not in done.out


def test_a_page(write: Write, tmp_path: Path) -> None:
    """`--html` writes a page beside what is printed; `-` prints the page alone."""
    page = tmp_path / "page.html"
    path = write(["@title A <b>bold</b> title", *REFUSED])
    done = call("explain", path, "--html", str(page))
    assert "In short" in done.out
    text = page.read_text(encoding="utf-8")
    assert "A &lt;b&gt;bold&lt;/b&gt; title" in text
    assert "default-src 'none'" in text
    assert call("explain", path, "--html", "-").out == text
    assert call("explain", path, "--html", str(tmp_path)).status == 7


def test_standard_input() -> None:
    """- is a conversation, or a reply or an error that somebody pipes in."""
    assert "In short" in call("explain", "-", stdin="\n".join(REFUSED).encode()).out
    assert call("explain", "-", stdin=b"550 5.1.1 no such user\n").lines[0] == "550 5.1.1"
    done = call("explain", "-", stdin=b"xyzzy and plugh\n")
    assert done.status == 2
    assert "holds no conversation" in done.err


def test_files_and_words(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is a word, whatever files lie about; a name that nobody knows may be a file."""
    monkeypatch.chdir(tmp_path)
    for name in ("550", "mail-session"):
        Path(name).write_text("\n".join(REFUSED))
    assert call("explain", "550").lines[0] == "550"
    assert "In short" in call("explain", "mail-session").out
    assert call("explain", "missing.smtp").status == 2
    assert call("explain", "@refused-relay").status == 0
    assert call("explain", "550", "--html", "x.html").status == 2


DEAR = "prompt_toolkit pygments jinja2 asyncio ssl socket email difflib dataclasses inspect logging typing".split()


@pytest.mark.parametrize("words", [["550"], ["RCPT"], ["550 5.7.1 Relay access denied"], ["certificate has expired"]])
def test_an_answer_is_cheap(words: Sequence[str]) -> None:
    """From a cold start nothing is loaded that an answer does not need."""
    code = "import sys; from smtp_repl.cli import main; main(['explain', *sys.argv[1:]])"
    code += "; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert {name.partition(".")[0] for name in done.stderr.split()} & set(DEAR) == set()


def at_terminal(columns: int, *argv: str, environ: dict[str, str] | None = None) -> str:
    """What a command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    with subprocess.Popen(
        command(*argv), stdin=subprocess.DEVNULL, stdout=theirs, env={**environment, "TERM": "xterm", **(environ or {})}
    ) as process:
        os.close(theirs)
        octets = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            octets += piece
        assert process.wait() == 0
    os.close(ours)
    return octets.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80])
def test_on_a_terminal(columns: int, write: Write) -> None:
    """Lines fit, words stay whole; the subject is bold, and where it is written in the colour of remarks."""
    text = at_terminal(columns, "explain", "550 5.7.1 Relay access denied")
    assert text.startswith("\x1b[1m550 5.7.1\x1b[0m\n")
    plain = at_terminal(columns, "explain", "550 5.7.1 Relay access denied", environ={"NO_COLOR": "1"})
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= columns
    page = at_terminal(columns, "explain", write(REFUSED), environ={"NO_COLOR": "1"})
    assert max(len(line) for line in page.splitlines() if line not in REFUSED) <= columns


def test_a_conversation_in_colours(write: Write) -> None:
    """The lines as `show` has them, the remarks in their colour."""
    text = at_terminal(80, "explain", write(REFUSED))
    assert "\x1b[36m#   RCPT: add one recipient" in text
    assert text.splitlines()[1].startswith("\x1b")


def test_in_line_mode(address: str) -> None:
    """/explain works there as well, and the line below a refusal is whole in a pipe."""
    lines = ["EHLO client.example.org", "MAIL FROM:<a@example.org>", "/explain", "RCPT TO:<nobody@example.com>"]
    done = call(address, *(word for line in lines for word in ("-c", line)), "--expect", "550")
    assert "# 250 2.1.0" in done.lines
    refusal = done.lines.index("S: 550 5.1.1 Nobody has this mailbox (nobody@ is refused for practice)")
    assert done.lines[refusal + 1].startswith("# There is no such mailbox")
    assert "Change this: " in done.lines[refusal + 1]
    quiet = call(address, "--set", "explain=off", *(word for line in lines for word in ("-c", line)), "--expect", "550")
    assert done.lines[refusal + 1] not in quiet.lines
