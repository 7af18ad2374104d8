"""`python -m smtp_repl` and the `smtp-repl` script."""

import sys


def main() -> int:
    from smtp_repl.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
