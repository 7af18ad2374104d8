"""`/attach`: a message and its files as one."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from smtp_repl.term.attachments import send_with_attachments
from smtp_repl.term.commands import read_command
from smtp_repl.term.multipart import LIMIT, Multipart, attach, kind_of
from smtp_repl.term.outgoing import Outgoing
from smtp_repl.wire.errors import UsageError
from tests.term.sitting import Sitting

OK = b"250 ok\r\n"
TEXT = b"From: a@example.org\nSubject: x\n\nHello.\n"


def read(octets: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(octets)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def built(text: bytes, *paths: Path) -> bytes:
    message = Multipart(text, [attach(path) for path in paths])
    octets = b"".join(message.blocks(Outgoing("x", 0)))
    assert len(octets) == message.size
    return octets


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 57 * 4096, 57 * 4096 + 1, 500_000])
def test_files_arrive(tmp_path: Path, size: int) -> None:
    """Octet for octet, and the size is known before."""
    octets = bytes(number * 7 % 251 for number in range(size))
    path = tmp_path / "some file.bin"
    path.write_bytes(octets)
    message = read(built(TEXT, path, path))
    text, *files = message.iter_parts()
    assert text.get_content() == "Hello.\n" or text.get_content() == "Hello."
    assert [one.get_payload(decode=True) for one in files] == [octets, octets]
    assert [one.get_filename() for one in files] == ["some file.bin"] * 2


def test_lines_are_short(tmp_path: Path) -> None:
    """RFC 2045 §6.8: 76 characters; everything with CRLF."""
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(1000))
    octets = built(TEXT, path)
    assert octets.count(b"\n") == octets.count(b"\r\n")
    assert max(map(len, octets.split(b"\r\n"))) <= 76


@pytest.mark.parametrize("name", ["caf\u00e9 \u4e2d.txt", 'a"b.txt', "a\\b.txt", "x" * 200 + ".txt"])
def test_names_of_files(tmp_path: Path, name: str) -> None:
    """In any alphabet (RFC 2231)."""
    path = tmp_path / name
    path.write_bytes(b"x")
    octets = built(TEXT, path)
    assert octets.isascii()
    assert [one.get_filename() for one in read(octets).iter_attachments()] == [name]


def test_a_name_cannot_add_a_field(tmp_path: Path) -> None:
    path = tmp_path / "a\nBcc: x"
    path.write_bytes(b"x")
    octets = built(TEXT, path)
    assert b"\nBcc" not in octets
    assert [one.get_filename() for one in read(octets).iter_attachments()] == ["a\\nBcc: x"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.pdf", "application/pdf"),
        ("a.txt", "text/plain"),
        ("a.tar.gz", "application/octet-stream"),
        ("a.eml", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    """A message may not be in base64 (RFC 2046 §5.2.1)."""
    assert kind_of(name) == kind


BODIES = {
    "header and body": (TEXT, "Hello.", "text/plain", "us-ascii"),
    "CRLF": (TEXT.replace(b"\n", b"\r\n"), "Hello.", "text/plain", "us-ascii"),
    "8 bits": (b"Subject: x\n\nGr\xc3\xbc\xc3\x9fe\n", "Gr\u00fc\u00dfe", "text/plain", "utf-8"),
    "own type": (
        b"Content-Type: text/html;\n charset=utf-8\nMIME-Version: 1.0\n\n<p>\xc3\xbc",
        "<p>\u00fc",
        "text/html",
        "utf-8",
    ),
    "no blank line": (b"Subject: x\nHello.", "Hello.", "text/plain", "us-ascii"),
    "only a header": (b"Subject: x", "", "text/plain", "us-ascii"),
    "nothing": (b"", "", "text/plain", "us-ascii"),
    "a boundary in the text": (b"Subject: x\n\n--=_smtp-repl-1\n", "--=_smtp-repl-1", "text/plain", "us-ascii"),
}


@pytest.mark.parametrize(("text", "content", "kind", "charset"), BODIES.values(), ids=BODIES)
def test_the_text_becomes_the_first_part(tmp_path: Path, text: bytes, content: str, kind: str, charset: str) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"\0")
    message = read(built(text, path))
    first = next(iter(message.iter_parts()))
    assert first.get_content().rstrip("\n") == content
    assert (first.get_content_type(), first.get_content_charset()) == (kind, charset)
    assert message.get_all("MIME-Version") == ["1.0"]
    assert message.get_content_type() == "multipart/mixed"


def composing(*replies: bytes) -> Sitting:
    """A sitting in which a message is being written."""
    sitting = Sitting(OK, OK, b"354 go\r\n", *replies).greeted("SIZE 900")
    for line in (b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n"):
        sitting.say(line)
    sitting.draft, sitting.sent, sitting.shown = "", b"", []
    return sitting


def run(sitting: Sitting, line: str) -> list[str]:
    before = len(sitting.shown)
    sitting.run(read_command(line).start(sitting.desk))
    return sitting.shown[before:]


def test_attach_list_and_take_off(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(bytes(12_345))
    sitting = composing()
    assert run(sitting, "/attach") == ["# nothing is attached; /attach FILE"]
    shown = "report.pdf, 12,345 octets, application/pdf"
    assert run(sitting, f'/attach "{path}"') == [f"# attached {shown}; it goes with the message, in base64"]
    assert run(sitting, "/attach") == [f"# {shown}"]
    assert run(sitting, "/attach off") == ["# 1 taken off"]
    assert not sitting.desk.attachments


def test_what_cannot_be_attached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said at once, and not when the message is on its way."""
    sitting = composing()
    large = tmp_path / "large"
    large.write_bytes(b"")
    with large.open("r+b") as file:
        file.truncate(LIMIT + 1)
    for name, problem in (("nowhere", "cannot read"), ("/", "cannot"), ("\0", "no name"), (str(large), "67,108,865")):
        with pytest.raises(UsageError, match=problem):
            run(sitting, f"/attach {name}")
    sitting.draft = None
    with pytest.raises(UsageError, match="no message is being written"):
        run(sitting, f"/attach {__file__}")
    assert not sitting.desk.attachments


def test_sent_with_the_message(tmp_path: Path) -> None:
    """The prompt is emptied, the files are taken off, what may be wrong is told, the size of all of it included."""
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(1000))
    sitting = composing(OK)
    run(sitting, f"/attach {path}")
    emptied: list[bool] = []
    sitting.run(send_with_attachments(sitting.desk, "Subject: x\n\n.hello\n", lambda: emptied.append(True)))
    assert emptied == [True]
    assert not sitting.desk.attachments
    assert b"\r\n\r\n..hello\r\n--=_smtp-repl-1\r\n" in sitting.sent
    assert sitting.sent.endswith(b"--=_smtp-repl-1--\r\n.\r\n")
    assert any("this server takes 900" in line for line in sitting.shown)
    assert any("no From, no Date, no Message-ID" in line for line in sitting.shown)


def test_a_file_that_went_keeps_the_message_back(tmp_path: Path) -> None:
    """Nothing is sent, and what was written stays."""
    path = tmp_path / "x.bin"
    path.write_bytes(b"x")
    sitting = composing(OK)
    run(sitting, f"/attach {path}")
    path.unlink()
    with pytest.raises(UsageError, match="cannot read"):
        sitting.run(send_with_attachments(sitting.desk, "Subject: x\n", pytest.fail))
    assert not sitting.sent
    assert sitting.desk.attachments


def test_attachments_go_with_the_connection(tmp_path: Path) -> None:
    sitting = composing()
    run(sitting, f"/attach {__file__}")
    sitting.desk.gone()
    assert not sitting.desk.attachments
