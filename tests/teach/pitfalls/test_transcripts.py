"""Each pitfall has two transcripts: `RULE.smtp`, in which it is recognised, and `RULE.clean.smtp`, in which nothing is.

In the first a remark `# here: RULE` stands above the line that is the mistake. What a transcript cannot show is told by
remarks as in `pitfalls/reading.py`.
"""

from pathlib import Path

import pytest

from smtp_repl.knowledge.rows import rows_of
from smtp_repl.script.text import parse
from smtp_repl.teach.pitfalls.reading import pitfalls_of
from smtp_repl.teach.pitfalls.table import PITFALLS, ROWS

HERE = Path(__file__).parent
RULES = list(PITFALLS)


def seen(path: Path) -> list[tuple[int, str]]:
    script = parse(path.read_bytes(), path.name)
    assert not script.problems
    return [(line, one.rule) for line, one in pitfalls_of(script)]


def marked(path: Path) -> list[tuple[int, str]]:
    """The lines behind the marks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    mark = "# here: "
    return [(at + 2, line.removeprefix(mark)) for at, line in enumerate(lines) if line.startswith(mark)]


@pytest.mark.parametrize("rule", RULES)
def test_recognised(rule: str) -> None:
    """In its own transcript it is seen where it is marked, and nothing else is seen."""
    path = HERE / f"{rule}.smtp"
    assert {name for _, name in marked(path)} == {rule}
    assert seen(path) == marked(path)


@pytest.mark.parametrize("rule", RULES)
def test_clean(rule: str) -> None:
    """What looks like it, and is right, gives no pitfall at all."""
    assert seen(HERE / f"{rule}.clean.smtp") == []


def test_all_are_there() -> None:
    """A pitfall has a row, texts and two transcripts, or is none; there are 63."""
    assert len(ROWS) == len(PITFALLS) == 63
    assert set(PITFALLS) == set(rows_of("pitfalls"))
    assert {path.name for path in HERE.glob("*.smtp")} == {
        f"{rule}{kind}.smtp" for rule in PITFALLS for kind in ("", ".clean")
    }
