"""socket_once.py HOST:PORT TEXT: a small conversation with a socket and no check; 1F in TEXT awaits a reply."""

import socket
import sys

host, _, port = sys.argv[1].partition(":")
peer = socket.create_connection((host, int(port)))
stream = peer.makefile("rb")


def reply() -> None:
    while stream.readline()[3:4] == b"-":
        pass


reply()
for text in sys.argv[2].split("\x1f"):
    peer.sendall(text.encode())
    reply()
