"""The docs check finds what it is there to find, and finds nothing in our own docs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import check, screens
from smtp_repl.cli.options import read

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


# ---------------------------------------------------------------- what generated blocks do not cover


def shown_commands() -> list[str]:
    """The commands of ours in blocks that are not run: they name hosts that are not there."""
    texts = [page.read_text(encoding="utf-8") for page in check.pages(ROOT)]
    blocks = [block for text in texts for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)]
    lines = {line for block in blocks for line in block.splitlines() if line.startswith("smtp-repl ")}
    return sorted(lines)


@pytest.mark.parametrize("line", shown_commands())
def test_commands_that_are_not_run_are_read(line: str) -> None:
    """The command line takes every command that docs show."""
    read(line.split()[1:])


def test_console_runs_what_it_shows(tmp_path: Path) -> None:
    """Output is replaced, statuses are kept from command to command, lines can be continued, files stay."""
    stale = "$ echo a > f\n$ cat f\nb\n$ false\n$ echo $?\n$ printf x |\n>   cat\n"
    assert screens.console(stale, tmp_path) == (
        "$ echo a > f\n$ cat f\na\n$ false\n$ echo $?\n1\n$ printf x |\n>   cat\nx\n"
    )


def test_a_page_is_made_in_one_folder() -> None:
    """A script that a page shows is a file for the commands below it, and output that is not so is found."""
    page = "```smtp a.smtp\nC: NOOP\n```\n\n```console\n$ cat a.smtp\nold\n```\n"
    assert "here it is 'C: NOOP'" in next(blocks(page))
    assert check.generated(page, GENERATORS) == page.replace("old", "C: NOOP")


def json_table() -> dict[str, set[str]]:
    """The events of the page on JSON, each with its further fields."""
    text = (ROOT / "docs/command-line.md").read_text(encoding="utf-8").partition("\n## JSON\n")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.M)
    return {event: set(re.findall(r"`(\w+)`", fields)) for event, fields in rows}


def json_events(*argv: str, stdin: str = "") -> list[dict[str, object]]:
    command = [sys.executable, "-m", "smtp_repl", *argv, "--json"]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json_is_as_documented(tmp_path: Path) -> None:
    """Every event has exactly the fields that the docs name, and the docs name every event."""
    script = tmp_path / "a.smtp"
    script.write_text("C: EHLO x\nS~ 220 {}\nS: 250-x\nS*: 250\nC: NOOP\nS: 550 no\n")
    said = "EHLO x\nRCPT TO:<b@example.com>\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\nDATA\nhello\n.\n"
    by_hand = json_events("--local", "--starttls", "--expect", "503", stdin=said)
    by_script = json_events("run", str(script), "--local") + json_events("run", "nowhere.smtp", "--local")
    summary = json_events("run", str(script), "--local", "--repeat", "2")[-1:]
    fields: dict[str, set[str]] = {}
    common, under_run = {"event", "at", "connection"}, {"file", "session"}
    for expected, events in ((common, by_hand), (common | under_run, by_script), (common, summary)):
        for event in events:
            assert expected <= set(event)
            found = set(event) - expected
            assert fields.setdefault(str(event["event"]), found) == found
    assert fields == json_table()
