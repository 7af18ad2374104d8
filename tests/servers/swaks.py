"""swaks, the Swiss Army Knife for SMTP: a client that is not ours."""

import shutil

import pytest


@pytest.fixture(scope="session")
def swaks() -> str:
    """Path of the program; skips where it is not installed."""
    path = shutil.which("swaks")
    if path is None:
        pytest.skip("swaks is not installed (Debian: apt-get install swaks)")
    return path
