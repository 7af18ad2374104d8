"""Pitfalls of a text: connections are apart, holes are nobody's mistake, and no text is too strange to be read."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_repl.script.text import parse
from smtp_repl.teach.pitfalls.reading import faults_of, pitfalls_of

LINES = sorted({line for path in Path(__file__).parent.glob("*.smtp") for line in path.read_bytes().splitlines()})


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=40)), max_size=60))
def test_never_raises(lines: list[bytes]) -> None:
    """Whatever stands in a text, and in whichever order."""
    script = parse(b"\n".join(lines))
    where = [line for line, _ in pitfalls_of(script)]
    assert all(1 <= line <= len(script.nodes) for line in where)
    assert len(faults_of(script)) <= len(where)


def rules(text: str) -> list[tuple[int, str]]:
    return [(line, one.rule) for line, one in pitfalls_of(parse(text.encode()))]


def test_connections_are_apart() -> None:
    """What one client has said is no mistake of the other."""
    text = """S[alice]: 220 mx.example.com
S[bob]: 220 mx.example.com
C[alice]: HELO alice.example.org
S[alice]: 250 mx.example.com
C[bob]: EHLO bob.example.org
S[bob]: 250-mx.example.com
S[bob]: 250 STARTTLS
C[bob]: STARTTLS
S[bob]: 220 Go ahead
C[alice]: STARTTLS
S[alice]: 503 EHLO first
"""
    assert rules(text) == [(10, "helo-no-ext")]


def test_a_second_session_begins_anew() -> None:
    text = """S: 220 mx.example.com
C: HELO client.example.org
S: 250 mx.example.com
C: QUIT
S: 221 Bye
@close
S: 220 mx.example.com
C: EHLO client.example.org
S: 250-mx.example.com
S: 250 AUTH PLAIN
@auth user=alice
C~ AUTH PLAIN {auth.plain}
S: 235 Ok
"""
    assert rules(text) == []


def test_a_reply_that_is_described_offers_more() -> None:
    """Of what a server offers beside the lines of a script nothing is known."""
    text = """S: 220 mx.example.com
C: EHLO client.example.org
S: 250-mx.example.com
{more}
C: MAIL FROM:<alice@example.org> SIZE=100
S: 250 Ok
"""
    assert rules(text.format(more="S*: 250")) == []
    assert rules(text.format(more="S: 250 HELP")) == [(5, "param-not-offered")]


def test_a_list_of_commands() -> None:
    """Without any reply there is nothing to be mistaken about but the commands themselves."""
    assert rules("EHLO x\n") == []
    assert rules("C: EHLO client.example.org\nC: MAIL FROM:<alice@example.org>\nC: Subject: Lunch\n") == [
        (3, "header-as-command")
    ]
