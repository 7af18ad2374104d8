"""socket_round_trips.py HOST:PORT N CORE: commands and replies in turn, with a blocking socket and nothing else."""

import socket
import sys

from measured import Clock, stay_on

stay_on(sys.argv[3])
host, _, port = sys.argv[1].partition(":")
peer = socket.create_connection((host, int(port)))
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
stream = peer.makefile("rb")
stream.readline()
peer.sendall(b"HELO client.example.net\r\n")
stream.readline()
clock = Clock()
for _ in range(int(sys.argv[2])):
    peer.sendall(b"NOOP\r\n")
    stream.readline()
clock.tell()
