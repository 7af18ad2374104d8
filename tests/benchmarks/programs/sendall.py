"""sendall.py HOST:PORT FILE: the octets of a file by one `sendall`, between DATA and its end."""

import socket
import sys
from pathlib import Path

host, _, port = sys.argv[1].partition(":")
with socket.create_connection((host, int(port))) as peer:
    peer.recv(1000)
    for command in (
        b"EHLO client.example.net",
        b"MAIL FROM:<bob@example.org>",
        b"RCPT TO:<alice@example.com>",
        b"DATA",
    ):
        peer.sendall(command + b"\r\n")
        peer.recv(1000)
    peer.sendall(Path(sys.argv[2]).read_bytes())
    peer.sendall(b".\r\n")
    peer.recv(1000)
