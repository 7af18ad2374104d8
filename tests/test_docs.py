"""The docs check finds what it is there to find, and finds nothing in our own docs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import check

ROOT = Path(__file__).parent.parent
GENERATORS: check.Generators = {"three": lambda folder: "1 2 3\n"}

HELP = {
    "": "usage: smtp-repl HOST\n  --local  offline\n  --starttls",
    "run": "  --server HOST:PORT\n  --var NAME\n  --local",
}


def options(text: str) -> list[str]:
    return [what for _, what in check.option_faults(text, lambda verb: HELP.get(verb, ""))]


@pytest.mark.parametrize("page", check.pages(ROOT), ids=lambda page: page.name)
def test_our_docs_hold(page: Path) -> None:
    """README and docs say nothing that is not so: links, options, tables, commands and what these print."""
    assert list(check.page_faults(page, ROOT)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("see [this](docs/a.md)", ""),
        ("see [this](docs/a.md#two-words--more)", ""),
        ("see [here](#top)\n# Top", ""),
        ("see [there](https://example.org/nothing)", ""),
        ("`[code](nowhere.md)` and\n```\n[code](nowhere.md)\n```", ""),
        ("\n\nsee [this](docs/b.md)", "3: no such file: docs/b.md"),
        ("![picture](docs/b.png)", "1: no such file: docs/b.png"),
        ("[this]: docs/b.md", "1: no such file: docs/b.md"),
        ("see [this](docs/a.md#three)", "1: no such heading: docs/a.md#three"),
        ("see [this](../)", "1: outside of the repository: ../"),
    ],
)
def test_links(tmp_path: Path, text: str, fault: str) -> None:
    """Relative links lead somewhere, headings included."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("# Two words, `more`\n## two words & more\n")
    page = tmp_path / "README.md"
    page.write_text(text)
    found = [f"{line}: {what}" for line, what in check.link_faults(page, text, tmp_path)]
    assert found == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("`smtp-repl --local`", []),
        ("`smtp-repl mail.example.com --starttls`", []),
        ("`.venv/bin/smtp-repl run x.smtp --server h:25 --var a=b`", []),
        ("`smtp-repl run x.smtp --local`", []),
        ("the option --nothing in prose, and `other --nothing`", []),
        ("```\nprintf 'x' | smtp-repl --local | grep --nothing x\n```", []),
        ("`smtp-repl --nothing`", ["smtp-repl has no option --nothing"]),
        ("`smtp-repl --loc`", ["smtp-repl has no option --loc"]),
        ("`smtp-repl run x.smtp --starttls`", ["smtp-repl run has no option --starttls"]),
        ("`smtp-repl h --server x`", ["smtp-repl has no option --server"]),
        ("```\n$ smtp-repl run x \\\n    --nothing=1\n```", ["smtp-repl run has no option --nothing"]),
    ],
)
def test_options(text: str, faults: list[str]) -> None:
    """An option that docs name is one that `--help` names."""
    assert options(text) == faults


def blocks(text: str) -> Iterator[str]:
    return (what for _, what in check.block_faults(text, GENERATORS))


def test_generated_blocks() -> None:
    """A block that is out of date is found, and written anew."""
    old = "# x\n<!-- generated: three -->\n1 2\n<!-- end -->\nrest"
    assert "out of date" in next(blocks(old))
    new = check.generated(old, GENERATORS)
    assert new == "# x\n<!-- generated: three -->\n1 2 3\n<!-- end -->\nrest"
    assert list(blocks(new)) == []
    assert list(blocks("<!-- generated: four -->\n<!-- end -->")) == ["nobody generates 'four'"]
    assert "has no end" in next(blocks("<!-- generated: three -->\n1 2 3\n"))
