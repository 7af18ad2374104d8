"""The canary: a password, looked for in everything that was written during whole sessions, in every form."""

import base64
import contextlib
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtp_repl.net.practice import PracticeOptions, PracticeThread
from tests.servers.raw import Expect, ExpectEnd, RawServer, Send
from tests.term.screen import Terminal

PASSWORD = "Kanarienvogel-7/gelb"
PROGRAM = [sys.executable, "-X", "dev", "-W", "error", "-m", "smtp_repl"]
ROOT = Path(__file__).resolve().parent.parent


def forms(password: str) -> set[bytes]:
    """The password as it is, in hexadecimal, in URLs, and in base64 wherever it begins in a group of three."""
    octets = password.encode()
    found = {octets, octets.hex().encode(), octets.hex().upper().encode(), urllib.parse.quote(password, "").encode()}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets)
        # What depends on the neighbours is cut off: what is left stands in the base64 of any text around it.
        first, last = (0, 2, 3)[before], len(encoded) - (0 if (before + len(octets)) % 3 == 0 else 4)
        found.add(encoded[first:last])
    return found


def leaks(*folders: Path) -> list[str]:
    """Files that hold the password in any form."""
    return [
        f"{path}: {form!r}"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "password"
        for form in forms(PASSWORD)
        if form in path.read_bytes()
    ]


@pytest.fixture
def server() -> Iterator[str]:
    with PracticeThread(PracticeOptions(accounts={"alice": PASSWORD})) as server:
        yield f"{server.host}:{server.port}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own, so that everything that is written lies in it."""
    home = tmp_path / "home"
    home.mkdir()
    return home


def environment(home: Path) -> dict[str, str]:
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CONFIG", "CACHE", "DATA")}
    return {**os.environ, "HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT), **folders}


def test_the_forms_are_found(home: Path) -> None:
    """The net has no hole: each form is found in what it would stand in."""
    texts = [PASSWORD.encode(), PASSWORD.encode().hex().encode()]
    texts += [base64.b64encode(before + PASSWORD.encode() + b"tail") for before in (b"", b"a", b"\0alice\0", b"xy")]
    for number, text in enumerate(texts):
        (home / str(number)).write_bytes(b"before " + text + b" after")
    assert {leak.partition(":")[0] for leak in leaks(home)} == {str(home / str(number)) for number in range(len(texts))}


def process_list() -> bytes:
    """The command lines of all programs that run now, as anybody may read them."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            lines.append(path.read_bytes())
    return b"\n".join(lines)


def step(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


BY_HAND = {
    "plain": [f"AUTH PLAIN {step(chr(0) + 'alice' + chr(0) + PASSWORD)}"],
    "plain-odd": [f"auth  plain\t{step(chr(0) + 'alice' + chr(0) + PASSWORD)}"],
    "plain-asked": ["AUTH PLAIN", step("\0alice\0" + PASSWORD)],
    "login": ["AUTH LOGIN", step("alice"), step(PASSWORD)],
    "login-forgot-base64": ["AUTH LOGIN", step("alice"), PASSWORD],
    "wrong-then-right": [
        "AUTH LOGIN",
        step("alice"),
        step(PASSWORD + "x"),
        "AUTH LOGIN",
        step("alice"),
        step(PASSWORD),
    ],
    "aborted": ["AUTH LOGIN", step("alice"), "*"],
    "unknown-mechanism": [f"AUTH XOAUTH2 {step('user=alice auth=Bearer ' + PASSWORD)}"],
    "helpers": ["AUTH LOGIN", "/b64 alice", f"/b64 {PASSWORD}"],
}


@pytest.mark.parametrize("typed", BY_HAND.values(), ids=BY_HAND)
def test_typed_in_a_terminal(typed: list[str], server: str, home: Path) -> None:
    """History, recording and `/save` of the shell, and its screen."""
    with Terminal([*PROGRAM, server, "--record", "recorded.smtp"], environment(home), cols=120, cwd=str(home)) as shell:
        shell.wait_for("S: 220")
        shell.type("EHLO client.example.net\n")
        shell.wait_for("S: 250 HELP")
        for line in typed:
            shell.wait_for_prompt()
            replies = shell.text().count("\nS")
            shell.type(line + "\n")
            shell.wait_for(lambda shell, seen=replies: shell.text().count("\nS") > seen)
        shell.wait_for_prompt()
        shell.type("/save saved.smtp\n")
        shell.wait_for("saved.smtp")
        shell.wait_for_prompt()
        shell.type("NOOP\n")
        shell.wait_for_prompt()
        (home / "processes").write_bytes(process_list())
        shell.key("c-d")
        shell.wait_for(lambda shell: shell.ended)
        (home / "screen").write_text(shell.text())
        assert b"\x1b]" not in shell.output, "the title of the window is not ours"
    assert (home / "recorded.smtp").exists()
    assert (home / "saved.smtp").exists()
    assert list((home / "state").rglob("*history*"))
    assert not leaks(home)


@pytest.mark.parametrize("typed", [step(PASSWORD), PASSWORD], ids=["base64", "as it is"])
def test_after_an_odd_reply_to_auth(typed: str, raw_server: Callable[..., RawServer], home: Path) -> None:
    """No server answers AUTH with 250; whoever meets one goes on to the password all the same."""
    server = raw_server(
        [
            *(Send(b"220 hi\r\n"), Expect(b"EHLO "), Send(b"250-hi\r\n250 AUTH LOGIN\r\n")),
            *(Expect(b"AUTH LOGIN"), Send(b"250 ok\r\n"), Expect(b""), Send(b"250 ok\r\n")),
            *(Expect(b""), Send(b"500 what\r\n"), Expect(b"QUIT"), Send(b"221 bye\r\n"), ExpectEnd()),
        ]
    )
    argv = [*PROGRAM, server.address, "--record", "recorded.smtp"]
    with Terminal(argv, environment(home), cols=120, cwd=str(home)) as shell:
        shell.wait_for("S: 220")
        for line in ("EHLO client.example.net", "AUTH LOGIN", step("alice"), typed):
            shell.wait_for_prompt()
            replies = shell.text().count("\nS")
            shell.type(line + "\n")
            shell.wait_for(lambda shell, seen=replies: shell.text().count("\nS") > seen)
        shell.wait_for_prompt()
        shell.key("c-d")
        shell.wait_for(lambda shell: shell.ended)
        (home / "screen").write_text(shell.text())
    assert "S: 500 what" in (home / "recorded.smtp").read_text()
    assert not leaks(home)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_helpers_in_a_terminal(mechanism: str, server: str, home: Path) -> None:
    """`/auth` with its hidden question, and a wrong password first."""
    with Terminal([*PROGRAM, server, "--record", "recorded.smtp"], environment(home), cols=120, cwd=str(home)) as shell:
        shell.wait_for("S: 220")
        shell.type("EHLO client.example.net\n")
        shell.wait_for("S: 250 HELP")
        for password, code in ((PASSWORD + "x", "S: 535"), (PASSWORD, "S: 235")):
            shell.wait_for_prompt()
            shell.type(f"/auth {mechanism} alice\n")
            shell.wait_for(lambda shell: "password" in shell.line())
            shell.type(password + "\n")
            shell.wait_for(code)
        shell.wait_for_prompt()
        (home / "processes").write_bytes(process_list())
        shell.key("c-d")
        shell.wait_for(lambda shell: shell.ended)
        (home / "screen").write_text(shell.text())
    assert not leaks(home)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("typed", BY_HAND.values(), ids=BY_HAND)
def test_piped(typed: list[str], options: tuple[str, ...], server: str, home: Path) -> None:
    """Line mode: its output and its recording."""
    lines = "\n".join(["EHLO client.example.net", *typed, "NOOP"]) + "\n"
    done = subprocess.run(
        [*PROGRAM, server, "--record", "recorded.smtp", *options],
        input=lines, env=environment(home), cwd=home, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    (home / "output").write_text(done.stdout + done.stderr)
    assert "235" in done.stdout or "535" in done.stdout or "50" in done.stdout
    assert (home / "recorded.smtp").exists()
    assert not leaks(home)


def test_replayed_and_recorded_again(server: str, home: Path) -> None:
    """A recording with `{auth.plain}`, replayed with the password from the environment, is the same file again."""
    script = home / "login.smtp"
    script.write_bytes(
        b"S: 220\nC: EHLO client.example.net\nS: 250\n@auth user=alice\n"
        b"C~ AUTH PLAIN {auth.plain}\nS: 235\nC: QUIT\nS: 221\n"
    )
    done = subprocess.run(
        [*PROGRAM, "run", str(script), "--server", server, "-v", "--password-env", "P", "--record", "again.smtp"],
        env={**environment(home), "P": PASSWORD}, cwd=home, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (home / "output").write_text(done.stdout + done.stderr)
    assert (home / "again.smtp").read_bytes() == script.read_bytes()
    assert not leaks(home)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_reports(mechanism: str, server: str, home: Path) -> None:
    """A login that is refused and one that is not, in every report, and in what was really said."""
    steps = {
        "PLAIN": "C~ AUTH PLAIN {%s.plain}\n",
        "LOGIN": "C: AUTH LOGIN\nS: 334\nC~ {%s.user}\nS: 334\nC~ {%s.pass}\n",
        "CRAM-MD5": "C: AUTH CRAM-MD5\nS: 334\nC~ {%s.reply}\n",
    }
    wrong, right = (steps[mechanism].replace("%s", name) for name in ("bob", "auth"))
    (home / "login.smtp").write_text(
        "@auth user=alice\n@auth[bob] user=alice\nS: 220\nC: EHLO x\nS: 250\n"
        f"{wrong}S: 535\n{right}S: 535 expected to fail\nC: QUIT\nS: 221\n"
    )
    reports = ["--html", "r.html", "--junit", "r.xml", "--tap", "r.tap", "--save", "said"]
    passwords = ["--password-env", "P", "--password-env", "bob=Q"]
    done = subprocess.run(
        [*PROGRAM, "run", "login.smtp", "--server", server, "-v", *passwords, *reports],
        env={**environment(home), "P": PASSWORD, "Q": PASSWORD + "x"},
        cwd=home, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    (home / "output").write_text(done.stdout + done.stderr)
    assert done.returncode == 1, done.stderr
    assert all((home / name).stat().st_size for name in ("r.html", "r.xml", "r.tap"))
    assert list((home / "said").iterdir())
    assert not leaks(home)


def test_a_crash_shows_no_secret(home: Path) -> None:
    """A traceback with a secret among its locals: whatever prints it, prints a mask."""
    code = (
        "from smtp_repl.wire.conversation import Conversation\n"
        "import os, sys, traceback\n"
        "def f(conversation):\n"
        "    events = conversation.client_said(b'AUTH PLAIN ' + os.environb[b'STEP'] + b'\\r\\n')\n"
        "    raise ValueError(events)\n"
        "try:\n    f(Conversation())\n"
        "except ValueError as error:\n"
        "    print(repr(error), [repr(frame.f_locals) for frame, _ in traceback.walk_tb(error.__traceback__)][1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment(home), "STEP": step("\0alice\0" + PASSWORD)},
        cwd=home, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    (home / "output").write_text(done.stdout)
    assert "AUTH PLAIN" in done.stdout
    assert not leaks(home)
