"""Many sessions in one process, each checked in full, against Postfix's smtp-sink."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.pairs import Comparison, Contender, Cost, Missing
from tests.benchmarks.processes import PROGRAMS, found, needs, peak, run, smtp_repl

LINES = "".join(f"C: {'X' * 78}\n" for _ in range(5))
MESSAGE = f"C: From: <bob@example.org>\nC: To: <alice@example.com>\nC: Subject: benchmark\nC:\n{LINES}C: .\n"
IN_TURN = f"""\
S: 220
C: EHLO client.example.net
S: 250
C: MAIL FROM:<bob@example.org>
S: 250
C: RCPT TO:<alice@example.com>
S: 250
C: DATA
S: 354
{MESSAGE}S: 250
C: QUIT
S: 221
"""
PIPELINED = f"""\
S: 220
C: EHLO client.example.net
S: 250
C: MAIL FROM:<bob@example.org>
C: RCPT TO:<alice@example.com>
C: DATA
S: 250
S: 250
S: 354
{MESSAGE}C: QUIT
S: 250
S: 221
"""
SESSIONS = 20_000
SOME = 5_000
"""For those who take longer."""


def patient(command: list[str]) -> Cost:
    return run(command, patience=300)


def crowds(address: str, folder: Path) -> list[Comparison]:
    """Against an smtp-sink at an address ("" where there is none), with a folder for files."""
    scripts = {"in turn": IN_TURN, "pipelined": PIPELINED}
    for name, text in scripts.items():
        (folder / f"{name}.smtp").write_text(text)

    def there() -> None:
        if not address:
            raise Missing("smtp-sink is not installed")

    def ours(way: str, at_once: int, sessions: int, cost: Callable[[list[str]], Cost] = patient) -> Contender:
        def once() -> Cost:
            there()
            command = [*smtp_repl(), "run", str(folder / f"{way}.smtp"), "--server", address, "--repeat", str(sessions)]
            return cost([*command, "-j", str(at_once)])

        return Contender(f"`run -j {at_once}`, {way}", once)

    def smtp_source(at_once: int, sessions: int, cost: Callable[[list[str]], Cost] = patient) -> Contender:
        def once() -> Cost:
            there()
            command = [found("smtp-source"), "-s", str(at_once), "-m", str(sessions), "-l", "400"]
            return cost([*command, "-f", "bob@example.org", "-t", "alice@example.com", address])

        return Contender(f"`smtp-source -s {at_once}`", once)

    def python(program: str, at_once: int, sessions: int, module: str) -> Contender:
        def once() -> Cost:
            there()
            needs(module)
            path = str(PROGRAMS / f"{program}.py")
            return patient([sys.executable, path, address, str(sessions), str(at_once)])

        return Contender(program.replace("_", " in "), once)

    def compare(way: str, at_once: int, other: Contender, most: float, sessions: int) -> Comparison:
        """With a goal where it is a crowd and not a stampede."""
        title = f"a session of many, {at_once} at once, {way}"
        mine, has_goal = ours(way, at_once, sessions), 10 <= at_once <= 100
        goal, rounds = (most, 5) if has_goal else (None, 3)
        return Comparison(title, mine, other, goal, ("cpu",), ("seconds",), sessions, rounds)

    rows = [
        compare(way, at_once, smtp_source(at_once, sessions), most, sessions)
        for at_once, sessions in ((1, SOME), (10, SESSIONS), (100, SESSIONS), (1000, SESSIONS))
        for way, most in (("in turn", 1 / 0.75), ("pipelined", 1 / 0.95))
    ]
    others = [("smtplib_threads", "smtplib", at_once) for at_once in (1, 10, 100, 1000)]
    others += [("aiosmtplib_tasks", "aiosmtplib", at_once) for at_once in (10, 100)]
    rows += [
        compare("in turn", at_once, python(program, at_once, SOME, module), 1 / 2.8, SOME)
        for program, module, at_once in others
    ]
    mine, other = ours("in turn", 1000, SESSIONS, peak), smtp_source(1000, SESSIONS, peak)
    rows.append(Comparison("memory, 1000 at once", mine, other, 0.4, by=("octets",), rounds=2))
    return rows
