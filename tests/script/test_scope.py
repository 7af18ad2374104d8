"""What the names of a script stand for."""

import pytest

from smtp_repl.script.scope import Exchange, Need, Scope, missing, secrets_needed
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.events import ChallengeSaid
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from tests.script.stage import TIM, planned


def scope(exchange: Exchange | None = None, **bindings: bytes) -> Scope:
    return Scope(bindings, {"auth": TIM}, {"secret.1": Secret(b"c3RlcA==")}, exchange or Exchange())


def test_the_parts_of_an_identity() -> None:
    """RFC 4616 and the LOGIN draft, in base64, and secret all of them."""
    known = scope(name=b"value")
    assert known["name"] == b"value"
    assert known["auth.plain"] == Secret(b"AHRpbQB0YW5zdGFhZnRhbnN0YWFm")
    assert known["auth.user"] == Secret(b"dGlt")
    assert known["auth.pass"] == Secret(b"dGFuc3RhYWZ0YW5zdGFhZg==")
    assert known["secret.1"] == Secret(b"c3RlcA==")
    assert "tanstaaf" not in repr(dict.fromkeys(known)) + repr([known[name] for name in list(known)[:5]])


def test_a_plain_response_without_octets() -> None:
    nobody = Scope({}, {"auth": Credentials("", Secret(b""))}, {}, Exchange())
    assert nobody["auth.plain"] == Secret(b"AAA=")


@pytest.mark.parametrize("name", ["nobody", "auth", "auth.token", "bob.plain", "secret.2"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(KeyError):
        scope()[name]


def test_names_are_listed_for_messages() -> None:
    assert list(scope(x=b"")) == ["x", "secret.1", "auth.plain", "auth.user", "auth.pass", "auth.reply"]
    assert len(scope()) == 5


def test_what_shows_a_password() -> None:
    exchange = Exchange()
    known = scope(exchange)
    assert known.shows_password(["auth.user", "auth.pass"])
    assert known.shows_password(["auth.plain"])
    assert known.shows_password(["secret.1"])
    assert not known.shows_password(["auth.user", "name"])
    assert known.shows_password(["auth.reply"])  # to a challenge of nobody knows what
    exchange.challenges.append(ChallengeSaid("CRAM-MD5", b"eA==", b"x"))
    assert not known.shows_password(["auth.reply"])
    exchange.begin(said_initial=False)
    exchange.challenges.append(ChallengeSaid("LOGIN", b"", b""))
    assert known.shows_password(["auth.reply"])


def test_the_answer_to_a_challenge_stays_the_same() -> None:
    exchange = Exchange()
    exchange.challenges.append(ChallengeSaid("LOGIN", b"", b""))
    known = scope(exchange)
    assert known["auth.reply"] == known["auth.reply"] == Secret(b"dGlt")
    exchange.challenges.append(ChallengeSaid("LOGIN", b"", b""))
    assert known["auth.reply"] == Secret(b"dGFuc3RhYWZ0YW5zdGFhZg==")
    exchange.challenges.append(ChallengeSaid("LOGIN", b"", b""))
    with pytest.raises(ScriptError) as caught:
        known["auth.reply"]
    assert caught.value.kind == "too-many-challenges"


def test_no_answer_without_a_challenge_that_we_know() -> None:
    exchange = Exchange()
    assert exchange.fault == ""
    exchange.challenges.append(ChallengeSaid("FROBNICATE", b"", b""))
    with pytest.raises(ScriptError) as caught:
        scope(exchange)["auth.reply"]
    assert caught.value.kind == "no-challenge"


@pytest.mark.parametrize(
    ("script", "refused"),
    [
        ("C~ AUTH PLAIN {auth.plain}\nS: 535 no\n", ["auth"]),
        ("C~ AUTH PLAIN {auth.plain}\nS: 235 ok\n", []),
        ("C~ AUTH PLAIN {auth.plain}\nS: 454 later\n", []),
        ("C: AUTH LOGIN\nS: 334 x\nC~ {auth.user}\nS: 334 y\nC~ {auth.pass}\nS: 5xx\n", ["auth"]),
        ("C: AUTH LOGIN\nC~ {auth.user}\nC~ {auth.pass}\nS: 334 x\nS: 334 y\nS: 535 no\n", ["auth"]),
        ("C~ {auth.user}\nS: 501 no\n", []),
        ("C~ AUTH PLAIN {auth.plain}\nS: 535 no\nC~ AUTH PLAIN {auth.plain}\nS: 235 ok\n", []),
        ("C~ AUTH PLAIN {auth.plain}\nS: 535 no\nC~ AUTH PLAIN {auth2.plain}\nS: 235 ok\n", ["auth"]),
        ("C~ AUTH PLAIN {auth.plain}\n", []),
    ],
)
def test_who_is_refused(script: str, refused: list[str]) -> None:
    """A login that the script expects to fail must not be played with the right password."""
    assert [need.name for need in secrets_needed(planned(script).steps) if need.refused] == refused


def test_what_has_to_be_bound() -> None:
    steps = planned(
        "@auth user=tim\nC~ AUTH PLAIN {auth.plain}\nC~ {auth.pass}\nC~ {bob.reply}\nC~ {secret.2} {name} {a.b}\n"
    ).steps
    needs = secrets_needed(steps)
    assert needs == (Need("auth", "tim", 2), Need("bob", "", 4), Need("secret.2", "", 5))
    error = missing(needs, {"auth": object()})
    assert error is not None
    assert "bob=" in error.hint
    assert missing(needs, dict.fromkeys(["auth", "bob", "secret.2"])) is None
    alone = missing(needs, {})
    assert alone is not None
    assert "of tim" in alone.message
