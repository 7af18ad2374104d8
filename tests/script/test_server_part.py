"""The script played as the server: it says the S lines and expects the C lines; directives swap."""

import pytest

from smtp_repl.script.casting import Casting
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout
from tests.script.stage import TARGET, TIM, octet_by_octet, rehearse_both, whole

AUTH = Casting(TARGET, credentials={"auth": TIM})

SELF_PLAYED = {
    "greeting": "S: 220 x\n",
    "a transaction": (
        "S: 220 x\nC: EHLO y\nS: 250-x\nS: 250 SIZE\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\n"
        "C: DATA\n"
        "S: 250 ok\nS: 250 ok\nS: 354 go\nC: text\nC: ..\nC: .\nS: 250 kept\nC: QUIT\nS: 221 bye\n@eof\n"
    ),
    "a text in pieces": "S: 220 x\nC: DATA\nS: 354 go\nC: one\n@wait 0\nC: two\n@wait 1\nC: .\nS: 250 ok\n",
    "a text before the 354": "S: 220 x\nC: DATA\nC: one\nC: .\nC: NOOP\nS: 354 go\nS: 250 kept\nS: 250 ok\n",
    "a text that was not wanted": (
        "S: 220 x\nC: DATA\nC: one\nC: .\nS: 503 no\nS: 500 what\nS: 500 what\nC: NOOP\nS: 250 ok\n"
    ),
    "a line in pieces": 'S: 220 x\nC"NO"\n@wait 1\nC"OP"\n@wait 0\nC"\\r\\n"\nS: 250 ok\n',
    "a line that never ends": 'S: 220 x\nC"NO"\nS: 421 too slow\n@eof\n',
    "lines across forms": 'S: 220 x\nC"NOOP\\r\\nNO" "OP\\r\\n"\nC: NOOP\nS: 250 ok\nS: 250 ok\nS: 250 ok\n',
    "chunks": 'S: 220 x\nC: BDAT 3\nC"abc"\nC: BDAT 4 LAST\nC"\\r\\n.\\n"\nS: 250 ok\nS: 250 ok\nC: NOOP\nS: 250 ok\n',
    "chunks in pieces": 'S: 220 x\nC: BDAT 6\nC"abc"\n@wait 0\nC"def"\nS: 250 ok\nC: BDAT 0 LAST\nS: 250 ok\n',
    "a chunk of lines": "S: 220 x\nC: BDAT 6 LAST\nC: a\nC: b\nS: 250 ok\nC: NOOP\nS: 250 ok\n",
    "PLAIN": "@auth user=tim\nS: 220 x\nC~ AUTH PLAIN {auth.plain}\nS: 235 ok\n",
    "LOGIN": (
        "@auth user=tim\nS: 220 x\nC: AUTH LOGIN\nS: 334 VXNlcjo=\nC~ {auth.user}\nS: 334 UGFzczo=\n"
        "C~ {auth.pass}\nS: 235 ok\n"
    ),
    "CRAM-MD5": "@auth user=tim\nS: 220 x\nC: AUTH CRAM-MD5\nS: 334 PDFAeD4=\nC~ {auth.reply}\nS: 235 ok\n",
    "AUTH given up": "S: 220 x\nC: AUTH LOGIN\nS: 334 VXNlcjo=\nC: *\nS: 501 ok\n",
    "a step by hand": "S: 220 x\nC: AUTH LOGIN\nS: 334 VXNlcjo=\nC~ {b64:tim}\nS: 535 no\n",
    "STARTTLS": "S: 220 x\nC: STARTTLS\nS: 220 go\nC: EHLO y\nS: 250 x\n",
    "STARTTLS by hand": "@tls manual\nS: 220 x\nC: STARTTLS\nS: 220 go\n@tls start\nC: EHLO y\nS: 250 x\n",
    "STARTTLS and no handshake": "@tls manual\nS: 220 x\nC: STARTTLS\nS: 220 go\nC: NOOP\nS: 554 no\n",
    "TLS at once": "@tls start\nS: 220 x\nC: NOOP\nS: 250 ok\n",
    "commands behind STARTTLS": "S: 220 x\nC: STARTTLS\nC: NOOP\nS: 220 go\nC: EHLO y\nS: 250 x\n",
    "@close and another": "S: 220 x\nC: NOOP\nS: 250 ok\n@close\nS: 220 y\nC: QUIT\nS: 221 bye\n@eof\n",
    "@close without reading": "S: 220 x\nC: NOOP\nS: 250 ok\nS: 421 bye\n@close\nS: 220 y\n",
    "@shutdown": "S: 220 x\nC: NOOP\nS: 250 ok\n@shutdown\n@eof\n",
    "@early": "@early\nC: EHLO y\nS: 220 x\nS: 250 x\n",
    "@within": "S: 220 x\nC: NOOP\n@within 2..10\nS: 250 ok\n",
    "@wait": "S: 220 x\n@wait 100\nC: NOOP\nS: 250 ok\n",
    "holes": "S~ 220 {host} {:[A-Z]{3}}\nC~ EHLO {host}x\nS~ 250 {host}\n",
    "optional and rest": "S: 220 x\nC: EHLO y\nS: 250-x\nS?: 250-SIZE\nS*: 250\n",
    "forbidden": "S: 220 x\nS!: secret\nC: NOOP\nS: 2xx ok\n",
    "exact": 'S"220 x\\n"\nC="NOOP\\n"\nS="250 ok\\n"\nC= NOOP\nS= 250 ok\n',
    "caps": "@require SIZE\nS: 220 x\nC: EHLO y\nS: 250-x\nS: 250 SIZE\n@caps SIZE\n",
    "two connections": "S: 220 x\nS[bob]: 220 y\nC[bob]: NOOP\nC: NOOP\nS: 250 ok\nS[bob]: 250 ok\n",
    "a cut reply": 'S: 220 x\nC: NOOP\nS"250-mo"\n@eof\n',
    "LMTP": (
        "S: 220 x\nC: LHLO y\nS: 250-x\nS: 250 PIPELINING\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\n"
        "C: RCPT TO:<c@example.com>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\n"
        "S: 250 b\nS: 550 c\n"
    ),
}
DRIFTING = {"forbidden"}  # "2xx ok" is said as "250 ok"


@pytest.mark.parametrize("cut", [whole, octet_by_octet])
@pytest.mark.parametrize("name", SELF_PLAYED)
def test_a_script_plays_against_itself(name: str, cut: object) -> None:
    """Both parts come to their ends, nothing fails, nothing drifts, and both heard the same."""
    client, server, ours, theirs = rehearse_both(SELF_PLAYED[name], casting=AUTH, cut=cut)  # type: ignore[arg-type]
    assert (client.error, server.error) == (None, None)
    assert client.result is not None
    assert server.result is not None
    assert client.result.failure is None, client.result.failure
    assert server.result.failure is None, server.result.failure
    assert client.result.status == "pass"
    assert ours.results or name in ("greeting",)
    assert [line for line in ours.said if line[0] == "C"] == [line for line in theirs.said if line[0] == "C"]


def test_files() -> None:
    for text in ("S: 220 x\nC: DATA\nS: 354 go\n@data m\nS: 250 ok\n", "S: 220 x\n@send n\nS: 250 ok\n"):
        client, server, _, _ = rehearse_both(text, files={"m": b"a\n.b", "n": b"NOOP\r\n"})
        assert client.result is not None, client.error
        assert client.result.status == "pass"
        assert server.error is None


MISMATCHES = {
    # the client's script, the server's, status of the server, of the client
    "another verb": ("S: 220\nC: NOOP\nS: 250\n", "S: 220\nC: RSET\nS: 250\n", "fail"),
    "another argument": ("S: 220\nC: EHLO a\nS: 250\n", "S: 220\nC: EHLO b\nS: 250\n", "drift"),
    "another argument, exactly": ("S: 220\nC: EHLO a\nS: 250\n", "S: 220\nC= EHLO b\nS: 250\n", "fail"),
    "another argument, in bytes": ("S: 220\nC: EHLO a\nS: 250\n", 'S: 220\nC="EHLO b\\r\\n"\nS: 250\n', "fail"),
    "a hole": ("S: 220\nC: EHLO a\nS: 250\n", "S: 220\nC~ EHLO {name}\nS: 250\n", "pass"),
    "another text": (
        "S: 220\nC: DATA\nS: 354\nC: one\nC: .\nS: 250\n",
        "S: 220\nC: DATA\nS: 354\nC: other\nC: words\nC: .\nS: 250\n",
        "pass",
    ),
    "another chunk": (
        'S: 220\nC: BDAT 3 LAST\nC"abc"\nS: 250\n',
        'S: 220\nC: BDAT 5 LAST\nC"other"\nS: 250\n',
        "drift",
    ),
    "another password": (
        "S: 220\nC~ AUTH PLAIN {b64:\\0a\\0b}\nS: 235\n",
        "S: 220\nC: AUTH PLAIN AGEAYw==\nS: 235\n",
        "drift",
    ),
}


@pytest.mark.parametrize(("client", "server", "status"), MISMATCHES.values(), ids=MISMATCHES)
def test_a_client_that_says_something_else(client: str, server: str, status: str) -> None:
    """C: compares the verb; C= and C~ the line; texts and chunks are read to their ends and not compared."""
    _, outcome, _, theirs = rehearse_both(client, server)
    assert outcome.result is not None, outcome.error
    assert outcome.result.status == status
    assert "AGEAYg" not in repr(theirs.results)


def test_a_client_that_goes_away() -> None:
    _, server, _, _ = rehearse_both("S: 220\n", "S: 220\nC: NOOP\nS: 250\n")
    assert isinstance(server.error, PeerClosed)


def test_a_client_that_says_nothing() -> None:
    _, server, _, _ = rehearse_both("S: 220\nC: NOOP\n@wait 100\n", "S: 220\nC: NOOP\nC: NOOP\nS: 250\n")
    assert isinstance(server.error, ReplyTimeout)


def test_a_client_that_does_not_close() -> None:
    _, server, _, _ = rehearse_both("S: 220\n@wait 100\n", "S: 220\n@close\n")
    assert isinstance(server.error, ReplyTimeout)


def test_an_unfinished_line_is_told_at_the_end() -> None:
    _, _, ours, theirs = rehearse_both('S: 220\nC"NO"\n@close\n', "S: 220\n@close\n")
    assert ours.said[-1] == theirs.said[-1] == "C NO"
