"""Two sessions side by side: what is found to differ, and what is not."""

import pytest

from smtp_repl.script.exchanges import read_exchanges
from smtp_repl.script.session_diff import SessionDiff, diff_sessions
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse

GREETING = "S: 220 mail.example.com ESMTP"
EHLO = ["C: EHLO client.example.org", "S: 250-mail.example.com", "S: 250-SIZE 1000", "S: 250 PIPELINING"]
MAIL = ["C: MAIL FROM:<a@example.org>", "S: 250 2.1.0 Ok"]
RCPT = ["C: RCPT TO:<b@example.com>", "S: 250 2.1.5 Ok"]
DATA = ["C: DATA", "S: 354 go", "C: Subject: x", "C:", "C: hi", "C: .", "S: 250 2.0.0 Ok: queued as 4XyZ12"]
SESSION = [GREETING, *EHLO, *MAIL, *RCPT, *DATA]


def diff(first: list[str], second: list[str]) -> SessionDiff:
    def read(lines: list[str]):  # type: ignore[no-untyped-def]
        return read_exchanges(compile_steps(parse("\n".join(lines).encode())))

    return diff_sessions(read(first), read(second))


def rows(first: list[str], second: list[str]) -> list[str]:
    return [f"{row.mark} {row.text}" for row in diff(first, second).rows]


def without(lines: list[str], *left_out: str) -> list[str]:
    return [line for line in lines if line not in left_out]


def instead(lines: list[str], old: str, *new: str) -> list[str]:
    at = lines.index(old)
    return [*lines[:at], *new, *lines[at + 1 :]]


def test_the_same() -> None:
    result = diff(SESSION, SESSION)
    assert result.is_empty
    assert (result.same, result.kinds, result.only_first, result.only_second) == (6, (), 0, 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("S: 250 2.0.0 Ok: queued as 4XyZ12", "S: 250 2.0.0 Ok: queued as 7AbC34"),
        ("S: 250 2.1.0 Ok", "S~ 250 2.1.0 {}"),
        ("S: 250 PIPELINING", "S: 250-X\nS: 250 PIPELINING"),
        ("C: Subject: x", "C: Date: Thu, 15 Jan 2026 09:30:00 +0000"),
    ],
    ids=["queue id", "hole", "keyword", "date"],
)
def test_what_changes_each_time(old: str, new: str) -> None:
    """Ids are masked, holes take anything; a keyword and a header are what they are."""
    first, second = instead(SESSION, old, *new.split("\n")), SESSION
    if old.startswith("S: 250 2"):
        assert diff(first, second).is_empty
    else:
        assert not diff(first, second).is_empty


def test_dates_in_a_message_are_masked() -> None:
    one = instead(SESSION, "C: Subject: x", "C: Date: Thu, 15 Jan 2026 09:30:00 +0000")
    other = instead(SESSION, "C: Subject: x", "C: Date: Fri, 16 Jan 2026 10:31:01 +0000")
    assert diff(one, other).is_empty


def test_another_code() -> None:
    """The command as context, both replies, and how much around it is the same."""
    other = instead(SESSION, "S: 250 2.1.5 Ok", "S: 550 5.1.1 no such user")
    assert rows(SESSION, other) == [
        "  … 3 exchanges are the same",
        "  C: RCPT TO:<b@example.com>",
        "- S: 250 2.1.5 Ok",
        "+ S: 550 5.1.1 no such user",
        "  … 2 exchanges are the same",
    ]
    assert diff(SESSION, other).kinds == (("code", 1),)


@pytest.mark.parametrize(
    ("new", "kind"),
    [("S: 250 2.6.0 Ok", "enhanced code"), ("S: 250 2.1.5 Fine", "text"), ("S: 251 2.1.5 Ok", "code")],
)
def test_kinds_of_difference(new: str, kind: str) -> None:
    assert diff(SESSION, instead(SESSION, "S: 250 2.1.5 Ok", new)).kinds == ((kind, 1),)


def test_keywords_are_a_set() -> None:
    """Order is nothing; what is lost, new or has another value is told by itself."""
    shuffled = ["C: EHLO client.example.org", "S: 250-mail.example.com", "S: 250-PIPELINING", "S: 250 SIZE 1000"]
    assert diff([GREETING, *EHLO], [GREETING, *shuffled]).is_empty
    other = ["C: EHLO client.example.org", "S: 250-mail.example.com", "S: 250-STARTTLS", "S: 250 SIZE 2000"]
    assert rows([GREETING, *EHLO], [GREETING, *other]) == [
        "  … 1 exchange is the same",
        "  C: EHLO client.example.org",
        "- S: 250-SIZE 1000",
        "+ S: 250 SIZE 2000",
        "- S: 250 PIPELINING",
        "+ S: 250-STARTTLS",
    ]


def test_our_own_name_is_masked_in_replies() -> None:
    """Who greets as another is greeted as another: one difference, not two."""
    one = [GREETING, "C: EHLO a.example.org", "S: 250-mail.example.com at your service, a.example.org", "S: 250 X"]
    other = [line.replace("a.example.org", "b.example.net") for line in one]
    assert rows(one, other) == [
        "  … 1 exchange is the same",
        "- C: EHLO a.example.org",
        "+ C: EHLO b.example.net",
    ]


def test_missing_and_extra() -> None:
    """What only one of them said, with its replies; what follows is aligned again."""
    other = [*SESSION[:5], *MAIL, "C: RCPT TO:<c@example.com>", "S: 550 no", *RCPT, *DATA]
    assert rows(SESSION, other) == [
        "  … 3 exchanges are the same",
        "+ C: RCPT TO:<c@example.com>",
        "+ S: 550 no",
        "  … 3 exchanges are the same",
    ]
    result = diff(other, SESSION)
    assert (result.only_first, result.only_second, result.same) == (1, 0, 6)
    assert result.rows[1] == ("-", "C: RCPT TO:<c@example.com>")


def test_another_address() -> None:
    """The same verb beside the same verb."""
    other = instead(SESSION, "C: RCPT TO:<b@example.com>", "C: RCPT TO:<c@example.com>")
    assert rows(SESSION, other)[1:3] == ["- C: RCPT TO:<b@example.com>", "+ C: RCPT TO:<c@example.com>"]


def test_another_message() -> None:
    """Line by line."""
    other = instead(SESSION, "C: hi", "C: hello", "C: you")
    assert rows(SESSION, other)[1:4] == ["- C: hi", "+ C: hello", "+ C: you"]


def test_a_long_message_is_cut() -> None:
    other = instead(SESSION, "C: hi", *(f"C: line {number} of many" for number in range(60)))
    assert rows(SESSION, other)[-1] == "  … 21 more lines of the message differ"


def test_pipelined_or_not() -> None:
    """In one write or in several: the same exchanges."""
    pipelined = [SESSION[0], *EHLO, MAIL[0], RCPT[0], DATA[0], MAIL[1], RCPT[1], DATA[1], *DATA[2:]]
    assert diff(SESSION, pipelined).is_empty


def test_steps_of_auth() -> None:
    """Masked, and the same whatever is in them; TLS begins a session anew."""
    auth = ["@auth user=bob", "C~ AUTH PLAIN {auth.plain}", "S: 235 ok"]
    tls = ["C: STARTTLS", "S: 220 go", *EHLO]
    one = [GREETING, *EHLO, *tls, *auth]
    assert diff(one, one).is_empty
    assert rows(one, [GREETING, *EHLO, *tls]) == [
        "  … 4 exchanges are the same",
        "- C: AUTH PLAIN ••••",
        "- S: 235 ok",
    ]


def test_a_list_of_commands() -> None:
    """A script without any S line says nothing of replies, and nothing is missed."""
    commands = [line for line in SESSION if line.startswith("C:")]
    assert diff(commands, SESSION).is_empty


def test_what_nobody_asked_for() -> None:
    other = [*SESSION, "S: 421 4.3.2 bye"]
    assert rows(SESSION, other) == ["  … 6 exchanges are the same", "+ S: 421 4.3.2 bye"]


def test_lmtp_answers_for_each_recipient() -> None:
    """RFC 2033 §4.2: two recipients, two replies to one message."""
    lmtp = [GREETING, "C: LHLO x", "S: 250 hi", *MAIL, *RCPT, *RCPT, *DATA[:-1], "S: 250 one", "S: 450 two"]
    other = [*lmtp[:-1], "S: 250 two"]
    assert rows(lmtp, other)[1:3] == ["  C: the message", "- S: 450 two"]


def test_huge_sessions_are_not_aligned() -> None:
    """What would take a table of a million pairs is laid side by side as it comes."""
    many = [line for number in range(1200) for line in (f"C: VRFY user{number}", "S: 252 ok")]
    assert diff([GREETING, "C: NOOP", "S: 250 ok", *many], [GREETING, "C: RSET", "S: 250 ok", *many]).rows
