"""Every switch of the practice server, over a socket: what it changes, and that EHLO offers nothing that is refused."""

import base64
import contextlib
import dataclasses
import ssl
import time
from collections.abc import Iterator, Mapping

import pytest

from smtp_repl.net.practice import (
    DEFAULT,
    PracticeThread,
    Profile,
    faults,
    profile_from,
    profile_of,
    profiles,
    with_faults,
    without_faults,
)
from smtp_repl.net.practice.answers import answer
from smtp_repl.net.practice.profiles import FAULTS, PROFILES
from smtp_repl.net.practice.switches import KEYWORDS, SWITCHES
from smtp_repl.wire.errors import UsageError
from tests.net.practice_client import Raw

EHLO = b"EHLO client.example.org"
MAIL = b"MAIL FROM:<a@example.org>"
RCPT = b"RCPT TO:<b@example.com>"
GREETING = "220 practice.example.com ESMTP smtp-repl practice server; nothing is delivered"
LOGIN = b"AUTH PLAIN AHR1dG9yAG5vdC1hLXNlY3JldA=="


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeThread]:
    with PracticeThread() as thread:
        yield thread


def connected(server: PracticeThread, values: Mapping[str, object] | Profile) -> Raw:
    server.behave(values if isinstance(values, Profile) else profile_from(values))
    return Raw(server.host, server.port)


def test_the_table_has_a_row_for_every_attribute() -> None:
    names = [field.name for field in dataclasses.fields(Profile) if field.name not in ("name", "faults", "healthy")]
    assert list(SWITCHES) == names


def test_every_default_is_a_value_that_its_row_takes() -> None:
    for name, switch in SWITCHES.items():
        default = getattr(DEFAULT, name)
        assert switch.read(default) == default, name


@pytest.mark.parametrize("name", [*PROFILES, *FAULTS])
def test_every_profile_and_fault_can_be_made(name: str) -> None:
    profile = profile_of(name)
    assert profile.name == name
    assert profiles()[name]
    assert (name in faults()) == (profile.faults == (name,)) == (name in FAULTS)
    if name != "strict":
        assert dataclasses.replace(profile, name="strict", faults=()) != DEFAULT


# ---------------------------------------------------------------- what a file may say


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({"enforce_sink": True}, "did you mean enforce_sync?"),
        ({"xyz": True}, "there are service, "),
        ({"enforce_sync": 1}, "it takes true or false"),
        ({"max_size": "1000"}, "it takes a number of octets"),
        ({"max_size": True}, "it takes a number of octets"),
        ({"max_size": -1}, "it takes a number of octets"),
        ({"greeting_delay": float("nan")}, "it takes seconds"),
        ({"greeting_delay": 1e9}, "it takes seconds"),
        ({"bare_lf": "maybe"}, "it takes kept, refused, ends"),
        ({"bare_lf": ["kept"]}, "it takes kept, refused, ends"),
        ({"keywords": "SIZE"}, "it takes [PIPELINING, SIZE, "),
        ({"keywords": ["SIZE 1000"]}, "it takes [PIPELINING, SIZE, "),
        ({"mechanisms": ["NTLM"]}, "it takes [PLAIN, LOGIN, CRAM-MD5]"),
        ({"hostname": "a b"}, "it takes a host name"),
        ({"hostname": "a\r\n250 b"}, "it takes a host name"),
        ({"users": ["bob@example.com\r\n"]}, "it takes a list of addresses"),
        ({"users": [""]}, "it takes a list of addresses"),
        ({"users": "bob@example.com"}, "it takes a list of addresses"),
        ({"lists": ["staff"]}, "it takes a table of addresses and their members"),
        ({"accounts": {"a": 1}}, "it takes a table of names and passwords"),
        ({"profile": "strickt"}, "did you mean strict?"),
        ({"profile": 1}, "there are strict, "),
        ({"faults": ["graylisting"]}, "did you mean greylisting?"),
        ({"faults": "greylisting"}, "there are greylisting, "),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(values: Mapping[str, object], hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        profile_from(values)
    assert raised.value.hint.startswith(hint)


def test_names_may_have_hyphens_and_faults_add_up() -> None:
    profile = profile_from({"enforce-sync": True, "faults": ["greylisting", "closing"]}, "lmtp")
    assert (profile.protocol, profile.enforce_sync, profile.greylist, profile.close_after) == ("lmtp", True, True, 4)
    assert profile.faults == ("greylisting", "closing")
    assert with_faults(profile, ["closing", "busy"]).faults == ("greylisting", "closing", "busy")


def test_faults_can_be_taken_off_again() -> None:
    """What they changed is as it was, which may be otherwise than in the strict profile."""
    own = profile_from({"enforce_sync": True, "max_size": 500})
    broken = with_faults(own, ["sync-error", "too-big", "busy"])
    assert (broken.max_size, broken.service) == (300, "busy")
    healed = without_faults(broken, ["too-big", "sync-error"])
    assert (healed.max_size, healed.service, healed.enforce_sync, healed.faults) == (500, "busy", True, ("busy",))
    assert without_faults(healed, ["busy"]) == own
    with pytest.raises(UsageError, match='the fault "closing" is not on') as raised:
        without_faults(healed, ["closing"])
    assert raised.value.hint == "on: busy"


def test_a_password_in_a_profile_is_not_shown() -> None:
    assert "tanstaaf" not in repr(profile_from({"accounts": {"tim": "tanstaaftanstaaf"}}))


def test_behaviour_changes_for_sessions_to_come(server: PracticeThread) -> None:
    with connected(server, {}) as before:
        before.reply()
        with connected(server, {"hostname": "other.example.net"}) as after:
            assert after.reply().startswith("220 other.example.net ")
            assert before.ask(EHLO).startswith("250-practice.example.com\n")
            assert after.ask(EHLO).startswith("250-other.example.net\n")


# ---------------------------------------------------------------- one reply each

ROWS = [
    # switches, what is said before, the command, how the reply begins
    ({"hostname": "mx.example.net"}, [], b"HELO x", "250 mx.example.net"),
    ({"ehlo_name": "localhost"}, [], b"HELO x", "250 localhost"),
    ({"close_after": 2}, [EHLO, MAIL], RCPT, answer("closing")),
    ({"esmtp": False, "keywords": []}, [], EHLO, "500 EHLO is not known here; write HELO client.example.org"),
    ({"esmtp": False, "keywords": []}, [b"HELO x"], MAIL, "250 Ok"),
    ({"keywords": ["SIZE"]}, [EHLO], b"MAIL FROM:a", "501 The address needs < and >; write MAIL FROM:<a@example.org>"),
    ({"keywords": []}, [EHLO], b"VRFY b", "502 VRFY is not implemented here"),
    ({"keywords": []}, [EHLO], b"HELP", "502 HELP is not implemented here"),
    ({"keywords": []}, [EHLO], b"STARTTLS", "502 STARTTLS is not implemented here"),
    ({"keywords": []}, [EHLO], LOGIN, "502 AUTH is not implemented here"),
    ({"keywords": []}, [EHLO, MAIL, RCPT], b"BDAT 0 LAST", "502 BDAT is not implemented here"),
    ({"keywords": []}, [EHLO], MAIL + b" SIZE=1", "555 SIZE needs SIZE, which is not offered here"),
    ({"keywords": []}, [EHLO], MAIL + b" SMTPUTF8", "555 SMTPUTF8 needs SMTPUTF8, which is not offered here"),
    ({"only_under_tls": ["CHUNKING"]}, [EHLO, MAIL, RCPT], b"BDAT 0 LAST", "502 5.5.1 BDAT is not offered here"),
    ({"only_under_tls": ["AUTH"]}, [EHLO], LOGIN, answer("auth-needs-tls")),
    ({"max_size": 100}, [EHLO], MAIL + b" SIZE=101", answer("size-declared", max_size=100)),
    ({"max_size": 100, "size_told": False}, [EHLO], MAIL + b" SIZE=101", answer("sender-ok")),
    ({"syntax": "lenient"}, [EHLO], b"MAIL FROM: a@my_host", answer("sender-ok")),
    ({"syntax": "terse"}, [EHLO], b"MAIL FROM:a@example.org", answer("terse")),
    ({"syntax": "terse"}, [EHLO], b"MAIL FROM: <a@example.org>", answer("terse")),
    ({"mechanisms": ["CRAM-MD5"]}, [EHLO], LOGIN, answer("auth-unknown", mechanisms="CRAM-MD5")),
    ({"mechanisms": ["LOGIN", "PLAIN"]}, [EHLO], b"AUTH CRAM-MD5", answer("auth-unknown", mechanisms="LOGIN or PLAIN")),
    ({"accounts": {"u": "p"}}, [EHLO], b"AUTH PLAIN AHUAcA==", answer("auth-ok")),
    ({"accounts": {"u": "p"}}, [EHLO], LOGIN, answer("auth-ok")),
    ({"auth_required": True}, [EHLO], MAIL, answer("auth-needed", mechanism="PLAIN")),
    ({"auth_required": True}, [EHLO], b"VRFY b", answer("auth-needed", mechanism="PLAIN")),
    ({"auth_required": True}, [EHLO, LOGIN], MAIL, answer("sender-ok")),
    ({"auth_required": True, "only_under_tls": ["AUTH"]}, [EHLO], MAIL, answer("auth-needed-after-tls")),
    ({"tls_required": True}, [EHLO], MAIL, answer("tls-needed")),
    ({"tls_required": True}, [EHLO], LOGIN, answer("tls-needed")),
    ({"tls_required": True}, [EHLO], b"RSET", answer("tls-needed")),
    ({"tls_required": True}, [EHLO], b"NOOP", answer("noop")),
    ({"tls_required": True}, [], MAIL, answer("ehlo-first")),
    ({"tls_down": True}, [EHLO], b"STARTTLS", answer("tls-down")),
    ({"auth_down": True}, [EHLO], LOGIN, answer("auth-down")),
    ({"auth_down": True}, [EHLO], b"AUTH PLAIN AHR1dG9yAHdyb25n", answer("auth-wrong")),
    ({"domains": ["example.com"]}, [EHLO, MAIL], b"RCPT TO:<b@a.example.com>", answer("recipient-ok")),
    (
        {"domains": ["example.com"]},
        [EHLO, MAIL],
        b"RCPT TO:<b@example.org>",
        answer("relay-denied", domains="example.com"),
    ),
    ({"domains": []}, [EHLO, MAIL], RCPT, answer("relay-denied-to-all")),
    ({"domains": []}, [EHLO, LOGIN, MAIL], RCPT, answer("recipient-ok")),
    (
        {"relay": "never", "domains": ["a.test", "b.test"]},
        [EHLO, LOGIN, MAIL],
        RCPT,
        answer("relay-never", domains="a.test and b.test"),
    ),
    ({"relay": "anybody"}, [EHLO, MAIL], b"RCPT TO:<b@far.test>", answer("recipient-ok")),
    ({"magic": False}, [EHLO, MAIL], b"RCPT TO:<nobody@example.com>", answer("recipient-ok")),
    ({"magic": False}, [EHLO, MAIL], b"RCPT TO:<later@magic.example.com>", answer("recipient-ok")),
    ({"users": ["bob@example.com"]}, [EHLO, MAIL], b"RCPT TO:<BOB@Example.com>", answer("recipient-ok")),
    ({"users": ["bob@example.com"]}, [EHLO, MAIL], b"RCPT TO:<postmaster>", answer("recipient-ok")),
    ({"users": ["bob@example.com"]}, [EHLO, MAIL], RCPT, answer("user-unknown")),
    ({"users": ["bob@example.com"]}, [EHLO, MAIL], b"RCPT TO:<full@example.com>", answer("recipient-full")),
    ({"users": ["bob@far.test"]}, [EHLO, MAIL], b"RCPT TO:<bob@far.test>", answer("recipient-ok")),
    ({"users": ["bob@far.test"]}, [EHLO], b"VRFY bob", "250 2.1.5 <bob@far.test>"),
    ({"users": ["bob@far.test"]}, [EHLO], b"VRFY <Bob@far.test>", "250 2.1.5 <bob@far.test>"),
    ({"users": ["bob@far.test"]}, [EHLO], b"VRFY bo", answer("vrfy-nobody")),
    (
        {"users": ["bob@example.com", "bob@example.org"]},
        [EHLO],
        b"VRFY bob",
        "553 5.1.4 User ambiguous: <bob@example.com>, <bob@example.org>",
    ),
    ({"profile": "directory"}, [EHLO], b"EXPN staff@example.com", "250-2.1.5 <alice@example.com>\n250-2.1.5 <bob@"),
    ({"profile": "directory"}, [EHLO], b"EXPN bob", answer("expn-no-list")),
    ({"profile": "directory"}, [EHLO, MAIL], b"RCPT TO:<staff@example.com>", answer("recipient-ok")),
    ({"gone": ["b@example.com"]}, [EHLO, MAIL], RCPT, answer("recipient-ok")),
    ({"greylist": True}, [EHLO, b"MAIL FROM:<g1@example.org>"], RCPT, answer("greylisted")),
    ({"greylist": True}, [EHLO, b"MAIL FROM:<g2@example.org>", RCPT], RCPT, answer("recipient-ok")),
    ({"greylist": True}, [EHLO, b"MAIL FROM:<g3@example.org>"], b"RCPT TO:<nobody@example.com>", "550 5.1.1"),
    ({"mailbox_full": "for-good"}, [EHLO, MAIL], RCPT, answer("mailbox-full")),
    ({"mailbox_full": "for-now"}, [EHLO, MAIL], RCPT, answer("mailbox-full-for-now")),
    ({"protocol": "lmtp"}, [], EHLO, answer("no-smtp", verb="EHLO")),
    ({"protocol": "lmtp"}, [], b"HELO x", answer("no-smtp", verb="HELO")),
    ({"protocol": "lmtp"}, [], MAIL, answer("lhlo-first")),
    ({"protocol": "lmtp"}, [b"LHLO x", MAIL], b"RCPT TO:<full@example.com>", answer("recipient-ok")),
    ({"profile": "dsn"}, [EHLO, MAIL], RCPT + b" NOTIFY=NEVER,SUCCESS", "501 5.5.4 NOTIFY is malformed; "),
    ({"profile": "dsn"}, [EHLO, MAIL + b" RET=FULL ENVID=QQ+2B1"], RCPT + b" NOTIFY=SUCCESS", answer("recipient-ok")),
    ({"profile": "dsn"}, [EHLO], MAIL + b" RET=SOME", "501 5.5.4 RET is malformed; write RET=HDRS"),
    ({"profile": "dsn"}, [EHLO, MAIL], RCPT + b" ORCPT=b@example.com", "501 5.5.4 ORCPT is malformed; "),
    ({"keywords": ["8BITMIME"]}, [EHLO], MAIL + b" BODY=BINARYMIME", "555 BODY needs BINARYMIME"),
    (
        {"keywords": ["8BITMIME", "BINARYMIME", "CHUNKING", "ENHANCEDSTATUSCODES"]},
        [EHLO, MAIL + b" BODY=BINARYMIME", RCPT],
        b"DATA",
        answer("binary-by-bdat"),
    ),
]


@pytest.mark.parametrize(
    ("values", "before", "command", "reply"),
    ROWS,
    ids=[f"{number}-{'-'.join(map(str, row[0]))}-{row[2][:9].decode()}" for number, row in enumerate(ROWS)],
)
def test_replies(
    server: PracticeThread, values: Mapping[str, object], before: list[bytes], command: bytes, reply: str
) -> None:
    with connected(server, values) as client:
        client.reply()
        for line in before:
            client.ask(line)
        said = client.ask(command)
    assert said.startswith(reply)


@pytest.mark.parametrize("name", list(PROFILES))
def test_ehlo_offers_what_there_is_and_nothing_else(server: PracticeThread, name: str) -> None:
    """Each keyword that is offered is honoured, and each that is not is refused."""
    used = {
        "SIZE": MAIL + b" SIZE=1",
        "VRFY": b"VRFY bob",
        "EXPN": b"EXPN staff",
        "STARTTLS": b"STARTTLS now",
        "AUTH": b"AUTH *",
        "8BITMIME": MAIL + b" BODY=8BITMIME",
        "BINARYMIME": MAIL + b" BODY=BINARYMIME",
        "SMTPUTF8": MAIL + b" SMTPUTF8",
        "CHUNKING": b"BDAT x",
        "DSN": MAIL + b" RET=HDRS",
        "HELP": b"HELP",
    }
    profile = profile_of(name)
    profile = dataclasses.replace(profile, implicit_tls=False, tls_required=False, auth_required=False)
    hello = b"LHLO x" if profile.protocol == "lmtp" else b"EHLO x" if profile.esmtp else b"HELO x"
    with connected(server, profile) as client:
        client.reply()
        lines = client.ask(hello).split("\n")[1:]
        offered = {line[4:].split(" ")[0] for line in lines}
        assert offered <= set(KEYWORDS)
        for keyword, command in used.items():
            is_known = client.ask(command)[:3] not in ("502", "555", "538")
            assert is_known == (keyword in offered), keyword
            client.ask(b"RSET")


HOSTILE = [
    b"\0\r\n" * 60,
    b"\xff\xfe\x80 \xc3\r\n",
    b"x" * 200_000 + b"\r\n",
    b"EHLO " + b"x" * 70_000 + b"\r\n",
    b"\n\n\r\r\n.\n.\r\n",
    b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<\xff@example.com>\r\nDATA\r\n\r\n.\r\n",
    b"EHLO x\r\nMAIL FROM:<" + b"a" * 300 + b"@example.org>\r\nRCPT TO:<@,@:b@example.com>\r\nVRFY <\r\nEXPN @\r\n",
    b"LHLO x\r\nMAIL FROM:<a@example.org> SMTPUTF8\r\nRCPT TO:<\xf0\x9f\x92\xa9@" + b"\xe5" * 9 + b">\r\nDATA\r\n.\r\n",
    b"EHLO x\r\nMAIL FROM:<a@example.org> RET=FULL ENVID=+0D+0A\r\n"
    b"RCPT TO:<gone@example.com> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;+0D+0ABcc:+20x\r\nDATA\r\n--a\r\n.\r\n",
    b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<gone@example.com>\r\nBDAT 99999999999999999999\r\n",
    b"LHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<full@example.com>\r\nBDAT 3 LAST\r\n\0\n\r",
    b"EHLO x\r\nAUTH PLAIN\r\n" + b"=" * 20_000 + b"\r\nAUTH LOGIN\r\n\xff\r\n*\r\nAUTH CRAM-MD5\r\nIA==\r\n",
    b"HELO x\r\nHELP \xff\r\nHELP %s{0}\r\nEXPN {0.__class__}\r\nVRFY %n\r\n",
    b"EHLO x\r\nSTARTTLS\r\nGET / HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("octets", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", [name for name in PROFILES if name not in ("submissions",)])
def test_no_profile_is_upset_by_what_a_client_says(server: PracticeThread, name: str, octets: bytes) -> None:
    """It never makes a mistake of its own, every line is a reply, and the next session is as ever."""
    with connected(server, profile_of(name)) as client:
        client.reply()
        client.say(octets)
        client.shutdown()
        with contextlib.suppress(ConnectionError):
            lines = client.rest().decode().split("\r\n")
            assert not [line for line in lines if line.startswith("421 4.3.0")]
            assert all(line[:3].isdigit() for line in lines[:-1])
    with connected(server, {}) as client:
        assert client.reply() == GREETING


# ---------------------------------------------------------------- before the greeting, and instead of it


def greeted(server: PracticeThread, values: Mapping[str, object]) -> str:
    with connected(server, values) as client:
        return client.reply()


def test_greetings(server: PracticeThread) -> None:
    assert greeted(server, {}) == GREETING
    assert greeted(server, {"esmtp": False}).startswith("220 practice.example.com SMTP ")
    assert greeted(server, {"protocol": "lmtp"}).startswith("220 practice.example.com LMTP ")
    assert greeted(server, {"greeting_delay": 0.01}) == GREETING
    assert greeted(server, {"greeting_delay": 0.01, "enforce_sync": True}) == GREETING


def test_whoever_talks_before_the_greeting_is_hung_up_on(server: PracticeThread) -> None:
    """At once: nobody waits for the delay to pass."""
    with connected(server, {"greeting_delay": 3000, "enforce_sync": True}) as client:
        client.say(EHLO + b"\r\n")
        assert client.reply() == answer("sync")
        assert client.rest() == b""


@pytest.mark.parametrize(
    ("service", "said", "got"),
    [
        ("pop3", b"EHLO x\r\nQUIT\r\n", b"+OK POP3 practice server ready\r\n-ERR unknown command\r\n+OK Bye\r\n"),
        ("closed", b"", b""),
        ("busy", b"", b"421 4.3.2 practice.example.com Too busy; try again later\r\n"),
        (
            "unwelcome",
            b"EHLO x\r\nQUIT\r\n",
            b"554 5.7.1 practice.example.com No mail is taken from you\r\n"
            b"503 5.5.1 No mail is taken from you; write QUIT to leave\r\n221 2.0.0 Bye\r\n",
        ),
        ("silent", b"EHLO x\r\nQUIT\r\n", b""),
    ],
)
def test_other_services(server: PracticeThread, service: str, said: bytes, got: bytes) -> None:
    with connected(server, {"service": service}) as client:
        client.say(said)
        assert client.rest() == got


def test_a_web_server_waits_and_then_speaks_http(server: PracticeThread) -> None:
    with connected(server, {"service": "http"}) as client:
        client.say(b"EHLO x\r\n")
        assert client.rest().startswith(b"HTTP/1.1 400 Bad Request\r\n")


# ---------------------------------------------------------------- talking too early


@pytest.mark.parametrize(
    ("keywords", "groups"),
    [
        (["PIPELINING"], [(EHLO + b"\r\nNOOP", "554")]),
        (["PIPELINING"], [(EHLO, "250"), (MAIL + b"\r\n" + RCPT + b"\r\nDATA", "250 250 354"), (b"text\r\n.", "250")]),
        (["PIPELINING"], [(EHLO, "250"), (MAIL + b"\r\n" + RCPT + b"\r\nDATA\r\ntext\r\n.", "250 250 554")]),
        ([], [(EHLO, "250"), (MAIL + b"\r\n" + RCPT, "554")]),
        ([], [(EHLO, "250"), (MAIL, "250"), (RCPT, "250"), (b"DATA", "354"), (b"text\r\n.", "250")]),
        (["PIPELINING"], [(b"HELO x", "250"), (MAIL + b"\r\n" + RCPT, "554")]),
        (["AUTH", "PIPELINING"], [(EHLO, "250"), (b"AUTH LOGIN\r\ndHV0b3I=", "554")]),
        (["AUTH"], [(EHLO, "250"), (b"AUTH LOGIN", "334"), (b"dHV0b3I=\r\nbm90LWEtc2VjcmV0", "554")]),
        (["AUTH"], [(EHLO, "250"), (b"AUTH LOGIN", "334"), (b"dHV0b3I=", "334"), (b"bm90LWEtc2VjcmV0", "235")]),
    ],
)
def test_sync_is_enforced(server: PracticeThread, keywords: list[str], groups: list[tuple[bytes, str]]) -> None:
    """RFC 2920 §3.1: what must end a group ends it, and without PIPELINING everything does."""
    with connected(server, {"enforce_sync": True, "keywords": keywords}) as client:
        client.reply()
        for octets, codes in groups:
            client.say(octets + b"\r\n")
            assert " ".join(client.reply()[:3] for _ in codes.split()) == codes
        if codes.endswith("554"):
            assert client.rest() == b""


# ---------------------------------------------------------------- TLS


def trusting(server: PracticeThread) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=server.ca_pem().decode("ascii"))


@pytest.mark.parametrize(
    ("certificate", "verify_message"),
    [("wrong-name", "match"), ("self-signed", "self-signed"), ("expired", "expired")],
)
def test_certificates_that_a_client_refuses(server: PracticeThread, certificate: str, verify_message: str) -> None:
    with connected(server, {"certificate": certificate}) as client:
        client.reply()
        client.ask(EHLO)
        assert client.ask(b"STARTTLS") == answer("tls-ready")
        with pytest.raises(ssl.SSLCertVerificationError) as raised:
            client.start_tls(trusting(server), "localhost")
    assert verify_message in raised.value.verify_message


@pytest.mark.parametrize("certificate", ["wrong-name", "self-signed", "expired"])
def test_but_whoever_does_not_look_gets_on(server: PracticeThread, certificate: str) -> None:
    with connected(server, {"certificate": certificate, "hostname": "named.example.com"}) as client:
        client.reply()
        client.ask(EHLO)
        client.ask(b"STARTTLS")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.start_tls(context, "localhost")
        assert client.ask(b"NOOP") == answer("noop")


def test_the_certificate_has_the_name_of_the_profile(server: PracticeThread) -> None:
    with connected(server, {"hostname": "named.example.com"}) as client:
        client.reply()
        client.ask(EHLO)
        client.ask(b"STARTTLS")
        client.start_tls(trusting(server), "named.example.com")
        assert client.ask(b"NOOP") == answer("noop")


def test_tls_from_the_first_octet(server: PracticeThread) -> None:
    with connected(server, profile_of("submissions")) as client:
        client.start_tls(trusting(server), "localhost")
        assert client.reply().startswith("220 submission.example.com ")
        assert "STARTTLS" not in client.ask(EHLO)
        assert client.ask(LOGIN) == answer("auth-ok")
        assert client.ask(MAIL) == answer("sender-ok")


def test_submission_is_530_until_tls_and_auth(server: PracticeThread) -> None:
    with connected(server, profile_of("submission")) as client:
        client.reply()
        assert "AUTH" not in client.ask(EHLO)
        assert client.ask(MAIL) == answer("tls-needed")
        client.ask(b"STARTTLS")
        client.start_tls(trusting(server), "localhost")
        assert "250-AUTH PLAIN LOGIN CRAM-MD5" in client.ask(EHLO)
        assert client.ask(MAIL) == answer("auth-needed", mechanism="PLAIN")
        assert client.ask(LOGIN) == answer("auth-ok")
        assert client.ask(MAIL) == answer("sender-ok")
        assert client.ask(b"RCPT TO:<b@far.test>") == answer("recipient-ok")


def test_keywords_that_wait_for_tls(server: PracticeThread) -> None:
    with connected(server, {"only_under_tls": ["SIZE"]}) as client:
        client.reply()
        assert "SIZE" not in client.ask(EHLO)
        client.ask(b"STARTTLS")
        client.start_tls(trusting(server), "localhost")
        assert "250-SIZE 10240000" in client.ask(EHLO)


def test_the_connection_is_cut_where_the_handshake_is_due(server: PracticeThread) -> None:
    with connected(server, {"drop_after_starttls": True}) as client:
        client.reply()
        client.ask(EHLO)
        assert client.ask(b"STARTTLS") == answer("tls-ready")
        assert client.rest() == b""


def test_what_follows_starttls_in_the_clear(server: PracticeThread) -> None:
    """Discarded, refused, or (CVE-2011-0411) obeyed."""
    injected = b"STARTTLS\r\nRSET\r\n"
    for values in ({}, {"after_starttls": "obeyed"}):
        with connected(server, values) as client:
            client.reply()
            client.ask(EHLO)
            client.say(injected)
            assert client.reply() == answer("tls-ready")
            client.start_tls(trusting(server), "localhost")
            if values:
                assert client.reply() == answer("nothing-to-reset")
            assert client.ask(b"NOOP") == answer("noop")
    with connected(server, {"after_starttls": "refused"}) as client:
        client.reply()
        client.ask(EHLO)
        client.say(injected)
        assert client.reply() == answer("tls-not-alone")
        assert client.rest() == b""


# ---------------------------------------------------------------- messages


def send(client: Raw, text: bytes, *recipients: bytes, hello: bytes = EHLO, mail: bytes = MAIL) -> str:
    """Send a message; returns the first reply to it."""
    for line in (hello, mail, *(recipients or (RCPT,))):
        assert client.ask(line)[0] == "2"
    assert client.ask(b"DATA")[:3] == "354"
    client.say(text)
    return client.reply()


SMUGGLED = (
    b"Subject: one\r\n\r\nfirst\n.\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nsecond\r\n.\r\n"
)


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n"])
def test_a_lenient_server_can_be_smuggled_through(server: PracticeThread, end: bytes) -> None:
    before = len(server.inbox.messages)
    with connected(server, profile_of("smuggler")) as client:
        client.reply()
        assert send(client, SMUGGLED.replace(b"\n.\r\n", end, 1)).startswith("250 2.0.0 ")
        assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "354", "250"]
    assert [one.octets for one in server.inbox.messages[before:]] == [
        b"Subject: one\r\n\r\nfirst" + (b"\r\n" if end[:1] == b"\r" else b"\n"),
        b"second\r\n",
    ]


def test_a_server_that_keeps_line_feeds_takes_one_message(server: PracticeThread) -> None:
    before = len(server.inbox.messages)
    with connected(server, {}) as client:
        client.reply()
        assert send(client, SMUGGLED)[:3] == "250"
        assert client.ask(b"NOOP") == answer("noop")
    assert len(server.inbox.messages) == before + 1


@pytest.mark.parametrize("text", [SMUGGLED, b"\n\r\n.\r\n", b"a\nb\r\n.\r\n", b"a\r\n\n.\r\n.\r\n"])
def test_a_server_that_refuses_line_feeds_takes_none(server: PracticeThread, text: bytes) -> None:
    before = len(server.inbox.messages)
    with connected(server, {"bare_lf": "refused"}) as client:
        client.reply()
        assert send(client, text) == answer("bare-lf")
        assert client.ask(b"NOOP") == answer("noop")
        assert send(client, b"a\r\n\r\nb\r\n..\r\n.\r\n").startswith("250 ")
    assert [one.octets for one in server.inbox.messages[before:]] == [b"a\r\n\r\nb\r\n.\r\n"]


def test_the_limit_is_told_after_the_dot(server: PracticeThread) -> None:
    with connected(server, profile_of("too-big")) as client:
        client.reply()
        assert "250-SIZE\n" in client.ask(EHLO)
        assert send(client, b"x" * 400 + b"\r\n.\r\n") == answer("size-exceeded", max_size=300)
        assert send(client, b"x\r\n.\r\n")[:3] == "250"


def test_utf8_in_the_header_needs_smtputf8(server: PracticeThread) -> None:
    text = "Subject: 你好\r\n\r\n你好\r\n.\r\n".encode()
    with connected(server, {"strict_smtputf8": True}) as client:
        client.reply()
        assert send(client, text) == answer("utf8-header")
        assert send(client, text, mail=MAIL + b" SMTPUTF8")[:3] == "250"
        assert send(client, text.decode().encode("gbk"), mail=MAIL + b" SMTPUTF8") == answer("not-utf8-header")
        assert send(client, "Subject: hi\r\n\r\n你好\r\n.\r\n".encode())[:3] == "250"


def test_a_mailbox_in_chinese(server: PracticeThread) -> None:
    """In its own characters or with the xn-- form of its domain; not without SMTPUTF8."""
    with connected(server, {"users": ["用户@例子.cn"]}) as client:
        client.reply()
        client.ask(EHLO)
        client.ask(MAIL + b" SMTPUTF8")
        assert client.ask("RCPT TO:<用户@例子.cn>".encode()) == answer("recipient-ok")
        assert client.ask("RCPT TO:<用户@xn--fsqu00a.cn>".encode()) == answer("recipient-ok")
        assert client.ask("VRFY 用户 SMTPUTF8".encode()) == "250 2.1.5 <用户@例子.cn>"
        client.ask(b"RSET")
        client.ask(MAIL)
        assert client.ask("RCPT TO:<用户@例子.cn>".encode()).startswith("553 5.6.7 ")


def test_a_domain_in_chinese(server: PracticeThread) -> None:
    """A domain that is ours is ours in its xn-- form as well."""
    with connected(server, {"domains": ["例子.cn"]}) as client:
        client.reply()
        client.ask(EHLO)
        client.ask(MAIL)
        assert client.ask(b"RCPT TO:<b@xn--fsqu00a.cn>") == answer("recipient-ok")
        assert client.ask(b"RCPT TO:<b@mail.xn--fsqu00a.cn>") == answer("recipient-ok")
        assert client.ask(RCPT).startswith("554 ")


def test_lmtp_answers_once_for_each_recipient(server: PracticeThread) -> None:
    with connected(server, profile_of("lmtp")) as client:
        client.reply()
        recipients = (RCPT, b"RCPT TO:<full@example.com>", b"RCPT TO:<c@example.com>")
        assert send(client, b"hi\r\n.\r\n", *recipients, hello=b"LHLO x").startswith("250 2.1.5 <b@example.com> Ok")
        assert client.reply() == answer("full-for", recipient="full@example.com")
        assert client.reply().startswith("250 2.1.5 <c@example.com> Ok")
        assert server.inbox.messages[-1].recipients == (b"b@example.com", b"c@example.com")
        client.say(b"\r\n".join((MAIL, *recipients[:2], b"BDAT 1 LAST", b"x")))
        assert [client.reply()[:3] for _ in range(5)] == ["250", "250", "250", "250", "552"]
        assert client.ask(b"NOOP") == answer("noop")


def test_a_message_that_is_never_answered(server: PracticeThread) -> None:
    before = len(server.inbox.messages)
    with connected(server, {"final_reply": False}) as client:
        client.reply()
        for line in (EHLO, MAIL, RCPT, b"DATA"):
            client.ask(line)
        client.say(b"hi\r\n.\r\nNOOP\r\n")
        assert client.reply() == answer("noop")
    assert len(server.inbox.messages) == before + 1


def test_replies_come_late_as_over_a_long_line(server: PracticeThread) -> None:
    """A pipelined group waits once: what came together is answered together."""
    with connected(server, {"reply_delay": 0.2}) as client:
        client.reply()
        client.ask(EHLO)
        begun = time.monotonic()
        client.say((MAIL + b"\r\n") * 50)
        for _ in range(50):
            client.reply()
        assert 0.2 <= time.monotonic() - begun < 5  # one after the other they would take ten seconds


# ---------------------------------------------------------------- reports


def reports(server: PracticeThread, before: int) -> list[bytes]:
    return [one.octets for one in server.inbox.messages if one.number > before and not one.sender]


def test_a_mailbox_that_is_gone_bounces(server: PracticeThread) -> None:
    before = server.inbox.messages[-1].number if server.inbox.messages else 0
    with connected(server, {}) as client:
        client.reply()
        assert send(client, b"Subject: hi\r\n\r\nbody\r\n.\r\n", RCPT, b"RCPT TO:<gone@example.com>")[:3] == "250"
        [bounce] = reports(server, before)
        message = server.inbox.messages[-1]
        assert (message.sender, message.recipients) == (b"", (b"a@example.org",))
        assert b"Final-Recipient: rfc822; gone@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n" in bounce
        assert b"Content-Type: message/rfc822\r\n" in bounce
        assert b"\r\n\r\nbody\r\n" in bounce
        assert b"b@example.com" not in bounce
        # Nobody is told of a report that does not arrive.
        assert send(client, b"hi\r\n.\r\n", b"RCPT TO:<gone@example.com>", mail=b"MAIL FROM:<>")[:3] == "250"
    assert len(reports(server, message.number)) == 1  # the message itself, which is from <> as well


@pytest.mark.parametrize(
    ("mail", "recipient", "has", "lacks"),
    [
        (b"", b"b@example.com> NOTIFY=SUCCESS", [b"Action: delivered", b"Status: 2.1.5"], [b"body", b"Envelope-Id"]),
        (
            b" ENVID=QQ+2B1 RET=FULL",
            b"b@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c+2Bd@example.net",
            [b"Original-Envelope-Id: QQ+1\r\n", b"Original-Recipient: rfc822; c+d@example.net\r\n"],
            [b"body", b"message/rfc822"],
        ),
        (b" RET=HDRS", b"gone@example.com>", [b"Action: failed", b"text/rfc822-headers"], [b"body"]),
        (b" RET=FULL", b"gone@example.com> NOTIFY=FAILURE", [b"Action: failed", b"body"], []),
        (b" ENVID=A+0D+0AX:", b"gone@example.com>", [b"Original-Envelope-Id: A+0D+0AX:\r\n"], []),
    ],
)
def test_reports_say_what_was_asked_for(
    server: PracticeThread, mail: bytes, recipient: bytes, has: list[bytes], lacks: list[bytes]
) -> None:
    before = server.inbox.messages[-1].number if server.inbox.messages else 0
    with connected(server, profile_of("dsn")) as client:
        client.reply()
        assert send(client, b"Subject: hi\r\n\r\nbody\r\n.\r\n", b"RCPT TO:<" + recipient, mail=MAIL + mail)[0] == "2"
    [report] = reports(server, before)
    assert b"multipart/report; report-type=delivery-status" in report
    assert all(text in report for text in has)
    assert not any(text in report for text in lacks)


@pytest.mark.parametrize(
    ("values", "recipient"),
    [
        ({"profile": "dsn"}, b"RCPT TO:<gone@example.com> NOTIFY=NEVER"),
        ({"profile": "dsn"}, b"RCPT TO:<gone@example.com> NOTIFY=SUCCESS"),
        ({"profile": "dsn"}, b"RCPT TO:<b@example.com> NOTIFY=FAILURE,DELAY"),
        ({"reports": False}, b"RCPT TO:<gone@example.com>"),
        ({"magic": False}, b"RCPT TO:<gone@example.com>"),
    ],
)
def test_nothing_is_reported_that_nobody_wants(
    server: PracticeThread, values: Mapping[str, object], recipient: bytes
) -> None:
    before = server.inbox.messages[-1].number if server.inbox.messages else 0
    with connected(server, values) as client:
        client.reply()
        assert send(client, b"hi\r\n.\r\n", recipient)[:3] == "250"
    assert reports(server, before) == []


def test_a_report_about_addresses_beyond_ascii(server: PracticeThread) -> None:
    """RFC 6533: its parts have types of their own."""
    before = server.inbox.messages[-1].number if server.inbox.messages else 0
    with connected(server, {"gone": ["用户@例子.cn"]}) as client:
        client.reply()
        send(client, b"hi\r\n.\r\n", "RCPT TO:<用户@例子.cn>".encode(), mail=MAIL + b" SMTPUTF8")
    [report] = reports(server, before)
    assert "Final-Recipient: utf-8; 用户@例子.cn\r\n".encode() in report
    assert b"message/global-delivery-status" in report


def test_a_boundary_is_never_in_the_message(server: PracticeThread) -> None:
    import email

    with connected(server, {}) as client:
        client.reply()
        number = server.inbox.messages[-1].number + 1 if server.inbox.messages else 1
        send(client, b"--report-on-%d--\r\nreport-on-%d-\r\n.\r\n" % (number, number), b"RCPT TO:<gone@example.com>")
        parts = email.message_from_bytes(server.inbox.messages[-1].octets).get_payload()
    assert [part.get_content_type() for part in parts] == [  # type: ignore[union-attr] # it is a list here
        "text/plain",
        "message/delivery-status",
        "message/rfc822",
    ]


def test_login_with_an_account_of_the_profile_by_cram(server: PracticeThread) -> None:
    import hmac

    with connected(server, {"accounts": {"tim": "tanstaaftanstaaf"}, "mechanisms": ["CRAM-MD5"]}) as client:
        client.reply()
        client.ask(EHLO)
        challenge = base64.b64decode(client.ask(b"AUTH CRAM-MD5")[4:])
        digest = hmac.new(b"tanstaaftanstaaf", challenge, "md5").hexdigest().encode()
        assert client.ask(base64.b64encode(b"tim " + digest)) == answer("auth-ok")
