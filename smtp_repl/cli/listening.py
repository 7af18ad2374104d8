"""What `--listen` says: where to wait for clients. Read the same way by all who do."""

from smtp_repl.wire.targets import parse_port, parse_target


def read_address(text: str) -> tuple[str, int]:
    """Host and port of `--listen`: HOST:PORT, HOST, or PORT; port 0 is any free one. Raises `UsageError`."""
    if not text:
        return "127.0.0.1", 0
    if text.isascii() and text.isdigit():
        return "127.0.0.1", 0 if text == "0" else parse_port(text)
    if text.endswith(":0") and not text.endswith("::0"):
        return parse_target(text[:-2]).host, 0
    target = parse_target(text)
    has_port = text.endswith(f":{target.port}")
    return target.host, target.port if has_port else 0
