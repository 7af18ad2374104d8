"""Fixtures that every test may ask for. Each stands in the module of the thing that it starts."""

pytest_plugins = [
    "tests.servers.certificates",
    "tests.servers.postfix",
    "tests.servers.raw",
    "tests.servers.swaks",
]
