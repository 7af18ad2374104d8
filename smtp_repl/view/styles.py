"""Styles: the colour of each kind of token, in the sixteen colours that every terminal has.

One table, two readers: the shell (as a style for prompt_toolkit, which is not imported here) and `highlight`,
which `show` prints. Whether there are to be colours at all (NO_COLOR, a pipe) is for the caller to know.
"""

from collections.abc import Mapping
from io import StringIO
from typing import NamedTuple

from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, Token, _TokenType

from smtp_repl.view.lines import tokens
from smtp_repl.view.spans import (
    ADDRESS,
    CLIENT_TAG,
    CODES,
    ENHANCED,
    HEADER,
    KEYWORD,
    MECHANISM,
    PARAMETER,
    PATH_KEYWORD,
    SERVER_TAG,
    SLASH_COMMAND,
    STEP,
)
from smtp_repl.wire.octets import printable


class Look(NamedTuple):
    """A colour for light and one for dark terminals, "" for the terminal's own; bold or underlined."""

    light: str = ""
    dark: str = ""
    bold: bool = False
    underline: bool = False


# Neither grey nor white: one of them is invisible in every other theme.
LOOKS: Mapping[_TokenType, Look] = {
    Token: Look(),
    CLIENT_TAG: Look("blue", "brightblue", bold=True),
    SERVER_TAG: Look("magenta", "brightmagenta", bold=True),
    Keyword: Look(bold=True),
    PATH_KEYWORD: Look(),
    ADDRESS: Look("green", "green"),
    PARAMETER: Look("magenta", "magenta"),
    MECHANISM: Look("magenta", "magenta"),
    STEP: Look("yellow", "yellow"),
    KEYWORD: Look("blue", "brightblue"),
    CODES["2"]: Look("green", "brightgreen", bold=True),
    CODES["3"]: Look("blue", "brightblue", bold=True),
    CODES["4"]: Look("yellow", "brightyellow", bold=True),
    CODES["5"]: Look("red", "brightred", bold=True),
    ENHANCED: Look("magenta", "magenta"),
    HEADER: Look("blue", "brightblue"),
    SLASH_COMMAND: Look("cyan", "brightcyan", bold=True),
    Name.Decorator: Look("cyan", "brightcyan"),
    Name.Label: Look("magenta", "magenta"),
    Name.Variable: Look("magenta", "brightmagenta"),
    Comment: Look("cyan", "cyan"),
    Operator: Look(bold=True),
    Number: Look("magenta", "magenta"),
    String.Escape: Look("magenta", "brightmagenta"),
    String.Interpol: Look("magenta", "brightmagenta", bold=True),
    String.Regex: Look("yellow", "yellow"),
    Error: Look("red", "brightred", underline=True),
}


def shell_style(background: str = "dark") -> dict[_TokenType, str]:
    """The looks in prompt_toolkit's words, for its `style_from_pygments_dict`; `background` is dark or light."""
    return {token: " ".join(_words(look, background)) for token, look in LOOKS.items()}


def _words(look: Look, background: str) -> list[str]:
    colour = _colour(look, background)
    words = [f"ansi{colour}"] if colour else []
    return words + ["bold"] * look.bold + ["underline"] * look.underline


def _colour(look: Look, background: str) -> str:
    return look.light if background == "light" else look.dark


def _attribute(look: Look, colour: str) -> str:
    if look.underline:
        colour = f"_{colour}_"
    return f"*{colour}*" if look.bold else colour


def highlight(text: str, colour: bool, background: str = "dark") -> str:
    """Lines of a script or transcript, safe on any terminal, coloured or not; a line end stays a line end.

    What no terminal should be sent shows in its escaped form, so the result is for eyes, not to be saved.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    safe = "\n".join(printable(line.removesuffix("\r")) for line in lines)
    if not colour:
        return safe
    from pygments.formatters.terminal import TerminalFormatter  # not for the shell's first prompt

    scheme = {token: (_attribute(look, look.light), _attribute(look, look.dark)) for token, look in LOOKS.items()}
    out = StringIO()
    TerminalFormatter(bg=background, colorscheme=scheme).format(tokens(safe), out)
    return out.getvalue()
