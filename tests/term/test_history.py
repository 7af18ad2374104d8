"""The history file: for the user's eyes alone, and nothing of AUTH in it."""

import os
from pathlib import Path

import pytest

from smtp_repl.term.history import TypedHistory, is_memorable


def opened(path: Path | None, limit: int = 5_000) -> TypedHistory:
    history = TypedHistory(lambda: path, limit=limit)
    history.open()
    return history


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("EHLO x", True),
        ("/status", True),
        ("/connect 192.0.2.1:25", True),
        ("//x", True),
        ("AUTH PLAIN AGJvYgBodW50ZXIyMg==", False),
        ("auth login", False),
        (" AUTH PLAIN x", False),
        ("AUHT PLAIN AGJvYgBodW50ZXIyMg==", False),
        ("/b64 hunter22", False),
        ("/b46 hunter22", False),
        ("/pass", False),
        ("/auth LOGIN bob", False),
        ('/raw "AUTH PLAIN AGJv\\r\\n"', False),
        ("//AUTH PLAIN x", False),
        ("", False),
        ("  ", False),
        ("a\nb", False),
    ],
)
def test_what_may_be_kept(line: str, kept: bool) -> None:
    assert is_memorable(line) is kept


def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    """Created 0600 in a folder 0700, whatever the umask is."""
    before = os.umask(0)
    try:
        history = opened(tmp_path / "state" / "history")
    finally:
        os.umask(before)
    history.remember("EHLO x")
    assert (tmp_path / "state" / "history").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_loose_file_is_tightened(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("EHLO x\n")
    path.chmod(0o644)
    history = opened(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(history.load_history_strings()) == ["EHLO x"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    """Who can put a link there could read or spoil another file."""
    target = tmp_path / "target"
    target.write_text("secret\n")
    (tmp_path / "history").symlink_to(target)
    history = opened(tmp_path / "history")
    history.remember("EHLO x")
    assert "symbolic link" in history.fault
    assert target.read_text() == "secret\n"
    assert history.get_strings() == ["EHLO x"]


def test_lines_come_back_newest_first(tmp_path: Path) -> None:
    """Also lines that are no UTF-8; the same line twice in a row is kept once."""
    path = tmp_path / "history"
    history = opened(path)
    for line in ("EHLO x", "EHLO x", "NOOP \udcff", "RSET"):
        history.remember(line)
    assert path.read_bytes() == b"EHLO x\nNOOP \xff\nRSET\n"
    assert list(opened(path).load_history_strings()) == ["RSET", "NOOP \udcff", "EHLO x"]


def test_a_long_file_is_cut_down(tmp_path: Path) -> None:
    """`history_size` says how many lines are read back, and twice as many when the file is cut."""
    path = tmp_path / "history"
    path.write_text("".join(f"NOOP {number} and a long text\n" for number in range(25)))
    assert opened(path, limit=20).get_strings()[0] == "NOOP 5 and a long text"
    assert len(path.read_text().splitlines()) == 25
    opened(path, limit=10)
    lines = path.read_text().splitlines()
    assert len(lines) == 10
    assert lines[-1] == "NOOP 24 and a long text"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["history"]


def test_switched_off_and_on(tmp_path: Path) -> None:
    """`/set history off` counts at once, and on again too; what was typed meanwhile stays in memory."""
    keeps = [False]
    path = tmp_path / "history"
    history = TypedHistory(lambda: path, keeps=lambda: keeps[0])
    history.open()
    history.remember("EHLO a")
    assert not path.exists()
    keeps[0] = True
    history.remember("EHLO b")
    keeps[0] = False
    history.remember("EHLO c")
    assert [line.partition("\t")[0] for line in path.read_text().splitlines()] == ["EHLO b"]
    assert history.get_strings() == ["EHLO a", "EHLO b", "EHLO c"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_no_file_at_all() -> None:
    """A device stays as open to everybody as it was."""
    before = os.stat(os.devnull).st_mode
    history = opened(Path(os.devnull))
    history.remember("EHLO x")
    assert (os.stat(os.devnull).st_mode, history.fault) == (before, "")


def test_in_memory() -> None:
    history = opened(None)
    history.remember("EHLO x")
    assert history.get_strings() == ["EHLO x"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert opened(tmp_path / "state" / "history").fault
