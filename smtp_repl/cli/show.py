"""`smtp-repl show`: a script or transcript for eyes, in colours where the terminal takes them."""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.sources import read_source
from smtp_repl.view.styles import highlight
from smtp_repl.wire.errors import ExitStatus


def main(words: Words, environment: Environment) -> int:
    """Show one file. Any file will do; what no terminal should be sent is shown escaped."""
    source = read_source(words.words[0], environment)
    text = source.octets.decode("utf-8", "backslashreplace").removesuffix("\n")
    environment.out(highlight(text, environment.colour).removesuffix("\n"))
    return int(ExitStatus.OK)
