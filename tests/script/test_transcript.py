"""What was said becomes script lines: nothing lost, nothing forged, no secret in any form."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Casting
from smtp_repl.script.model import Directive, Invalid, Wire
from smtp_repl.script.player import play
from smtp_repl.script.selfplay import play_together
from smtp_repl.script.server_part import play_server
from smtp_repl.script.text import parse
from smtp_repl.script.transcript import (
    CLIENT,
    DIRECTIVE,
    FILE_ONLY,
    PIECE,
    REMARK,
    Line,
    Transcriber,
    caps_directive,
    describe_tls,
    finding_remark,
    header_lines,
    remark,
    wire_line,
)
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.events import BodySaid, ChunkSaid, Closed, finding
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import parse_target
from tests.script.recorder import Keeper
from tests.script.stage import TARGET, planned
from tests.script.test_server_part import SELF_PLAYED


def transcribe(*turns: tuple[str, bytes], connection: str = "") -> list[Line]:
    """The lines of a talk after the greeting."""
    conversation = Conversation(lint=False)
    conversation.receive(b"220 x\r\n")
    transcriber = Transcriber(connection)
    lines: list[Line] = []
    for side, octets in turns:
        if side == "C":
            lines += transcriber.wrote(conversation.send(octets))
        else:
            lines += transcriber.heard(conversation.receive(octets))
    lines += transcriber.wrote(conversation.cut_line())
    return lines + transcriber.closed(None, by_us=True)


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines if line.kind not in (REMARK, FILE_ONLY)]


def octets_of(lines: list[Line], side: str) -> bytes:
    """What the lines say when they are read as a script."""
    script = parse("".join(f"{line.text}\n" for line in lines).encode("utf-8", "surrogateescape"))
    assert not script.problems
    return b"".join(node.octets({}) for node in script.nodes if isinstance(node, Wire) and node.side == side)


# ---------------------------------------------------------------- nothing lost


@given(st.binary(max_size=60))
def test_any_octets_come_back(octets: bytes) -> None:
    """Plain where that loses nothing, else in the exact form: the line reads back as these octets."""
    for tag in ("C", "S", "C[bob]"):
        line = wire_line(tag, octets)
        assert "\n" not in line
        (node,) = parse(line.encode("utf-8", "surrogateescape")).nodes
        assert isinstance(node, Wire), node
        assert node.octets({}) == octets
        assert parse(line.encode()).warnings == () or '"' not in line


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (b"NOOP\r\n", "C: NOOP"),
        (b"\r\n", "C:"),
        (b" NOOP\r\n", "C:  NOOP"),
        (b"a\tb\r\n", "C: a\tb"),
        ("caf\u00e9 \u2709\r\n".encode(), "C: caf\u00e9 \u2709"),
        (b"NOOP\n", r'C"NOOP\n"'),
        (b"NOOP", 'C"NOOP"'),
        (b"NOOP \r\n", r'C"NOOP \r\n"'),
        (b"\x1b[2J\r\n", r'C"\x1b[2J\r\n"'),
        (b'"\\\xff\r\n', r'C"\"\\\xff\r\n"'),
        ("a\u202eb\r\n".encode(), r'C"a\xe2\x80\xaeb\r\n"'),
        ("a\u2028b\r\n".encode(), r'C"a\xe2\x80\xa8b\r\n"'),
    ],
)
def test_the_form_is_a_function_of_the_octets(octets: bytes, line: str) -> None:
    assert wire_line("C", octets) == line


@given(st.binary(max_size=60), st.lists(st.integers(1, 20), min_size=1, max_size=4))
def test_any_message_comes_back(octets: bytes, sizes: list[int]) -> None:
    """However it was cut: the body, its dot, and what follows."""
    wire = octets.replace(b"\r\n.\r\n", b"") + b"\r\n.\r\n"
    turns = [("C", b"DATA\r\n"), ("S", b"354 go\r\n")]
    at, number = 0, 0
    while at < len(wire):
        size = sizes[number % len(sizes)]
        turns.append(("C", wire[at : at + size]))
        at, number = at + size, number + 1
    lines = transcribe(("C", b"MAIL FROM:<>\r\n"), ("S", b"250 x\r\n"), *turns)
    said = b"".join(octets for side, octets in turns if side == "C")
    assert octets_of(lines, "C") == b"MAIL FROM:<>\r\n" + said


@given(st.binary(max_size=60))
def test_any_chunk_comes_back(octets: bytes) -> None:
    said = b"BDAT %d LAST\r\n" % len(octets) + octets
    assert octets_of(transcribe(("C", said)), "C") == said


@given(st.lists(st.sampled_from([b"250-", b"250 ", b"\r\n", b"\n", b"\r", b"x", b"\xff", b"\0", b"550", b"421 "])))
def test_any_reply_comes_back(parts: list[bytes]) -> None:
    octets = b"".join(parts)
    conversation = Conversation(lint=False)
    transcriber = Transcriber()
    lines = transcriber.heard(conversation.receive(octets)) + transcriber.heard(conversation.cut_reply())
    assert octets_of(lines, "S") == octets


def test_a_very_long_line_is_written_in_pieces() -> None:
    """A script has no longer lines than can be read; together they are the same octets."""
    body = b"\xff" * (3 * PIECE) + b"\r\n"
    lines = transcribe(("C", b"DATA\r\n"), ("S", b"354 go\r\n"), ("C", body[:99]), ("C", body[99:]), ("C", b".\r\n"))
    assert octets_of(lines, "C") == b"DATA\r\n" + body + b".\r\n"
    command = b"NOOP " + b"\0" * (2 * PIECE) + b"\r\n"
    assert octets_of(transcribe(("C", command)), "C") == command


def test_an_unfinished_line_is_not_lost() -> None:
    assert texts(transcribe(("C", b"MAIL FR")))[0] == 'C"MAIL FR"'


def test_writes_are_kept_apart() -> None:
    """`@wait 0` between two writes, none between a command and its reply, and none inside a message."""
    lines = texts(
        transcribe(
            ("C", b"NOOP\r\nNOOP\r\n"),
            ("C", b"DATA\r\n"),
            ("S", b"250 a\r\n250 b\r\n354 c\r\n"),
            ("C", b"one\r\n"),
            ("C", b"two\r\n.\r\n"),
            ("C", b"QUIT\r\n"),
        )
    )
    assert lines == [
        *("C: NOOP", "C: NOOP", "@wait 0", "C: DATA", "S: 250 a", "S: 250 b", "S: 354 c"),
        *("C: one", "C: two", "C: .", "@wait 0", "C: QUIT"),
    ]


# ---------------------------------------------------------------- nothing forged


@given(st.binary(max_size=80))
def test_a_server_forges_nothing(octets: bytes) -> None:
    """Whatever it says: S lines and remarks, never a C line or a directive."""
    conversation = Conversation(lint=False)
    transcriber = Transcriber()
    conversation.send(b"EHLO x.example\r\n")
    lines = transcriber.heard(conversation.receive(b"220 x\r\n" + octets + b"\r\n"))
    script = parse("".join(f"{line.text}\n" for line in lines).encode())
    assert not script.problems
    for node in script.nodes:
        assert not isinstance(node, Directive | Invalid)
        assert not isinstance(node, Wire) or node.side == "S"


def test_an_ehlo_reply_forges_no_directive() -> None:
    reply = b"250-x\r\n250-X\nC: QUIT\r\n250-@connect evil.example.org\r\n250 SIZE\r\n"
    lines = transcribe(("C", b"EHLO x.example\r\n"), ("S", reply))
    script = parse("".join(f"{line.text}\n" for line in lines).encode())
    assert [node for node in script.nodes if isinstance(node, Directive)] == []


@pytest.mark.parametrize("text", ["a\nC: QUIT", "a\r\n@close", "a\u2028C: QUIT", "\x1b]0;x\x07"])
def test_a_remark_stays_one_line(text: str) -> None:
    (node,) = parse(remark(text).text.encode()).nodes
    assert type(node).__name__ == "Comment"
    assert Transcriber().remark(text) == remark(text)


def test_facts_of_a_certificate_are_foreign() -> None:
    facts = TlsFacts("TLSv1.3", "AES", verified=False, subject="x\nC: QUIT\x1b[2J")
    (line,) = Transcriber().secured(facts)
    assert line.text == r"# TLSv1.3 AES, certificate NOT verified (x\nC: QUIT\x1b[2J)"


# ---------------------------------------------------------------- remarks


def test_both_ends() -> None:
    lines = Transcriber().opened(Opened("mail.example.com", "192.0.2.1", 25, "192.0.2.2", 40000))
    assert [line.text for line in lines] == ["# connected to 192.0.2.1:25 (mail.example.com)", "# from 192.0.2.2:40000"]
    assert Transcriber().opened(Opened("::1", "::1", 25, "", 0))[0].text == "# connected to [::1]:25"
    assert Transcriber().opened(Opened("", "/run/lmtp", 0, "", 0))[0].text == "# connected to /run/lmtp"
    tls = Opened("x", "x", 465, "", 0, TlsFacts("TLSv1.3", "AES", verified=True, names=("x",)))
    assert Transcriber().opened(tls)[1].text == "# TLSv1.3 AES, certificate verified (x)"


def test_times_on_request() -> None:
    conversation = Conversation(lint=False)
    transcriber = Transcriber(stamp=lambda: "03:12:44.120")
    lines = transcriber.heard(conversation.receive(b"220 x\r\n")) + transcriber.wrote(conversation.send(b"NOOP\r\n"))
    assert [line.text for line in lines] == ["# 03:12:44.120", "S: 220 x", "# 03:12:44.120", "C: NOOP"]


def test_unsolicited() -> None:
    lines = transcribe(("S", b"421 bye\r\n"))
    assert [line.text for line in lines[:2]] == ["# unsolicited", "S: 421 bye"]


def test_a_cut_reply_says_so() -> None:
    conversation = Conversation(lint=False)
    transcriber = Transcriber()
    conversation.receive(b"220-x")
    *_, closed = events = conversation.receive_eof()
    assert isinstance(closed, Closed)
    lines = transcriber.heard(events) + transcriber.closed(closed)
    assert [line.text for line in lines] == [
        'S"220-x"',
        "# the reply was cut here",
        "# the server closed the connection while greeting awaited a reply",
    ]


def test_closing() -> None:
    transcriber = Transcriber()
    assert transcriber.closed(Closed(True, ("QUIT",)))[0].text == "# the server closed the connection"
    assert transcriber.closed(None, by_us=True)[0].text == "# we closed the connection"
    told = [transcriber.closed(Closed(False, awaiting))[0].text for awaiting in (("", ""), ("", "NOOP"))]
    left = "# the server closed the connection"
    assert told == [left, f"{left} while NOOP awaited a reply"]


def test_capabilities_as_a_directive() -> None:
    """Ready to be uncommented: it parses, whatever the server offered."""
    lines = transcribe(
        ("C", b"EHLO x.example\r\n"),
        ("S", b"250-x\r\n250-SIZE 1000\r\n250-AUTH PLAIN LOGIN\r\n250-X=Y a,b\r\n250 STARTTLS\r\n"),
    )
    (caps,) = [line.text for line in lines if line.kind == FILE_ONLY]
    assert caps == "# @caps SIZE=1000 AUTH=PLAIN,LOGIN STARTTLS"
    assert isinstance(parse(caps.removeprefix("# ").encode()).nodes[0], Directive)
    assert caps_directive(Capabilities(b"", {"X-A": ("a,b", "c")})) == "@caps X-A=c"


def test_tls_in_one_line() -> None:
    facts = TlsFacts("TLSv1.3", "AES", verified=True, subject="CN=x")
    assert describe_tls(facts) == "TLSv1.3 AES, certificate verified (CN=x)"
    assert describe_tls(facts._replace(subject="")) == "TLSv1.3 AES, certificate verified"
    assert describe_tls(facts._replace(trust="pin")) == "TLSv1.3 AES, certificate pinned"
    assert describe_tls(facts._replace(verified=False, subject="")) == "TLSv1.3 AES, certificate NOT verified"


def test_findings_as_remarks() -> None:
    text = finding_remark(finding("not-last", said="DATA")).text
    assert text == "# DATA must be the last command of a pipelined group (RFC 2920 §3.1)"
    assert finding_remark(finding("invisible-char")).text.endswith("escaped")


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("mail.example.com:25", "@connect mail.example.com:25"),
        ("smtps://mail.example.com", "@connect mail.example.com:465 tls"),
        ("lmtp://mail.example.com", "@connect lmtp:mail.example.com:24"),
        ("unix:/run/lmtp", "@connect unix:/run/lmtp"),
    ],
)
def test_the_header_says_where(target: str, line: str) -> None:
    lines = [one.text for one in header_lines("1.0", "2026-01-31T12:00:00Z", parse_target(target))]
    assert lines[2] == line
    script = parse("\n".join(lines).encode())
    assert not script.problems
    assert script.recorded == "2026-01-31T12:00:00Z"
    (connect,) = [node for node in script.nodes if isinstance(node, Directive) and node.name == "connect"]
    value = connect.value
    assert getattr(value, "target", None) == parse_target(target)


def test_the_name_of_a_connection_stands_in_each_line() -> None:
    lines = texts(transcribe(("C", b"NOOP\r\n"), ("S", b"250 x\r\n"), connection="bob"))
    assert lines == ["C[bob]: NOOP", "S[bob]: 250 x"]


# ---------------------------------------------------------------- AUTH

USER, PASSWORD, WRONG = b"timothy", b"tanstaaf-tanstaaf", b"wrong-but-mine"
PLAIN = b64encode(b"\0" + USER + b"\0" + PASSWORD)
U, P = b64encode(USER), b64encode(PASSWORD)
WRONG_PLAIN = b64encode(b"\0" + USER + b"\0" + WRONG)
DIGEST = b64encode(b"timothy b913a602c7eda7a495b4e6e7334d3890")
ASK_USER, ASK_PASS = b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"

EXCHANGES: dict[str, tuple[list[tuple[str, bytes]], list[str]]] = {
    "PLAIN": (
        [("C", b"AUTH PLAIN " + PLAIN + b"\r\n"), ("S", b"235 ok\r\n")],
        ["@auth user=timothy", "C~ AUTH PLAIN {auth.plain}", "S: 235 ok"],
    ),
    "PLAIN, asked": (
        [("C", b"AUTH PLAIN\r\n"), ("S", b"334 \r\n"), ("C", PLAIN + b"\r\n"), ("S", b"235 ok\r\n")],
        ["C: AUTH PLAIN", r'S"334 \r\n"', "@auth user=timothy", "C~ {auth.plain}", "S: 235 ok"],
    ),
    "LOGIN": (
        [("C", b"AUTH LOGIN\r\n"), ("S", ASK_USER), ("C", U + b"\r\n"), ("S", ASK_PASS), ("C", P + b"\r\n")],
        [
            *("C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "@auth user=timothy", "C~ {auth.user}"),
            *("S: 334 UGFzc3dvcmQ6", "C~ {auth.pass}"),
        ],
    ),
    "LOGIN, initial": (
        [("C", b"AUTH LOGIN " + U + b"\r\n"), ("S", ASK_PASS), ("C", P + b"\r\n"), ("S", b"235 ok\r\n")],
        ["@auth user=timothy", "C~ AUTH LOGIN {auth.user}", "S: 334 UGFzc3dvcmQ6", "C~ {auth.pass}", "S: 235 ok"],
    ),
    "CRAM-MD5": (
        [("C", b"AUTH CRAM-MD5\r\n"), ("S", b"334 PDFAeD4=\r\n"), ("C", DIGEST + b"\r\n"), ("S", b"235 ok\r\n")],
        ["C: AUTH CRAM-MD5", "S~ 334 {}", "@auth user=timothy", "C~ {auth.reply}", "S: 235 ok"],
    ),
    "PLAIN, wrong then right": (
        [
            ("C", b"AUTH PLAIN " + WRONG_PLAIN + b"\r\n"),
            ("S", b"535 no\r\n"),
            ("C", b"AUTH PLAIN " + PLAIN + b"\r\n"),
            ("S", b"235 ok\r\n"),
        ],
        [
            *("@auth user=timothy", "C~ AUTH PLAIN {auth.plain}", "S: 535 no"),
            *("@auth[auth2] user=timothy", "C~ AUTH PLAIN {auth2.plain}", "S: 235 ok"),
        ],
    ),
    "LOGIN, wrong then right": (
        [
            *[("C", b"AUTH LOGIN " + U + b"\r\n"), ("S", ASK_PASS), ("C", b64encode(WRONG) + b"\r\n")],
            ("S", b"535 no\r\n"),
            *[("C", b"AUTH LOGIN " + U + b"\r\n"), ("S", ASK_PASS), ("C", P + b"\r\n"), ("S", b"235 ok\r\n")],
        ],
        [
            *("@auth user=timothy", "C~ AUTH LOGIN {auth.user}", "S: 334 UGFzc3dvcmQ6", "C~ {auth.pass}"),
            *("S: 535 no", "C~ AUTH LOGIN {auth.user}", "S: 334 UGFzc3dvcmQ6"),
            *("@auth[auth2] user=timothy", "C~ {auth2.pass}", "S: 235 ok"),
        ],
    ),
    "LOGIN, pipelined": (
        [("C", b"AUTH LOGIN\r\n" + U + b"\r\n" + P + b"\r\n"), ("S", ASK_USER + ASK_PASS + b"235 ok\r\n")],
        [
            *("@auth user=timothy", "C: AUTH LOGIN", "C~ {auth.user}", "C~ {auth.pass}"),
            *("S: 334 VXNlcm5hbWU6", "S: 334 UGFzc3dvcmQ6", "S: 235 ok"),
        ],
    ),
    "cancelled": (
        [("C", b"AUTH LOGIN\r\n"), ("S", ASK_USER), ("C", b"*\r\n"), ("S", b"501 ok\r\n")],
        ["C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: *", "S: 501 ok"],
    ),
    "unknown mechanism": (
        [("C", b"AUTH FROB " + P + b"\r\n"), ("S", b"334 eA==\r\n"), ("C", PASSWORD + b"\r\n"), ("S", b"235 ok\r\n")],
        ["C~ AUTH FROB {secret.1}", "S~ 334 {}", "C~ {secret.2}", "S: 235 ok"],
    ),
    "plain words": (
        [("C", b"AUTH LOGIN\r\n"), ("S", ASK_USER), ("C", b"timothy!\r\n"), ("S", ASK_PASS), ("C", PASSWORD + b"\r\n")],
        ["C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C~ {secret.1}", "S: 334 UGFzc3dvcmQ6", "C~ {secret.2}"],
    ),
    "no mechanism": ([("C", b"AUTH " + PLAIN + b"\r\n"), ("S", b"501 no\r\n")], ["C~ AUTH {secret.1}", "S: 501 no"]),
    "tabs": (
        [("C", b"AUTH PLAIN\t" + PLAIN + b"\r\n"), ("S", b"235 ok\r\n")],
        ["@auth user=timothy", "C~ AUTH PLAIN\t{auth.plain}", "S: 235 ok"],
    ),
    "an authzid": (
        [("C", b"AUTH PLAIN " + b64encode(b"root\0timothy\0" + PASSWORD) + b"\r\n"), ("S", b"235 ok\r\n")],
        ["C~ AUTH PLAIN {secret.1}", "S: 235 ok"],
    ),
    "base64 of its own": (
        [("C", b"AUTH PLAIN " + PLAIN.rstrip(b"=") + b"\r\n"), ("S", b"501 no\r\n")],
        ["@auth user=timothy", "C~ AUTH PLAIN {auth.plain}", "S: 501 no"]
        if not PLAIN.endswith(b"=")
        else ["C~ AUTH PLAIN {secret.1}", "S: 501 no"],
    ),
    "echoed": (
        [("C", b"AUTH PLAIN " + PLAIN + b"\r\n"), ("S", b"535 5.7.8 {bad}: " + PASSWORD + b"\x1b " + PLAIN + b"!\r\n")],
        ["@auth user=timothy", "C~ AUTH PLAIN {auth.plain}", "S~ 535 5.7.8 {{bad}}: {} {}!"],
    ),
    "echoed in a challenge": (
        [("C", b"AUTH LOGIN " + U + b"\r\n"), ("S", ASK_PASS), ("C", P + b"\r\n"), ("S", b"334 " + P + b"\r\n")],
        ["@auth user=timothy", "C~ AUTH LOGIN {auth.user}", "S: 334 UGFzc3dvcmQ6", "C~ {auth.pass}", "S~ 334 {}"],
    ),
    "no line end": ([("C", b"AUTH PLAIN " + PLAIN)], ["@auth user=timothy", "C~ AUTH PLAIN {auth.plain}"]),
}


@pytest.mark.parametrize(("turns", "lines"), EXCHANGES.values(), ids=EXCHANGES)
def test_auth_is_written_with_holes(turns: list[tuple[str, bytes]], lines: list[str]) -> None:
    """Secret at birth: in the file there is who, and never the password, in no form."""
    transcript = transcribe(*turns)
    assert texts(transcript) == lines
    file = "".join(f"{line.text}\n" for line in transcript).encode()
    assert not parse(file).problems
    for secret in (PASSWORD, WRONG):
        for form in (secret, b64encode(secret), secret.hex().encode(), b64encode(b"\0" + USER + b"\0" + secret)):
            assert form.rstrip(b"=") not in file


@pytest.mark.parametrize(
    ("user", "line"),
    [
        (b"tim", "@auth user=tim"),
        (b"tim@example.org", "@auth user=tim@example.org"),
        (b"tim o", '@auth user="tim o"'),
        (b'"tim', r'@auth user="\"tim"'),
        (b't"im', '@auth user=t"im'),
        ("tim\u00a0o".encode(), '@auth user="tim\u00a0o"'),
        ("пётр".encode(), "@auth user=пётр"),
        (b"t\x1bm", r'@auth user="t\x1bm"'),
        (b"t\rm", ""),
        (b"t\xffm", ""),
    ],
)
def test_any_user_can_be_read_back(user: bytes, line: str) -> None:
    """Or else the step is a secret of its own."""
    step = b64encode(b"\0" + user + b"\0secret")
    lines = [one for one in transcribe(("C", b"AUTH PLAIN " + step + b"\r\n")) if one.kind in (CLIENT, DIRECTIVE)]
    if not line:
        assert [one.text for one in lines] == ["C~ AUTH PLAIN {secret.1}"]
        return
    assert lines[0].text == line
    (node,) = parse(line.encode()).nodes
    assert isinstance(node, Directive)
    assert getattr(node.value, "user", "").encode() == user


def test_each_connection_has_its_own_identity() -> None:
    lines = texts(transcribe(("C", b"AUTH PLAIN " + PLAIN + b"\r\n"), connection="bob"))
    assert lines == ["@auth[bob] user=timothy", "C[bob]~ AUTH PLAIN {bob.plain}"]


@pytest.mark.parametrize("echo", [b"\xff", b"\x1b", "\u202e".encode(), b"\0"])
def test_an_echo_between_what_cannot_be_written(echo: bytes) -> None:
    """The holes of the line stand for both, and the line that was heard matches them."""
    reply = b"535 " + echo + PASSWORD + echo + b"x {y}"
    lines = transcribe(("C", b"AUTH PLAIN " + PLAIN + b"\r\n"), ("S", reply + b"\r\n"))
    (node,) = parse(next(line.text for line in lines if line.text.startswith("S")).encode()).nodes
    assert isinstance(node, Wire)
    assert node.template is not None
    assert node.template.match(reply, {}) is not None


# ---------------------------------------------------------------- round trip


def record(script: bytes) -> bytes:
    """The recording of a script that plays against itself, in which nothing fails and nothing drifts."""
    keeper = Keeper()
    who = Credentials("tim", Secret(b"tanstaaftanstaaf"))
    casting = Casting(TARGET, credentials={"auth": who, "bob": who})
    made = planned(script)
    client, server = play_together(play(made, casting, keeper), play_server(made, Casting(), Keeper()))
    assert client.error is None, client.error
    assert server.error is None, server.error
    assert client.result is not None
    assert client.result.status in ("pass", "drift"), client.result.failure
    return keeper.text


# A recording does not hold what only a script can say: who closes, who waits, who leaves TLS out.
DIRECTED = {
    *("a transaction", "@shutdown", "@early", "@close and another", "@close without reading", "a line that never ends"),
    *("STARTTLS and no handshake", "TLS at once", "a step by hand", "STARTTLS by hand", "a cut reply"),
}


@pytest.mark.parametrize("name", sorted(set(SELF_PLAYED) - DIRECTED))
def test_a_recording_plays_and_records_itself(name: str) -> None:
    """Record, play, record: green, and the second recording is the first, octet for octet."""
    first = record(SELF_PLAYED[name].encode())
    assert not parse(first).problems
    assert record(first) == first


WORDS = st.one_of(
    st.sampled_from(
        [b"NOOP\r\n", b"RSET\r\n", b"EHLO x.example\r\n", b"VRFY \xff\r\n", b"NOOP\n", b"\0\r\n", b"x \r\n"]
    ),
    st.binary(max_size=6).map(lambda octets: b"X" + octets.replace(b"\n", b"") + b"\r\n"),
)
REPLIES = st.sampled_from(
    [
        b"250 ok\r\n",
        b"250-a\r\n250 b\r\n",
        b"550 5.1.1 \xff\r\n",
        b"250 ok \r\n",
        b"214\r\n",
        b"500 C: QUIT\r\n",
        b"250 {x}\n",
    ]
)


@given(st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=3), REPLIES), max_size=5))
def test_any_talk_plays_again(turns: list[tuple[list[bytes], bytes]]) -> None:
    """Whatever both sides said, what was recorded of it is a script that plays and records itself again."""
    keeper, conversation = Keeper(), Conversation(lint=False)
    keeper.heard("", conversation.receive(b"220 x\r\n"))
    for words, reply in turns:
        keeper.wrote("", conversation.send(b"".join(words)))
        for _ in words:
            keeper.heard("", conversation.receive(reply))
    first = record(keeper.text)
    assert record(first) == first
    assert octets_of(keeper.lines, "C") == octets_of(parse_lines(first), "C")


def parse_lines(recording: bytes) -> list[Line]:
    return [Line("", line) for line in recording.decode().split("\n")]


def test_a_body_that_did_not_end_is_not_lost() -> None:
    transcriber = Transcriber()
    transcriber.wrote([BodySaid(b"one\r\ntw")])
    assert texts(transcriber.closed(None, by_us=True)) == ['C"tw"']
    transcriber.wrote([ChunkSaid(b"ab", False, False)])
    conversation = Conversation(lint=False)
    assert texts(transcriber.heard(conversation.receive(b"421 bye\r\n"))) == ['C"ab"', "S: 421 bye"]
