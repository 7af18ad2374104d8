"""`smtp-repl show`: a script or transcript for eyes, in colours where the terminal takes them."""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.settings import read_settings
from smtp_repl.cli.sources import read_source
from smtp_repl.view.styles import highlight
from smtp_repl.wire.errors import ExitStatus


def main(words: Words, environment: Environment) -> int:
    """Show one file. Any file will do; what no terminal should be sent is shown escaped."""
    source = read_source(words.words[0], environment)
    text = source.octets.decode("utf-8", "backslashreplace").removesuffix("\n")
    style = read_settings(words, environment).settings.style
    colour = environment.stdout_is_terminal and not environment.is_dumb and style != "none"
    environment.out(highlight(text, colour, style).removesuffix("\n"))
    return int(ExitStatus.OK)
