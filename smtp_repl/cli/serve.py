"""`smtp-repl serve`: the practice server in the foreground, until Ctrl-C."""

import time

from smtp_repl.cli.behaviour import list_faults, list_profiles, practice_profile
from smtp_repl.cli.environment import Environment
from smtp_repl.cli.listening import read_address
from smtp_repl.cli.options import Words
from smtp_repl.net.practice import PracticeOptions, PracticeThread
from smtp_repl.wire.errors import ExitStatus

_A_LONG_TIME = 3600.0


def main(words: Words, environment: Environment) -> int:
    """Serve. The address goes to standard output at once, one line for each event to standard error."""
    if words.has("list-profiles") or words.has("list-faults"):
        for line in list_profiles() if words.has("list-profiles") else list_faults():
            environment.out(line)
        return int(ExitStatus.OK)
    host, port = read_address(words.text("listen") or "")
    options = PracticeOptions(
        host=host,
        port=port,
        profile=practice_profile(words),
        public=words.has("listen-public"),
    )
    with PracticeThread(options, environment.talk) as server:
        shown = f"[{server.host}]" if ":" in server.host else server.host
        environment.out(f"listening on {shown}:{server.port}")
        try:
            while True:
                time.sleep(_A_LONG_TIME)
        except KeyboardInterrupt:
            environment.talk("# stopped")
    return int(ExitStatus.OK)
