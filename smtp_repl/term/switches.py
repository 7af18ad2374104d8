"""Handlers that change settings for the session: `/set` for all of them, and a few with a command of their own."""

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.term.settings import ANSWERING, SETTINGS, Setting, find, give, read, value_of, written
from smtp_repl.wire.conversation import Side
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import either, phrase
from smtp_repl.wire.octets import printable


def handle_set(desk: Desk, argument: str) -> Handling:
    """`/set`: every setting; `/set NAME`: one of them; `/set NAME VALUE`: another value, for this session."""
    rows = SETTINGS if desk.side is Side.CLIENT else ANSWERING
    name, _, text = argument.strip().partition(" ")
    if not name:
        width = max(map(len, rows))
        for row in rows.values():
            yield Tell(f"{row.name.ljust(width)}  {_shown(desk, row)}")
        yield Tell("/set NAME tells what it is; /set NAME VALUE changes it, the settings file for good")
        return
    row = find(name, rows)
    if not text.strip():
        yield Tell(f"{row.name}  {_shown(desk, row)}")
        yield Tell(f"  {row.meaning}; {row.kind.form}")
        return
    if not row.live:
        raise UsageError(
            phrase("{name} counts at the start of a session", name=row.name),
            phrase("--set {name}=…, or the settings file", name=row.name),
        )
    give(desk.settings, row, read(row, text.strip()))
    if row.name == "ehlo":
        desk.settings.ehlo_is_chosen = True
    yield Tell(_told(desk, row))


def _shown(desk: Desk, row: Setting) -> str:
    value = written(row, value_of(desk.settings, row))
    if row.name == "ehlo" and not value:
        return f"(none: {printable(desk.ehlo_name)})"
    return value or "(none)"


def _told(desk: Desk, row: Setting) -> str:
    """What the new value means, where a sentence says more than the value."""
    settings = desk.settings
    match row.name:
        case "ehlo":
            return phrase("EHLO {name} from here on", name=printable(settings.ehlo))
        case "secrets":
            if not settings.show_secrets:
                return phrase("steps of AUTH masked")
            if desk.side is Side.CLIENT:
                return phrase("steps of AUTH stand on this screen from here on; files stay masked")
            return phrase(
                "steps of AUTH of clients on this machine stand on this screen from here on; files stay masked"
            )
        case "timing":
            return phrase("times are shown") if settings.timing else phrase("times are not shown")
        case "hex":
            shown = phrase("octets are shown, but for steps of AUTH")
            return shown if settings.hex else phrase("octets are not shown")
        case "data":
            if settings.live_data:
                return phrase("after DATA each line goes when you press Enter; dots are not doubled, a lone dot ends")
            return phrase("after DATA you write the message in peace; a lone dot sends it, other dots are doubled")
        case _:
            return phrase("{name} {value}, from here on", name=row.name, value=written(row, value_of(settings, row)))


def handle_data(desk: Desk, argument: str) -> Handling:
    """`/data live`: messages as over telnet; `/data compose`: written in peace, sent as a whole."""
    row = SETTINGS["data"]
    if argument.strip():
        give(desk.settings, row, _read(row, "data", argument))
    yield Tell(_told(desk, row))


def handle_timing(desk: Desk, argument: str) -> Handling:
    """`/timing on`: how long each reply took."""
    yield from _switch(desk, SETTINGS["timing"], argument)


def handle_hex(desk: Desk, argument: str) -> Handling:
    """`/hex on`: the octets of what is said, but for steps of AUTH."""
    yield from _switch(desk, SETTINGS["hex"], argument)


def _switch(desk: Desk, row: Setting, argument: str) -> Handling:
    """On, off, or without a word the other way."""
    word = argument.strip()
    give(desk.settings, row, _read(row, row.name, word) if word else not value_of(desk.settings, row))
    yield Tell(_told(desk, row))


def _read(row: Setting, command: str, argument: str) -> bool:
    word = argument.strip().lower()
    if word not in row.kind.words:
        raise UsageError(
            phrase('/{command} knows no "{word}"', command=command, word=printable(word)),
            either([f"/{command} {known}" for known in row.kind.words]),
        )
    return word == row.kind.words[0]
