"""`smtp-repl learn` on the command line: lessons from a pipe, lists, checks."""

import base64
import csv
import os
from pathlib import Path

import pytest

from smtp_repl.cli.grade import SIZE_LIMIT
from smtp_repl.cli.lesson_files import packaged_lessons, packaged_paths
from tests.cli.conftest import Done, call, program

FOUR_SERVERS = Path(__file__).parent.parent / "teach" / "lessons" / "four-servers.toml"
SOLVED = b"""/answer practice.example.com
EHLO student.example.org
/answer 10240000
NOOP
HELP
QUIT
"""


@pytest.fixture
def state(tmp_path: Path) -> dict[str, str]:
    """Somebody who has learnt nothing yet."""
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config"), "LC_ALL": "C.UTF-8"}


def learn(state: dict[str, str], *argv: str, stdin: bytes = b"") -> Done:
    return program("learn", *argv, stdin=stdin, environ=state)


def test_a_lesson_from_a_pipe(state: dict[str, str], tmp_path: Path) -> None:
    """What one would type is what is piped; status 0 when every goal is reached."""
    done = learn(state, "1", stdin=SOLVED)
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == "# lesson 1: Say EHLO"
    assert "# goal 1 of 6: The server speaks first: read the line that begins with 220." in done.out
    assert "#   6 of 6 goals reached" in done.lines
    path = tmp_path / "state" / "smtp-repl" / "learn" / "hello.smtp"
    assert f"# to hand in: {path}" in done.lines
    assert "# /answer 10240000\nC: NOOP\nS: 250 " in path.read_text()
    assert sum(line.startswith("# answer: ") for line in done.lines) == 2


def test_open_goals_are_status_1(state: dict[str, str]) -> None:
    """A lesson whose goals are not all reached has failed; nothing that nobody typed reaches one."""
    assert learn(state, "hello", stdin=SOLVED.replace(b"QUIT\n", b"")).status == 1
    assert learn(state, "hello", "--restart", stdin=SOLVED.replace(b"NOOP\n", b"/skip\n")).status == 1


def test_goes_on_where_one_stopped_without_being_told_where(state: dict[str, str]) -> None:
    """`learn` alone takes up the lesson that was broken off, and then begins the next one."""
    lines = SOLVED.splitlines(keepends=True)
    assert learn(state, stdin=b"".join(lines[:3])).status == 1
    done = learn(state, stdin=b"".join(lines[3:]))
    assert (done.status, done.lines[1]) == (0, "# you go on where you stopped: 3 of 6 goals are reached")
    assert learn(state).lines[0] == "# lesson 2: The envelope and your first message"


def test_list(state: dict[str, str]) -> None:
    """Each lesson with how far one is, and how far in the second pass."""
    learn(state, "1", stdin=SOLVED)
    learn(state, "2", stdin=b"EHLO a.example\n")
    learn(state, "1", "--blind", stdin=SOLVED[:30])
    lines = learn(state, "--list").lines
    assert len(lines) == len(packaged_lessons())
    assert lines[0].split() == [*"1 hello Say EHLO done without the syntax: 1/6".split()]
    assert lines[1].endswith("1/6")
    assert lines[2].endswith("Two senders, two recipients")


def test_errors_end_no_lesson(state: dict[str, str]) -> None:
    """A refusal, an unknown command, a line after the goodbye: the lesson goes on."""
    done = learn(state, "1", stdin=b"FOO\n/fo\nQUIT\nNOOP\n/connect\n" + SOLVED)
    assert done.status == 0
    assert '# error: there is no command "/fo"; nothing sent' in done.lines


def test_blind_shows_no_syntax(state: dict[str, str]) -> None:
    done = learn(state, "1", "--blind", stdin=SOLVED)
    assert done.status == 0
    assert "EHLO name.of.your.host" not in done.out
    assert "second pass" in done.lines[0]


def test_a_lesson_of_ones_own(state: dict[str, str], tmp_path: Path) -> None:
    """A file is a lesson like any other; it is kept under a name that none of the program's has."""
    file = tmp_path / "mine.toml"
    file.write_text(Path(packaged_paths()[0]).read_text())
    done = learn(state, str(file), stdin=SOLVED)
    assert (done.status, done.lines[0]) == (0, "# lesson: Say EHLO")
    assert (tmp_path / "state" / "smtp-repl" / "learn" / "own-hello.smtp").exists()


def test_no_file_holds_a_password(state: dict[str, str], tmp_path: Path) -> None:
    """What is handed in, and what is kept of a lesson, has steps of AUTH as holes."""
    secrets = [base64.b64encode(b"\0tutor\0not-a-secret"), base64.b64encode(b"not-a-secret"), b"not-a-secret"]
    typed = [b"EHLO a.example", b"AUTH PLAIN " + secrets[0], b"QUIT", b"/connect", b"EHLO a.example", b"AUTH LOGIN"]
    typed += [base64.b64encode(b"tutor"), secrets[1], b"/auth PLAIN tutor", b"QUIT"]
    done = learn(state, "1", stdin=b"\n".join(typed))
    assert done.out.count("S: 235 ") == 2
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"hello.smtp", "progress.json"}
    assert not any(secret in path.read_bytes() for path in files for secret in secrets)
    assert "C~ AUTH PLAIN {auth.plain}" in next(path for path in files if path.suffix == ".smtp").read_text()


def test_scenes_have_servers_of_their_own(state: dict[str, str], tmp_path: Path) -> None:
    """Each scene connects anew, to a server that behaves in another way; the transcript says which scene it was."""
    typed = b"/next\n/answer it hung up\n/next\nEHLO a\nSTARTTLS\nEHLO a\n/next\nLHLO a\n/lesson\n"
    done = learn(state, str(FOUR_SERVERS), stdin=typed)
    assert done.status == 1
    lines = done.lines
    assert "# goals are open; /skip leaves the present one aside" in lines
    assert [line for line in lines if line.startswith("# scene ")] == [
        "# scene 1 of 4: Nobody is there",
        "# scene 2 of 4: Secrets",
        "# scene 3 of 4: A store",
    ]
    assert "# 4 of 5 goals are reached" in lines
    text = (tmp_path / "state" / "smtp-repl" / "learn" / "own-four-servers.smtp").read_text()
    assert [line for line in text.splitlines() if line.startswith("# scene ")] == [
        "# scene 1: Nobody is there",
        "# scene 2: Secrets",
        "# scene 3: A store",
    ]
    again = learn(state, str(FOUR_SERVERS), stdin=b"/goal\n")
    assert again.lines[2] == "# scene 3 of 4: A store"
    assert call("learn", "--check", str(FOUR_SERVERS)).status == 0


@pytest.mark.parametrize(
    ("word", "problem", "hint"),
    [
        ("99", "there is no lesson 99", "learn --list"),
        ("helo", "there is no lesson helo", "did you mean hello?"),
        ("no/such.toml", "cannot read no/such.toml", ""),
    ],
)
def test_there_is_no_such_lesson(word: str, problem: str, hint: str, state: dict[str, str]) -> None:
    done = learn(state, word)
    assert done.status == 2
    assert done.err.startswith(f"error: {problem}")
    assert hint in done.err


def test_check_says_what_is_wrong(tmp_path: Path) -> None:
    """Faults of the text, of the server and of the proofs, each with file, line and hint; status 2."""
    text = Path(packaged_paths()[0]).read_text()
    good, typo, server, proof = (tmp_path / f"{name}.toml" for name in ("good", "typo", "server", "proof"))
    good.write_text(text)
    typo.write_text(text.replace("why = ", "wyh = ", 1))
    server.write_text(text.replace('server = "strict"', 'server = { profile = "strict", greeting_dealy = 1 }'))
    proof.write_text(text.replace("C: HELP\n", "C: NOOP\n", 1).replace("S: 214\n", "S: 250\n", 1))
    done = call("learn", "--check", str(good))
    assert (done.status, done.out, done.err) == (0, f"ok  {good}\n", "")
    done = call("learn", "--check", str(typo), str(server), str(proof))
    assert done.status == 2
    line = typo.read_text().split("\nwyh", 1)[0].count("\n") + 2
    assert f"--> {typo}:{line}:1" in done.err
    assert "hint: did you mean why?" in done.err
    assert "greeting_dealy" in done.err
    assert "this proof (solution) misses a goal: help" in done.err
    assert done.lines[0] == f"error  {typo}  2 faults"


def test_check_needs_a_lesson() -> None:
    assert call("learn", "--check").status == 2


def test_one_lesson_at_a_time() -> None:
    assert call("learn", "1", "2").status == 2


def test_grades_a_folder(tmp_path: Path, state: dict[str, str]) -> None:
    """One row a file, whatever it is; what is a formula elsewhere is text; the note is said."""
    learn(state, "1", stdin=SOLVED)
    whole = (tmp_path / "state" / "smtp-repl" / "learn" / "hello.smtp").read_bytes()
    folder = tmp_path / "hand-ins"
    (folder / "dave").mkdir(parents=True)
    (folder / "alice.smtp").write_bytes(whole)
    (folder / "bob.smtp").write_bytes(whole)
    (folder / "=cmd.smtp").write_bytes(b"\xff\xfe\x00broken")
    (folder / "dave" / "hello.smtp").write_bytes(whole[: whole.index(b"C: NOOP")])
    (folder / ".hidden.smtp").write_bytes(whole)
    (folder / "fifo.smtp").unlink(missing_ok=True)
    os.mkfifo(folder / "fifo.smtp")
    (folder / "link.smtp").symlink_to("/etc/passwd")
    file = tmp_path / "grades.csv"
    done = call("learn", "--grade", "hello", str(folder), "--csv", str(file))
    assert (done.status, done.out) == (0, "")
    assert done.err.startswith("6 files: 2 with every goal, 3 that could not be judged\n")
    assert "can be forged" in done.err
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = {row["file"]: row for row in csv.DictReader(text)}
    assert list(rows) == ["'=cmd.smtp", "alice.smtp", "bob.smtp", "dave/hello.smtp", "fifo.smtp", "link.smtp"]
    assert (rows["alice.smtp"]["met"], rows["alice.smtp"]["copy"], rows["bob.smtp"]["copy"]) == ("6", "A", "A")
    assert (rows["dave/hello.smtp"]["student"], rows["dave/hello.smtp"]["met"]) == ("dave", "3")
    assert rows["fifo.smtp"]["problem"]
    assert rows["link.smtp"]["problem"].startswith("cannot be read")


def test_grades_go_to_standard_output(tmp_path: Path) -> None:
    (tmp_path / "a.smtp").write_text("S: 220 practice.example.com\nC: NOOP\nS: 250 Ok\n")
    done = call("learn", "--grade", "hello", str(tmp_path))
    assert done.lines[1].startswith("a.smtp,a,student,1,6,")
    assert done.err.count("\n") == 2


def test_the_server_is_believed_when_the_teacher_says_so(tmp_path: Path) -> None:
    """And whoever has such files is told of the option."""
    text = "# recorded by the server\n# logged in as carol\nS: 220 practice.example.com\nC: NOOP\nS: 250 Ok\n"
    (tmp_path / "a.smtp").write_text(text)
    done = call("learn", "--grade", "hello", str(tmp_path))
    assert done.lines[1].startswith("a.smtp,a,student,1,6,")
    assert "--from-server" in done.err
    done = call("learn", "--grade", "hello", str(tmp_path), "--from-server")
    assert done.lines[1].startswith("a.smtp,carol,server,1,4,")
    assert "as long as nobody else can write to" in done.err


def test_what_is_too_large_is_a_row(tmp_path: Path) -> None:
    """Nobody's disk image or endless line is read into memory, and those after it have their rows."""
    with (tmp_path / "a.smtp").open("wb") as file:
        file.truncate(SIZE_LIMIT + 1)
    (tmp_path / "b.smtp").write_bytes(b"S: 220 " + b"x" * 100_000 + b"\nC: " + b"\xff\x00" * 50_000)
    (tmp_path / "c.smtp").write_text("S: 220 practice.example.com\nC: NOOP\nS: 250 Ok\n")
    done = call("learn", "--grade", "hello", str(tmp_path), "--csv", "-")
    assert done.status == 0
    assert done.lines[1] == 'a.smtp,a,,,,,,,,,,,,,,"too large, or no regular file"'
    assert [line.split(",")[0] for line in done.lines] == ["file", "a.smtp", "b.smtp", "c.smtp"]


def test_a_table_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.smtp").write_text("S: 220 practice.example.com\n")
    assert call("learn", "--grade", "hello", str(tmp_path), "--csv", str(tmp_path)).status == 7


@pytest.mark.parametrize(
    "argv",
    [
        ["--grade", "hello"],
        ["--grade", "hello", "no-such-folder"],
        ["--csv", "x.csv"],
        ["--from-server"],
        ["--grade", "nope", "."],
    ],
)
def test_grading_needs_a_lesson_and_a_folder(argv: list[str], tmp_path: Path) -> None:
    assert call("learn", *argv).status == 2
    assert call("learn", "--grade", "hello", str(tmp_path)).status == 2
