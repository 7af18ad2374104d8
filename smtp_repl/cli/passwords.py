"""Where passwords come from: the environment, a file, a command, a hidden prompt; never an option, never a script.

`[WHO=]` names whom it belongs to: an identity of `@auth[who]`, or `secret.N` of a recording; without it, `@auth`.
"""

import os
import re
from collections.abc import Callable

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.wire.errors import SecretMissing
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import Secret

DEFAULT = "auth"
"""Whom a password without `WHO=` belongs to."""
OPTIONS = ("password-env", "password-file", "password-command")

_WHO = r"(?s)([A-Za-z_][A-Za-z0-9_-]*(?:\.[0-9]+)?)=(.*)"
_LIMIT = 64 * 1024


def given_any(words: Words) -> bool:
    return any(words.has(key) for key in OPTIONS)


def read_passwords(words: Words, environment: Environment) -> dict[str, Secret]:
    """All passwords that the command line names a source for, by whom they belong to. Raises `SecretMissing`."""
    passwords: dict[str, Secret] = {}
    for key in OPTIONS:
        for text in words.texts(key):
            found = re.fullmatch(_WHO, text)
            who, source = (found[1], found[2]) if found is not None else (DEFAULT, text)
            password = _READERS[key](source, environment)
            if not password:
                raise SecretMissing(
                    phrase("the password that --{key} {source} gives is empty", key=key, source=printable(source))
                )
            passwords[who] = Secret(password)
    return passwords


def ask_password(question: str, environment: Environment) -> Secret | None:
    """Ask, without showing what is typed; None when there is no terminal to ask at, or no answer."""
    if not environment.stdin_is_terminal:
        return None
    import getpass

    try:
        answer = getpass.getpass(_(question))
    except EOFError:
        return None
    return Secret(answer.encode("utf-8", "surrogateescape")) if answer else None


def _from_variable(name: str, environment: Environment) -> bytes:
    value = environment.environ.get(name)
    if value is None:
        raise SecretMissing(
            phrase("the environment has no variable {name}", name=printable(name)),
            phrase("export {name}", name=printable(name)),
        )
    return os.fsencode(value)


def _from_file(path: str, environment: Environment) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return _first_line(file.read(_LIMIT))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or phrase("no file name")
        raise SecretMissing(
            phrase("cannot read the password from {path}: {why}", path=printable(path), why=why)
        ) from None


def from_command(command: str, environment: Environment) -> bytes:
    """What a program prints first, without its line end. Raises `SecretMissing`."""
    import shlex
    import subprocess

    try:
        # No shell: what the user wrote is run, and nothing is expanded.
        done = subprocess.run(shlex.split(command), stdout=subprocess.PIPE, check=False)  # noqa: S603 # the user's own
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SecretMissing(phrase("cannot run {command}: {why}", command=printable(command), why=why)) from None
    if done.returncode:
        raise SecretMissing(
            phrase(
                "{command} ended with status {status}, so there is no password",
                command=printable(command),
                status=done.returncode,
            )
        )
    return _first_line(done.stdout)


def _first_line(octets: bytes) -> bytes:
    return octets.partition(b"\n")[0].removesuffix(b"\r")


_READERS: dict[str, Callable[[str, Environment], bytes]] = {
    "password-env": _from_variable,
    "password-file": _from_file,
    "password-command": from_command,
}
