"""plain_reader.py HOST:PORT: commands from the terminal, the replies to it, line by line, and nothing else."""

import socket
import sys

host, _, port = sys.argv[1].partition(":")
peer = socket.create_connection((host, int(port)))
stream = peer.makefile("rb")
print("C: ", end="", flush=True)
for command in sys.stdin:
    peer.sendall(command.encode())
    for line in stream:
        print(f"S: {line.decode().rstrip()}")
        if line[3:4] != b"-":
            break
    print("C: ", end="", flush=True)
