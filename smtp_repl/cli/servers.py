"""The server of a run: where the command line says, where the scripts say, or the practice server."""

from collections.abc import Mapping, Sequence

from smtp_repl.cli.options import Words
from smtp_repl.cli.preparing import Prepared, Server, Unplayable
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import parse_target

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class _Elsewhere:
    """A server that lives without us."""

    __slots__ = ("_server",)

    def __init__(self, server: Server) -> None:
        self._server = server

    def __enter__(self) -> Server:
        return self._server

    def __exit__(self, *exception: object) -> None:
        return None


def find_server(
    words: Words, scripts: Sequence[Prepared | Unplayable], passwords: Mapping[str, Secret], connections: int = 1
) -> "AbstractContextManager[Server]":
    """The server of a run; the practice server lives as long as this does, and takes so many connections at once."""
    if words.has("local"):
        from smtp_repl.cli.practice import practice_server

        return practice_server(words, scripts, passwords, connections)
    if words.has("profile") or words.has("fault"):
        from smtp_repl.cli.behaviour import check_behaviour

        check_behaviour(words)
    text = words.text("server")
    return _Elsewhere(Server(parse_target(text) if text is not None else None))
