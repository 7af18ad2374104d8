"""Addresses that were used before, read from command lines: what completion proposes after `MAIL FROM:<`."""

from collections.abc import Iterable
from typing import NamedTuple

from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.paths import parse_path


class Used(NamedTuple):
    """Senders and recipients, the latest first."""

    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


def used_addresses(lines: Iterable[str]) -> Used:
    """The addresses in MAIL and RCPT lines, each once; lines are as typed, the oldest first."""
    senders: dict[str, None] = {}
    recipients: dict[str, None] = {}
    for line in lines:
        command = parse_command(line.encode("utf-8", "replace"))
        keyword = {"MAIL": b"FROM", "RCPT": b"TO"}.get(command.verb)
        if keyword is None:
            continue
        path = parse_path(command.argument, keyword)
        if path.address and path.bracketed:
            found = senders if command.verb == "MAIL" else recipients
            address = path.address.decode("utf-8", "replace")
            found.pop(address, None)
            found[address] = None
    return Used(tuple(reversed(senders)), tuple(reversed(recipients)))
