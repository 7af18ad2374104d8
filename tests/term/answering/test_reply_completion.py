"""What completion proposes to whoever plays the server."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from smtp_repl.term.answering.completion import ReplyCompleter, reply_candidates
from smtp_repl.term.answering.replies import Due


@pytest.mark.parametrize(
    ("text", "due", "proposed"),
    [
        ("", Due("QUIT"), ["221 2.0.0 Bye"]),
        ("2", Due("MAIL"), ["250 2.1.0 Ok"]),
        ("55", Due("RCPT"), ["550 5.1.1 No such user here", "552 5.2.2 The mailbox is full"]),
        ("354", Due("DATA"), ["354 End data with <CR><LF>.<CR><LF>"]),
        ("4", Due("STARTTLS"), ["454 4.7.0 TLS is not available now", "421 4.3.2 mail.example.com closes"]),
        ("/re", Due("MAIL"), ["/reply", "/record "]),
        ("999", Due("MAIL"), []),
    ],
    ids=["empty", "a digit", "two digits", "a code", "not now", "command", "nothing"],
)
def test_replies(text: str, due: Due, proposed: list[str]) -> None:
    """What is typed is gone on from, likely replies first."""
    found = [candidate.text for candidate in reply_candidates(text, due)]
    assert found[: len(proposed)] == proposed or set(proposed) <= set(found)
    assert bool(found) is bool(proposed)


def test_ehlo_line_by_line() -> None:
    """In a reply to EHLO each further line may be a keyword that is not there yet."""
    text = "250-mail.example.com\n250-SIZE 10240000\n250-"
    found = {candidate.text: candidate for candidate in reply_candidates(text, Due("EHLO"))}
    assert "250-PIPELINING" in found
    assert not any("SIZE" in line for line in found)
    assert found["250-PIPELINING"].start == len(text) - 4
    assert found["250-PIPELINING"].meaning


def test_keywords_are_for_ehlo() -> None:
    """Nothing is proposed for the second line of another reply."""
    assert reply_candidates("214-one\n2", Due("HELP")) == []


def test_the_completer_shows_one_line() -> None:
    """A reply of several lines is shown by its first one, and taken whole."""
    completer = ReplyCompleter(lambda: Due("EHLO"))
    first = next(iter(completer.get_completions(Document("250-"), CompleteEvent())))
    assert first.display_text == "250-mail.example.com …"
    assert first.text.endswith("\n250 STARTTLS")


def test_nothing_for_nobody() -> None:
    """Without a client only commands are proposed."""
    completer = ReplyCompleter(lambda: None)
    assert not list(completer.get_completions(Document(""), CompleteEvent()))
    assert list(completer.get_completions(Document("/q"), CompleteEvent()))
