"""Never a false alarm: the conversations and scripts of this project hold no pitfalls but those that they are about."""

from pathlib import Path

import pytest

from smtp_repl.script.text import parse
from smtp_repl.teach.pitfalls.reading import faults_of, pitfalls_of

ROOT = Path(__file__).parents[3]
FILES = [*sorted((ROOT / "scripts").glob("*.smtp")), *sorted((ROOT / "tests" / "conversations").glob("*.smtp"))]

NAMED = {
    # what a script is about
    "scripts/out-of-order": {"rcpt-first", "data-early", "nested-mail"},
    "scripts/refused-relay": {"relay-denied", "data-early"},
    "conversations/aborted-transaction": {"rcpt-first"},
    "conversations/auth-in-a-transaction": {"auth-in-txn"},
    "conversations/auth-not-base64": {"b64-raw"},
    "conversations/auth-plain": {"secret-in-log"},  # the vector of the RFC
    "conversations/auth-required": {"auth-needed"},
    "conversations/auth-twice": {"auth-twice"},
    "conversations/bytes": {"bare-lf"},
    "conversations/chunk-refused": {"size-exceeded"},
    "conversations/dots": {"dot-stuff", "bare-lf"},
    "conversations/dsn-not-offered": {"param-not-offered"},
    "conversations/finding-blank-after-colon": {"space-colon"},
    "conversations/finding-dot": {"dot-stuff"},
    "conversations/finding-early-mail": {"no-ehlo"},
    "conversations/greylisting": {"greylist"},
    "conversations/internationalized-address": {"8bit-body"},
    "conversations/internationalized-refused": {"smtputf8"},
    "conversations/nothing-to-send-to": {"data-early"},
    "conversations/refused-relay": {"relay-denied", "data-early"},
    "conversations/verify-and-expand": {"vrfy-252"},
}
PLACEHOLDERS = frozenset(
    "address-literals captures chunk-refused chunking-binary chunking-pipelined dots dsn-asked-for eight-bit-message"
    " finding-dot helo-after-ehlo help-and-noop lmtp lmtp-pipelined local-error moved-away pipelined-end-of-data"
    " pipelined-some-refused pipelined-transaction pipelined-two-messages postmaster quoted-local-part"
    " rejected-after-data relayed-mail size-declared size-exceeded source-route too-many-recipients"
    " verify-then-send".split()
)
"""Conversations whose message is `Subject: x` or little more, since they are about something else."""


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_but_what_it_is_about(path: Path) -> None:
    expected = set(NAMED.get(name_of(path), ()))
    if path.parent.name == "conversations" and path.stem in PLACEHOLDERS:
        expected.add("no-headers")
    assert {one.rule for _, one in pitfalls_of(parse(path.read_bytes(), path.name))} == expected


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_check_has_nothing_to_add(path: Path) -> None:
    """A script that expects a refusal is a test of it, and no mistake."""
    assert faults_of(parse(path.read_bytes(), path.name)) == []


REFUSALS = {
    "taken": ("250 2.0.0 Ok", ["auth-twice"]),
    "refused": ("503 5.5.1 Already authenticated", []),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_a_fault_of_a_script(name: str) -> None:
    reply, rules = REFUSALS[name]
    text = f"""S: 220 mx.example.com
C: EHLO client.example.org
S: 250-mx.example.com
S: 250 AUTH PLAIN
@auth user=alice
C~ AUTH PLAIN {{auth.plain}}
S: 235 2.7.0 Ok
C~ AUTH PLAIN {{auth.plain}}
S: {reply}
"""
    assert [one.rule for _, one in faults_of(parse(text.encode()))] == rules


def test_a_refused_login_is_refused_from_its_beginning() -> None:
    """The name was taken with 334, and yet the script expects what comes of the line end in it."""
    text = """S: 220 mx.example.com
C: EHLO client.example.org
S: 250-mx.example.com
S: 250 AUTH LOGIN
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YWxpY2UK
S: 334 UGFzc3dvcmQ6
C: *
S: {reply}
"""
    for reply, rules in (("501 5.7.0 Cancelled", []), ("250 2.0.0 Ok", ["b64-newline"])):
        assert [one.rule for _, one in faults_of(parse(text.format(reply=reply).encode()))] == rules
