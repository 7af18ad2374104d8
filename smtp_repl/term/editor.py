"""The person's own editor for a text that is being typed: $VISUAL, $EDITOR, or what there is. prompt_toolkit is here.

The text goes into a file that nobody else can read and comes back from it; octets that are no UTF-8 survive both ways.
"""

import os
import shlex
import subprocess
import tempfile

from prompt_toolkit.application import run_in_terminal

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

_USUAL = ("/usr/bin/editor", "/usr/bin/nano", "/usr/bin/vi")


async def edited(text: str) -> str:
    """The text as the editor left it, LF line ends, without the last one.

    Raises `UsageError` when there is no editor, or when it says that it failed.
    """
    handle, name = tempfile.mkstemp(".eml")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        status = await run_in_terminal(lambda: _edit(name), in_executor=True)
        if status is None:
            raise UsageError("no editor was found", "set VISUAL or EDITOR to one")
        if status:
            raise UsageError(phrase("the editor ended with status {status}; the text is as it was", status=status))
        with open(name, "rb") as file:
            octets = file.read()
    except OSError as error:
        raise UsageError(phrase("cannot edit: {why}; the text is as it was", why=error.strerror)) from None
    finally:
        if os.path.exists(name):
            os.unlink(name)
    return octets.decode("utf-8", "surrogateescape").replace("\r\n", "\n").removesuffix("\n")


def _edit(name: str) -> int | None:
    """Run the first editor that there is; None when there is none. Raises `UsageError`."""
    for command in (os.environ.get("VISUAL"), os.environ.get("EDITOR"), *_USUAL):
        if not command:
            continue
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UsageError(
                phrase("cannot read the name of the editor, {command}: {why}", command=printable(command), why=error)
            ) from None
        try:
            return subprocess.call([*words, name])  # noqa: S603 # the person's own editor
        except OSError:
            continue
    return None
