"""Replies of real servers get an explanation that says more than their first digit; how many, and by which look-up."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from smtp_repl.script.text import parse
from smtp_repl.teach.explaining import Circumstances, Explanation, explain_reply
from smtp_repl.teach.retelling import retell
from smtp_repl.wire.events import ReplySaid
from smtp_repl.wire.replies import Reply, ReplyReader

HERE = Path(__file__).parent
REPLIES = HERE / "replies"
CONVERSATIONS = HERE.parent / "conversations"
SERVERS = ("aiosmtpd", "dovecot", "exim", "opensmtpd", "postfix", "smtp-server", "smtp-sink")


class Heard(NamedTuple):
    """A reply and what is known around it."""

    where: str
    reply: Reply
    circumstances: Circumstances


def captured(name: str) -> Iterator[Heard]:
    """What a server program answered, each reply under the program's greeting."""
    banner = ""
    for said, lines in _rows(REPLIES / f"{name}.txt"):
        reply = _reply(lines)
        banner = reply.texts[0].decode() if said == "greeting" and reply.code == 220 else banner
        yield Heard(f"{name} {said}", reply, Circumstances("", banner, said))


def published() -> Iterator[Heard]:
    """What providers say, each reply with the name that was dialled, or with a greeting of several words."""
    for said, lines in _rows(REPLIES / "published.txt"):
        host, _, verb = said.partition("\t")
        known = Circumstances("", host, verb) if " " in host else Circumstances(host, "", verb)
        yield Heard(f"published {verb}", _reply(lines), known)


def recorded() -> Iterator[Heard]:
    """Every reply of the conversations of the project's own tests."""
    for path in sorted(CONVERSATIONS.glob("*.smtp")):
        banner = ""
        for told in retell(parse(path.read_bytes())):
            for event in told.events:
                if isinstance(event, ReplySaid) and event.reply.code is not None:
                    if event.answers == "greeting":
                        banner = event.reply.texts[0].decode("utf-8", "replace")
                    yield Heard(path.stem, event.reply, Circumstances("", banner, event.answers or ""))


def _rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    said, lines = "", []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        head, _, reply = line.rpartition("\t")
        if head.strip():
            said = head
        lines.append(reply)
        if reply[3:4] != "-":
            yield said, lines
            lines = []


def _reply(lines: list[str]) -> Reply:
    [reply] = ReplyReader().feed("".join(f"{line}\r\n" for line in lines).encode())
    return reply


def look_up(explanation: Explanation) -> str:
    """Which of the look-ups answered."""
    if explanation.kind == "code" and explanation.source.startswith("reply code"):
        return "code"
    told = ("as the answer", "as the greeting", "after the message")
    return "answer" if any(words in explanation.source for words in told) else explanation.kind


SOURCES = {
    **{name: list(captured(name)) for name in SERVERS},
    "published": list(published()),
    "conversations": list(recorded()),
}


def test_count(capsys: pytest.CaptureFixture[str]) -> None:
    """At least 99 of 100 replies of real servers are explained by more than their first digit."""
    lines = [f"{'':16}" + "".join(f"{name:>10}" for name in LOOK_UPS)]
    total: Counter[str] = Counter()
    for name, heard in SOURCES.items():
        counts = Counter(look_up(explain_reply(one.reply, one.circumstances)) for one in heard)
        assert set(counts) <= set(LOOK_UPS)
        lines.append(f"{name:16}" + "".join(f"{counts[kind]:>10}" for kind in LOOK_UPS))
        total += counts
    specific = total.total() - total["digit"]
    lines.append(f"{specific} of {total.total()} replies have an explanation of their own")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert total.total() >= 300
    assert specific / total.total() >= 0.99


LOOK_UPS = ("provider", "software", "enhanced", "answer", "code", "digit")


REFUSALS = [
    pytest.param(one, id=f"{one.where} {one.reply.code} {number}")
    for name in SERVERS
    for number, one in enumerate(SOURCES[name])
    if one.reply.klass in (4, 5)
]


@pytest.mark.parametrize("heard", REFUSALS)
def test_refusals_of_programs_have_a_text_of_their_own(heard: Heard) -> None:
    """What a well-known program refuses is explained in its own terms, or by its code as the answer to the command."""
    explanation = explain_reply(heard.reply, heard.circumstances)
    assert look_up(explanation) in ("software", "answer", "enhanced")
    assert explanation.advice
    assert explanation.retry is not None
    assert explanation.confirmed


@pytest.mark.parametrize("heard", [pytest.param(one, id=f"{n}") for n, one in enumerate(SOURCES["published"])])
def test_published_texts_are_recognised(heard: Heard) -> None:
    """Each is told as a text of whoever says it: the host is enough to know a provider, the greeting a program."""
    explanation = explain_reply(heard.reply, heard.circumstances)
    assert explanation.kind in ("provider", "software")
    if heard.circumstances.host not in ("", "mx.example.com"):
        assert explanation.kind == "provider" or explanation.source.endswith("block lists")
