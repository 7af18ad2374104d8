"""The settings of a session: what the command line, the environment and the settings file say, in that order."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.term.settings import SECONDS, SETTINGS, Setting, Settings, Value, find, give, read
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

if TYPE_CHECKING:  # loaded only where there is a file: this is before the first prompt
    from smtp_repl.config import Config
    from smtp_repl.term.hosts import Host

VARIABLE = "SMTP_REPL_CONFIG"
DEFAULT = "default"


class Known(Record):
    """The settings as they are when a session begins, and where each comes from."""

    settings: Settings
    sources: Mapping[str, str]
    file: "Config | None" = None

    @property
    def hosts(self) -> "Mapping[str, Host]":
        return self.file.hosts if self.file is not None else {}

    @property
    def aliases(self) -> Mapping[str, str]:
        return self.file.aliases if self.file is not None else {}


def settings_path(words: Words, environment: Environment) -> tuple[str, bool]:
    """Where the settings file is, and whether somebody said so, so that it must be there."""
    named = words.text("config") or environment.environ.get(VARIABLE)
    return (named, True) if named else (default_path(environment.environ), False)


def default_path(environ: Mapping[str, str]) -> str:
    """Where the settings of this user are, if there are any."""
    if sys.platform == "linux":  # as platformdirs has it, which takes 5 ms to load, with pathlib
        folder = environ.get("XDG_CONFIG_HOME", "").strip()
        return os.path.join(os.path.expanduser(folder or "~/.config"), "smtp-repl", "config.toml")
    from platformdirs import user_config_path

    return str(user_config_path("smtp-repl", appauthor=False) / "config.toml")


def read_settings(words: Words, environment: Environment) -> Known:
    """Read them all. Raises `UsageError`."""
    path, must_exist = settings_path(words, environment)
    file = None
    if must_exist or os.path.exists(path):
        from pathlib import Path

        from smtp_repl.config import load

        file = load(Path(path), must_exist=must_exist)
    settings = Settings(allow_plaintext_auth=words.has("allow-plaintext-auth"))
    given = _given(words)
    sources = {}
    for row in SETTINGS.values():
        value, sources[row.name] = _find(row, words, environment, file, given)
        if value is not None:
            give(settings, row, value)
    settings.ehlo_is_chosen = words.has("ehlo") or "ehlo" in given
    return Known(settings, sources, file)


def _find(
    row: Setting, words: Words, environment: Environment, file: "Config | None", given: Mapping[str, Value]
) -> tuple[Value | None, str]:
    """The value of one setting and where it comes from."""
    if row.option and words.has(row.option):
        is_time = row.kind is SECONDS
        return words.seconds(row.option) if is_time else words.text(row.option), f"--{row.option}"
    if row.name in given:
        return given[row.name], "--set"
    text = environment.environ.get(row.variable) if row.variable else None
    if text:
        try:
            return read(row, text), row.variable
        except UsageError as error:
            raise UsageError(
                phrase("{name}: {message}", name=row.variable, message=error.message), error.hint
            ) from None
    if row.name == "style" and environment.environ.get("NO_COLOR"):
        return "none", "NO_COLOR"
    if file is not None and row.name in file.values:
        return file.values[row.name], f"{printable(file.path)}:{file.lines.get(row.name, 0)}"
    return None, DEFAULT


def _given(words: Words) -> dict[str, Value]:
    """What `--set` says."""
    given: dict[str, Value] = {}
    for text in words.texts("set"):
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                phrase("--set takes NAME=VALUE, and not {text}", text=printable(text)), "--set style=light"
            )
        row = find(name)
        given[row.name] = read(row, value)
    return given
