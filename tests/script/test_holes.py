"""Holes: filling, capturing, sampling, and the promise that a line costs at most quadratic time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.script.holes import Template, parse_template
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.secrets import Secret


@pytest.mark.parametrize(
    ("text", "scope", "line"),
    [
        ("EHLO {me}", {"me": b"x.example.org"}, b"EHLO x.example.org"),
        ("{a}{a}", {"a": b"1"}, b"11"),
        ("{{{a}}}", {"a": b"1"}, b"{1}"),
        ("AUTH PLAIN {auth.plain}", {"auth.plain": Secret(b"AGE=")}, b"AUTH PLAIN AGE="),
        ("{secret.1}", {"secret.1": b"x"}, b"x"),
        (r"AUTH PLAIN {b64:\0alice\0wrong}", {}, b"AUTH PLAIN AGFsaWNlAHdyb25n"),
        ("{b64:}", {}, b""),
        ("{b64:a{b}c}", {}, b"YXtifWM="),
        ("{n:[0-9]{3}}", {"n": b"abc"}, b"abc"),
        ("grüß {a}", {"a": b"dich"}, "grüß dich".encode()),
        ("", {}, b""),
    ],
)
def test_fill(text: str, scope: dict[str, bytes | Secret], line: bytes) -> None:
    assert parse_template(text, "C").fill(scope) == line


@pytest.mark.parametrize(
    ("text", "scope", "kind", "column", "hint"),
    [
        ("EHLO {me}", {"you": b"", "her": b""}, "undeclared-variable", 6, "known names: her, you"),
        ("EHLO {}", {}, "undeclared-variable", 6, "name it"),
        ("a {b}", {"b": b"x\r\nQUIT"}, "control-char", 3, ""),
        ("a {b}", {"b": b"x\0"}, "control-char", 3, ""),
    ],
)
def test_fill_refused(text: str, scope: dict[str, bytes | Secret], kind: str, column: int, hint: str) -> None:
    """A hole without a value, and a value that would become a second command, are refused with their place."""
    with pytest.raises(ScriptError) as raised:
        parse_template(text, "C", line=7).fill(scope)
    error = raised.value
    assert (error.kind, error.line, error.column) == (kind, 7, column)
    assert hint in error.hint


@pytest.mark.parametrize(
    ("text", "line", "captured"),
    [
        ("250 {}", b"250 anything", {}),
        ("250 {}", b"250 ", {}),
        ("250 {}", b"550 no", None),
        ("250 {id}", b"250 4F1", {"id": b"4F1"}),
        ("250 {a} {b}", b"250 x y z", {"a": b"x", "b": b"y z"}),
        ("250 {a} {b}!", b"250 x y! z!", {"a": b"x", "b": b"y! z"}),
        ("{} from {} queued as {id}", b"250 2.0.0 Ok from a from b queued as 9", {"id": b"9"}),
        ("{x} {x}", b"a b a b", {"x": b"a b"}),
        ("{x} {x}", b"a b", None),
        ("{n:[0-9]+}{rest}", b"12ab", {"n": b"12", "rest": b"ab"}),
        ("{:a|b}c", b"bc", {}),
        ("{:a|b}c", b"a", None),
        ("{{{x}}}", b"{1}", {"x": b"1"}),
        ("250 {x}", b"250 caf\xe9", {"x": b"caf\xe9"}),
        ("250 caf\u00e9 {x}", "250 café 1".encode(), {"x": b"1"}),
        ("{a}{b}", b"xy", {"a": b"", "b": b"xy"}),
        (r"{:\d}", "\u0663".encode(), None),
        ("250 ok", b"250 ok\n", None),
    ],
)
def test_match(text: str, line: bytes, captured: dict[str, bytes] | None) -> None:
    """The whole line has to match; every hole takes the shortest text from left to right."""
    assert parse_template(text, "S").match(line, {}) == captured


def test_bound_names_must_be_equal() -> None:
    """A name that is bound matches its value only, and does not make the holes before it commit too early."""
    template = parse_template("{a} {b}!", "S")
    assert template.match(b"x y z!", {"b": b"z"}) == {"a": b"x y"}
    assert template.match(b"x y z!", {"b": b"q"}) is None
    assert template.match(b"x.*!", {"b": b".*"}) is None
    assert template.match(b"x y!", {"a": b"x", "b": b"y"}) == {}


def test_names_of_commands_may_repeat() -> None:
    """In a `C~` a name may occur as often as one likes; compared, the later ones take anything."""
    template = parse_template("{a} {b} {a} {b}", "C")
    assert template.fill({"a": b"1", "b": b"2"}) == b"1 2 1 2"
    assert template.match(b"1 2 3 4", {}) == {"a": b"1", "b": b"2"}
    assert template.match(b"1 2 3 4", {"a": b"1"}) is None


class _Unwilling(dict[str, bytes | Secret]):
    def __missing__(self, name: str) -> bytes | Secret:
        raise ScriptError(f"{name} answers a challenge, and there is none", "hint", kind="no-challenge")


def test_a_scope_says_why_and_the_template_where() -> None:
    """Where a value cannot be made now, the reason of the scope comes with the place of the hole."""
    with pytest.raises(ScriptError, match="there is none") as raised:
        parse_template("AB {auth.reply}", "C", line=3).fill(_Unwilling())
    error = raised.value
    assert (error.kind, error.hint, error.line, error.column) == ("no-challenge", "hint", 3, 4)


def test_secrets_take_anything_and_are_not_captured() -> None:
    """Who plays S does not know our secrets: any step will do, and it is not kept."""
    assert parse_template("AUTH PLAIN {auth.plain}", "C").match(b"AUTH PLAIN AGE=", {}) == {}


def test_anywhere() -> None:
    """`S!~` looks for its text anywhere in the line."""
    template = parse_template("queued as {:[A-F0-9]+}", "S", anywhere=True)
    assert template.match(b"250 ok queued as 4F1; bye", {}) is not None
    assert template.match(b"250 ok queued as -", {}) is None


@pytest.mark.parametrize(
    ("text", "side", "kind", "column"),
    [
        ("a {b", "S", "bad-hole", 3),
        ("a } b", "S", "bad-hole", 3),
        ("{1x}", "S", "bad-hole", 1),
        ("{a b}", "S", "bad-hole", 1),
        ("{a.b.c}", "C", "bad-hole", 1),
        ("{auth.plain}", "S", "bad-hole", 1),
        ("{b64:x}", "S", "bad-hole", 1),
        (r"x{b64:\q}", "C", "bad-hole", 2),
        ("x {n:(a)}", "S", "bad-regex", 6),
        ("{:(}", "S", "bad-regex", 3),
        ("{:a*b*c*}", "S", "bad-regex", 1),
        ("{:a*} {:b*} {:c*}", "S", "bad-regex", 13),
        ("{x} {y} {x}", "S", "bad-regex", 9),
        ("{:a*} {} {} {:b*}", "S", "bad-regex", 13),
        (" {}" * 101, "S", "bad-hole", 303),
        ("{:a*b*}{}c", "S", "bad-regex", 8),
        ("{:a{0,40}b{0,40}}", "S", "bad-regex", 1),
        ("{:a{0,20}b*c*}", "S", "bad-regex", 1),
        ("{:a?a?a?a?a?a?a?a?a?a?a?}", "S", "bad-regex", 1),
    ],
)
def test_refused(text: str, side: str, kind: str, column: int) -> None:
    with pytest.raises(ScriptError) as raised:
        parse_template(text, side)
    assert (raised.value.kind, raised.value.column) == (kind, column)


@pytest.mark.parametrize(
    "text",
    [
        "no hole",
        "{} {} {} {} {} {} {}",
        "{:a*}{:b*}",
        "{:a*}{:b*}{}",
        "{:a*} {} {}",
        "{} {} {:b*}",
        "250 {} from {} queued as {id:[A-Za-z0-9]+}",
        r"{:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}}",
    ],
)
def test_allowed(text: str) -> None:
    """Wildcards are free when they commit, and two unbounded quantifiers are allowed."""
    assert isinstance(parse_template(text, "S"), Template)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{} {} {} {} {} {} {} {}x", b" " * 8192),
        ("{x} {x}!", b"a " * 2000),
        ("{:a*}{:a*}b", b"a" * 2000),
        ("{:a*}{} {}x", b"a" * 2000 + b" "),
    ],
)
def test_hostile_lines_are_cheap(text: str, line: bytes) -> None:
    """A line that almost matches costs at most quadratic time."""
    template = parse_template(text, "S")
    begun = time.perf_counter()
    assert template.match(line, {}) is None
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    ("text", "bindings", "line", "after"),
    [
        ("250 as {id}", {}, b"250 as ", {"id": b""}),
        ("250 as {id}", {"id": b"7"}, b"250 as 7", {"id": b"7"}),
        ("250 {id:[0-9]{3}} {id}{}", {}, b"250 000 000", {"id": b"000"}),
    ],
)
def test_sample(text: str, bindings: dict[str, bytes], line: bytes, after: dict[str, bytes]) -> None:
    """Who plays S says the bound value, else the shortest match, which is bound from then on."""
    assert parse_template(text, "S").sample(bindings) == line
    assert bindings == after


def test_names_and_secrecy() -> None:
    template = parse_template("{b}{a}{b}{}", "C")
    assert template.names == ("b", "a")
    assert not template.secret
    assert parse_template("{bob.pass}", "C").secret
    assert template == parse_template("{b}{a}{b}{}", "C")
    assert hash(template) == hash(parse_template("{b}{a}{b}{}", "C"))
    assert template != parse_template("{b}", "C")
    assert "{b}{a}" in repr(template)


_LITERAL = st.text(alphabet="ab {}é.\\*", max_size=6)


@given(
    st.lists(st.tuples(_LITERAL, st.sampled_from(["{}", "{x}", "{y}", ""])), max_size=5),
    st.text("ab {é", max_size=4),
)
def test_what_was_made_from_a_template_matches_it(parts: list[tuple[str, str]], value: str) -> None:
    """A line made from a template matches it, whether its names are bound or not."""
    values = {"{x}": value, "{y}": "b", "{}": value, "": ""}
    line = "".join(literal + values[hole] for literal, hole in parts).encode()
    text = "".join(literal.replace("{", "{{").replace("}", "}}") + hole for literal, hole in parts)
    try:
        template = parse_template(text, "S")
    except ScriptError as error:
        assert error.kind == "bad-regex"  # noqa: PT017 - a name three times
        return
    assert template.match(line, {"x": value.encode(), "y": b"b"}) == {}
    assert template.match(line, {}) is not None


@given(st.text(max_size=30), st.sampled_from("CS"))
def test_any_text_is_read_or_refused(text: str, side: str) -> None:
    """Whatever stands in a line: a template or a `ScriptError` with a place in it."""
    try:
        parse_template(text, side)
    except ScriptError as error:
        assert 1 <= error.column <= len(text) + 1  # noqa: PT017
