"""What importing us needs and what it costs: each question is asked in a Python of its own."""

import importlib.util
import json
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import smtp_repl
from tests.term.screen import Terminal

ROOT = Path(__file__).parent.parent

# Not there on Windows. pty and tty import termios; curses, readline and syslog are missing altogether.
UNIX_ONLY = "curses fcntl grp posix pty pwd readline resource syslog termios tty".split()
UNIX_NAMES = {
    "os": "chown fork geteuid getpgid getuid killpg login_tty openpty setsid setuid sysconf uname".split(),
    "signal": "SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGTSTP SIGUSR1 SIGWINCH pause".split(),
    "socket": "AF_UNIX SO_REUSEPORT MSG_DONTWAIT".split(),
    "select": "epoll poll".split(),
    "selectors": "EpollSelector PollSelector".split(),
}

# Windows Python has none of these; whoever needs them below us (the standard library, prompt_toolkit) takes
# another road there. So only an import that one of our own modules makes is refused, and the names that the
# standard library lacks there are taken away when everybody else has been loaded.
WITHOUT_UNIX = """
import builtins, importlib, json, pkgutil, sys

unix_only, unix_names, libraries = json.loads(sys.argv[1])
for name in libraries:
    importlib.import_module(name)
for module, names in unix_names.items():
    module = importlib.import_module(module)
    for name in names:
        if hasattr(module, name):
            delattr(module, name)

true_import = builtins.__import__

def without_unix(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "")
    if importer.partition(".")[0] == "smtp_repl" and name.partition(".")[0] in unix_only:
        raise ModuleNotFoundError(f"no module named {name!r} on Windows")
    return true_import(name, globals, locals, fromlist, level)

builtins.__import__ = without_unix

import smtp_repl

names, faults = ["smtp_repl"], {}
names += [found.name for found in pkgutil.walk_packages(
    smtp_repl.__path__, "smtp_repl.", onerror=lambda name: None)]
for name in names:
    try:
        importlib.import_module(name)
    except Exception as error:
        faults[name] = repr(error)
print(json.dumps([names, faults]))
"""

LIBRARIES = [
    *("aiosmtpd.smtp", "aiosmtpd.controller", "platformdirs", "prompt_toolkit", "pygments", "trustme"),
    *("argparse", "asyncio", "getpass", "logging", "multiprocessing", "socket", "ssl", "subprocess", "tempfile"),
]

TOO_DEAR_FOR_RUN = (
    "asyncio ssl prompt_toolkit pygments email aiosmtpd dataclasses inspect logging trustme platformdirs"
    " multiprocessing concurrent unittest"
).split()


TOO_DEAR_FOR_THE_FIRST_SCREEN = (
    "aiosmtpd email gettext jinja2 json pathlib platformdirs tomllib trustme"
    " pygments.formatters pygments.lexer pygments.lexers pygments.style pygments.styles"
    " smtp_repl.config smtp_repl.knowledge.entries smtp_repl.net.practice smtp_repl.script.player"
    " smtp_repl.term.answering smtp_repl.term.argument_completion smtp_repl.term.attachments"
    " smtp_repl.term.authenticate smtp_repl.term.checking smtp_repl.term.commands smtp_repl.term.completer"
    " smtp_repl.term.completion smtp_repl.term.hosts smtp_repl.term.memory smtp_repl.term.topics"
    " smtp_repl.term.writing smtp_repl.view.lexer"
).split()

# What is loaded when the first screen is drawn; prompt_toolkit is loaded sooner than it would be.
WHEN_FIRST_DRAWN = """
import sys
from prompt_toolkit.renderer import Renderer

render = Renderer.render

def told(self, *arguments, **more):
    Renderer.render = render
    with open(sys.argv[1], "w") as file:
        file.write(" ".join(sys.modules))
    return render(self, *arguments, **more)

Renderer.render = told
from smtp_repl.cli import main
sys.exit(main(sys.argv[2:]))
"""


def python(code: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code, *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_imports_without_unix() -> None:
    """Windows users have the same program: nothing needs fcntl, termios or resource to import."""
    names, faults = json.loads(python(WITHOUT_UNIX, json.dumps([UNIX_ONLY, UNIX_NAMES, LIBRARIES])))
    assert "smtp_repl.wire.replies" in names
    assert faults == {}


def test_the_block_blocks(tmp_path: Path) -> None:
    """The test above would see a bad module: one stands in a package of the same name, and is found."""
    package = tmp_path / "smtp_repl"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "good.py").write_text("import os, asyncio, getpass\n")
    (package / "bad.py").write_text("import os\nfrom termios import TCSANOW\n")
    (package / "worse.py").write_text("import signal\nON_HANGUP = signal.SIGHUP\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{WITHOUT_UNIX}"
    names, faults = json.loads(python(code, json.dumps([UNIX_ONLY, UNIX_NAMES, LIBRARIES])))
    assert len(names) == 4
    assert faults.keys() == {"smtp_repl.bad", "smtp_repl.worse"}


def loaded_after(code: str) -> set[str]:
    """The top-level names of the modules that some code loads, beyond what an empty program has."""
    listing = "\nimport sys; print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    # Without -X dev, which has loads of its own.
    done = [
        subprocess.run([sys.executable, "-c", text + listing], cwd=ROOT, capture_output=True, text=True, timeout=60)
        for text in ("", code)
    ]
    assert [each.returncode for each in done] == [0, 0], done[1].stderr
    return set(done[1].stdout.split()) - set(done[0].stdout.split())


@pytest.mark.parametrize("part", ["wire", "script", "knowledge", "net.runner"])
def test_plain_run_imports_little(part: str) -> None:
    """What `smtp-repl run` needs starts as fast as swaks: none of the slow libraries is loaded."""
    name = f"smtp_repl.{part}"
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not there yet")
    folder = ROOT / name.replace(".", "/")
    names = [name, *(f"{name}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__")]
    loaded = loaded_after("import " + ", ".join(names))
    assert "smtp_repl" in loaded
    assert loaded & set(TOO_DEAR_FOR_RUN) == set()


def test_run_itself_imports_little(tmp_path: Path) -> None:
    """The same, for a whole `smtp-repl run FILE --server HOST:PORT`, up to the connection that is refused."""
    if importlib.util.find_spec("smtp_repl.cli") is None or importlib.util.find_spec("smtp_repl.net.runner") is None:
        pytest.skip("smtp_repl.cli or smtp_repl.net.runner is not there yet")
    script = tmp_path / "quit.smtp"
    script.write_text("C: QUIT\nS: 221\n")
    done = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", "-m", "smtp_repl"),
            *("run", str(script), "--server", "127.0.0.1:1"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    loaded = set(re.findall(r"^import time:.*\| +([a-z_A-Z0-9]+)", done.stderr, re.MULTILINE))
    assert {"smtp_repl", "socket"} <= loaded
    assert loaded & set(TOO_DEAR_FOR_RUN) == set()


def test_the_first_screen_needs_little(tmp_path: Path) -> None:
    """A person sees the prompt soon: what the first key or command needs is loaded when it is pressed."""
    names = tmp_path / "names"
    places = {f"XDG_{name}_HOME": str(tmp_path) for name in ("CONFIG", "STATE")}
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with Terminal([sys.executable, "-c", WHEN_FIRST_DRAWN, str(names), address], places, cwd=str(ROOT)) as terminal:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"220 mail.example.com ESMTP\r\n")
                terminal.wait_for("S: 220 mail.example.com")
                terminal.wait_for_prompt()
    loaded = set(names.read_text().split())
    assert "smtp_repl.term.stage" in loaded
    assert loaded & set(TOO_DEAR_FOR_THE_FIRST_SCREEN) == set()


def test_the_names_are_right() -> None:
    """What must not be loaded is there: nothing hides behind a name that has changed."""
    names = [*TOO_DEAR_FOR_RUN, *TOO_DEAR_FOR_THE_FIRST_SCREEN]
    assert [name for name in names if importlib.util.find_spec(name) is None] == []


def test_version_is_told_once() -> None:
    """The package has the version; what is installed agrees with it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" in project["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", smtp_repl.__version__)
    metadata = pytest.importorskip("importlib.metadata")
    assert metadata.version("smtp-repl") == smtp_repl.__version__
