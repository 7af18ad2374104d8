"""Hand-ins: a row for each, what it says, and which are the same."""

import pytest

from smtp_repl.cli.lesson_files import find_lesson
from smtp_repl.script.text import parse
from smtp_repl.teach.grading import LINES_LIMIT, Grade, grade, safe, table

LESSON = find_lesson("hello").lesson
SESSION = """# connected to 127.0.0.1:2525
# from 127.0.0.1:40001
S: 220 practice.example.com ESMTP
# /hint
# /answer practice.example.com
C: EHLO alice.example.org
S: 250-practice.example.com
S: 250 SIZE 10240000
# /answer 10240000
C: FOO
S: 500 5.5.1 Unknown command
# /skip
C: HELP
S: 214 Help
C: QUIT
S: 221 Bye
"""
SERVERS = "# recorded by the server\n"
"""What the class server writes at the top of its transcripts."""
UNANSWERED = "".join(line + "\n" for line in SESSION.splitlines() if not line.startswith("# /"))


def graded(text: str, file: str = "alice.smtp", *, from_server: bool = False) -> Grade:
    return grade(LESSON, file, parse(text.encode("utf-8", "surrogateescape"), file), from_server=from_server)


def rows(*grades: Grade) -> list[dict[str, str]]:
    heading, *found = table(LESSON, grades)
    return [dict(zip(heading, row, strict=True)) for row in found]


def test_a_row_says_how_it_went() -> None:
    """Each goal with the line at which it was reached; hints, and what was noticed."""
    (row,) = rows(graded(SESSION))
    assert row == {
        **{"file": "alice.smtp", "student": "alice", "recorded by": "student", "met": "5", "of": "6"},
        **{"greeting": "5", "ehlo": "6", "multiline": "9", "noop": "skipped", "help": "13", "quit": "15"},
        **{"hints": "1", "noticed": "unknown-verb", "copy": "", "alike": "", "problem": ""},
    }


@pytest.mark.parametrize(
    ("file", "text", "student"),
    [
        ("bob.smtp", SESSION, "bob"),
        ("carol/hello.smtp", SESSION, "carol"),
        ("20261124-091500-0007-dave.smtp", SESSION, "dave"),
        ("20261124-091500-0007.smtp", SERVERS + "# logged in as erin\n" + SESSION, "erin"),
        ("frank.smtp", "# logged in as somebody else\n" + SESSION, "frank"),
    ],
)
def test_who_handed_it_in(file: str, text: str, student: str) -> None:
    """Whoever logged in at the class server, else the folder, else the name of the file."""
    assert graded(text, file, from_server=True).student == student


def test_what_a_file_says_of_itself_is_not_believed() -> None:
    """Only the teacher knows which folder is the server's own: elsewhere anybody could have written those lines, to be
    somebody else or to be spared the questions."""
    forged = graded(SERVERS + "# logged in as erin\n" + UNANSWERED, "frank.smtp")
    (row,) = rows(forged)
    assert (row["student"], row["recorded by"], row["of"], row["greeting"]) == ("frank", "student", "6", "")
    assert forged.claims_server
    (row,) = rows(graded(UNANSWERED, "frank.smtp", from_server=True))
    assert (row["student"], row["recorded by"]) == ("frank", "student")


def test_what_the_server_recorded_has_no_answers() -> None:
    """Questions cannot be answered where only the wire is heard: they count for nobody and against nobody."""
    (row,) = rows(graded(SERVERS + UNANSWERED, from_server=True))
    assert (row["recorded by"], row["met"], row["of"]) == ("server", "3", "4")
    assert (row["greeting"], row["noop"]) == ("n/a", "")


def test_the_same_session_is_a_copy() -> None:
    """Nobody has the ports of somebody else's connection, whatever else was changed."""
    other = SESSION.replace("alice.example.org", "bob.example.net").replace("HELP", "HELP MAIL")
    third = SESSION.replace("40001", "40002")
    found = rows(graded(SESSION), graded(other, "bob.smtp"), graded(third, "carol.smtp"))
    assert [row["copy"] for row in found] == ["A", "A", ""]


def test_the_same_work_is_alike() -> None:
    """Names, addresses and numbers do not hide that two conversations are one."""
    letter = "C: MAIL FROM:<{0}@example.org>\nS: 250 Ok\nC: RCPT TO:<bob@example.com>\nS: 250 Ok\nC: DATA\nS: 354 Go\n"
    letter += "C: From: {0}@example.org\nC:\nC: {1}\nC: .\nS: 250 Ok: kept as message {2}\n"
    texts = [
        "S: 220 a\nC: EHLO one\nS: 250 a\n" + letter.format("alice", "My own words.", 1),
        "S: 220 a\nC: EHLO two\nS: 250 a\n" + letter.format("bob", "My own words.", 2),
        "S: 220 a\nC: EHLO two\nS: 250 a\n" + letter.format("bob", "Other words.", 2),
    ]
    found = rows(*(graded(text, f"{number}.smtp") for number, text in enumerate(texts)))
    assert [row["alike"] for row in found] == ["A", "A", ""]


def test_work_in_which_nothing_is_ones_own_is_not_marked() -> None:
    """EHLO, NOOP and QUIT are the same for everybody."""
    text = "S: 220 a\nC: EHLO one\nS: 250 a\nC: QUIT\nS: 221 b\n"
    assert [row["alike"] for row in rows(graded(text), graded(text, "b.smtp"))] == ["", ""]


def test_groups_have_letters() -> None:
    """In the order of the files; behind Z comes AA, as in a spreadsheet."""
    texts = [SESSION.replace("40001", str(50000 + number)) for number in range(28)]
    found = rows(*(graded(text, f"{number}.smtp") for number, text in enumerate([*texts, *reversed(texts)])))
    letters = [row["copy"] for row in found]
    assert letters[:28] == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA", "AB"]
    assert letters[28:] == letters[27::-1]


def test_what_happened_more_than_once_is_counted() -> None:
    (row,) = rows(graded(SESSION.replace("# /skip\n", "C: FOO\nS: 500 5.5.1 Unknown command\n" * 2)))
    assert row["noticed"] == "unknown-verb:3"


def test_one_act_is_noticed_once() -> None:
    """As `explain` tells it: a pitfall in the place of findings that say less, or a finding in that of a pitfall."""
    (row,) = rows(graded("S: 220 a\nC: EHLO a\nS: 250 a\nC: MAIL FROM: <alice@example.org>\nS: 501 5.5.4 No\n"))
    assert row["noticed"] == "blank-after-colon"


def test_a_transcript_of_too_many_lines_is_a_row() -> None:
    """Judging takes time for each line; nobody types so many."""
    (row,) = rows(graded("C: NOOP\nS: 250 Ok\n" * (LINES_LIMIT // 2) + "C: QUIT\n"))
    assert row["problem"] == "this is no session by hand: it has more than 50000 lines"


@pytest.mark.parametrize("text", ["", "\x00\x01\x02", "hello\nworld\n", "# only a remark\n", "PK\x03\x04" * 100])
def test_what_is_no_transcript_is_a_row(text: str) -> None:
    (row,) = rows(graded(text))
    assert row["problem"] == "this is no transcript: nothing is said in it"
    assert row["met"] == ""


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("alice", "alice"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("a=1", "a=1"),
        ("a\nb", "a\\nb"),
        ("\t=1", "\\t=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\u202ealice", "\\xe2\\x80\\xaealice"),
    ],
)
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    """A student's name is data in every spreadsheet."""
    assert safe(cell) == shown
