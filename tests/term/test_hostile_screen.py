"""A hostile server and the terminal: nothing that it says is a control character there, wherever it is shown."""

import base64
import re
import unicodedata
from collections.abc import Callable

import pytest

from smtp_repl.script.transcript import wire_line
from tests.servers.raw import Expect, ExpectEnd, RawServer, Send
from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]

HOSTILE = {
    "clear screen": b"\x1b[2J\x1b[H",
    "window title": b"\x1b]0;owned\x07",
    "title, 8-bit": b"\xc2\x9d0;owned\xc2\x9c",
    "hyperlink": b"\x1b]8;;http://evil.example.com/\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": b"\x1b]52;c;QUFBQQ==\x07",
    "device control": b'\x1bP$q"p\x1b\\',
    "reports": b"\x1b[5n\x1b[c\x1b[>c",
    "title report": b"\x1b[21t",
    "CSI, 8-bit octet": b"\x9b2J",
    "CSI, 8-bit in UTF-8": b"\xc2\x9b2J",
    "CR overwrites": b"safe\rEVIL",
    "backspaces": b"safe\x08\x08\x08\x08EVIL",
    "bells": b"\x07" * 200,
    "alternate screen": b"\x1b[?1049h",
    "hidden cursor": b"\x1b[?25l",
    "concealed": b"\x1b[8mhidden\x1b[0m",
    "scroll region": b"\x1b[1;2r\x1b[?6h",
    "charset": b"\x0e\x1b(0lqk\x0f",
    "VT and FF": b"\x0b\x0c",
    "DEL": b"\x7f\x7f",
    "ENQ": b"\x05",
    "NUL": b"\0\0",
    "bidi override": "\u202eevil\u202c \u2066x\u2069".encode(),
    "zero width": "a\u200b\u200d\ufeffb".encode(),
    "combining marks": ("e" + "\u0301" * 500).encode(),
    "tag characters": "\U000e0061\U000e0062".encode(),
    "line separators": "\u2028\u2029\u0085".encode(),
    "graphics": b"\x1b_Gf=24;AAAA\x1b\\",
    "paste markers": b"\x1b[200~QUIT\r\x1b[201~",
    "ESC at the end": b"\x1b",
    "lone surrogate": b"\xed\xa0\xbd",
    "private use": "\ue0b0\U0010ffff".encode(),
    "inline file": b"\x1b]1337;File=inline=1:AAAA\x07",
    "shell marks": b"\x1b]133;A\x07\x1b]633;E;rm\x07",
    "markup": b"<b>x</b> & <ansired>",
    "formats": rb"[bold red]x[/] {0} %s \x1b[2J",
    "variables": b"${SMTP_PASSWORD} {{password}} $(id) `id`",
}
"""Texts of a reply."""
FORGED = b"250 ok\nC: AUTH PLAIN AGEAYg==\r\n"
"""A bare LF ends no line of ours."""

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])")


def played(shell: StartShell, raw_server: StartServer, texts: list[bytes]) -> Terminal:
    """A session with a server that says these texts in its replies, its keywords and its challenge."""
    first = texts[0].replace(b"\r", b"").replace(b"\n", b"")
    greeting = Send(b"220 mail.example.com %s\r\n" % first)
    ehlo = b"".join(b"250-X%d%s %s\r\n" % (number, text, text) for number, text in enumerate(texts))
    moves = [greeting, Expect(b"EHLO"), Send(b"250-hi %s\r\n%s250 AUTH LOGIN\r\n" % (first, ehlo))]
    for text in texts:
        moves += [Expect(b"NOOP"), Send(b"250 %s\r\n" % text)]
    moves += [Expect(b"AUTH"), Send(b"334 %s\r\n" % base64.b64encode(b" ".join(texts)[:200])), ExpectEnd()]
    server = raw_server(moves)
    terminal = shell(f"target=parse_target('{server.address}')", rows=50)
    terminal.wait_for("220 mail.example.com")
    terminal.wait_for_prompt()
    terminal.enter("/hex on", "# octets are shown")
    terminal.enter("EHLO x", "0020  ")
    for _ in texts:
        terminal.enter("NOOP", "S  0000")
    terminal.type("NOOP")
    terminal.wait_for(lambda terminal: terminal.line() == "C: NOOP")
    terminal.key("c-u")  # a line that becomes shorter is drawn in a way of its own
    terminal.wait_for_prompt()
    terminal.enter("/status", "# last reply")
    terminal.type("X")
    terminal.key("tab")
    terminal.wait_for(lambda terminal: terminal.line() != "C: X" or "X1" in terminal.screen()[-2])
    terminal.key("c-c")
    terminal.wait_for_prompt()
    terminal.enter("/steps", "# /rewind N")
    terminal.enter("AUTH LOGIN", "# the server asks")
    terminal.type("/close\n")
    terminal.wait_for("# we closed the connection")
    terminal.wait_for_prompt("# not connected: ")
    server.join()
    return terminal


def sequences(terminal: Terminal) -> set[str]:
    """The kinds of control sequences in the raw output, numbers left out, and single control characters."""
    text = terminal.output.decode()
    kinds = {re.sub(r"[0-9;]+", "", found[0]) for found in _SEQUENCE.finditer(text)}
    rest = _SEQUENCE.sub("", text)
    return kinds | {
        character for character in rest if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }


def test_nothing_of_it_is_a_control(shell: StartShell, raw_server: StartServer) -> None:
    """The raw output holds the sequences of a session with a tame server, and no others; and it is all to be seen.

    Each reply stands on the screen in the form that a script reads back to the same octets.
    """
    tame = played(shell, raw_server, [b"ok"] * 3)
    hostile = played(shell, raw_server, list(HOSTILE.values()))
    assert sequences(hostile) <= sequences(tame)
    for text in HOSTILE.values():
        if len(text) > 1 and not text.decode("utf-8", "replace").isprintable():
            assert b"250 " + text not in hostile.output
    assert hostile._screen.title == tame._screen.title == ""
    assert hostile._screen.mode == tame._screen.mode
    assert hostile._screen.margins is None
    shown = "".join(line.ljust(100) for line in hostile.history())
    for name, text in HOSTILE.items():
        if name != "combining marks":  # whose width no two terminals agree on
            assert wire_line("S", b"250 %s\r\n" % text) in shown, name


def test_a_forged_line(shell: StartShell, raw_server: StartServer) -> None:
    """What follows a bare LF is the server's all the same, and nobody asked for it."""
    server = raw_server([Send(b"220 hi\r\n"), Expect(b"NOOP"), Send(FORGED), ExpectEnd()])
    terminal = shell(f"target=parse_target('{server.address}')")
    terminal.wait_for("S: 220 hi")
    terminal.type("NOOP\n")
    terminal.wait_for("S: C: AUTH PLAIN AGEAYg==")
    terminal.wait_for_prompt()
    assert not [line for line in terminal.history() if line.startswith("C: AUTH")]
    terminal.type("/close\n")


@pytest.mark.parametrize("cols", [20, 40])
def test_wide_characters_at_the_edge(shell: StartShell, raw_server: StartServer, cols: int) -> None:
    """They wrap as the terminal wraps them, and the prompt stands below."""
    server = raw_server(
        [Send(b"220 hi\r\n"), Expect(b"NOOP"), Send("250 {}\r\n".format("漢" * 100).encode()), ExpectEnd()]
    )
    terminal = shell(f"target=parse_target('{server.address}')", cols=cols)
    terminal.wait_for("S: 220 hi")
    terminal.wait_for_prompt()
    terminal.type("NOOP\n")
    terminal.wait_for(lambda terminal: terminal.text().count("漢") == 100)
    terminal.wait_for_prompt()
    terminal.type("/close\n")
