"""The watcher on a live conversation: what it is told octet by octet, from either side, and what it must not tell."""

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_repl.teach.pitfalls.happenings import Dialled, Ended, Happening, Printed, Quiet, Secured
from smtp_repl.teach.pitfalls.situation import CLIENT, SERVER, TEXT
from smtp_repl.teach.pitfalls.watcher import Watcher
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.events import Event, Finding

GREETING = b"220 mx.example.com ESMTP\r\n"
EHLO = b"EHLO client.example.org\r\n"
OFFERS = b"250-mx.example.com\r\n250-8BITMIME\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 CHUNKING\r\n"
OK = b"250 2.0.0 Ok\r\n"
MAIL, RCPT = b"MAIL FROM:<alice@example.org>\r\n", b"RCPT TO:<bob@example.com>\r\n"
BEGUN = (("S", GREETING), ("C", EHLO), ("S", OFFERS))
OPEN = (*BEGUN, ("C", MAIL), ("S", OK), ("C", RCPT), ("S", OK))
DATA = (*OPEN, ("C", b"DATA\r\n"), ("S", b"354 Go on\r\n"))
FIELDS = b"From: <alice@example.org>\r\nSubject: Lunch\r\n"

Turn = tuple[str, bytes] | Happening


class Session:
    """A conversation and a watcher beside it."""

    def __init__(self, side: str = CLIENT, *, shows_secrets: bool = False) -> None:
        self.watcher = Watcher(side, shows_secrets=shows_secrets)
        self.conversation = Conversation()
        self.rules: list[str] = []
        self.findings: list[str] = []
        """Those that a person is told beside the pitfalls."""

    def play(self, turns: Iterable[Turn], *, piece: int = 0) -> list[str]:
        for number, turn in enumerate(turns):
            match turn:
                case ("C", bytes(octets)):
                    for cut in pieces(octets, piece):
                        self.watch(self.conversation.client_said(cut), number)
                case ("S", bytes(octets)):
                    for cut in pieces(octets, piece):
                        self.watch(self.conversation.server_said(cut), number)
                case Secured():
                    self.watch([*self.conversation.handshake_done(), turn], number)
                case happening:
                    self.watch([happening], number)
        return self.rules

    def watch(self, happenings: Iterable[Happening | Event], number: int) -> None:
        for happening in happenings:
            found = self.watcher.watch(happening, number)
            self.rules += [one.rule for one in found]
            if isinstance(happening, Finding) and not self.watcher.replaces(happening):
                self.findings.append(happening.rule)


def pieces(octets: bytes, size: int) -> list[bytes]:
    return [octets[at : at + size] for at in range(0, len(octets), size)] if size else [octets]


def far(port: int = 25, *, tls: bool = False) -> Dialled:
    return Dialled("mx.example.com", port, tls, is_loopback=False)


def test_octet_by_octet() -> None:
    """How the octets are cut makes no difference."""
    turns = (
        *DATA,
        ("C", FIELDS + b"Bcc: carol@example.com\r\n\r\n.profile\r\nQUIT\r\n.\r\n"),
        ("S", OK),
        ("C", b"Subject: again\r\n"),
    )
    whole = Session().play(turns)
    assert whole == ["dot-stuff", "command-in-data", "bcc-header", "header-as-command"]
    for size in (1, 2, 7):
        assert Session().play(turns, piece=size) == whole


LENIENT = {
    "no-brackets": ("MAIL FROM:alice@example.org", "Gmail would answer 555 5.5.2"),
    "space-colon": ("MAIL FROM: <alice@example.org>", "a strict server answers 501"),
    "rcpt-first": ("RCPT TO:<bob@example.com>", "a strict server answers 503"),
}


@pytest.mark.parametrize("rule", LENIENT)
def test_accepted_here(rule: str) -> None:
    """What a lenient server takes is told with what a strict one says; a refusal has said it already."""
    line, text = LENIENT[rule]
    for reply, is_silent in ((OK, False), (b"501 5.5.4 No\r\n", True)):
        session = Session()
        session.play((*BEGUN, ("C", line.encode() + b"\r\n")))
        assert session.rules == []
        events = session.conversation.server_said(reply)
        (one,) = [one for event in events for one in session.watcher.watch(event, 9)]
        assert (one.rule, one.where, one.silent) == (rule, 3, is_silent)
        assert (text in one.message) is not is_silent


def test_what_is_replaced() -> None:
    """A header that is typed as a command is not called an unknown command beside it."""
    session = Session()
    assert session.play((*OPEN, ("C", b"Subject: Lunch\r\n"), ("S", b"500 No\r\n"), ("C", b"SUBJEKT\r\n"))) == [
        "header-as-command"
    ]
    assert session.findings == ["unknown-verb"]  # of the second


def test_once_in_a_session() -> None:
    """A client that ends its lines in LF is told so once, and on the next connection once more."""
    lines = (("S", GREETING), ("C", b"NOOP\n"), ("S", OK), ("C", b"NOOP\n"), ("S", OK))
    session = Session()
    assert session.play(lines) == ["bare-lf"]
    session.conversation = Conversation()
    assert session.play((far(), *lines)) == ["bare-lf", "bare-lf"]


def test_once_in_a_message() -> None:
    message = (("C", b"DATA\r\n"), ("S", b"354 Go on\r\n"), ("C", FIELDS + b"\r\n.a\r\n.b\r\n.\r\n"), ("S", OK))
    envelope = (("C", MAIL), ("S", OK), ("C", RCPT), ("S", OK))
    assert Session().play((*BEGUN, *envelope, *message, *envelope, *message)) == ["dot-stuff", "dot-stuff"]


CHUNKS = {
    "too small": (("C", b"BDAT 5 LAST\r\nhello world\r\n"), "bdat-count"),
    "too large": (("C", b"BDAT 13 LAST\r\nhello\r\nQUIT\r\n"), "bdat-count"),
    "waiting": (("C", b"BDAT 99 LAST\r\nhello\r\n"), Quiet(5), "bdat-count"),
    "cut": (("C", b"BDAT 99\r\nhello\r\n"), Ended(), "bdat-count"),
}


@pytest.mark.parametrize("name", CHUNKS)
def test_counts_of_chunks(name: str) -> None:
    """A count that is too small or too large shows in what follows."""
    *turns, rule = CHUNKS[name]
    assert rule in Session().play((*OPEN, *turns))


SERVERS = {
    "R is eaten": ((*BEGUN, Secured(), ("C", EHLO), ("S", OFFERS), ("C", MAIL), ("S", OK), Ended()), ["s_client-R"]),
    "not under TLS": ((*BEGUN, ("C", MAIL), ("S", OK), Ended()), []),
    "after RCPT": ((*OPEN, Ended()), []),
    "text for TLS": (
        (*BEGUN, ("C", b"STARTTLS\r\n"), ("S", b"220 Go on\r\n"), Printed("wrong version number")),
        ["starttls-telnet"],
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_seen_by_a_server(name: str) -> None:
    """What a tool of the client keeps for itself shows to the server only."""
    turns, rules = SERVERS[name]
    assert Session(SERVER).play(turns) == rules
    assert "s_client-R" not in Session(CLIENT).play(turns)


NETWORK = {
    "port 25": ((far(), Printed("connecting to mx.example.com timed out")), ["port25"]),
    "port 587": ((far(587), Printed("connecting to mx.example.com timed out")), []),
    "a reply that is late": ((far(), ("S", GREETING), Printed("timed out")), []),
    "plain on 465": ((far(465), Quiet(5), Quiet(10)), ["plain-on-465"]),
    "TLS on 465": ((far(465, tls=True), Quiet(5)), []),
    "TLS on 587": ((far(587, tls=True), Printed("[SSL: WRONG_VERSION_NUMBER] wrong version number")), ["tls-on-plain"]),
    "not after STARTTLS": ((far(587), *BEGUN, Printed("what the server answered is no TLS")), []),
    "renegotiation, TLS 1.3": (
        (*BEGUN, Secured(), Printed("SSL routines:can_renegotiate:wrong ssl version")),
        ["s_client-R"],
    ),
    "renegotiation": ((*BEGUN, Secured(), Printed("no renegotiation")), ["s_client-R"]),
}


@pytest.mark.parametrize("name", NETWORK)
def test_around(name: str) -> None:
    turns, rules = NETWORK[name]
    assert Session().play(turns) == rules


LOGIN = (
    *BEGUN,
    ("C", b"AUTH LOGIN\r\n"),
    ("S", b"334 VXNlcm5hbWU6\r\n"),
    ("C", b"YWxpY2U=\r\n"),
    ("S", b"334 UGFzc3dvcmQ6\r\n"),
    ("C", b"bm90LWEtc2VjcmV0\r\n"),
)


def test_the_same_error_of_another_key() -> None:
    """K under TLS 1.2 fails with the words of R, in another routine; our own client takes no key for itself."""
    printed = Printed("SSL routines:SSL_key_update:wrong ssl version")
    assert Session(TEXT).play((*BEGUN, Secured(), printed)) == ["s_client-K"]
    assert Session(CLIENT).play((*BEGUN, Secured(), printed)) == []


def test_secrets_are_told_of_where_they_show() -> None:
    """A password on a screen that masks it is in no log; none is ever in a text."""
    done = (*LOGIN, ("S", b"235 2.7.0 Ok\r\n"))
    assert Session().play(done) == []
    assert Session(shows_secrets=True).play(done) == ["secret-in-log"]


def test_user_of_a_distant_server() -> None:
    refused = (*LOGIN, ("S", b"535 5.7.8 No\r\n"))
    assert Session().play((far(587), *refused)) == ["user-short"]
    assert Session().play((Dialled("localhost", 2525, is_loopback=True), *refused)) == []


def test_a_plain_session_with_a_distant_server() -> None:
    """From EHLO to QUIT, with TLS and a login: one remark, on the first message that was taken."""
    plain = b"AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAG5vdC1hLXNlY3JldA==\r\n"
    message = (("C", b"DATA\r\n"), ("S", b"354 Go on\r\n"), ("C", FIELDS + b"\r\n..\r\nHello.\r\n.\r\n"), ("S", OK))
    envelope = (("C", MAIL), ("S", OK), ("C", RCPT), ("S", OK))
    turns = (
        far(587),
        *BEGUN,
        *(("C", b"STARTTLS\r\n"), ("S", b"220 Go on\r\n"), Secured()),
        *(("C", EHLO), ("S", OFFERS), ("C", plain), ("S", b"235 2.7.0 Ok\r\n")),
        *(*envelope, *message, *envelope, *message),
        *(("C", b"QUIT\r\n"), ("S", b"221 Bye\r\n"), Ended()),
    )
    session = Session()
    assert session.play(turns) == ["msg-accepted-lost"]
    assert session.findings == ["capabilities-forgotten"]


HUGE = 1024 * 1024
LONG = {
    "blanks": b"RCPT TO:" + b" " * HUGE,
    "at signs": b"RCPT TO:<" + b"@" * HUGE,
    "quotes": b'RCPT TO:"' + b'\\"' * (HUGE // 2),
    "commas": b"RCPT TO:" + b"a@x," * (HUGE // 4),
    "colons": b":" * HUGE,
    "base64": b"AUTH PLAIN " + b"AA==" * (HUGE // 4),
}


@pytest.mark.parametrize("name", LONG)
def test_long_lines_take_no_time(name: str) -> None:
    """What a stranger says costs no more than its length."""
    watcher, conversation = Watcher(SERVER), Conversation(lint=False)
    for side, octets in BEGUN:
        for event in conversation.client_said(octets) if side == "C" else conversation.server_said(octets):
            watcher.watch(event)
    events = conversation.client_said(LONG[name] + b"\r\n")
    start = time.process_time()
    for event in events:
        watcher.watch(event)
    assert time.process_time() - start < 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("CS"), st.binary(max_size=80))), st.integers(0, 3))
def test_never_raises(turns: list[tuple[str, bytes]], piece: int) -> None:
    """Whatever is said; and the cut makes no difference then either."""
    lines = [(side, octets.replace(b"\0", b"\r\n")) for side, octets in turns]
    Session().play((*DATA, *lines), piece=piece)
    Session().play((*LOGIN, *lines), piece=piece)
