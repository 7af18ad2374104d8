"""A class: sixty students at one server, at once, and what their teacher makes of its transcripts."""

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Done, call
from tests.cli.serving import serving
from tests.test_canary import forms

STUDENTS = 60
MATES = 7, 8
"""They hand in the same letter."""
LATE = 11
"""Leaves before the letter is written."""
HASTY = 23
"""Mistypes the password first, and says a header as a command."""

SESSION = """@auth[{name}] user={name}
S: 220
C: EHLO {name}.example.org
S: 250
C: STARTTLS
S: 220
C: EHLO {name}.example.org
S: 250
{mistake}C~ AUTH PLAIN {{{name}.plain}}
S: 235
C: MAIL FROM:<{name}@example.org>
S: 250
C: RCPT TO:<bob@example.com>
S: 250
{letter}C: QUIT
S: 221
"""
MISTAKE = """C~ AUTH PLAIN {{b64:\\0{name}\\0{wrong}}}
S: 535
C: Subject: Hello
S: 500
"""
LETTER = """C: DATA
S: 354
C: From: {name}@example.org
C: To: bob@example.com
C: Subject: Hello
C:
C: {words}
C: .
S: 250
"""


def name_of(number: int) -> str:
    return f"student{number:02}"


def password_of(number: int) -> str:
    return f"Kanarienvogel-{name_of(number)}/gelb"


def words_of(number: int) -> str:
    """Of their own, and not only in their numbers."""
    if number in MATES:
        return "We wrote this together."
    return f"My words are {chr(ord('a') + number // 26) * 3} and {chr(ord('a') + number % 26) * 4}."


def session_of(number: int) -> str:
    name = name_of(number)
    letter = "" if number == LATE else LETTER.format(name=name, words=words_of(number))
    mistake = MISTAKE.format(name=name, wrong=password_of(number)[:-1]) if number == HASTY else ""
    return SESSION.format(name=name, mistake=mistake, letter=letter)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a class after its lesson: `sessions` of the server, and what it and the students' program said."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "students").mkdir()
    for number in range(STUDENTS):
        (folder / "students" / f"{name_of(number)}.smtp").write_text(session_of(number))
    accounts = folder / "accounts"
    accounts.write_text("".join(f"{name_of(number)},{password_of(number)}\n" for number in range(STUDENTS)))
    accounts.chmod(0o600)
    authority = folder / "ca.pem"
    options = ["--listen-public", "--accounts", str(accounts), "--transcripts", str(folder / "sessions")]
    with serving(*options, "--ca-file", str(authority)) as (host, port, ended):
        done = together(folder, f"{host}:{port}", authority)
    assert done.status == 0, done
    assert "Traceback" not in ended.err
    (folder / "said").write_text(done.out + done.err + ended.out + ended.err)
    return folder


def together(folder: Path, server: str, authority: Path) -> Done:
    """All students begin at once, from one address."""
    passwords = [f"--password-env={name_of(number)}=P{number}" for number in range(STUDENTS)]
    options = ["--server", server, "--ca", str(authority), "-j", str(STUDENTS), "--timeout", "60", *passwords]
    environ = {f"P{number}": password_of(number) for number in range(STUDENTS)}
    return call("run", str(folder / "students"), *options, environ=environ)


def test_everybody_has_a_row(lesson: Path) -> None:
    """One for each session, with who logged in; who was in a hurry is not lost, and the same work is marked."""
    file = lesson / "grades.csv"
    done = call("learn", "--grade", "first-mail", str(lesson / "sessions"), "--from-server", "--csv", str(file))
    assert (done.status, done.out) == (0, "")
    assert done.err.startswith("60 files: 59 with every goal, 0 that could not be judged\n")
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = {row["student"]: row for row in csv.DictReader(text)}
    assert sorted(rows) == [name_of(number) for number in range(STUDENTS)]
    assert {row["recorded by"] for row in rows.values()} == {"server"}
    unfinished = {student: row["met"] for student, row in rows.items() if row["met"] != row["of"]}
    assert unfinished == {name_of(LATE): "3"}
    assert {row["of"] for row in rows.values()} == {"5"}  # the answer to a question is not heard by a server
    assert {student for student, row in rows.items() if row["alike"]} == {name_of(number) for number in MATES}
    assert {student for student, row in rows.items() if row["copy"]} == set()
    assert "header-as-command" in rows[name_of(HASTY)]["noticed"]


def test_grading_twice_gives_the_same(lesson: Path) -> None:
    calls = [call("learn", "--grade", "first-mail", str(lesson / "sessions"), "--from-server") for _ in range(2)]
    assert calls[0] == calls[1]


def test_each_session_can_be_checked(lesson: Path) -> None:
    done = call("check", str(lesson / "sessions"))
    assert done.status == 0, done.err


def test_nobodys_password_is_in_any_file(lesson: Path) -> None:
    """Neither in what the server keeps nor in what anybody said, in no form; wrong ones are as good as right ones."""
    written = {path: path.read_bytes() for path in lesson.rglob("*") if path.is_file() and path != lesson / "accounts"}
    assert len(written) > 2 * STUDENTS
    for number in range(STUDENTS):
        for form in forms(password_of(number)) | forms(password_of(HASTY)[:-1]):
            leaking = [path for path, octets in written.items() if form in octets]
            if leaking == [lesson / "students" / f"{name_of(HASTY)}.smtp"]:
                continue  # where the wrong one was typed
            assert leaking == [], (number, form)
