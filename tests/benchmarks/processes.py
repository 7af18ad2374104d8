"""Programs, and what it costs to run them."""

import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ptyprocess import PtyProcess

from tests.benchmarks.pairs import Cost, Missing

PATIENCE = 20.0
PROGRAMS = Path(__file__).parent / "programs"


def smtp_repl() -> list[str]:
    """The command as users call it: the installed script, where this Python has one."""
    script = Path(sys.executable).with_name("smtp-repl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "smtp_repl"]


def found(program: str) -> str:
    """The path of a program. Raises `Missing`."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if path is None:
        raise Missing(f"{program} is not installed")
    return path


def needs(module: str) -> None:
    """Raises `Missing` where this Python has no such module."""
    if importlib.util.find_spec(module) is None:
        raise Missing(f"{module} is not installed")


def run(command: list[str], *, patience: float = PATIENCE) -> Cost:
    """One process from its start to its end: its time and its processor time."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        # What it says is little: the pipe takes all of it while we wait.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read() if process.stderr is not None else b""
    _check(command, process.returncode, said)
    if seconds > patience:
        raise RuntimeError(f"{command} took {seconds:.0f} s")
    return Cost(seconds, used.ru_utime + used.ru_stime)


def peak(command: list[str]) -> Cost:
    """The same with the most memory that it used, looked at now and then: what wait4 tells begins with our own."""
    status = Path("/proc/self/status")
    if not status.exists():
        raise Missing("this system does not tell how much memory a process uses")
    octets = 0
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            for line in status.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    octets = max(octets, int(line.split()[1]) * 1024)
            time.sleep(0.01)
        said = process.stderr.read() if process.stderr is not None else b""
    _check(command, process.returncode, said)
    return Cost(time.perf_counter() - began, octets=octets)


def _check(command: list[str], status: int, said: bytes) -> None:
    if status != 0:
        raise RuntimeError(f"{command} ended with {status}:\n{said.decode(errors='replace')}")


def inside(program: str, *arguments: str) -> Cost:
    """What one of our little programs measured in itself, without its own start."""
    command = [sys.executable, str(PROGRAMS / f"{program}.py"), *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20 * PATIENCE)
    if done.returncode == 77:
        raise Missing(done.stderr.decode(errors="replace").strip())
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')}")
    return Cost(*json.loads(done.stdout))


def first_prompt(command: list[str]) -> Cost:
    """One process at a terminal, from its start to the prompt; then it is ended."""
    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    began = time.perf_counter()
    process = PtyProcess.spawn(command, env=environment, dimensions=(40, 100))
    try:
        output = b""
        deadline = time.monotonic() + PATIENCE
        while b"C:" not in output:  # the blank behind it may be a move of the cursor
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.fd], [], [], left)[0]:
                raise RuntimeError(f"{command}: no prompt within {PATIENCE:g} s:\n{output!r}")
            try:
                output += os.read(process.fd, 65536)
            except OSError:
                raise RuntimeError(f"{command} ended before its prompt:\n{output!r}") from None
        return Cost(time.perf_counter() - began)
    finally:
        process.kill(9)
        process.wait()
        process.fileobj.close()
        process.closed = True
