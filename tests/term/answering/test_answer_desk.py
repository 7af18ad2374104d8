"""The desk of whoever plays the server, in memory: what is shown of a client, and what is due."""

from pathlib import Path

import pytest

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.text import parse
from smtp_repl.term.answering.desk import MESSAGE_LINES, AnswerDesk
from smtp_repl.term.requests import Ask, Drop, Handling, Leave, Say, Tell
from smtp_repl.wire.errors import UsageError

FACTS = TlsFacts("TLS 1.3", "TLS_AES_256_GCM_SHA384", False, trust="server")


class Seat:
    """A desk and all that was shown; `say` is us, `hear` the client."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.desk = AnswerDesk()
        self.shown: list[str] = []
        self.said = b""
        self.left = False
        opened = Opened("", address, 40000, "127.0.0.1", 25, is_loopback=address == "127.0.0.1")
        self._show(self.desk.called(opened))

    def say(self, *lines: str) -> None:
        octets = "".join(f"{line}\r\n" for line in lines).encode()
        self.said += octets
        self._show(self.desk.reply(octets).lines)

    def hear(self, *lines: str) -> list[str]:
        """The client says some lines at once; returns what is shown of it."""
        before = len(self.shown)
        self._show(self.desk.heard("".join(f"{line}\r\n" for line in lines).encode()).lines)
        return self.shown[before:]

    def greeted(self, *keywords: str) -> "Seat":
        self.say("220 mail.example.com ESMTP")
        self.hear("EHLO client.example.org")
        offered = ["mail.example.com", *keywords]
        self.say(*(f"250-{word}" for word in offered[:-1]), f"250 {offered[-1]}")
        return self

    def run(self, handling: Handling, answer: str | None = None) -> list[str]:
        """Do what a handler asks for; returns what is shown meanwhile."""
        before = len(self.shown)
        try:
            request = next(handling)
            while True:
                given = None
                match request:
                    case Say(octets=octets):
                        self.said += octets
                        self._show(self.desk.reply(octets).lines)
                    case Tell(text=text):
                        self.shown += [f"# {line}" for line in text.split("\n")]
                    case Ask():
                        given = answer
                    case Drop():
                        self._show(self.desk.dropped())
                    case Leave():
                        self.left = True
                    case _:
                        raise AssertionError(request)
                request = handling.send(given)
        except StopIteration:
            return self.shown[before:]

    def command(self, line: str, answer: str | None = None) -> list[str]:
        from smtp_repl.term.commands import read_command

        return self.run(read_command(line, self.desk.side).start(self.desk), answer)

    def _show(self, lines: list) -> None:  # type: ignore[type-arg] # of Line
        self.shown += [line.text for line in lines]


def test_a_whole_session_is_a_script() -> None:
    """What is shown can be played again: it parses, with the parts as they were."""
    seat = Seat().greeted("AUTH PLAIN LOGIN")
    seat.hear("AUTH PLAIN AGFsaWNlAGh1bnRlcjIy")
    seat.say("235 2.7.0 ok")
    seat.hear("MAIL FROM:<a@example.org>")
    seat.say("250 2.1.0 Ok")
    seat.hear("QUIT")
    seat.say("221 2.0.0 Bye")
    seat._show(seat.desk.dropped())
    text = "".join(f"{line}\n" for line in seat.shown)
    assert parse(text.encode()).problems == ()
    assert "C~ AUTH PLAIN {auth.plain}\n" in text
    assert "hunter22" not in text
    assert '# the client\'s user name: "alice", password: ••••\n' in text
    assert seat.desk.said_goodbye


@pytest.mark.parametrize(
    ("address", "shown"),
    [("127.0.0.1", '# the client\'s password: "hunter22"'), ("192.0.2.7", "# the client's password: ••••")],
    ids=["this machine", "elsewhere"],
)
def test_passwords_show_on_this_machine_only(address: str, shown: str) -> None:
    """/set secrets show is for clients on loopback; the script line stays a hole."""
    seat = Seat(address).greeted("AUTH LOGIN")
    seat.command("/set secrets show")
    seat.hear("AUTH LOGIN")
    seat.command("/b64 Username:")
    assert seat.said.endswith(b"334 VXNlcm5hbWU6\r\n")
    assert '# the client\'s user name: "alice"' in seat.hear("YWxpY2U=")
    seat.say("334 UGFzc3dvcmQ6")
    lines = seat.hear("aHVudGVyMjI=")
    assert shown in lines
    assert "C~ {auth.pass}" in lines


def test_pipelined_commands_are_counted_and_named() -> None:
    """Several commands at once: how many, in which order, and which one is next."""
    seat = Seat().greeted("PIPELINING")
    lines = seat.hear("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.com>", "DATA")
    assert lines[-1] == "# 3 await an answer, in this order: MAIL RCPT DATA"
    seat.say("250 2.1.0 Ok")
    assert seat.shown[-1] == "# next: RCPT TO:<b@example.com> (2 await an answer)"
    seat.say("550 5.1.1 No such user here")
    assert seat.shown[-1] == "# next: DATA"
    assert seat.desk.due.said == "DATA"


def test_pipelining_without_offer() -> None:
    """What a client does wrong is remarked on."""
    seat = Seat().greeted("8BITMIME")
    lines = seat.hear("MAIL FROM:<a@example.org>", "RCPT TO: <b@example.com>")
    assert any("PIPELINING is not offered" in line for line in lines)
    assert any("RFC 5321 §4.1.2" in line for line in lines)


def test_out_of_order_has_its_answer() -> None:
    seat = Seat().greeted("8BITMIME")
    lines = seat.hear("DATA")
    assert lines[1].startswith("# DATA is not due here: 503 5.5.1 is the answer; MAIL, then RCPT come first")
    assert seat.desk.due.findings[0].rule == "out-of-order"


def test_findings_go_with_their_command() -> None:
    """What is wrong with the second of two commands is not said of the first."""
    seat = Seat().greeted("PIPELINING")
    seat.hear("MAIL FROM:<a@example.org>", "RCPT TO: <b@example.com>")
    assert not seat.desk.due.findings
    seat.say("250 Ok")
    assert [found.rule for found in seat.desk.due.findings] == ["blank-after-colon"]


def test_bare_line_feeds_show() -> None:
    seat = Seat().greeted("8BITMIME")
    seat._show(seat.desk.heard(b"NOOP\n").lines)
    told = "# Lines end in LF instead of CRLF. Send CRLF (nc -C, openssl s_client -crlf). (RFC 5321 §2.3.8)"
    assert seat.shown[-2:] == ['C"NOOP\\n"', told]
    seat.desk.settings.explain = False
    seat._show(seat.desk.heard(b"NOOP\n").lines)
    assert "# the line ends with LF alone, not CRLF (RFC 5321 §2.3.8)" in seat.shown[-3:]


def in_data() -> Seat:
    seat = Seat().greeted("CHUNKING")
    for line, reply in (("MAIL FROM:<a@example.org>", "250 Ok"), ("RCPT TO:<b@example.com>", "250 Ok")):
        seat.hear(line)
        seat.say(reply)
    return seat


def test_the_message_is_shown_as_it_comes() -> None:
    """Its lines as they stand on the wire, and its end is noted."""
    seat = in_data()
    seat.hear("DATA")
    seat.say("354 go on")
    assert seat.hear("From: <a@example.org>", "Date: now", "") == ["C: From: <a@example.org>", "C: Date: now", "C:"]
    assert not seat.desk.is_answerable
    assert seat.hear("..dot", ".") == ["C: ..dot", "C: .", "# the message ends here: 42 octets in 4 lines"]
    assert seat.desk.due.said == "."


def test_chunks_are_counted() -> None:
    """BDAT: no answer is due before the whole chunk is there."""
    seat = in_data()
    seat.hear("BDAT 6 LAST")
    assert not seat.desk.is_answerable
    *lines, pitfall = seat.hear("abcd")
    assert lines == ["C: abcd", "# the last chunk has come: 6 octets"]
    assert pitfall.startswith("# No From or no Date field.")
    assert seat.desk.is_answerable


def test_a_long_message_is_cut_short(tmp_path: Path) -> None:
    """On the screen a long message is its beginning and its end; a recording has it all."""
    seat = in_data()
    seat.desk.scribe.record(tmp_path / "rec.smtp")
    seat.hear("DATA")
    seat.say("354 go on")
    shown: list[str] = []
    for number in range(MESSAGE_LINES + 50):
        shown += seat.hear(f"line {number}")
    shown += seat.hear("last", ".", "QUIT")
    assert shown[MESSAGE_LINES] == f"# of a long message {MESSAGE_LINES} lines are shown; a recording has them all"
    assert shown[MESSAGE_LINES + 1 : MESSAGE_LINES + 3] == ["C: .", "C: QUIT"]
    seat.desk.scribe.stop()
    recorded = (tmp_path / "rec.smtp").read_text()
    assert f"C: line {MESSAGE_LINES + 49}\nC: last\nC: .\nC: QUIT\n" in recorded
    seat.say("250 Ok")
    seat.hear("MAIL FROM:<a@example.org>")
    assert seat.shown[-1] != "C: QUIT"


def test_half_a_reply() -> None:
    """Octets that are no whole reply are told, and shown when it is complete."""
    seat = Seat()
    seat.command('/raw "220-mail\\r\\n"')
    assert seat.shown[-1] == "# sent; of this reply 10 octets are said, and it is not complete"
    seat.say("220 welcome")
    assert seat.shown[-2:] == ["S: 220-mail", "S: 220 welcome"]


def test_nobody_asked() -> None:
    """A reply that answers nothing stands under its remark."""
    seat = Seat().greeted("8BITMIME")
    seat.say("421 4.3.2 closing")
    assert seat.shown[-2:] == ["# unsolicited", "S: 421 4.3.2 closing"]


@pytest.mark.parametrize(
    ("heard", "how"),
    [
        ([], "# the client closed the connection without QUIT"),
        (["MAIL FROM:<a@example.org>"], "# the client closed the connection while MAIL awaited an answer"),
    ],
    ids=["silent", "in the middle"],
)
def test_how_a_client_left(heard: list[str], how: str) -> None:
    seat = Seat().greeted("8BITMIME")
    seat.hear(*heard)
    seat._show(seat.desk.gone().lines)
    assert seat.shown[-1] == how
    assert not seat.desk.is_connected


def test_tls_at_a_plaintext_port() -> None:
    """A client that begins with TLS is recognised."""
    seat = Seat()
    seat._show(seat.desk.heard(b"\x16\x03\x01\x02\x00\x01").lines)
    assert seat.shown[-1] == "# the client begins with TLS, and this server does not: start it with --tls"


def test_after_tls_the_session_begins_anew() -> None:
    seat = Seat().greeted("STARTTLS")
    seat.hear("STARTTLS")
    seat.say("220 2.0.0 go ahead")
    seat._show(seat.desk.secured(FACTS).lines)
    assert seat.shown[-1] == "# TLS 1.3 TLS_AES_256_GCM_SHA384"
    assert seat.desk.ehlo == ""
    assert seat.desk.due.tls_active
    assert any("say EHLO again" in line for line in seat.hear("MAIL FROM:<a@example.org>"))


def test_reply_lists_and_says() -> None:
    """/reply: the proposals with what they mean; /reply N says one."""
    seat = Seat()
    lines = seat.command("/reply")
    assert lines[:2] == ["# to greeting:", "#    1  220 mail.example.com ESMTP: welcome; EHLO follows"]
    seat.command("/reply 1")
    assert seat.said == b"220 mail.example.com ESMTP\r\n"
    seat.hear("EHLO x")
    seat.command("/reply 1")
    assert seat.said.endswith(b"\r\n250 STARTTLS\r\n")
    with pytest.raises(UsageError, match="no proposal"):
        seat.command("/reply 99")


def test_status_and_tls() -> None:
    """/status and /tls tell of the client."""
    seat = Seat().greeted("SIZE 1000")
    seat.hear("MAIL FROM:<a@example.org>")
    lines = seat.command("/status")
    assert "# client     127.0.0.1:40000, which calls itself client.example.org" in lines
    assert "# awaiting   MAIL" in lines
    assert seat.command("/tls")[0].startswith("# not encrypted")


def test_commands_of_the_client_are_none_of_ours() -> None:
    """/auth, /starttls and their like are the client's; /help lists ours only."""
    seat = Seat()
    with pytest.raises(UsageError, match="no command"):
        seat.command("/starttls")
    assert not any("/inbox" in line for line in seat.command("/help"))
    assert any("/reply" in line for line in seat.command("/help"))


@pytest.mark.parametrize(("answer", "leaves"), [("yes", True), (None, False)])
def test_quit_asks_in_the_middle_of_a_mail(answer: str | None, leaves: bool) -> None:
    seat = in_data()
    seat.command("/quit", answer)
    assert seat.left is leaves
    assert seat.said.endswith(b"421 4.3.2 mail.example.com closes\r\n") is leaves


def test_a_recording_for_each_client(tmp_path: Path) -> None:
    """The next client's session is a file of its own."""
    seat = Seat()
    seat.desk.scribe.record(tmp_path / "rec.smtp")
    seat.say("220 one")
    seat._show(seat.desk.gone().lines)
    seat._show(seat.desk.called(Opened("", "127.0.0.1", 40001, "127.0.0.1", 25, is_loopback=True)))
    seat.say("220 two")
    seat.desk.scribe.stop()
    assert "S: 220 one\n" in (tmp_path / "rec.smtp").read_text()
    assert "S: 220 two\n" in (tmp_path / "rec-2.smtp").read_text()
    assert "one" not in (tmp_path / "rec-2.smtp").read_text()


def test_save_afterwards(tmp_path: Path) -> None:
    """/save writes the session of the last client, and says how to play it."""
    seat = Seat().greeted("SIZE 1000")
    lines = seat.command(f"/save {tmp_path / 'a.smtp'}")
    assert lines == [
        f"# saved; play it again: smtp-repl run {tmp_path / 'a.smtp'} --server HOST:PORT,"
        f" or smtp-repl mock {tmp_path / 'a.smtp'}"
    ]
    saved = (tmp_path / "a.smtp").read_text().splitlines()
    assert saved[-5:] == [
        *("S: 220 mail.example.com ESMTP", "C: EHLO client.example.org", "S: 250-mail.example.com", "S: 250 SIZE 1000"),
        "# @caps SIZE=1000",
    ]


def test_pitfalls_of_the_client() -> None:
    """What a client does wrong is told to whoever is its server; what our own replies mean is known to them."""
    seat = Seat().greeted("8BITMIME")
    assert any(line.startswith("# A header field typed as a command.") for line in seat.hear("Subject: x"))
    before = len(seat.shown)
    seat.say("250 2.1.0 Ok")
    seat.hear("MAIL FROM:a@example.org")
    seat.say("530 5.7.0 Authentication required")
    told = [line for line in seat.shown[before:] if line.startswith("# ")]
    assert told == ["# The address needs < and >; write MAIL FROM:<a@example.org> (RFC 5321 §4.1.2)"]


def test_text_where_a_handshake_is_due() -> None:
    """A client that cannot switch to TLS goes on in plain text."""
    seat = Seat().greeted("STARTTLS")
    seat.hear("STARTTLS")
    seat.say("220 2.0.0 Go on")
    (line,) = seat.desk.printed("wrong version number")
    assert line.text.startswith("# STARTTLS typed where TLS cannot follow.")
