"""The settings file: TOML, in the user's config folder or where `--config` and SMTP_REPL_CONFIG say.

What is in it is checked in full before anything is done: each error has its place, the line, and a hint. Settings
hold no password; the line of one is not even quoted in the error. What the settings are is `term.settings`' table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from smtp_repl.term.hosts import HOST_KEYS, Host, make_host
from smtp_repl.term.settings import SETTINGS, Value, check_line
from smtp_repl.view.errors import did_you_mean
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

SIZE_LIMIT = 1024 * 1024
_SECRET = r"(?i:pass(?:word|wd|phrase)?|passwd|secret|token|api_?key)"  # noqa: S105 # it is not one
_SECRET_KEY = re.compile(rf"(?:.*[_-])?{_SECRET}")
_HOLDS_SECRET = re.compile(rf"""{_SECRET}["']?\s*=""")
_KEY = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_ASSIGNMENT = re.compile(rf"^\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=\s*(.*?)\s*$")
_HEADER = re.compile(rf"^\s*\[\[?\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ALIAS = re.compile(r"/?[a-z][a-z0-9-]{0,31}")

Keys = tuple[str, ...]


class Config(Record):
    """What the file says. `lines` tells at which line each setting stands; `path` is "" where there is no file."""

    path: str = ""
    values: Mapping[str, Value] = {}
    lines: Mapping[str, int] = {}
    hosts: Mapping[str, Host] = {}
    aliases: Mapping[str, str] = {}


def load(path: Path, *, must_exist: bool) -> Config:
    """Read a settings file. Raises `UsageError`."""
    try:
        with path.open("rb") as file:
            octets = file.read(SIZE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        if must_exist:
            raise _unreadable(path, error) from None
        return Config()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if len(octets) > SIZE_LIMIT:
        raise _Reader(path, "").error(
            phrase("a settings file has at most {limit} octets", limit=SIZE_LIMIT), kind="limit"
        )
    return _Reader(path, _decoded(path, octets)).read()


def _unreadable(path: Path, error: Exception) -> UsageError:
    why = getattr(error, "strerror", None) or phrase("that is no file name")
    return UsageError(
        phrase("cannot read the settings: {path}: {why}", path=printable(str(path)), why=why), kind="no-file"
    )


def _decoded(path: Path, octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        fault = _Reader(path, "").error(phrase("this is no text in UTF-8"), phrase("save it as UTF-8"), kind="not-utf8")
        fault.line = octets[: error.start].count(b"\n") + 1
        raise fault from None


class _Reader:
    """One file, while it is read."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._rows = text.split("\n")
        self._text = text

    def read(self) -> Config:
        top = self._parse()
        self._refuse_secrets(top, ())
        values: dict[str, Value] = {}
        lines: dict[str, int] = {}
        hosts: dict[str, Host] = {}
        aliases: dict[str, str] = {}
        for key, value in top.items():
            if key == "hosts":
                hosts = self._hosts(value)
            elif key == "alias":
                aliases = self._aliases(value)
            else:
                values[key] = self._setting(key, value)
                lines[key] = self._place((key,))[0]
        if any(host.password_command for host in hosts.values()):
            self._refuse_writers()
        return Config(str(self._path), values, lines, hosts, aliases)

    def _parse(self) -> dict[str, object]:
        import tomllib  # only where there is a file to read

        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            message, _, place = str(error).partition(" (at ")
            numbers = [int(number) for number in re.findall(r"[0-9]+", place)]
            line, column = numbers if len(numbers) == 2 else (max(1, len(self._text.rstrip().split("\n"))), 0)
            raise self._at(
                phrase("this is no TOML: {why}", why=message[:1].lower() + message[1:]),
                "",
                line,
                column,
            ) from None
        except RecursionError:
            raise self.error(phrase("this is nested too deeply"), kind="limit") from None
        except ValueError:  # a number of more digits than Python reads
            raise self.error(phrase("there is a number with too many digits"), kind="limit") from None

    # ------------------------------------------------------------ tables

    def _setting(self, key: str, value: object) -> Value:
        row = SETTINGS.get(key)
        if row is None:
            known = (*SETTINGS, "hosts", "alias")
            hint = did_you_mean(key, known) or phrase("known: {words}", words=", ".join(known))
            raise self._about((key,), phrase('there is no setting "{key}"', key=printable(key)), hint)
        if not row.kept:
            raise self._about(
                (key,), phrase("{key} is for one session only", key=key), f"/set {row.name} {row.kind.words[0]}"
            )
        try:
            return row.kind.from_toml(value)
        except UsageError as error:
            message = phrase("{key} {message}", key=key, message=error.message)
            raise self._about((key,), message, error.hint, error.kind, value=True) from None

    def _hosts(self, table: object) -> dict[str, Host]:
        return {name: self._host(name, each) for name, each in self._table(("hosts",), table).items()}

    def _host(self, name: str, table: object) -> Host:
        keys = ("hosts", name)
        if not name.isprintable() or len(name.split()) != 1 or re.search(r"[:/@\[\]]", name) or name.startswith("-"):
            raise self._about(keys, phrase("a profile has a name without blanks, colons and slashes"), "[hosts.work]")
        values: dict[str, Value] = {}
        for key, value in self._table(keys, table).items():
            row = HOST_KEYS.get(key)
            if row is None:
                hint = did_you_mean(key, HOST_KEYS) or phrase("known: {words}", words=", ".join(HOST_KEYS))
                raise self._about((*keys, key), phrase('a profile has no "{key}"', key=printable(key)), hint)
            try:
                values[key] = row.read(value)
            except UsageError as error:
                message = phrase("{key} {message}", key=key, message=error.message)
                raise self._about((*keys, key), message, error.hint, value=True) from None
        try:
            return make_host(name, values, self._path.absolute().parent)
        except UsageError as error:
            place = next((key for key in ("port", "host") if key in values), "")
            raise self._about((*keys, place) if place else keys, error.message, error.hint) from None

    def _aliases(self, table: object) -> dict[str, str]:
        from smtp_repl.term.commands import COMMANDS  # with all that commands do: for files that have aliases

        aliases: dict[str, str] = {}
        for key, value in self._table(("alias",), table).items():
            keys = ("alias", key)
            name = key.removeprefix("/")
            if not _ALIAS.fullmatch(key):
                raise self._about(
                    keys,
                    phrase('"{key}" is no name for a command', key=printable(key)),
                    phrase("small letters: hi, mx-2"),
                )
            if name in COMMANDS:
                raise self._about(keys, phrase("/{name} is a command already", name=name), f"/help {name}")
            try:
                aliases[name] = check_line(value)
            except UsageError as error:
                raise self._about(
                    keys, phrase("the alias {name} {message}", name=name, message=error.message), error.hint, error.kind
                ) from None
            meant = aliases[name].split(" ")[0]
            if meant.startswith("/") and not meant.startswith("//") and meant[1:].lower() not in COMMANDS:
                hint = did_you_mean(meant[1:], COMMANDS).replace("mean ", "mean /")
                raise self._about(
                    keys, phrase('there is no command "{meant}"', meant=printable(meant)), hint, value=True
                )
        return aliases

    def _table(self, keys: Keys, value: object) -> dict[str, object]:
        if isinstance(value, dict):
            return value
        raise self._about(keys, phrase("{name} is a table", name=keys[-1]), f"[{'.'.join(keys)}]")

    # ------------------------------------------------------------ secrets

    def _refuse_secrets(self, table: Mapping[str, object], keys: Keys) -> None:
        for key, value in table.items():
            if keys != ("hosts",) and keys != ("alias",) and _SECRET_KEY.fullmatch(key):
                what = phrase("settings hold no password")
                if self._is_open(0o044):
                    what = phrase(
                        "settings hold no password; others on this machine can read this file, so change that password"
                    )
                raise self._about(
                    (*keys, key),
                    what,
                    phrase('password_command = "…" in a profile, or /auth asks for it'),
                    "secret-in-settings",
                )
            if isinstance(value, dict):
                self._refuse_secrets(value, (*keys, key))

    def _refuse_writers(self) -> None:
        if self._is_open(0o002):
            raise self.error(
                phrase("a password_command stands here, and anybody on this machine may change this file"),
                f"chmod o-w {printable(str(self._path))}",
                kind="open-settings",
            )

    def _is_open(self, bits: int) -> bool:
        import os

        try:
            return os.name == "posix" and self._path.stat().st_mode & bits != 0
        except OSError:
            return False

    # ------------------------------------------------------------ errors with their place

    def error(self, message: str, hint: str = "", *, kind: str = "") -> UsageError:
        """An error about the file as a whole."""
        return self._at(message, hint, 0, 0, kind)

    def _about(self, keys: Keys, message: str, hint: str = "", kind: str = "", *, value: bool = False) -> UsageError:
        line, column, value_column = self._place(keys)
        place = value_column if value and value_column else column
        fault = self._at(message, hint, line, place, kind)
        row = self._rows[line - 1] if line else ""
        if kind == "secret-in-settings":
            fault.source = ""
        fault.width = max(1, len(row.rstrip()) - place + 1) if place == value_column else len(keys[-1])
        return fault

    def _at(self, message: str, hint: str, line: int, column: int, kind: str = "") -> UsageError:
        fault = UsageError(message, hint, kind=kind or "settings")
        fault.file, fault.line, fault.column = str(self._path), line, column
        # A password that somebody put here must not be on a screen or in a log of errors too.
        if 0 < line <= len(self._rows) and not _HOLDS_SECRET.search(self._text):
            fault.source = self._rows[line - 1]
        return fault

    def _place(self, keys: Keys) -> tuple[int, int, int]:
        """Line, column of the key and column of its value, from 1; 0 where it is not found.

        A TOML parser does not tell where it read something. What is written in an uncommon way is found at the line
        of the table that it is in.
        """
        best = (0, 0, 0)
        for number, written, column, value_column in self._keys():
            if written == keys:
                return (number, column, value_column)
            if written == keys[: len(written)]:
                inside = self._rows[number - 1].find(keys[-1], value_column)
                best = (number, inside + 1 if inside >= 0 else column, 0)
        return best

    def _keys(self) -> Iterator[tuple[int, Keys, int, int]]:
        """Each key as it is written: line, full name, column of its last part, column of its value."""
        table: Keys = ()
        for number, row in enumerate(self._rows, 1):
            if header := _HEADER.match(row):
                table = _names(header[1])
                yield number, table, row.find(table[-1]) + 1, 0
            elif assignment := _ASSIGNMENT.match(row):
                names = _names(assignment[1])
                column = row.rfind(names[-1], 0, assignment.end(1)) + 1
                yield number, table + names, max(1, column), assignment.start(2) + 1


def _names(dotted: str) -> Keys:
    parts: Sequence[str] = re.findall(_KEY, dotted)
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in parts)
