"""A typed line: for the server, or for us? The two rules that the shell and line mode share."""


def is_command(line: str) -> bool:
    """Whether a typed line is for us and not for the server: `/word`, but not `//word`."""
    return line.startswith("/") and not line.startswith("//")


def wire_text(line: str) -> str:
    """What of a typed line goes to the server: `//x` is `/x`."""
    return line[1:] if line.startswith("//") else line
