"""`smtp-repl explain`: what a reply, a word, an error of TLS, a piece of base64 or a whole conversation means.

Words are answered from a cold start in the time that Python itself takes to begin: nothing is loaded that an answer
does not need.
"""

import os

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.explanations import explained, show
from smtp_repl.cli.options import Words
from smtp_repl.teach.asking import answer
from smtp_repl.teach.explanation import Circumstances
from smtp_repl.wire.errors import ExitStatus, UsageError

_FILE_ENDS = (".smtp", ".txt", ".log")


def main(words: Words, environment: Environment) -> int:
    """Explain the words, or the file. Raises `UsageError` for what nothing is known about."""
    circumstances = Circumstances(
        words.text("explain-host") or "", words.text("explain-banner") or "", words.text("explain-said") or ""
    )
    if len(words.words) == 1 and _is_file(words.words[0]):
        from smtp_repl.cli.explain_file import explain_file

        return explain_file(words, circumstances, environment)
    if words.has("explain-html"):
        raise UsageError("only a conversation makes a page", "smtp-repl explain FILE --html FILE")
    show(explained(" ".join(words.words), circumstances), words, environment)
    return int(ExitStatus.OK)


def _is_file(word: str) -> bool:
    """Whether a word is a file rather than something to be looked up; a word that is known is no file's name."""
    if word == "-" or word.startswith("@") or os.sep in word or word.lower().endswith(_FILE_ENDS):
        return "=?" not in word
    return os.path.isfile(word) and not answer(word)
