"""How the practice server is to behave: `--profile` and `--fault`, read the same way by all that start one."""

from smtp_repl.cli.options import SHELL, Words
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.hints import TYPE_CHECKING
from smtp_repl.wire.language import phrase

if TYPE_CHECKING:
    from smtp_repl.net.practice.switches import Profile

_KEYS = ("profile", "fault")


def practice_profile(words: Words) -> "Profile":
    """The profile that the command line asks for, with its faults. Raises `UsageError`."""
    from smtp_repl.net.practice.profiles import profile_of, with_faults

    return with_faults(
        profile_of(words.text("profile") or ("lenient" if words.has("lenient") else "strict")), words.texts("fault")
    )


def check_behaviour(words: Words) -> None:
    """Raises `UsageError` where the server is not the practice server: it behaves as it likes."""
    if words.has("local") or (words.command == SHELL and not words.words):
        return
    for key in _KEYS:
        if words.has(key):
            raise UsageError(
                phrase("--{option} is for the practice server", option=key), "--local --profile NAME --fault NAME"
            )


def list_profiles() -> list[str]:
    """Lines for `--list-profiles`."""
    from smtp_repl.net.practice.profiles import profiles

    return _listed(profiles())


def list_faults() -> list[str]:
    """Lines for `--list-faults`."""
    from smtp_repl.net.practice.profiles import faults

    return _listed(faults())


def _listed(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows))
    return [f"{name.ljust(width)}  {meaning}" for name, meaning in rows.items()]
