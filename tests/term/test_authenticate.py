"""The helpers for AUTH: right steps, and no password in cleartext without a yes."""

import pytest

from smtp_repl.term.authenticate import handle_auth, handle_b64, handle_pass
from smtp_repl.term.settings import Settings
from smtp_repl.wire.errors import CleartextError, UsageError
from tests.term.sitting import Sitting

PLAIN = b"AGJvYgBodW50ZXIyMg=="
LOGIN = (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n")


@pytest.mark.parametrize(
    ("argument", "offered", "replies", "sent"),
    [
        ("plain bob", "AUTH PLAIN", (b"235 ok\r\n",), b"AUTH PLAIN " + PLAIN + b"\r\n"),
        ("bob", "AUTH PLAIN LOGIN", (b"235 ok\r\n",), b"AUTH PLAIN " + PLAIN + b"\r\n"),
        ("LOGIN bob", "AUTH LOGIN", LOGIN, b"AUTH LOGIN\r\nYm9i\r\naHVudGVyMjI=\r\n"),
        (
            "bob",
            "AUTH LOGIN CRAM-MD5",
            (b"334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n", b"235 ok\r\n"),
            b"AUTH CRAM-MD5\r\nYm9iIDEyODBmN2IwODMxNDVkMGFmNWE3YzI4ODJkOGVlMGQ3\r\n",
        ),
    ],
    ids=["plain", "strongest of two", "login", "cram-md5"],
)
def test_auth_walks_an_exchange(argument: str, offered: str, replies: tuple[bytes, ...], sent: bytes) -> None:
    """/auth takes the mechanism named, or the strongest that is offered, and asks for the password only."""
    sitting = Sitting(*replies, answers=["hunter22"], loopback=True).greeted(offered)
    sitting.run(handle_auth(sitting.desk, argument))
    if b"CRAM" in sent:
        assert sitting.sent.startswith(b"AUTH CRAM-MD5\r\nYm9iI")
    else:
        assert sitting.sent == sent
    assert sitting.questions == ["password: "]
    assert sitting.desk.conversation.authenticated is not None
    assert "hunter22" not in "\n".join(sitting.shown)


def test_asks_for_the_user_when_none_is_given() -> None:
    """A question that is refused ends the helper; nothing was sent."""
    sitting = Sitting(answers=[None], loopback=True).greeted("AUTH PLAIN")
    sitting.run(handle_auth(sitting.desk, ""))
    assert sitting.questions == ["user: "]
    assert not sitting.sent


@pytest.mark.parametrize("answer", ["no", "", None], ids=["no", "nothing", "nobody"])
def test_no_password_in_cleartext(answer: str | None) -> None:
    """Over cleartext to another machine a helper asks first, and anything but yes is a no."""
    sitting = Sitting(answers=[answer]).greeted("AUTH PLAIN")
    with pytest.raises(CleartextError, match="not encrypted"):
        sitting.run(handle_auth(sitting.desk, "bob"))
    assert "would show your password to anyone on the path to 192.0.2.1" in sitting.questions[0]
    assert not sitting.sent


@pytest.mark.parametrize(
    ("line", "handler", "argument"),
    [
        (b"AUTH LOGIN\r\n", handle_pass, ""),
        (b"AUTH LOGIN\r\n", handle_b64, "hunter22"),
        (b"AUTH PLAIN\r\n", handle_b64, r"\0bob\0hunter22"),
        (b"AUTH XOAUTH2\r\n", handle_b64, "token"),
    ],
    ids=["pass", "b64 login", "b64 plain", "b64 unknown"],
)
def test_single_steps_are_guarded_too(line: bytes, handler, argument: str) -> None:  # type: ignore[no-untyped-def]
    """/pass and /b64 ask as /auth does, where the step would show a password."""
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", answers=["no"]).greeted("AUTH LOGIN PLAIN")
    sitting.say(line)
    if b"LOGIN" in line:
        sitting.run(handle_b64(sitting.desk, "bob"))
    before = sitting.sent
    with pytest.raises(CleartextError):
        sitting.run(handler(sitting.desk, argument))
    assert sitting.sent == before


def test_cram_md5_and_what_is_typed_are_not_guarded() -> None:
    """CRAM-MD5 shows no password, and a typed line is the person's own business."""
    sitting = Sitting(b"334 PDE+\r\n", b"235 ok\r\n", answers=["hunter22"]).greeted("AUTH CRAM-MD5")
    sitting.run(handle_auth(sitting.desk, "bob"))
    assert sitting.sent.startswith(b"AUTH CRAM-MD5\r\n")
    other = Sitting(b"235 ok\r\n").greeted("AUTH PLAIN")
    other.say(b"AUTH PLAIN " + PLAIN + b"\r\n")
    assert any("showed the password" in line for line in other.shown)


def test_allow_plaintext_auth() -> None:
    """The option for those who know what they do spares the question."""
    sitting = Sitting(b"235 ok\r\n", answers=["hunter22"], settings=Settings(allow_plaintext_auth=True))
    sitting.greeted("AUTH PLAIN").run(handle_auth(sitting.desk, "bob"))
    assert sitting.questions == ["password: "]


def test_pass_answers_as_the_mechanism_wants() -> None:
    """After AUTH PLAIN the step has the user in it; /pass asks for what it does not know."""
    sitting = Sitting(b"334 \r\n", b"235 ok\r\n", answers=["bob", "hunter22"], loopback=True).greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN\r\n")
    sitting.run(handle_pass(sitting.desk, ""))
    assert sitting.questions == ["user: ", "password: "]
    assert sitting.sent == b"AUTH PLAIN\r\n" + PLAIN + b"\r\n"


def test_pass_is_not_for_the_user_name() -> None:
    """At LOGIN's first prompt a password would go where a name is wanted, and into logs."""
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n", loopback=True).greeted("AUTH LOGIN")
    sitting.say(b"AUTH LOGIN\r\n")
    with pytest.raises(UsageError, match="user name first"):
        sitting.run(handle_pass(sitting.desk, ""))


def test_pass_takes_no_argument() -> None:
    """A password that is typed where it shows is not sent either."""
    sitting = Sitting().greeted("AUTH LOGIN")
    with pytest.raises(UsageError, match="asks for the password"):
        sitting.run(handle_pass(sitting.desk, "hunter22"))


def test_b64_without_a_334_only_tells() -> None:
    """Where no step is due, /b64 shows the base64 and sends nothing; \\0 is a NUL."""
    sitting = Sitting().greeted("AUTH PLAIN")
    sitting.run(handle_b64(sitting.desk, r"\0bob\0hunter22"))
    assert not sitting.sent
    assert sitting.shown[-1].startswith(f"# {PLAIN.decode()} is base64 of ")


@pytest.mark.parametrize(
    ("keywords", "hint"),
    [(("STARTTLS",), "it may be after /starttls"), (("AUTH GSSAPI",), "spoken here: "), ((), "tries it all the same")],
    ids=["before tls", "none in common", "never"],
)
def test_says_why_there_is_no_auth(keywords: tuple[str, ...], hint: str) -> None:
    """When no mechanism can be chosen, the hint says what might help."""
    sitting = Sitting().greeted(*keywords)
    with pytest.raises(UsageError) as error:
        sitting.run(handle_auth(sitting.desk, "bob"))
    assert hint in error.value.hint


def test_auth_is_not_due_before_ehlo() -> None:
    sitting = Sitting().open()
    with pytest.raises(UsageError, match="not due") as error:
        sitting.run(handle_auth(sitting.desk, "bob"))
    assert error.value.hint == "EHLO first"
