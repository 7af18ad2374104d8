"""What is refused is explained at once, in one line; /explain and F1 tell the rest."""

from collections.abc import Callable

import pytest

from smtp_repl.term.commands import read_command
from smtp_repl.term.explaining import thing_at
from smtp_repl.term.settings import Settings
from smtp_repl.wire.errors import UsageError
from tests.term.screen import Terminal
from tests.term.sitting import Sitting

StartShell = Callable[..., Terminal]
MAILBOX = (
    "# There is no such user in this domain. Change this: Check the address; the part before the @ is wrong or gone."
)


def ask(sitting: Sitting, line: str) -> list[str]:
    before = len(sitting.shown)
    sitting.run(read_command(line).start(sitting.desk))
    return sitting.shown[before:]


def said(sitting: Sitting, line: bytes, reply: bytes) -> list[str]:
    """What is shown of a command and its reply."""
    shown = sitting.desk.wrote(line + b"\r\n") + sitting.desk.heard(reply + b"\r\n").lines
    return [line.text for line in shown]


def in_transaction() -> Sitting:
    sitting = Sitting().greeted("SIZE 1000")
    said(sitting, b"MAIL FROM:<a@example.org>", b"250 2.1.0 Ok")
    return sitting


# ------------------------------------------------------------ one line at once


def test_a_refusal_is_explained_below_it() -> None:
    """One line: what it means, and what to do."""
    lines = said(in_transaction(), b"RCPT TO:<x@example.com>", b"452 4.3.1 Insufficient system storage")
    assert len(lines) == 3
    assert lines[2].startswith("# ")
    assert "Retry as it is." in lines[2]


@pytest.mark.parametrize("reply", [b"250 2.1.5 Ok", b"251 2.1.5 Ok", b"354 go"])
def test_what_is_not_refused_is_not_explained(reply: bytes) -> None:
    assert len(said(in_transaction(), b"RCPT TO:<x@example.com>", reply)) <= 3
    assert said(in_transaction(), b"RCPT TO:<x@example.com>", b"250 ok")[-1] == "S: 250 ok"


def test_explain_off() -> None:
    """`/set explain off` stops it."""
    sitting = Sitting(settings=Settings(explain=False)).greeted("SIZE 1000")
    said(sitting, b"MAIL FROM:<a@example.org>", b"250 2.1.0 Ok")
    assert said(sitting, b"RCPT TO:<x@example.com>", b"550 5.1.1 no")[-1] == "S: 550 5.1.1 no"
    ask(sitting, "/set explain on")
    assert said(sitting, b"RCPT TO:<x@example.com>", b"550 5.1.1 no")[-1].startswith("# ")


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (200, "There is no such user in this domain. Change this: "),
        (80, "There is no such user in this domain. (/explain tells more)"),
        (50, "There is no such user in this domain."),
        (30, "There is no such user in t…"),
    ],
)
def test_it_fits_the_terminal(columns: int, shown: str) -> None:
    """On a terminal it takes one row: the sentence first, what to do where there is room."""
    sitting = in_transaction()
    sitting.desk.at_prompt, sitting.desk.columns = True, lambda: columns
    line = said(sitting, b"RCPT TO:<x@example.com>", b"550 5.1.1 no")[-1]
    assert line.startswith(f"# {shown}")
    assert len(line) < columns
    assert columns == 200 or line == f"# {shown}"


def test_what_the_reply_says_itself_is_not_repeated() -> None:
    """Where the sentence would tell nothing new, what to do is told at once."""
    explained = said(in_transaction(), b"RCPT TO:<x@example.com>", b"550 5.1.1 no")[-1]
    plain = explained.removeprefix("# ").partition(".")[0]
    assert plain == "There is no such user in this domain"
    again = said(in_transaction(), b"RCPT TO:<x@example.com>", f"550 5.1.1 Sorry, {plain.lower()}".encode())[-1]
    assert again.startswith("# Change this: ")


def test_the_same_again_is_not_told_again() -> None:
    """Ten recipients refused for one reason are explained once; after a success it is told anew."""
    sitting = in_transaction()
    refused = [said(sitting, b"RCPT TO:<%d@example.com>" % number, b"550 5.1.1 no") for number in range(3)]
    assert [len(lines) for lines in refused] == [3, 2, 2]
    said(sitting, b"RCPT TO:<b@example.com>", b"250 2.1.5 Ok")
    assert len(said(sitting, b"RCPT TO:<x@example.com>", b"550 5.1.1 no")) == 3


def test_what_a_finding_foretold_is_not_told_again() -> None:
    """A command out of order has been remarked on when it was said: the 503 needs no word."""
    sitting = Sitting().greeted("SIZE 1000")
    lines = said(sitting, b"RCPT TO:<x@example.com>", b"503 5.5.1 Need MAIL")
    assert "expect 503" in lines[1]
    assert lines[-1] == "S: 503 5.5.1 Need MAIL"


def test_circumstances_of_the_session() -> None:
    """The greeting tells whose words these are; what the reply answers decides what a bare code means."""
    sitting = Sitting().open(b"220 mail.example.com ESMTP Postfix\r\n")
    said(sitting, b"EHLO x", b"250 mail.example.com")
    said(sitting, b"MAIL FROM:<a@example.org>", b"250 2.1.0 Ok")
    said(sitting, b"RCPT TO:<b@example.net>", b"554 5.7.1 <b@example.net>: Relay access denied")
    assert any("Known from a text of Postfix" in line for line in ask(sitting, "/explain"))
    assert any("a text of Postfix" in line for line in ask(sitting, "/explain 554 5.7.1 <b>: Relay access denied"))


def test_one_remark_on_a_refused_login() -> None:
    """The remark of AUTH stands; a provider's own text takes its place."""
    sitting = Sitting(loopback=True).greeted("AUTH PLAIN")
    lines = said(sitting, b"AUTH PLAIN AGEAYg==", b"535 5.7.8 no")
    assert sum("wrong" in line for line in lines) == 1


# ------------------------------------------------------------ /explain


def test_the_last_reply() -> None:
    sitting = in_transaction()
    assert ask(sitting, "/explain")[:2] == ["# 250 2.1.0", "#   The sender is accepted, and the transaction is open."]


def test_a_challenge_is_decoded() -> None:
    """Of a 334 not only the code is explained."""
    sitting = Sitting(loopback=True).greeted("AUTH LOGIN")
    said(sitting, b"AUTH LOGIN", b"334 VXNlcm5hbWU6")
    assert "#   It holds: Username:" in ask(sitting, "/explain")


def test_words() -> None:
    lines = ask(Sitting(), "/explain size")
    assert lines[0] == "# SIZE (a keyword of EHLO)"
    assert "# SIZE (a parameter)" in lines
    narrow = Sitting()
    narrow.desk.columns = lambda: 40
    assert max(map(len, ask(narrow, "/explain RCPT"))) < 40


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("/explain", "nothing was heard yet", "/explain WORD"),
        ("/explain RCTP", 'nothing is known here about "RCTP"', "did you mean RCPT"),
        ("/explain qwxyz", 'nothing is known here about "qwxyz"', "a verb, an EHLO keyword"),
    ],
)
def test_nothing_to_explain(line: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(Sitting(), line)
    assert message in caught.value.message
    assert hint in caught.value.hint


# ------------------------------------------------------------ F1


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("", ""),
        ("   ", ""),
        ("|MAIL FROM:<a@example.org>", "MAIL"),
        ("MA|IL FROM:<a@example.org>", "MAIL"),
        ("MAIL FROM:<a@exa|mple.org> SIZE=10", "MAIL"),
        ("MAIL FROM:<a@example.org> SI|ZE=10 BODY=8BITMIME", "SIZE"),
        ("MAIL FROM:<a@example.org> SIZE=10|", "SIZE"),
        ("mail from:<a@example.org> size=10 body=|8BITMIME", "BODY"),
        ("EHLO client.example|.org", "EHLO"),
        ("AUTH PLAIN AGFsaWNlAHNl|Y3JldA==", "AUTH PLAIN"),
        ("AU|TH PLAIN AGFsaWNlAHNlY3JldA==", "AUTH"),
        ("550 5.7|.1 no", "5.7.1"),
        ("FROB|NICATE x", "FROBNICATE"),
    ],
)
def test_the_thing_under_the_cursor(line: str, word: str) -> None:
    """The word of the protocol at the cursor, else the verb; nothing of a step of AUTH."""
    cursor = max(line.find("|"), 0)
    assert thing_at(line.replace("|", ""), cursor) == word


def test_on_the_screen(greeted: Terminal) -> None:
    """The refusal, its line, F1 on an empty line; F1 within a line leaves the line as it is."""
    greeted.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
    greeted.enter("RCPT TO:<nobody@example.com>", "tells more)")
    greeted.key("f1")
    greeted.wait_for("Known from ")
    greeted.wait_for_prompt()
    lines = greeted.history()
    begin = lines.index("C: RCPT TO:<nobody@example.com>")
    assert lines[begin : begin + 6] == [
        "C: RCPT TO:<nobody@example.com>",
        "S: 550 5.1.1 Nobody has this mailbox (nobody@ is refused for practice)",
        "# There is no such mailbox: the practice server plays an unknown user. (/explain tells more)",
        "# /explain",
        "# 550 5.1.1",
        "#   There is no such mailbox: the practice server plays an unknown user.",
    ]
    greeted.type("MAIL FROM:<a@example.org> SIZE=10")
    greeted.key("f1")
    greeted.wait_for("# SIZE (a parameter)")
    greeted.wait_for(lambda terminal: terminal.line().startswith("C: MAIL FROM:<a@example.org> SIZE=10"))
    assert "# /explain SIZE" in greeted.history()


def test_off_on_the_screen(greeted: Terminal) -> None:
    greeted.enter("/set explain off", "# /set explain off")
    greeted.enter("MAIL FROM:<alice@example.org>", "S: 250 2.1.0")
    greeted.enter("RCPT TO:<nobody@example.com>", "S: 550 5.1.1")
    assert [line for line in greeted.history() if line.startswith(("#", "S: 550"))][-1].startswith("S: 550 5.1.1")


def test_a_secret_under_the_cursor_stays_one(greeted: Terminal) -> None:
    """F1 while a step is typed explains the 334; the step shows nowhere."""
    greeted.enter("AUTH LOGIN", "S: 334 ")
    greeted.type("c2VjcmV0LXdvcmQ=")
    greeted.key("f1")
    greeted.wait_for("It holds: Username:")
    greeted.key("c-c")
    assert "# /explain" in greeted.history()
    assert "/explain c2Vj" not in greeted.text()
