"""A script gone through in the mind: how many replies each write brings, and how many are expected."""

import pytest

from tests.script.stage import planned

SCRIPTS = {
    # script; for each step (replies, expectations) from there on
    "in step": ("S: 220\nC: NOOP\nS: 250\n", [(1, 2), (1, 1), (0, 1)]),
    "no greeting": ("C: NOOP\nS: 250\n", [(1, 1), (0, 1)]),
    "a group": ("C: NOOP\nC: NOOP\nS: 250\n", [(2, 1), (0, 1)]),
    "a text is one": ("S: 220\nC: DATA\nS: 354\nC: a\nC: b\nC: .\nS: 250\n", [(2, 3), (2, 2), (1, 2), (1, 1), (0, 1)]),
    "a text from a file": ("C: DATA\nS: 354\n@data x\nS: 250\n", [(2, 2), (1, 2), (1, 1), (0, 1)]),
    "a file of who knows what": (
        "@send x\nS: 250\nS: 250\nC: NOOP\nS: 250\n",
        [(3, 3), (1, 3), (1, 2), (1, 1), (0, 1)],
    ),
    "a chunk": ('C: BDAT 3\nC"\\r\\n."\nC: NOOP\nS: 250\nS: 250\n', [(2, 2), (0, 2), (0, 1)]),
    "a large chunk": ('C: BDAT 1000000\nC"x"*1000000\nC: NOOP\nS: 250\nS: 250\n', [(2, 2), (0, 2), (0, 1)]),
    "AUTH": (
        "C: AUTH LOGIN\nS: 334\nC~ {auth.user}\nS: 334\nC~ {auth.pass}\nS: 235\n",
        [(3, 3), (2, 3), (2, 2), (1, 2), (1, 1), (0, 1)],
    ),
    "closed and opened again": (
        "C: NOOP\n@close\nS: 220\nC: NOOP\nS: 250\n",
        [(1, 0), (0, 0), (1, 2), (1, 1), (0, 1)],
    ),
    "closed inside a text": ("C: DATA\nS: 354\nC: a\n@close\nC: NOOP\n", [(1, 1), (0, 1), (0, 0), (0, 0), (1, 0)]),
    "each for itself": ("C: NOOP\nC[bob]: NOOP\nS[bob]: 250\n", [(1, 0), (1, 1), (0, 1)]),
    "a flood": ('C"NOOP\\r\\n"\nC"x"*100000000 "\\r\\n"\nS: 250\n', [(2, 1), (0, 1)]),
    "STARTTLS": ("C: STARTTLS\nS: 220\nC: EHLO x\nS: 250\n", [(2, 2), (1, 2), (1, 1), (0, 1)]),
    "TLS at once": ("@tls start\nC: NOOP\n", [(1, 0), (1, 0)]),
    "LMTP": (
        "C: LHLO x\nS: 250\nC: MAIL FROM:<>\nC: RCPT TO:<a@example.com>\nC: RCPT TO:<b@example.com>\nC: DATA\n"
        "S: 250\nS: 250\nS: 250\nS: 354\nC: .\nS: 250\nS: 250\n",
        [(7, 7), (6, 7), (6, 6), (2, 6), (2, 5), (2, 4), (2, 3), (2, 2), (0, 2), (0, 1)],
    ),
    "a reply without end": ('C: NOOP\nS"250-"*100000\nC: NOOP\n', [(2, 1), (1, 1), (1, 0)]),
}


@pytest.mark.parametrize(("script", "ahead"), SCRIPTS.values(), ids=SCRIPTS)
def test_what_is_ahead(script: str, ahead: list[tuple[int, int]]) -> None:
    assert [tuple(one) for one in planned(script).ahead] == ahead
