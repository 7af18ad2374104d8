"""Explanations on the command line: found, or refused with what may have been meant; shown as wide as may be."""

import os

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.teach.asking import answer
from smtp_repl.teach.explaining import suggest
from smtp_repl.teach.explanation import Circumstances, Explanation
from smtp_repl.view.explanations import explanation_fields, explanation_rows, painted
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

COLUMNS, WIDEST = 80, 100


def explained(text: str, circumstances: Circumstances) -> tuple[Explanation, ...]:
    """The answers. Raises `UsageError` when there are none."""
    found = answer(text, circumstances)
    if found:
        return found
    near = suggest(text)
    if near:
        hint = phrase("did you mean {words}?", words=", ".join(near))
    else:
        hint = phrase("a verb, an EHLO keyword, a reply or its code, an error of TLS, base64, or the name of a file")
    raise UsageError(phrase('nothing is known here about "{words}"', words=printable(text)), hint)


def show(found: tuple[Explanation, ...], words: Words, environment: Environment) -> None:
    """Print answers, a blank line between them, or with `--json` an object for each."""
    if words.has("explain-json"):
        import json

        for explanation in found:
            environment.out(json.dumps(explanation_fields(explanation), ensure_ascii=False))
        return
    colour = in_colour(environment)
    for number, explanation in enumerate(found):
        if number:
            environment.out("")
        for line in painted(explanation_rows(explanation, columns(environment)), colour=colour):
            environment.out(line)


def in_colour(environment: Environment) -> bool:
    """Whether standard output takes colours, and they are wanted."""
    return environment.stdout_is_terminal and not environment.is_dumb and not environment.environ.get("NO_COLOR")


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
