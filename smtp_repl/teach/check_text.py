"""Checks as text: what stands under `check` in a lesson becomes a `Check`. A key is added here and in `checks`."""

import re
from collections.abc import Mapping, Sequence

from smtp_repl.teach.checks import (
    FLAGS,
    AllOf,
    AnswerCheck,
    AnyOf,
    Check,
    EndCheck,
    ExchangeCheck,
    InOrder,
    MessageCheck,
    Pattern,
    WriteCheck,
)
from smtp_repl.teach.toml_table import Table
from smtp_repl.wire.language import phrase
from smtp_repl.wire.states import Phase

_SIDES = ("client", "server")


def read_check(table: Table, key: str) -> Check:
    """The check that stands under a key; one that fits nothing where it cannot be read."""
    value = table.take(key, required=True)
    return _checked(value, table, key)


def _checked(value: object, table: Table, key: str) -> Check:
    if isinstance(value, list):
        return InOrder(_several(table, key, value))
    if isinstance(value, Mapping):
        return _one_check(Table(value, (*table.path, key), table.faults))
    if value is not None:
        table.blame(key, phrase("a check is a table, or an array of tables in their order"))
    return AllOf(())


def _several(table: Table, key: str, values: Sequence[object]) -> tuple[Check, ...]:
    if not values:
        table.blame(key, phrase("there is nothing in it to be checked"))
    inner = Table({str(index): value for index, value in enumerate(values)}, (*table.path, key), table.faults)
    return tuple(_checked(inner.take(name), inner, name) for name in list(inner.values))


def _one_check(table: Table) -> Check:
    check: Check
    if table.has("any") or table.has("all"):
        key = "any" if table.has("any") else "all"
        value = table.take(key)
        several = _several(table, key, value if isinstance(value, list) else [])
        check = AnyOf(several) if key == "any" else AllOf(several)
    elif table.has("answer"):
        text = _pattern(table, "answer", re.ASCII) or _NEVER  # `\b` stands between a digit and 个 too
        check = AnswerCheck(text, times=table.count("times", 1))
    elif table.has("write"):
        check = _write(table.table("write"), table.count("times", 1))
    elif table.has("closed"):
        check = _end(table.table("closed"), table.count("times", 1))
    else:
        if not table.values:
            table.blame("", phrase("there is nothing in it to be checked"))
        check = _exchange(table)
    table.end()
    return check


def _exchange(table: Table) -> ExchangeCheck:
    return ExchangeCheck(
        client=_pattern(table, "client"),
        reply=_pattern(table, "reply"),
        answers=table.text("answers", required=False),
        mechanism=table.text("mechanism", required=False),
        before=_phase(table, "before"),
        phase=_phase(table, "phase"),
        tls=table.flag("tls"),
        offers=table.texts("offers"),
        lacks=table.texts("lacks"),
        message=_message(table.table("message")) if table.has("message") else None,
        times=table.count("times", 1),
    )


def _write(table: Table, times: int) -> WriteCheck:
    check = WriteCheck(
        octets=_pattern(table, "octets"),
        commands=table.count("commands", 0),
        replies=tuple(filter(None, (_compiled(table, "replies", text) for text in table.texts("replies")))),
        text=table.flag("text"),
        times=times,
    )
    table.end()
    return check


def _end(table: Table, times: int) -> EndCheck:
    by = table.word("by", _SIDES, required=False)
    check = EndCheck(by=by, during=_pattern(table, "during"), silent=table.flag("silent"), times=times)
    table.end()
    return check


def _message(table: Table) -> MessageCheck:
    recipients = (_compiled(table, "recipients", text) for text in table.texts("recipients"))
    check = MessageCheck(
        sender=_pattern(table, "sender"),
        recipients=tuple(filter(None, recipients)),
        fields=_fields(table, "fields"),
        without=_fields(table, "without"),
        header=_pattern(table, "header"),
        no_header=_pattern(table, "no_header"),
        subject=_pattern(table, "subject"),
        body=_pattern(table, "body"),
        text=_pattern(table, "text"),
        type=_pattern(table, "type"),
        charset=_pattern(table, "charset"),
        encoding=_pattern(table, "encoding"),
        attachment=_pattern(table, "attachment"),
        parts=table.count("parts", 0),
        differs=table.flag("differs"),
        defects=table.flag("defects"),
    )
    table.end()
    return check


def _fields(table: Table, key: str) -> dict[str, Pattern]:
    if not table.has(key):
        return {}
    inner = table.table(key)
    return {name: _required(inner, name) for name in list(inner.values)}


def _phase(table: Table, key: str) -> Phase | None:
    word = table.word(key, [phase.value for phase in Phase], required=False)
    return Phase(word) if word else None


_NEVER = re.compile(r"(?!)")


def _required(table: Table, key: str) -> Pattern:
    return _pattern(table, key) or _NEVER


def _pattern(table: Table, key: str, flags: int = 0) -> Pattern | None:
    if not table.has(key):
        return None
    return _compiled(table, key, table.text(key, may_be_empty=True), flags)


def _compiled(table: Table, key: str, text: str, flags: int = 0) -> Pattern | None:
    try:
        return re.compile(text, FLAGS | flags)
    except re.error as error:
        table.blame(key, phrase("this is no regular expression: {problem}", problem=error.msg))
        return None
