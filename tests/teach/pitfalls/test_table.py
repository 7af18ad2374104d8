"""The table of pitfalls against the engine's findings: nothing is said twice, and nothing that does not exist."""

from pathlib import Path

import pytest

from smtp_repl.knowledge.rows import rows_of
from smtp_repl.script.text import parse
from smtp_repl.teach.pitfalls.reading import look_through
from smtp_repl.teach.pitfalls.rows import InAnswered, InCommand, Row
from smtp_repl.teach.pitfalls.table import ROWS
from smtp_repl.teach.pitfalls.watcher import Pitfall, pitfall
from smtp_repl.teach.retelling import retell
from smtp_repl.wire import language
from smtp_repl.wire.events import FINDINGS, Finding
from smtp_repl.wire.problems import RULES

HERE = Path(__file__).parent
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)


@each_row
def test_row(row: Row) -> None:
    """A row names findings that there are; it speaks in their place, or leaves it to them, and never both."""
    assert row.trigger
    assert row.sights
    for rule in (*row.told_by, *row.instead_of):
        assert rule in FINDINGS or rule in RULES
    assert not set(row.told_by) & set(row.instead_of)
    if row.rule != "bare-lf":  # the same fault, of which the finding is the server's side
        assert row.rule not in FINDINGS
    assert row.rule not in RULES
    # What a finding has told is told once more only where a reply shows that the server is lenient.
    if row.accepted:
        assert row.told_by
        assert all(isinstance(sight, InAnswered) for sight in row.sights)
    if row.instead_of:
        assert not any(isinstance(sight, InAnswered) for sight in row.sights)
    if any(isinstance(sight, InAnswered) for sight in row.sights):
        assert row.accepted


@each_row
def test_texts(row: Row) -> None:
    """What a person reads of it is whole sentences, and says what to do."""
    one = pitfall(row.rule)
    assert one.severity == rows_of("pitfalls")[row.rule]["severity"]
    assert one.severity in ("info", "warning", "error")
    assert one.hint.endswith((".", "?=", "-w0.", ")"))
    assert one.ref in one.remark
    assert ". ." not in one.remark
    assert ".." not in one.remark.replace("...", "")
    assert one.finding == Finding(row.rule, one.severity, one.message, one.hint, one.ref)


def told(path: Path) -> list[tuple[int, list[str]]]:
    """What a person is told, line by line."""
    script = parse(path.read_bytes(), path.name)
    lines = []
    silent = look_through(script, retell(script), with_silent=True)
    for seen, all_seen in zip(look_through(script, retell(script)), silent, strict=True):
        if any(isinstance(one, Pitfall) for one in all_seen.remarks):
            lines.append((seen.told.line, [one.rule for one in seen.remarks]))
    return lines


@pytest.mark.parametrize("path", sorted(HERE.glob("*.smtp")), ids=lambda path: path.stem)
def test_one_remark_for_one_act(path: Path) -> None:
    """Where a pitfall shows a person is told at most one thing: the pitfall, or the finding that is the same."""
    for line, rules in told(path):
        assert len(rules) <= 1, (line, rules)


@each_row
def test_it_is_told_somehow(row: Row) -> None:
    """A pitfall that is silent has been told by a finding of its row, for the same mistake."""
    path = HERE / f"{row.rule}.smtp"
    script = parse(path.read_bytes(), path.name)
    seen = list(look_through(script, retell(script), with_silent=True))
    findings = {one.rule for line in seen for one in line.remarks if isinstance(one, Finding)}
    for line in seen:
        for one in line.remarks:
            if isinstance(one, Pitfall) and one.silent:
                assert findings & set(row.told_by)
                assert not any(isinstance(sight, InCommand) for sight in row.sights) or row.told_by
    assert not findings & set(row.instead_of)


def test_programs_read_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remark is said in the language of the person, its parts too; what goes to programs stays as it is."""
    monkeypatch.setattr(language, "_translate", lambda text: f"<{text}>")
    one = pitfall("bcc-header")
    title, fix = (rows_of("pitfalls")["bcc-header"][name] for name in ("title", "fix"))
    assert language._(one.remark) == f"<<{title}>. <{fix}> ({one.ref})>"
    assert (one.finding.message, one.finding.hint) == (title, fix)
