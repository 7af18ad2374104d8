"""A transcript told again: the same events as if one had been there, for any text."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.script.exchanges import read_exchanges
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.script.transcript import wire_line
from smtp_repl.teach.retelling import (
    LINE_TOLD,
    Connected,
    Retold,
    Secured,
    TheyLeft,
    WeLeft,
    retell,
    told_by,
)
from smtp_repl.wire.events import (
    BodySaid,
    Broken,
    CapabilitiesKnown,
    ChallengeSaid,
    ChunkSaid,
    Closed,
    CommandSaid,
    Event,
    Finding,
    HandshakeDue,
    ReplySaid,
)
from smtp_repl.wire.octets import quote
from smtp_repl.wire.states import END_OF_DATA
from tests.wire.pair import merged

ROOT = Path(__file__).parents[2]
CONVERSATIONS = sorted((ROOT / "tests" / "conversations").glob("*.smtp"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.smtp"))
GREETED = ["S: 220 mail.example.com ESMTP", "C: EHLO client.example.org", "S: 250-mail.example.com"]

ALIKE = {"*": "AUTH step", "BDAT LAST": "BDAT"}
"""Names of commands that differ from those of exchanges."""


def told(*lines: str) -> list[Retold]:
    return list(retell(parse("\n".join(lines).encode())))


def events_of(lines: Iterable[Retold]) -> list[Event]:
    apart = (Connected, Secured, TheyLeft, WeLeft)
    return [event for line in lines for event in line.events if not isinstance(event, apart)]


def rules(*lines: str) -> list[str]:
    return [event.rule for event in events_of(told(*lines)) if isinstance(event, Finding)]


def closed(*lines: str) -> list[Closed]:
    return [event for event in events_of(told(*lines)) if isinstance(event, Closed)]


PAIRED_OTHERWISE = frozenset({"greylisting", "impatient", "starttls-command-injection"})
"""Where exchanges are cruder: `@close`, `@early`, and what a handshake makes the server forget are nothing to them."""


@pytest.mark.parametrize("path", [*CONVERSATIONS, *SCRIPTS], ids=lambda path: path.stem)
def test_every_conversation_is_told_as_it_was(path: Path) -> None:
    """Commands, messages and replies pair as they do when sessions are compared, and nothing is beyond a limit."""
    script = parse(path.read_bytes(), str(path))
    lines = list(retell(script))
    assert not [event for event in events_of(lines) if isinstance(event, Broken)]
    for connection in {line.connection for line in lines if line.side != "#" and path.stem not in PAIRED_OTHERWISE}:
        reading = read_exchanges(compile_steps(script), connection)
        paired = [
            (ALIKE.get(exchange.kind, exchange.kind), answer.reply.code)
            for exchange in reading.exchanges
            for answer in exchange.answers
        ]
        own = events_of(line for line in lines if line.connection == connection)
        told_so = [
            (ALIKE.get(event.answers, event.answers) if event.answers is not None else "unasked", event.reply.code)
            for event in own
            if isinstance(event, ReplySaid)
        ]
        assert sorted(told_so, key=str) == sorted(paired, key=str)


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
def test_each_line_is_told_once_and_in_order(path: Path) -> None:
    """Every line with something on it is one entry; the last entries are the ends of the connections."""
    script = parse(path.read_bytes())
    lines = [line.line for line in retell(script) if line.text or line.side != "#"]
    assert lines == [node.line for node in script.nodes if node.source.strip()]


SESSION = (
    ("S", b"220 mail.example.com ESMTP\r\n"),
    ("C", b"EHLO client.example.org\r\n"),
    ("S", b"250-mail.example.com\r\n250-CHUNKING\r\n250 PIPELINING\r\n"),
    ("C", b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"),
    ("S", b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n"),
    ("C", b"Subject: x\r\n\r\n..dot\r\n.\r\n"),
    ("S", b"250 2.0.0 Ok\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"221 2.0.0 Bye\r\n"),
)


def cut_at(octets: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({place % len(octets) for place in places} | {0, len(octets)})
    return [octets[begin:end] for begin, end in pairwise(ends)]


@given(st.lists(st.lists(st.integers(0, 200), max_size=6), min_size=len(SESSION), max_size=len(SESSION)))
def test_where_lines_are_cut_does_not_matter(cuts: list[list[int]]) -> None:
    """The same octets in other lines of the text are the same events."""
    whole = told(*(wire_line(side, octets) for side, octets in SESSION))
    pieces = [
        f'{side}"{quote(piece)}"'
        for (side, said), places in zip(SESSION, cuts, strict=True)
        for piece in cut_at(said, places)
    ]
    assert merged(events_of(told(*pieces))) == merged(events_of(whole))
    assert b"".join(line.octets for line in told(*pieces)) == b"".join(octets for _, octets in SESSION)


@given(st.binary(max_size=300))
def test_any_text_can_be_told(text: bytes) -> None:
    """Nothing that a text holds raises, and a line that cannot be read is an entry without events."""
    for line in retell(parse(text)):
        assert line.side in ("C", "S", "#")


LINES = [
    "S: 220 x",
    "S: 250-",
    "S: 2xx",
    "S*: 250",
    "S!: x",
    "S~ 334 {}",
    "C: DATA",
    "C: STARTTLS",
    "S: 220 go",
    "C~ {}",
]
LINES += [
    "@tls manual",
    "@tls start",
    "@eof",
    "@close",
    "@data x.eml",
    "@caps X",
    "C: AUTH PLAIN",
    'C"BDAT 9\\r\\n"',
    "# x",
]
LINES += [
    "# the server closed the connection",
    "# connected to 192.0.2.1:25",
    'S"x"*999999',
    'C"x"*9',
    "C~ {auth.pass}",
    "C[b]: x",
]


@given(st.lists(st.sampled_from(LINES), max_size=20))
def test_any_lines_can_be_told(lines: list[str]) -> None:
    """Whatever the order of the lines."""
    assert len(told(*lines)) >= len(lines)


def test_a_bad_line_is_an_entry_without_events() -> None:
    assert told("EHLO x")[0] == Retold(1, "", "#", "EHLO x")


def test_starttls_shakes_hands() -> None:
    """After the 220 the session is a new one: what was offered is forgotten."""
    lines = [*GREETED, "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go", "C: EHLO x", "S: 250 y"]
    assert "capabilities-forgotten" in rules(*lines)
    assert "no-ehlo-after-tls" in rules(*lines[:6], "C: MAIL FROM:<a@example.org>")
    by_hand = told(*lines[:4], "@tls manual", *lines[4:6], "# here", "@tls start", *lines[6:])
    assert [type(event) for event in by_hand[6].events] == [ReplySaid, HandshakeDue]
    assert "capabilities-forgotten" in [getattr(event, "rule", "") for event in by_hand[8].events]


@pytest.mark.parametrize(
    "injected", [["S: 220 go", "S: 250 evil"], ['S"220 go\\r\\n250 evil\\r\\n"']], ids=["lines", "one"]
)
def test_what_came_before_the_handshake_was_injected(injected: list[str]) -> None:
    """RFC 3207 §5: a reply behind the 220 that nobody asked for; no handshake follows."""
    lines = told(*GREETED, "S: 250 STARTTLS", "C: STARTTLS", *injected)
    found = [event for event in events_of(lines) if isinstance(event, HandshakeDue)]
    assert found[-1].injected == b"250 evil\r\n"
    assert not [event for event in events_of(lines) if event == CapabilitiesKnown]


def test_remarks_of_a_recording() -> None:
    """Where to, how, and who left: what no wire line shows."""
    lines = told(
        "# connected to 192.0.2.7:465 (mail.example.com)",
        "# TLS 1.3 TLS_AES_256_GCM_SHA384, certificate verified (mail.example.com)",
        *GREETED,
        "S: 250 AUTH PLAIN",
        "C~ AUTH PLAIN {auth.plain}",
        "S: 235 ok",
        "# the server closed the connection",
    )
    assert lines[0].events == (Connected("mail.example.com", "192.0.2.7", 465),)
    assert lines[1].events == (Secured("TLS 1.3", "TLS_AES_256_GCM_SHA384", "verified", "mail.example.com"),)
    assert [type(event) for event in lines[-1].events] == [TheyLeft, Closed]
    assert not [event for event in events_of(lines) if isinstance(event, Finding)]


@pytest.mark.parametrize(
    ("where", "found"),
    [("192.0.2.7:25", ["auth-cleartext"]), ("127.0.0.1:25", []), ("[::1]:25", []), ("", [])],
    ids=["elsewhere", "here", "here, IPv6", "not told"],
)
def test_a_password_in_the_clear(where: str, found: list[str]) -> None:
    """Only where the text says that the connection left the machine without TLS."""
    lines = [*GREETED, "S: 250 AUTH PLAIN", "@auth user=alice", "C~ AUTH PLAIN {auth.plain}"]
    assert rules(*([f"# connected to {where}"] if where else []), *lines) == found


@pytest.mark.parametrize(
    ("remark", "meaning"),
    [
        ("connected to 192.0.2.7:25", Connected("", "192.0.2.7", 25)),
        ("connected to [2001:db8::1]:587 (mx.example.com)", Connected("mx.example.com", "2001:db8::1", 587)),
        ("connected to /run/lmtp", Connected("", "/run/lmtp", 0)),
        ("the server closed the connection while DATA, . awaited a reply", TheyLeft()),
        ("we closed the connection", WeLeft()),
        ("connected to the internet", None),
        ("TLSv1.3 TLS_AES_256_GCM_SHA384", Secured("TLSv1.3", "TLS_AES_256_GCM_SHA384", "")),
        ("TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256", Secured("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "")),
        ("TLSv1.2 required", None),
        ("TLS", None),
    ],
)
def test_what_a_remark_says(remark: str, meaning: object) -> None:
    assert told_by(remark) == meaning


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ([], [Closed(False, ("NOOP",))]),
        (["@eof"], [Closed(False, ("NOOP",))]),
        (["S: 250 ok", "C: QUIT", "S: 221 bye"], [Closed(True, ())]),
        (["@close"], []),
        (["# we closed the connection"], []),
    ],
    ids=["end of the text", "@eof", "QUIT", "@close", "we left"],
)
def test_how_it_ends(end: list[str], expected: list[Closed]) -> None:
    """The end of the text is the end of the connection, unless we left before."""
    assert closed(*GREETED, "S: 250 PIPELINING", "C: NOOP", *end) == expected


def test_a_second_session_in_the_same_text() -> None:
    """After `# connected to` everything begins anew."""
    session = ["# connected to 192.0.2.7:25", *GREETED, "S: 250 X"]
    lines = told(*session, "# we closed the connection", *session, "# the server closed the connection", *session)
    greetings = [event for event in events_of(lines) if isinstance(event, ReplySaid) and event.answers == "greeting"]
    assert len(greetings) == 3


def test_a_list_of_commands() -> None:
    """Where nothing is told of the server there is nothing to find fault with."""
    lines = told("C: EHLO x", "C: MAIL FROM:<a@example.org>", "C: RCPT TO:<b@example.com>", "C: DATA", "C: hi", "C: .")
    kinds = [type(event) for event in events_of(lines)]
    assert kinds == [CommandSaid] * 4 + [BodySaid] * 2


def test_the_greeting_need_not_be_told() -> None:
    assert rules("C: EHLO x", "S: 250 y", "C: QUIT", "S: 221 bye") == []
    assert "talks-too-early" in rules("C: EHLO x", "S: 220 y", "S: 250 z")
    assert "talks-too-early" in rules("@early", "C: EHLO x", "S: 220 y", "S: 250 z")


def test_steps_are_read_as_what_they_stand_for() -> None:
    """A hole of an identity is a step of AUTH of the right form, and stays what it is in the octets."""
    lines = told(
        *GREETED,
        "S: 250 AUTH LOGIN",
        "@auth user=alice",
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        "C~ {auth.user}",
        "S: 334 UGFzc3dvcmQ6",
        "C~ {auth.pass}",
        "S: 235 ok",
    )
    steps = [event.step for event in events_of(lines) if isinstance(event, CommandSaid) and event.step is not None]
    assert [(step.user, step.is_base64) for step in steps] == [(b"alice", True), (None, True)]
    assert [line.octets for line in lines if line.octets.startswith(b"{")] == [b"{auth.user}\r\n", b"{auth.pass}\r\n"]


def test_a_fresh_challenge_is_no_fault() -> None:
    lines = told(*GREETED, "S: 250 AUTH CRAM-MD5", "C: AUTH CRAM-MD5", "S~ 334 {}")
    assert [event.decoded for event in events_of(lines) if isinstance(event, ChallengeSaid)] == [b""]


def test_holes_stand_as_they_are_written_and_are_read_as_words() -> None:
    lines = told(
        "S~ 220 {host} ESMTP", "@set me=client.example.org", "C~ EHLO {me}", "S~ 250 {host}", "C~ MAIL FROM:<a@{host}>"
    )
    assert [line.octets for line in lines if line.side == "C"] == [
        b"EHLO client.example.org\r\n",
        b"MAIL FROM:<a@{host}>\r\n",
    ]
    assert not [event for event in events_of(lines) if isinstance(event, Finding)]


def test_what_only_describes_a_reply_has_no_faults() -> None:
    assert rules("S: 2xx", "C: EHLO x", "S: 250-a", "S?: 250-DSN", "S*: 250", "S!: X", "C: QUIT", "S: 221 x") == []


def test_a_great_many_octets_are_told_shortly() -> None:
    """A line stays within bounds, its end stays, and a chunk has its length all the same."""
    size = 5_000_000
    lines = told(
        *GREETED,
        "S: 250 CHUNKING",
        f"C: BDAT {size} LAST",
        f'C"A"*{size}',
        "S: 250 ok",
        "C: QUIT",
        'C"B"*9999999 "\\r\\n"',
    )
    assert max(len(line.octets) for line in lines) <= LINE_TOLD + 2
    chunks = [event for event in events_of(lines) if isinstance(event, ChunkSaid)]
    assert len(chunks) == 1
    assert [line.octets[-2:] for line in lines if line.side == "C"][-1] == b"\r\n"
    assert [event.answers for event in events_of(lines) if isinstance(event, ReplySaid)][-1] == "BDAT LAST"


def test_a_message_is_told_line_by_line() -> None:
    lines = told(*(wire_line(side, octets) for side, octets in SESSION[:5]), "C: Subject: x", "C:", "C: .", "S: 250 ok")
    bodies = [event for event in events_of(lines) if isinstance(event, BodySaid)]
    assert [event.ended for event in bodies] == [False, False, True]
    assert events_of(lines)[-2] == next(
        event for event in events_of(lines) if getattr(event, "answers", "") == END_OF_DATA
    )
