"""A script from a stranger is safe to run: what it cannot do, shown with the program itself."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Done, call, program
from tests.servers.certificates import Certificates
from tests.servers.raw import Expect, RawServer, Send, StartTls

Start = Callable[..., RawServer]

CANARY = "canary-5f1d"
TO_DATA = """\
C: EHLO client.example.org
C: MAIL FROM:<a@example.org>
C: RCPT TO:<b@example.com>
C: DATA
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A script's own folder; beside it lies what is none of its business."""
    (tmp_path / "secret.txt").write_text(CANARY)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secret.txt").write_text(CANARY)
    own = tmp_path / "own"
    own.mkdir()
    (own / "mail.eml").write_text("Subject: mine\n\ntext\n")
    (own / "link.txt").symlink_to("../secret.txt")
    (own / "folder").symlink_to("../elsewhere")
    (own / "zero").symlink_to("/dev/zero")
    os.mkfifo(own / "fifo")
    return own


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A port at which nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user stands in the script's folder, with a secret in the environment."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CANARY", CANARY)


def run(folder: Path, text: str, *argv: str) -> Done:
    script = folder / "strange.smtp"
    script.write_text(text)
    return call("run", str(script), *argv, environ=os.environ)


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


# ---------------------------------------------------------------- programs, variables, files


@pytest.mark.parametrize(
    "line",
    [
        "C: NOOP `touch made` $(touch made) | touch made; touch made",
        "C~ NOOP {b64:$(touch made)}",
        "@set x=$(touch made)\nC~ NOOP {x}",
        '@set x=__import__("os").system("touch made")\nC~ NOOP {x}',
        "@data |touch made",
        "@send |touch made",
        "@include |touch made",
        "@title $(touch made)",
        "@auth user=$(touch made)",
        "@connect `touch made`",
        "@exec touch made",
        "@run touch made",
        "!touch made",
        "C~ NOOP {!touch made}",
    ],
)
def test_no_program_is_run(folder: Path, line: str) -> None:
    """Nothing in a script is ever given to a shell, to Python or to the operating system as a command."""
    before = sorted(folder.iterdir())
    done = run(folder, f"S: 220\n{line}\n", "--local", "--timeout", "2")
    assert done.status in (0, 2, 5)
    assert "Traceback" not in done.err
    assert sorted(path for path in folder.iterdir() if path.name != "strange.smtp") == before


@pytest.mark.parametrize(
    "line",
    ["C: NOOP $CANARY ${CANARY} %CANARY%", "C~ NOOP {CANARY}", "C~ NOOP {env.CANARY}", "C~ NOOP {auth.CANARY}",
     "@set x=$CANARY\nC~ NOOP {x}", "@data $HOME/x", "@include ~/x"],
)  # fmt: skip
def test_the_environment_is_not_read(folder: Path, line: str) -> None:
    """A variable of the environment goes nowhere: not onto the wire, not to the screen."""
    done = run(folder, f"C: EHLO x\n{line}\nC: QUIT\n", "--local", "-v")
    assert done.status in (0, 2)
    assert CANARY not in done.out + done.err


OUTSIDE = [
    "../secret.txt",
    "mails/../../secret.txt",
    "./../secret.txt",
    "{absolute}",
    "link.txt",
    "folder/secret.txt",
    "fifo",
    "zero",
    "..\\secret.txt",
    "C:\\secret.txt",
    "/dev/stdin",
    "/proc/self/environ",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("word", ["data", "send", "include"])
def test_files_are_its_own(folder: Path, word: str, path: str) -> None:
    """`@data`, `@send` and `@include` read regular files of the script's own folder, wherever links lead."""
    path = path.replace("{absolute}", str(folder.parent / "secret.txt"))
    text = f"{TO_DATA}@{word} {path}\nC: QUIT\n"
    for done in (run(folder, text, "--local", "-v"), call("check", str(folder / "strange.smtp"))):
        assert done.status == 2
        assert CANARY not in done.out + done.err
        assert "Traceback" not in done.err


def test_its_own_files_it_may_read(folder: Path) -> None:
    """The rule has its use: a message beside the script is sent."""
    assert run(folder, f"{TO_DATA}@data ./mail.eml\nC: QUIT\n", "--local").status == 0


def test_included_files_are_no_way_out(folder: Path) -> None:
    """A path in an included file counts from the script's own folder, and cannot leave it either."""
    (folder / "sub").mkdir()
    (folder / "sub/inner.smtp").write_text("@data ../../secret.txt\n")
    done = run(folder, f"{TO_DATA}@include sub/inner.smtp\nC: QUIT\n", "--local")
    assert (done.status, CANARY in done.out + done.err) == (2, False)


def test_a_script_without_a_folder_reads_nothing(folder: Path) -> None:
    """What comes over standard input lies in no folder."""
    for word in ("data", "include"):
        text = f"{TO_DATA}@{word} mail.eml\nC: QUIT\n".encode()
        assert program("run", "-", "--local", stdin=text, cwd=folder).status == 2


def test_nothing_is_written(folder: Path) -> None:
    """A script names no file that is written to; all of its directives leave the disk as it was."""
    text = "@recorded ../made\n@title ../made\n@source file:../made\n@tag ../made\n@set record=../made\nC: EHLO x\n"
    done = run(folder, f"{text}C: QUIT\n", "--local")
    assert done.status == 0
    paths = sorted(str(path.relative_to(folder.parent)) for path in folder.parent.rglob("*"))
    own = ["fifo", "folder", "link.txt", "mail.eml", "strange.smtp", "zero"]
    assert paths == ["elsewhere", "elsewhere/secret.txt", "own", *(f"own/{name}" for name in own), "secret.txt"]


# ---------------------------------------------------------------- passwords and where they go

LOGIN = "@auth user=alice\nC: EHLO x\nC~ AUTH PLAIN {auth.plain}\nC: QUIT\n"


@pytest.mark.parametrize(
    "option",
    [[], ["--password-env", "CANARY"], ["--password-file", "../secret.txt"], ["--password-command", "echo x"]],
    ids=["no option", "variable", "file", "command"],
)
def test_a_script_sends_no_password_where_it_likes(folder: Path, trap: socket.socket, option: list[str]) -> None:
    """A password goes only where the command line says: refused before anybody is called."""
    done = run(folder, f"@connect 127.0.0.1:{port_of(trap)}\n{LOGIN}", *option)
    assert done.status == 2
    assert CANARY not in done.out + done.err


@pytest.mark.parametrize("step", ["AUTH PLAIN {bob.plain}", "EHLO {bob.pass}", "NOOP {bob.user}"])
def test_every_connection_goes_where_the_user_says(folder: Path, trap: socket.socket, step: str) -> None:
    """`--server` is for all connections of a script: one under another name does not lead elsewhere."""
    text = f"@connect[b] 127.0.0.1:{port_of(trap)}\n@connect 127.0.0.1:{port_of(trap)}\n@auth[bob] user=tutor\n"
    done = run(folder, f"{text}C: EHLO x\nC[b]: EHLO x\nC[b]~ {step}\nC[b]: QUIT\nC: QUIT\n", "--local")
    assert done.status in (0, 1)


def test_a_script_names_no_source_of_passwords(folder: Path) -> None:
    """Neither a password nor where it comes from stands in a script."""
    for line in ("@auth user=a pass=x", "@auth user=a password-env=CANARY", "@auth user=a password-file=../secret.txt"):
        done = run(folder, f"{line}\nC: EHLO x\n", "--local")
        assert (done.status, CANARY in done.out + done.err) == (2, False)


# ---------------------------------------------------------------- TLS

STARTTLS = [Send(b"220 x\r\n"), Expect(b"EHLO"), Send(b"250 STARTTLS\r\n"), Expect(b"STARTTLS"), Send(b"220 go\r\n")]


def tolerant(start: Start) -> RawServer:
    """A server whose certificate nobody knows; the client breaks off in the handshake."""
    return start([*STARTTLS, StartTls(), Expect(b"EHLO")])


@pytest.mark.parametrize(
    "lines",
    ["", "@tls auto", "@tls manual", "@connect 127.0.0.1:1 sni=localhost", "@connect 127.0.0.1:1 tls sni=x"],
    ids=["nothing", "auto", "manual", "name", "implicit"],
)
def test_a_script_does_not_lower_verification(folder: Path, raw_server: Start, lines: str) -> None:
    """A certificate that cannot be trusted ends the run, whatever the script says of TLS."""
    server = tolerant(raw_server)
    start = "@tls start\n" if "manual" in lines else ""
    text = f"{lines}\nC: EHLO x\nS: 250\nC: STARTTLS\nS: 220\n{start}C: EHLO x\nS: 250\n"
    done = run(folder, f"S: 220\n{text}", "--server", server.address)
    assert done.status == 4
    with pytest.raises(Exception, match=r"(?i)alert|eof|reset|closed"):
        server.join()
    assert server.received == [b"EHLO x\r\n", b"STARTTLS\r\n"]


@pytest.mark.parametrize(
    "line",
    ["@tls off", "@tls none", "@tls insecure", "@tls auto insecure", "@insecure", "@ca ../ca.pem", "@pin 00",
     "@connect h:25 insecure", "@connect h:25 verify=no", "@connect h:25 ca=x"],
)  # fmt: skip
def test_there_is_no_word_for_less(folder: Path, line: str) -> None:
    """What lowers verification is for the user to say: a script that tries is none."""
    assert run(folder, f"{line}\nC: EHLO x\n", "--local").status == 2


def test_a_script_does_not_turn_tls_off(folder: Path, raw_server: Start, certificates: Certificates) -> None:
    """`smtps://` on the command line stays what it is, though the script says where to go without TLS."""
    server = raw_server([StartTls(), Send(b"220 x\r\n"), Expect(b"QUIT"), Send(b"221 bye\r\n")])
    text = "@connect smtp://127.0.0.1:1\n@tls manual\nS: 220\nC: QUIT\nS: 221\n"
    where = f"smtps://localhost:{server.port}"
    assert run(folder, text, "--server", where, "--ca", str(certificates.ca_pem)).status == 0
