"""What was typed before, as far as it can be proposed again: addresses and servers; and the state for completion."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smtp_repl.term.commands import COMMANDS, ShellCommand
from smtp_repl.term.desk import Desk
from smtp_repl.term.hosts import describe
from smtp_repl.term.sending import file_of
from smtp_repl.term.typed import Alias
from smtp_repl.wire.commands import parse_command, parse_path
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

if TYPE_CHECKING:
    from smtp_repl.term.suggestions import State

_KEPT = 50
_PATHS = {"MAIL": b"FROM", "RCPT": b"TO"}
_COUNTED = 1024 * 1024
"""Octets of a file up to which its line ends are counted for SIZE."""


class Memory:
    """Addresses, targets and files of the lines that it is shown, the latest first, each with the host it was for."""

    def __init__(self) -> None:
        self._senders: dict[str, str] = {}
        self._recipients: dict[str, str] = {}
        self._asked: dict[str, str] = {}
        self._targets: dict[str, str] = {}
        self._sent = ""
        self._measured: tuple[str, float, int] = ("", 0.0, 0)

    def learn(self, line: str, host: str = "") -> None:
        """One line that was typed, and for which host."""
        if line.startswith("/connect "):
            _note(self._targets, line.removeprefix("/connect ").strip(), host)
            return
        if line.startswith("/send "):
            self._sent = file_of(line.removeprefix("/send "))
            return
        command = parse_command(line.encode("utf-8", "surrogateescape"))
        keyword = _PATHS.get(command.verb)
        if keyword is not None and (address := parse_path(command.argument, keyword).address):
            _note(
                self._senders if command.verb == "MAIL" else self._recipients, address.decode("utf-8", "replace"), host
            )
        elif command.verb in ("VRFY", "EXPN") and command.argument:
            _note(self._asked, command.argument.decode("utf-8", "replace"), host)

    def state(self, desk: Desk, host: str = "", *, in_command: bool = False) -> "State":
        """Where the session stands; `in_command` while a command is typed in the middle of a message.

        What was typed for `host` comes before what was typed for others.
        """
        from smtp_repl.term.completer import files_beginning  # with what follows: not before the first key
        from smtp_repl.term.suggestions import State

        state = State.of(desk.prospect, connected=desk.is_connected and not in_command)
        return state._replace(
            lmtp=desk.target is not None and desk.target.lmtp,
            host_names=(desk.ehlo_name, "client.example.org") if desk.is_practice else (desk.ehlo_name,),
            senders=_latest(self._senders, host),
            recipients=_latest(self._recipients, host),
            asked=_latest(self._asked, host),
            targets=tuple(self._targets)[::-1],
            hosts={name: describe(one) for name, one in desk.hosts.items()},
            commands=(*_commands(desk), *(Alias(name, line) for name, line in desk.aliases.items())),
            files=files_beginning,
            users=_users(desk),
            refused=desk.past.refused,
            codes=desk.past.codes,
            scripts=desk.list_scripts,
            steps=lambda: [
                (str(number), ", ".join(step.said)) for number, step in enumerate(desk.ledger.steps) if number
            ],
            messages=lambda: _messages(desk),
            faults=lambda: _faults(desk),
            lessons=desk.learning.lessons if desk.learning is not None else lambda: (),
            message_sizes=lambda: self._sizes(desk),
        )

    def _sizes(self, desk: Desk) -> Sequence[tuple[int, str]]:
        """Octets of what may be the next message."""
        sizes: list[tuple[int, str]] = []
        if desk.past.message_size is not None:
            sizes.append((desk.past.message_size, phrase("the last message")))
        if self._sent and (size := self._size_of_file()):
            sizes.append((size, printable(Path(self._sent).name)))
        return sizes

    def _size_of_file(self) -> int:
        """Octets of the file that was sent last, with CRLF for its line ends; 0 when it is gone."""
        try:
            path = Path(self._sent).expanduser()
            facts = path.stat()
            name, changed, size = self._measured
            if (name, changed) != (self._sent, facts.st_mtime):
                size = facts.st_size
                if path.is_file() and size <= _COUNTED:
                    octets = path.read_bytes()
                    size += octets.count(b"\n") - octets.count(b"\r\n")
                self._measured = self._sent, facts.st_mtime, size
        except (OSError, ValueError, RuntimeError):  # a NUL in the name; a home that nobody has
            return 0
        return size


def _commands(desk: Desk) -> list[ShellCommand]:
    """Those that are of any use here."""
    return [row for row in COMMANDS.values() if desk.learning is not None or not row.in_lessons]


def _users(desk: Desk) -> list[str]:
    """Who could log in at the present server."""
    names = [desk.practice.account.user] if desk.practice is not None and desk.is_practice else []
    return [*names, desk.host.user] if desk.host is not None and desk.host.user else names


def _messages(desk: Desk) -> list[tuple[str, str]]:
    """What the practice server kept, the latest first."""
    messages = desk.practice.inbox.messages if desk.practice is not None else ()
    return [(str(one.number), printable(one.header(b"Subject"))) for one in reversed(messages)]


def _faults(desk: Desk) -> list[tuple[str, str]]:
    """What the practice server could do wrong."""
    if desk.practice is None or desk.practice.server is None:
        return []
    from smtp_repl.net.practice.profiles import faults

    return list(faults().items())


def _latest(notes: dict[str, str], host: str) -> tuple[str, ...]:
    """The latest first, those of this host before others."""
    latest = list(notes)[::-1]
    return (*(text for text in latest if notes[text] == host), *(text for text in latest if notes[text] != host))


def _note(notes: dict[str, str], text: str, host: str) -> None:
    notes.pop(text, None)
    notes[text] = host
    if len(notes) > _KEPT:
        del notes[next(iter(notes))]
