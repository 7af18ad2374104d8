"""Steps: what is one write, what is one expected reply, and what is included."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.script.limits import INCLUDE_DEPTH, INCLUDES
from smtp_repl.script.steps import (
    WRITE_LIMIT,
    Do,
    Hear,
    Say,
    Step,
    check_names,
    compile_steps,
    step_octets,
)
from smtp_repl.script.text import parse
from smtp_repl.wire.errors import ScriptError

RFC_5321 = """\
S: 220 smtp.example.com ESMTP Postfix
C: HELO relay.example.org
S: 250 Hello relay.example.org, I am glad to meet you
C: MAIL FROM:<bob@example.org>
S: 250 Ok
C: RCPT TO:<alice@example.com>
S: 250 Ok
C: RCPT TO:<theboss@example.com>
S: 250 Ok
C: DATA
S: 354 End data with <CR><LF>.<CR><LF>
C: From: "Bob Example" <bob@example.org>
C: To: "Alice Example" <alice@example.com>
C: Cc: theboss@example.com
C: Date: Tue, 15 January 2008 16:02:43 -0500
C: Subject: Test message
C:
C: Hello Alice.
C: This is a test message with 5 header fields and 4 lines in the message body.
C: Your friend,
C: Bob
C: .
S: 250 Ok: queued as 12345
C: QUIT
S: 221 Bye
{The server closes the connection}
"""


def steps_of(text: str, load: Callable[[str], bytes] | None = None) -> tuple[Step, ...]:
    return compile_steps(parse(text.encode(), "a.smtp"), load)


def sketch(steps: tuple[Step, ...]) -> list[str]:
    """One line for each step: `say NOOP QUIT`, `hear 250 2`, `do wait`, with the connection where it is named."""
    result = []
    for step in steps:
        name = f"[{step.connection}]" if step.connection else ""
        if isinstance(step, Say):
            result.append(f"say{name} " + " ".join(wire.text.decode().split(" ")[0] for wire in step.lines))
        elif isinstance(step, Hear):
            result.append(f"hear{name} {step.expectation.code or '-'} {len(step.expectation.lines)}")
        else:
            result.append(f"do{name} {step.directive.name}")
    return result


def test_the_conversation_of_the_textbook() -> None:
    """Text as it stands in books is a script: writes, replies, and a note that stays a note."""
    steps = steps_of(RFC_5321)
    assert [type(step).__name__ for step in steps] == ["Hear", *["Say", "Hear"] * 7]
    body = steps[11]
    assert isinstance(body, Say)
    assert (body.line, len(body.lines)) == (12, 11)
    octets = step_octets(body, {})
    assert octets.startswith(b'From: "Bob Example"')
    assert octets.endswith(b"Subject: Test message\r\n\r\nHello Alice.\r\n" + octets[octets.index(b"This") :])
    assert octets.endswith(b"\r\n.\r\n")
    assert [step.expectation.code for step in steps if isinstance(step, Hear)] == (
        ["220", "250", "250", "250", "250", "354", "250", "221"]
    )


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("C: A\nC: B\n", ["say A B"]),
        ("C: A\n# x\n\n{note}\n@title x\nC: B\n", ["say A B"]),
        ("C: A\n@wait 0\nC: B\n", ["say A", "do wait", "say B"]),
        ("C: A\nS: 250 x\nC: B\n", ["say A", "hear 250 1", "say B"]),
        ("C: A\nC[b]: B\nC: C\n", ["say A", "say[b] B", "say C"]),
        ("S: 250-a\nS: 250 b\n", ["hear 250 2"]),
        ("S: 250 a\nS: 250 b\n", ["hear 250 1", "hear 250 1"]),
        ("S: 250-a\nS: 354 b\n", ["hear 250 1", "hear 354 1"]),
        ("S: 250-a\nC: B\nS: 250 b\n", ["hear 250 1", "say B", "hear 250 1"]),
        ("S: 250-a\n# x\n\n{n}\n@tag x\nS: 250 b\n", ["hear 250 2"]),
        ("S: 250-a\n@match text\nS: 250 b\n", ["hear 250 1", "do match", "hear 250 1"]),
        ("S: 250-a\nS[b]: 250 b\n", ["hear 250 1", "hear[b] 250 1"]),
        ("S: 2xx-a\nS: 250 b\n", ["hear 2xx 2"]),
        ("S: 25x\n", ["hear 25x 1"]),
        ("S: 250\nS: 250-\nS: 250\n", ["hear 250 1", "hear 250 2"]),
        ("S: garbage\nS: 250 x\n", ["hear - 1", "hear 250 1"]),
        ("S: 250-a\nS: garbage\nS: 250 b\n", ["hear 250 3"]),
        ("S: 2500 x\n", ["hear - 1"]),
        ("S:\n", ["hear - 1"]),
        ("S~ 250-{}\nS~ 250 {}\n", ["hear 250 2"]),
        ("S~ {}\n", ["hear - 1"]),
        ("S= 25x\n", ["hear - 1"]),
        ('S"250-a\\r\\n250 b\\r\\n250 c\\r\\n"\n', ["hear 250 2", "hear 250 1"]),
        ('S"250 pa"\n', ["hear 250 1"]),
        ('S"250-pa"\nS"rt\\n250 b\\r\\n"\n', ["hear 250 2"]),
        ('S"250 pa"\nS: 250 b\n', ["hear 250 1", "hear 250 1"]),
        ('S""\n', ["hear - 1"]),
        ("S: 250 a\nS!: X\n", ["hear 250 1"]),
        ("S?: 250-x\nS: 250-a\nS?: 250-b\nS: 250 c\n", ["hear 250 4"]),
        ("S: 250-a\nS*: 250\nS: 250 next\n", ["hear 250 2", "hear 250 1"]),
        ("S*: 250\n", ["hear 250 1"]),
        ("S!: X\n", ["hear - 0"]),
        ("C: A\n@caps X\nS: 250 a\n", ["say A", "hear 250 1"]),
        ("S: 250 a\n@caps X\nC: A\n", ["hear 250 1", "say A"]),
        ("S: 250 a\n@caps X\nS: 250 b\n", ["hear 250 1", "hear 250 1"]),
        ("C: A\n@caps X\nC: B\n", ["say A", "do caps", "say B"]),
        ("C: A\n@caps[b] X\nS: 250 a\n", ["say A", "do[b] caps", "hear 250 1"]),
        ("@caps X\n", ["do caps"]),
        ("@connect example.com\n@tls start\n@auth user=a\n", ["do connect", "do tls", "do auth"]),
    ],
    ids=lambda value: value.replace("\n", "|") if isinstance(value, str) else "",
)
def test_cutting(text: str, steps: list[str]) -> None:
    """The rules of writes and replies, one case each."""
    assert sketch(steps_of(text)) == steps


def test_attachments_belong_to_the_reply_before_or_to_the_next_when_first() -> None:
    first, second = steps_of("S!: A\n@caps X\nS: 250 a\nS?: 250 b\nS: 250 c\n@caps Y\nS!: D\n")
    assert isinstance(first, Hear)
    assert isinstance(second, Hear)
    assert [wire.text for wire in first.expectation.forbidden] == [b"A"]
    assert [directive.args for directive in first.expectation.caps] == ["X"]
    assert [line.octets for line in first.expectation.lines] == [b"250 a", b"250 b"]
    assert [node.line for node in first.nodes] == [1, 2, 3, 4]
    assert first.line == 1
    assert [directive.args for directive in second.expectation.caps] == ["Y"]
    assert [wire.text for wire in second.expectation.forbidden] == [b"D"]
    assert second.expectation.texts == (b"c",)


@pytest.mark.parametrize(
    ("text", "ehlo"),
    [
        ("C: EHLO x\nS: 250 a\nS: 250 b\n", [True, False]),
        ("C: NOOP\nC: lhlo x\nS: 250 a\nS: 250 b\n", [False, True]),
        ('C"EHLO x\\r\\n"\nS: 250 a\n', [True]),
        ("S: 220\nC: EHLO x\n@timeout 5\nS: 250 a\nS: 250 b\n", [False, True, False]),
        ("C: EHLO x\nS[b]: 220\nS: 250 a\n", [False, True]),
    ],
)
def test_replies_to_ehlo_are_known(text: str, ehlo: list[bool]) -> None:
    assert [step.expectation.ehlo for step in steps_of(text) if isinstance(step, Hear)] == ehlo


def test_what_the_server_side_says() -> None:
    """Who plays S sends S lines: holes as bound or the shortest match, S? yes, S! no, a pattern as a code."""
    (hear,) = steps_of("S: 2xx-a\nS?: 250-b\nS!: X\nS~ 250-id {id:[0-9]+}\nS*: 250-\n")
    assert isinstance(hear, Hear)
    bindings: dict[str, bytes] = {}
    assert hear.expectation.sample(bindings) == b"250-a\r\n250-b\r\n250-id 0\r\n250 \r\n"
    assert bindings == {"id": b"0"}
    (hear,) = steps_of('S: 25x-a\nS"250 \\xff\\n"\n')
    assert isinstance(hear, Hear)
    assert hear.expectation.sample({}) == b"250-a\r\n250 \xff\n"


def test_problems_refuse_to_compile() -> None:
    """`run` refuses a script with a bad line and says where."""
    with pytest.raises(ScriptError) as raised:
        steps_of("C: A\nc: B\n")
    error = raised.value
    assert (error.file, error.line, error.column, error.source) == ("a.smtp", 2, 1, "c: B")


def test_octets_of_a_write() -> None:
    (say,) = steps_of('C: A\nC~ B {x}\nC"C" "D"*2\n')
    assert isinstance(say, Say)
    assert say.nodes == say.lines
    assert step_octets(say, {"x": b"1"}) == b"A\r\nB 1\r\nCDD"
    with pytest.raises(ScriptError, match="has no value") as raised:
        step_octets(say, {})
    error = raised.value
    assert (error.file, error.line, error.column, error.source) == ("a.smtp", 2, 6, "C~ B {x}")


def test_large_repeats_stream() -> None:
    """A write beyond the limit is refused in memory, and can be streamed in blocks."""
    (say,) = steps_of(f'C""*9 "{"x" * 100}"*{WRITE_LIMIT // 100 + 1}\n')
    assert isinstance(say, Say)
    with pytest.raises(ScriptError) as raised:
        step_octets(say, {})
    assert (raised.value.kind, raised.value.line) == ("limit", 1)
    sizes = [len(block) for block in say.blocks({})]
    assert sum(sizes) == say.size > WRITE_LIMIT
    assert max(sizes) <= 64 * 1024
    (hear,) = steps_of('S"x"*999999999\n')
    assert isinstance(hear, Hear)
    assert len(hear.expectation.lines[0].octets) < WRITE_LIMIT


@pytest.mark.parametrize(
    ("text", "given", "place", "hint"),
    [
        ("C~ A {x}\n", [], (1, 6), "known names: none"),
        ("C~ A {x}\n", ["x"], None, ""),
        ("@set x=1\nC~ A {x}\n", [], None, ""),
        ("C~ A {x}\n@set x=1\n", [], (1, 6), ""),
        ("S~ 220 {x}\nC~ A {x}\n", [], None, ""),
        ("S: 220\nC: A\nC~ {auth.plain}\n", [], (3, 4), "@auth user"),
        ("@auth user=a\nC~ {auth.plain} {auth.user} {auth.pass} {auth.reply}\n", [], None, ""),
        ("@auth[bob] user=b\nC~ {bob.plain}\nC~ {eve.plain}\n", [], (3, 4), "@auth[name]"),
        ("C~ {secret.1}\n", [], (1, 4), "bind it"),
        ("C~ {}\n", [], (1, 4), "name it"),
        ("C: {x}\n", [], None, ""),
        ("@timeout 5\nC: x\n", [], None, ""),
    ],
)
def test_names_are_checked_beforehand(text: str, given: list[str], place: tuple[int, int] | None, hint: str) -> None:
    """A name that nothing binds is found before anything is sent."""
    steps = steps_of(text)
    check_names(steps, given, side="S")
    if place is None:
        check_names(steps, given)
        return
    with pytest.raises(ScriptError) as raised:
        check_names(steps, given)
    error = raised.value
    assert (error.kind, error.file, error.line, error.column) == ("undeclared-variable", "a.smtp", *place)
    assert hint in error.hint


FILES = {
    "b.smtp": b"C: B\n",
    "sub/c.smtp": b"C: C\n@include d.smtp\n",
    "sub/d.smtp": b"C: D\n",
    "bad.smtp": b"C: x\nbad\n",
    "loop.smtp": b"@include loop.smtp\n",
    "ping.smtp": b"@include pong.smtp\n",
    "pong.smtp": b"@include ping.smtp\n",
    "home.smtp": b"@include a.smtp\n",
    "many.smtp": b"@include b.smtp\n" * (INCLUDES + 1),
    **{f"{n}.smtp": f"@include {n + 1}.smtp\n".encode() for n in range(INCLUDE_DEPTH + 2)},
}


def load(path: str) -> bytes:
    if path not in FILES:
        raise ScriptError(f"{path} is not there", kind="no-file")
    return FILES[path]


def test_includes() -> None:
    """Included lines stand where the directive stands, splitting writes, with the file that they come from."""
    assert steps_of("@early\n@include b.smtp\n", load)[0].line == 1
    steps = steps_of("C: A\n@include b.smtp\nC: E\n@include sub/c.smtp\n", load)
    assert sketch(steps) == ["say A", "say B", "say E", "say C", "say D"]
    assert [step.line for step in steps] == [1, 1, 3, 1, 1]
    assert [step.file for step in steps] == ["a.smtp", "b.smtp", "a.smtp", "sub/c.smtp", "sub/d.smtp"]


@pytest.mark.parametrize(
    ("text", "kind", "file", "line"),
    [
        ("\n@include none.smtp\n", "no-file", "a.smtp", 2),
        ("@include bad.smtp\n", "unknown-line", "bad.smtp", 2),
        ("@include loop.smtp\n", "include-loop", "loop.smtp", 1),
        ("@include ping.smtp\n", "include-loop", "pong.smtp", 1),
        ("@include home.smtp\n", "include-loop", "home.smtp", 1),
        ("@include 0.smtp\n", "include-depth", f"{INCLUDE_DEPTH - 1}.smtp", 1),
        ("@include many.smtp\n", "limit", "many.smtp", INCLUDES),
        ("@include ../x\n", "path-outside", "a.smtp", 1),
    ],
)
def test_includes_refused(text: str, kind: str, file: str, line: int) -> None:
    """Loops, depth, number and paths of included files are bounded; errors say which file and line."""
    with pytest.raises(ScriptError) as raised:
        steps_of(text, load)
    assert (raised.value.kind, raised.value.file, raised.value.line) == (kind, file, line)


def test_no_files() -> None:
    with pytest.raises(ScriptError, match="no files here"):
        steps_of("@include b.smtp\n")


_LINES = ["C: A", "C[b]: B", "C~ {x}", "S: 250 a", "S: 250-a", "S: 354 b", "S[b]: 220 x", "S?: 250-c", "S*: 250"]
_MORE = ["S!: X", "S~ 250 {x}", "S: garbage", 'S"250 pa"', "@caps X", "@match text", "@title x", "# c", "", "{n}"]


@given(st.lists(st.sampled_from(_LINES + _MORE), max_size=20))
def test_every_line_is_in_one_step_in_order(lines: list[str]) -> None:
    """Nothing that says or does something is lost, doubled or moved to another connection."""
    script = parse("\n".join(lines).encode())
    steps = compile_steps(script)
    nodes = [node for step in steps for node in step.nodes]
    told = [node for node in script.nodes if node in nodes]
    assert [node.line for node in nodes] == [node.line for node in told]
    quiet = {"@title x", "# c", "", "{n}"}
    assert len(nodes) == sum(line not in quiet for line in lines)
    for step in steps:
        assert {node.connection for node in step.nodes} == {step.connection}
        if isinstance(step, Hear):
            assert len(step.expectation.lines) >= len(step.expectation.required)
        assert isinstance(step, Say | Hear | Do)
