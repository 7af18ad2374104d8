"""A server that takes messages by DATA and BDAT as fast as it can and looks at nothing but their ends."""

import socket
import threading

EHLO = b"250-drain.example.com\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME\r\n"
SIZE = 1 << 20


def serve(peer: socket.socket) -> None:
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray(SIZE)
    view = memoryview(buffer)
    peer.sendall(b"220 drain.example.com ESMTP\r\n")
    unread = b""
    while True:
        while b"\n" not in unread:
            octets = peer.recv(4096)
            if not octets:
                return
            unread += octets
        line, _, unread = unread.partition(b"\n")
        verb = line[:4].upper()
        if verb == b"DATA":
            peer.sendall(b"354 go on\r\n")
            tail, unread = unread[-5:], b""
            while not tail.endswith(b"\r\n.\r\n"):
                count = peer.recv_into(buffer)
                if not count:
                    return
                tail = (tail + bytes(view[max(0, count - 5) : count]))[-5:]
        elif verb == b"BDAT":
            left = int(line.split()[1]) - len(unread)
            unread = b""
            while left > 0:
                count = peer.recv_into(view[: min(left, SIZE)])
                if not count:
                    return
                left -= count
        elif verb == b"QUIT":
            peer.sendall(b"221 bye\r\n")
            peer.close()
            return
        peer.sendall(EHLO if verb == b"EHLO" else b"250 ok\r\n")


with socket.create_server(("127.0.0.1", 0)) as listener:
    print(f"127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
