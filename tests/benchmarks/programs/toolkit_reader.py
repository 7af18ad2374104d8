"""toolkit_reader.py HOST:PORT: a prompt, and above it what a server says, as prompt_toolkit has it for this."""

import asyncio
import sys

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal


async def read(stream: asyncio.StreamReader) -> None:
    while line := await stream.readline():
        text = line.decode().rstrip()
        await run_in_terminal(lambda text=text: print(f"S: {text}"))


async def main() -> None:
    host, _, port = sys.argv[1].partition(":")
    stream, _ = await asyncio.open_connection(host, int(port))
    task = asyncio.create_task(read(stream))
    await PromptSession("C: ").prompt_async()
    task.cancel()


asyncio.run(main())
