"""Lines typed before, and where: the server and the phase. What to propose from them as ghost text, in which order.

Pure: text and entries in, text out. `history` keeps the entries in a file; the stage shows what is proposed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import Phase

PRACTICE = "practice"
"""The name of the practice server here: its port is another one each time."""
_NO_HOST = "-"
_WORDS = re.compile(r"[A-Z0-9]+(?: (?:FROM|TO):)?", re.IGNORECASE | re.ASCII)
"""The words at the beginning of a line that any case will do for; then come addresses."""
_PHASES = frozenset(phase.value for phase in Phase)


class Entry(Record):
    """A typed line, for which host, in which phase (its value); both "" where that was not written down."""

    line: str
    host: str = ""
    phase: str = ""


def read_entry(text: str) -> Entry:
    """An entry from a line of the file: `host TAB phase TAB line`, or a line alone, as it was written once."""
    host, _, rest = text.partition("\t")
    phase, tab, line = rest.partition("\t")
    if not tab or phase not in _PHASES or not line:
        return Entry(text)
    return Entry(line, "" if host == _NO_HOST else host, phase)


def write_entry(entry: Entry) -> str:
    """The line of the file for an entry, without its line end."""
    if not entry.phase:
        return entry.line
    host = printable(entry.host).replace("\t", " ")
    return f"{host or _NO_HOST}\t{entry.phase}\t{entry.line}"


def ghost(text: str, entries: Iterable[Entry], host: str, phase: str) -> str:
    """What would go on from `text` as it was last typed here; "" when there is nothing.

    `entries` come newest first. For the server only lines of this host and phase count; `/commands` mean the same
    everywhere, so there another host's will do where this one has none.
    """
    if not text or "\n" in text:
        return ""
    begun, is_command = text.lower(), text.startswith("/") and not text.startswith("//")
    elsewhere = ""
    for entry in entries:
        line = entry.line
        if len(line) <= len(text) or line[: len(text)].lower() != begun:
            continue
        if entry.host == host and (is_command or entry.phase == phase):
            return _going_on(text, line)
        if is_command and not elsewhere:
            elsewhere = _going_on(text, line)
    return elsewhere


def _going_on(text: str, line: str) -> str:
    """The rest of a line; in small letters, as far as they mean the same, where its beginning was typed so."""
    if text.islower() and not line.startswith(text):
        line = _WORDS.sub(lambda found: found[0].lower(), line, count=1)
    return line[len(text) :]


def nearest_first(entries: Sequence[Entry], host: str) -> Iterator[str]:
    """The lines in the order in which Up and Ctrl-R come to them: this host's, then all others.

    `entries` come newest first. A line that is the same as the one before it is left out.
    """
    before = None
    for here in (True, False):
        for entry in entries:
            if (entry.host == host) is here and entry.line != before:
                before = entry.line
                yield before
