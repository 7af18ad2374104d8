"""`smtp-repl mock`: a script plays the server; our own client, and real ones, each complete what it describes."""

import contextlib
import io
import json
import queue
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from smtp_repl.cli import execute
from smtp_repl.cli.environment import Environment
from tests.cli.conftest import ROOT, Done, call, command

Write = Callable[..., str]
SCRIPTS = sorted((ROOT / "scripts").glob("*.smtp"))
CONVERSATIONS = sorted((ROOT / "tests" / "conversations").glob("*.smtp"))
PASSWORD = "correct horse"


class Lines(io.StringIO):
    """A text stream that also hands over what is written to it, to another thread."""

    def __init__(self) -> None:
        super().__init__()
        self.told: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        self.told.put(text)
        return super().write(text)


class Mock:
    """`smtp-repl mock …` in a thread; the address is there when the block begins, the status after it."""

    def __init__(self, *argv: str, environ: Mapping[str, str] | None = None) -> None:
        self._out, self._err = Lines(), io.StringIO()
        environment = Environment(io.BytesIO(), self._out, self._err, environ or {})
        self._thread = threading.Thread(target=self._run, args=(("mock", *argv), environment))
        self.status = -1

    def _run(self, argv: Sequence[str], environment: Environment) -> None:
        self.status = execute(argv, environment)
        self._out.told.put("")

    def __enter__(self) -> "Mock":
        self._thread.start()
        self.address = self._out.told.get(timeout=30).strip().rpartition(" ")[2]
        host, _, port = self.address.rpartition(":")
        assert port, self._err.getvalue()
        self.host, self.port = host, int(port)
        return self

    def __exit__(self, *exception: object) -> None:
        if exception[0] is not None:
            with contextlib.suppress(OSError):  # whoever failed to connect must not leave it waiting
                socket.create_connection((self.host, self.port), 1).close()
        self._thread.join(60)
        assert not self._thread.is_alive()

    @property
    def out(self) -> str:
        """What it said on standard output, without the address."""
        return self._out.getvalue().partition("\n")[2]

    @property
    def err(self) -> str:
        return self._err.getvalue()

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), 10)


def run_against(mock: Mock, script: str, *options: str) -> Done:
    return call("run", script, "--server", mock.address, *options, environ={"PASSWORD": PASSWORD})


# ---------------------------------------------------------------- our own client


@pytest.mark.parametrize("path", [*SCRIPTS, *CONVERSATIONS], ids=lambda path: path.stem)
def test_mock_and_run_against_each_other(path: Path, tmp_path: Path) -> None:
    """Every script of ours, over sockets: nothing fails on either side."""
    text = path.read_text()
    if any(float(seconds) > 5 for seconds in re.findall(r"(?m)^@wait ([0-9.]+)$", text)):
        pytest.skip("waits longer than a test may")
    ca = tmp_path / "ca.pem"
    options = ["--password-env", "PASSWORD"] if "{auth." in text else []
    if "STARTTLS" in text:
        options += ["--ca", str(ca)]
    with Mock(str(path), "--once", "--ca-file", str(ca)) as mock:
        done = run_against(mock, str(path), *options)
    assert (done.status, done.err) == (0, "")
    assert mock.err == ""
    assert mock.status == 0
    assert mock.out.startswith("ok ")
    assert PASSWORD not in done.out + mock.out


@pytest.mark.parametrize("number", [3])
def test_several_connections(number: int, write: Write) -> None:
    """As many clients as the script has names, in the order of their coming."""
    names = [f"c{index}" for index in range(number)]
    script = write(
        [
            *(
                line
                for name in names
                for line in (f"S[{name}]: 220 {name}", f"C[{name}]: EHLO a", f"S[{name}]: 250 {name}")
            ),
            *(line for name in reversed(names) for line in (f"C[{name}]: QUIT", f"S[{name}]: 221 {name}")),
        ]
    )
    with Mock(script) as mock:
        done = run_against(mock, script)
    assert (done.status, mock.status) == (0, 0), done.err + mock.err


def test_a_list_of_commands(write: Write) -> None:
    """Where a script says nothing of the server, the server says yes."""
    script = write(
        [
            "C: EHLO a",
            "C: MAIL FROM:<a@example.org>",
            "C: RCPT TO:<b@example.com>",
            "C: DATA",
            "C: x",
            "C: .",
            "C: QUIT",
        ]
    )
    with Mock(script, "-v") as mock:
        done = run_against(mock, script)
    assert (done.status, mock.status) == (0, 0), done.err + mock.err
    assert "S: 354 " in mock.out


# ---------------------------------------------------------------- what a client does wrong

HELLO = ["S: 220 mail.example.com", "C: EHLO a", "S: 250 mail.example.com", "C: MAIL FROM:<a@example.org>", "S: 250 ok"]


def say(mock: Mock, *lines: bytes) -> list[bytes]:
    """Say lines one by one; returns the replies, the greeting first, until the server closes or all is said."""
    with mock.connect() as client, client.makefile("rb") as heard:
        replies = [heard.readline()]
        for line in lines:
            client.sendall(line)
            replies.append(heard.readline())
        return replies


def test_something_else(write: Write) -> None:
    """It is shown with its place, answered 503, and the client may come back; the status remembers."""
    script = write(HELLO)
    with Mock(script) as mock:
        replies = say(mock, b"EHLO a\r\n", b"NOOP\r\n", b"MAIL FROM:<a@example.org>\r\n", b"QUIT\r\n")
    assert [reply[:3] for reply in replies] == [b"220", b"250", b"503", b"250", b"221"]
    assert b"503 5.5.1" in replies[2]
    assert mock.status == 1
    assert mock.err == (
        "error: the client says something else: expected MAIL FROM:<a@example.org>, got NOOP\n"
        f"  --> {script}:4:4\n"
        "  |\n"
        "4 | C: MAIL FROM:<a@example.org>\n"
        "  |    ^^^^\n"
        "hint: it was answered 503; the script goes on waiting for its own line\n"
        "# QUIT does not stand in the script; it was answered 221\n"
    )
    assert re.fullmatch(r"FAIL   .*a\.smtp  3 steps  [0-9.]+ s  line 4  client 127\.0\.0\.1:[0-9]+\n", mock.out)


@pytest.mark.parametrize(
    ("line", "said", "status"),
    [
        ("C: MAIL FROM:<a@example.org>", b"mail from:<b@example.org> SIZE=5\r\n", 0),
        ("C= MAIL FROM:<a@example.org>", b"MAIL FROM:<b@example.org>\r\n", 1),
        ("C~ MAIL FROM:<{}@example.org>", b"MAIL FROM:<b@example.org>\r\n", 0),
        ("C~ MAIL FROM:<{}@example.org>", b"MAIL FROM:<b@example.com>\r\n", 1),
    ],
    ids=["verb", "exact", "hole", "another"],
)
def test_how_closely_a_line_is_compared(line: str, said: bytes, status: int, write: Write) -> None:
    with Mock(write([*HELLO[:3], line, HELLO[4]])) as mock:
        replies = say(mock, b"EHLO a\r\n", said)
    assert replies[-1][:3] == (b"503" if status else b"250")
    assert mock.status == status


def test_leaving_early(write: Write) -> None:
    """QUIT is answered at any moment, and in the middle of the script it is a failure."""
    with Mock(write(HELLO)) as mock:
        replies = say(mock, b"EHLO a\r\n", b"QUIT\r\n")
    assert replies[-1][:3] == b"221"
    assert mock.status == 1
    assert mock.err.startswith("error: the client leaves before the script is over: expected MAIL")
    assert mock.err.endswith("hint: it was answered 221\n")


@pytest.mark.parametrize(("commands", "status"), [((), 6), ((b"EHLO a\r\n",), 6), ((b"NOOP\r\n",), 1)])
def test_a_client_that_is_gone(commands: Sequence[bytes], status: int, write: Write) -> None:
    """Where something of it was due: 6; after it was told that it is wrong, that is what there is to tell."""
    with Mock(write(HELLO)) as mock:
        say(mock, *commands)
    assert mock.status == status
    assert "was due" in mock.err


def test_a_client_that_is_silent(write: Write) -> None:
    with Mock(write(HELLO), "--timeout", "0.05") as mock, mock.connect() as client:
        assert client.recv(100).startswith(b"220")
        assert client.recv(100) == b""
    assert mock.status == 5
    assert "error: the client said nothing within 0.05 s where EHLO was due (line 2)" in mock.err
    assert "hint: --timeout SECONDS waits longer" in mock.err


def test_octets_behind_starttls(write: Write) -> None:
    """Plaintext that is injected before the handshake: no handshake, closed, told (RFC 3207 §5)."""
    script = write([*HELLO[:3], "C: STARTTLS", "S: 220 go", "C: EHLO a", "S: 250 ok"])
    with Mock(script) as mock, mock.connect() as client:
        client.sendall(b"EHLO a\r\nSTARTTLS\r\nEHLO evil\r\n")
        with contextlib.suppress(ConnectionError):
            while client.recv(1000):
                pass
    assert mock.status == 4
    assert "EHLO evil" in mock.err


def test_a_client_that_does_not_trust_us(write: Write) -> None:
    script = write([*HELLO[:3], "C: STARTTLS", "S: 220 go", "C: EHLO a", "S: 250 ok"])
    with Mock(script) as mock:
        done = run_against(mock, script)
    assert (done.status, mock.status) == (4, 4)
    assert "--ca-file FILE" in mock.err


# ---------------------------------------------------------------- credentials

LOGIN = ["@auth user=tim", *HELLO[:2], "S: 250 AUTH PLAIN", "C~ AUTH PLAIN {auth.plain}", "S: 235 2.7.0 ok"]


@pytest.mark.parametrize(("password", "reply", "status"), [(PASSWORD, b"235", 0), ("battery staple", b"535", 1)])
def test_credentials(password: str, reply: bytes, status: int, write: Write) -> None:
    """Those that are given are compared; others are answered 535, and nothing shows them."""
    with Mock(write(LOGIN), "--password-env", "SECRET", "-v", environ={"SECRET": PASSWORD}) as mock:
        step = ssl.base64.b64encode(f"\0tim\0{password}".encode())  # type: ignore[attr-defined]
        replies = say(mock, b"EHLO a\r\n", b"AUTH PLAIN " + step + b"\r\n")
    assert replies[-1][:3] == reply
    assert mock.status == status
    for secret in (password, step.decode(), PASSWORD):
        assert secret not in mock.out + mock.err
    if status:
        assert "error: the client does not know the password\n" in mock.err
        assert "hint: it was answered 535" in mock.err


def test_any_credentials(write: Write) -> None:
    with Mock(write(LOGIN)) as mock:
        replies = say(mock, b"EHLO a\r\n", b"AUTH PLAIN AGEAYg==\r\n")
    assert replies[-1][:3] == b"235"
    assert mock.status == 0


# ---------------------------------------------------------------- what is shown


def test_the_conversation(write: Write) -> None:
    with Mock(write(HELLO), "-v") as mock:
        say(mock, b"EHLO b\r\n", b"MAIL FROM:<a@example.org>\r\n")
    lines = mock.out.splitlines()
    assert re.fullmatch(r"# client 127\.0\.0\.1:[0-9]+ connected", lines[0])
    assert lines[1:-1] == [
        "S: 220 mail.example.com",
        "C: EHLO b",
        "# drift: line 2: expected EHLO a, got EHLO b",
        "S: 250 mail.example.com",
        "C: MAIL FROM:<a@example.org>",
        "S: 250 ok",
        "# the client closed the connection",
    ]
    assert lines[-1].startswith("drift ")


def test_json(write: Write) -> None:
    """One object a line, the address among them; who closed is told as it was."""
    script = write(HELLO)
    with subprocess.Popen(command("mock", script, "--json"), stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        with socket.create_connection((first["host"], first["port"])) as client, client.makefile("rb") as heard:
            for line in (b"EHLO a\r\n", b"RSET\r\n", b""):
                heard.readline()
                client.sendall(line)
        events = [first, *map(json.loads, process.stdout.read().splitlines())]
    assert process.returncode == 1
    assert [event["event"] for event in events] == (
        "listening connected reply command step reply capabilities command step reply closed result".split()
    )
    assert all({"at", "connection"} <= event.keys() for event in events)
    assert all(event["session"] == 1 for event in events[1:])
    steps = [(event["line"], event["status"], event["got"]) for event in events if event["event"] == "step"]
    assert steps == [(2, "ok", ""), (4, "fail", "RSET")]
    assert next(event["by"] for event in events if event["event"] == "closed") == "client"
    assert events[-1]["status"] == "fail"


# ---------------------------------------------------------------- for ever


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)], ids=["int", "term"])
def test_for_ever(number: signal.Signals, status: int, write: Write) -> None:
    """Each client plays the script anew, several at once; Ctrl-C is the end, and says whether all kept to it."""
    process = subprocess.Popen(
        command("mock", write(HELLO), "--loop"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline().rpartition(":")[2])
        slow = socket.create_connection(("127.0.0.1", port), 10)
        assert slow.recv(100).startswith(b"220")
        for said in (b"EHLO a\r\nMAIL FROM:<a@example.org>\r\nQUIT\r\n", b"RSET\r\nQUIT\r\n"):
            with socket.create_connection(("127.0.0.1", port), 10) as client, client.makefile("rb") as heard:
                client.sendall(said)
                assert heard.read().splitlines()[-1] == b"221 2.0.0 Bye"
        lines = [process.stdout.readline() for _ in range(2)]
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        slow.close()
    assert sorted(line.partition(" ")[0] for line in lines) == ["FAIL", "ok"]
    assert (process.returncode, out) == (status, "")
    assert "Traceback" not in err


def test_ctrl_c_while_nobody_comes(write: Write) -> None:
    process = subprocess.Popen(command("mock", write(HELLO)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--once", "--loop"], "opposites"),
        (["-q", "-v"], "opposites"),
        (["--key", "x"], "--cert"),
        (["--cert", "x", "--ca-file", "y"], "--ca-file"),
        (["--listen", "0.0.0.0:0"], "--listen-public"),
        (["--timeout", "soon"], "seconds"),
        (["--cert", "/nowhere"], "No such file"),
        (["--password-env", "bob=SECRET"], "no step"),
    ],
)
def test_refuses(options: list[str], words: str, write: Write) -> None:
    done = call("mock", write(HELLO), *options, environ={"SECRET": "x"})
    assert (done.status, done.out) == (2, "")
    assert words in done.err


def test_a_script_that_does_not_parse(write: Write) -> None:
    done = call("mock", write(["S: 220 x", "C; EHLO a"]))
    assert (done.status, done.out) == (2, "")
    assert ":2:" in done.err


def test_an_authority_that_cannot_be_written(write: Write) -> None:
    done = call("mock", write(HELLO), "--ca-file", "/nowhere/ca.pem")
    assert (done.status, done.out) == (7, "")


# ---------------------------------------------------------------- real clients

MESSAGE = b"From: a@example.org\r\nTo: b@example.com\r\nSubject: hello\r\n\r\nHello Bob.\r\n.a dot\r\n"
SESSION = [
    "S: 220 mail.example.com ESMTP",
    "C: EHLO client.example.org",
    "S: 250-mail.example.com",
    "S: 250 8BITMIME",
    "C~ MAIL FROM:<a@example.org>{}",
    "S: 250 2.1.0 ok",
    "C~ RCPT TO:<b@example.com>{}",
    "S: 250 2.1.5 ok",
    "C: DATA",
    "S: 354 go on",
    "C: Hello.",
    "C: .",
    "S: 250 2.0.0 kept",
    "C: QUIT",
    "S: 221 2.0.0 bye",
]
PIPELINED = [
    *SESSION[:3],
    "S: 250 PIPELINING",
    *(SESSION[line] for line in (4, 6, 8, 5, 7, 9)),
    *SESSION[10:],
]
ENCRYPTED = [
    "@auth user=tim",
    *SESSION[:3],
    "S: 250 STARTTLS",
    "C: STARTTLS",
    "S: 220 2.0.0 go on",
    *SESSION[1:3],
    "S: 250 AUTH {mechanism}",
    "{exchange}",
    "S: 235 2.7.0 welcome",
    *SESSION[4:],
]
EXCHANGES = {
    "PLAIN": ["C~ AUTH PLAIN {auth.plain}"],
    "PLAIN asked": ["C: AUTH PLAIN", "S: 334 ", "C~ {auth.plain}"],
    "LOGIN": ["C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C~ {auth.user}", "S: 334 UGFzc3dvcmQ6", "C~ {auth.pass}"],
    "CRAM-MD5": ["C: AUTH CRAM-MD5", "S~ 334 {}", "C~ {auth.reply}"],
}


def encrypted(exchange: str) -> list[str]:
    lines = [line.replace("{mechanism}", exchange.partition(" ")[0]) for line in ENCRYPTED]
    at = lines.index("{exchange}")
    return [*lines[:at], *EXCHANGES[exchange], *lines[at + 1 :]]


@pytest.fixture
def client_of(request: pytest.FixtureRequest) -> Callable[[str], "Client"]:
    return lambda name: CLIENTS[name](request)


class Client:
    """Sends MESSAGE from a@example.org to b@example.com; with an authority it says STARTTLS and logs in first."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.folder: Path = request.getfixturevalue("tmp_path")

    def send(self, mock: Mock, ca: Path | None = None, mechanism: str = "") -> None:
        raise NotImplementedError

    @staticmethod
    def program(*argv: str, stdin: bytes = MESSAGE) -> None:
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=60)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()


class Smtplib(Client):
    def send(self, mock: Mock, ca: Path | None = None, mechanism: str = "") -> None:
        with smtplib.SMTP(mock.host, mock.port, timeout=30) as client:
            if ca is not None:
                client.starttls(context=ssl.create_default_context(cafile=str(ca)))
                client.login("tim", PASSWORD)
            client.sendmail("a@example.org", ["b@example.com"], MESSAGE)


class Curl(Client):
    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        self.path: str = request.getfixturevalue("curl")

    def send(self, mock: Mock, ca: Path | None = None, mechanism: str = "") -> None:
        options = ["--mail-from", "a@example.org", "--mail-rcpt", "b@example.com", "--upload-file", "-"]
        if ca is not None:
            options += ["--ssl-reqd", "--cacert", str(ca), "--user", f"tim:{PASSWORD}"]
        self.program(self.path, "-sS", f"smtp://{mock.address}/client.example.org", *options)


class Swaks(Client):
    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        self.path: str = request.getfixturevalue("swaks")

    def send(self, mock: Mock, ca: Path | None = None, mechanism: str = "") -> None:
        options = ["--from", "a@example.org", "--to", "b@example.com", "--data", "-", "--pipeline"]
        if ca is not None:
            options += ["--tls", "--tls-verify", "--tls-ca-path", str(ca), "--auth", mechanism]
            options += ["--auth-user", "tim", "--auth-password", PASSWORD]
        self.program(self.path, "--server", mock.host, "--port", str(mock.port), *options)


class Msmtp(Client):
    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        self.path: str = request.getfixturevalue("msmtp")

    def send(self, mock: Mock, ca: Path | None = None, mechanism: str = "") -> None:
        options = ["--host", mock.host, "--port", str(mock.port), "--from", "a@example.org"]
        if ca is not None:
            options += ["--tls=on", "--tls-starttls=on", f"--tls-trust-file={ca}", f"--auth={mechanism.lower()}"]
            options += ["--user=tim", f"--passwordeval=echo {PASSWORD}"]
        config = self.folder / "msmtprc"
        config.touch(0o600)
        self.program(self.path, "--file", str(config), *options, "b@example.com")


CLIENTS: dict[str, Callable[[pytest.FixtureRequest], Client]] = {
    "smtplib": Smtplib,
    "curl": Curl,
    "swaks": Swaks,
    "msmtp": Msmtp,
}


@pytest.mark.parametrize("script", [SESSION, PIPELINED], ids=["session", "pipelined"])
@pytest.mark.parametrize("name", CLIENTS)
def test_a_real_client(name: str, script: list[str], client_of: Callable[[str], Client], write: Write) -> None:
    """Each completes the session that the script describes, also where it does not pipeline and the script does."""
    client = client_of(name)
    with Mock(write(script), "-v") as mock:
        client.send(mock)
    assert mock.err == ""
    assert mock.status == 0, mock.out
    assert "C: ..a dot\n" in mock.out


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_real_client_that_logs_in(
    name: str, exchange: str, client_of: Callable[[str], Client], write: Write, tmp_path: Path
) -> None:
    """STARTTLS with the authority that was written down, and AUTH, however the client cuts the exchange."""
    client = client_of(name)
    ca = tmp_path / "ca.pem"
    environ = {"SECRET": PASSWORD}
    with Mock(
        write(encrypted(exchange)), "-v", "--ca-file", str(ca), "--password-env", "SECRET", environ=environ
    ) as mock:
        client.send(mock, ca, exchange.partition(" ")[0])
    assert mock.err == ""
    assert mock.status == 0, mock.out
    assert "# TLS 1.3 " in mock.out
    assert PASSWORD not in mock.out


def test_tls_from_the_start(write: Write, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    with Mock(write(SESSION), "--tls", "--ca-file", str(ca)) as mock:
        context = ssl.create_default_context(cafile=str(ca))
        with smtplib.SMTP_SSL(mock.host, mock.port, timeout=30, context=context) as client:
            client.sendmail("a@example.org", ["b@example.com"], MESSAGE)
    assert (mock.status, mock.err) == (0, "")
