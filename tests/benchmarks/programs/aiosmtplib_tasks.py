"""aiosmtplib_tasks.py HOST:PORT N AT_ONCE: sessions with aiosmtplib, in so many tasks."""

import asyncio
import sys

import aiosmtplib
from message import MESSAGE

host, _, port = sys.argv[1].partition(":")
left = iter(range(int(sys.argv[2])))


async def work() -> None:
    for _ in left:
        peer = aiosmtplib.SMTP(hostname=host, port=int(port), local_hostname="client.example.net", start_tls=False)
        async with peer:
            await peer.sendmail("bob@example.org", ["alice@example.com"], MESSAGE)


async def main() -> None:
    await asyncio.gather(*(work() for _ in range(int(sys.argv[3]))))


asyncio.run(main())
