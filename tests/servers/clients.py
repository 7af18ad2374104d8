"""Mail clients that are not ours, besides swaks: programs that are looked for and skipped where they are missing."""

import shutil

import pytest


def _find(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {name})")
    return path


@pytest.fixture(scope="session")
def curl() -> str:
    """Path of curl; skips where it is not installed."""
    return _find("curl")


@pytest.fixture(scope="session")
def msmtp() -> str:
    """Path of msmtp; skips where it is not installed."""
    return _find("msmtp")
