"""python -m tests.benchmarks [--rounds N] [WORDS…]: side-by-side measurements as a Markdown table.

WORDS choose the comparisons whose title has one of them. Not part of the tests: numbers are for reading.
"""

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.contenders import comparisons
from tests.benchmarks.pairs import measure, table
from tests.benchmarks.sink import sink


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=21, metavar="N", help="turns of each (default 21)")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only what has this word in its title")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sink() as address:
        chosen = [
            comparison
            for comparison in comparisons(address, Path(folder))
            if not options.words or any(word in comparison.title for word in options.words)
        ]
        rows = []
        for number, comparison in enumerate(chosen, 1):
            print(f"{number}/{len(chosen)} {comparison.title}", file=sys.stderr)
            rows.append(measure(comparison, options.rounds))
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {options.rounds} rounds\n")
    print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
