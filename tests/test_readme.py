"""README keeps its promises: what stands there as a screen is a script, what stands there as a command is one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def first_block_under(heading: str) -> list[str]:
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return section.partition("```\n")[2].partition("```")[0].splitlines()


@pytest.mark.parametrize("heading", ["Try it", "Test it"])
def test_one_command_line(heading: str) -> None:
    """Somebody who is in a hurry copies one line, and so does CI."""
    assert len(first_block_under(heading)) == 1


def test_the_screen_is_a_script(tmp_path: Path) -> None:
    """The screen, saved without prompt and toolbar, runs, and with nothing but the greeting beyond it."""
    found = re.search(r"<!-- generated: screen -->\n```text\n(.*?)\nC:\n [^\n]*\n```\n", README, re.DOTALL)
    assert found is not None
    (tmp_path / "screen.smtp").write_text(found[1] + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "smtp_repl", "run", "screen.smtp", "--local"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 drift" in done.stdout
