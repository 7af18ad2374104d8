"""`smtp-repl serve`: the practice server in the foreground, until Ctrl-C."""

import time

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.net.practice import PracticeOptions, PracticeThread
from smtp_repl.wire.errors import ExitStatus
from smtp_repl.wire.targets import parse_port, parse_target

_A_LONG_TIME = 3600.0


def main(words: Words, environment: Environment) -> int:
    """Serve. The address goes to standard output at once, one line for each event to standard error."""
    host, port = _address(words.text("listen") or "")
    options = PracticeOptions(host=host, port=port, lenient=words.has("lenient"), public=words.has("listen-public"))
    with PracticeThread(options, environment.talk) as server:
        shown = f"[{server.host}]" if ":" in server.host else server.host
        environment.out(f"listening on {shown}:{server.port}")
        try:
            while True:
                time.sleep(_A_LONG_TIME)
        except KeyboardInterrupt:
            environment.talk("# stopped")
    return int(ExitStatus.OK)


def _address(text: str) -> tuple[str, int]:
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
