"""Servers for the benchmarks. Each lives as long as its `with`, on loopback, in a process or a thread of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.pairs import Missing
from tests.benchmarks.processes import PROGRAMS, found

START_SECONDS = 10.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def smtp_sink(core: str = "") -> Iterator[str]:
    """HOST:PORT of Postfix's smtp-sink, on one core if that is said; "" where it is not installed."""
    try:
        program = found("smtp-sink")
    except Missing:
        yield ""
        return
    address = f"127.0.0.1:{free_port()}"
    # It wants to be nobody in particular when it is started by root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, address, "1000"], stdin=subprocess.DEVNULL)
    if core:
        os.sched_setaffinity(process.pid, {int(core)})
    try:
        _await(address)
        yield address
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def program(name: str, *arguments: str) -> Iterator[str]:
    """HOST:PORT of one of our own programs that serve; it says where on its first line."""
    command = [sys.executable, str(PROGRAMS / f"{name}.py"), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """What a client trusts, and a chain and key for 127.0.0.1."""
    from tests.servers.certificates import Certificates

    made = Certificates(folder)
    return made.ca_pem, made.chain_pem, made.key_pem


def _await(address: str) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, int(port))) as sock:
            sock.recv(100)
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing listens on {address}")
        time.sleep(0.02)
