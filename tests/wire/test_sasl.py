"""Each mechanism against its RFC's own example, with and without an initial response."""

from collections.abc import Generator

import pytest

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.sasl import (
    CHALLENGES_LIMIT,
    MECHANISMS,
    Credentials,
    Mechanism,
    ResponseParts,
    Steps,
    choose,
    describe_response,
    start,
)
from smtp_repl.wire.secrets import Secret

TIM = Credentials("tim", Secret(b"tanstaaftanstaaf"))

PLAIN_STEP = b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm"
USER_STEP, PASSWORD_STEP = b"dGlt", b"dGFuc3RhYWZ0YW5zdGFhZg=="
CHALLENGE = b"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
CRAM_STEP = b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"

# mechanism, initial response wanted, what goes on the AUTH line, [(challenge, answer)]
EXCHANGES = {
    "PLAIN, at once": ("PLAIN", True, PLAIN_STEP, []),
    "PLAIN, when asked": ("PLAIN", False, None, [(b"", PLAIN_STEP)]),
    "PLAIN, asked in words": ("PLAIN", False, None, [(b"ok. go on.", PLAIN_STEP)]),
    "LOGIN, at once": ("LOGIN", True, USER_STEP, [(b"UGFzc3dvcmQ6", PASSWORD_STEP)]),
    "LOGIN, when asked": ("LOGIN", False, None, [(b"VXNlcm5hbWU6", USER_STEP), (b"UGFzc3dvcmQ6", PASSWORD_STEP)]),
    "LOGIN, other prompts": ("LOGIN", False, None, [(b"VXNlciBOYW1lAA==", USER_STEP), (b"", PASSWORD_STEP)]),
    "LOGIN, prompts in clear": ("LOGIN", False, None, [(b"Username:", USER_STEP), (b"Password:", PASSWORD_STEP)]),
    "CRAM-MD5, RFC 2195 §2": ("CRAM-MD5", False, None, [(CHALLENGE, CRAM_STEP)]),
    "CRAM-MD5 has no initial response": ("CRAM-MD5", True, None, [(CHALLENGE, CRAM_STEP)]),
}


@pytest.mark.parametrize(("name", "initial", "first", "rounds"), EXCHANGES.values(), ids=EXCHANGES)
def test_exchange(name: str, initial: bool, first: bytes | None, rounds: list[tuple[bytes, bytes]]) -> None:
    """The steps of RFC 4616, the LOGIN draft and RFC 2195, as base64 on the wire; the prompts do not matter."""
    steps = start(MECHANISMS[name], TIM, initial)
    assert (steps.first.reveal() if steps.first is not None else None) == first
    for challenge, answer in rounds:
        assert steps.answer(challenge) == Secret(answer)
    responses = len(rounds) + (first is not None)
    assert responses == MECHANISMS[name].responses
    assert steps.answer(b"") is None
    assert steps.fault in ("too-many-challenges", "bad-base64")


def test_rfc_4954_example() -> None:
    """The PLAIN step of RFC 4954 §4.1, with an authorization identity."""
    steps = start(MECHANISMS["PLAIN"], Credentials("test", Secret(b"1234"), "test"), True)
    assert steps.first == Secret(b"dGVzdAB0ZXN0ADEyMzQ=")


def test_names_and_passwords_are_utf_8() -> None:
    """SMTP passes on what the user wrote; the server prepares it."""
    steps = start(MECHANISMS["LOGIN"], Credentials("jürgen", Secret("pässe".encode())), False)
    assert steps.answer(b"") == Secret(b"asO8cmdlbg==")
    assert steps.answer(b"") == Secret(b"cMOkc3Nl")


def test_challenge_that_is_no_base64() -> None:
    """A mechanism that needs the challenge cannot answer one that is no base64; nothing is sent."""
    steps = start(MECHANISMS["CRAM-MD5"], TIM, False)
    assert steps.answer(b"!!!notbase64!!!") is None
    assert steps.fault == "bad-base64"


def _echo(credentials: Credentials) -> Generator[Secret | None, bytes, None]:
    challenge = yield Secret(b"")
    while True:
        challenge = yield Secret(challenge)


ECHO = Mechanism("ECHO", _echo, "optional", False, True, 0, 0, "-")


def test_challenges_without_end() -> None:
    """After ten challenges an exchange is over, whatever the mechanism would still say."""
    steps = Steps(ECHO, TIM, True)
    assert [steps.answer(b"dGlt") for _ in range(CHALLENGES_LIMIT)] == [Secret(b"dGlt")] * 10
    assert steps.answer(b"dGlt") is None
    assert steps.fault == "too-many-challenges"


def test_empty_responses() -> None:
    """An empty initial response is "="; an empty later one is an empty line (RFC 4954 §4)."""
    assert Steps(ECHO, TIM, True).first == Secret(b"=")
    steps = Steps(ECHO, TIM, False)
    assert steps.first is None
    assert steps.answer(b"") == Secret(b"")


BAD = {
    "NUL in the password": Credentials("tim", Secret(b"a\0b")),
    "line end from a file": Credentials("tim", Secret(b"tanstaaf\n")),
    "CR in the user name": Credentials("tim\r", Secret(b"a")),
    "NUL in the identity": Credentials("tim", Secret(b"a"), "x\0y"),
}


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("credentials", BAD.values(), ids=BAD)
def test_credentials_that_cannot_be_sent(name: str, credentials: Credentials) -> None:
    """A line end or a NUL in them is refused before a byte goes out, and the message does not show them."""
    with pytest.raises(UsageError) as caught:
        start(MECHANISMS[name], credentials, True)
    assert caught.value.kind == "bad-secret"
    assert "tanstaaf" not in caught.value.message


def test_secrets_do_not_show() -> None:
    """Credentials and steps can be printed."""
    steps = start(MECHANISMS["PLAIN"], TIM, True)
    assert "tanstaaf" not in f"{TIM!r} {steps!r} {steps.first!r} {steps.first}"
    assert "tanstaaf" not in repr(describe_response("PLAIN", 0, PLAIN_STEP))


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["LOGIN", "PLAIN", "CRAM-MD5"], "CRAM-MD5"),
        (["LOGIN", "plain"], "PLAIN"),
        (["login"], "LOGIN"),
        (["GSSAPI", "XOAUTH2"], None),
        ([], None),
    ],
)
def test_choose(offered: list[str], chosen: str | None) -> None:
    """The strongest mechanism on offer that we speak."""
    mechanism = choose(offered)
    assert (mechanism.name if mechanism else None) == chosen


DESCRIBED = {
    "PLAIN": ("PLAIN", 0, PLAIN_STEP, ResponseParts(b"tim", Secret(b"tanstaaftanstaaf"), b"")),
    "any case": ("plain", 0, PLAIN_STEP, ResponseParts(b"tim", Secret(b"tanstaaftanstaaf"), b"")),
    "PLAIN with identity": ("PLAIN", 0, b"dGVzdAB0ZXN0ADEyMzQ=", ResponseParts(b"test", Secret(b"1234"), b"test")),
    "PLAIN without its first NUL": ("PLAIN", 0, b"dGltAHg=", None),
    "PLAIN has one step": ("PLAIN", 1, PLAIN_STEP, None),
    "LOGIN user": ("LOGIN", 0, USER_STEP, ResponseParts(user=b"tim")),
    "LOGIN password": ("LOGIN", 1, PASSWORD_STEP, ResponseParts(secret=Secret(b"tanstaaftanstaaf"))),
    "LOGIN has two steps": ("LOGIN", 2, USER_STEP, None),
    "LOGIN, empty": ("LOGIN", 0, b"=", ResponseParts(user=b"")),
    "CRAM-MD5": ("CRAM-MD5", 0, CRAM_STEP, ResponseParts(b"tim", Secret(b"b913a602c7eda7a495b4e6e7334d3890"))),
    "CRAM-MD5 without digest": ("CRAM-MD5", 0, b"dGlt", None),
    "no base64": ("LOGIN", 0, b"tim!", None),
    "unknown mechanism": ("GSSAPI", 0, USER_STEP, None),
}


@pytest.mark.parametrize(("name", "step", "text", "parts"), DESCRIBED.values(), ids=DESCRIBED)
def test_describe_response(name: str, step: int, text: bytes, parts: ResponseParts | None) -> None:
    """What a step holds; None rather than a guess."""
    assert describe_response(name, step, text) == parts


def test_a_mechanism_without_describe_is_opaque() -> None:
    """What a row does not take apart stays secret as a whole."""
    assert ECHO.describe(0, b"user") is None


@pytest.mark.parametrize("name", MECHANISMS)
def test_table(name: str) -> None:
    """Every row has its name as key and says where it is specified."""
    row = MECHANISMS[name]
    assert row.name == name
    assert row.initial in ("optional", "never", "sometimes")
    assert row.ref
