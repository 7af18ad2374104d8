"""A person who plays the server at a terminal, and clients that do not know it."""

import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.term.screen import Terminal


class Server:
    """The terminal in which a person plays the server; `client` runs something in a thread meanwhile."""

    def __init__(self, folder: Path, *words: str) -> None:
        argv = [sys.executable, "-X", "dev", "-W", "error", "-m", "smtp_repl", "answer", *words]
        self.terminal = Terminal(argv, {"XDG_CONFIG_HOME": str(folder)}, cwd=str(folder))
        self.terminal.wait_for("# no client:")
        found = re.search(r"listening on 127\.0\.0\.1:([0-9]+)", self.terminal.text())
        assert found is not None
        self.port = int(found[1])
        self.results: list[object] = []
        self._threads: list[threading.Thread] = []

    def client(self, play: Callable[[int], object]) -> None:
        """Let a client do something with the port; what it returns or raises is kept."""

        def run() -> None:
            try:
                self.results.append(play(self.port))
            except Exception as error:  # the test looks at it
                self.results.append(error)

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def answer(self, line: str, awaited: str) -> None:
        """Type a line at the prompt of a client (or at a question) and wait for what it brings."""
        self.terminal.wait_for(lambda terminal: terminal.line().startswith(("S:", "# the client", '# "')))
        self.terminal.type(f"{line}\n")
        self.terminal.wait_for(awaited)

    def take(self, awaited: str) -> None:
        """Take the reply that stands dimmed, send it, and wait for what it brings."""
        self.terminal.key("tab", "enter")
        self.terminal.wait_for(awaited)

    def take_when(self, ghost: str, awaited: str) -> None:
        """Wait until a reply stands dimmed at the prompt, then take it."""
        self.terminal.wait_for(lambda terminal: terminal.line().startswith(f"S: {ghost}"))
        self.take(awaited)

    def leave(self) -> int:
        self.terminal.wait_for(lambda terminal: terminal.line() == "# no client:")
        self.terminal.key("c-d")
        return self.terminal.close()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def answer(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*words: str) -> Server:
        server = Server(tmp_path, *words)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.terminal.end()
