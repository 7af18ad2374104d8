"""What a person at a terminal waits for: the key on the screen, what the server says meanwhile, a long reply.

Each program sits in a pseudo-terminal of its own from its first turn to the last. It is asked by a key or by what its
server says, and what counts is the moment at which the octets came that made the emulated screen as it should be.
"""

import os
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.pairs import Comparison, Contender, Cost
from tests.benchmarks.processes import PATIENCE, PROGRAMS, smtp_repl
from tests.term.screen import Terminal

QUIET = 0.02
"""Seconds without output after which a program has done what it had to do."""
COMMAND = "MAIL FROM:<alice@example.com> BODY=8BITMIME"
HALF = "MAIL FROM:<ali"
PROSE = "and so it went on, a line like many others, until the end of the letter"
HEADER = "From: alice@example.com\nTo: bob@example.org\nSubject: benchmark\n\n"
LINES = 2_000
REPLY = b"".join(
    b"214%sentry %d of the help that some server gives\r\n" % (b" " if number == LINES else b"-", number)
    for number in range(1, LINES + 1)
)
MESSAGE_LINES = 5_000
CAPABILITIES = b"250-sink.example.com\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n"


class Peer:
    """The other end of a program's connection, which says what we want at the moment that we choose."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._sock: socket.socket | None = None

    def accept(self) -> None:
        self._sock, _ = self._listener.accept()
        self._sock.settimeout(PATIENCE)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say(self, octets: bytes) -> None:
        assert self._sock is not None
        self._sock.sendall(octets)

    def hear(self) -> None:
        """A line of the program."""
        assert self._sock is not None
        while not self._sock.recv(4096).endswith(b"\n"):
            pass

    def close(self) -> None:
        self._listener.close()
        if self._sock is not None:
            self._sock.close()


class Watched(Terminal):
    """A terminal at which it counts when something comes."""

    def rest(self) -> None:
        """Read until the program has nothing more to say."""
        while not self.ended and select.select([self._process.fd], [], [], QUIET)[0]:
            self._read()

    def moment(self, holds: Callable[[Terminal], bool]) -> float:
        """When there had come what makes something hold, by `time.perf_counter`.

        The emulator, slower than any program, sees what came when nothing more comes.
        """
        found = None
        while found is None:
            came, patience = [], PATIENCE
            while select.select([self._process.fd], [], [], patience)[0]:
                octets = os.read(self._process.fd, 65536)
                came.append((time.perf_counter(), octets))
                patience = QUIET
            if not came:
                raise RuntimeError(f"within {PATIENCE:g} s there was only:\n{self.text()}")
            for at, octets in came:
                self._stream.feed(octets)
                if found is None and holds(self):
                    found = at
        return found


class Seat:
    """A program at its terminal, with its peer; it starts when it is first needed."""

    def __init__(self, stack: ExitStack, folder: Path, command: Callable[[str], list[str]]) -> None:
        self._stack = stack
        self._folder = folder
        self._command = command
        self._peer: Peer | None = None
        self._terminal: Watched | None = None

    @property
    def peer(self) -> Peer:
        if self._peer is None:
            self._peer = Peer()
            self._stack.callback(self._peer.close)
        return self._peer

    @property
    def terminal(self) -> Watched:
        if self._terminal is None:
            places = {f"XDG_{name}_HOME": str(self._folder) for name in ("CONFIG", "STATE")}
            self._terminal = Watched(self._command(self.peer.address), places)
            self._stack.enter_context(self._terminal)
        return self._terminal

    def greet(self) -> None:
        """Say the greeting; the prompt is there."""
        terminal = self.terminal
        self.peer.accept()
        self.peer.say(b"220 sink.example.com ESMTP\r\n")
        terminal.wait_for("220 sink")
        terminal.wait_for_prompt()

    def type(self, line: str, reply: bytes) -> None:
        """Type a command, to which the peer says this."""
        self.terminal.type(f"{line}\n")
        self.peer.hear()
        self.peer.say(reply)
        self.terminal.wait_for(reply.decode().rstrip().rpartition("\n")[2])
        self.terminal.wait_for_prompt()


def terminals(stack: ExitStack, folder: Path) -> list[Comparison]:
    """All that a person waits for; the programs live as long as the stack."""

    def seat(command: Callable[[str], list[str]]) -> Seat:
        return Seat(stack, folder, command)

    def program(name: str, *more: str) -> Callable[[str], list[str]]:
        return lambda address: [sys.executable, str(PROGRAMS / f"{name}.py"), address, *more]

    def shell(address: str) -> list[str]:
        return [*smtp_repl(), address]

    keys = _Keys(seat(shell), _greeted, COMMAND), _Keys(seat(program("toolkit_prompt")), _prompted, COMMAND)
    message = (
        _Keys(seat(shell), _in_message, PROSE),
        _Keys(seat(program("toolkit_prompt", "multiline")), _pasted, PROSE),
    )
    lines = _Lines(seat(shell), _greeted), _Lines(seat(program("toolkit_reader")), _read)
    replies = _Replies(seat(shell), _greeted), _Replies(seat(program("plain_reader")), _read)
    title = f"a reply of {LINES} lines on the screen"
    return [
        Comparison("a key on the screen", *_pair(keys, "a bare `PromptSession`"), 1.3, turns=20, tail=2.0),
        Comparison("a line nobody asked for", *_pair(lines, "`run_in_terminal`"), turns=3, within=0.02),
        Comparison(title, *_pair(replies, "a loop that prints"), within=0.1),
        Comparison(
            f"a key in a message of {MESSAGE_LINES} lines", *_pair(message, "a bare `PromptSession`"), 1.3, turns=10
        ),
    ]


def _pair(both: "tuple[_Turn, _Turn]", name: str) -> tuple[Contender, Contender]:
    return Contender("`smtp-repl HOST`", both[0].once), Contender(name, both[1].once)


# ---------------------------------------------------------------- how each comes to where it is measured


def _greeted(seat: Seat) -> None:
    seat.greet()
    seat.type("EHLO client.example.net", CAPABILITIES)


def _in_message(seat: Seat) -> None:
    _greeted(seat)
    seat.type("MAIL FROM:<alice@example.com>", b"250 2.1.0 Sender ok\r\n")
    seat.type("RCPT TO:<bob@example.org>", b"250 2.1.5 Recipient ok\r\n")
    seat.type("DATA", b"354 End data with <CR><LF>.<CR><LF>\r\n")
    _paste(seat)


def _prompted(seat: Seat) -> None:
    seat.terminal.wait_for_prompt()


def _pasted(seat: Seat) -> None:
    _prompted(seat)
    _paste(seat)


def _read(seat: Seat) -> None:
    seat.terminal.wait_for_prompt()
    seat.peer.accept()


def _paste(seat: Seat) -> None:
    lines = MESSAGE_LINES - HEADER.count("\n") - 2
    seat.terminal.paste(HEADER + f"{PROSE}\n" * lines + "the end\n")
    seat.terminal.wait_for(lambda terminal: terminal.cursor()[0] == 3 and "the end" in "".join(terminal.screen()))


# ---------------------------------------------------------------- what is measured


class _Turn:
    """One thing that is done again and again at one seat."""

    def __init__(self, seat: Seat, arrive: Callable[[Seat], None]) -> None:
        self._seat = seat
        self._arrive = arrive
        self._count = 0

    def once(self) -> Cost:
        if not self._count:
            self._arrive(self._seat)
            self.begin()
        self._count += 1
        self._seat.terminal.rest()
        return Cost(self.turn())

    def begin(self) -> None:
        """What is to be done once."""

    def turn(self) -> float:
        raise NotImplementedError


class _Keys(_Turn):
    """Types a line key by key, over and over."""

    def __init__(self, seat: Seat, arrive: Callable[[Seat], None], line: str) -> None:
        super().__init__(seat, arrive)
        self._line = line
        self._typed = ""

    def turn(self) -> float:
        if self._typed == self._line:
            self._typed = ""
            self._seat.terminal.key("c-u")
            self._seat.terminal.wait_for(lambda terminal: terminal.cursor()[0] == 3)
            self._seat.terminal.rest()
        key = self._line[len(self._typed)]
        self._typed += key
        began = time.perf_counter()
        self._seat.terminal.type(key)
        return self._seat.terminal.moment(_stands(self._typed)) - began


class _Lines(_Turn):
    """Says a line that nobody asked for, while half a command stands at the prompt."""

    def begin(self) -> None:
        self._seat.terminal.type(HALF)
        self._seat.terminal.wait_for(_stands(HALF))

    def turn(self) -> float:
        text = f"line {self._count} that nobody asked for"
        stands = _stands(HALF)

        def is_there(terminal: Terminal) -> bool:
            return stands(terminal) and any(line.endswith(text) for line in terminal.screen())

        began = time.perf_counter()
        self._seat.peer.say(f"250 {text}\r\n".encode())
        return self._seat.terminal.moment(is_there) - began


class _Replies(_Turn):
    """Gives a long answer; what counts is the last line with the prompt below it."""

    def turn(self) -> float:
        self._seat.terminal.type("HELP\n")
        self._seat.peer.hear()
        self._seat.terminal.rest()
        began = time.perf_counter()
        self._seat.peer.say(REPLY)
        return self._seat.terminal.moment(_ends) - began


def _ends(terminal: Terminal) -> bool:
    """Whether the last line of the reply stands above a prompt."""
    return terminal.line() == "C:" and f"entry {LINES} of" in terminal.screen()[terminal.cursor()[1] - 1]


def _stands(typed: str) -> Callable[[Terminal], bool]:
    """Whether a text stands at the prompt with the cursor behind it; what is proposed may follow."""

    def stands(terminal: Terminal) -> bool:
        return terminal.cursor()[0] == 3 + len(typed) and terminal.line()[3:].startswith(typed.rstrip())

    return stands
