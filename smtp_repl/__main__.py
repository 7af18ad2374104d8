"""`python -m smtp_repl` and the `smtp-repl` script."""

import gc
import sys

# Start-up makes thousands of objects and no garbage: with the usual threshold, looking for it takes a twentieth of a
# small run.
gc.set_threshold(50_000, 20, 20)


def main() -> int:
    from smtp_repl.cli import main as run

    try:
        return run()
    finally:
        # On its way out Python looks through everything that is left, which takes a tenth of a small run.
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
