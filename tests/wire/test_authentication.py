"""AUTH lines: what is secret in them, and what can be told of them."""

from base64 import b64encode

import pytest

from smtp_repl.wire.authentication import AuthReader, is_auth, remember
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.secrets import Secret, SecretBook

PLAIN = b64encode(b"\0tim\0tanstaaftanstaaf")


@pytest.mark.parametrize(
    ("line", "shown", "secret"),
    [
        (b"AUTH PLAIN " + PLAIN, b"AUTH PLAIN ", PLAIN),
        (b"auth plain " + PLAIN, b"auth plain ", PLAIN),
        (b"AUTH  PLAIN  " + PLAIN, b"AUTH  PLAIN  ", PLAIN),
        (b"AUTH PLAIN\t" + PLAIN, b"AUTH PLAIN\t", PLAIN),
        (b"AUTH\tPLAIN " + PLAIN, b"AUTH\tPLAIN ", PLAIN),
        (b" AUTH PLAIN " + PLAIN, b" AUTH PLAIN ", PLAIN),
        (b"\0AUTH PLAIN " + PLAIN, b"\0AUTH PLAIN ", PLAIN),
        (b"X-EXPS PLAIN " + PLAIN, b"X-EXPS PLAIN ", PLAIN),
        (b"AUTH PLAIN tim secret", b"AUTH PLAIN ", b"tim secret"),
        (b"AUTH " + PLAIN, b"AUTH ", PLAIN),
        (b"AUTH PLAIN=" + PLAIN, b"AUTH ", b"PLAIN=" + PLAIN),
        (b"AUTH \xff\xfe", b"AUTH ", b"\xff\xfe"),
        (b"AUTH dGltAHNlY3JldA", b"AUTH ", b"dGltAHNlY3JldA"),
        (b"AUTH FROBNICATE x", b"AUTH FROBNICATE ", b"x"),
        (b"AUTH", b"AUTH", None),
        (b"AUTH LOGIN", b"AUTH LOGIN", None),
        (b"AUTH scram-sha-256", b"AUTH scram-sha-256", None),
        (b"AUTH Login", b"AUTH Login", None),
    ],
)
def test_the_secret_is_cut_off(line: bytes, shown: bytes, secret: bytes | None) -> None:
    """However AUTH is written, what may hold a password stands in the step and nowhere else."""
    assert is_auth(line)
    command, step = AuthReader().begin(parse_command(line))
    assert command.line == shown
    assert (step.text if step else None) == (Secret(secret) if secret is not None else None)


@pytest.mark.parametrize("line", [b"AUTHENTICATE x", b"NOOP AUTH PLAIN x", b"XAUTH y", b"", b"AUT"])
def test_other_lines_are_no_auth(line: bytes) -> None:
    assert not is_auth(line)


def test_steps_are_counted() -> None:
    reader = AuthReader()
    reader.begin(parse_command(b"AUTH LOGIN"))
    assert reader.nothing_said
    first = reader.step(b64encode(b"tim"))
    assert (first.number, first.initial, first.user, first.password) == (0, False, b"tim", None)
    assert not reader.is_done
    second = reader.step(b64encode(b"hunter2"))
    assert (second.number, second.user, second.password) == (1, None, Secret(b"hunter2"))
    assert reader.is_done


def test_an_unknown_mechanism_is_never_done() -> None:
    """What comes next may be another step, so it is one as long as nobody says otherwise."""
    reader = AuthReader()
    reader.begin(parse_command(b"AUTH XOAUTH2 token"))
    assert not reader.is_done
    assert reader.step(b"").user is None


def test_a_digest_is_no_password() -> None:
    reader = AuthReader()
    reader.begin(parse_command(b"AUTH CRAM-MD5"))
    step = reader.step(b64encode(b"tim b913a602c7eda7a495b4e6e7334d3890"))
    assert step.user == b"tim"
    assert step.password is None


def test_a_plain_word_is_noticed() -> None:
    reader = AuthReader()
    reader.begin(parse_command(b"AUTH LOGIN"))
    assert not reader.step(b"tim!").is_base64
    assert reader.step(b"=").is_base64


@pytest.mark.parametrize(
    ("mechanism", "steps", "found", "spared"),
    [
        ("PLAIN", [PLAIN], [b"tanstaaftanstaaf", PLAIN], [b"PLAIN"]),
        ("LOGIN", [b64encode(b"timothy"), b64encode(b"hunter2")], [b"hunter2"], [b"timothy"]),
        ("LOGIN", [b"plain-word", b"hunter2"], [b"hunter2", b"plain-word"], []),
        ("PLAIN", [b64encode(b"timothy\0hunter2")], [b"hunter2"], []),
        (
            "CRAM-MD5",
            [b64encode(b"tim b913a602c7eda7a495b4e6e7334d3890")],
            [b"tim b913a602c7eda7a495b4e6e7334d3890"],
            [b"timothy"],
        ),
        ("XOAUTH2", [b64encode(b"user=x\1auth=Bearer token123\1\1")], [b"user=x\1auth=Bearer token123\1\1"], []),
    ],
    ids=["plain", "login", "plain words", "two parts", "cram-md5", "unknown"],
)
def test_what_an_echo_must_not_show(
    mechanism: str, steps: list[bytes], found: list[bytes], spared: list[bytes]
) -> None:
    reader, book = AuthReader(), SecretBook()
    reader.begin(parse_command(b"AUTH " + mechanism.encode()))
    for step in steps:
        remember(reader.step(step), book)
    assert all(book.occurs_in(b"500 what? " + one) for one in found)
    assert not any(book.occurs_in(one) for one in spared)
