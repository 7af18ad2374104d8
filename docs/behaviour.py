"""How the practice server can be made to behave, as tables: its profiles, its faults, and its switches."""

from collections.abc import Mapping

from docs.reference import code, table
from smtp_repl.net.practice.profiles import DEFAULT, FAULTS, PROFILES, Named
from smtp_repl.net.practice.switches import SWITCHES


def profiles() -> str:
    """Whole servers, by name."""
    return _named(PROFILES)


def faults() -> str:
    """What can be wrong with one, by name."""
    return _named(FAULTS)


def _named(rows: Mapping[str, Named]) -> str:
    return table(("name", "what it is"), ((code(name), row.meaning) for name, row in rows.items()))


def switches() -> str:
    """Every switch, what it takes, and what it is unless said."""
    return table(
        ("switch", "takes", "unless said", "what it does"),
        ((code(name), row.wanted, _shown(getattr(DEFAULT, name)), row.meaning) for name, row in SWITCHES.items()),
    )


def _shown(value: object) -> str:
    match value:
        case bool():
            return code(str(value).lower())
        case tuple():
            return code(" ".join(map(str, value)))
        case Mapping():
            return ""
        case float() | int():
            return code(f"{value:g}" if isinstance(value, float) else str(value))
        case _:
            return code(str(value))


GENERATORS = {"profiles": profiles, "faults": faults, "switches": switches}
