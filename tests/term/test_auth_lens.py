"""The AUTH lens: both forms of every step, base64 in place, why a mechanism, and what a refusal may mean."""

import re
from collections.abc import Callable

import pytest

from smtp_repl.term.authenticate import handle_ascii, handle_auth, handle_encode
from smtp_repl.term.encoding import InPlace
from smtp_repl.term.requests import Put
from smtp_repl.wire.errors import UsageError
from tests.term.screen import Terminal
from tests.term.sitting import Sitting

StartShell = Callable[..., Terminal]


def after(terminal: Terminal, line: str) -> list[str]:
    lines = terminal.history()
    return lines[lines.index(line) :]


def between(terminal: Terminal, line: str) -> list[str]:
    """From a line to the prompt."""
    lines = after(terminal, line)
    return lines[: lines.index("C:")]


# ---------------------------------------------------------------- base64 in place


def test_f4_encodes_in_place(greeted: Terminal) -> None:
    """At a 334, F4 turns the word into base64 before it is sent, and back; /encode does it from a command."""
    greeted.type("AUTH LOGIN\n")
    greeted.wait_for('"Username:"')
    greeted.wait_for_prompt()
    greeted.type("tutor")
    greeted.wait_for(" this looks like a plain word, and the server takes it for base64; F4 encodes it")
    greeted.key("f4")
    greeted.wait_for(lambda terminal: terminal.line() == "C: dHV0b3I=")
    greeted.wait_for(" base64 of tutor  practice")
    greeted.key("f4")
    greeted.wait_for(lambda terminal: terminal.line() == "C: tutor")
    greeted.key("f4", "enter")
    greeted.wait_for('"Password:"')
    greeted.wait_for_prompt()
    greeted.type("/encode not-a-secret\n")
    greeted.wait_for(lambda terminal: terminal.line() == "C: bm90LWEtc2VjcmV0")
    greeted.key("enter")
    greeted.wait_for("S: 235 ")
    greeted.wait_for_prompt()
    assert after(greeted, "C: AUTH LOGIN")[:9] == [
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        '# the server asks: "Username:"',
        "@auth user=tutor",
        "C~ {auth.user}",
        "# dHV0b3I= is base64 of tutor (the user name)",
        "S: 334 UGFzc3dvcmQ6",
        '# the server asks: "Password:"',
        "# /encode not-a-secret",
    ]
    assert "# bm90LWEtc2VjcmV0 is base64 of not-a-secret (the password)" in greeted.history()


def test_f4_knows_the_step_behind_a_mechanism(greeted: Terminal) -> None:
    """AUTH PLAIN with its step on one line: only the step is encoded, \\0 is a NUL."""
    greeted.key("f4")
    greeted.wait_for("# F4 encodes the answer to a 334")
    greeted.type(r"AUTH PLAIN \0tutor\0not-a-secret")
    greeted.key("f4")
    greeted.wait_for(lambda terminal: terminal.line() == "C: AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==")
    greeted.wait_for(r" base64 of \0tutor\0not-a-secret  practice")
    greeted.key("enter")
    greeted.wait_for("S: 235 ")


def test_a_hidden_line_end(greeted: Terminal) -> None:
    """What `echo tutor | base64` gives has a line end in it; it is told at the key, when sent, and when refused."""
    greeted.type("AUTH LOGIN\n")
    greeted.wait_for('"Username:"')
    greeted.wait_for_prompt()
    greeted.type("dHV0b3IK")
    greeted.wait_for(r" the base64 has a line end in it, behind the last character (\n); echo adds one")
    greeted.key("enter")
    greeted.wait_for('"Password:"')
    greeted.wait_for_prompt()
    greeted.type("/b64 not-a-secret\n")
    greeted.wait_for("# wrong user or password (535), and the step was odd: the base64 has a line end in it")
    text = greeted.text()
    assert "# A line end hidden in the base64. Encode without a line end: printf %s user | base64, or /b64" in text


def test_ctrl_c_at_a_334_cancels_with_a_star(greeted: Terminal) -> None:
    """Ctrl-C puts the star there, whatever was typed; Enter sends it, and the server says 501."""
    greeted.type("AUTH LOGIN\n")
    greeted.wait_for('"Username:"')
    greeted.wait_for_prompt()
    greeted.type("half a passw")
    greeted.key("c-c")
    greeted.wait_for("# a star cancels AUTH: Enter sends it, Ctrl-C takes it back")
    greeted.wait_for(lambda terminal: terminal.line() == "C: *")
    greeted.key("enter")
    greeted.wait_for("S: 501 ")
    greeted.wait_for_prompt()
    assert [line for line in after(greeted, "C: AUTH LOGIN") if re.match("[CS]:", line)][:4] == [
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        "C: *",
        next(line for line in greeted.history() if line.startswith("S: 501 ")),
    ]
    assert "half" not in greeted.text().partition("C: *")[2]


def test_auth_chooses_and_shows_each_step(greeted: Terminal) -> None:
    """The strongest mechanism and why; user and password asked for, the password hidden; both forms of what is said."""
    greeted.type("/auth\n")
    greeted.wait_for_prompt("# user: tutor")
    greeted.type("\n")
    greeted.wait_for_prompt("# password (tutor's is not-a-secret): ")
    greeted.type("not-the-one\n")
    greeted.wait_for("S: 535 ")
    greeted.wait_for_prompt()
    shown = between(greeted, "# /auth")
    assert [re.sub("<.*>|[A-Za-z0-9+/]{50,}=*|[0-9a-f]{32}", "_", line) for line in shown] == [
        "# /auth",
        "# CRAM-MD5: the strongest that is offered and spoken here; the password itself does not go over the",
        "#   wire; also offered: PLAIN, LOGIN",
        "# user: tutor",
        "# password (tutor's is not-a-secret): ••••",
        "C: AUTH CRAM-MD5",
        "S~ 334 {}",
        '# the server asks: "_"',
        "@auth user=tutor",
        "C~ {auth.reply}",
        "# _ is base64 of tutor",
        "#   _ (the user name and a digest of challenge and password)",
        "S: 535 5.7.8 Wrong user or password",
        "# wrong user or wrong password: the code does not say which. Some servers want the whole address as",
        "#   user, some providers an app password",
    ]
    assert "not-the-one" not in greeted.output.decode()


@pytest.mark.parametrize(
    ("line", "is_step", "turned"),
    [
        ("tutor", True, "dHV0b3I="),
        (r"\0tutor\0x", True, "AHR1dG9yAHg="),
        ("auth plain \\0a\\0b", False, "auth plain AGEAYg=="),
        ("MAIL FROM:<a@example.org>", False, None),
        ("AUTH PLAIN", False, None),
        ("", True, None),
        ("müller", True, "bcO8bGxlcg=="),
    ],
)
def test_in_place(line: str, is_step: bool, turned: str | None) -> None:
    """A step is turned into base64 and back; what is no step is left alone."""
    in_place = InPlace()
    assert in_place.turn(line, is_step=is_step) == turned
    if turned is not None:
        assert in_place.turn(turned, is_step=is_step) == line


def test_in_place_does_not_decode_what_it_did_not_make() -> None:
    """Base64 that somebody typed is text like any other, and is encoded."""
    assert InPlace().turn("dHV0b3I=", is_step=True) == "ZEhWMGIzST0="


def test_encode_needs_something_to_encode() -> None:
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n").greeted("AUTH LOGIN")
    sitting.run(handle_encode(sitting.desk, "bob"))
    assert sitting.shown[-1] == "# Ym9i is base64 of bob (not sent: no 334 waits for an answer)"
    sitting.say(b"AUTH LOGIN\r\n")
    with pytest.raises(UsageError, match="needs the text"):
        sitting.run(handle_encode(sitting.desk, ""))
    sitting.run(handle_encode(sitting.desk, "bob"))
    assert sitting.requests[-1] == Put("Ym9i")
    sitting.run(handle_ascii(sitting.desk, "\uff10"))
    assert sitting.requests[-1] == Put("0")


# ---------------------------------------------------------------- why this mechanism


@pytest.mark.parametrize(
    ("argument", "offered", "told"),
    [
        (
            "bob",
            "AUTH PLAIN LOGIN CRAM-MD5",
            "# CRAM-MD5: the strongest that is offered and spoken here; the password itself does not go over the wire; "
            "also offered: PLAIN, LOGIN",
        ),
        ("bob", "AUTH LOGIN PLAIN", "# PLAIN: the strongest that is offered and spoken here; also offered: LOGIN"),
        ("bob", "AUTH LOGIN GSSAPI", "# LOGIN: the one mechanism in common; also offered: GSSAPI"),
        ("LOGIN bob", "AUTH LOGIN CRAM-MD5", "# CRAM-MD5 is offered too, and does not send the password itself"),
        ("PLAIN bob", "AUTH LOGIN", "# PLAIN is not offered here: expect 504; offered: LOGIN"),
        ("PLAIN bob", "SIZE", "# PLAIN is not offered here: expect 504; AUTH is not offered at all"),
        ("PLAIN bob", "AUTH PLAIN LOGIN", ""),
    ],
    ids=["strongest", "of two that reveal", "only one", "named a weaker", "not offered", "no auth", "as good as any"],
)
def test_auth_says_why(argument: str, offered: str, told: str) -> None:
    """/auth takes the strongest and says why, and what it passed over."""
    sitting = Sitting(b"504 no\r\n", answers=["hunter22"], loopback=True).greeted(offered)
    before = len(sitting.shown)
    sitting.run(handle_auth(sitting.desk, argument))
    first = sitting.shown[before]
    assert first == told if told else first.startswith("@auth")


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (b"535 5.7.8 no\r\n", "wrong user or wrong password: the code does not say which"),
        (b"504 5.5.4 no\r\n", "the server does not take PLAIN (504); offered: PLAIN, LOGIN"),
        (
            b"534 5.7.9 no\r\n",
            "too weak for this account, or the provider wants an app password; offered: PLAIN, LOGIN",
        ),
        (b"538 5.7.11 no\r\n", "wants an encrypted connection first; /starttls"),
        (b"530 5.7.0 no\r\n", "wants an encrypted connection first; /starttls"),
        (b"454 4.7.0 no\r\n", "the password may well be right"),
        (b"432 4.7.12 no\r\n", "log in once with PLAIN"),
        (b"235 2.7.0 yes\r\n", ""),
        (b"501 5.5.2 no\r\n", ""),
    ],
    ids=lambda value: value[:3].decode() if isinstance(value, bytes) else "",
)
def test_what_a_refusal_may_mean(reply: bytes, told: str) -> None:
    """RFC 4954 §6 has codes of its own; each says what may help."""
    sitting = Sitting(reply, loopback=True).greeted("AUTH PLAIN LOGIN", "STARTTLS")
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    last = sitting.shown[-1]
    assert told in last
    assert last.startswith("# " if told else "S: ")


def test_a_mechanism_that_is_not_offered() -> None:
    """Some servers say 535 where 504 is meant (Postfix: "no mechanism available"); a wrong password it is not."""
    sitting = Sitting(b"535 5.7.8 Error: authentication failed: no mechanism available\r\n", loopback=True)
    sitting.greeted("AUTH PLAIN LOGIN").say(b"AUTH FOO\r\n")
    assert sitting.shown[-1] == "# the server does not offer FOO; offered: PLAIN, LOGIN"


def test_a_refused_step_that_was_odd() -> None:
    """A 535 after a step with a hidden line end, or without its NULs, says so."""
    sitting = Sitting(b"535 no\r\n", b"535 no\r\n", loopback=True).greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMgo=\r\n")
    assert sitting.shown[-1].startswith(
        "# wrong user or password (535), and the step was odd: the base64 has a line end"
    )
    sitting.say(b"AUTH PLAIN Ym9i\r\n")
    assert "and the step was odd: PLAIN wants an authorization identity" in sitting.shown[-1]


def test_remarks_can_be_turned_off() -> None:
    """With the explanations off, a refusal stands there alone."""
    sitting = Sitting(b"535 no\r\n", loopback=True).greeted("AUTH PLAIN")
    sitting.desk.settings.explain = False
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMgo=\r\n")
    assert sitting.shown[-1] == "S: 535 no"
