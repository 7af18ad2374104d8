"""The table of phases: each row says what it should, and nothing else moves a phase."""

import pytest

from smtp_repl.wire import states
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, HANDSHAKE, LAST_CHUNK, RULES, Phase
from smtp_repl.wire.verbs import VERBS

ANYTIME = {Phase.CONNECTED, Phase.GREETED, Phase.MAIL, Phase.RCPT, Phase.BDAT}

LEGAL = {
    GREETING: {Phase.OPENED},
    "EHLO": ANYTIME,
    "HELO": ANYTIME,
    "LHLO": ANYTIME,
    "STARTTLS": {Phase.GREETED},
    HANDSHAKE: {Phase.TLS},
    "AUTH": {Phase.GREETED},
    AUTH_STEP: {Phase.AUTH},
    "MAIL": {Phase.GREETED},
    "RCPT": {Phase.MAIL, Phase.RCPT},
    "DATA": {Phase.RCPT},
    END_OF_DATA: {Phase.DATA},
    "BDAT": {Phase.RCPT, Phase.BDAT},
    LAST_CHUNK: {Phase.RCPT, Phase.BDAT},
    "RSET": ANYTIME,
    "NOOP": ANYTIME,
    "HELP": ANYTIME,
    "VRFY": ANYTIME,
    "EXPN": ANYTIME,
    "ETRN": {Phase.GREETED},
    "XFORWARD": {Phase.GREETED},
    "XCLIENT": {Phase.GREETED},
    "QUIT": ANYTIME | {Phase.UNWELCOME},
}

MOVES = [
    (Phase.OPENED, GREETING, 220, Phase.CONNECTED),
    (Phase.OPENED, GREETING, 554, Phase.UNWELCOME),
    (Phase.OPENED, GREETING, 450, Phase.UNWELCOME),
    (Phase.OPENED, GREETING, 250, Phase.OPENED),
    (Phase.CONNECTED, "EHLO", 250, Phase.GREETED),
    (Phase.CONNECTED, "EHLO", 220, Phase.CONNECTED),
    (Phase.CONNECTED, "EHLO", 502, Phase.CONNECTED),
    (Phase.CONNECTED, "HELO", 250, Phase.GREETED),
    (Phase.CONNECTED, "LHLO", 250, Phase.GREETED),
    (Phase.RCPT, "EHLO", 250, Phase.GREETED),
    (Phase.RCPT, "EHLO", 501, Phase.RCPT),
    (Phase.GREETED, "STARTTLS", 220, Phase.TLS),
    (Phase.GREETED, "STARTTLS", 250, Phase.GREETED),
    (Phase.GREETED, "STARTTLS", 454, Phase.GREETED),
    (Phase.TLS, HANDSHAKE, 0, Phase.CONNECTED),
    (Phase.GREETED, "AUTH", 334, Phase.AUTH),
    (Phase.GREETED, "AUTH", 235, Phase.GREETED),
    (Phase.GREETED, "AUTH", 535, Phase.GREETED),
    (Phase.AUTH, AUTH_STEP, 334, Phase.AUTH),
    (Phase.AUTH, AUTH_STEP, 235, Phase.GREETED),
    (Phase.AUTH, AUTH_STEP, 535, Phase.GREETED),
    (Phase.AUTH, AUTH_STEP, 454, Phase.GREETED),
    (Phase.GREETED, "MAIL", 250, Phase.MAIL),
    (Phase.GREETED, "MAIL", 550, Phase.GREETED),
    (Phase.MAIL, "RCPT", 250, Phase.RCPT),
    (Phase.MAIL, "RCPT", 251, Phase.RCPT),
    (Phase.MAIL, "RCPT", 550, Phase.MAIL),
    (Phase.RCPT, "RCPT", 450, Phase.RCPT),
    (Phase.RCPT, "DATA", 354, Phase.DATA),
    (Phase.RCPT, "DATA", 250, Phase.RCPT),
    (Phase.RCPT, "DATA", 554, Phase.RCPT),
    (Phase.DATA, END_OF_DATA, 250, Phase.GREETED),
    (Phase.DATA, END_OF_DATA, 554, Phase.GREETED),
    (Phase.DATA, END_OF_DATA, 451, Phase.GREETED),
    (Phase.RCPT, "BDAT", 250, Phase.BDAT),
    (Phase.RCPT, "BDAT", 552, Phase.BDAT),
    (Phase.BDAT, LAST_CHUNK, 250, Phase.GREETED),
    (Phase.BDAT, LAST_CHUNK, 552, Phase.BDAT),
    (Phase.BDAT, "RSET", 250, Phase.GREETED),
    (Phase.MAIL, "RSET", 250, Phase.GREETED),
    (Phase.RCPT, "RSET", 250, Phase.GREETED),
    (Phase.CONNECTED, "RSET", 250, Phase.CONNECTED),
    (Phase.RCPT, "NOOP", 250, Phase.RCPT),
    (Phase.RCPT, "VRFY", 252, Phase.RCPT),
    (Phase.RCPT, "EXPN", 250, Phase.RCPT),
    (Phase.RCPT, "HELP", 214, Phase.RCPT),
    (Phase.GREETED, "ETRN", 250, Phase.GREETED),
    (Phase.GREETED, "XFORWARD", 250, Phase.GREETED),
    (Phase.GREETED, "XCLIENT", 220, Phase.CONNECTED),
    (Phase.GREETED, "QUIT", 221, Phase.CLOSED),
    (Phase.UNWELCOME, "QUIT", 221, Phase.CLOSED),
    (Phase.GREETED, "FROBNICATE", 250, Phase.GREETED),
    (Phase.GREETED, "", 250, Phase.GREETED),
]


@pytest.mark.parametrize(("phase", "said", "code", "following"), MOVES, ids=lambda value: str(value))
def test_a_reply_moves_the_phase(phase: Phase, said: str, code: int, following: Phase) -> None:
    """What follows a reply is what the RFC of the command says, and a code that it does not know changes nothing."""
    assert states.after(phase, said, code) is following


def test_every_row_is_tested() -> None:
    assert {said for _, said, _, _ in MOVES} >= set(RULES)
    assert set(LEGAL) == set(RULES)


@pytest.mark.parametrize("said", RULES)
def test_where_it_may_be_said(said: str) -> None:
    """RFC 5321 §4.1.4 and the extensions' RFCs, phase by phase."""
    assert {phase for phase in Phase if states.is_legal(said, phase)} == LEGAL[said]


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("said", ["", GREETING, "MAIL", "NOOP", END_OF_DATA, AUTH_STEP, "FROBNICATE"])
def test_421_closes_at_any_time(phase: Phase, said: str) -> None:
    """RFC 5321 §3.8: 421 may answer anything, or nothing."""
    assert states.after(phase, said, 421) is Phase.CLOSED


def test_what_the_server_accepted_has_happened() -> None:
    """A server that takes RCPT without MAIL is in phase RCPT, whatever the RFC thinks of that."""
    assert not states.is_legal("RCPT", Phase.GREETED)
    assert states.after(Phase.GREETED, "RCPT", 250) is Phase.RCPT


def test_a_client_hopes_for_the_first_outcome() -> None:
    assert states.hoped(Phase.RCPT, "DATA") is Phase.DATA
    assert states.hoped(Phase.GREETED, "AUTH") is Phase.AUTH
    assert states.hoped(Phase.AUTH, AUTH_STEP) is Phase.GREETED
    assert states.hoped(Phase.CONNECTED, "RSET") is Phase.CONNECTED
    assert states.hoped(Phase.MAIL, "NOOP") is Phase.MAIL
    assert states.hoped(Phase.MAIL, "FROBNICATE") is Phase.MAIL


def test_what_no_rule_knows_is_not_judged() -> None:
    assert all(states.is_legal("FROBNICATE", phase) for phase in Phase)


def test_legal_verbs_are_verbs() -> None:
    for phase in Phase:
        assert set(states.legal_verbs(phase)) <= set(VERBS)
    assert "MAIL" in states.legal_verbs(Phase.GREETED)
    assert states.legal_verbs(Phase.UNWELCOME) == ("QUIT",)
    assert states.legal_verbs(Phase.DATA) == ()


def test_diagram_shows_every_phase_but_closed() -> None:
    """QUIT and 421 lead to the end from everywhere and are said in the note."""
    diagram = states.diagram()
    assert diagram.startswith("stateDiagram-v2\n")
    for phase in Phase:
        assert phase.value in diagram
    assert "greeted --> mail: MAIL 250" in diagram
    assert "QUIT 221" in diagram.splitlines()[-1]
