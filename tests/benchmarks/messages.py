"""A message of a gigabyte, by DATA and by BDAT, to a server that only drains it."""

import base64
import random
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.contenders import run_curl
from tests.benchmarks.pairs import Comparison, Contender, Cost
from tests.benchmarks.processes import PROGRAMS, peak, run, smtp_repl

SIZE = 1_000_000_000
HEADER = b"From: bob@example.org\r\nTo: alice@example.com\r\nSubject: benchmark\r\n\r\n"
START = """\
S: 220
C: EHLO client.example.net
S: 250
C: MAIL FROM:<bob@example.org>
S: 250
C: RCPT TO:<alice@example.com>
S: 250
"""
DATA = START + "C: DATA\nS: 354\n@data large.eml\nS: 250\nC: QUIT\nS: 221\n"
BDAT = START + "C: BDAT {size} LAST\n@send large.eml\nS: 250\nC: QUIT\nS: 221\n"
ROUNDS = 5


def patient(command: list[str]) -> Cost:
    return run(command, patience=120)


def messages(address: str, folder: Path) -> list[Comparison]:
    """Against `drain` at an address, with a folder in which there is room for the message."""
    message = folder / "large.eml"

    def write() -> None:
        """When it is first needed: it takes its time."""
        if message.exists():
            return
        # An attachment, as all large messages are.
        piece = base64.encodebytes(random.Random(1).randbytes(57 * 20_000)).replace(b"\n", b"\r\n")
        with message.open("wb") as file:
            file.write(HEADER)
            for _ in range(SIZE // len(piece)):
                file.write(piece)
        (folder / "data.smtp").write_text(DATA)
        (folder / "bdat.smtp").write_text(BDAT.format(size=message.stat().st_size))

    def contender(name: str, command: list[str], cost: Callable[[list[str]], Cost] = patient) -> Contender:
        def once() -> Cost:
            write()
            return cost(command)

        return Contender(name, once)

    def play(way: str) -> list[str]:
        return [*smtp_repl(), "run", str(folder / f"{way}.smtp"), "--server", address]

    data, bdat = contender("`@data`", play("data")), contender("`@send` after BDAT", play("bdat"))
    curl = Contender("curl (DATA)", lambda: run_curl(address, message))
    plain = [sys.executable, str(PROGRAMS / "sendall.py"), address, str(message)]
    sendall = contender("a plain `sendall`", plain)
    rows = [
        Comparison(f"a message of {SIZE // 1_000_000} MB", mine, other, goal, ("seconds", "cpu"), rounds=ROUNDS)
        for mine, other, goal in ((data, curl, 0.75), (bdat, curl, 0.6), (data, sendall, None), (bdat, sendall, None))
    ]
    mine, other = contender("`@data`", play("data"), peak), contender("a plain `sendall`", plain, peak)
    rows.append(Comparison("memory, the same message", mine, other, by=("octets",), rounds=2, within=64e6))
    return rows
