"""The table of /commands, and the commands that only tell or set."""

from pathlib import Path

import pytest

from smtp_repl.term.commands import COMMANDS, read_command
from smtp_repl.term.requests import Connect, Leave
from smtp_repl.term.typed import is_command, wire_text
from smtp_repl.wire.errors import OutputError, UsageError
from smtp_repl.wire.states import Phase
from tests.term.sitting import FACTS, Sitting


def run(sitting: Sitting, line: str) -> list[str]:
    """Run a command; returns what it showed."""
    before = len(sitting.shown)
    sitting.run(read_command(line).start(sitting.desk))
    return sitting.shown[before:]


@pytest.mark.parametrize(
    ("line", "ours", "sent"),
    [("/x", True, "/x"), ("//x", False, "/x"), ("///x", False, "//x"), (" /x", False, " /x"), ("x", False, "x")],
)
def test_slashes(line: str, ours: bool, sent: str) -> None:
    """A slash at the very start is ours; two are one for the server."""
    assert is_command(line) is ours
    assert wire_text(line) == sent


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/stat", "did you mean /status?"),
        ("/exit", "did you mean /quit?"),
        ("/login", "did you mean /auth?"),
        ("/zzzzzz", "/help lists them"),
        ("/", "/help lists them"),
    ],
)
def test_unknown_commands(line: str, hint: str) -> None:
    """A slip is an error that says what was meant, and how to send the line all the same."""
    with pytest.raises(UsageError, match="nothing sent") as error:
        read_command(line)
    assert error.value.hint.startswith(hint)
    assert error.value.hint.endswith(f"/{line} is sent as {line}")


def test_the_argument_stays_as_typed() -> None:
    """Blanks in /b64 are octets of the secret."""
    assert read_command("/b64  a b ").argument == " a b "


def test_secret_arguments_are_masked() -> None:
    typed = read_command("/b64 hunter22")
    assert typed.shown(show_secrets=False) == "/b64 ••••"
    assert typed.shown(show_secrets=True) == "/b64 hunter22"
    assert read_command("/help AUTH").shown(show_secrets=False) == "/help AUTH"


def test_help_lists_every_command() -> None:
    """One table: what /help shows is what there is; commands of lessons are of use in lessons only."""
    shown = "\n".join(run(Sitting(), "/help"))
    everywhere = [row for row in COMMANDS.values() if not row.in_lessons]
    assert all(f"  {row.usage}" in shown and row.help in shown for row in everywhere)
    assert not any(f"  {row.usage} " in shown for row in COMMANDS.values() if row.in_lessons)


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("RCPT", "verb"),
        ("451", "451 (code)"),
        ("SIZE", "keyword"),
        ("/raw", "/raw "),
        ("5.7.8", "5.7.8"),
        ("quit", "verb"),
    ],
)
def test_help_explains(word: str, what: str) -> None:
    """Verbs, keywords, codes and commands."""
    assert what in "\n".join(run(Sitting(), f"/help {word}"))


def test_help_says_what_is_near() -> None:
    with pytest.raises(UsageError) as error:
        run(Sitting(), "/help STARTLS")
    assert "STARTTLS" in error.value.hint


@pytest.mark.parametrize(
    ("argument", "sent"),
    [
        (r'"NOOP\r\n"', b"NOOP\r\n"),
        (r'"A"*3 "\0\xff"', b"AAA\0\xff"),
        (r"NOOP\n", b"NOOP\n"),
    ],
    ids=["quoted", "repeated", "bare"],
)
def test_raw(argument: str, sent: bytes) -> None:
    """Exactly these octets."""
    sitting = Sitting(b"250 ok\r\n").open()
    run(sitting, f"/raw {argument}")
    assert sitting.sent == sent


@pytest.mark.parametrize("argument", [r'"\q"', '"open', r'"x"*99999999999', ""])
def test_raw_refuses(argument: str) -> None:
    """What is no octets is not guessed at."""
    sitting = Sitting().open()
    if argument:
        with pytest.raises(UsageError):
            run(sitting, f"/raw {argument}")
    assert not sitting.sent


def test_settings() -> None:
    """What can be set is listed, and each setting takes only its values."""
    sitting = Sitting().open()
    assert "# ehlo             (none: [192.0.2.9])" in run(sitting, "/set")
    run(sitting, "/set ehlo client.example.org")
    assert sitting.desk.ehlo_name == "client.example.org"
    run(sitting, "/set secrets show")
    assert sitting.desk.shows_secrets
    run(sitting, "/timing on")
    assert sitting.desk.settings.timing
    run(sitting, "/data live")
    assert sitting.desk.settings.live_data
    for line in ("/set secrets maybe", "/set colour", "/timing x", "/data x", "/tls x", "/connect a b c"):
        with pytest.raises(UsageError):
            run(sitting, line)


def test_starttls_says_ehlo_where_it_is_due() -> None:
    """EHLO, STARTTLS, EHLO again: all three on the screen."""
    sitting = Sitting(b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n", b"250 hi\r\n").open()
    run(sitting, "/starttls")
    assert sitting.sent == b"EHLO [192.0.2.9]\r\nSTARTTLS\r\nEHLO [192.0.2.9]\r\n"
    assert sitting.desk.tls == FACTS
    with pytest.raises(UsageError, match="already"):
        run(sitting, "/starttls")
    assert "# TLS 1.3 TLS_AES_256_GCM_SHA384, certificate verified (mail.example.com)" in run(sitting, "/tls")


def test_starttls_refused() -> None:
    """After a refusal nothing more is said."""
    sitting = Sitting(b"454 not now\r\n").greeted("STARTTLS")
    run(sitting, "/starttls")
    assert sitting.sent == b"STARTTLS\r\n"


def test_quit_asks_where_something_would_be_lost() -> None:
    """A transaction is given up only after a yes; inside AUTH and DATA the word QUIT would be a part of it."""
    sitting = Sitting(b"250 ok\r\n", b"221 bye\r\n", answers=["no", "yes"]).greeted()
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    run(sitting, "/quit")
    assert sitting.desk.is_connected
    run(sitting, "/quit")
    assert not sitting.desk.is_connected
    assert sitting.sent.endswith(b"QUIT\r\n")
    assert sitting.requests[-1] == Leave()


def test_quit_at_a_334_says_nothing() -> None:
    sitting = Sitting(b"334 VXNlcm5hbWU6\r\n", answers=["yes"]).greeted("AUTH LOGIN")
    sitting.say(b"AUTH LOGIN\r\n")
    run(sitting, "/quit")
    assert sitting.sent == b"AUTH LOGIN\r\n"


def test_a_quit_without_an_answer_is_not_repeated() -> None:
    """The second /quit hangs up."""
    sitting = Sitting().greeted()
    sitting.say(b"QUIT\r\n")
    run(sitting, "/quit")
    assert sitting.sent == b"QUIT\r\n"
    assert not sitting.desk.is_connected


def test_connect_goes_back_to_the_last_server() -> None:
    sitting = Sitting().open()
    run(sitting, "/close")
    with pytest.raises(UsageError, match="not connected"):
        run(sitting, "/close")
    run(sitting, "/connect")
    assert isinstance(sitting.requests[-1], Connect)
    assert sitting.desk.phase is Phase.CONNECTED


def test_connect_needs_somewhere_to_go() -> None:
    with pytest.raises(UsageError, match="no server"):
        run(Sitting(), "/connect")


def test_status_of_nothing() -> None:
    assert run(Sitting(), "/status") == ["# server     not connected"]


def test_record_and_save(tmp_path: Path) -> None:
    """A recording holds what was said before, too; an existing file is never written over."""
    sitting = Sitting(b"250 ok\r\n", b"250 fine\r\n").greeted()
    path = tmp_path / "a b.smtp"
    run(sitting, f'/record "{path}"')
    sitting.say(b"NOOP\r\n")
    assert path.read_text().endswith("C: NOOP\nS: 250 ok\n")
    assert "C: EHLO client.example.org\n" in path.read_text()
    run(sitting, "/record off")
    sitting.say(b"NOOP\r\n")
    assert path.read_text().endswith("S: 250 ok\n")
    with pytest.raises(OutputError, match="exists already"):
        run(sitting, f"/save {path}")
    run(sitting, f"/save {tmp_path / 'b.smtp'}")
    assert (tmp_path / "b.smtp").read_text().endswith("S: 250 fine\n")
    assert sitting.desk.scribe.kept


def test_nothing_to_save() -> None:
    with pytest.raises(UsageError, match="nothing was said"):
        run(Sitting().open(), "/save x")


def test_another_connection_is_another_recording(tmp_path: Path) -> None:
    """A script is one session from its greeting on; the next connection begins a new file."""
    sitting = Sitting().open()
    run(sitting, f"/record {tmp_path / 'a.smtp'}")
    run(sitting, "/connect")
    assert (tmp_path / "a-2.smtp").exists()
    assert any("recording goes on in" in line for line in sitting.shown)


def test_inbox_is_the_practice_servers() -> None:
    with pytest.raises(UsageError, match="only the practice server"):
        run(Sitting().open(), "/inbox")


def test_run_needs_a_script() -> None:
    for line in ("/run", "/run x.smtp"):
        with pytest.raises(UsageError):
            run(Sitting().open(), line)


def test_send(tmp_path: Path) -> None:
    """DATA, the 354, then the file with CRLF and its dots doubled; a refused DATA keeps the message back."""
    path = tmp_path / "some message.eml"
    path.write_bytes(b"Subject: x\n\n.dot\n")
    sitting = Sitting(b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 done\r\n").greeted()
    with pytest.raises(UsageError, match="not due"):
        run(sitting, f"/send {path}")
    sitting.say(b"MAIL FROM:<a@example.org>\r\n")
    sitting.say(b"RCPT TO:<b@example.com>\r\n")
    with pytest.raises(UsageError, match="cannot read"):
        run(sitting, "/send nowhere.eml")
    run(sitting, f"/send {path}")
    assert sitting.sent.endswith(b"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\n")
    refused = Sitting(b"250 ok\r\n", b"250 ok\r\n", b"554 no\r\n").greeted()
    refused.say(b"MAIL FROM:<a@example.org>\r\n")
    refused.say(b"RCPT TO:<b@example.com>\r\n")
    run(refused, f"/send {path}")
    assert refused.sent.endswith(b"DATA\r\n")


def test_hex() -> None:
    """Octets below what was said; never those of a step of AUTH."""
    sitting = Sitting(b"250 ok\r\n", b"235 hunter22 is fine\r\n").greeted("AUTH PLAIN")
    run(sitting, "/hex on")
    sitting.say(b"NOOP\r\n")
    assert sitting.shown[-3].startswith("# C  0000  4e 4f 4f 50 0d 0a ")
    assert sitting.shown[-3].endswith(" NOOP␍␊")
    assert sitting.shown[-1].endswith(" 250 ok␍␊")
    sitting.say(b"AUTH PLAIN AGJvYgBodW50ZXIyMg==\r\n")
    assert "hunter22" not in "\n".join(sitting.shown)
    assert "68 75 6e 74" not in "\n".join(sitting.shown)
