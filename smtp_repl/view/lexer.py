"""The Pygments lexers: `SmtpLexer` for scripts and transcripts, `SmtpInputLexer` for what is typed in the shell.

`SmtpLexer` is the entry point `smtp` of Pygments, so `pygmentize -l smtp FILE` works. What they know is in `lines`;
knows neither colours nor terminals (see `styles`).
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import _TokenType

from smtp_repl.view.lines import Place, ReadLine, read_lines, tokens, transcript_line, typed_line

__all__ = ["SmtpInputLexer", "SmtpLexer", "SmtpMessageLexer", "SmtpStepLexer", "tokens"]


class _LineLexer(Lexer):
    """A lexer that reads one line at a time; what it remembers between lines is `Place`."""

    read_line: ClassVar[ReadLine] = staticmethod(transcript_line)
    place: ClassVar[Place] = Place.COMMAND
    """Where the first line stands."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Every span with its offset; the pieces joined are the text, whatever it is."""
        return read_lines(text, type(self).read_line, type(self).place)


class SmtpLexer(_LineLexer):
    """Scripts and transcripts in the `C:`/`S:` notation."""

    name = "SMTP conversation"
    aliases: ClassVar[list[str]] = ["smtp"]
    filenames: ClassVar[list[str]] = ["*.smtp"]
    mimetypes: ClassVar[list[str]] = ["text/x-smtp"]
    url = "https://www.rfc-editor.org/rfc/rfc5321#appendix-D"

    @staticmethod
    def analyse_text(text: str) -> float:
        """How sure Pygments may be that a text without a known name is one of ours."""
        if re.search(r"^S: 220[ -]", text, re.MULTILINE):
            return 0.6 if re.search(r"^C: (?:EHLO|HELO|LHLO) ", text, re.MULTILINE) else 0.2
        return 0.0


class SmtpInputLexer(_LineLexer):
    """What is typed at the prompt `C: `: a bare command, or a `/command`."""

    name = "SMTP input"
    aliases: ClassVar[list[str]] = ["smtp-input"]
    filenames: ClassVar[list[str]] = []
    read_line: ClassVar[ReadLine] = staticmethod(typed_line)


class SmtpStepLexer(SmtpInputLexer):
    """What is typed when a 334 is pending: base64, the star, or a `/command`."""

    name = "SMTP AUTH step"
    aliases: ClassVar[list[str]] = ["smtp-step"]
    place: ClassVar[Place] = Place.STEP


class SmtpMessageLexer(SmtpInputLexer):
    """What is typed after a 354: a message; a slash means nothing here."""

    name = "SMTP message"
    aliases: ClassVar[list[str]] = ["smtp-message"]
    place: ClassVar[Place] = Place.HEADER
