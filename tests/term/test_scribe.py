"""The scribe: what stands in memory and in the file of a recording."""

import errno
import os
from pathlib import Path

import pytest

from smtp_repl.script.transcript import Line
from smtp_repl.term.scribe import Scribe, next_name
from tests.term.sitting import Sitting


def test_all_but_an_excerpt_counts_as_kept(tmp_path: Path) -> None:
    """Whoever leaves is told how to save what is in no file; an excerpt is not all."""
    scribe = Scribe()
    scribe.keep([Line("C", "C: NOOP")])
    scribe.save(tmp_path / "part.smtp", [])
    assert not scribe.kept
    scribe.save(tmp_path / "all.smtp")
    assert scribe.kept
    assert (tmp_path / "all.smtp").read_text() == "C: NOOP\n"
    scribe.keep([Line("C", "C: QUIT")])
    assert not scribe.kept


def test_a_full_disk_does_not_end_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said is shown all the same, and that it is not written down any more."""
    sitting = Sitting().open()
    sitting.desk.scribe.record(tmp_path / "a.smtp")

    def full(file: int, octets: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    texts = [line.text for line in sitting.desk.wrote(b"NOOP\r\n")]
    assert texts[0] == "C: NOOP"
    assert "No space left on device; recording has stopped" in texts[1]
    assert sitting.desk.scribe.recorder is None
    assert sitting.desk.scribe.fault is not None


@pytest.mark.parametrize(("name", "following"), [("a.smtp", "a-2.smtp"), ("a-2.smtp", "a-3.smtp"), ("x", "x-2")])
def test_next_name(tmp_path: Path, name: str, following: str) -> None:
    assert next_name(tmp_path / name) == tmp_path / following
    (tmp_path / following).touch()
    assert next_name(tmp_path / name) != tmp_path / following
