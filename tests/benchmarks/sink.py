"""A server for the benchmarks: says yes to everything, at once. A thread of the measuring process, which waits."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ANSWERS = {
    b"EHLO": b"250-sink.example.com\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n",
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.wfile.write(b"220 sink.example.com ESMTP\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            self.wfile.write(ANSWERS.get(verb, b"250 2.0.0 Ok\r\n"))
            if verb == b"DATA":
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    pass
                self.wfile.write(b"250 2.0.0 Ok: queued\r\n")
            elif verb == b"QUIT":
                return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def sink() -> Iterator[str]:
    """HOST:PORT of a running sink."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        thread = threading.Thread(target=server.serve_forever, name="sink")
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
