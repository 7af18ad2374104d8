"""`smtp-repl explain`: what a reply, a word, an error of TLS, a piece of base64 or a whole conversation means.

Words are answered from a cold start in the time that Python itself takes to begin: nothing is loaded that an answer
does not need.
"""

import os

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.teach.asking import answer
from smtp_repl.teach.explaining import suggest
from smtp_repl.teach.explanation import Circumstances, Explanation
from smtp_repl.view.explanations import explanation_fields, explanation_rows, painted
from smtp_repl.wire.errors import ExitStatus, UsageError
from smtp_repl.wire.language import _
from smtp_repl.wire.octets import printable

COLUMNS, WIDEST = 80, 100
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
        raise UsageError(_("only a conversation makes a page"), "smtp-repl explain FILE --html PAGE")
    show(explained(" ".join(words.words), circumstances), words, environment)
    return int(ExitStatus.OK)


def _is_file(word: str) -> bool:
    """Whether a word is a file rather than something to be looked up; a word that is known is no file's name."""
    if word == "-" or word.startswith("@") or os.sep in word or word.lower().endswith(_FILE_ENDS):
        return "=?" not in word
    return os.path.isfile(word) and not answer(word)


def explained(text: str, circumstances: Circumstances) -> tuple[Explanation, ...]:
    """The answers. Raises `UsageError` when there are none."""
    found = answer(text, circumstances)
    if found:
        return found
    near = suggest(text)
    if near:
        hint = _("did you mean {words}?").format(words=", ".join(near))
    else:
        hint = _("a verb, an EHLO keyword, a reply or its code, an error of TLS, base64, or the name of a file")
    raise UsageError(_('nothing is known here about "{words}"').format(words=printable(text)), hint)


def show(found: tuple[Explanation, ...], words: Words, environment: Environment) -> None:
    """Print answers, a blank line between them, or with `--json` an object for each."""
    if words.has("explain-json"):
        import json

        for explanation in found:
            environment.out(json.dumps(explanation_fields(explanation), ensure_ascii=False))
        return
    colour = environment.stdout_is_terminal and not environment.is_dumb and not environment.environ.get("NO_COLOR")
    for number, explanation in enumerate(found):
        if number:
            environment.out("")
        for line in painted(explanation_rows(explanation, columns(environment)), colour=colour):
            environment.out(line)


def columns(environment: Environment) -> int:
    """How wide lines may be; what is no terminal gets lines of the usual width."""
    if not environment.stdout_is_terminal:
        return COLUMNS
    given = environment.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and 0 < int(given) < 10_000:
        return min(int(given), WIDEST)
    try:
        return min(os.get_terminal_size(1).columns or COLUMNS, WIDEST)
    except OSError:
        return COLUMNS
