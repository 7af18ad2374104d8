"""A class, for the docs: its server and some students who write their first mail there. What they leave in the page's
folder (`class.csv`, `class-ca.pem`, `sessions`) is what its commands look at.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.screens import ROOT, environment

ACCOUNTS = "name,password\nalice,three-blue-herons\nbob,nine-green-doors\ncarol,one-red-kettle\n"

_BEGIN = """@auth user={user}
C: EHLO {user}.example.org
C: STARTTLS
C: EHLO {user}.example.org
C~ AUTH PLAIN {{auth.plain}}
"""
_LETTER = """C: MAIL FROM:<{user}@example.org>
C: RCPT TO:<bob@example.com>
C: DATA
C: From: {user}@example.org
C: To: bob@example.com
C: Subject: Hello
C:
C: {words}
C: .
"""
_SHARED = "This is my first mail, and it was not hard at all."
SESSIONS = {
    "alice": _BEGIN + _LETTER.replace("{words}", _SHARED) + "C: QUIT\n",
    "bob": _BEGIN + "C: MAIL FROM: bob@example.org\nC: RCPT TO:<bob@example.com>\nC: QUIT\n",
    "carol": _BEGIN + _LETTER.replace("{words}", _SHARED) + "C: QUIT\n",
}
"""What each of them says, in this order: bob is refused and gives up, carol has it from alice."""


def class_server(folder: Path) -> str:
    """How the server begins. Behind the screen, the class takes place."""
    accounts = folder / "class.csv"
    accounts.write_text(ACCOUNTS)
    accounts.chmod(0o600)
    with TemporaryDirectory() as state, _serving(folder, Path(state)) as address:
        passwords = dict(line.split(",") for line in ACCOUNTS.splitlines()[1:])
        for user, session in SESSIONS.items():
            script = Path(state, f"{user}.smtp")
            script.write_text(session.format(user=user))
            options = ["--server", address, "--ca", str(folder / "class-ca.pem"), "--password-env", "THEIRS"]
            subprocess.run(  # noqa: S603 # a command of our own docs
                [sys.executable, "-m", "smtp_repl", "run", str(script), *options],
                env={**environment(state), "PYTHONPATH": str(ROOT), "THEIRS": passwords[user]},
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=60,
            )
        told = Path(state, "talk").read_text()
    command = "smtp-repl serve --listen 0.0.0.0:2525 --listen-public --accounts class.csv \\\n"
    command += ">   --transcripts sessions --ca-file class-ca.pem"
    begun = "".join(re.findall(r"^# [^\[].*\n", told, re.M))
    return f"```text\n$ {command}\nlistening on 0.0.0.0:2525\n{begun}```\n"


@contextmanager
def _serving(folder: Path, state: Path) -> Iterator[str]:
    """The server on this machine, on a free port: where it listens. What it says goes to `talk`."""
    options = ["--accounts", "class.csv", "--transcripts", "sessions", "--ca-file", "class-ca.pem"]
    with (state / "talk").open("w") as talk:
        process = subprocess.Popen(  # noqa: S603 # a command of our own docs
            [sys.executable, "-m", "smtp_repl", "serve", "--listen", "127.0.0.1:0", *options],
            cwd=folder,
            env={**environment(str(state)), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=talk,
            text=True,
        )
        assert process.stdout is not None  # noqa: S101 # it is a pipe
        try:
            yield process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


SCREENS: dict[str, Callable[[Path], str]] = {"class-server": class_server}
