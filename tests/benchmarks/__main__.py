"""python -m tests.benchmarks [--rounds N] [WORDS…]: side-by-side measurements as a Markdown table.

WORDS choose the comparisons whose title has one of them. Not part of the tests: numbers are for reading.
"""

import argparse
import compileall
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import smtp_repl
from tests.benchmarks.contenders import start_ups
from tests.benchmarks.crowds import crowds
from tests.benchmarks.messages import messages
from tests.benchmarks.pairs import Comparison, measure, table
from tests.benchmarks.servers import certificates, program, smtp_sink
from tests.benchmarks.sink import sink
from tests.benchmarks.terminals import terminals
from tests.benchmarks.wires import handshakes, round_trips


def comparisons(stack: ExitStack) -> Iterator[list[Comparison]]:
    """All of them, each kind with its own server, which lives as long as the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield start_ups(stack.enter_context(sink()), folder)
    yield terminals(stack, folder)
    postfix = stack.enter_context(smtp_sink())
    yield round_trips(postfix)
    yield round_trips(stack.enter_context(smtp_sink("0")), "0")
    yield crowds(postfix, folder)
    ca, chain, key = certificates(folder)
    yield handshakes(stack.enter_context(program("tls_sink", str(chain), str(key))), ca)
    yield messages(stack.enter_context(program("drain")), folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=11, metavar="N", help="turns of each (default 11)")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only what has this word in its title")
    options = parser.parse_args()
    # As pip leaves it, also where PYTHONDONTWRITEBYTECODE is set: the others are compiled too.
    compileall.compile_dir(Path(smtp_repl.__file__).parent, quiet=1)
    rows = []
    with ExitStack() as stack:
        for kind in comparisons(stack):
            for comparison in kind:
                if options.words and not any(word in comparison.title for word in options.words):
                    continue
                print(f"{comparison.title}: {comparison.ours.name}, {comparison.other.name}", file=sys.stderr)
                rows += measure(comparison, options.rounds)
    print(
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, {options.rounds} rounds (fewer of what takes long, more of what is quick)\n"
    )
    print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
