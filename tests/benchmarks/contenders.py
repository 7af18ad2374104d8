"""Small conversations and first prompts: whole processes, and what other people would use instead."""

import sys
from pathlib import Path

from tests.benchmarks.pairs import Comparison, Contender, Cost
from tests.benchmarks.processes import PROGRAMS, first_prompt, found, needs, run, smtp_repl

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


def start_ups(address: str, folder: Path) -> list[Comparison]:
    """Against a server at an address that says what CONVERSATION says, with a folder for files."""
    script = folder / "small.smtp"
    script.write_text(CONVERSATION)
    message = folder / "small.eml"
    message.write_text("From: bob@example.org\nTo: alice@example.com\nSubject: benchmark\n\nOne line.\n")

    def python(program: str, *arguments: str) -> Cost:
        return run([sys.executable, str(PROGRAMS / f"{program}.py"), address, *arguments])

    def toolkit() -> Cost:
        needs("prompt_toolkit")
        return run([sys.executable, "-c", "import prompt_toolkit"])

    ours = Contender("`smtp-repl run`", lambda: run([*smtp_repl(), "run", str(script), "--server", address]))
    shell = Contender("`smtp-repl HOST`", lambda: first_prompt([*smtp_repl(), address]))
    practice = Contender("`smtp-repl --local`", lambda: first_prompt([*smtp_repl(), "--local"]))
    imported = Contender("`import prompt_toolkit`", toolkit)
    explain = Contender("`smtp-repl explain 550`", lambda: run([*smtp_repl(), "explain", "550"]))
    title = "a small conversation, whole process"
    return [
        Comparison("first prompt, a server", shell, imported, 1.25),
        Comparison("first prompt, the practice server", practice, imported),
        Comparison(
            "an explanation, from a cold start",
            explain,
            Contender("`python -c pass` one and a half times, and 60 ms", allowed),
            1.0,
        ),
        Comparison(title, ours, Contender("swaks", lambda: run_swaks(address)), 1.0),
        Comparison(title, ours, Contender("a script with smtplib", lambda: python("smtplib_once")), 0.9),
        Comparison(title, ours, Contender("a script with a bare socket", lambda: python("socket_once", sent()))),
        Comparison(title, ours, Contender("curl", lambda: run_curl(address, message))),
    ]


def allowed() -> Cost:
    """What an explanation may take: Python's own start counted one and a half times, and 60 ms."""
    bare = run([sys.executable, "-c", "pass"])
    return bare._replace(seconds=1.5 * bare.seconds + 0.06)


def sent() -> str:
    """What the client says in CONVERSATION: one text for each reply that it waits for, an octet 1F between."""
    texts = [""]
    for line in CONVERSATION.splitlines()[1:]:
        if line.startswith("S:"):
            texts += [""] if texts[-1] else []
        else:
            texts[-1] += line[3:] + "\r\n"
    return "\x1f".join(text for text in texts if text)


def run_swaks(address: str) -> Cost:
    message = "From: bob@example.org\\nTo: alice@example.com\\nSubject: benchmark\\n\\nOne line.\\n"
    command = [found("swaks"), "--server", address, "--ehlo", "client.example.net", "--from", "bob@example.org"]
    return run([*command, "--to", "alice@example.com", "--data", message])


def run_curl(address: str, message: Path) -> Cost:
    command = [found("curl"), "-sS", f"smtp://{address}/client.example.net", "--mail-from", "bob@example.org"]
    return run([*command, "--mail-rcpt", "alice@example.com", "-T", str(message)], patience=120)
