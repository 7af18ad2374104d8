"""`--json`: the names of events and fields, which programs of other people rely on, and that no secret is in them."""

import base64
import json

import pytest

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Counts, PlayResult, StepResult
from smtp_repl.view.events_json import EventWriter
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import ConnectError
from smtp_repl.wire.events import Closed, Finding
from smtp_repl.wire.octets import encode_step

ALWAYS = {"event", "at", "connection"}
# The table that is promised: event -> fields.
FIELDS = {
    "connected": {"host", "address", "port", "tls"},
    "command": {"text", "raw", "secret"},
    "message": {"octets", "lines"},
    "reply": {"code", "enhanced", "lines", "raw", "answers", "partial", "seconds"},
    "capabilities": {"keywords"},
    "tls": {"version", "cipher", "verified", "subject", "issuer", "not_after", "names", "sha256"},
    "finding": {"rule", "severity", "message", "hint", "ref"},
    "step": {"line", "status", "want", "got"},
    "closed": {"by", "expected"},
    "error": {"kind", "message", "hint", "exit"},
    "result": {"status", "seconds", "ok", "drift", "fail", "skip", "lost"},
}

OPENED = Opened("mail.example.com", "192.0.2.1", 25, "192.0.2.9", 40000)
FACTS = TlsFacts("TLSv1.3", "AES", True, "CN=mail.example.com", "CN=\x1b[2J", "", "2030", ("mail.example.com",), "aa")


class Session:
    """A session in memory that is written as JSON; `now` is what its clock says."""

    def __init__(self, *, opened: bool = True) -> None:
        self.now = 100.0
        self.text = ""
        self.conversation = Conversation(lint=False)
        self.writer = EventWriter(self.write, lambda: self.now)
        if opened:
            self.writer.opened("", OPENED)

    def write(self, text: str) -> None:
        assert text.endswith("\n")
        assert text.count("\n") == 1
        self.text += text

    def client(self, octets: bytes) -> None:
        self.writer.wrote("", self.conversation.send(octets))

    def server(self, octets: bytes) -> None:
        self.writer.heard("", self.conversation.receive(octets))

    def records(self, event: str = "") -> list[dict[str, object]]:
        records: list[dict[str, object]] = [json.loads(line) for line in self.text.splitlines()]
        for record in records:
            name = record["event"]
            assert isinstance(name, str)
            assert set(record) - {"file", "session"} == ALWAYS | FIELDS[name], name
        return [record for record in records if not event or record["event"] == event]

    def only(self, event: str) -> dict[str, object]:
        (record,) = self.records(event)
        return {name: value for name, value in record.items() if name not in ALWAYS}


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def greeted() -> Session:
    session = Session(opened=False)
    session.conversation.receive(b"220 x\r\n")
    session.conversation.send(b"EHLO x\r\n")
    session.conversation.receive(b"250-x\r\n250-AUTH PLAIN LOGIN\r\n250 CHUNKING\r\n")
    return session


def test_connected(session: Session) -> None:
    assert session.only("connected") == {"host": "mail.example.com", "address": "192.0.2.1", "port": 25, "tls": False}


def test_connected_with_tls() -> None:
    """Implicit TLS is told with the connection, its facts follow."""
    session = Session(opened=False)
    session.writer.opened("", OPENED._replace(tls=FACTS))
    assert [record["event"] for record in session.records()] == ["connected", "tls"]
    assert session.only("connected")["tls"] is True


def test_tls(session: Session) -> None:
    """What a certificate says is foreign text."""
    session.writer.secured("", FACTS)
    assert session.only("tls") == {
        "version": "TLSv1.3",
        "cipher": "AES",
        "verified": True,
        "subject": "CN=mail.example.com",
        "issuer": "CN=\\x1b[2J",
        "not_after": "2030",
        "names": ["mail.example.com"],
        "sha256": "aa",
    }


def test_command(session: Session) -> None:
    session.client(b"NOOP \x07\xff\r\n")
    assert session.only("command") == {
        "text": "NOOP \\x07\\xff",
        "raw": encode_step(b"NOOP \x07\xff\r\n").decode(),
        "secret": False,
    }


@pytest.mark.parametrize(
    ("said", "answered", "text"),
    [
        (b"AUTH PLAIN AHRpbQB0YW5zdGFhZg==\r\n", b"", "AUTH PLAIN ••••"),
        (b"dGFuc3RhYWY=\r\n", b"AUTH LOGIN\r\n", "••••"),
    ],
)
def test_secret_command(greeted: Session, said: bytes, answered: bytes, text: str) -> None:
    """A step of AUTH has no raw octets, and its text is masked."""
    if answered:
        greeted.conversation.send(answered)
        greeted.conversation.receive(b"334 \r\n")
    greeted.client(said)
    assert greeted.only("command") == {"text": text, "raw": None, "secret": True}


def test_cancel_is_no_secret(greeted: Session) -> None:
    greeted.client(b"AUTH LOGIN\r\n")
    greeted.server(b"334 \r\n")
    greeted.client(b"*\r\n")
    greeted.server(b"501 5.0.0 no\r\n")
    assert [record["text"] for record in greeted.records("command")] == ["AUTH LOGIN", "*"]
    assert [record["answers"] for record in greeted.records("reply")] == ["AUTH", "AUTH"]


def test_message(session: Session) -> None:
    """A message counts without dot-stuffing and final dot, however it was cut."""
    session.conversation.receive(b"220 x\r\n")
    session.client(b"DATA\r\n")
    session.server(b"354 go\r\n")
    session.client(b"a\r\n..")
    session.client(b"\r\n.\r\n")
    assert session.only("message") == {"octets": 6, "lines": 2}


def test_message_in_chunks(greeted: Session) -> None:
    """A message in several BDAT chunks is one message; an empty last chunk ends it."""
    greeted.client(b"BDAT 3\r\na\r\n")
    greeted.client(b"BDAT 3\r\nb\r\n")
    greeted.client(b"BDAT 0 LAST\r\n")
    assert greeted.only("message") == {"octets": 6, "lines": 2}
    greeted.server(b"250 a\r\n250 b\r\n250 c\r\n")
    assert [record["answers"] for record in greeted.records("reply")] == ["BDAT"] * 3


def test_reply(session: Session) -> None:
    session.now += 0.25
    session.server(b"220-a\r\n220 \x1b[2Jb\r\n")
    assert session.only("reply") == {
        "code": 220,
        "enhanced": None,
        "lines": ["a", "\\x1b[2Jb"],
        "raw": encode_step(b"220-a\r\n220 \x1b[2Jb\r\n").decode(),
        "answers": "greeting",
        "partial": False,
        "seconds": 0.25,
    }


def test_reply_with_enhanced_code(session: Session) -> None:
    session.server(b"554 5.7.1 no\r\n")
    assert session.only("reply")["enhanced"] == "5.7.1"


def test_unsolicited_reply(session: Session) -> None:
    session.server(b"220 x\r\n421 bye\r\n")
    assert [record["answers"] for record in session.records("reply")] == ["greeting", None]


def test_partial_reply(session: Session) -> None:
    """What was cut off answers nothing, and says so."""
    session.server(b"220-x\r\n22")
    session.writer.heard("", session.conversation.receive_eof())
    record = session.only("reply")
    assert (record["partial"], record["answers"], record["code"]) == (True, "greeting", 220)


def test_secret_in_a_reply(greeted: Session) -> None:
    """A server that repeats a password gets no raw octets either."""
    greeted.client(b"AUTH PLAIN " + encode_step(b"\0tim\0tanstaaftanstaaf") + b"\r\n")
    greeted.server(b"535 5.7.8 tanstaaftanstaaf is wrong\r\n")
    assert (greeted.only("reply")["raw"], greeted.only("reply")["lines"]) == (None, ["5.7.8 •••• is wrong"])


def test_seconds_since_the_write_that_is_answered(session: Session) -> None:
    """Pipelined commands are each measured from their own write."""
    session.conversation.receive(b"220 x\r\n")
    session.writer.opened("a", OPENED)
    session.writer.heard("a", Conversation().receive(b"220 x\r\n"))
    conversation = Conversation()
    conversation.receive(b"220 x\r\n")
    session.writer.wrote("a", conversation.send(b"NOOP\r\n"))
    session.now += 1
    session.writer.wrote("a", conversation.send(b"RSET\r\n"))
    session.now += 2
    session.writer.heard("a", conversation.receive(b"250 a\r\n250 b\r\n"))
    assert [record["seconds"] for record in session.records("reply")] == [0, 3, 2]


def test_seconds_of_a_message(session: Session) -> None:
    """The reply to a message is measured from its final dot, each reply of LMTP too."""
    session.conversation.receive(b"220 x\r\n")
    session.client(b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
    session.server(b"250 x\r\n250 x\r\n250 x\r\n250 x\r\n354 x\r\n")
    session.now += 5
    session.client(b"x\r\n.\r\n")
    session.now += 2
    session.server(b"250 a\r\n550 b\r\n")
    assert [(record["answers"], record["seconds"]) for record in session.records("reply")[-2:]] == [(".", 2), (".", 2)]


def test_capabilities(session: Session) -> None:
    session.server(b"220 x\r\n")
    session.client(b"EHLO x\r\n")
    session.server(b"250-x\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
    assert session.only("capabilities") == {"keywords": {"SIZE": ["1000"], "STARTTLS": []}}


def test_finding(session: Session) -> None:
    session.writer.heard("", [Finding("nul", "warning", "a \0", "do", "RFC 5321 §4.2")])
    assert session.only("finding") == {
        "rule": "nul",
        "severity": "warning",
        "message": "a \\0",
        "hint": "do",
        "ref": "RFC 5321 §4.2",
    }


@pytest.mark.parametrize("by_us", [True, False])
def test_closed(session: Session, by_us: bool) -> None:
    """Who closed, and once: the event among others is not a second line."""
    events = session.conversation.receive_eof()
    session.writer.heard("", events)
    closed = next(event for event in events if isinstance(event, Closed))
    session.writer.closed("", None if by_us else closed, by_us=by_us)
    assert session.only("closed") == {"by": "client" if by_us else "server", "expected": by_us}  # the greeting was due


def test_error(session: Session) -> None:
    session.writer.error(ConnectError("no \x1b", "try\n587", kind="refused"))
    assert session.only("error") == {"kind": "refused", "message": "no \\x1b", "hint": "try\n587", "exit": 3}


def test_step_and_result(session: Session) -> None:
    """Under `run` each line names its file and the number of its session."""
    session.now += 1.23456789
    writer = session.writer.for_file("a.smtp", 7)
    writer.opened("bob", OPENED)
    writer.stepped(StepResult("a.smtp", 3, "fail", "bob", want="S: 250", got="550 \x07\n550"))
    writer.result(PlayResult("fail", Counts(4, 3, 2, 1), lost=("STARTTLS",)), 0.5)
    writer.failed(0.25)
    assert all((record["file"], record["session"]) == ("a.smtp", 7) for record in session.records()[1:])
    assert all(record["at"] == 1.234568 for record in session.records()[1:])
    step = session.records("step")[0]
    assert (step["connection"], step["line"], step["status"]) == ("bob", 3, "fail")
    assert (step["want"], step["got"]) == ("S: 250", "550 \\x07\n550")
    first, second = session.records("result")
    counts = {"ok": 4, "drift": 3, "fail": 2, "skip": 1}
    assert {name: first[name] for name in FIELDS["result"]} == counts | {
        "status": "fail",
        "seconds": 0.5,
        "lost": ["STARTTLS"],
    }
    assert second["status"] == "error"


def test_text_is_for_eyes(session: Session) -> None:
    """What can be read stands there as it is, and what acts on a terminal does not."""
    session.server("220 Grüß Gott \u2028\u202e\x9b\r\n".encode())
    assert "Grüß Gott" in session.text
    assert session.text.isascii() is False
    assert all(character.isprintable() or character == "\n" for character in session.text)


PASSWORD = b"wonderland-42"


@pytest.mark.parametrize("mechanism", ["PLAIN", "PLAIN later", "LOGIN", "LOGIN initial", "CRAM-MD5", "UNKNOWN", "raw"])
def test_canary(greeted: Session, mechanism: str) -> None:
    """No form of a password is in any line, not even when the server repeats it."""
    plain = encode_step(b"\0alice\0" + PASSWORD)
    says = {
        "PLAIN": [b"AUTH PLAIN " + plain],
        "PLAIN later": [b"AUTH PLAIN", plain],
        "LOGIN": [b"AUTH LOGIN", encode_step(b"alice"), encode_step(PASSWORD)],
        "LOGIN initial": [b"AUTH LOGIN " + encode_step(b"alice"), encode_step(PASSWORD)],
        "CRAM-MD5": [b"AUTH CRAM-MD5", encode_step(b"alice " + PASSWORD.hex().ljust(32, "0")[:32].encode())],
        "UNKNOWN": [b"AUTH X-OWN " + encode_step(PASSWORD)],
        "raw": [b"AUTH LOGIN", b"alice", PASSWORD],
    }[mechanism]
    for number, line in enumerate(says, 1):
        greeted.client(line + b"\r\n")
        last = number == len(says)
        echo = b" ".join((PASSWORD, encode_step(PASSWORD), PASSWORD.hex().encode(), line))
        greeted.server(b"535 5.7.8 " + echo + b"\r\n" if last and mechanism != "CRAM-MD5" else b"334 \r\n")
    greeted.records()
    forms = [PASSWORD, encode_step(PASSWORD), encode_step(PASSWORD).rstrip(b"="), PASSWORD.hex().encode(), *says[-1:]]
    for form in forms:
        assert form.decode() not in greeted.text
        # … nor inside what is base64 itself.
        assert all(form not in decoded for decoded in _decoded(greeted.records()))


def _decoded(records: list[dict[str, object]]) -> list[bytes]:
    return [base64.b64decode(str(record["raw"])) for record in records if record.get("raw")]
