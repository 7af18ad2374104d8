"""`--var NAME=VALUE`: what the names in `{…}` of a script stand for."""

import re

from smtp_repl.cli.options import Words
from smtp_repl.script.holes import NAME
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable


def read_variables(words: Words) -> dict[str, bytes]:
    """The variables that the command line gives. Raises `UsageError`."""
    variables: dict[str, bytes] = {}
    for text in words.texts("var"):
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(NAME, name):
            raise UsageError(phrase('--var takes NAME=VALUE, and not "{text}"', text=printable(text)))
        variables[name] = value.encode("utf-8", "surrogateescape")
    return variables
