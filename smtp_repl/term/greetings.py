"""What a person is told at the beginning of a session and at its end."""

from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.desk import Desk


def welcome(desk: Desk, *, plain: bool = False) -> list[Line]:
    """The first lines; on the practice server a newcomer is told what to type first. `plain` knows no keys."""
    if desk.practice is None or desk.learning is not None:
        return []
    account = desk.practice.account
    return [
        remark("this is the practice server: it delivers nothing, so nothing can go wrong"),
        remark(f"type EHLO client.example.org and press Enter; account for AUTH: {account.user} / {account.password}"),
        remark(f"/help lists the commands, {'' if plain else 'Tab completes, '}Ctrl-D leaves"),
    ]


def farewell(desk: Desk) -> list[Line]:
    """The last lines: what there was, and how to keep it, or the next one."""
    if desk.learning is not None:
        return [remark(text) for text in desk.learning.farewell()]
    if not desk.commands:
        return []
    count = "1 command" if desk.commands == 1 else f"{desk.commands} commands"
    if desk.scribe.kept:
        return [remark(f"session over: {count}")]
    lines = [
        f"session over: {count}, not kept",
        "to keep the next one: /save FILE before you leave, or --record FILE at the start",
    ]
    if desk.practice is not None:
        lines.append("what is kept is a script: smtp-repl run FILE --local plays it again")
    return [remark(line) for line in lines]
