"""Fixtures that every test may ask for. Each stands in the module of the thing that it starts."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.servers.certificates",
    "tests.servers.clients",
    "tests.servers.postfix",
    "tests.servers.raw",
    "tests.servers.swaks",
]

# How long an example takes says something about the machine's other work, not about the code. On CI the examples
# are the same each time; at home they are new ones, which is how they find something.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("house")
