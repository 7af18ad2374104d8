"""`smtp-repl learn`: lessons, with a server of their own and somebody who looks over your shoulder."""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _


def main(words: Words, environment: Environment) -> int:
    """Learn, or check lessons; returns the exit status."""
    if words.has("learn-check"):
        from smtp_repl.cli import lesson_check

        return lesson_check.main(words, environment)
    raise UsageError(_("--check needs a lesson"), "smtp-repl learn --check FILE")
