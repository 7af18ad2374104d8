"""Completion: what is proposed where, in which order and in which words."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.term.completion import candidates
from smtp_repl.term.due import verb_proposals, why_not_due
from smtp_repl.term.fuzzy import fits
from smtp_repl.term.parameter_values import VALUES, value_proposals
from smtp_repl.term.suggestions import Candidate, State
from smtp_repl.wire.conversation import Conversation, Envelope
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.states import Phase, legal_verbs
from smtp_repl.wire.verbs import PARAMETERS, value_fits


class Row(NamedTuple):
    name: str
    arguments: str = ""
    kind: str = ""
    help: str = ""


ROWS = (
    Row("help", "[WORD]", "topic", "explain"),
    Row("record", "FILE", "new-file"),
    Row("run", "FILE", "script"),
    Row("send", "FILE", "mail-file"),
    Row("rewind", "N", "step"),
    Row("inbox", "[N]", "message"),
    Row("status"),
    Row("auth", "[MECHANISM] [USER]", "mechanism"),
    Row("timing", "on|off", "words:on|off"),
    Row("connect", "[HOST]", "target"),
)

OFFER = Capabilities.from_reply(
    [
        b"mail.example.com",
        b"SIZE 1000",
        b"8BITMIME",
        b"AUTH LOGIN PLAIN NTLM CRAM-MD5",
        b"STARTTLS",
        b"MAILCOMPRESS",
        b"XCLIENT NAME ADDR",
    ]
)


def files(prefix: str) -> Sequence[str]:
    return [name for name in ("a b.smtp", "a.smtp", "\x1b.smtp") if name.startswith(prefix)]


def state(phase: Phase = Phase.GREETED, capabilities: Capabilities = OFFER, **more: object) -> State:
    plain = State(
        connected=True,
        phase=phase,
        capabilities=capabilities,
        host_names=("client.example.org", "[192.0.2.9]"),
        senders=("Bob@example.org",),
        recipients=("alice@example.com", "carol@example.com"),
        targets=("mail.example.com:25",),
        commands=ROWS,
        files=files,
    )
    return plain._replace(**more)  # type: ignore[arg-type]


def proposed(text: str, where: State) -> list[str]:
    """The whole line after each candidate that is not dimmed."""
    return [text[: one.start] + one.text for one in candidates(text, where) if not one.dimmed]


def dimmed(text: str, where: State) -> dict[str, str]:
    """Dimmed candidates that go on from the text, and their reasons."""
    return {one.text: one.reason for one in candidates(text, where) if one.dimmed and goes_on(text, one)}


def goes_on(text: str, one: Candidate) -> bool:
    """Whether a candidate begins with what was typed, and does not just resemble it."""
    return one.text.lower().startswith(text[one.start :].lower())


def test_what_is_proposed_twice_stands_where_it_stood_first() -> None:
    """A name of ours that was used before, too."""
    where = state(Phase.CONNECTED, host_names=("b.example.org", "a.example.org", "b.example.org"))
    assert proposed("EHLO ", where)[:2] == ["EHLO b.example.org", "EHLO a.example.org"]


RULES: dict[str, tuple[str, State, list[str]]] = {
    "greeting first": ("E", state(Phase.CONNECTED), ["EHLO ", "EXPN "]),
    "offered verb": ("S", state(), ["STARTTLS"]),
    "case as typed": ("s", state(), ["starttls"]),
    "mixed case keeps what was typed": ("sT", state(), ["sTARTTLS"]),
    "verbs with a path begin it": ("MA", state(), ["MAIL FROM:<"]),
    "recipient after sender": ("", state(Phase.MAIL), ["RCPT TO:<"]),
    "data after recipient": ("D", state(Phase.RCPT), ["DATA"]),
    "complete verb": ("QUIT", state(), []),
    "host name": ("EHLO ", state(Phase.CONNECTED), ["EHLO client.example.org", "EHLO [192.0.2.9]"]),
    "host name, begun": ("ehlo c", state(Phase.CONNECTED), ["ehlo client.example.org"]),
    "second host name": ("EHLO x ", state(Phase.CONNECTED), []),
    "path keyword": ("MAIL ", state(), ["MAIL FROM:<"]),
    "path keyword in small letters": ("rcpt t", state(), ["rcpt to:<"]),
    "bracket": ("MAIL FROM:", state(), ["MAIL FROM:<"]),
    "blank before the bracket": ("MAIL FROM: <b", state(), ["MAIL FROM: <Bob@example.org>"]),
    "sender": (
        "MAIL FROM:<",
        state(),
        [
            "MAIL FROM:<Bob@example.org>",
            "MAIL FROM:<alice@example.com>",
            "MAIL FROM:<carol@example.com>",
            "MAIL FROM:<>",
        ],
    ),
    "address keeps its case": ("mail from:<b", state(), ["mail from:<Bob@example.org>"]),
    "recipient": ("RCPT TO:<c", state(Phase.MAIL), ["RCPT TO:<carol@example.com>"]),
    "parameters": (
        "MAIL FROM:<a@b> ",
        state(),
        [
            "MAIL FROM:<a@b> SIZE=",
            "MAIL FROM:<a@b> BODY=8BITMIME",
            "MAIL FROM:<a@b> BODY=7BIT",
            "MAIL FROM:<a@b> AUTH=<>",
            "MAIL FROM:<a@b> AUTH=a@b",
            "MAIL FROM:<a@b> AUTH=",
        ],
    ),
    "parameters right after the bracket": (
        "MAIL FROM:<ä@b>",
        state(capabilities=Capabilities.from_reply([b"x", b"SIZE"])),
        ["MAIL FROM:<ä@b> SIZE="],
    ),
    "bracket in quotes": ('MAIL FROM:<"a>b"@c> SI', state(), ['MAIL FROM:<"a>b"@c> SIZE=']),
    "parameter only once": ("MAIL FROM:<Bob@b> size=1 s", state(), []),
    "parameter in the verb's case": (
        "mail from:<Bob@b> size=1 body=",
        state(),
        ["mail from:<Bob@b> size=1 body=8bitmime", "mail from:<Bob@b> size=1 body=7bit"],
    ),
    "value": ("MAIL FROM:<> BODY=8", state(), ["MAIL FROM:<> BODY=8BITMIME"]),
    "no value for a number": ("MAIL FROM:<> SIZE=", state(), []),
    "mechanisms, the strongest first": ("AUTH ", state(), ["AUTH CRAM-MD5", "AUTH PLAIN", "AUTH LOGIN", "AUTH NTLM"]),
    "mechanism in small letters": ("auth c", state(), ["auth cram-md5"]),
    "no secret": ("AUTH PLAIN ", state(), []),
    "chunk": ("BDAT 10 ", state(Phase.RCPT), ["BDAT 10 LAST"]),
    "chunk without a number": ("BDAT ", state(Phase.RCPT), []),
    "attributes that are offered": ("XCLIENT NAME=x ", state(), ["XCLIENT NAME=x ADDR="]),
    "mailbox": ("VRFY c", state(), ["VRFY carol@example.com"]),
    "unknown verb": ("FOO ", state(), []),
    "verb that is none in ASCII": ("\u017fTARTTLS ", state(), []),
    "step": ("", state(Phase.AUTH), ["*"]),
    "nothing but the star in a step": ("A", state(Phase.AUTH), []),
    "commands are there in a step": ("/st", state(Phase.AUTH), ["/status"]),
    "header": ("s", state(Phase.DATA), ["Subject: ", "Sender: "]),
    "header after headers": (
        "From: x\nFrom: y\nSubject: z\nS",
        state(Phase.DATA),
        ["From: x\nFrom: y\nSubject: z\nSender: "],
    ),
    "body": ("From: x\n\nS", state(Phase.DATA), []),
    "folded line": ("From: x\n S", state(Phase.DATA), []),
    "slash in a message": ("/", state(Phase.DATA), []),
    "recipient in the header": (
        "To: a@example.org, c",
        state(Phase.DATA, envelope=Envelope(b"b@example.org", (b"a@example.org", b"c@example.org"))),
        ["To: a@example.org, c@example.org", "To: a@example.org, carol@example.com"],
    ),
    "sender in the header": (
        "From: b@",
        state(Phase.DATA, senders=(), envelope=Envelope(b"b@example.org")),
        ["From: b@example.org"],
    ),
    "commands": ("/r", state(), ["/record ", "/run ", "/rewind "]),
    "optional argument": ("/h", state(), ["/help"]),
    "command in capitals": ("/STA", state(), ["/status"]),
    "doubled slash": ("//st", state(), []),
    "file with a blank": ("/run a ", state(), ["/run a b.smtp"]),
    "no file that cannot be typed": ("/run ", state(), ["/run a b.smtp", "/run a.smtp"]),
    "words": ("/timing o", state(), ["/timing on", "/timing off"]),
    "second word": ("/timing on ", state(), []),
    "target": ("/connect ", state(), ["/connect mail.example.com:25"]),
    "mechanism that we speak": ("/auth ", state(), ["/auth CRAM-MD5", "/auth PLAIN", "/auth LOGIN"]),
    "topic: what this server offers": (
        "/help M",
        state(),
        ["/help MAILCOMPRESS", "/help MAIL", "/help MTRK", "/help MT-PRIORITY"],
    ),
    "unknown command": ("/foo ", state(), []),
    "not connected": ("E", state(connected=False), []),
    "not connected, nothing typed": ("", state(connected=False, commands=ROWS[:1]), ["/help"]),
    "not connected, command": ("/st", state(connected=False), ["/status"]),
}


@pytest.mark.parametrize(("text", "where", "expected"), RULES.values(), ids=RULES)
def test_proposes(text: str, where: State, expected: list[str]) -> None:
    """In most rows the whole list counts, order included; an empty line is judged by what comes first."""
    found = proposed(text, where)
    assert (found[: len(expected)] if not text else found) == expected


REASONS = {
    "not offered": ("BD", state(Phase.RCPT), {"BDAT ": "not offered by this server"}),
    "not due yet": ("DA", state(), {"DATA": "due after RCPT"}),
    "not due any more": ("AU", state(Phase.RCPT), {"AUTH ": "not while a message is open; RSET drops it"}),
    "before EHLO": ("S", state(Phase.CONNECTED, State().capabilities), {"STARTTLS": "due after EHLO"}),
    "after HELO": ("S", state(capabilities=State().capabilities), {"STARTTLS": "EHLO tells whether it is offered"}),
    "encrypted": ("S", state(tls_active=True), {"STARTTLS": "the connection is encrypted already"}),
    "logged in": ("AU", state(authenticated=True), {"AUTH ": "logged in already"}),
    "no LMTP": ("L", state(Phase.CONNECTED), {"LHLO ": "LHLO is for LMTP"}),
    "LMTP": ("H", state(Phase.CONNECTED, lmtp=True), {"HELO ": "LMTP is greeted with LHLO"}),
    "due after LHLO": ("M", state(Phase.CONNECTED, State().capabilities, lmtp=True), {"MAIL FROM:<": "due after LHLO"}),
    "unwelcome": (
        "E",
        state(Phase.UNWELCOME, State().capabilities),
        dict.fromkeys(["EHLO ", "EXPN ", "ETRN "], "the server refused this session; only QUIT is left"),
    ),
    "over": ("Q", state(Phase.CLOSED), {"QUIT": "the session is over"}),
    "the server's own": ("MAILC", state(), {"MAILCOMPRESS": "offered by this server; not known here"}),
    "parameter": ("MAIL FROM:<> SM", state(), {"SMTPUTF8": "not offered by this server"}),
    "parameter after HELO": (
        "MAIL FROM:<> SI",
        state(capabilities=State().capabilities),
        {"SIZE=": "EHLO tells whether it is offered"},
    ),
    "value": ("MAIL FROM:<> BODY=B", state(), {"BINARYMIME": "not offered by this server"}),
    "mechanism": (
        "AUTH C",
        state(capabilities=Capabilities.from_reply([b"x", b"AUTH PLAIN"])),
        {"CRAM-MD5": "not offered by this server"},
    ),
    "recipient already": (
        "RCPT TO:<al",
        state(Phase.RCPT, envelope=Envelope(b"", (b"alice@example.com",))),
        {"alice@example.com>": "a recipient already"},
    ),
}


@pytest.mark.parametrize(("text", "where", "expected"), REASONS.values(), ids=REASONS)
def test_dims_with_a_reason(text: str, where: State, expected: dict[str, str]) -> None:
    """What is not due or not offered can still be chosen, and says why it is not."""
    assert dimmed(text, where) == expected


def test_dimmed_come_last() -> None:
    found = [one.dimmed for one in candidates("", state())]
    assert found == sorted(found)
    assert True in found


def test_after_ehlo_this_servers_keywords() -> None:
    """The reply to EHLO decides: before it STARTTLS and SIZE are dimmed, after it they are proposed."""
    conversation = Conversation()
    conversation.receive(b"220 mail.example.com\r\n")
    assert proposed("S", State.of(conversation)) == []
    conversation.send(b"EHLO client.example.org\r\n")
    conversation.receive(b"250-mail.example.com\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
    now = State.of(conversation)
    assert proposed("S", now) == ["STARTTLS"]
    assert proposed("MAIL FROM:<a@b> ", now) == ["MAIL FROM:<a@b> SIZE="]
    assert "at most 1000 here" in candidates("MAIL FROM:<a@b> S", now)[0].meaning
    assert proposed("/help S", now._replace(commands=ROWS))[:2] == ["/help SIZE", "/help STARTTLS"]


def test_reads_the_phase_ahead() -> None:
    """While replies are awaited the next command is proposed already."""
    conversation = Conversation()
    conversation.receive(b"220 x\r\n")
    conversation.send(b"EHLO x\r\nMAIL FROM:<>\r\n")
    assert proposed("R", State.of(conversation)) == ["RCPT TO:<", "RSET"]


def test_meaning() -> None:
    """Each candidate says what it is for in one line, from the one place where that is written."""
    assert candidates("QUI", state())[0] == Candidate("QUIT", 0, "say goodbye; the server closes the connection")


def test_mechanism_that_shows_the_password() -> None:
    """On an open connection the menu warns; behind TLS and on loopback it explains."""
    assert "STARTTLS first" in candidates("AUTH P", state())[0].meaning
    assert "STARTTLS first" not in candidates("AUTH P", state(path_is_private=True))[0].meaning


@pytest.mark.parametrize("phase", Phase)
def test_every_verb_has_its_reason(phase: Phase) -> None:
    """In each phase a verb is undimmed exactly when the table lets it be said and it is offered."""
    where = state(phase)
    due = {one.text.split()[0] for one in verb_proposals(where) if not one.reason}
    legal = {verb for verb in legal_verbs(phase) if not why_not_due(verb, where)}
    assert due == legal
    texts = [one.text for one in verb_proposals(where)]
    assert len(texts) == len(set(texts))


DSN = Capabilities.from_reply(
    [b"x", b"DSN", b"SIZE 1000", b"DELIVERBY", b"MT-PRIORITY", b"FUTURERELEASE", b"REQUIRETLS"]
)
SENT = ((987, "the last message"), (1001, "large.eml"))


VALUES_TYPED: dict[str, tuple[str, State, list[str]]] = {
    "sizes that are known": ("MAIL FROM:<> SIZE=", state(message_sizes=lambda: SENT), ["987"]),
    "size with its name": ("MAIL FROM:<> S", state(message_sizes=lambda: SENT), ["SIZE=987", "SIZE="]),
    "size in small letters": ("mail from:<> si", state(message_sizes=lambda: SENT), ["size=987", "size="]),
    "return": ("MAIL FROM:<> RET=", state(capabilities=DSN), ["HDRS", "FULL"]),
    "reports": (
        "RCPT TO:<a@b> NOTIFY=",
        state(Phase.MAIL, DSN),
        ["FAILURE", "FAILURE,DELAY", "SUCCESS,FAILURE", "SUCCESS,FAILURE,DELAY", "NEVER"],
    ),
    "more reports": ("RCPT TO:<a@b> NOTIFY=DELAY,", state(Phase.MAIL, DSN), ["DELAY,FAILURE", "DELAY,SUCCESS"]),
    "never is alone": ("RCPT TO:<a@b> NOTIFY=NEVER,", state(Phase.MAIL, DSN), []),
    "original recipient": ("RCPT TO:<Al+x@b> ORCPT=", state(Phase.MAIL, DSN), ["rfc822;Al+2Bx@b"]),
    "no original recipient in UTF-8": ("RCPT TO:<\u00e4@b> ORCPT=", state(Phase.MAIL, DSN), []),
    "submitter": ("MAIL FROM:<Al=x@b> AUTH=", state(), ["<>", "Al+3Dx@b"]),
    "by": ("MAIL FROM:<> BY=", state(capabilities=DSN), ["120;R", "3600;N"]),
    "priority": ("MAIL FROM:<> MT-PRIORITY=", state(capabilities=DSN), ["4", "0", "-4"]),
    "hold": ("MAIL FROM:<> HOLDFOR=8", state(capabilities=DSN), ["86400"]),
    "chunk of a known size": ("BDAT ", state(Phase.RCPT, message_sizes=lambda: SENT[:1]), ["987 LAST"]),
    "mailbox that was asked about": ("VRFY d", state(asked=("dora@example.com",)), ["dora@example.com"]),
    "script": (
        "/run ",
        state(scripts=lambda: (("first-mail", "one mail"),), files=lambda prefix: ("a.txt", "b.smtp")),
        ["b.smtp", "@first-mail", "a.txt"],
    ),
    "packaged script": (
        "/run @",
        state(scripts=lambda: (("first-mail", "one mail"), ("bounce", "")), files=lambda prefix: ("@odd",)),
        ["@first-mail", "@bounce"],
    ),
    "message": ("/send ", state(files=lambda prefix: ("a.txt", "b.eml")), ["b.eml", "a.txt"]),
    "who logs in": ("/auth PLAIN ", state(users=("tutor",)), ["tutor"]),
    "nothing after the user": ("/auth PLAIN tutor ", state(users=("tutor",)), []),
    "steps, the last first": ("/rewind ", state(steps=lambda: (("1", "EHLO x"), ("2", "RSET"))), ["2", "1"]),
    "inbox": ("/inbox ", state(messages=lambda: (("1", "hello"),)), ["1"]),
    "profile": ("/connect w", state(hosts={"work": "mail.example.com:587"}), ["work"]),
    "commands as topics": ("/help /st", state(), ["/status"]),
    "codes that were heard": ("/help 5", state(codes=("554", "5.7.1")), ["554", "5.7.1"]),
    "registered code": ("/help 251", state(), []),
    "registered code, begun": ("/help 25", state(), ["250", "251", "252", "253"]),
    "enhanced code": ("/help 5.7.2", state(), ["5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26"]),
    "parameter as a topic": ("/help NOT", state(), ["NOTIFY"]),
    "mechanism as a topic": ("/help CRAM", state(), ["CRAM-MD5"]),
}


@pytest.mark.parametrize(("text", "where", "expected"), VALUES_TYPED.values(), ids=VALUES_TYPED)
def test_proposes_values(text: str, where: State, expected: list[str]) -> None:
    """What stands behind a name, a verb or a /command: in full, where the row says so in full."""
    found = [one.text for one in candidates(text, where) if not one.dimmed and goes_on(text, one)]
    assert found[: len(expected)] == expected
    assert expected or not found


MORE_REASONS = {
    "too large": (
        "MAIL FROM:<> SIZE=",
        state(message_sizes=lambda: SENT),
        {"1001": "large.eml has more octets than this server takes (1000)"},
    ),
    "without TLS": ("MAIL FROM:<> REQ", state(capabilities=DSN), {"REQUIRETLS": "only over TLS: STARTTLS first"}),
    "refused mechanism": (
        "AUTH P",
        state(refused={"PLAIN": "refused before: 535 5.7.8"}),
        {"PLAIN": "refused before: 535 5.7.8"},
    ),
    "refused mechanism of /auth": (
        "/auth P",
        state(refused={"PLAIN": "refused before: 504"}),
        {"PLAIN": "refused before: 504"},
    ),
}


@pytest.mark.parametrize(("text", "where", "expected"), MORE_REASONS.values(), ids=MORE_REASONS)
def test_dims_what_would_be_refused(text: str, where: State, expected: dict[str, str]) -> None:
    """What was said so far counts, and so does how it was said."""
    assert dimmed(text, where) == expected


FUZZY = {
    "a part": ("TLS", state(), ["STARTTLS"]),
    "a part in small letters": ("tls", state(), ["starttls"]),
    "letters from the beginning": ("/sts", state(), ["/status"]),
    "behind the exact ones": ("/rec", state(commands=(Row("direct"), *ROWS)), ["/record ", "/direct"]),
    "a parameter": ("MAIL FROM:<> 8M", state(), ["BODY=8BITMIME"]),
    "an address": (
        "RCPT TO:<examp",
        state(Phase.MAIL),
        ["alice@example.com>", "carol@example.com>", "Bob@example.org>"],
    ),
    "one letter is nothing": ("X", state(capabilities=Capabilities.from_reply([b"x"])), []),
    "a whole word": ("DATA", state(Phase.RCPT), []),
}


@pytest.mark.parametrize(("text", "where", "expected"), FUZZY.values(), ids=FUZZY)
def test_fuzzy_after_exact(text: str, where: State, expected: list[str]) -> None:
    """What resembles the typed letters comes behind what begins with them."""
    assert [one.text for one in candidates(text, where) if not one.dimmed] == expected


@pytest.mark.parametrize("text", ["", "M", "MAIL FROM:<a@b> S", "RCPT TO:<exam", "/help ", "/help 5.7", "/re"])
def test_candidates_cost_next_to_nothing(text: str) -> None:
    """They are worked out at each key."""
    where = state(capabilities=DSN, recipients=[f"user{number}@example.com" for number in range(50)])
    times = []
    for _ in range(10):
        began = time.perf_counter()
        candidates(text, where)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.001


def test_values_fit_their_parameters() -> None:
    """What is proposed is well formed."""
    where = state(message_sizes=lambda: SENT)
    names = {parameter.name for parameter in PARAMETERS}
    assert set(VALUES) <= names
    for parameter in PARAMETERS:
        for typed in ("", "FAILURE,", "SUCCESS,DELAY,"):
            for one in value_proposals(parameter, typed, b"a=b+c@example.org", where):
                assert value_fits(parameter, one.text.encode())
                assert one.meaning


WORDS = 'MAIL RCPT EHLO AUTH BDAT FROM: TO: < > " = a@b SIZE /help /run // \n \x1b é \udc80 * . XCLIENT'.split(" ")
TEXTS = st.lists(st.sampled_from([*WORDS, " "]), max_size=8).map("".join) | st.text(max_size=20)


@given(TEXTS, st.sampled_from(Phase), st.booleans())
def test_any_text(text: str, phase: Phase, connected: bool) -> None:
    """Whatever is typed: no error; each candidate goes on from it or resembles it, and is visible throughout."""
    for one in candidates(text, state(phase, connected=connected)):
        typed = text[one.start :]
        assert goes_on(text, one) or fits(typed, one.text)
        assert one.text != typed
        assert one.text.removeprefix(typed).isprintable()
        assert one.dimmed is bool(one.reason)
        assert len(one.meaning) <= 70
