"""`/faults`: what the practice server of this session does wrong, turned on and off."""

from collections.abc import Iterator

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable

FORM = "/faults [on NAME… | off [NAME…]]"


def handle_faults(desk: Desk, argument: str) -> Handling:
    """`/faults`: the faults, and which are on; `/faults on NAME`, `/faults off NAME`, `/faults off` for all."""
    server = desk.practice.server if desk.practice is not None else None
    if server is None:
        raise UsageError("only the practice server has faults that can be turned on", "smtp-repl --local")
    from smtp_repl.net.practice.profiles import with_faults, without_faults

    word, *names = argument.lower().split() or [""]
    profile = server.profile
    if word == "on" and names:
        changed = with_faults(profile, names)
    elif word == "off":
        changed = without_faults(profile, names or profile.faults)
    elif word:
        raise UsageError(phrase('/faults knows no "{word}"', word=printable(argument.strip())), FORM)
    else:
        for line in _listed(profile.faults):
            yield Tell(line)
        return
    server.behave(changed)
    on = ", ".join(changed.faults)
    yield Tell(
        _("faults that are on: {names}; they hold from the next connection on (/connect)").format(names=on)
        if on
        else _("no fault is on; that holds from the next connection on (/connect)")
    )


def _listed(on: tuple[str, ...]) -> Iterator[str]:
    from smtp_repl.net.practice.profiles import faults

    rows = faults()
    width = max(map(len, rows))
    marks = {True: _("on"), False: _("off")}
    mark = max(map(len, marks.values()))
    for name, meaning in rows.items():
        yield f"{marks[name in on].ljust(mark)}  {name.ljust(width)}  {meaning}"
