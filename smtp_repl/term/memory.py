"""What was typed before, as far as it can be proposed again: addresses and servers; and the state for completion."""

from typing import TYPE_CHECKING

from smtp_repl.term.commands import COMMANDS
from smtp_repl.term.desk import Desk
from smtp_repl.term.hosts import describe
from smtp_repl.term.typed import Alias
from smtp_repl.wire.commands import parse_command, parse_path

if TYPE_CHECKING:
    from smtp_repl.term.suggestions import State

_KEPT = 50
_PATHS = {"MAIL": b"FROM", "RCPT": b"TO"}


class Memory:
    """Addresses and targets of the lines that it is shown, the latest first."""

    def __init__(self) -> None:
        self._senders: dict[str, None] = {}
        self._recipients: dict[str, None] = {}
        self._targets: dict[str, None] = {}

    def learn(self, line: str) -> None:
        """One line that was typed."""
        if line.startswith("/connect "):
            _note(self._targets, line.removeprefix("/connect ").strip())
            return
        command = parse_command(line.encode("utf-8", "surrogateescape"))
        keyword = _PATHS.get(command.verb)
        if keyword is not None and (address := parse_path(command.argument, keyword).address):
            _note(self._senders if command.verb == "MAIL" else self._recipients, address.decode("utf-8", "replace"))

    def state(self, desk: Desk, *, in_command: bool = False) -> "State":
        """Where the session stands; `in_command` while a command is typed in the middle of a message."""
        from smtp_repl.term.completer import files_beginning  # with what follows: not before the first key
        from smtp_repl.term.suggestions import State

        state = State.of(desk.conversation, connected=desk.is_connected and not in_command)
        return state._replace(
            lmtp=desk.target is not None and desk.target.lmtp,
            host_names=(desk.ehlo_name, "client.example.org") if desk.is_practice else (desk.ehlo_name,),
            senders=tuple(self._senders)[::-1],
            recipients=tuple(self._recipients)[::-1],
            targets=tuple(self._targets)[::-1],
            hosts={name: describe(host) for name, host in desk.hosts.items()},
            commands=(*COMMANDS.values(), *(Alias(name, line) for name, line in desk.aliases.items())),
            files=files_beginning,
        )


def _note(notes: dict[str, None], text: str) -> None:
    notes.pop(text, None)
    notes[text] = None
    if len(notes) > _KEPT:
        del notes[next(iter(notes))]
