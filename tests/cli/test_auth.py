"""`smtp-repl auth`: the exchange of each mechanism, in both forms, with nothing secret in it unless it is asked for."""

import json

import pytest

from tests.cli.conftest import call

ENVIRON = {"SECRET": "not-a-secret"}
FROM = ("--password-env", "SECRET")
CHALLENGE = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UuZXhhbXBsZS5uZXQ+"

PLAIN = r"""
@auth user=tutor
C~ AUTH PLAIN {auth.plain}
# \0tutor\0•••• in base64 (authorization identity, user and password, a NUL between each)
S: 235 2.7.0 Authentication succeeded
"""
LOGIN = """
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
# the server asks: "Username:"
@auth user=tutor
C~ {auth.user}
# dHV0b3I= is base64 of tutor (the user name)
S: 334 UGFzc3dvcmQ6
# the server asks: "Password:"
C~ {auth.pass}
# the password, in base64; masked
S: 235 2.7.0 Authentication succeeded
"""
CRAM_MD5 = """
C: AUTH CRAM-MD5
S~ 334 {}
# the server asks: "<1896.697170952@postoffice.example.net>"
@auth user=tutor
C~ {auth.reply}
# tutor •••• in base64 (the user name and a digest of challenge and password)
S: 235 2.7.0 Authentication succeeded
"""
SHOWN = r"""
# secrets are shown below (--show-secrets): keep this out of logs, tickets and mails
C: AUTH PLAIN Ym9iAHR1dG9yAG5vdC1hLXNlY3JldA==
# Ym9iAHR1dG9yAG5vdC1hLXNlY3JldA== is base64 of bob\0tutor\0not-a-secret (authorization identity, user and password, a NUL between each)
S: 235 2.7.0 Authentication succeeded
"""  # noqa: E501 (a line of the output)


@pytest.mark.parametrize(
    ("argv", "out"),
    [
        (["PLAIN"], PLAIN),
        (["login"], LOGIN),
        (["CRAM-MD5", "--challenge", CHALLENGE], CRAM_MD5),
        (["CRAM-MD5", "--challenge", f"334 {CHALLENGE}"], CRAM_MD5),
        (["PLAIN", "--authzid", "bob", "--show-secrets"], SHOWN),
    ],
    ids=["plain", "login", "cram-md5", "with its code", "shown"],
)
def test_exchanges(argv: list[str], out: str) -> None:
    """A transcript, in the recorder's form where something is secret."""
    assert call("auth", *argv, "--user", "tutor", *FROM, environ=ENVIRON) == (0, out.removeprefix("\n"), "")


def test_the_digest() -> None:
    """RFC 2195 §2, worked out anew: HMAC-MD5 of the challenge under the password."""
    argv = ("CRAM-MD5", "--challenge", CHALLENGE, "--show-secrets")
    done = call("auth", *argv, "--user", "tim", *FROM, environ={"SECRET": "tanstaaftanstaaf"})
    import base64
    import hmac

    digest = hmac.new(b"tanstaaftanstaaf", base64.b64decode(CHALLENGE), "md5").hexdigest()
    assert f"C: {base64.b64encode(f'tim {digest}'.encode()).decode()}" in done.lines
    assert f"S: 334 {CHALLENGE}" in done.lines


@pytest.mark.parametrize("shown", [False, True], ids=["masked", "shown"])
def test_json(shown: bool) -> None:
    """One object for each line; what is secret says so, and is there only when it is asked for."""
    more = ("--show-secrets",) if shown else ()
    done = call("auth", "LOGIN", "--user", "tutor", "--json", *more, *FROM, environ=ENVIRON)
    rows = [json.loads(line) for line in done.lines]
    assert [row["side"] for row in rows] == ["C", "S", "C", "S", "C", "S"]
    assert rows[1]["decoded"] == "Username:"
    assert rows[2] == {
        "side": "C",
        "text": "dHV0b3I=",
        "decoded": "tutor",
        "meaning": "the user name",
        "secret": False,
    }
    last = ("bm90LWEtc2VjcmV0", "not-a-secret") if shown else ("••••", "••••")
    assert (rows[4]["text"], rows[4]["decoded"], rows[4]["secret"]) == (*last, True)
    assert ("not-a-secret" in done.out) is shown


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["PLIAN", "--user", "x"], '"PLIAN" is no mechanism', "did you mean PLAIN?"),
        (["GSSAPI", "--user", "x"], "is no mechanism", "spoken here: PLAIN, LOGIN, CRAM-MD5"),
        (["PLAIN"], "needs the name of the user", "--user NAME"),
        (["CRAM-MD5", "--user", "x"], "answers a challenge, and there is none", "--challenge BASE64"),
        (["CRAM-MD5", "--user", "x", "--challenge", "abc"], "the challenge is not base64", "the text of the 334"),
        (["PLAIN", "--user", "x", "--challenge", "abc="], "does not read what the server asks", ""),
        (["LOGIN", "--user", "x", "--authzid", "y"], "no authorization identity", "PLAIN has"),
        (["PLAIN", "--user", "x\ny"], "the user name holds a line end", ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refuses(argv: list[str], message: str, hint: str) -> None:
    """Status 2, what is missing, and how to write it."""
    done = call("auth", *argv, *FROM, environ=ENVIRON)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert hint in done.err


def test_a_password_comes_from_somewhere() -> None:
    """Without a source and without a terminal there is none; as an argument it is refused."""
    assert "nothing says where it comes from" in call("auth", "PLAIN", "--user", "x").err
    assert "everybody on this machine could read" in call("auth", "PLAIN", "--user", "x", "--password", "y").err


def test_what_it_prints_can_be_played() -> None:
    """The masked form is a script: behind a greeting and EHLO it logs in."""
    for mechanism in ("PLAIN", "LOGIN"):
        lines = call("auth", mechanism, "--user", "tutor", *FROM, environ=ENVIRON).out
        script = f"S: 220\nC: EHLO x\nS: 250\n{lines}C: QUIT\nS: 221\n"
        done = call("run", "-", "--local", stdin=script.encode())
        assert (done.status, done.err) == (0, "")
