"""`serve --accounts FILE`: who may log in, from a table such as a spreadsheet saves it (name,password in each line).

A first line that names the columns is left out. No password is ever shown: errors tell the line, and what is wrong.
"""

import csv
import os
from collections.abc import Iterator

from smtp_repl.cli.environment import Environment
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _, phrase, phrase_of
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

FORM = "alice,not-a-secret"
_HEADINGS = frozenset({"name", "user", "username", "account", "login", "student", "email", "用户", "用户名", "账号"})
_LIMIT = 10_000
_NAME_LIMIT, _PASSWORD_LIMIT = 255, 255


class Fault(Record):
    """What is wrong with a line."""

    line: int
    what: str


def read_accounts(path: str, environment: Environment) -> dict[str, str]:
    """The accounts of a file: name and password. Raises `UsageError` with the place of the first fault."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeDecodeError:
        raise UsageError(
            phrase("{path} is not UTF-8", path=printable(path)), "save it as CSV UTF-8", kind="bad-accounts"
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or phrase("no file name")
        raise UsageError(phrase("cannot read {path}: {why}", path=printable(path), why=why), kind="no-file") from None
    accounts, faults = parse_accounts(text)
    if faults:
        raise _error(path, faults)
    if not accounts:
        raise UsageError(
            phrase("{path} has no account", path=printable(path)),
            phrase("each line is a name and a password: {form}", form=FORM),
            kind="bad-accounts",
        )
    if _is_readable_by_others(path):
        environment.talk(
            "# "
            + _("others on this machine can read {path}: chmod 600 keeps the passwords yours").format(
                path=printable(path)
            )
        )
    return accounts


def parse_accounts(text: str) -> tuple[dict[str, str], list[Fault]]:
    """Accounts, and what is wrong with which line; a line that is wrong gives no account."""
    accounts: dict[str, str] = {}
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    for number, cells in _rows(text, faults):
        what = _fault(cells, lines)
        if what:
            faults.append(Fault(number, what))
            continue
        name, password = cells[0].strip(), cells[1]
        accounts[name] = password
        lines[name] = number
    return accounts, faults


def _rows(text: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not empty, with their numbers; without the one that names the columns."""
    first = text.partition("\n")[0]
    # Where the comma is the sign for decimals, spreadsheets write semicolons.
    reader = csv.reader(text.splitlines(keepends=True), delimiter=";" if "," not in first and ";" in first else ",")
    is_first = True
    try:
        for cells in reader:
            while cells and not cells[-1].strip():
                cells = cells[:-1]
            if not cells:
                continue
            is_heading = is_first and cells[0].strip().lower() in _HEADINGS and len(cells) == 2
            is_first = False
            if not is_heading:
                yield reader.line_num, cells
    except csv.Error as error:
        faults.append(Fault(reader.line_num, str(error)))


def _fault(cells: list[str], lines: dict[str, int]) -> str:
    """What is wrong with a row, or ""."""
    name = cells[0].strip()
    if not name:
        return phrase("the name is missing")
    if len(cells) == 1:
        return phrase("the password is missing")
    if len(cells) > 2:
        return phrase("there are {count} columns, and not two", count=len(cells))
    if len(name) > _NAME_LIMIT or len(cells[1]) > _PASSWORD_LIMIT:
        return phrase("the name or the password is longer than {limit} characters", limit=_NAME_LIMIT)
    if not (name.isprintable() and cells[1].isprintable()):
        return phrase("the name or the password holds a character that nobody can type")
    if name in lines:
        return phrase('the name "{name}" stands in line {line} already', name=name, line=lines[name])
    return phrase("there are more than {limit} accounts", limit=_LIMIT) if len(lines) >= _LIMIT else ""


def _error(path: str, faults: list[Fault]) -> UsageError:
    first, others = faults[0], faults[1:]
    hint = phrase("each line is a name and a password: {form}", form=FORM)
    if others:
        numbers = ", ".join(str(one.line) for one in others[:10]) + (", …" if len(others) > 10 else "")
        hint = phrase_of(
            "one more line is wrong: {lines}",
            "{count} more lines are wrong: {lines}",
            len(others),
            lines=numbers,
        )
    error = UsageError(first.what, hint, kind="bad-accounts")
    error.file, error.line, error.column = path, first.line, 1
    return error


def _is_readable_by_others(path: str) -> bool:
    """Whether other users of this machine can read the file; where there are no such rights, no."""
    try:
        return os.name == "posix" and bool(os.stat(path).st_mode & 0o044)
    except OSError:
        return False
