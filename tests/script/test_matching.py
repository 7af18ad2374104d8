"""Matching: every level, every kind of assertion, captures, and commands on the server's side."""

import pytest

from smtp_repl.script.arguments import Caps, Require
from smtp_repl.script.matching import (
    Level,
    Match,
    check_caps,
    lost_keywords,
    match_command,
    match_reply,
    unmet_terms,
)
from smtp_repl.script.model import Directive, Wire
from smtp_repl.script.steps import Hear, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.replies import Reply, ReplyReader


def reply_of(text: str, *, cut: bool = False) -> Reply:
    """A reply of the lines in `text`, parted by | ; `cut`: the peer closed in the middle."""
    reader = ReplyReader()
    raw = text.replace("|", "\r\n").encode("latin-1") + (b"" if cut else b"\r\n")
    replies = reader.feed(raw)
    if cut:
        partial = reader.cut("closed")
        assert partial is not None
        return partial
    (reply,) = replies
    return reply


def compare(
    script: str,
    reply: Reply | str,
    level: str = "code",
    bindings: dict[str, bytes] | None = None,
    own_names: tuple[bytes, ...] = (),
) -> Match:
    """Compare with the last expectation of a script whose lines are parted by | ; capabilities are the reply's."""
    steps = compile_steps(parse(script.replace("|", "\n").encode()))
    hear = next(step for step in reversed(steps) if isinstance(step, Hear))
    reply = reply_of(reply) if isinstance(reply, str) else reply
    capabilities = Capabilities.from_reply(reply.texts) if reply.code == 250 and len(reply.texts) > 1 else None
    scope = {} if bindings is None else bindings
    return match_reply(hear.expectation, reply, Level.from_word(level), scope, capabilities, own_names)


def told(match: Match) -> str:
    """The status and what differs: `fail code, forbidden`."""
    return " ".join((match.status, ", ".join(difference.what for difference in match.differences))).strip()


LEVELS = [
    # script, reply, then the result at class, code, status, prefix, text, exact
    ("S: 250 Ok", "250 Ok", "ok ok ok ok ok ok"),
    ("S: 250 Ok", "251 Ok", "drift fail fail fail fail fail"),
    ("S: 250 Ok", "550 Ok", "fail fail fail fail fail fail"),
    ("S: 250 Ok", "250 Okay", "drift drift drift drift fail fail"),
    ("S: 250 Ok", "250 No", "drift drift drift fail fail fail"),
    ("S: 250", "250 Ok", "ok ok ok ok fail fail"),
    ("S: 2xx Ok", "250 Ok", "ok ok ok ok ok ok"),
    ("S: 2xx Ok", "350 Ok", "fail fail fail fail fail fail"),
    ("S: 25x Ok", "251 Ok", "ok ok ok ok ok ok"),
    ("S: 25x Ok", "221 Ok", "drift fail fail fail fail fail"),
    ("S: 250 2.1.0 Ok", "250 2.1.0 Fine", "drift drift drift fail fail fail"),
    ("S: 250 2.1.0 Ok", "250 2.1.5 Ok", "drift drift fail fail fail fail"),
    ("S: 250 2.1.0 Ok", "250 Ok", "drift drift fail fail fail fail"),
    ("S: 250 Ok", "250 2.1.0 Ok", "drift drift drift fail fail fail"),
    ('S"250 2.1.0 Ok\\r\\n"', "250 2.1.5 Ok", "drift drift fail fail fail fail"),
    ("S: 250 Ok: queued as 12345", "250 Ok: queued as 4B3C21", "ok ok ok fail ok fail"),
    ("S: 250-a|S: 250 b", "250-a|250 b", "ok ok ok ok ok ok"),
    ("S: 250-a|S: 250 b", "250 a", "drift drift drift fail fail fail"),
    ("S: 250 a", "250-a|250 b", "drift drift drift fail fail fail"),
    ("S: 250-a|S?: 250-b|S: 250 c", "250-a|250 c", "ok ok ok ok ok ok"),
    ("S: 250-a|S?: 250-b|S: 250 c", "250-a|250-b|250 c", "ok ok ok ok ok ok"),
    ("S: 250-a|S?: 250-b|S: 250 c", "250-a|250-x|250 c", "drift drift drift fail fail fail"),
    ("S: 250-a|S*: 250", "250-a|250-b|250 c", "ok ok ok ok ok ok"),
    ("S: 250-a|S*: 250", "250 a", "drift drift drift fail fail fail"),
    ("S*: 250", "250-b|250 c", "ok ok ok ok ok ok"),
    ("S*: 250", "550 c", "fail fail fail fail fail fail"),
    ("S: 250-a|S*: 250-X|S: 250 z", "250-a|250-Xb|250-Xc|250 z", "drift drift drift fail fail fail"),
    ("S: garbage", "garbage", "ok ok ok ok ok ok"),
    ("S: garbage", "rubbish", "fail fail fail fail fail fail"),
    ("S: garbage", "250 garbage", "fail fail fail fail fail fail"),
    ("S: 250 ok", "garbage", "fail fail fail fail fail fail"),
    ("S: 250-a|S: garbage|S: 250 c", "250-a|garbage|250 c", "ok ok ok ok ok ok"),
    ("S!: X", "250 anything", "ok ok ok ok ok ok"),
    ('S"250 Ok\\n"', "250 Ok", "ok ok ok ok ok fail"),
    ("C: EHLO me|S: 250-a|S: 250-SIZE 1|S: 250 B", "250-a|250-B|250 SIZE 1", "ok ok ok fail ok fail"),
    ("C: EHLO me|S: 250-a|S: 250-SIZE 1|S: 250 B", "250-a|250-B|250 SIZE 2", "drift drift drift fail fail fail"),
    ("C: EHLO me|S: 250-a|S?: 250-SIZE 1|S: 250 B", "250-a|250 B", "ok ok ok ok ok ok"),
    ("C: EHLO me|S: 250-a|S: 250-B|S*: 250", "250-a|250-C|250 B", "ok ok ok fail ok fail"),
    ("C: EHLO me|S: 250-a hi|S: 250 B", "250-b hi|250 B", "drift drift drift fail fail fail"),
    ("C: EHLO me|S: 250-a|S: 250 B", "550 no", "fail fail fail fail fail fail"),
]


@pytest.mark.parametrize(("script", "reply", "results"), LEVELS, ids=[f"{row[0]} <- {row[1]}" for row in LEVELS])
def test_levels(script: str, reply: str, results: str) -> None:
    """What holds at which level; what differs below it is drift."""
    assert [compare(script, reply, level.name.lower()).status for level in Level] == results.split()


ASSERTIONS = [
    ("S= 250 Ok", "250 Ok", "ok"),
    ("S= 250 Ok", "250 Okay", "fail text"),
    ("S= 250 Ok", "250-a|250 Ok", "drift extra line"),
    ('S="250 Ok\\r\\n"', "250 Ok", "ok"),
    ('S="250 Ok\\n"', "250 Ok", "fail text"),
    ("S~ 250 {}", "250 anything", "ok"),
    ("S~ 250 {}", "550 anything", "fail code, text"),
    ("S~ {}", "550 anything", "ok"),
    ("S~ 250 {:[0-9]+}", "250 x", "fail text"),
    ("S: 250-a|S~ 250-SIZE {n:[0-9]+}|S: 250 c", "250-a|250-b|250-c|250 SIZE 5", "drift extra line, text, text"),
    ("S: 250-a|S~ 250-SIZE {n:[0-9]+}|S: 250 c", "250-a|250 c", "fail missing line"),
    ("S: 250-a|S= 250-b|S: 250 c", "250-a|250-x|250 c", "fail missing line"),
    ("S: 250-a|S?~ 250-SIZE {n:[0-9]+}|S: 250 c", "250-a|250 c", "ok"),
    ("S: 250-a|S*~ 250{:[- ]}X{}", "250-a|250-X1|250 X2", "ok"),
    ("S: 250-a|S*~ 250{:[- ]}X{}", "250-a|250-X1|250 Y", "fail text"),
    ("S: 250-a|S*= 250 x", "250-a|250 x", "ok"),
    ("S: 250 ok|S!: secret", "250 ok", "ok"),
    ("S: 250 ok|S!: secret", "250 a secret", "fail forbidden"),
    ("S: 250 ok|S!= 250 ok", "250 ok", "fail forbidden"),
    ("S: 250 ok|S!= ok", "250 ok", "ok"),
    ("S: 250 ok|S!~ o{:[a-z]}", "250 ok", "fail forbidden"),
    ("S: 250 ok|S!~ x{}", "250 ok", "ok"),
    ("S: 250 ok|S!: secret", "550 secret", "fail code, forbidden"),
    ("C: EHLO x|S: 250-a|S: 250 STARTTLS|@caps STARTTLS !XCLIENT", "250-a|250 STARTTLS", "ok"),
    ("C: EHLO x|S: 250-a|S: 250 STARTTLS|@caps SIZE", "250-a|250 STARTTLS", "fail caps"),
    ("C: EHLO x|S: 250-a|S: 250 XCLIENT|@caps !XCLIENT", "250-a|250 XCLIENT", "fail caps"),
    ("S: 220 a|@caps SIZE", "220 a", "fail caps"),
]


@pytest.mark.parametrize(("script", "reply", "result"), ASSERTIONS, ids=[f"{row[0]} <- {row[1]}" for row in ASSERTIONS])
def test_assertions(script: str, reply: str, result: str) -> None:
    """`S~ S= S="…" S!` and `@caps` hold at every level, so at the default one too."""
    assert told(compare(script, reply)) == result


@pytest.mark.parametrize("level", list(Level))
def test_assertions_hold_at_every_level(level: Level) -> None:
    for script, reply in (
        ("S= 250 Ok", "250 ok"),
        ("S~ 250 {:[0-9]}", "250 ok"),
        ('S="250 Ok\\n"', "250 Ok"),
        ("S: 250 Ok|S!: Ok", "250 Ok"),
        ("S: 250 Ok|@caps X", "250 Ok"),
    ):
        assert compare(script, reply, level.name).status == "fail"


def test_captures_are_kept_unless_it_fails() -> None:
    bindings: dict[str, bytes] = {}
    assert compare("S~ 250 id {id}", "250 id 7", bindings=bindings).status == "ok"
    assert bindings == {"id": b"7"}
    assert compare("S~ 250 id {id}", "250 id 8", bindings=bindings).status == "fail"
    assert compare("S~ 250 x {x}|S!: x", "250 x 9", bindings=bindings).status == "fail"
    assert bindings == {"id": b"7"}
    assert compare("S~ 250-{a} {id}|S: 250 x", "250-q 7|250 y", bindings=bindings).status == "drift"
    assert bindings == {"id": b"7", "a": b"q"}
    assert compare("S~ 250-{b}|S~ 250 {b}", "250-1|250 1", "exact", bindings).status == "ok"
    assert bindings["b"] == b"1"


@pytest.mark.parametrize(
    ("script", "reply", "level", "places"),
    [
        ("S: 250 Ok", "550 5.1.1 No", "code", [(1, 4, 3, "250 Ok", "550 5.1.1 No", "code")]),
        ('S"250 Ok\\r\\n"', "550 No", "code", [(1, 3, 3, "250 Ok", "550 No", "code")]),
        ("S: 250 2.1.0 Ok", "250 2.1.5 Ok", "status", [(1, 8, 5, "250 2.1.0 Ok", "250 2.1.5 Ok", "enhanced")]),
        ("S: 250 Hello me", "250 Hello you", "text", [(1, 14, 2, "250 Hello me", "250 Hello you", "text")]),
        ("S: 250-a|S: 250-b|S: 250 c", "250-a|250 c", "text", [(2, 4, 5, "250-b", "", "missing line")]),
        ("S: 250-a|S: 250 c", "250-a|250-x|250 c", "text", [(2, 4, 5, "", "250-x", "extra line")]),
        ("S: 250-a|S: 250-b|S: 250 c", "250-b|250 c", "text", [(1, 4, 5, "250-a", "", "missing line")]),
        ("S: 250-a|S: 250 c", "250-x|250 y", "text", [
            (1, 8, 1, "250-a", "250-x", "text"),
            (2, 8, 1, "250 c", "250 y", "text"),
        ]),
        ("S: 250 Ok|  S!: O", "250 Ok", "code", [(2, 7, 1, "O", "250 Ok", "forbidden")]),
        ("S: 220 x|@caps  SIZE !AUTH", "250-x|250 AUTH A", "code", [
            (1, 4, 3, "220 x", "250 AUTH A", "code"),
            (2, 8, 4, "SIZE", "not offered", "caps"),
            (2, 13, 5, "!AUTH", "AUTH A", "caps"),
        ]),
        ("S: 250 a", "250 \x1b[2J", "text", [(1, 8, 1, "250 a", "250 \\x1b[2J", "text")]),
    ],
)  # fmt: skip
def test_differences_say_where(script: str, reply: str, level: str, places: list[tuple[object, ...]]) -> None:
    """A difference points into the script, in characters, and what it shows is safe to print."""
    assert [tuple(difference) for difference in compare(script, reply, level).differences] == places


@pytest.mark.parametrize(
    ("script", "cut", "level", "result"),
    [
        ("S: 250 Ok", "250 O", "code", "fail cut short"),
        ("S: 250-a|S: 250 b", "250-a|", "code", "fail cut short"),
        ('S"250 O"', "250 O", "exact", "ok"),
        ('S"250 O"', "250 X", "text", "fail text"),
        ('S"250 O"', "550 O", "code", "fail code"),
        ("S!: X", "250 O", "code", "ok"),
    ],
)
def test_cut_replies(script: str, cut: str, level: str, result: str) -> None:
    """A reply that was cut off fails, unless the script has it cut off too."""
    assert told(compare(script, reply_of(cut, cut=True), level)) == result


@pytest.mark.parametrize("script", ["S: 250 Ok", "S: garbage", "S~ 250 {}"])
def test_nothing_fails_what_expects_something(script: str) -> None:
    assert compare(script, Reply(None, (), b"", partial=True)).status == "fail"
    assert compare(script, Reply(None, (), b"")).status == "fail"


def test_own_names_are_masked() -> None:
    script, reply = "S: 250 Hello old.example.org", "250 Hello new.example.net"
    assert compare(script, reply, "text").status == "fail"
    assert compare(script, reply, "text", own_names=(b"old.example.org", b"new.example.net")).status == "ok"


@pytest.mark.parametrize(
    ("args", "lines", "unmet"),
    [
        ("STARTTLS", None, ["STARTTLS"]),
        ("STARTTLS SIZE", b"SIZE 1000", ["STARTTLS"]),
        ("SIZE=1000", b"SIZE 1000", []),
        ("SIZE=2000", b"SIZE 1000", ["SIZE=2000"]),
        ("AUTH=PLAIN,LOGIN", b"AUTH LOGIN plain", []),
        ("AUTH=LOGIN", b"AUTH=LOGIN", []),
        ("AUTH=LOGIN,X", b"AUTH LOGIN", ["AUTH=LOGIN,X"]),
    ],
)
def test_requirements(args: str, lines: bytes | None, unmet: list[str]) -> None:
    (node,) = parse(f"@require {args}".encode()).nodes
    assert isinstance(node, Directive)
    assert isinstance(node.value, Require)
    capabilities = None if lines is None else Capabilities.from_reply([b"x", lines])
    assert [str(term) for term in unmet_terms(node.value.terms, capabilities)] == unmet


@pytest.mark.parametrize(
    ("args", "lines", "got"),
    [
        ("!AUTH=LOGIN", b"AUTH PLAIN", []),
        ("!AUTH=LOGIN", b"AUTH LOGIN PLAIN", ["AUTH LOGIN PLAIN"]),
        ("!SIZE", b"SIZE 7", ["SIZE 7"]),
        ("!SIZE", None, []),
        ("SIZE", None, ["no EHLO reply yet"]),
        ("SIZE=8", b"SIZE 7", ["SIZE 7"]),
    ],
)
def test_caps(args: str, lines: bytes | None, got: list[str]) -> None:
    (node,) = parse(f"@caps {args}".encode()).nodes
    assert isinstance(node, Directive)
    assert isinstance(node.value, Caps)
    capabilities = None if lines is None else Capabilities.from_reply([b"x", lines])
    assert [difference.got for difference in check_caps(node, capabilities)] == got


def test_only_caps_are_checked_as_caps() -> None:
    (node,) = parse(b"@early").nodes
    assert isinstance(node, Directive)
    assert check_caps(node, None) == []


@pytest.mark.parametrize(
    ("expected", "reply", "lost"),
    [
        ([b"a", b"STARTTLS", b"SIZE 5"], "250-b|250 size 7", ("STARTTLS",)),
        ([b"a", b"SIZE {n}"], "250-b|250 SIZE 7", ()),
        ([b"a"], "250 b", ()),
        ([b"a", b"STARTTLS"], "250 b", ("STARTTLS",)),
        ([b"a", b"STARTTLS"], "502 no", ()),
    ],
)
def test_lost_keywords(expected: list[bytes], reply: str, lost: tuple[str, ...]) -> None:
    """What the script's EHLO reply had and this one lacks is named; a refused EHLO loses nothing."""
    assert lost_keywords(expected, reply_of(reply)) == lost


@pytest.mark.parametrize(
    ("line", "command", "result"),
    [
        ("C: EHLO a", b"EHLO a", "ok"),
        ("C: EHLO a", b"ehlo b", "drift text"),
        ("C: EHLO a", b"HELO a", "fail verb"),
        ("C:", b"NOOP", "fail verb"),
        ("C:", b"", "ok"),
        ("C= EHLO a", b"EHLO a", "ok"),
        ("C= EHLO a", b"EHLO b", "fail text"),
        ("C~ EHLO {me}", b"EHLO b", "ok"),
        ("C~ EHLO {me}", b"HELO b", "fail text"),
        ("C~ AUTH PLAIN {auth.plain}", b"AUTH PLAIN AGE=", "ok"),
        ('C"NOOP\\r\\n"', b"NOOP", "ok"),
        ('C"NOOP x\\r\\n"', b"NOOP y", "drift text"),
        ('C"NOOP x\\r\\n"', b"QUIT", "fail verb"),
        ('C="NOOP" " x\\n"', b"NOOP x", "ok"),
        ('C="NOOP x\\n"', b"NOOP y", "fail text"),
    ],
)
def test_commands(line: str, command: bytes, result: str) -> None:
    """Who plays S compares the verb of `C:` lines, and all of `C=` and `C~` lines."""
    (wire,) = parse(line.encode()).nodes
    assert isinstance(wire, Wire)
    assert told(match_command(wire, command)) == result


def test_steps_have_no_verb() -> None:
    (wire,) = parse(b"C: dGlt").nodes
    assert isinstance(wire, Wire)
    assert told(match_command(wire, b"Ym9i", step=True)) == "drift text"
    assert told(match_command(wire, b"Ym9i")) == "fail verb"


def test_commands_capture() -> None:
    (wire,) = parse(b"C~ MAIL FROM:<{who}>").nodes
    assert isinstance(wire, Wire)
    bindings: dict[str, bytes] = {}
    assert match_command(wire, b"MAIL FROM:<a@example.org>", bindings).status == "ok"
    assert bindings == {"who": b"a@example.org"}
    assert match_command(wire, b"MAIL FROM:<b@example.org>", bindings).status == "fail"
