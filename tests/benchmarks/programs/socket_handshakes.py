"""socket_handshakes.py HOST:PORT CA N: sessions with TLS, with one context and a blocking SSLSocket each."""

import contextlib
import socket
import ssl
import sys

from measured import Clock

host, _, port = sys.argv[1].partition(":")
context = ssl.create_default_context(cafile=sys.argv[2])


def session() -> None:
    with socket.create_connection((host, int(port))) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(sock, server_hostname=host) as peer:
            peer.recv(1000)
            peer.sendall(b"QUIT\r\n")
            peer.recv(1000)
            # Whoever closes says so first (RFC 8446 §6.1), and need not wait for the answer.
            peer.setblocking(False)
            with contextlib.suppress(ssl.SSLError):
                peer.unwrap()


session()
clock = Clock()
for _ in range(int(sys.argv[3])):
    session()
clock.tell()
