"""The emulated terminal is a terminal, as far as prompt_toolkit can tell."""

import sys
import threading

import pytest

from tests.term.screen import Terminal

PROMPT = """
import prompt_toolkit
from prompt_toolkit.completion import WordCompleter
session = prompt_toolkit.PromptSession(completer=WordCompleter(["EHLO", "QUIT"]), complete_while_typing=False)
while (line := session.prompt("C: ", bottom_toolbar="the toolbar")) != "QUIT":
    print("S: 250", line)
print("bye")
raise SystemExit(7)
"""


def python(code: str, cols: int = 100, rows: int = 40) -> Terminal:
    return Terminal([sys.executable, "-X", "dev", "-W", "error", "-c", code], cols=cols, rows=rows)


def test_speaks_with_prompt_toolkit() -> None:
    """Prompt, completion, toolbar, control keys and the exit status; and no warning that the terminal is mute."""
    with python(PROMPT) as terminal:
        terminal.wait_for("the toolbar")
        terminal.type("hello\n")
        terminal.wait_for("S: 250 hello")
        terminal.wait_for_prompt()
        terminal.type("Q")
        terminal.key("tab")
        terminal.wait_for(lambda terminal: terminal.line() == "C: QUIT")
        terminal.key("enter")
        assert terminal.close() == 7
    assert terminal.history() == ["C: hello", "S: 250 hello", "C: QUIT", "bye"]
    assert "CPR" not in terminal.text()


def test_answers_where_the_cursor_is() -> None:
    """Without an answer to that question, prompt_toolkit guesses the height of its menus."""
    code = (
        "import sys, tty\ntty.setraw(0)\n"
        "sys.stdout.write('ab\\x1b[6n\\x1b[?6n'); sys.stdout.flush()\n"
        "print(repr(sys.stdin.buffer.raw.read(20)))"
    )
    with python(code) as terminal:
        terminal.wait_for(r"b'\x1b[1;3R'")
        assert terminal.close() == 0


def test_keeps_what_scrolls_away() -> None:
    """A session longer than the screen can be read back in full."""
    with python("for number in range(100): print('line', number)", rows=10, cols=40) as terminal:
        assert terminal.close() == 0
        assert terminal.history() == [f"line {number}" for number in range(100)]
        assert terminal.screen() == [f"line {number}" for number in range(91, 100)]


def test_pastes_in_brackets() -> None:
    """Lines that are pasted are not typed: the prompt holds them all."""
    with python("import prompt_toolkit; print(repr(prompt_toolkit.prompt('C: ', multiline=True)))") as terminal:
        terminal.wait_for("C: ")
        terminal.paste("one\ntwo")
        terminal.wait_for("two")
        terminal.key("alt-enter")
        terminal.wait_for(r"'one\ntwo'")


def test_says_what_it_waited_for() -> None:
    """A failure shows the screen."""
    with (
        python("print('the screen')") as terminal,
        pytest.raises(AssertionError, match=r"(?s)waited for 'x'.*the program ended.*the screen"),
    ):
        terminal.wait_for("x")


def test_tells_the_signal() -> None:
    """Ended by a signal is not ended with a status."""
    with python("import os; os.abort()") as terminal:
        assert terminal.close() == -6


def test_leaves_nothing_running() -> None:
    """A test that fails in the middle does not leave its program behind."""
    before = threading.active_count()
    with python("input('waiting')") as terminal:
        terminal.wait_for("waiting")
    assert terminal._process.terminated
    assert threading.active_count() == before
