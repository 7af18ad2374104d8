"""A recording on disk: the user's alone, there before it is shown, and never over something else."""

import os
import stat
from pathlib import Path

import pytest

from smtp_repl.net.recording import Recorder
from smtp_repl.script.text import parse
from smtp_repl.script.transcript import SERVER, Line, remark, wire_line
from smtp_repl.wire.errors import OutputError

LINES = [remark("connected"), Line(SERVER, wire_line("S", "220 caf\u00e9 \xff\r\n".encode()))]
TEXT = "# connected\nS: 220 caf\u00e9 \u00ff\n".encode()


def test_each_line_is_there_when_it_was_written(tmp_path: Path) -> None:
    """kill -9 loses nothing that was shown."""
    recorder = Recorder(tmp_path / "a.smtp")
    recorder.write(LINES[:1])
    assert (tmp_path / "a.smtp").read_bytes() == b"# connected\n"
    recorder.write(LINES[1:])
    recorder.append(b"C: NOOP\r\n")
    assert (tmp_path / "a.smtp").read_bytes() == TEXT + b"C: NOOP\r\n"
    recorder.close()
    recorder.close()
    assert not parse((tmp_path / "a.smtp").read_bytes()).problems


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_nobody_else_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Recorder(tmp_path / "a.smtp").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.smtp").stat().st_mode) == 0o600


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.smtp"
    path.write_bytes(b"dear to somebody")
    with pytest.raises(OutputError, match="exists already"):
        Recorder(path)
    assert path.read_bytes() == b"dear to somebody"
    recorder = Recorder(path, overwrite=True)
    recorder.write(LINES)
    recorder.close()
    assert path.read_bytes() == TEXT


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no symbolic links to refuse here")
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_symbolic_link_is_not_followed(tmp_path: Path, overwrite: bool) -> None:
    """Somebody put it there so that we write elsewhere."""
    (tmp_path / "a.smtp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        Recorder(tmp_path / "a.smtp", overwrite=overwrite)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot record to"):
        Recorder(tmp_path / "no" / "a.smtp")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk() -> None:
    recorder = Recorder(Path("/dev/full"), overwrite=True)
    with pytest.raises(OutputError, match="cannot record to"):
        recorder.write(LINES)
    recorder.close()
