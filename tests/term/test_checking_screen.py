# ruff: noqa: RUF001 (full-width characters are what is tested)
"""Checking while typing, as it is seen: marks in the line, the reason in the toolbar, and nothing held back."""

from collections.abc import Callable

from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]


def toolbar(terminal: Terminal) -> str:
    return terminal.screen()[-1]


def test_a_fault_shows_at_the_key_that_makes_it(greeted: Terminal) -> None:
    """Red in the line and the reason in the toolbar, until it is mended; the line is sent as it stands all the same."""
    greeted.type("MAIL FROM:")
    greeted.wait_for(lambda terminal: terminal.line() == "C: MAIL FROM:")
    assert "next: STARTTLS AUTH MAIL" in toolbar(greeted)
    greeted.type("a@example.org")
    greeted.wait_for("The address needs < and >; write MAIL FROM:<a@example.org>")
    assert greeted.line() == "C: MAIL FROM:a@example.org"
    assert greeted.style_at("a@example.org") == "red"
    assert "S: 501" not in greeted.text()
    greeted.key("enter")
    greeted.wait_for("S: 501 5.5.4 The address needs < and >")
    greeted.wait_for(lambda terminal: "next: " in toolbar(terminal))


def test_what_this_server_will_refuse_is_amber(greeted: Terminal) -> None:
    """DATA before its time, and a header that somebody types before DATA."""
    greeted.type("DATA")
    greeted.wait_for(" DATA is not due here: expect 503; MAIL, then RCPT come first  practice")
    assert greeted.style_at("C: DATA") != greeted.style_at("DATA is")
    row = next(line for line in greeted.screen() if line == "C: DATA")
    assert row
    assert _style_behind(greeted, "C: ") == "brown"
    greeted.key("c-c")
    greeted.wait_for_prompt()
    greeted.type("Subject: x")
    greeted.wait_for(" Subject is a header: it belongs to the message; MAIL, then RCPT, then DATA come first")
    assert _style_behind(greeted, "C: ") == "red"


def _style_behind(terminal: Terminal, prompt: str) -> str:
    """The colour of the first typed character at the prompt."""
    row = terminal.cursor()[1]
    return str(terminal._screen.buffer[row][len(prompt)].fg)


def test_full_width_characters_are_made_ascii(greeted: Terminal) -> None:
    """F3 converts what an input method typed; /ascii is its twin."""
    greeted.type("MAIL FROM：＜a＠example.org＞")
    greeted.wait_for("：＜＠＞ is full-width, and a server reads ASCII only; F3 makes it ASCII")
    greeted.key("f3")
    greeted.wait_for(lambda terminal: terminal.line() == "C: MAIL FROM:<a@example.org>")
    greeted.key("enter")
    greeted.wait_for("S: 250 2.1.0")
    greeted.wait_for_prompt()
    greeted.type("/ascii RCPT TO：＜b＠example.com＞\n")
    greeted.wait_for(lambda terminal: terminal.line() == "C: RCPT TO:<b@example.com>")
    greeted.key("enter")
    greeted.wait_for("S: 250 2.1.5")
    greeted.wait_for_prompt()
    greeted.key("f3")
    greeted.wait_for("# nothing in this line is full-width")


def test_a_misspelt_command_of_ours(greeted: Terminal) -> None:
    """A /word that can become no command is red before Enter says so."""
    greeted.type("/stat")
    greeted.wait_for(lambda terminal: terminal.line() == "C: /stat")
    greeted.type("x")
    greeted.wait_for('there is no command "/statx"; /help lists them')
    assert _style_behind(greeted, "C: ") == "red"
