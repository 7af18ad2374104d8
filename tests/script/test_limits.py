"""What one script may ask for in all."""

import pytest

from smtp_repl.script import limits
from smtp_repl.script.rehearsal import FLOODS, rehearse
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse, write
from smtp_repl.wire.errors import ScriptError

INCLUDED = {
    "long.smtp": b"\n" * (limits.LINES // 2),
    "large.smtp": (b"# " + b"x" * 999_997 + b"\n") * (limits.INCLUDED_OCTETS // 1_500_000),
}


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("@wait 3000\n@wait 600\n", "", 0),
        ("@wait 3000\n@wait 600\n@wait 0.1\n", "@wait", 3),
        ("".join(f"C[c{n}]: NOOP\n" for n in range(limits.CONNECTIONS)), "", 0),
        ("".join(f"C[c{n}]: NOOP\n" for n in range(limits.CONNECTIONS)) + "@close[one-more]\n", "connections", 101),
        ('C"x"*1000000000\n' * 5, "C lines", 5),
        ('S"x"*1000000000\n' * 55, "S lines", 55),
        ("S: 220\n" + "S!: x\n" * limits.EXPECTED_LINES, "a reply is expected", 1),
        ('S"250-\\r\\n"*3000\n', "a reply is expected", 1),
        ("@include long.smtp\n", "", 0),
        ("@include long.smtp\n@include long.smtp\n", "lines", 2),
        ("@include large.smtp\n" * 2, "octets", 2),
    ],
)
def test_what_is_too_much(text: str, problem: str, line: int) -> None:
    """Refused where it becomes too much, before anything is said."""
    script = parse(text.encode(), "a.smtp")
    if not problem:
        compile_steps(script, INCLUDED.__getitem__)
        return
    with pytest.raises(ScriptError) as caught:
        compile_steps(script, INCLUDED.__getitem__)
    assert (caught.value.kind, caught.value.file, caught.value.line) == ("limit", "a.smtp", line)
    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("octets", "nodes"),
    [(b"\n" * (limits.LINES + 5), limits.LINES + 1), (b"nonsense\n" * (limits.PROBLEMS + 5), limits.PROBLEMS + 1)],
    ids=["lines", "problems"],
)
def test_the_rest_is_kept_and_not_read(octets: bytes, nodes: int) -> None:
    """One problem says so; nothing is lost."""
    script = parse(octets)
    assert len(script.nodes) == nodes
    assert script.problems[-1].kind == "limit"
    assert write(script) == octets


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ('C"NOOP\\r\\n"*1000', 1000),
        ('C"NOOP\\r\\n"*500000000', FLOODS // 6),
        ('C"x"*1000000000 "\\r\\n"', 1),
        ('C"NOOP" "x"*9 "\\r\\n" "RSET\\r\\n"*2', 3),
        ('C"BDAT 1000000000\\r\\n" "x"*1000000000 "NOOP\\r\\n"', 2),
        ('C"BDAT 1000000001\\r\\n" "xy"*1000000000 "\\r\\nNOOP\\r\\n"', 3),
        ('C"BDAT 99999999999999999999\\r\\n" "NOOP\\r\\n"*500000000', 1),
        ("C: BDAT 3\nC: x\nC: NOOP", 2),
        ("C: BDAT 4\nC: x\nC: NOOP", 2),
    ],
)
def test_replies_to_a_flood(line: str, replies: int) -> None:
    """Counted as if all had been said, where that can make a difference."""
    (say,) = rehearse(compile_steps(parse(line.encode())))
    assert say.replies == replies
