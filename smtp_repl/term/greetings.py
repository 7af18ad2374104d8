"""What a person is told at the beginning of a session and at its end."""

from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.desk import Desk
from smtp_repl.wire.language import N_, phrase, phrase_of


def welcome(desk: Desk, *, plain: bool = False) -> list[Line]:
    """The first lines; on the practice server a newcomer is told what to type first. `plain` knows no keys."""
    if desk.practice is None or desk.learning is not None:
        return []
    account = desk.practice.account
    return [
        remark("this is the practice server: it delivers nothing, so nothing can go wrong"),
        remark(
            phrase(
                "type EHLO client.example.org and press Enter; account for AUTH: {user} / {password}",
                user=account.user,
                password=account.password,
            )
        ),
        remark("/help lists the commands, Ctrl-D leaves" if plain else _KEYS),
    ]


_KEYS = N_("/help lists the commands, Tab completes, Ctrl-D leaves")


def farewell(desk: Desk) -> list[Line]:
    """The last lines: what there was, and how to keep it, or the next one."""
    if desk.learning is not None:
        return [remark(text) for text in desk.learning.farewell()]
    if not desk.commands:
        return []
    count = phrase_of("{count} command", "{count} commands", desk.commands)
    if desk.scribe.kept:
        return [remark(phrase("session over: {count}", count=count))]
    lines = [
        phrase("session over: {count}, not kept", count=count),
        phrase("to keep the next one: /save FILE before you leave, or --record FILE at the start"),
    ]
    if desk.practice is not None:
        lines.append(phrase("what is kept is a script: smtp-repl run FILE --local plays it again"))
    return [remark(line) for line in lines]
