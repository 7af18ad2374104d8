"""Messages from files: by DATA, in chunks, of any size, and stopped in the middle."""

from pathlib import Path

import pytest

from smtp_repl.term.commands import read_command
from smtp_repl.term.outgoing import KEPT, LINES_SHOWN, SHOWN_WHOLE, Outgoing, size
from smtp_repl.term.requests import Ask, Drop, Handling, Say, Write
from smtp_repl.term.sending import BLOCK, CHUNK
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, UsageError
from smtp_repl.wire.states import Phase
from tests.term.sitting import Sitting

HEADER = (
    b"From: a@example.org\nTo: b@example.com\nSubject: x\nDate: Tue, 15 Jan 2008 16:02:43 -0500\n"
    b"Message-ID: <1@example.org>\n\n"
)
OK = b"250 ok\r\n"


def at_rcpt(
    *replies: bytes, keywords: tuple[str, ...] = ("CHUNKING",), answers: tuple[str | None, ...] = ()
) -> Sitting:
    """A sitting with sender and recipient, and what is replied from there on."""
    sitting = Sitting(OK, OK, *replies, answers=answers).greeted(*keywords)
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    sitting.sent, sitting.shown = b"", []
    sitting.desk.at_prompt = True
    return sitting


def send(sitting: Sitting, argument: object) -> list[str]:
    sitting.run(read_command(f"/send {argument}").start(sitting.desk))
    return sitting.shown


def write(path: Path, octets: bytes) -> Path:
    path.write_bytes(octets)
    return path


def test_by_data(tmp_path: Path) -> None:
    """DATA, CRLF, dots doubled, the final dot; shown as it goes, and nothing to remark on but what the 250 means."""
    sitting = at_rcpt(b"354 go\r\n", OK)
    shown = send(sitting, write(tmp_path / "some mail.eml", HEADER + b".dot\nend"))
    assert sitting.sent == b"DATA\r\n" + HEADER.replace(b"\n", b"\r\n") + b"..dot\r\nend\r\n.\r\n"
    assert shown[-5:-1] == ["C: ..dot", "C: end", "C: .", "S: 250 ok"]
    assert shown[-1].startswith("# The server has taken the message over")


def test_octets_are_shown(tmp_path: Path) -> None:
    """/hex on shows those of a short message too."""
    sitting = at_rcpt(b"354 go\r\n", OK)
    sitting.desk.settings.hex = True
    shown = send(sitting, write(tmp_path / "x.eml", HEADER))
    assert any("46 72 6f 6d" in line for line in shown)


def test_after_data(tmp_path: Path) -> None:
    """Where DATA was said already it is not said again."""
    sitting = at_rcpt(b"354 go\r\n", OK)
    sitting.say(b"DATA\r\n")
    send(sitting, write(tmp_path / "x.eml", HEADER))
    assert sitting.sent.count(b"DATA") == 1


@pytest.mark.parametrize("argument", ["{} --bdat", "--bdat {}", '"{}" --bdat'])
def test_in_chunks(tmp_path: Path, argument: str) -> None:
    """CRLF and no dot doubled; one chunk is the last."""
    sitting = at_rcpt(OK)
    send(sitting, argument.format(write(tmp_path / "x.eml", HEADER + b".dot\rend")))
    body = HEADER.replace(b"\n", b"\r\n") + b".dot\r\nend\r\n"
    assert sitting.sent == b"BDAT %d LAST\r\n%s" % (len(body), body)
    assert sitting.shown[0] == f"C: BDAT {len(body)} LAST"


def test_an_empty_file(tmp_path: Path) -> None:
    path = write(tmp_path / "x.eml", b"")
    sitting = at_rcpt(OK)
    send(sitting, f"{path} --bdat")
    assert sitting.sent == b"BDAT 0 LAST\r\n"
    sitting = at_rcpt(b"354 go\r\n", OK)
    send(sitting, path)
    assert sitting.sent == b"DATA\r\n.\r\n"


def test_many_chunks(tmp_path: Path) -> None:
    """Each is answered before the next goes; the octets are those of the file."""
    text = HEADER.replace(b"\n", b"\r\n") + b"0123456789abcdef\r\n" * (3 * CHUNK // 18)
    sitting = at_rcpt(*[OK] * 4)
    send(sitting, f"{write(tmp_path / 'x.eml', text)} --bdat")
    chunks = [request.octets for request in sitting.requests if isinstance(request, Say)]
    bodies = [chunk.partition(b"\r\n")[2] for chunk in chunks]
    assert b"".join(bodies) == text
    assert [chunk.partition(b"\r\n")[0].endswith(b"LAST") for chunk in chunks] == [False, False, False, True]
    assert all(int(chunk.split()[1]) == len(body) for chunk, body in zip(chunks, bodies, strict=True))


def test_a_refused_chunk_is_the_end(tmp_path: Path) -> None:
    sitting = at_rcpt(b"552 too much\r\n")
    shown = send(sitting, f"{write(tmp_path / 'x.eml', b'x' * 2 * CHUNK)} --bdat")
    assert sitting.sent.count(b"BDAT") == 1
    assert shown[-1] == "# the rest of the message was not sent; RSET begins anew"


def test_refused_data_keeps_the_message_back(tmp_path: Path) -> None:
    sitting = at_rcpt(b"554 no\r\n")
    send(sitting, write(tmp_path / "x.eml", HEADER))
    assert sitting.sent == b"DATA\r\n"


def test_what_may_be_wrong_is_told_afterwards(tmp_path: Path) -> None:
    """Shown, and in nobody's way."""
    sitting = at_rcpt(b"354 go\r\n", OK)
    shown = send(sitting, write(tmp_path / "x.eml", b"From: x@example.net\nBcc: y@example.net\n\n\xe9"))
    assert [line.partition(";")[0] for line in shown if line.startswith("# in the message: ")] == [
        "# in the message: no Date, no Message-ID",
        "# in the message: From is <x@example.net>, MAIL FROM <a@example.org>",
        "# in the message: Bcc is in the message",
        "# in the message: non-ASCII text in line 4",
        "# in the message: nothing says which charset the text has",
    ]


def test_too_large_is_told_before(tmp_path: Path) -> None:
    sitting = at_rcpt(b"354 go\r\n", b"552 too much\r\n", keywords=("SIZE 100",))
    shown = send(sitting, write(tmp_path / "x.eml", HEADER))
    assert shown[0] == f"# the file has {len(HEADER)} octets, and this server takes 100: expect 552 (RFC 1870)"
    assert sitting.sent.endswith(b".\r\n")


@pytest.mark.parametrize(
    ("argument", "phase", "problem"),
    [
        ("", Phase.RCPT, "needs a file"),
        ("--bdat", Phase.RCPT, "cannot read"),
        ("nowhere.eml", Phase.RCPT, "cannot read nowhere.eml"),
        ("\0", Phase.RCPT, "no name of a file"),
        ("/", Phase.RCPT, "it is no file"),
        ("/dev/zero", Phase.RCPT, "it is no file"),
        (f"{__file__} --bdat", Phase.DATA, "DATA was said"),
        (__file__, Phase.GREETED, "not due here"),
    ],
)
def test_what_cannot_be(argument: str, phase: Phase, problem: str) -> None:
    """Said before an octet goes."""
    sitting = Sitting().greeted("CHUNKING") if phase is Phase.GREETED else at_rcpt(b"354 go\r\n")
    if phase is Phase.DATA:
        sitting.say(b"DATA\r\n")
    before = sitting.sent
    with pytest.raises(UsageError, match=problem):
        send(sitting, argument)
    assert sitting.sent == before


def test_no_chunks_where_they_are_not_offered() -> None:
    """A server that does not know BDAT would take the message for commands."""
    sitting = at_rcpt(keywords=("PIPELINING",))
    with pytest.raises(UsageError, match="CHUNKING"):
        send(sitting, f"{__file__} --bdat")
    assert not sitting.sent


def test_nothing_goes_into_a_message_that_has_begun() -> None:
    sitting = at_rcpt(b"354 go\r\n")
    sitting.say(b"DATA\r\nSubject: half\r\n")
    with pytest.raises(UsageError, match="has begun already"):
        send(sitting, __file__)


# ---------------------------------------------------------------- long ones


def long_text(octets: int) -> bytes:
    line = b"0123456789abcdef0123456789abcdef\n"
    return HEADER + line * (octets // len(line))


def test_of_a_long_message_the_beginning_shows(tmp_path: Path) -> None:
    """And its dot; all of it is kept for /save."""
    text = long_text(4 * SHOWN_WHOLE)
    sitting = at_rcpt(b"354 go\r\n", OK)
    shown = send(sitting, write(tmp_path / "big.eml", text))
    said = [line for line in shown if line.startswith("C: ")]
    assert len(said) < LINES_SHOWN + 3
    assert said[-1] == "C: ."
    assert "# … (the rest of big.eml is not shown)" in shown
    assert shown[-1] == f"# big.eml: {len(text) + text.count(10):,} octets in 0.0 s"
    assert sum(line.text.startswith("C: 0123") for line in sitting.desk.transcript) == text.count(b"0123456789abcdef\n")


def test_a_pipe_gets_all_of_it(tmp_path: Path) -> None:
    """What line mode writes is the transcript, to be played again."""
    text = long_text(2 * SHOWN_WHOLE)
    sitting = at_rcpt(OK)
    sitting.desk.at_prompt = False
    shown = send(sitting, f"{write(tmp_path / 'big.eml', text)} --bdat")
    assert sum(line.startswith("C: ") for line in shown) == text.count(b"\n")  # one is blank, one is BDAT
    assert "C:" in shown


def test_what_is_too_large_for_memory_is_kept_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recording has every line; what /save would write has @data in its place, and nothing twice."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("smtp_repl.term.outgoing.KEPT", BLOCK)
    text = long_text(3 * BLOCK)
    write(tmp_path / "big.eml", text)
    sitting = at_rcpt(b"354 go\r\n", OK)
    sitting.desk.scribe.record(tmp_path / "record.smtp")
    send(sitting, "big.eml")
    sitting.desk.scribe.stop()
    kept = [line.text for line in sitting.desk.transcript]
    assert kept[-3:-1] == [
        f"# a message of some {len(text)} octets, big.eml; /record keeps such in full",
        "@data big.eml",
    ]
    assert kept[-1] == "S: 250 ok"
    recorded = (tmp_path / "record.smtp").read_bytes()
    assert recorded.count(b"\nC: 0123456789abcdef") == text.count(b"\n0123456789abcdef")
    assert recorded.endswith(b"\nC: .\nS: 250 ok\n")
    assert b"@data" not in recorded


@pytest.mark.parametrize("source", ["", "/etc/passwd", "../x.eml", "a b.eml", "x\n.eml", "-", "a//b"])
def test_only_what_a_script_may_read_is_named(source: str) -> None:
    kept = Outgoing("x", KEPT + 1, source).stand_in()
    assert [line.kind for line in kept[1:]] == (["@"] if source == "-" else [])


def test_blocks_end_with_lines(tmp_path: Path) -> None:
    """So that what is shown of a message ends with a line; memory holds a block at a time."""
    sitting = at_rcpt(b"354 go\r\n", OK)
    send(sitting, write(tmp_path / "x.eml", long_text(3 * BLOCK) + b"y" * 2 * BLOCK + b"\n"))
    blocks = [request.octets for request in sitting.requests if isinstance(request, Write)]
    assert all(block.endswith(b"\r\n") for block in blocks[:3])
    assert max(map(len, blocks)) < 2 * BLOCK
    assert b"".join(blocks) == long_text(3 * BLOCK).replace(b"\n", b"\r\n") + b"y" * 2 * BLOCK + b"\r\n"


# ---------------------------------------------------------------- stopped in the middle


class Impatient(Sitting):
    """Presses Ctrl-C while the first block goes."""

    pressed = False
    trouble: Exception | None = None

    def _do(self, request):  # type: ignore[no-untyped-def]
        answer = super()._do(request)
        outgoing = self.desk.outgoing
        if outgoing is not None and not self.pressed and isinstance(request, Write | Say) and len(request.octets) > 9:
            self.pressed = True
            outgoing.is_interrupted = self.trouble is None
            if self.trouble is not None:
                raise self.trouble
        return answer

    def run(self, handling: Handling) -> "Sitting":
        request = next(handling)
        while True:
            self.requests.append(request)
            try:
                answer = self._do(request)
            except ReplyTimeout as error:
                request = handling.throw(error)
                continue
            try:
                request = handling.send(answer)
            except StopIteration:
                return self


def impatient(*replies: bytes, answers: tuple[str | None, ...], trouble: Exception | None = None) -> Impatient:
    sitting = Impatient(OK, OK, *replies, answers=answers)
    sitting.trouble = trouble
    sitting.greeted("CHUNKING")
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    return sitting


@pytest.mark.parametrize(
    ("answer", "goes_on"), [("g", True), (None, True), ("", True), ("d", False), ("D", False), ("drop", False)]
)
def test_ctrl_c_asks(tmp_path: Path, answer: str | None, goes_on: bool) -> None:
    """SMTP cannot cancel DATA: go on, or hang up; what is not clear goes on."""
    sitting = impatient(b"354 go\r\n", OK, answers=(answer,))
    send(sitting, write(tmp_path / "x.eml", long_text(3 * BLOCK)))
    assert sitting.questions == ["go on, or drop the connection (g/d): "]
    assert sitting.desk.is_connected is goes_on
    assert sitting.sent.endswith(b"\r\n.\r\n") is goes_on
    assert any(isinstance(request, Drop) for request in sitting.requests) is not goes_on
    assert sitting.desk.outgoing is None


def test_ctrl_c_between_chunks(tmp_path: Path) -> None:
    """RSET takes back what was sent by BDAT (RFC 3030 §2)."""
    sitting = impatient(OK, OK, answers=("r",))
    send(sitting, f"{write(tmp_path / 'x.eml', long_text(3 * CHUNK))} --bdat")
    assert sitting.sent.count(b"BDAT") == 1
    assert sitting.sent.endswith(b"RSET\r\n")
    assert sitting.desk.phase is Phase.GREETED


def test_a_server_that_reads_nothing_is_asked_about(tmp_path: Path) -> None:
    """Whether to wait longer is for the person to say."""
    trouble = ReplyTimeout("the peer read nothing for 30 s", kind="write-timeout")
    sitting = impatient(b"354 go\r\n", OK, answers=("g",), trouble=trouble)
    send(sitting, write(tmp_path / "x.eml", long_text(3 * BLOCK)))
    assert "# the peer read nothing for 30 s; what was written so far still goes" in sitting.shown
    assert [type(request) for request in sitting.requests].count(Ask) == 1
    assert sitting.sent.endswith(b"\r\n.\r\n")


def test_a_connection_that_goes_is_an_error(tmp_path: Path) -> None:
    sitting = at_rcpt(b"354 go\r\n")
    handling = read_command(f"/send {write(tmp_path / 'x.eml', long_text(3 * BLOCK))}").start(sitting.desk)
    request = next(handling)
    while not isinstance(request, Write):
        request = handling.send(sitting._do(request))
    sitting.desk.gone()
    with pytest.raises(PeerClosed, match="did not go out as a whole"):
        handling.send(None)
    assert sitting.desk.outgoing is None


@pytest.mark.parametrize(
    ("octets", "shown"), [(0, "0 octets"), (9999, "9,999 octets"), (34_400, "34 kB"), (5_120_000, "5.1 MB")]
)
def test_sizes(octets: int, shown: str) -> None:
    assert size(octets) == shown


def test_progress() -> None:
    """A bar for the toolbar; a file that grows is no reason for 101 %."""
    outgoing = Outgoing("big\x1b.eml", 1_000_000)
    assert outgoing.progress() == "big\\x1b.eml [....................] 0% of 1.0 MB"
    outgoing.done = 500_000
    assert outgoing.progress() == "big\\x1b.eml [##########..........] 50% of 1.0 MB"
    outgoing.done = 3_000_000
    assert outgoing.progress() == "big\\x1b.eml [####################] 100% of 1.0 MB"
    assert Outgoing("x", 0).progress() == "x [####################] 100% of 0 octets"
