"""Colours: one table for the shell and for `show`, and nothing foreign that acts on a terminal."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.styles import Attrs
from prompt_toolkit.styles.pygments import pygments_token_to_classname, style_from_pygments_dict

from smtp_repl.view.lines import tokens
from smtp_repl.view.spans import CODES
from smtp_repl.view.styles import LOOKS, highlight, shell_style

SGR = re.compile(r"\x1b\[[0-9;]*m")
TEXT = "S: 220 x\nC: EHLO x\nS: 550 5.1.1 no\n# é 漢字\n"


def test_without_colour() -> None:
    """No escape sequence is in a pipe."""
    assert highlight(TEXT, False) == TEXT


@pytest.mark.parametrize("background", ["dark", "light"])
def test_colour_changes_nothing_else(background: str) -> None:
    shown = highlight(TEXT, True, background)
    assert SGR.sub("", shown) == TEXT
    assert shown != TEXT


@pytest.mark.parametrize("octets", [b"\x1b[2J", b"\x9b2J", b"\x07", "\u202e".encode(), b"\xff", b"a\rb", b"\0"])
def test_foreign_text(octets: bytes) -> None:
    """What acts on a terminal is shown, not done."""
    text = octets.decode("utf-8", "surrogateescape")
    shown = SGR.sub("", highlight(f"S: 250 {text}\n", True))
    assert shown.removesuffix("\n").isprintable()


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Line for line as many lines as there were, whatever stands in them, and no sequence that is not ours."""
    shown = highlight(text, True)
    assert shown.count("\n") == text.removeprefix("\ufeff").count("\n")
    for character in SGR.sub("", shown):
        # Blanks of other widths are harmless, and people write them.
        assert character.isprintable() or character == "\n" or unicodedata.category(character) == "Zs"


def test_line_ends() -> None:
    """CRLF is a line end too."""
    assert highlight("C: x\r\nC: y\r\n", False) == "C: x\nC: y\n"


@pytest.mark.parametrize("background", ["dark", "light"])
def test_prompt_toolkit_takes_the_style(background: str) -> None:
    """Every look is one that prompt_toolkit knows, and the four classes of replies look different."""
    style = style_from_pygments_dict(shell_style(background))
    looks: set[Attrs] = set()
    for token in CODES.values():
        looks.add(style.get_attrs_for_style_str("class:" + pygments_token_to_classname(token)))
    assert len(looks) == 4


def test_every_look_is_used() -> None:
    """A look for a token that no lexer gives would be dead."""
    from tests.view.test_lexer import LINES

    text = "\n".join(line for line, _ in LINES.values()) + "\nC: DATA\nC: To: x\nC:\nC: .\n"
    text += "S: 354 x\nC: .\nS: 334 \nC: *\nC: AUTH PLAIN x\n"
    seen = {token for token, _ in tokens(text)}
    unused = [token for token in LOOKS if not any(token in one.split() for one in seen)]
    assert [str(token) for token in unused] == ["Token.Name.Function"]  # a /command is never in a transcript
