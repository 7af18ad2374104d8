"""The practice server over a socket: every reply that it gives, and what it does with messages."""

import smtplib
import subprocess
from collections.abc import Iterator

import pytest

from smtp_repl.net.practice import PracticeOptions, PracticeThread, profile_of
from smtp_repl.net.practice.answers import ANSWERS, answer
from tests.net.practice_client import Raw

EHLO = b"EHLO client.example.org"
MAIL = b"MAIL FROM:<a@example.org>"
RCPT = b"RCPT TO:<b@example.com>"
MAX = 10_240_000


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeThread]:
    with PracticeThread() as thread:
        yield thread


@pytest.fixture
def client(server: PracticeThread) -> Iterator[Raw]:
    with Raw(server.host, server.port) as raw:
        assert raw.reply() == answer("greeting", hostname="practice.example.com", protocol="ESMTP")
        yield raw


REPLIES = [
    # what went before, the command, the reply
    ([], b"HELO client.example.org", "250 practice.example.com"),
    ([], b"NOOP", "250 2.0.0 Ok"),
    ([], b"noop with words", "250 2.0.0 Ok"),
    ([], b"RSET", answer("nothing-to-reset")),
    ([EHLO, MAIL], b"RSET", answer("reset")),
    ([], b"QUIT", "221 2.0.0 Bye"),
    ([EHLO], b"VRFY b@example.com", answer("vrfy")),
    ([EHLO], b"EXPN staff", "502 5.5.1 EXPN is not implemented here"),
    ([EHLO], b"ETRN example.org", "502 5.5.1 ETRN is not implemented here"),
    ([EHLO], b"HELP BDAT", "214 2.0.0 Write BDAT octets [LAST]"),
    (
        [EHLO],
        b"HELP mail",
        "214 2.0.0 Write MAIL FROM:<address>; parameters: SIZE=octets BODY=8BITMIME SMTPUTF8 AUTH=<>",
    ),
    ([EHLO], b"HELP me", answer("help-unknown")),
    # what is no command
    ([], b"", "500 5.5.2 An empty line is no command; write QUIT to leave"),
    ([], b"NOOP\0x", "501 5.5.2 The line holds a control character"),
    ([], b"RPCT TO:<b@example.com>", "500 5.5.1 Unknown command; did you mean RCPT?"),
    ([], b"GET / HTTP/1.1", "500 5.5.1 Unknown command; write HELP for a list"),
    ([EHLO], b".", "500 5.5.1 A lone dot ends a message, and none is open"),
    ([], b"LHLO client.example.org", answer("lhlo")),
    ([EHLO], b"x" * 70_000, answer("line-too-long")),
    ([EHLO], b"NOOP " + b"x" * 600, "500 5.5.2 The line has 607 octets with its end; a server must take 512"),
    # order
    ([], MAIL, answer("ehlo-first")),
    ([], RCPT, answer("ehlo-first")),
    ([], b"DATA", answer("ehlo-first")),
    ([], b"AUTH PLAIN", answer("ehlo-first")),
    ([], b"STARTTLS", answer("ehlo-first")),
    ([b"HELO x"], b"AUTH PLAIN", answer("needs-ehlo", verb="AUTH")),
    ([b"HELO x"], b"BDAT 0 LAST", answer("needs-ehlo", verb="BDAT")),
    ([b"HELO x"], b"STARTTLS", answer("needs-ehlo", verb="STARTTLS")),
    ([EHLO], RCPT, answer("mail-first", verb="RCPT")),
    ([EHLO], b"DATA", answer("mail-first", verb="DATA")),
    ([EHLO], b"BDAT 0 LAST", answer("mail-first", verb="BDAT")),
    ([EHLO, MAIL], MAIL, answer("mail-twice")),
    ([EHLO, b"MAIL FROM:<>"], MAIL, answer("mail-twice")),
    ([EHLO, MAIL], b"DATA", answer("rcpt-first", verb="DATA")),
    ([EHLO, MAIL, b"RCPT TO:<nobody@example.com>"], b"DATA", answer("rcpt-all-refused")),
    ([EHLO, MAIL, EHLO], RCPT, answer("mail-first", verb="RCPT")),
    ([EHLO, MAIL], b"AUTH PLAIN", answer("auth-in-transaction")),
    # how it is written
    ([], b"EHLO", "501 5.5.4 EHLO needs an argument; write EHLO client.example.org"),
    ([EHLO], b"MAIL FROM: <a@example.org>", '501 5.5.4 No blank after "FROM:"; write MAIL FROM:<a@example.org>'),
    ([EHLO], b"MAIL FROM:a@example.org", "501 5.5.4 The address needs < and >; write MAIL FROM:<a@example.org>"),
    ([EHLO], b"MAIL FROM:<a@example.org> FOO=1", "555 5.5.4 MAIL has no parameter FOO"),
    ([EHLO], b"MAIL FROM:<a@example.org> RET=FULL", "555 5.5.4 RET needs DSN, which is not offered here"),
    ([b"HELO x"], b"MAIL FROM:<a@example.org> SIZE=1", "555 5.5.4 Parameters need EHLO, and you said HELO"),
    (
        [EHLO],
        "MAIL FROM:<ü@example.org>".encode(),
        "550 5.6.7 An address beyond ASCII needs SMTPUTF8; add SMTPUTF8 at the end",
    ),
    ([EHLO, MAIL, RCPT], b"DATA now", "501 5.5.4 DATA takes no argument; write DATA alone"),
    ([EHLO, MAIL, RCPT], b"BDAT some", "501 5.5.4 BDAT needs a number of octets; write BDAT 120, or BDAT 120 LAST"),
    # the envelope
    ([EHLO], MAIL, "250 2.1.0 Ok"),
    ([b"HELO x"], MAIL, "250 2.1.0 Ok"),
    ([EHLO], b"MAIL FROM:<>", "250 2.1.0 Ok"),
    ([EHLO], b"MAIL FROM:<a@example.org> SIZE=10240000 BODY=8BITMIME", "250 2.1.0 Ok"),
    ([EHLO], b"MAIL FROM:<a@example.org> SIZE=10240001", answer("size-declared", max_size=MAX)),
    ([EHLO], "MAIL FROM:<ü@example.org> SMTPUTF8".encode(), "250 2.1.0 Ok"),
    ([EHLO, MAIL], RCPT, "250 2.1.5 Ok (kept in /inbox, never delivered)"),
    ([EHLO, MAIL], b"RCPT TO:<x@EXAMPLE.net>", answer("recipient-ok")),
    ([EHLO, MAIL], b"RCPT TO:<x@deep.sub.example.org>", answer("recipient-ok")),
    ([EHLO, MAIL], b"RCPT TO:<postmaster>", answer("recipient-ok")),
    (
        [EHLO, MAIL],
        b"RCPT TO:<x@notexample.com>",
        answer("relay-denied", domains="example.com, example.org and example.net"),
    ),
    (
        [EHLO, MAIL],
        b"RCPT TO:<x@gmail.test>",
        "554 5.7.1 Relay access denied; this practice server takes example.com, example.org and example.net, "
        "or anything after AUTH",
    ),
    ([EHLO, MAIL], b"RCPT TO:<Nobody@example.com>", answer("recipient-unknown")),
    ([EHLO, MAIL], b"RCPT TO:<full@example.org>", answer("recipient-full")),
    ([EHLO, MAIL], b"RCPT TO:<later@one.example.org>", answer("recipient-later")),
    ([EHLO, MAIL, b"RCPT TO:<later@two.example.org>"], b"RCPT TO:<later@two.example.org>", answer("recipient-ok")),
    ([EHLO, MAIL], "RCPT TO:<ü@example.com>".encode(), None),
    ([EHLO, MAIL, RCPT], b"DATA", "354 End data with <CR><LF>.<CR><LF>"),
    # AUTH
    ([EHLO], b"AUTH", "501 5.5.4 AUTH needs an argument; write AUTH PLAIN"),
    ([EHLO], b"AUTH XOAUTH2", answer("auth-unknown", mechanisms="PLAIN, LOGIN or CRAM-MD5")),
    ([EHLO], b"AUTH XOAUTH2 " + b"QUFB" * 1000, answer("auth-unknown", mechanisms="PLAIN, LOGIN or CRAM-MD5")),
    ([EHLO], b"AUTH PLAIN not-base64!", "501 5.5.2 What follows the mechanism is not base64"),
    ([EHLO], b"AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==", "235 2.7.0 Authentication succeeded"),
    ([EHLO], b"auth plain AHR1dG9yAG5vdC1hLXNlY3JldA==", "235 2.7.0 Authentication succeeded"),
    ([EHLO, b"AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA=="], b"AUTH PLAIN", answer("auth-twice")),
    ([EHLO, b"AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA==", MAIL], b"RCPT TO:<x@far.test>", answer("recipient-ok")),
    ([EHLO], b"AUTH PLAIN AHR1dG9yAHdyb25n", "535 5.7.8 Wrong user or password"),
    ([EHLO], b"AUTH PLAIN AG5vYm9keQBub3QtYS1zZWNyZXQ=", "535 5.7.8 Wrong user or password"),
    ([EHLO], b"AUTH PLAIN Ym9iAHR1dG9yAG5vdC1hLXNlY3JldA==", "535 5.7.8 Wrong user or password"),
    ([EHLO], b"AUTH PLAIN =", answer("auth-malformed", mechanism="PLAIN", wanted="NUL user NUL password")),
    ([EHLO], b"AUTH PLAIN", "334 "),
    ([EHLO, b"AUTH PLAIN"], b"AHR1dG9yAG5vdC1hLXNlY3JldA==", "235 2.7.0 Authentication succeeded"),
    ([EHLO, b"AUTH PLAIN"], b"*", "501 5.7.0 Authentication cancelled"),
    ([EHLO], b"AUTH LOGIN", "334 VXNlcm5hbWU6"),
    ([EHLO, b"AUTH LOGIN"], b"dHV0b3I=", "334 UGFzc3dvcmQ6"),
    ([EHLO, b"AUTH LOGIN", b"dHV0b3I="], b"bm90LWEtc2VjcmV0", "235 2.7.0 Authentication succeeded"),
    ([EHLO, b"AUTH LOGIN dHV0b3I="], b"bm90LWEtc2VjcmV0", "235 2.7.0 Authentication succeeded"),
    ([EHLO, b"AUTH LOGIN", b"dHV0b3I="], b"my plain hunter2!", "501 5.5.2 This is not base64; /b64 encodes"),
    ([EHLO, b"AUTH LOGIN"], b"QUFB" * 1000, "334 UGFzc3dvcmQ6"),
    ([EHLO, b"AUTH LOGIN"], b"QUFB" * 4000, answer("auth-line-too-long")),
    ([EHLO, b"AUTH LOGIN"], b"QUFB" * 40000, answer("auth-line-too-long")),
    ([EHLO], b"AUTH CRAM-MD5 dHV0b3I=", answer("auth-initial", mechanism="CRAM-MD5")),
    (
        [EHLO, b"AUTH CRAM-MD5"],
        b"dHV0b3I=",
        answer("auth-malformed", mechanism="CRAM-MD5", wanted="user, blank, digest"),
    ),
    ([EHLO, b"AUTH CRAM-MD5"], b"dHV0b3IgMDAwMA==", "535 5.7.8 Wrong user or password"),
]


@pytest.mark.parametrize(
    ("before", "command", "reply"),
    REPLIES,
    ids=[f"{number}-{row[1][:24].decode('ascii', 'replace')}" for number, row in enumerate(REPLIES)],
)
def test_replies(client: Raw, before: list[bytes], command: bytes, reply: str | None) -> None:
    for line in before:
        client.ask(line)
    said = client.ask(command)
    if reply is None:
        reply = "553 5.6.7 An address beyond ASCII needs SMTPUTF8; write MAIL FROM:<address> SMTPUTF8 first"
    assert said == reply


def test_every_reply_has_an_enhanced_code_that_agrees_with_its_code() -> None:
    """RFC 2034 §4, but for the greeting, EHLO, HELO and 3xx."""
    for name, text in ANSWERS.items():
        if name not in ("greeting", "helo"):
            code, enhanced, _ = text.split(" ", 2)
            assert enhanced.split(".")[0] == code[0], name
            assert len(enhanced.split(".")) == 3, name


def test_ehlo_says_what_there_is(client: Raw) -> None:
    assert client.ask(EHLO).split("\n") == [
        "250-practice.example.com",
        "250-PIPELINING",
        "250-SIZE 10240000",
        "250-VRFY",
        "250-STARTTLS",
        "250-AUTH PLAIN LOGIN CRAM-MD5",
        "250-ENHANCEDSTATUSCODES",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-CHUNKING",
        "250 HELP",
    ]


def test_help_has_several_lines_each_with_its_enhanced_code(client: Raw) -> None:
    lines = client.ask(b"HELP").split("\n")
    assert len(lines) > 2
    assert all(line.startswith(("214-2.0.0 ", "214 2.0.0 ")) for line in lines)
    assert "STARTTLS" in lines[1]


def test_the_example_of_the_rfc_is_kept_as_it_came(client: Raw, server: PracticeThread) -> None:
    for line in (b"HELO relay.example.org", b"MAIL FROM:<bob@example.org>", b"RCPT TO:<alice@example.com>"):
        assert client.ask(line).startswith("250 ")
    assert client.ask(b"RCPT TO:<theboss@example.com>").startswith("250 ")
    assert client.ask(b"DATA").startswith("354 ")
    kept = client.ask(b"Subject: one\r\n two\r\n\r\n..dot\r\nbare\nlf\r\n.\nMAIL FROM:<e@v>\r\n\r.\r\r\n.")
    message = server.inbox.messages[-1]
    assert kept == answer("kept", number=message.number)
    assert message.octets == b"Subject: one\r\n two\r\n\r\n.dot\r\nbare\nlf\r\n\nMAIL FROM:<e@v>\r\n\r.\r\r\n"
    assert message.header(b"subject") == b"one two"
    assert (message.sender, message.recipients) == (b"bob@example.org", (b"alice@example.com", b"theboss@example.com"))
    assert (message.ehlo, message.user, message.tls) == (b"relay.example.org", None, False)
    assert server.inbox.get(message.number) is message
    assert server.inbox.get(10_000) is None
    assert client.ask(RCPT) == answer("mail-first", verb="RCPT")


def test_a_pipelined_group_is_answered_in_order(client: Raw, server: PracticeThread) -> None:
    """RFC 2920: one write, one reply each; a message and the next transaction as well."""
    group = [EHLO, MAIL, b"RCPT TO:<nobody@example.com>", RCPT, b"DATA", b"text\r\n.", b"NOOP", MAIL, b"QUIT"]
    client.say(b"\r\n".join(group) + b"\r\n")
    codes = [client.reply()[:3] for _ in group]
    assert codes == ["250", "250", "550", "250", "354", "250", "250", "250", "221"]
    assert client.rest() == b""
    assert server.inbox.messages[-1].octets == b"text\r\n"


def test_a_bare_line_feed_ends_a_command(client: Raw) -> None:
    """As every server in the field takes it (V005)."""
    client.say(b"EHLO x\nNOOP\n")
    assert client.reply().startswith("250-")
    assert client.reply() == "250 2.0.0 Ok"


def test_a_client_that_closes_its_half_still_gets_its_replies(client: Raw) -> None:
    client.say(b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nQUIT\r\n")
    client.shutdown()
    assert [client.reply()[:3] for _ in range(3)] == ["250", "250", "221"]
    assert client.rest() == b""


def test_a_client_that_vanishes_leaves_no_message(server: PracticeThread) -> None:
    """V016; and the server goes on."""
    before = server.inbox.messages
    with Raw(server.host, server.port) as raw:
        raw.reply()
        for line in (EHLO, MAIL, RCPT, b"DATA"):
            raw.ask(line)
        raw.say(b"half a message\r\n")
        raw.shutdown()
        assert raw.rest() == b""
    assert server.inbox.messages == before


def test_a_message_beyond_the_size_is_drained_and_refused(client: Raw) -> None:
    for line in (EHLO, MAIL, RCPT, b"DATA"):
        client.ask(line)
    client.say((b"x" * 998 + b"\r\n") * 10_250)
    assert client.ask(b".") == answer("size-exceeded", max_size=MAX)
    assert client.ask(b"NOOP") == "250 2.0.0 Ok"


def test_a_text_line_without_end_is_drained_and_refused(client: Raw) -> None:
    for line in (EHLO, MAIL, RCPT, b"DATA"):
        client.ask(line)
    client.say(b"x" * 200_000)
    assert client.ask(b"\r\n.") == answer("text-line-too-long")
    assert client.ask(MAIL) == answer("sender-ok")


def test_chunks_are_put_together(client: Raw, server: PracticeThread) -> None:
    """RFC 3030 §2: no dots, no line ends needed, nothing is a command inside a chunk."""
    for line in (EHLO, MAIL, RCPT):
        client.ask(line)
    client.say(b"BDAT 8\r\n.\r\nQUIT\rBDAT 6\r\n\n\0\xff..\nBDAT 0 LAST\r\n")
    assert client.reply() == answer("chunk", octets=8)
    assert client.reply() == answer("chunk", octets=6)
    assert client.reply().startswith("250 2.0.0 Ok: kept")
    assert server.inbox.messages[-1].octets == b".\r\nQUIT\r\n\0\xff..\n"
    assert client.ask(MAIL) == answer("sender-ok")


def test_once_bdat_has_begun_nothing_but_bdat_goes_on(client: Raw) -> None:
    for line in (EHLO, MAIL, RCPT):
        client.ask(line)
    client.say(b"BDAT 1\r\nx")
    assert client.reply() == answer("chunk", octets=1)
    assert client.ask(b"DATA") == answer("data-after-bdat")
    assert client.ask(RCPT) == answer("rcpt-after-bdat")
    assert client.ask(MAIL) == answer("mail-twice")
    assert client.ask(b"RSET") == answer("reset")
    assert client.ask(MAIL) == answer("sender-ok")


@pytest.mark.parametrize("before", [[], [EHLO], [EHLO, MAIL], [EHLO, MAIL, b"RCPT TO:<nobody@example.com>"]])
def test_a_chunk_that_is_refused_is_swallowed(client: Raw, before: list[bytes]) -> None:
    for line in before:
        client.ask(line)
    client.say(b"BDAT 200000 LAST\r\n" + b"QUIT\r\n" * 33_333 + b"xx")
    assert client.reply()[:3] in ("503", "554")
    assert client.ask(b"NOOP") == "250 2.0.0 Ok"


def test_chunks_beyond_the_size_are_drained_until_rset(client: Raw) -> None:
    for line in (EHLO, MAIL, RCPT):
        client.ask(line)
    client.say(b"BDAT 10240001\r\n" + b"x" * 10_240_001)
    assert client.reply() == answer("size-exceeded", max_size=MAX)
    client.say(b"BDAT 5\r\nQUIT\nBDAT 5 LAST\r\nQUIT\n")
    assert client.reply() == answer("bdat-after-failure")
    assert client.reply() == answer("bdat-after-failure")
    assert client.ask(MAIL) == answer("sender-ok")


def test_fifty_bad_commands_and_the_connection_is_closed(client: Raw) -> None:
    for _ in range(50):
        assert client.ask(b"FOO").startswith("500 ")
    assert client.ask(b"FOO") == answer("too-many-bad-commands")
    assert client.rest() == b""


def test_commands_out_of_order_are_not_bad_commands(client: Raw) -> None:
    for _ in range(60):
        assert client.ask(MAIL).startswith("503 ")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_smtplib_logs_in(server: PracticeThread, mechanism: str) -> None:
    with smtplib.SMTP(server.host, server.port, "client.example.org", timeout=10) as client:
        client.ehlo()
        client.user, client.password = "tutor", "not-a-secret"
        authenticate = getattr(client, "auth_" + mechanism.lower().replace("-", "_"))
        assert client.auth(mechanism, authenticate)[0] == 235
        client.sendmail("a@example.org", ["b@far.test"], b"Subject: hello\r\n\r\nhello\r\n")
    assert server.inbox.messages[-1].user == "tutor"


def test_swaks_sends(server: PracticeThread, swaks: str) -> None:
    """A client that is not ours and not Python's: TLS, then a login, then a message."""
    done = subprocess.run(
        [
            *(swaks, "--server", server.host, "--port", str(server.port), "--tls"),
            *("--ehlo", "client.example.org", "--from", "a@example.org", "--to", "b@example.com"),
            *("--auth", "CRAM-MD5", "--auth-user", "tutor", "--auth-password", "not-a-secret"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "TLS not available" in done.stderr + done.stdout:
        pytest.skip("this swaks has no TLS (Debian: apt-get install libnet-ssleay-perl)")
    if "CRAM-MD5 not available" in done.stderr + done.stdout:
        pytest.skip("this swaks has no CRAM-MD5 (Debian: apt-get install libdigest-hmac-perl)")
    assert done.returncode == 0, done.stdout + done.stderr
    message = server.inbox.messages[-1]
    assert (message.user, message.tls, message.sender) == ("tutor", True, b"a@example.org")


@pytest.mark.parametrize(
    "command",
    [
        b"MAIL FROM: <a@example.org>",
        b"MAIL FROM:a@example.org",
        b"MAIL from:<a@my_host>",
        b"MAIL FROM:<\xc3\xbc@x.org>",
    ],
)
def test_lenient_takes_what_aiosmtpd_takes(command: bytes) -> None:
    with (
        PracticeThread(PracticeOptions(profile=profile_of("lenient"))) as server,
        Raw(server.host, server.port) as client,
    ):
        client.reply()
        client.ask(b"EHLO my_host")
        assert client.ask(command) == "250 2.1.0 Ok"
        assert client.ask(b"RCPT TO: b@example.com") == answer("recipient-ok")
