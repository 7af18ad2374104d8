"""A program that knows a password (`password_command` of a profile), run while the shell has the terminal.

It gets no terminal to ask at: nothing on its standard input, and what it says beside the password is shown only when
it fails. The first line of its output is the password; it is on no screen and in no file of ours.
"""

import asyncio
import shlex

from smtp_repl.wire.errors import SecretMissing
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

SECONDS = 60.0
"""How long it may take: somebody may have to touch a key."""


async def password_from(command: str) -> str:
    """The password. Raises `SecretMissing`."""
    shown = printable(command)
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        # No shell: what the user wrote is run, and nothing is expanded.
        process = await asyncio.create_subprocess_exec(*shlex.split(command), stdin=nothing, stdout=pipe, stderr=pipe)
    except (OSError, ValueError) as error:
        raise SecretMissing(
            phrase("cannot run {command}: {why}", command=shown, why=getattr(error, "strerror", None) or error)
        ) from None
    try:
        async with asyncio.timeout(SECONDS):
            output, complaint = await process.communicate()
    except TimeoutError:
        raise SecretMissing(
            phrase("{command} gave no password within {seconds:g} s", command=shown, seconds=SECONDS)
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    password = output.partition(b"\n")[0].removesuffix(b"\r")
    if process.returncode or not password:
        what = phrase("{command} gave no password", command=shown)
        if process.returncode:
            what = phrase("{command} ended with status {status}", command=shown, status=process.returncode)
        said = printable(complaint.strip().rpartition(b"\n")[2][:200])
        raise SecretMissing(phrase("{what}: {said}", what=what, said=said) if said else what)
    return password.decode("utf-8", "surrogateescape")
