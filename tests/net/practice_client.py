"""A client for the practice server that says octets and reads replies, and knows nothing else."""

import select
import socket
import ssl
from types import TracebackType


class Raw:
    """`say` octets, read a `reply`; a reply is its lines joined by LF."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=10)
        self._file = self._socket.makefile("rb")

    def say(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def reply(self) -> str:
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            line = self._file.readline()
            if not line.endswith(b"\r\n"):
                raise EOFError(f"closed after {lines!r}")
            lines.append(line[:-2].decode())
        return "\n".join(lines)

    def ask(self, line: bytes) -> str:
        self.say(line + b"\r\n")
        return self.reply()

    def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        self._file.close()
        self._socket = context.wrap_socket(self._socket, server_hostname=name)
        self._file = self._socket.makefile("rb")

    def drip(self, octet: bytes, every: float) -> None:
        """Say an octet again and again until there is something to read."""
        while not select.select([self._socket], [], [], every)[0]:
            self._socket.sendall(octet)

    def fill(self, octets: bytes) -> None:
        """Say it until neither side takes any more, reading nothing."""
        self._socket.settimeout(0.3)
        try:
            while True:
                self._socket.sendall(octets)
        except TimeoutError:
            pass

    def shutdown(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        return self._file.read()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def __enter__(self) -> "Raw":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
