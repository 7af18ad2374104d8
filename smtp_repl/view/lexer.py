"""The Pygments lexer of scripts and transcripts.

It is the entry point `smtp` of Pygments, so `pygmentize -l smtp FILE` works. What it knows is in `lines`; knows
neither colours nor terminals (see `styles`).
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import _TokenType

from smtp_repl.view.lines import Place, read_lines, transcript_line


class SmtpLexer(Lexer):
    """Scripts and transcripts in the `C:`/`S:` notation."""

    name = "SMTP conversation"
    aliases: ClassVar[list[str]] = ["smtp"]
    filenames: ClassVar[list[str]] = ["*.smtp"]
    mimetypes: ClassVar[list[str]] = ["text/x-smtp"]
    url = "https://www.rfc-editor.org/rfc/rfc5321#appendix-D"

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Every span with its offset; the pieces joined are the text, whatever it is."""
        return read_lines(text, transcript_line, Place.COMMAND)

    @staticmethod
    def analyse_text(text: str) -> float:
        """How sure Pygments may be that a text without a known name is one of ours."""
        if re.search(r"^S: 220[ -]", text, re.MULTILINE):
            return 0.6 if re.search(r"^C: (?:EHLO|HELO|LHLO) ", text, re.MULTILINE) else 0.2
        return 0.0
