"""What the remarks of our own recordings tell that no wire line shows: where to, whether under TLS, and who left.

They are comments to whoever plays the text. The other end of `script.transcript`, which writes them. Pure.
"""

import re

from smtp_repl.wire.records import Record


class Connected(Record):
    """A connection was made, as the text tells it; `host` is the name that was dialled, "" where none is told."""

    host: str
    address: str
    port: int
    tls: bool = False


class Secured(Record):
    """TLS is up, by the text; `trust` is "verified", "pinned" or "NOT verified"; "" where a server tells it."""

    version: str
    cipher: str
    trust: str
    name: str = ""


class TheyLeft(Record):
    """The server closed the connection; a `Closed` of the conversation follows."""


class WeLeft(Record):
    """We closed the connection ourselves."""


_CONNECTED = re.compile(r"connected to (?:\[([^\]]+)\]|([^\s:]+)|(\S+?))(?::([0-9]{1,5}))?(?: \((\S+)\))?")
_SECURED = re.compile(r"((?:TLS|SSL)[v ]?[0-9.]+) (\S+), certificate (verified|NOT verified|pinned)(?: \((.+)\))?")
_SECURED_AT_SERVER = re.compile(r"(TLSv[0-9.]+) ([A-Z0-9]+(?:[-_][A-Z0-9]+)+)")
"""A server does not see what the client made of its certificate."""
_SERVER_LEFT = re.compile(r"the server closed the connection(?: while .+ awaited a reply)?")
_WE_LEFT = "we closed the connection"


def told_by(remark: str) -> Connected | Secured | TheyLeft | WeLeft | None:
    """What a remark of our own recordings says (its text without `# `); None for any other remark."""
    if found := _CONNECTED.fullmatch(remark):
        return Connected(found[5] or "", found[1] or found[2] or found[3], int(found[4] or 0))
    if found := _SECURED.fullmatch(remark):
        return Secured(found[1], found[2], found[3], found[4] or "")
    if found := _SECURED_AT_SERVER.fullmatch(remark):
        return Secured(found[1], found[2], "")
    if _SERVER_LEFT.fullmatch(remark):
        return TheyLeft()
    return WeLeft() if remark == _WE_LEFT else None
