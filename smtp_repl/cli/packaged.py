"""What each script that came with the program is about, for `run --list` and for completion behind `@`."""

from smtp_repl.cli.sources import find_packaged, packaged_names
from smtp_repl.script.text import parse
from smtp_repl.wire.octets import printable


def titled_scripts() -> list[tuple[str, str]]:
    """Name, without `@`, and title of each; a title is safe on any terminal."""
    found = []
    for name in packaged_names():
        try:
            with open(find_packaged(name), "rb") as file:
                title = parse(file.read()).title.partition("\n")[0]
        except OSError:
            title = ""
        found.append((name, printable(title)))
    return found
