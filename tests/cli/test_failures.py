"""Each way in which a run can fail: its status, and word for word what is printed (`tests/cli/failures`).

`NAME.smtp` is played; `NAME.out` and `NAME.err` are what must come, with ADDRESS for the server's and no seconds.
"""

import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Done, call
from tests.servers.raw import Close, Expect, ExpectEnd, ExpectOctets, Move, RawServer, Send

FOLDER = Path(__file__).parent / "failures"
HELLO = Send(b"220 mail.example.com ESMTP\r\n")

CASES: dict[str, tuple[int, Sequence[Move]]] = {
    # name: (status, what the server does)
    "expectation": (
        1,
        [
            *(HELLO, Expect(b"HELO"), Send(b"250 mail.example.com\r\n"), Expect(b"MAIL"), Send(b"250 2.1.0 Ok\r\n")),
            *(Expect(b"RCPT"), Send(b"550 5.1.1 <bob@example.com>: nobody here\r\n"), ExpectEnd()),
        ],
    ),
    "script": (2, []),
    "tls": (
        4,
        [
            *(HELLO, Expect(b"EHLO"), Send(b"250-mail.example.com\r\n250 STARTTLS\r\n"), Expect(b"STARTTLS")),
            *(Send(b"220 2.0.0 Go ahead\r\n"), ExpectOctets(5), Send(b"not TLS at all, alas\r\n")),
        ],
    ),
    "injected": (4, [HELLO, Expect(b"STARTTLS"), Send(b"220 2.0.0 Go ahead\r\n250 mail.example.net\r\n"), ExpectEnd()]),
    "timeout": (
        5,
        [HELLO, Expect(b"HELO"), Send(b"250 mail.example.com\r\n"), Expect(b"NOOP"), Send(b"250-2.0"), ExpectEnd()],
    ),
    "cut": (6, [HELLO, Expect(b"EHLO"), Send(b"250-mail.example.com\r\n250-PIPE"), Close()]),
}


def normal(text: str, address: str) -> str:
    text = text.replace(str(FOLDER) + "/", "").replace(address, "ADDRESS")
    return re.sub(r"\b[0-9]+\.[0-9]{3} s\b", "0.000 s", text)


def check(name: str, status: int, done: Done, address: str) -> None:
    out, err = ((FOLDER / f"{name}.{stream}").read_text() for stream in ("out", "err"))
    assert normal(done.err, address) == err
    assert normal(done.out, address) == out
    assert done.status == status


@pytest.mark.parametrize("name", CASES)
def test_prints(name: str, raw_server: Callable[..., RawServer]) -> None:
    """Title, place, the line with carets, what came, what that means, and what to do."""
    status, moves = CASES[name]
    server = raw_server(list(moves)) if moves else None
    address = server.address if server is not None else "127.0.0.1:1"
    check(name, status, call("run", str(FOLDER / f"{name}.smtp"), "--server", address), address)


def test_prints_of_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = call("run", str(FOLDER / "unreachable.smtp"), "--server", address)
    port = address.rpartition(":")[2]
    check("unreachable", 3, done._replace(err=done.err.replace(f"port {port}", "port PORT")), address)


def test_prints_of_a_certificate_that_nobody_vouches_for(address: str) -> None:
    """Subject, issuer, dates, names and fingerprint, and every way out."""
    done = call("run", str(FOLDER / "tls.smtp"), "--server", address)
    assert done.status == 4
    for word in ("subject", "issuer", "valid", "names", "SHA-256", "--ca FILE", "--pin", "-k"):
        assert word in done.err


def test_every_failure_has_its_goldens() -> None:
    """No golden without a test, no test without goldens."""
    names = {path.stem for path in FOLDER.glob("*.smtp")}
    assert names == {*CASES, "unreachable"}
    assert {path.stem for path in FOLDER.glob("*.err")} == {path.stem for path in FOLDER.glob("*.out")} == names
