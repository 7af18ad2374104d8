"""The player of the client's part: every directive, every form of line, and the ways in which a play ends."""

from collections.abc import Sequence

import pytest

from smtp_repl.script.actions import (
    Close,
    Open,
    Opened,
    PeerGone,
    Read,
    Received,
    Send,
    SendStream,
    Shutdown,
    StartTls,
    TimedOut,
    Wait,
)
from smtp_repl.script.casting import Casting
from smtp_repl.script.matching import Level
from smtp_repl.script.player import play
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import CleartextError, ConnectError, PeerClosed, ReplyTimeout, TlsError
from smtp_repl.wire.secrets import Secret
from tests.script.stage import EHLO, GREETING, TARGET, TIM, Driven, Witness, drive, planned

OK = b"250 2.0.0 Ok\r\n"
BYE = b"221 2.0.0 Bye\r\n"
START = "S: 220\nC: EHLO client.example.net\nS: 250-\nS*: 250\n"
AUTHENTICATED = Casting(TARGET, credentials={"auth": TIM})


def did(driven: Driven, *kinds: type) -> list[object]:
    return [action for action in driven.actions if isinstance(action, kinds)]


# ---------------------------------------------------------------- writes and replies


def test_consecutive_lines_are_one_write() -> None:
    """RFC 2920 needs no syntax: comments, blanks and notes do not split, replies and directives do."""
    driven = drive(
        "S: 220\nC: MAIL FROM:<a@example.org>\n# no\n\n{nor this}\n@tag x\nC: RCPT TO:<b@example.com>\n"
        "@wait 0\nC: DATA\nS: 250\nS: 250\nS: 354\n",
        [GREETING, OK + OK + b"354 go\r\n"],
    )
    assert driven.sent == [b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n", b"DATA\r\n"]
    assert driven.status == "pass"


@pytest.mark.parametrize(
    ("line", "octets"),
    [
        ("C: NOOP", b"NOOP\r\n"),
        ("C:", b"\r\n"),
        ("C:  two blanks", b" two blanks\r\n"),
        ("C: {name}", b"{name}\r\n"),
        ("C~ NOOP {name} {{x}}", b"NOOP value {x}\r\n"),
        ("C~ {b64:\\0alice\\0wrong}", b"AGFsaWNlAHdyb25n\r\n"),
        ('C"NOOP\\n"', b"NOOP\n"),
        ('C"A"*3 "\\x00\\r\\n"', b"AAA\0\r\n"),
        ("C= NOOP", b"NOOP\r\n"),
    ],
)
def test_forms_of_client_lines(line: str, octets: bytes) -> None:
    driven = drive(f"@set name=value\nS: 220\n{line}\nS: 250\n", [GREETING, OK, OK])
    assert driven.sent == [octets]


def test_the_greeting_is_awaited() -> None:
    """Nobody talks before the server did, unless the script says so."""
    driven = drive("C: EHLO x.example\nS: 250\n", [GREETING, OK])
    assert [type(action) for action in driven.actions[:3]] == [Open, Read, Send]
    assert driven.status == "drift"


def test_early() -> None:
    driven = drive("@early\nC: EHLO x.example\nS: 220\nS: 250\n", [GREETING + OK])
    assert [type(action) for action in driven.actions[:3]] == [Open, Send, Read]
    assert driven.status == "pass"


def test_a_greeting_that_is_none_is_not_awaited_again() -> None:
    driven = drive("S: 250 hello\nC: NOOP\nS: 250 2.0.0 Ok\n", [b"250 hello\r\n", OK])
    assert driven.status == "pass"


@pytest.mark.parametrize(
    "answers", [[OK + b"550 x\r\n"], [OK, b"550 x\r\n"], [b"2", b"50 2.0.0 Ok\r", b"\n550 x\r", b"\n"]]
)
def test_replies_answer_expectations_in_order_however_they_come(answers: Sequence[bytes]) -> None:
    text = "S: 220 mail.example.com\nC: NOOP\nC: NOOP\nS: 250 2.0.0 Ok\nS: 550 x\n"
    assert drive(text, [GREETING, *answers]).status == "pass"


def test_a_play_ends_at_the_first_failure() -> None:
    """What a script says after a refusal that it did not foresee is likely to be nonsense."""
    driven = drive(
        "S: 220\nC: MAIL FROM:<a@example.org>\nS: 250\nC: DATA\nS: 354\nC: text\n", [GREETING, b"550 no\r\n"]
    )
    assert driven.status == "fail"
    assert b"DATA" not in driven.octets
    assert driven.result is not None
    assert driven.result.failure is not None
    assert driven.result.failure.line == 3
    assert driven.result.failure.got == "550 no"
    assert did(driven, Close)


def test_the_text_of_a_refused_message_is_not_sent() -> None:
    driven = drive("S: 220\nC: DATA\nS: 354\nC: secret plans\nC: .\nS: 250\n", [GREETING, b"250 ok\r\n"])
    assert driven.status == "fail"
    assert driven.octets == b"DATA\r\n"


# ---------------------------------------------------------------- levels

LEVELS = {
    # level, the reply of the server, status
    "class holds": ("class", b"251 x\r\n", "drift"),
    "class fails": ("class", b"550 x\r\n", "fail"),
    "code holds": ("code", b"250 another text\r\n", "drift"),
    "code fails": ("code", b"251 2.0.0 Ok\r\n", "fail"),
    "status holds": ("status", b"250 2.0.0 other\r\n", "drift"),
    "status fails": ("status", b"250 2.1.0 Ok\r\n", "fail"),
    "prefix holds": ("prefix", b"250 2.0.0 Ok: queued\r\n", "drift"),
    "prefix fails": ("prefix", b"250 2.0.0 No\r\n", "fail"),
    "text holds": ("text", b"250 2.0.0 Ok\r\n", "pass"),
    "text fails": ("text", b"250 2.0.0 Ok.\r\n", "fail"),
    "exact holds": ("exact", b"250 2.0.0 Ok\r\n", "pass"),
    "exact fails": ("exact", b"250 2.0.0 Ok\n", "fail"),
}


@pytest.mark.parametrize(("level", "reply", "status"), LEVELS.values(), ids=LEVELS)
@pytest.mark.parametrize("by", ["directive", "command line"])
def test_levels(level: str, reply: bytes, status: str, by: str) -> None:
    """Six, from loose to strict; the command line wins over the file."""
    text = f"@match {level if by == 'directive' else 'exact'}\nC: NOOP\nS: 250 2.0.0 Ok\n"
    casting = Casting(TARGET, level=None if by == "directive" else Level.from_word(level))
    assert drive("S: 220 mail.example.com\n" + text, [GREETING, reply], casting).status == status


@pytest.mark.parametrize("strict", ["@strict", "--strict"])
def test_strict_makes_drift_fail(strict: str) -> None:
    text = "S: 220 mail.example.com\nC: NOOP\nS: 250 other\n"
    casting = Casting(TARGET, strict=strict != "@strict")
    assert drive(text, [GREETING, OK]).status == "drift"
    assert drive(f"{strict}\n{text}" if strict == "@strict" else text, [GREETING, OK], casting).status == "fail"


ASSERTIONS = {
    "S= holds": ("S= 250 2.0.0 Ok", "pass"),
    "S= fails": ("S= 250 2.0.0 Ok.", "fail"),
    'S"" holds': ('S"250 2.0.0 Ok\\r\\n"', "pass"),
    'S"" drifts': ('S"250 2.0.0 Oh\\r\\n"', "drift"),
    'S="" fails': ('S="250 2.0.0 Oh\\r\\n"', "fail"),
    "S~ holds": ("S~ 250 {:[0-9.]{5}} {}", "pass"),
    "S~ fails": ("S~ 250 {:[a-z]{5}} {}", "fail"),
    "S! holds": ("S: 250 2.0.0 Ok\nS!: queued", "pass"),
    "S! fails": ("S: 250 2.0.0 Ok\nS!: Ok", "fail"),
    "S!~ fails": ("S: 250 2.0.0 Ok\nS!~ O{:.}", "fail"),
    "S? may be missing": ("S?: 250-more\nS: 250 2.0.0 Ok", "pass"),
    "S* takes the rest": ("S: 250 2.0.0 Ok\nS*: 250", "pass"),
    "S: any class": ("S: 2xx 2.0.0 Ok", "pass"),
    "S: any of a ten": ("S: 25x 2.0.0 Ok", "pass"),
    "S: another class": ("S: 5xx", "fail"),
    "no code": ("S: hello", "fail"),
}


@pytest.mark.parametrize(("lines", "status"), ASSERTIONS.values(), ids=ASSERTIONS)
def test_forms_of_server_lines(lines: str, status: str) -> None:
    """S~ S= S!= assert at every level, S: and S"" compare at the level."""
    driven = drive(f"S: 220 mail.example.com\nC: NOOP\n{lines}\n", [GREETING, OK])
    assert driven.status == status


def test_captures_are_used_later() -> None:
    driven = drive(
        "S~ 220 {host}\nC~ EHLO {host}\nS~ 250-{host}\nS*: 250\nC: NOOP\nS~ 250 {host} {:.*}\n",
        [GREETING, EHLO, b"250 mail.example.com ok\r\n"],
    )
    assert driven.status == "pass"
    assert driven.sent[0] == b"EHLO mail.example.com\r\n"


def test_a_capture_must_occur_again_as_it_was() -> None:
    assert drive("S~ 220 {host}\nC: NOOP\nS~ 250 {host}\n", [GREETING, b"250 other.example.com\r\n"]).status == "fail"


def test_variables_of_the_command_line_win() -> None:
    text = "@set to=a@example.com\nS: 220\nC~ RCPT TO:<{to}>\nS: 250\n"
    assert drive(text, [GREETING, OK]).octets == b"RCPT TO:<a@example.com>\r\n"
    casting = Casting(TARGET, variables={"to": b"b@example.org"})
    assert drive(text, [GREETING, OK], casting).octets == b"RCPT TO:<b@example.org>\r\n"


@pytest.mark.parametrize("value", [b"x\r\nRCPT TO:<evil@example.org>", b"x\ry", b"x\0"])
def test_a_value_never_becomes_a_second_command(value: bytes) -> None:
    """Nothing is sent at all."""
    driven = drive("S: 220\nC~ MAIL FROM:<{v}>\nS: 250\n", [GREETING], Casting(TARGET, variables={"v": value}))
    assert driven.status == "control-char"
    assert driven.octets == b""
    assert driven.error is not None


def test_a_name_without_value_points_at_its_place() -> None:
    driven = drive("S: 220\nC~ NOOP {nobody}\nS: 250\n", [GREETING])
    assert driven.status == "undeclared-variable"
    assert driven.error is not None
    assert (getattr(driven.error, "line", 0), getattr(driven.error, "column", 0)) == (2, 9)
    assert getattr(driven.error, "file", "") == "test.smtp"


# ---------------------------------------------------------------- what nobody asked for


def test_unread_replies_are_drift() -> None:
    """RFC-like transcripts are cut badly: nothing hangs, and what was left out is told."""
    driven = drive("C: NOOP\nC: EHLO x.example\nS: 250-\nS*: 250\n", [GREETING, OK, EHLO])
    # The greeting is what nobody asks for; the NOOP is answered by the first expectation.
    assert driven.witness.statuses[0] == "drift"
    assert driven.witness.results[0].answers == "greeting"


@pytest.mark.parametrize("answers", [[OK + OK + OK], [OK + OK, OK], [OK, OK + OK], [OK, OK, OK]])
@pytest.mark.parametrize("strict", [False, True])
def test_unread_replies_do_not_depend_on_how_octets_arrive(answers: Sequence[bytes], strict: bool) -> None:
    """Which replies nobody asks for is a fact of the script."""
    text = "C: NOOP\nC: NOOP\nC: NOOP\nS: 250 2.0.0 Ok\n"
    driven = drive(text, [GREETING, *answers], Casting(TARGET, strict=strict))
    statuses = ["fail"] if strict else ["drift", "ok", "drift", "drift"]
    assert driven.witness.statuses == statuses
    assert [result.answers for result in driven.witness.results] == ["greeting", "NOOP", "NOOP", "NOOP"][
        : len(statuses)
    ]


def test_a_reply_that_nobody_asks_for_may_come_late() -> None:
    """It was due at the second write, whenever it comes: the expectation is for the second command."""
    driven = drive(
        "S: 220 mail.example.com\nC: NOOP\n@wait 0\nC: RSET\nS: 250 reset\n", [GREETING, OK, b"250 reset\r\n"]
    )
    assert [(result.status, result.answers) for result in driven.witness.results] == [
        ("ok", "greeting"),
        ("drift", "NOOP"),
        ("ok", "RSET"),
    ]


def test_after_421_nothing_more_is_awaited() -> None:
    driven = drive(
        "S: 220 mail.example.com\nC: NOOP\nC: NOOP\nS: 421 bye\n", [GREETING, b"421 bye\r\n", TimedOut(30.0)]
    )
    assert driven.status == "pass"
    assert len(did(driven, Read)) == 2


def test_the_last_reply_is_heard_even_if_nobody_asks() -> None:
    """It belongs to the transcript, and a QUIT that is not awaited ends in a reset."""
    driven = drive("S: 220 mail.example.com\nC: QUIT\n", [GREETING, BYE])
    assert driven.witness.said[-1] == "S 221 QUIT"
    assert driven.status == "drift"


@pytest.mark.parametrize("answer", [PeerGone(), TimedOut(30.0)])
def test_the_last_reply_need_not_come(answer: PeerGone | TimedOut) -> None:
    assert drive("S: 220 mail.example.com\nC: QUIT\n", [GREETING, answer]).status == "pass"


def test_what_a_server_adds_is_not_taken_for_the_next_answer() -> None:
    driven = drive("S: 220 mail.example.com\nC: NOOP\nS: 250 2.0.0 Ok\n", [GREETING + b"554 also\r\n", OK])
    assert driven.witness.statuses == ["ok", "drift", "ok"]


def test_an_announced_message_is_counted() -> None:
    """A reply that `@data` brings is no surplus: the greeting is what is left unread."""
    driven = drive(
        "C: DATA\nS: 354 go\n@data m.eml\nS: 250 2.0.0 Ok\nC: NOOP\nS: 250 noop\n",
        [GREETING, b"354 go\r\n", OK, b"250 noop\r\n"],
        files={"m.eml": b"x\n.y\n"},
    )
    assert driven.witness.statuses == ["drift", "ok", "ok", "ok"]
    assert driven.sent[1] == b"x\r\n..y\r\n.\r\n"


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("within", "status"), [("1", "pass"), ("0.2", "fail"), ("0.2..1", "pass"), ("0.3..1", "fail"), ("0..0.25", "pass")]
)
def test_within(within: str, status: str) -> None:
    """0.25 s after it was asked, the reply is there."""
    driven = drive(f"S: 220 mail.example.com\nC: NOOP\n@within {within}\nS: 250 2.0.0 Ok\n", [GREETING, OK])
    assert driven.status == status


def test_within_nothing_comes() -> None:
    """That is an expectation that failed, and no error."""
    driven = drive("S: 220 mail.example.com\nC: NOOP\n@within 1\nS: 250\n", [GREETING, TimedOut(1.0)])
    assert driven.status == "fail"
    assert [read.seconds for read in did(driven, Read) if isinstance(read, Read)][-1] == 1.0


def test_within_holds_for_one_reply() -> None:
    text = "S: 220 mail.example.com\n@within 0.1\nC: NOOP\nS: 250\n"
    assert drive(text, [GREETING, OK]).status == "fail"
    assert (
        drive(text.replace("S: 250", "@within 1\nS: 250 2.0.0 Ok\nC: NOOP\nS: 250 2.0.0 Ok"), [GREETING, OK, OK]).status
        == "pass"
    )


TIMEOUTS = {
    "reply": ("S: 220\nC: NOOP\nS: 250\n", None, 30.0),
    "after the dot": ("S: 220\nC: DATA\nS: 354\nC: .\nS: 250\n", None, 300.0),
    "@timeout": ("@timeout 5\nS: 220\nC: NOOP\nS: 250\n", None, 5.0),
    "--timeout": ("@timeout 5\nS: 220\nC: NOOP\nS: 250\n", 7.0, 7.0),
}


@pytest.mark.parametrize(("text", "given", "seconds"), TIMEOUTS.values(), ids=TIMEOUTS)
def test_timeouts(text: str, given: float | None, seconds: float) -> None:
    answers = [GREETING, *([b"354 go\r\n"] if "DATA" in text else []), TimedOut(seconds)]
    driven = drive(text, answers, Casting(TARGET, timeout=given))
    assert isinstance(driven.error, ReplyTimeout)
    reads = [action for action in driven.actions if isinstance(action, Read)]
    assert reads[-1].seconds == seconds
    assert driven.witness.remarks


def test_a_drip_has_one_clock() -> None:
    """What comes octet by octet does not set the clock anew."""
    driven = drive("S: 220\n", [b"2", b"2", TimedOut(30.0)])
    assert [read.restart for read in driven.actions if isinstance(read, Read)] == [True, False, False]
    assert driven.status == "greeting-timeout"
    assert driven.error is not None
    assert "22" in driven.error.message


def test_wait() -> None:
    driven = drive("S: 220\n@wait 0.5\nC: NOOP\nS: 250\n", [GREETING, OK])
    assert did(driven, Wait) == [Wait(0.5)]


# ---------------------------------------------------------------- the end of a connection


@pytest.mark.parametrize("octets", [b"", b"2", b"250", b"250-more\r\n"])
def test_a_cut_reply_is_an_error(octets: bytes) -> None:
    answers = [GREETING, *([octets] if octets else []), PeerGone()]
    driven = drive("S: 220\nC: NOOP\nS: 250\n", answers)
    assert isinstance(driven.error, PeerClosed)
    assert "NOOP" in driven.error.message


def test_a_cut_reply_can_be_expected() -> None:
    """`S"…"` without line end is a reply that was cut off there."""
    driven = drive('S: 220 mail.example.com\nC: NOOP\nS"250-mo"\n@eof\n', [GREETING, b"250-mo", PeerGone()])
    assert driven.status == "pass"


def test_eof() -> None:
    driven = drive("S: 220 mail.example.com\nC: QUIT\nS: 221 2.0.0 Bye\n@eof\n", [GREETING, BYE, PeerGone()])
    assert driven.status == "pass"
    assert driven.witness.closes == [False]


def test_eof_that_does_not_come() -> None:
    answers = [GREETING, BYE, TimedOut(30.0)]
    assert drive("S: 220\nC: QUIT\nS: 221\n@eof\n", answers).status == "fail"


def test_saying_something_to_nobody() -> None:
    driven = drive("S: 220\nC: QUIT\nS: 221\n@eof\nC: NOOP\nS: 250\n", [GREETING, BYE, PeerGone()])
    assert driven.status == "closed"


def test_what_the_server_said_before_it_hung_up_is_told() -> None:
    """A write that fails is not the whole story: the 421 before it is."""
    part = play(planned("S: 220\nC: NOOP\nS: 250\n"), Casting(TARGET), witness := Witness())
    assert isinstance(part.send(None), Open)
    assert isinstance(part.send(Opened("x", "192.0.2.1", 25, "", 0)), Read)
    assert isinstance(part.send(Received(GREETING, 0.1)), Send)
    assert isinstance(part.throw(PeerClosed("broken pipe")), Read)
    assert isinstance(part.send(Received(b"421 too many\r\n", 0.1)), Read)
    with pytest.raises(PeerClosed, match="broken pipe"):
        part.send(PeerGone())
    assert witness.said[-1].startswith("S 421")


def test_close_and_open_again() -> None:
    """After `@close` the same name is another connection, whose greeting is awaited and expected anew."""
    driven = drive(
        "S: 220 mail.example.com\nC: NOOP\n@close\nS: 220 mail.example.com\nC: NOOP\nS: 250 2.0.0 Ok\n",
        [GREETING, GREETING, OK],
    )
    assert driven.status == "pass"
    assert [type(action).__name__ for action in driven.actions] == [
        *("Open", "Read", "Send", "Close"),
        *("Open", "Read", "Send", "Read", "Close"),
    ]


def test_what_comes_after_close_is_no_answer_to_what_came_before() -> None:
    """The greeting before `@close` is left unread, the one behind it is not: counted apart."""
    driven = drive(
        "C: NOOP\nS: 250 2.0.0 Ok\n@close\nS: 220 mail.example.com\nC: NOOP\nS: 250 2.0.0 Ok\n",
        [GREETING, OK, GREETING, OK],
    )
    assert driven.witness.statuses == ["drift", "ok", "ok", "ok"]


def test_shutdown() -> None:
    driven = drive("S: 220 mail.example.com\n@shutdown\n@eof\n", [GREETING, PeerGone()])
    assert did(driven, Shutdown, Close) == [Shutdown("")]
    assert driven.status == "pass"


def test_an_unfinished_line_is_told_when_we_close() -> None:
    driven = drive('S: 220 mail.example.com\nC"EHL"\n@close\n', [GREETING])
    assert driven.witness.said[-1] == "C EHL"


# ---------------------------------------------------------------- several connections


def test_connections_have_names() -> None:
    driven = drive(
        "@connect[bob] mx.example.org:2525\nS: 220\nS[bob]: 220\nC[bob]: NOOP\nC: NOOP\nS: 250\nS[bob]: 250\n",
        [GREETING, GREETING, OK, OK],
        Casting(None),
    )
    opens = [action for action in driven.actions if isinstance(action, Open)]
    assert [(action.connection, str(action.target)) for action in opens] == [
        ("", "None"),
        ("bob", "mx.example.org:2525"),
    ]
    assert [action.connection for action in driven.actions if isinstance(action, Send)] == ["bob", ""]
    assert driven.status == "pass"


def test_the_command_line_says_where_to_go() -> None:
    driven = drive("@connect mx.example.org:2525\nS: 220\n", [GREETING])
    (opened,) = did(driven, Open)
    assert isinstance(opened, Open)
    assert opened.target == TARGET


# ---------------------------------------------------------------- TLS

STARTTLS = START + "C: STARTTLS\nS: 220\n"


def test_the_handshake_follows_the_220() -> None:
    driven = drive(STARTTLS + "C: NOOP\nS: 250\n", [GREETING, EHLO, b"220 go\r\n", OK])
    kinds = [type(action).__name__ for action in driven.actions]
    assert kinds == ["Open", "Read", "Send", "Read", "Send", "Read", "StartTls", "Send", "Read", "Close"]


def test_manual() -> None:
    """`@tls manual` leaves the handshake out, `@tls start` makes up for it, `@tls auto` goes back to doing it."""
    text = "@tls manual\n" + STARTTLS
    answers = [GREETING, EHLO, b"220 go\r\n"]
    assert not did(drive(text + "C: NOOP\nS: 250\n", [*answers, OK]), StartTls)
    for directive in ("@tls start", "@tls auto\nC: NOOP\nS: 250"):
        assert len(did(drive(text + directive + "\n", [*answers, OK]), StartTls)) == 1


def test_start_at_once() -> None:
    driven = drive("@tls start\nS: 220\n", [GREETING])
    assert [type(action) for action in driven.actions[:2]] == [Open, StartTls]


@pytest.mark.parametrize("manual", ["", "@tls manual\n"])
def test_injected_octets_stop_everything(manual: str) -> None:
    """RFC 3207 §5: no handshake, closed, the octets shown; `@tls start` is no way round."""
    text = manual + STARTTLS + ("@tls start\n" if manual else "") + "C: NOOP\nS: 250\n"
    driven = drive(text, [GREETING, EHLO, b"220 go\r\n250 injected\x1b\r\n"])
    assert isinstance(driven.error, TlsError)
    assert driven.status == "data-before-handshake"
    assert r"250 injected\x1b\r\n" in driven.error.message
    assert not did(driven, StartTls)
    assert did(driven, Close)
    assert driven.sent[-1] == b"STARTTLS\r\n"


@pytest.mark.parametrize("reply", [b"454 no\r\n", b"250 ok\r\n"])
def test_a_refused_starttls_is_no_handshake(reply: bytes) -> None:
    driven = drive(STARTTLS.replace("S: 220\n", "S: 2xx\n") + "C: NOOP\n", [GREETING, EHLO, reply])
    assert not did(driven, StartTls)


# ---------------------------------------------------------------- what the server offers


@pytest.mark.parametrize(
    ("caps", "status"),
    [
        ("STARTTLS AUTH=PLAIN,LOGIN", "pass"),
        ("starttls !XCLIENT", "pass"),
        ("SIZE", "fail"),
        ("!STARTTLS", "fail"),
        ("AUTH=SCRAM-SHA-256", "fail"),
    ],
)
@pytest.mark.parametrize("place", ["in the block", "later"])
def test_caps(caps: str, status: str, place: str) -> None:
    text = START.replace("S: 220", "S: 220 mail.example.com").replace("S: 250-", "S: 250-mail.example.com")
    text += f"@caps {caps}\n" if place == "in the block" else f"C: NOOP\nS: 250 2.0.0 Ok\n@wait 0\n@caps {caps}\n"
    assert drive(text, [GREETING, EHLO, OK]).status == status


def test_lost_keywords_are_named() -> None:
    text = "S: 220\nC: EHLO x.example\nS: 250-x\nS: 250-SIZE 100\nS: 250 STARTTLS\n"
    driven = drive(text, [GREETING, EHLO])
    assert driven.result is not None
    assert driven.result.lost == ("SIZE",)


@pytest.mark.parametrize("place", ["first", "behind EHLO", "in lock-step"])
def test_require(place: str) -> None:
    """Not offered: skipped, and it says so, before anything else is said."""
    if place == "first":
        text = "@require XCLIENT\n" + START + "C: XCLIENT NAME=x\nS: 220\n"
    elif place == "behind EHLO":
        text = START + "@require XCLIENT\nC: XCLIENT NAME=x\nS: 220\n"
    else:
        text = "@require XCLIENT\nC: EHLO x.example\nC: XCLIENT NAME=x\n"
    driven = drive(text, [GREETING, EHLO, OK])
    assert driven.status == "skip"
    assert driven.result is not None
    assert "XCLIENT" in driven.result.reason
    assert b"XCLIENT" not in driven.octets
    assert did(driven, Close)


def test_require_what_is_there() -> None:
    assert drive("@require STARTTLS AUTH=PLAIN\n" + START, [GREETING, EHLO]).status == "drift"


def test_require_asks_its_own_connection() -> None:
    text = "@require[bob] XCLIENT\n" + START + "S[bob]: 220\nC[bob]: EHLO x\nS[bob]: 250-\nS[bob]*: 250\n"
    driven = drive(text, [GREETING, EHLO, GREETING, EHLO])
    assert driven.status == "skip"
    assert "S 250 EHLO" in driven.witness.said


# ---------------------------------------------------------------- secrets

REVEALING = {
    "PLAIN": ["C~ AUTH PLAIN {auth.plain}"],
    "PLAIN, asked": ["C: AUTH PLAIN", "C~ {auth.plain}"],
    "LOGIN in one write": ["C: AUTH LOGIN\nC~ {auth.user}\nC~ {auth.pass}"],
    "LOGIN": ["C: AUTH LOGIN", "C~ {auth.user}", "C~ {auth.pass}"],
    "PLAIN by reply": ["C: AUTH PLAIN", "C~ {auth.reply}"],
    "a step of a recording": ["C~ AUTH PLAIN {secret.1}"],
}


@pytest.mark.parametrize("writes", REVEALING.values(), ids=REVEALING)
def test_no_password_in_cleartext(writes: list[str]) -> None:
    """Except to loopback, under TLS, or with leave to: no octet of it, however it is written."""
    text = START + "".join(f"{write}\nS: 334\n" for write in writes).removesuffix("S: 334\n") + "S: 235\n"
    answers = [GREETING, EHLO, *([b"334 \r\n"] * (len(writes) - 1)), b"235 ok\r\n"]
    casting = AUTHENTICATED._replace(secrets={"secret.1": Secret(b"c2VjcmV0")})
    driven = drive(text, answers, casting, loopback=False)
    assert isinstance(driven.error, CleartextError)
    for form in (b"tanstaaf", b"dGFuc3RhYWZ0YW5zdGFhZg==", b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm", b"c2VjcmV0"):
        assert form not in driven.octets
    if writes != REVEALING["LOGIN in one write"]:  # nobody pipelines that past the first 334
        assert drive(text, answers, casting, loopback=True).status in ("drift", "pass")
        assert drive(text, answers, casting._replace(allow_plaintext_auth=True), loopback=False).status == "drift"


def test_a_digest_may_go_out_in_cleartext() -> None:
    text = START + "C: AUTH CRAM-MD5\nS: 334\nC~ {auth.reply}\nS: 235\n"
    challenge = b"334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n"
    driven = drive(text, [GREETING, EHLO, challenge, b"235 ok\r\n"], AUTHENTICATED, loopback=False)
    assert driven.status == "drift"
    assert driven.sent[-1] == b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n"


def test_in_lock_step_a_password_waits_for_tls() -> None:
    """The whole list is one write of the script: the line with the password is judged when it is its turn."""
    text = "C: EHLO x.example\nC: STARTTLS\nC: EHLO x.example\nC~ AUTH PLAIN {auth.plain}\n"
    answers = [GREETING, EHLO, b"220 go\r\n", EHLO, b"235 ok\r\n"]
    driven = drive(text, answers, AUTHENTICATED, loopback=False)
    assert driven.status == "pass"
    assert [type(action).__name__ for action in driven.actions].count("StartTls") == 1
    assert (
        drive(text.replace("C: STARTTLS\n", ""), answers, AUTHENTICATED, loopback=False).status == "secret-without-tls"
    )


def test_a_scripts_own_target_never_gets_a_password() -> None:
    """A script from a stranger names a host of theirs, and is refused."""
    text = "@connect evil.example.org:25\n" + START + "C~ AUTH PLAIN {auth.plain}\nS: 235\n"
    driven = drive(text, [GREETING, EHLO], Casting(None, credentials={"auth": TIM}))
    assert driven.status == "secret-without-server"
    assert driven.sent == [b"EHLO client.example.net\r\n"]


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ("C: AUTH LOGIN\nS: 334\nC~ {auth.reply}\nS: 334\nC~ {auth.reply}", [b"dGlt", b"dGFuc3RhYWZ0YW5zdGFhZg=="]),
        ("C~ AUTH LOGIN {auth.user}\nS: 334\nC~ {auth.reply}", [b"AUTH LOGIN dGlt", b"dGFuc3RhYWZ0YW5zdGFhZg=="]),
        ("C: AUTH LOGIN\nS: 334\nC~ {auth.user}\nS: 334\nC~ {auth.reply}", [b"dGlt", b"dGFuc3RhYWZ0YW5zdGFhZg=="]),
        ("C: AUTH PLAIN\nS: 334\nC~ {auth.reply}", [b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm"]),
    ],
    ids=["all by reply", "after an initial response", "after a step by hand", "PLAIN"],
)
def test_the_answer_to_the_last_334(lines: str, sent: list[bytes]) -> None:
    answers = [GREETING, EHLO, *([b"334 eA==\r\n"] * lines.count("S: 334")), b"235 ok\r\n"]
    driven = drive(START + lines + "\nS: 235\n", answers, AUTHENTICATED)
    assert driven.status == "drift"
    assert driven.sent[-len(sent) :] == [line + b"\r\n" for line in sent]


def test_an_answer_without_a_question() -> None:
    driven = drive(START + "C~ {auth.reply}\nS: 235\n", [GREETING, EHLO], AUTHENTICATED)
    assert driven.status == "no-challenge"


def test_a_challenge_that_cannot_be_answered() -> None:
    text = START + "C: AUTH CRAM-MD5\nS: 334\nC~ {auth.reply}\nS: 235\n"
    assert drive(text, [GREETING, EHLO, b"334 !!!\r\n"], AUTHENTICATED).status == "bad-base64"


def test_a_second_identity() -> None:
    bob = TIM._replace(user="bob")
    text = "@auth user=tim\n@auth[bob] user=bob\n" + START + "C~ AUTH LOGIN {bob.user}\nS: 334\nC~ {bob.pass}\nS: 235\n"
    casting = Casting(TARGET, credentials={"auth": TIM, "bob": bob})
    assert drive(text, [GREETING, EHLO, b"334 x\r\n", b"235 ok\r\n"], casting).sent[1] == b"AUTH LOGIN Ym9i\r\n"


# ---------------------------------------------------------------- files


def test_data() -> None:
    """RFC 5321 §4.5.2: CRLF, dots stuffed, the final dot, and streamed."""
    text = START + "C: DATA\nS: 354\n@data mail.eml\nS: 250\n"
    driven = drive(text, [GREETING, EHLO, b"354 go\r\n", OK], files={"mail.eml": b"Subject: x\n\n.dot\n..\nend"})
    assert driven.sent[-1] == b"Subject: x\r\n\r\n..dot\r\n...\r\nend\r\n.\r\n"
    assert did(driven, SendStream)


def test_send() -> None:
    driven = drive("S: 220\n@send raw\nS: 250\n", [GREETING, OK], files={"raw": b"NOOP\r\n"})
    assert driven.sent == [b"NOOP\r\n"]


def test_a_file_that_is_not_there_points_at_its_line() -> None:
    driven = drive("S: 220\n@data gone.eml\n", [GREETING])
    assert driven.status == "file"
    assert getattr(driven.error, "line", 0) == 2


def test_include() -> None:
    files = {"start.smtp": START.encode()}
    driven = drive("@include start.smtp\nC: NOOP\nS: 250\n", [GREETING, EHLO, OK], files=files)
    assert driven.sent == [b"EHLO client.example.net\r\n", b"NOOP\r\n"]


def test_a_large_write_is_streamed() -> None:
    driven = drive('S: 220\nC"x"*70000000\n@close\n', [GREETING])
    assert did(driven, SendStream)
    assert len(driven.octets) == 70_000_000


# ---------------------------------------------------------------- as far as a line


@pytest.mark.parametrize(("line", "sent"), [(1, 0), (3, 1), (4, 1), (5, 2), (99, 2), (0, 2)])
def test_to_line(line: int, sent: int) -> None:
    """The play stops before the first step behind the line, and leaves the connection open for whoever goes on."""
    text = "S: 220\nC: EHLO x\nS: 250-\nS*: 250\nC: NOOP\nS: 250\n"
    driven = drive(text, [GREETING, EHLO, OK], Casting(TARGET, to_line=line))
    assert len(driven.sent) == sent
    stopped = driven.result is not None and driven.result.stopped_at > 0
    assert bool(did(driven, Close)) is not stopped


def test_to_line_counts_the_lines_of_the_script_itself() -> None:
    files = {"start.smtp": b"# one\n# two\n# three\n" + START.encode()}
    driven = drive(
        "@include start.smtp\nC: NOOP\nS: 250\nC: RSET\n", [GREETING, EHLO, OK], Casting(TARGET, to_line=3), files=files
    )
    assert driven.sent == [b"EHLO client.example.net\r\n", b"NOOP\r\n"]


# ---------------------------------------------------------------- conversations that go on already


def test_a_script_may_go_on_where_a_person_was() -> None:
    """`/run` in the shell: no opening, no greeting, no closing."""
    conversation = Conversation()
    conversation.receive(GREETING)
    part = play(planned("C: NOOP\nS: 250 2.0.0 Ok\n"), Casting(None), Witness(), {"": conversation})
    assert part.send(None) == Send("", b"NOOP\r\n")
    assert isinstance(part.send(None), Read)
    with pytest.raises(StopIteration) as stopped:
        part.send(Received(OK, 0.1))
    assert stopped.value.value.status == "pass"


def test_errors_of_the_driver_end_the_play() -> None:
    part = play(planned("S: 220\n"), Casting(TARGET), Witness())
    part.send(None)
    with pytest.raises(ConnectError):
        part.throw(ConnectError("refused"))
