"""Messages: from the prompt to the wire."""

import pytest

from smtp_repl.script.transcript import CLIENT, REMARK, SERVER, Line, remark
from smtp_repl.term.compose import interrupted, is_finished, stuffing_remark, wire_octets
from smtp_repl.term.paint import fit, paint
from smtp_repl.term.requests import Handling, say
from tests.term.sitting import Sitting


@pytest.mark.parametrize(
    ("text", "octets", "stuffed"),
    [
        ("", b".\r\n", 0),
        ("Subject: x\n\nhi\n", b"Subject: x\r\n\r\nhi\r\n.\r\n", 0),
        ("no end", b"no end\r\n.\r\n", 0),
        (".a\n..\nb.\n", b"..a\r\n...\r\nb.\r\n.\r\n", 2),
        ("caf\u00e9 \udcff\n", b"caf\xc3\xa9 \xff\r\n.\r\n", 0),
    ],
    ids=["empty", "plain", "no line end", "dots", "octets"],
)
def test_wire_octets(text: str, octets: bytes, stuffed: int) -> None:
    """CRLF, dots doubled, a final dot."""
    assert wire_octets(text) == (octets, stuffed)
    assert "RFC 5321" in stuffing_remark(max(1, stuffed))


@pytest.mark.parametrize(("text", "finished"), [(".", True), ("a\n.", True), ("a.", False), ("..", False), ("", False)])
def test_a_lone_dot_ends(text: str, finished: bool) -> None:
    assert is_finished(text) is finished


@pytest.mark.parametrize(
    ("answer", "sent", "connected"),
    [("s", b".\r\n", True), ("d", b"", False), ("c", b"", True), (None, b"", True), ("what", b"", True)],
)
def test_ctrl_c_in_a_message(answer: str | None, sent: bytes, connected: bool) -> None:
    """Send, drop, or go on; anything unclear goes on."""
    sitting = Sitting(b"354 go\r\n", answers=[answer]).greeted()
    sitting.say(b"DATA\r\n")
    before = len(sitting.sent)
    sitting.run(interrupted(lambda: end(b".\r\n"), lambda: None))
    assert sitting.sent[before:] == sent
    assert sitting.desk.is_connected is connected


def end(octets: bytes) -> Handling:
    yield from say(octets)


@pytest.mark.parametrize("columns", [20, 33, 50, 80])
def test_our_talk_fits_the_terminal(columns: int) -> None:
    """Each row is a remark; no word is lost; what the two sides said is not touched."""
    said = [Line(SERVER, "S: " + "x" * 200), Line(CLIENT, "C: " + "y " * 100)]
    talk = [remark("the quick brown fox " * 10), remark("w" * 100), remark("   indented " + "word " * 30)]
    fitted = fit([*said, *talk], columns)
    assert fitted[:2] == said
    assert all(len(line.text) < columns and line.text.startswith("#") and line.kind == REMARK for line in fitted[2:])
    joined = "".join("".join(line.text.split()).lstrip("#") for line in fitted[2:])
    assert joined == "".join("".join(line.text.split()).lstrip("#") for line in talk)


@pytest.mark.parametrize("in_message", [False, True])
def test_painting_changes_no_text(in_message: bool) -> None:
    """Fragments joined are the lines, whatever they are taken for."""
    lines = [
        Line(CLIENT, "C: Subject: x"),
        Line(CLIENT, "C:"),
        Line(SERVER, 'S"\\xff"'),
        remark("x"),
        Line("@", "@wait 0"),
    ]
    painted = "".join(fragment[1] for fragment in paint(lines, in_message=in_message))
    assert painted == "".join(line.text + "\n" for line in lines)
