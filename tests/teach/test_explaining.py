"""Explanations: what answers is the most particular look-up that has something to say, and it says so."""

import subprocess
import sys
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.knowledge.entries import entries_of
from smtp_repl.knowledge.rows import groups_of, rows_of
from smtp_repl.script.patterns import read_pattern
from smtp_repl.teach.explaining import Circumstances, Explanation, explain, explain_reply, suggest
from smtp_repl.wire import language
from smtp_repl.wire.replies import Reply, ReplyReader

GMAIL = Circumstances(host="smtp.gmail.com")
POSTFIX = Circumstances(banner="mail.example.com ESMTP Postfix")


def reply(text: str) -> Reply:
    """The one reply that these lines are."""
    [one] = ReplyReader().feed("".join(f"{line}\r\n" for line in text.splitlines()).encode())
    return one


def explained(text: str, said: str = "", host: str = "", banner: str = "") -> Explanation:
    return explain_reply(reply(text), Circumstances(host, banner, said))


# ---------------------------------------------------------------- the order of the look-ups

ORDER = [
    # the reply, what it answers, who was dialled, the greeting: which look-up answers
    ("555 5.5.2 Syntax error, goodbye", "MAIL", "gmail-smtp-in.l.google.com", "", "a text of Gmail"),
    ("555 5.5.2 Syntax error, goodbye - gsmtp", "MAIL", "", "", "a text of Gmail"),
    ("555 5.5.2 Syntax error, goodbye", "MAIL", "", "mx.google.com ESMTP x - gsmtp", "a text of Gmail"),
    ("555 5.5.2 Syntax error, goodbye", "MAIL", "", "", "enhanced code 5.5.2"),
    ("555 5.5.2 Syntax error, goodbye", "MAIL", "gmail.com.example.org", "", "enhanced code 5.5.2"),
    ("503 5.5.1 Error: need RCPT command", "DATA", "", "mail.example.com ESMTP Postfix", "a text of Postfix"),
    ("503 5.5.1 Error: need RCPT command", "DATA", "", "", "enhanced code 5.5.1"),
    ("554 5.7.1 <bob@example.com>: Relay access denied", "RCPT", "", "", "a text of Postfix"),
    ("550 5.7.1 No", "RCPT", "", "", "5.7.1 as the answer to RCPT"),
    ("550 5.7.1 No", "rcpt", "", "", "5.7.1 as the answer to RCPT"),
    ("550 5.7.1 No", ".", "", "", "5.7.1 after the message"),
    ("550 5.7.1 No", "", "", "", "enhanced code 5.7.1"),
    ("550 5.7.26 No", "RCPT", "", "", "enhanced code 5.7.26"),
    ("550 5.7.999 No", "RCPT", "", "", "class and subject of 5.7.999"),
    ("550 5.7.0 No", "RCPT", "", "", "550 as the answer to RCPT"),
    ("550 5.7.0 No", "", "", "", "enhanced code 5.7.0"),
    ("421 4.7.0 No", "", "", "", "reply code 421"),
    ("550 5.0.0 No", "", "", "", "reply code 550"),
    ("550 No", "RCPT", "", "", "550 as the answer to RCPT"),
    ("554 No", "greeting", "", "", "554 as the greeting"),
    ("550 No", "", "", "", "reply code 550"),
    ("550 No", "FOO", "", "", "reply code 550"),
    ("559 No", "RCPT", "", "", "the first digit"),
    ("599 5.9.9 No", "RCPT", "", "", "the first digit"),
    ("199 Hm", "", "", "", "the first digit"),
    ("250 2.1.5 Fine", "RCPT", "", "", "2.1.5 as the answer to RCPT"),
    ("252 2.1.5 Perhaps", "VRFY", "", "", "252 as the answer to VRFY"),
    ("250 2.1.1 Fine", "", "", "", "reply code 250"),
    ("250 2.0.0 Fine", "RSET", "", "", "250 as the answer to RSET"),
    ("235 2.7.0 Fine", "AUTH step", "", "", "2.7.0 as the answer to AUTH"),
    ("250 Fine", "HELO", "", "", "250 as the answer to HELO"),
    ("504 No", "HELO", "", "", "504 as the answer to EHLO"),
    ("250 Fine", "LHLO", "", "", "250 as the answer to EHLO"),
    ("550 No", "BDAT LAST", "", "", "550 after the message"),
]


@pytest.mark.parametrize(
    ("text", "said", "host", "banner", "source"), ORDER, ids=[f"{n} {row[0]}" for n, row in enumerate(ORDER)]
)
def test_which_look_up_answers(text: str, said: str, host: str, banner: str, source: str) -> None:
    """From the particular to the general, each only where it can be told."""
    assert explained(text, said, host, banner).source == source


def test_a_text_needs_its_speaker() -> None:
    """What anybody might say is a provider's only when somebody is known to be the provider."""
    text = "550 SPF is a good idea"
    assert explain_reply(reply(text)).kind == "code"
    assert explained("550 5.7.26 SPF", host="gmail.com").kind == "provider"


def test_several_lines_are_one_text() -> None:
    """A text that is broken over lines, each with its codes, is found whole."""
    broken = "552-5.7.0 This message was blocked because its content\n552 5.7.0 presents a potential security issue."
    assert explained(broken, ".").source == "a text of Gmail"


def test_what_else_the_codes_say() -> None:
    """Below a text stand the codes by themselves, for whoever wants to know more."""
    words = [line.partition(":")[0] for line in explained("454 4.7.1 <a@b.example>: Relay access denied", "RCPT").more]
    assert words == ["4.7.1", "454"]


WORDINGS = [
    ("550 No such user here", "RCPT", "5.1.1"),
    ("550 No such user here", "", "5.1.1"),
    ("452 Mailbox is full", ".", "4.2.2"),
    ("550 We do not relay", "RCPT", "5.7.1"),
    ("550 We do not relay", "", "5.7.1"),
    ("552 Message too large", "MAIL", "5.3.4"),
    ("550 5.7.0 DMARC says no", ".", "5.7.26"),
    ("554 This is spam", ".", "5.7.1"),
    ("550 5.1.1 We do not relay", "RCPT", ""),  # the code is there, and is believed
    ("550 We do not relay", "MAIL", "5.7.1"),
    ("550 Sounds like spam", "RCPT", "5.7.1"),
    ("250 No such user is too odd for us", "RCPT", ""),
    ("550 No", "RCPT", ""),
]


@pytest.mark.parametrize(("text", "said", "meant"), WORDINGS, ids=[f"{n} {row[0]}" for n, row in enumerate(WORDINGS)])
def test_common_wordings(text: str, said: str, meant: str) -> None:
    """Where the enhanced code is missing, words that many servers use stand for it."""
    explanation = explained(text, said)
    assert explanation.source.removeprefix("a common wording of ") == meant or not meant
    assert explanation.source.startswith("a common wording of ") == bool(meant)
    assert explanation.subject.split(" ")[0] == text[:3]


# ---------------------------------------------------------------- retry or change

RETRY = [
    ("250 Ok", None),
    ("354 Go on", None),
    ("450 Not now", True),
    ("550 No", False),
    ("421 4.7.0 TLS required for RCPT domain, closing connection.", False),  # temporary by its digit alone
    ("454 4.7.1 <a@example.org>: Relay access denied", False),
    ("550-5.4.5 Daily user sending limit exceeded.\n550 5.4.5 see the page", True),  # permanent by its digit alone
    ("432 4.7.12 A password transition is needed", False),
    ("452 4.5.3 Too many recipients", False),
]


@pytest.mark.parametrize(("text", "retry"), RETRY, ids=[row[0] for row in RETRY])
def test_retry(text: str, retry: bool | None) -> None:
    """Retry as it is, or change something: by the first digit, unless somebody knows better."""
    assert explain_reply(reply(text)).retry is retry


# ---------------------------------------------------------------- what every explanation is like

EVERY_CODE = sorted({*rows_of("reply_codes"), "299", "399", "499", "599"})


@pytest.mark.parametrize("said", ["", "greeting", ".", *sorted(groups_of("answers"))])
@pytest.mark.parametrize("code", EVERY_CODE)
def test_every_code_as_every_answer(code: str, said: str) -> None:
    """Something is always said, in a sentence, and a refusal comes with advice."""
    explanation = explained(f"{code} text", said)
    assert explanation.subject == code
    assert explanation.plain.endswith(".")
    assert explanation.advice or code[0] in "23"
    assert (explanation.retry is None) == (code[0] in "23")
    assert explanation.ref


ENHANCED = [word for word in entries_of("enhanced") if word.startswith("X")]


@pytest.mark.parametrize("word", ENHANCED)
def test_every_enhanced_code(word: str) -> None:
    """An enhanced code that the registry knows says what it means, where it says more than its reply code."""
    explanation = explain_reply(reply(f"550 5{word[1:]} text"))
    assert explanation.kind == ("code" if word == "X.0.0" else "enhanced")
    assert explanation.subject == f"550 5{word[1:]}"


TEXTS = [pytest.param(key, word, id=f"{key} {word}") for key, rows in groups_of("texts").items() for word in rows]


@pytest.mark.parametrize(("key", "word"), TEXTS)
def test_every_text_is_found(key: str, word: str) -> None:
    """No text stands in another's shadow: a shortest text of each is explained by its own row."""
    row, speaker = groups_of("texts")[key][word], rows_of("providers")[key]
    codes, enhanced = row["code"].split(), row.get("enhanced", "").split()
    samples = [read_pattern(part).sample() for part in row["text"].split("|")] if "text" in row else ["x"]
    found = [
        explain_reply(
            reply(f"{code} {extra} {sample}".replace("  ", " ")),
            Circumstances(host=speaker.get("hosts", "").split(" ")[0], banner=_banner(speaker)),
        )
        for code, extra, sample in product(codes, enhanced or [""], samples)
    ]
    assert any((one.plain, one.advice, one.ref) == (row["means"], row["advice"], row["ref"]) for one in found)
    assert {one.source for one in found} == {f"a text of {speaker['name']}"}
    assert all(one.confirmed == (row["verified"] != "memory") for one in found if one.plain == row["means"])


def _banner(speaker: dict[str, str]) -> str:
    words = speaker.get("banner", "").split("|")[0].replace("\\b", "").replace("\\", "")
    return f"mx.example.com {words}" if not speaker.get("hosts") else ""


STRANGE = [
    (Reply(None, (b"+OK Dovecot ready.",), b"+OK Dovecot ready.\r\n"), "http-port"),
    (Reply(None, (b"SSH-2.0-OpenSSH_9.2",), b"SSH-2.0-OpenSSH_9.2\r\n"), "http-port"),
    (Reply(None, (b"\xff\xfe\0",), b"\xff\xfe\0\r\n"), ""),
    (Reply(None, (b"",), b"\r\n"), ""),
    (Reply(550, (), b"550\r\n", ("malformed-line",)), "550"),
    (Reply(550, (b"5.7.1 cut",), b"550-5.7.1 cut", (), True), "550"),
]


@pytest.mark.parametrize(("strange", "subject"), STRANGE, ids=[str(one.raw) for one, _ in STRANGE])
def test_strange_replies(strange: Reply, subject: str) -> None:
    """What is no reply, or no whole one, is explained as well."""
    explanation = explain_reply(strange)
    assert explanation.subject.split(" ")[0] == subject
    assert explanation.plain


@given(st.binary(max_size=300), st.sampled_from(["", "greeting", "RCPT", "AUTH step", "FOO"]))
def test_never_fails(octets: bytes, said: str) -> None:
    """Whatever a server sends and whatever a person types, nothing raises, and no octet of it ends up in the prose."""
    for one in ReplyReader().feed(b"550 " + octets.replace(b"\n", b" ") + b"\r\n" + octets + b"\r\n"):
        explanation = explain_reply(one, Circumstances("gmail.com", "ESMTP Postfix", said))
        assert "\0" not in "".join((explanation.subject, explanation.source, explanation.plain, explanation.advice))
    explain(octets.decode("latin-1"))
    suggest(octets.decode("latin-1"))


# ---------------------------------------------------------------- words

WORDS = [
    ("ehlo", [("verb", "EHLO")]),
    ("AUTH", [("verb", "AUTH"), ("keyword", "AUTH"), ("parameter", "AUTH")]),
    ("starttls", [("verb", "STARTTLS"), ("keyword", "STARTTLS"), ("term", "STARTTLS")]),
    ("size", [("keyword", "SIZE"), ("parameter", "SIZE")]),
    ("SIZE=1000", [("keyword", "SIZE"), ("parameter", "SIZE")]),
    ("auth plain", [("mechanism", "AUTH PLAIN"), ("verb", "AUTH")]),
    ("AUTH GSSAPI AAAA", [("mechanism", "AUTH GSSAPI"), ("verb", "AUTH")]),
    (
        "MAIL FROM:<alice@example.com> SIZE=3 BODY=8BITMIME",
        [("verb", "MAIL"), ("parameter", "SIZE"), ("parameter", "BODY")],
    ),
    ("C: RCPT TO:<bob@example.com>", [("verb", "RCPT")]),
    (".", [("verb", ".")]),
    ("550", [("code", "550")]),
    ("299", [("digit", "299")]),
    ("5.7.26", [("enhanced", "5.7.26")]),
    ("X.7.26", [("enhanced", "X.7.26")]),
    ("2.1.1", [("digit", "2.1.1")]),
    ("4.2.0", [("enhanced", "4.2.0")]),
    ("5.7.0", [("enhanced", "5.7.0")]),
    ("5.0.0", [("digit", "5.0.0")]),
    ("5.7.777", [("enhanced", "5.7.777")]),
    ("4xx", [("digit", "4xx")]),
    ("5YZ", [("digit", "5yz")]),
    ("587", [("term", "port 587")]),
    ("port 465", [("term", "port 465")]),
    ("550 5.7.26 This mail has been blocked", [("enhanced", "550 5.7.26")]),
    ("550-5.7.1 No\n550 5.7.1 Really", [("enhanced", "550 5.7.1")]),
    ("S: 250-mail.example.com", [("code", "250")]),
    ("S[bob]: 450 No\nS[bob]: 250 Yes", [("code", "450"), ("code", "250")]),
    ("envelope", [("term", "envelope")]),
    ("NDR", [("term", "bounce / NDR")]),
    ("spf", [("term", "SPF")]),
    ("no-dot", [("pitfall", "no-dot")]),
    ("S_CLIENT-R", []),
    ("s_client-R", [("pitfall", "s_client-R")]),
    ("Relay access denied", [("software", "Relay access denied")]),
    ("+OK POP3 ready", [("pitfall", "http-port")]),
    ("local-part", [("term", "local-part"), ("term", "64 octets")]),
    ("", []),
    ("  ", []),
    ("xyzzy", []),
    ("nothing of this is known", []),
    ("what is 8BITMIME?", [("keyword", "8BITMIME"), ("term", "8BITMIME")]),
    ("what does 5.7.8 mean", [("enhanced", "5.7.8")]),
    ("what is .", []),
    ("699", []),
]


@pytest.mark.parametrize(("words", "found"), WORDS, ids=[repr(words) for words, _ in WORDS])
def test_words(words: str, found: list[tuple[str, str]]) -> None:
    """Whatever a person types is found by what it looks like, and what is not known is not made up."""
    assert [(one.kind, one.subject) for one in explain(words)] == found


def test_a_code_alone_says_what_it_answers() -> None:
    """`550` by itself: as the answer to which command it means what."""
    [explanation] = explain("550")
    assert [line.partition(":")[0] for line in explanation.more][:4] == ["greeting", "EHLO", "MAIL", "RCPT"]


def test_circumstances_count_for_words() -> None:
    """A pasted reply is explained in the circumstances that somebody told."""
    [explanation] = explain("555 5.5.2 Syntax error", GMAIL)
    assert explanation.source == "a text of Gmail"


def test_reads_what_it_needs() -> None:
    """From a cold start no file is read that the answer does not need, and none twice."""
    program = (
        "from smtp_repl.knowledge import rows\n"
        "from smtp_repl.teach.explaining import Circumstances, explain\n"
        "explain('550 5.7.1 No', Circumstances(said='RCPT'))\n"
        "print(*sorted(rows._read))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["answers", "providers", "texts"]


def test_unconfirmed() -> None:
    """What nobody has read in a source is marked."""
    assert not explained("554 5.2.252 No", host="smtp.office365.com").confirmed
    assert explained("550 No").confirmed


@pytest.mark.parametrize(
    ("word", "meant"), [("MIAL", "MAIL"), ("greylist", "greylisting"), ("envelop", "envelope"), ("no-dots", "no-dot")]
)
def test_suggest(word: str, meant: str) -> None:
    """A slip finds what was meant, among verbs, terms and pitfalls."""
    assert meant in suggest(word)


def test_suggest_nothing() -> None:
    """No suggestion is better than a silly one."""
    assert suggest("qqqqqqqq") == suggest("") == []


def test_in_the_language_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences are translated where they are made, and what belongs to the protocol is not."""
    monkeypatch.setattr(language, "_translate", lambda text: f"«{text}»")
    explanation = explained("550 5.7.1 No", "RCPT")
    assert explanation.plain.startswith("«The server does not take mail")
    assert explanation.advice.startswith("«Log in")
    assert explanation.source == "«5.7.1 as the answer to RCPT»"
    assert explanation.subject == "550 5.7.1"
    assert entries_of("verb")["MAIL"].plain.startswith("«start a message")
