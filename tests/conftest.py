"""Fixtures that every test may ask for. Each stands in the module of the thing that it starts."""

import os
import tempfile

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.servers.certificates",
    "tests.servers.clients",
    "tests.servers.postfix",
    "tests.servers.raw",
    "tests.servers.swaks",
]

# Nobody's own settings count here, nor in programs that a test starts.
os.environ["XDG_CONFIG_HOME"] = os.path.join(tempfile.gettempdir(), "no-settings")
for _name in [name for name in os.environ if name.startswith("SMTP_REPL_")]:
    del os.environ[_name]
# What is said is compared with English, wherever the tests run.
os.environ["SMTP_REPL_LANG"] = "en"

# How long an example takes says something about the machine's other work, not about the code. On CI the examples
# are the same each time; at home they are new ones, which is how they find something.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("house")
