"""docs/grammar.md says what the reader does: every example is read, and every form that can be read has one."""

from itertools import product

import pytest

from docs import grammar
from smtp_repl.script.arguments import LEVELS
from smtp_repl.script.directives import DIRECTIVES
from smtp_repl.script.lint_play import PLAYED, PLAYED_LINES
from smtp_repl.script.model import Directive, Wire
from smtp_repl.script.text import parse, write
from smtp_repl.wire.octets import unquote
from tests.test_docs import ROOT


@pytest.mark.parametrize("row", grammar.FORMS, ids=lambda row: row.example)
def test_forms(row: grammar.Form) -> None:
    (node,) = parse(row.example.encode()).nodes
    assert isinstance(node, Wire)
    assert (node.side, node.mod, node.form, node.asserts) == row.read_as


def test_there_are_no_other_forms() -> None:
    """Every tag that the reader takes is on the page."""
    read: set[tuple[str, str, str, bool]] = set()
    for side, mod, form in product("CS", ("", "?", "*", "!", "??", "=!"), (": x", "~ x", "= x", '"x"', '="x"', "! x")):
        (node,) = parse(f"{side}{mod}{form}".encode()).nodes
        if isinstance(node, Wire):
            read.add((node.side, node.mod, node.form, node.asserts))
    assert read == {row.read_as for row in grammar.FORMS}


@pytest.mark.parametrize(("example", "kind"), [(example, kind) for example, _, kind in grammar.OTHERS])
def test_other_lines(example: str, kind: str) -> None:
    (node,) = parse(example.encode() + b"\n").nodes
    assert type(node).__name__ == kind


@pytest.mark.parametrize("escape", [escape for escape, _ in grammar.ESCAPES])
def test_escapes(escape: str) -> None:
    """Each stands for one octet, and for the one that its example says."""
    octets = {"\\r": b"\r", "\\n": b"\n", "\\t": b"\t", "\\0": b"\0", "\\\\": b"\\", '\\"': b'"', "\\xff": b"\xff"}
    assert unquote(escape) == octets[escape]


def test_there_are_no_other_escapes() -> None:
    taken = []
    for code in range(0x21, 0x7F):
        try:
            unquote(f"\\{chr(code)}ff")
        except ValueError:
            continue
        taken.append(chr(code))
    assert sorted(taken) == sorted(escape[1] for escape, _ in grammar.ESCAPES)


@pytest.mark.parametrize("example", [example for example, _ in grammar.HOLES])
def test_holes(example: str) -> None:
    (node,) = parse(example.encode()).nodes
    assert isinstance(node, Wire)
    assert node.template is not None


@pytest.mark.parametrize("name", DIRECTIVES)
def test_directives(name: str) -> None:
    (node,) = parse(grammar.ARGUMENTS[name].encode()).nodes
    assert isinstance(node, Directive)
    assert node.name == name


def test_every_key_is_known() -> None:
    assert set(grammar.ARGUMENTS) == set(DIRECTIVES)
    assert tuple(grammar.LEVELS) == LEVELS


def test_the_page_itself() -> None:
    """What the prose says of numbers, and that any text is read and written back."""
    page = (ROOT / "docs/grammar.md").read_bytes()
    assert write(parse(page)) == page
    assert f"{PLAYED_LINES:,} lines or {PLAYED // 1024 // 1024} MiB" in page.decode()
