"""Where scripts come from: files, standard input, and those that came with the program (`@name`).

A script reads files of its own folder and no others: `folder_loader` and `folder_blocks` are the only way in. No
pathlib here: it would cost plain `run` 4 ms.
"""

import os
import stat
from collections.abc import Iterator

from smtp_repl.cli.environment import Environment
from smtp_repl.script.casting import OpenBlocks
from smtp_repl.script.steps import Load
from smtp_repl.wire.errors import ScriptError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

SIZE_LIMIT = 16 * 1024 * 1024
"""Octets of a script."""
FILE_LIMIT = 4 * 1024 * 1024 * 1024
"""Octets of a message or another file that a script sends."""
_BLOCK = 256 * 1024


class Source(Record):
    """A script's octets. `name` is as it was given; `folder` and `path` are "" for what is no file (standard input)."""

    name: str
    octets: bytes
    folder: str
    path: str = ""


def read_source(word: str, environment: Environment) -> Source:
    """The script that a word of the command line means. Raises `UsageError`."""
    if word == "-":
        octets = environment.read_all(SIZE_LIMIT)
        return Source("<stdin>", _within(octets, phrase("standard input")), "")
    path = find_packaged(word[1:]) if word.startswith("@") else word
    shown = printable(word)
    try:
        with open(path, "rb") as file:
            octets = _within(file.read(SIZE_LIMIT + 1), shown)
    except IsADirectoryError:
        scripts = shown.rstrip("/") + "/*.smtp"
        raise UsageError(phrase("{shown} is a folder, not a script", shown=shown), scripts, kind="folder") from None
    except FileNotFoundError:
        hint = phrase("for a host: smtp-repl {host}", host=shown) if word.count(":") == 1 and "/" not in word else ""
        raise UsageError(phrase("there is no file {shown}", shown=shown), hint, kind="no-file") from None
    except ValueError:
        raise UsageError(phrase("{shown} is no file name", shown=shown), kind="no-file") from None
    except OSError as error:
        raise UsageError(
            phrase("cannot read {shown}: {why}", shown=shown, why=error.strerror), kind="no-file"
        ) from None
    return Source(word, octets, os.path.dirname(path) or ".", path)


def scripts_below(word: str) -> list[str]:
    """The scripts that a word of the command line means: of a folder each `*.smtp` below it, in order.

    Only regular files that lie in the folder, wherever links lead: it may come from a stranger; and nothing hidden.
    Raises `UsageError`.
    """
    if word == "-" or word.startswith("@") or not os.path.isdir(word):
        return [word]
    real = os.path.realpath(word)
    inside = os.path.join(real, "")
    if os.path.dirname(real) == real:
        raise UsageError(
            phrase("{word} is the whole file system, not a folder of scripts", word=printable(word)), kind="folder"
        )
    found: list[str] = []
    for folder, folders, names in os.walk(word):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (os.path.join(folder, name) for name in names if name.endswith(".smtp") and not name.startswith("."))
        found += (path for path in paths if os.path.isfile(path) and os.path.realpath(path).startswith(inside))
    if not found:
        raise UsageError(phrase("there is no script (*.smtp) in {word}", word=printable(word)), kind="no-file")
    found = [path.removeprefix(os.path.join(os.curdir, "")) for path in found]
    return sorted(found, key=lambda path: path.split(os.sep))


def _within(octets: bytes, name: str) -> bytes:
    if len(octets) > SIZE_LIMIT:
        raise UsageError(
            phrase("{name} is larger than a script may be ({limit} octets)", name=name, limit=SIZE_LIMIT),
            "@data FILE",
            kind="limit",
        )
    return octets


# ---------------------------------------------------------------- scripts that came with the program


def packaged_folder() -> str:
    """Where they lie: beside the modules when installed, at the top of a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "scripts")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "scripts")


def packaged_names() -> list[str]:
    """Their names, without `@`, in alphabetical order."""
    try:
        entries = os.listdir(packaged_folder())
    except OSError:
        return []
    return sorted(entry.removesuffix(".smtp") for entry in entries if entry.endswith(".smtp"))


def find_packaged(name: str) -> str:
    """The path of one of them. Raises `UsageError`."""
    names = packaged_names()
    if name not in names:
        import difflib

        near = difflib.get_close_matches(name, names, 1, 0.5)
        hint = phrase("did you mean @{near}?", near=near[0]) if near else phrase("smtp-repl run --list names them")
        raise UsageError(phrase("no script @{name} came with the program", name=printable(name)), hint, kind="no-file")
    return os.path.join(packaged_folder(), name + ".smtp")


# ---------------------------------------------------------------- files of a script


def folder_loader(folder: str) -> Load | None:
    """Reads the scripts that a script of this folder includes; None without a folder."""
    if not folder:
        return None
    return lambda path: b"".join(_blocks(folder, path, SIZE_LIMIT))


def folder_blocks(folder: str) -> OpenBlocks | None:
    """Opens the files that a script of this folder sends; None without a folder."""
    if not folder:
        return None
    return lambda path: _blocks(folder, path, FILE_LIMIT)


def open_regular(path: str) -> int | None:
    """A descriptor to read a regular file by, not through a link; None for a file of another kind. Raises OSError."""
    # O_NONBLOCK: opening a FIFO must not wait for a writer; O_NOFOLLOW: what was resolved must not change now.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def _blocks(folder: str, path: str, limit: int) -> Iterator[bytes]:
    """The octets of a regular file inside the folder, wherever links lead. Raises `ScriptError`."""
    shown = printable(path)
    inside = os.path.realpath(folder)
    real = os.path.realpath(os.path.join(inside, *path.split("/")))
    if os.path.isabs(path) or not real.startswith(os.path.join(inside, "")):
        raise ScriptError(phrase("{shown} leads outside of the script's folder", shown=shown), kind="path-outside")
    try:
        descriptor = open_regular(real)
    except OSError as error:
        raise ScriptError(
            phrase("cannot read {shown}: {why}", shown=shown, why=error.strerror), kind="no-file"
        ) from None
    if descriptor is None:
        raise ScriptError(phrase("{shown} is no regular file", shown=shown), kind="no-file")
    try:
        left = limit
        # A C library that has once let go of something larger keeps memory for blocks instead of giving it back and
        # asking for it again: three times as fast with glibc.
        bytes(16 * _BLOCK)
        while block := os.read(descriptor, _BLOCK):
            left -= len(block)
            if left < 0:
                raise ScriptError(
                    phrase("{shown} is larger than {limit} octets", shown=shown, limit=limit), kind="limit"
                )
            yield block
    finally:
        os.close(descriptor)
