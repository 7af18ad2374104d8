"""Messages as a person writes them: header, dots, files, an editor, and what the toolbar says meanwhile."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.raw import Await, Expect, RawServer, Send
from tests.term.screen import Terminal

StartShell = Callable[..., Terminal]
StartServer = Callable[..., RawServer]

LIMIT = "10,240,000 octets"


@pytest.fixture
def composing(shell: StartShell) -> Terminal:
    """A shell on the practice server, in DATA."""
    return compose(shell)


def compose(shell: StartShell, mail: str = "MAIL FROM:<alice@example.org>", cols: int = 100) -> Terminal:
    terminal = shell("local=True", cols=cols)
    terminal.wait_for("S: 220 ")
    for line, reply in (
        ("EHLO client.example.org", "S: 250 HELP"),
        (mail, "S: 250 2.1.0"),
        ("RCPT TO:<bob@example.com>", "S: 250 2.1.5"),
        ("DATA", "S: 354"),
    ):
        terminal.type(line + "\n")
        terminal.wait_for(reply)
        terminal.wait_for_prompt()
    return terminal


def command(terminal: Terminal, line: str, awaited: str) -> None:
    """A command from inside a message."""
    terminal.key("c-]")
    terminal.wait_for_prompt("# command: /")
    terminal.type(line + "\n")
    terminal.wait_for(awaited)


def bar(terminal: Terminal) -> str:
    return terminal.screen()[-1]


def said(terminal: Terminal, first: str) -> list[str]:
    """The lines from a first one to the prompt, which is left out."""
    lines = terminal.history()
    begin = lines.index(first)
    return lines[begin : lines.index("C:", begin + 1) if "C:" in lines[begin + 1 :] else None]


@pytest.mark.parametrize("live", [False, True])
def test_a_command_in_a_message_is_text_and_the_toolbar_says_so(shell: StartShell, live: bool) -> None:
    """Whoever asks for help in the middle of a message is told how; what is no command of ours is in peace."""
    terminal = compose(shell)
    if live:
        command(terminal, "data live", "dots are not doubled")
    terminal.type("/inbox")
    terminal.wait_for("in a message this is text; Ctrl-] takes a command")
    terminal.type("es")
    terminal.wait_for(lambda shown: "takes a command" not in bar(shown))


def test_header_is_completed(composing: Terminal) -> None:
    """Names of fields at the start of a line, addresses of the envelope behind those that take some."""
    composing.type("F")
    composing.wait_for("From:  the author: a name and an <address>")
    composing.key("tab")
    composing.wait_for(lambda terminal: terminal.line() == "C: From:")
    composing.wait_for("alice@example.org  in the envelope")
    composing.key("tab", "enter")
    composing.wait_for(lambda terminal: terminal.line() == "C: From: alice@example.org")
    composing.key("enter")
    composing.type("To: b")
    composing.wait_for("bob@example.com  in the envelope")


def test_octets_are_counted_and_dots_show(composing: Terminal) -> None:
    """As SIZE counts them, without what stuffing adds; the dot that will be added is on the screen already."""
    composing.wait_for(lambda terminal: bar(terminal).startswith(f" 0 of {LIMIT}  "))
    composing.type("Subject: x\n\n")
    composing.wait_for(lambda terminal: bar(terminal).startswith(f" 14 of {LIMIT}  "))
    composing.type(".hidden")
    composing.wait_for(lambda terminal: bar(terminal).startswith(f" 23 of {LIMIT}  1 dot doubled  "))
    assert composing.line() == "C: ..hidden"
    assert composing.style_at("..hidden") == "magenta"
    assert composing.cursor()[0] == len("C: ..hidden")
    composing.key("c-a")
    composing.type("a")
    composing.wait_for(lambda terminal: terminal.line() == "C: a.hidden")
    composing.key("backspace", "c-e")
    composing.type("\n.")
    composing.wait_for(lambda terminal: terminal.line() == "C: .")
    composing.type(".")
    composing.wait_for(lambda terminal: terminal.line() == "C: ...")
    composing.key("backspace", "enter")
    composing.wait_for("kept as message 1")
    assert [line for line in composing.history() if line.startswith("C: .")] == ["C: ..hidden", "C: ."]


def test_what_may_be_wrong(composing: Terminal, history: Path) -> None:
    """In the toolbar while one writes, as remarks once it went; a lone dot sends it all the same."""
    composing.type("From: carol@example.net\n")
    composing.wait_for("From is <carol@example.net>, MAIL FROM <alice@example.org>")
    composing.type("Hello Bob\n")
    composing.wait_for('line 2 is no header field: "Hello Bob" (+1)')
    composing.type(".\n")
    composing.wait_for("kept as message 1")
    composing.wait_for_prompt()
    assert said(composing, "C: From: carol@example.net") == [
        "C: From: carol@example.net",
        "C: Hello Bob",
        "C: .",
        '# in the message: line 2 is no header field: "Hello Bob"; a blank line ends the header (RFC 5322',
        "#   §2.2)",
        "# in the message: no Date, no Message-ID; /template adds what is missing (RFC 5322 §3.6)",
        "# in the message: From is <carol@example.net>, MAIL FROM <alice@example.org>; SPF looks at MAIL",
        "#   FROM, readers see From, and DMARC compares the domains (RFC 7208 §2.4)",
        "S: 250 2.0.0 Ok: kept as message 1",
    ]
    assert "carol" not in history.read_text()


def test_template(shell: StartShell) -> None:
    """What a correct message needs, with the cursor behind Subject; where DATA is due it is said."""
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("EHLO client.example.org\nMAIL FROM:<alice@example.org>\nRCPT TO:<bob@example.com>\n/template\n")
    terminal.wait_for(lambda terminal: terminal.line() == "C: Subject:")
    terminal.type("Hello\n\nGood morning.\n.\n")
    terminal.wait_for("kept as message 1")
    terminal.wait_for_prompt()
    lines = said(terminal, "# /template")
    assert re.fullmatch(r"C: Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", lines[5])
    assert re.fullmatch(r"C: Message-ID: <[\d.]+@example\.org>", lines[6])
    del lines[5:7]
    assert lines == [
        "# /template",
        "C: DATA",
        "S: 354 End data with <CR><LF>.<CR><LF>",
        "C: From: alice@example.org",
        "C: To: bob@example.com",
        "C: Subject: Hello",
    ]
    rest = terminal.history()[terminal.history().index("C: Subject: Hello") + 1 :]
    assert rest[:4] == ["C:", "C: Good morning.", "C: .", "S: 250 2.0.0 Ok: kept as message 1"]


def test_template_in_the_middle(shell: StartShell) -> None:
    """What is written stays; text that is not ASCII gets its charset, and nothing is left to remark on."""
    terminal = compose(shell, "MAIL FROM:<alice@example.org> BODY=8BITMIME")
    terminal.type("Subject: x\n\nGr\u00fc\u00dfe\n")
    terminal.wait_for("no From, no Date, no Message-ID (+1)")
    command(terminal, "template", "C: Content-Transfer-Encoding: 8bit")
    terminal.wait_for(lambda terminal: "no From" not in bar(terminal) and "(+" not in bar(terminal))
    terminal.type(".\n")
    terminal.wait_for("kept as message 1")
    assert "# in the message" not in terminal.text()
    assert terminal.history().count("C: Gr\u00fc\u00dfe") == 1


def test_attach(composing: Terminal, tmp_path: Path) -> None:
    """A file goes with the message; what was said is what shows."""
    (tmp_path / "report.txt").write_text("All is well.\n")
    composing.type("Subject: report\n\nSee the file.\n")
    command(composing, "attach report.txt", "# attached report.txt, 13 octets, text/plain; it goes with the message")
    composing.wait_for(lambda terminal: "  1 attached  " in bar(terminal))
    size = int(bar(composing).split()[0])
    composing.type(".\n")
    composing.wait_for("kept as message 1")
    composing.wait_for_prompt()
    lines = composing.history()
    begin = lines.index("C: Subject: report")
    assert lines[begin : lines.index("C: .")] == [
        "C: Subject: report",
        "C: MIME-Version: 1.0",
        'C: Content-Type: multipart/mixed; boundary="=_smtp-repl-1"',
        "C:",
        "C: --=_smtp-repl-1",
        "C: Content-Type: text/plain; charset=us-ascii",
        "C:",
        "C: See the file.",
        "C: --=_smtp-repl-1",
        "C: Content-Type: text/plain",
        "C: Content-Transfer-Encoding: base64",
        'C: Content-Disposition: attachment; filename="report.txt"',
        "C:",
        "C: QWxsIGlzIHdlbGwuCg==",
        "C:",
        "C: --=_smtp-repl-1--",
    ]
    assert size == sum(
        len(line.removeprefix("C:").removeprefix(" ")) + 2 for line in lines[begin : lines.index("C: .")]
    )


def test_ctrl_c_sends_with_what_is_attached(composing: Terminal, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"x")
    composing.type("Subject: x\n\nhi")
    command(composing, "attach x.bin", "# attached x.bin")
    composing.wait_for(lambda terminal: terminal.line() == "C: hi")
    composing.key("c-c")
    composing.wait_for_prompt("# continue, send or drop (c/s/d): ")
    composing.type("s\n")
    composing.wait_for("kept as message 1")
    assert "C: --=_smtp-repl-1--" in composing.history()


@pytest.mark.parametrize(
    ("script", "awaited"),
    [
        ('printf "Subject: \\351\\r\\n\\nhello\\n\\n" > "$1"', "C: hello"),
        ('printf "lost" > "$1"; exit 3', "# error: the editor ended with status 3; the text is as it was"),
    ],
    ids=["octets", "failure"],
)
def test_editor(shell: StartShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, awaited: str) -> None:
    """/edit is the editor's command; octets that are no UTF-8 survive, and a failure changes nothing."""
    editor = tmp_path / "editor"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", f"'{editor}'")
    terminal = compose(shell)
    terminal.type("Subject: first\n\nhello")
    terminal.wait_for("C: hello")
    command(terminal, "edit", awaited)
    terminal.wait_for(lambda terminal: terminal.line() == "C:" if "351" in script else terminal.line() == "C: hello")
    terminal.type("\n.\n")
    terminal.wait_for("kept as message 1")
    subject = 'C"Subject: \\xe9\\r\\n"' if "351" in script else "C: Subject: first"
    assert subject in terminal.history()
    assert "lost" not in terminal.text()


def test_no_editor(shell: StartShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "'unbalanced")
    terminal = compose(shell)
    terminal.key("c-x", "c-e")
    terminal.wait_for("# error: cannot read the name of the editor, 'unbalanced: No closing quotation")
    terminal.wait_for_prompt()


def test_a_large_file_and_ctrl_c(shell: StartShell, raw_server: StartServer, tmp_path: Path) -> None:
    """A bar while it goes; Ctrl-C asks, as often as it is pressed; what is typed meanwhile is no part of it."""
    over = threading.Event()
    offer = b"250-hi\r\n250 SIZE\r\n"
    server = raw_server(
        [
            Send(b"220 hi\r\n"),
            *(Expect(b"EHLO"), Send(offer), Expect(b"MAIL"), Send(b"250 ok\r\n"), Expect(b"RCPT"), Send(b"250 ok\r\n")),
            *(Expect(b"DATA"), Send(b"354 go\r\n"), Await(over)),
        ]
    )
    (tmp_path / "big.eml").write_bytes(b"Subject: big\n\n" + b"0123456789abcdef\n" * 2_000_000)
    terminal = shell(f"target=parse_target('{server.address}')")
    terminal.wait_for("S: 220 hi")
    terminal.type("EHLO x\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\n/send big.eml\n")
    terminal.wait_for(lambda terminal: re.match(r" big\.eml \[#*\.+\] \d+% of 34\.0 MB  ", bar(terminal)) is not None)
    terminal.type("QUIT")
    for answer, awaited in (("g", "(g/d): g"), ("d", "# we closed the connection")):
        terminal.key("c-c")
        terminal.wait_for_prompt("# go on, or drop the connection (g/d): ")
        terminal.type(answer + "\n")
        terminal.wait_for(awaited)
    terminal.wait_for(lambda terminal: terminal.line() == "# not connected: QUIT")
    over.set()
    lines = terminal.history()
    assert "# … (the rest of big.eml is not shown)" in lines
    assert sum(line.startswith("C: 0123") for line in lines) < 20
    assert sum("have gone, and SMTP cannot cancel a message" in line for line in lines) == 2


def test_in_chunks(shell: StartShell, tmp_path: Path) -> None:
    """By BDAT, dots as they are."""
    (tmp_path / "some.eml").write_text("Subject: x\n\n.hi\n")
    terminal = shell("local=True")
    terminal.wait_for("S: 220 ")
    terminal.type("EHLO x\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.com>\n/send some.eml --bdat\n")
    terminal.wait_for("kept as message 1")
    assert said(terminal, "# /send some.eml --bdat")[:3] == [
        "# /send some.eml --bdat",
        "C: BDAT 19 LAST",
        "C: Subject: x",
    ]
    assert "C: .hi" in terminal.history()


def test_typed_ahead_of_the_reply(shell: StartShell, raw_server: StartServer) -> None:
    """What is typed behind the lone dot is the next command, and waits for the reply to the message."""
    now = threading.Event()
    server = raw_server(
        [
            Send(b"220 hi\r\n"),
            *(Expect(b"DATA"), Send(b"354 go\r\n"), Expect(b"Subject"), Expect(b".")),
            *(Await(now), Send(b"250 done\r\n"), Expect(b"NOOP"), Send(b"250 noop\r\n")),
        ]
    )
    terminal = shell(f"target=parse_target('{server.address}')")
    terminal.wait_for("S: 220 hi")
    terminal.type("DATA\n")
    terminal.wait_for("S: 354 go")
    terminal.type("Subject: x\n.\nNOOP\n")
    terminal.wait_for("1 line waits for the reply to the message")
    now.set()
    terminal.wait_for("S: 250 noop")
