"""A conversation explained: what stands below which line, and what is said of the whole."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.script.text import parse
from smtp_repl.teach.annotating import END, FINDING, REFUSAL, REPLY, STEP, WORD, Annotated, annotate
from smtp_repl.teach.explanation import Circumstances
from tests.teach.test_retelling import CONVERSATIONS, LINES, SCRIPTS

GREETED = ["S: 220 mail.example.com ESMTP", "C: EHLO client.example.org", "S: 250-mail.example.com"]
MAIL = ["C: MAIL FROM:<alice@example.org>", "S: 250 2.1.0 Ok", "C: RCPT TO:<bob@example.com>", "S: 250 2.1.5 Ok"]


def annotated(*lines: str, host: str = "") -> Annotated:
    return annotate(parse("\n".join(lines).encode()), Circumstances(host))


def kinds(of: Annotated) -> list[tuple[int, str]]:
    return [(line.line, note.kind) for line in of.lines for note in line.notes]


@pytest.mark.parametrize("path", [*CONVERSATIONS, *SCRIPTS], ids=lambda path: path.stem)
def test_every_conversation(path: Path) -> None:
    """Each line is there once; each refusal has its explanation, and the summary says something."""
    script = parse(path.read_bytes(), path.name)
    result = annotate(script)
    assert [line.line for line in result.lines] == [node.line for node in script.nodes]
    assert result.summary
    refused = [note for line in result.lines for note in line.notes if note.kind == REFUSAL]
    assert all(note.explanation is not None for note in refused)
    assert all(note.explanation.plain in note.text or "the same reason" in note.text for note in refused)


@given(st.lists(st.sampled_from(LINES), max_size=12) | st.lists(st.text(max_size=12), max_size=5))
def test_any_text(lines: list[str]) -> None:
    """Nothing raises, whatever the text is."""
    annotate(parse("\n".join(lines).encode("utf-8", "surrogatepass")))


def test_each_thing_once() -> None:
    """Words and kinds of replies are explained where they occur first; keywords below their own lines."""
    result = annotated(*GREETED, "S: 250-SIZE 1000", "S: 250 PIPELINING", *MAIL, *MAIL[2:])
    assert kinds(result) == [
        (1, REPLY),
        (2, WORD),
        (4, WORD),
        *((5, WORD), (5, REPLY)),
        *((6, WORD), (7, REPLY)),
        *((8, WORD), (9, REPLY)),
    ]


def refusal(*lines: str, host: str = "") -> str:
    """Which look-up explained the first refusal."""
    notes = [note for line in annotated(*lines, host=host).lines for note in line.notes if note.kind == REFUSAL]
    assert notes[0].explanation is not None
    return notes[0].explanation.source


def test_circumstances() -> None:
    """The greeting, the dialled name (told or given), and what the reply answers choose the explanation."""
    relay = [*GREETED[1:], "S: 250 X", *MAIL[:3], "S: 554 5.7.1 <b>: Relay access denied"]
    assert refusal("S: 220 x ESMTP Postfix", *relay) == "a text of Postfix"
    login = [*GREETED, "S: 250 X", "C: AUTH PLAIN AGEAYg==", "S: 535 5.7.8 Username and Password not accepted. x"]
    assert refusal(*login, host="smtp.gmail.com") == "a text of Gmail"
    assert refusal("# connected to 192.0.2.7:25 (smtp.gmail.com)", *login) == "a text of Gmail"
    assert refusal(*GREETED, "S: 250 X", *MAIL[:3], "S: 550 no") == "550 as the answer to RCPT"


def test_steps_are_decoded_and_masked() -> None:
    result = annotated(*GREETED, "S: 250 AUTH PLAIN", "C: AUTH PLAIN AGFsaWNlAGh1bnRlcjI=", "S: 235 ok")
    assert result.lines[4].text == "C: AUTH PLAIN ••••"
    assert any(note.kind == STEP and "\\0alice\\0••••" in note.text for note in result.lines[4].notes)
    assert result.summary[0] == "alice logged in (line 6)."


def test_a_pitfall_stands_below_what_it_is_about() -> None:
    """It is told in place of the finding that says less, with its rule."""
    result = annotated(*GREETED, "S: 250 X", "C: MAIL FROM:alice@example.org", "S: 250 2.1.0 Ok")
    found = [(line.line, note.rule) for line in result.lines for note in line.notes if note.kind == FINDING]
    assert (5, "no-brackets") in found


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([*MAIL, "C: DATA", "S: 354 go", "C: x", "C: .", "S: 250 ok"],
         "The server took a message from <alice@example.org> for <bob@example.com> (line 13)."),
        (["C: NOOP", "S: 250 ok"], "Nothing was refused."),
        (["C: NOOP", "# the server closed the connection"],
         "The server closed the connection while NOOP awaited a reply (line 6)."),
        (["C: VRFY x", "S: 502 5.5.1 no"], "VRFY x was refused with 502 5.5.1 (line 6): "),
        (["C: VRFY x", "S: 502 5.5.1 no", "C: VRFY y", "S: 502 5.5.1 no"],
         "VRFY x was refused with 502 5.5.1 (line 6), and so were 1 more: "),
    ],
)  # fmt: skip
def test_what_came_of_it(lines: list[str], sentence: str) -> None:
    result = annotated(*GREETED, "S: 250 X", *lines)
    assert any(said.startswith(sentence) for said in result.summary), result.summary


def test_a_text_without_replies() -> None:
    result = annotated("C: EHLO x", "C: QUIT")
    assert result.summary == ("The text tells no reply, so what the server made of it is not known.",)


def test_an_end_in_the_middle() -> None:
    result = annotated(*GREETED, "S: 250 X", "C: NOOP", "# the server closed the connection")
    assert result.lines[-1].notes[-1].kind == END
