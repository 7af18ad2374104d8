"""The raw server plays what it was given, and says when its peer did something else."""

import socket
import threading
from collections.abc import Callable

import pytest

from tests.servers.certificates import Certificates
from tests.servers.raw import (
    Await,
    Close,
    Expect,
    ExpectEnd,
    ExpectOctets,
    Move,
    RawServer,
    Reset,
    Send,
    Shutdown,
    StartTls,
)

Start = Callable[..., RawServer]


def connect(server: RawServer) -> socket.socket:
    return socket.create_connection((server.host, server.port), 10)


def test_plays_moves_in_order(raw_server: Start) -> None:
    """Octets go out as given, lines come in whole however they were cut."""
    server = raw_server([Send(b"220 \xff\r\n"), Expect(b"EHLO"), ExpectOctets(3), Send(b"250 ok\n"), Close()])
    with connect(server) as peer, peer.makefile("rb") as stream:
        assert stream.readline() == b"220 \xff\r\n"
        peer.sendall(b"EHLO x\r\nab")
        peer.sendall(b"c")
        assert stream.read() == b"250 ok\n"
    server.join()
    assert server.received == [b"EHLO x\r\n", b"abc"]


def test_one_list_for_each_connection(raw_server: Start) -> None:
    """Several sessions are played one after the other."""
    server = raw_server([Send(b"one")], [Send(b"two")])
    for said in (b"one", b"two"):
        with connect(server) as peer, peer.makefile("rb") as stream:
            assert stream.read() == said


def test_starttls(raw_server: Start, certificates: Certificates) -> None:
    """The handshake happens where it was asked for, with a certificate that verifies."""
    server = raw_server([Send(b"220 go\r\n"), StartTls(), Send(b"250 inside\r\n"), ExpectEnd()])
    with connect(server) as peer:
        assert peer.recv(100) == b"220 go\r\n"
        with certificates.client_context().wrap_socket(peer, server_hostname="localhost") as inside:
            assert inside.recv(100) == b"250 inside\r\n"


def test_reset_and_half_close(raw_server: Start) -> None:
    """A cut connection is cut; a half-closed one still listens."""
    server = raw_server([Shutdown(), Expect(b"QUIT"), ExpectEnd()], [Expect(), Reset()])
    with connect(server) as peer:
        assert peer.recv(1) == b""
        peer.sendall(b"QUIT\r\n")
    with connect(server) as peer:
        peer.sendall(b"x\r\n")
        with pytest.raises(ConnectionResetError):
            peer.recv(1)


def test_awaits_the_test(raw_server: Start) -> None:
    """A reply can be held back until the test has seen something."""
    seen = threading.Event()
    server = raw_server([Send(b"1"), Await(seen), Send(b"2")])
    with connect(server) as peer:
        assert peer.recv(1) == b"1"
        seen.set()
        assert peer.recv(1) == b"2"


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ([Expect(b"EHLO")], b"HELO x\r\n"),
        ([ExpectOctets(3)], b"ab"),
        ([ExpectEnd()], b"more"),
    ],
    ids=["another line", "too few octets", "more than nothing"],
)
def test_says_what_went_wrong(raw_server: Start, moves: list[Move], said: bytes) -> None:
    """A peer that does not play along fails the test."""
    server = raw_server(moves)
    with connect(server) as peer:
        peer.sendall(said)
    with pytest.raises(AssertionError, match="expected"):
        server.join()


def test_nobody_needs_to_connect(raw_server: Start) -> None:
    """A test that does not get as far as connecting ends at once."""
    raw_server([Send(b"220 hello\r\n")])
