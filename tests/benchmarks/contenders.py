"""Who is compared: smtp-repl's command lines, and what other people would use instead. Whole processes."""

import importlib.util
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ptyprocess import PtyProcess

from tests.benchmarks.pairs import Comparison, Contender, Missing

PATIENCE = 20.0

CONVERSATION = """\
S: 220 sink.example.com ESMTP
C: EHLO client.example.net
S: 250-sink.example.com
S: 250-PIPELINING
S: 250-SIZE 10240000
S: 250 8BITMIME
C: MAIL FROM:<bob@example.org>
S: 250 2.0.0 Ok
C: RCPT TO:<alice@example.com>
S: 250 2.0.0 Ok
C: DATA
S: 354 End data with <CR><LF>.<CR><LF>
C: From: bob@example.org
C: To: alice@example.com
C: Subject: benchmark
C:
C: One line.
C: .
S: 250 2.0.0 Ok: queued
C: QUIT
S: 221 2.0.0 Bye
"""

BARE_SOCKET = """
import socket, sys
host, _, port = sys.argv[1].partition(":")
peer = socket.create_connection((host, int(port)))
stream = peer.makefile("rb")
def reply():
    while stream.readline()[3:4] == b"-":
        pass
reply()
for text in sys.argv[2].split("\x1f"):
    peer.sendall(text.encode())
    reply()
"""


def comparisons(address: str, folder: Path) -> list[Comparison]:
    """All of them, against a server at an address, with a folder for their files."""
    script = folder / "small.smtp"
    script.write_text(CONVERSATION)
    ours = Contender("`smtp-repl run`", lambda: run([*smtp_repl(), "run", str(script), "--server", address]))
    shell = Contender("`smtp-repl HOST`", lambda: first_prompt([*smtp_repl(), address]))
    practice = Contender("`smtp-repl --local`", lambda: first_prompt([*smtp_repl(), "--local"]))
    toolkit = Contender(
        "`import prompt_toolkit`", lambda: run([sys.executable, "-c", "import prompt_toolkit"], "prompt_toolkit")
    )
    swaks = Contender("swaks", lambda: run_swaks(address))
    bare = Contender("a bare socket", lambda: run([sys.executable, "-c", BARE_SOCKET, address, sent()]))
    return [
        Comparison("first prompt, a server", shell, toolkit, 1.25),
        Comparison("first prompt, the practice server", practice, toolkit),
        Comparison("a small conversation", ours, swaks, 1.0),
        Comparison("a small conversation", ours, bare),
    ]


def smtp_repl() -> list[str]:
    """The command as users call it: the installed script, where this Python has one."""
    if importlib.util.find_spec("smtp_repl.cli") is None:
        raise Missing("smtp-repl has no command line yet")
    script = Path(sys.executable).with_name("smtp-repl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "smtp_repl"]


def sent() -> str:
    """What the client says in CONVERSATION: one text for each reply that it waits for, an octet 1F between."""
    texts = [""]
    for line in CONVERSATION.splitlines()[1:]:
        if line.startswith("S:"):
            texts += [""] if texts[-1] else []
        else:
            texts[-1] += line[3:] + "\r\n"
    return "\x1f".join(text for text in texts if text)


def run(command: list[str], needs: str = "") -> None:
    """One process from its start to its end."""
    if needs and importlib.util.find_spec(needs) is None:
        raise Missing(f"{needs} is not installed")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')}")


def run_swaks(address: str) -> None:
    swaks = shutil.which("swaks")
    if swaks is None:
        raise Missing("swaks is not installed")
    message = "From: bob@example.org\\nTo: alice@example.com\\nSubject: benchmark\\n\\nOne line.\\n"
    command = [swaks, "--server", address, "--ehlo", "client.example.net", "--from", "bob@example.org"]
    run([*command, "--to", "alice@example.com", "--data", message])


def first_prompt(command: list[str]) -> None:
    """One process at a terminal, from its start to the prompt; then it is ended."""
    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
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
    finally:
        process.kill(9)
        process.wait()
        process.fileobj.close()
        process.closed = True
