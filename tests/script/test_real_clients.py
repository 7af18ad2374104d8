"""Whoever plays the server, and a client that does not do quite as the script says: what is let pass, what is not."""

import pytest

from smtp_repl.script.actions import Opened, PeerGone, Read, Received, Send
from smtp_repl.script.casting import Casting, PlayResult
from smtp_repl.script.selfplay import Outcome
from smtp_repl.script.server_part import OBJECTIONS_LIMIT, play_server
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, TlsError
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from tests.script.stage import TARGET, TIM, Witness, octet_by_octet, planned, rehearse_both, whole

AUTH = Casting(TARGET, credentials={"auth": TIM})
STRANGER = Casting(TARGET, credentials={"auth": Credentials("tim", Secret(b"another"))})


def play(client: str, server: str, casting: Casting = AUTH, own: Casting = Casting()) -> tuple[Outcome, Witness, str]:  # noqa: B008
    """What came of the server's part, whom it told, and what was said (without the greeting)."""
    _, outcome, _, witness = rehearse_both(
        "S: 220\n" + client, "S: 220\n" + server, casting=casting, server_casting=own
    )
    return outcome, witness, "\n".join(line for line in witness.said if line[:2] in ("C ", "S "))


def status(outcome: Outcome) -> str:
    assert outcome.result is not None, outcome.error
    return outcome.result.status


TO_THE_SAME_END = {
    # what the client does, what the script has
    "HELO for EHLO": ("C: HELO a\nS: 250\n", "C: EHLO a\nS: 250 a\n"),
    "EHLO for HELO": ("C: EHLO a\nS: 250\n", "C: HELO a\nS: 250 a\n"),
    "one by one": (
        "C: MAIL FROM:<a@example.org>\nS: 250\nC: RCPT TO:<b@example.com>\nS: 251\nC: DATA\nS: 354\nC: x\nC: .\n",
        "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nC: DATA\nS: 250\nS: 251\nS: 354\nC: y\nC: .\n",
    ),
    "one by one, the text too": (
        "C: DATA\nS: 354\nC: x\nC: .\nS: 250\nC: NOOP\nS: 251\n",
        "C: DATA\nC: y\nC: .\nC: NOOP\nS: 354\nS: 250\nS: 251\n",
    ),
    "all at once": ("C: NOOP\nC: RSET\nS: 250\nS: 251\n", "C: NOOP\nS: 250\nC: RSET\nS: 251\n"),
    "a step cut off": (
        "@auth user=tim\nC: AUTH PLAIN\nS: 334\nC~ {auth.plain}\nS: 235\n",
        "@auth user=x\nC~ AUTH PLAIN {auth.plain}\nS: 235\n",
    ),
    "a step put in front": (
        "@auth user=tim\nC~ AUTH PLAIN {auth.plain}\nS: 235\n",
        "@auth user=x\nC: AUTH PLAIN\nS: 334\nC~ {auth.plain}\nS: 235\n",
    ),
    "the user put in front": (
        "@auth user=tim\nC~ AUTH LOGIN {auth.user}\nS: 334 UGFzc3dvcmQ6\nC~ {auth.pass}\nS: 235\n",
        "@auth user=x\nC: AUTH LOGIN\nS: 334 VXNlcjo=\nC~ {auth.user}\nS: 334 UGFzc3dvcmQ6\nC~ {auth.pass}\nS: 235\n",
    ),
    "QUIT for closing": ("C: QUIT\nS: 221\n", "@close\n"),
    "another mechanism first": (
        "@auth user=tim\nC: AUTH CRAM-MD5\nS: 504\nC~ AUTH PLAIN {auth.plain}\nS: 235\n",
        "@auth user=x\nC~ AUTH PLAIN {auth.plain}\nS: 235\n",
    ),
}


@pytest.mark.parametrize("name", TO_THE_SAME_END)
def test_another_way_to_the_same_end(name: str) -> None:
    """A script that was written for one client plays for another; that it went another way is drift at most."""
    client, server = TO_THE_SAME_END[name]
    outcome, witness, _ = play(client, server)
    assert status(outcome) in ("pass", "drift")
    assert "tanstaaf" not in repr(witness.results)


@pytest.mark.parametrize("cut", [whole, octet_by_octet])
def test_octets_that_come_one_by_one_are_no_silence(cut: object) -> None:
    """A pipelined write is answered when it is complete, however it is cut."""
    text = "S: 220\nC: NOOP\nC: RSET\nS: 250\nS: 251\n"
    _, _, _, witness = rehearse_both(text, cut=cut)  # type: ignore[arg-type]
    assert [line[:6] for line in witness.said] == ["open", "S 220 ", "C NOOP", "C RSET", "S 250 ", "S 251 "]


def test_ehlo_that_several_lines_answer() -> None:
    """A HELO cannot be answered with keywords: there the script would have to say something else."""
    outcome, _, said = play("C: HELO a\nS: 503\n", "C: EHLO a\nS: 250-a\nS: 250 SIZE\n")
    assert status(outcome) == "fail"
    assert "S 503" in said


def test_a_client_may_come_back() -> None:
    """What is not as the script has it is answered 503, is a failure, and the same line is expected on."""
    client = "C: NOOP\nS: 503\nC: RSET\nS: 503\nC: MAIL FROM:<a@example.org>\nS: 250\n"
    outcome, witness, _ = play(client, "C: MAIL FROM:<a@example.org>\nS: 250 ok\n")
    assert status(outcome) == "fail"
    assert [result.status for result in witness.results] == ["fail", "fail", "ok"]
    assert outcome.result is not None
    assert outcome.result.failure is witness.results[0]
    (difference,) = witness.results[0].differences
    assert (difference.line, difference.column, difference.want, difference.got) == (
        2,
        4,
        "MAIL FROM:<a@example.org>",
        "NOOP",
    )


def test_the_503_says_what_is_due() -> None:
    _, witness, _ = play("C: NOOP\nS: 503\n", "C: MAIL FROM:<a@example.org>\nS: 250\n")
    assert b"the script says MAIL here (line 2)" in repr(witness.events).encode()


def test_replies_come_in_order() -> None:
    """What was said before the wrong command is answered before it, although the script wants to hear more first."""
    outcome, _, said = play(
        "C: MAIL FROM:<a@example.org>\nC: NOOP\nS: 250\nS: 503\n",
        "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nS: 250\nS: 251\n",
    )
    assert said.index("S 250") < said.index("S 503")
    assert status(outcome) == "fail"


def test_a_chunk_that_is_refused_is_read() -> None:
    """RFC 3030 §2; its octets are no commands."""
    _, witness, said = play('C: BDAT 6 LAST\nC"QUIT\\r\\n"\nS: 503\nC: NOOP\nS: 250\n', "C: NOOP\nS: 250\n")
    assert [line for line in said.split("\n") if line[0] == "C"] == ["C BDAT 6 LAST", "C NOOP"]
    assert [result.status for result in witness.results] == ["fail", "ok"]


def test_leaving_early() -> None:
    """QUIT is answered at any moment; in the middle of the script it is a failure."""
    outcome, _, said = play("C: QUIT\nS: 221\n@eof\n", "C: NOOP\nS: 250\n")
    assert status(outcome) == "fail"
    assert said.endswith("S 221 QUIT")


def test_leaving_behind_the_end() -> None:
    """At the end of a script a client may say QUIT or close."""
    outcome, witness, _ = play("C: NOOP\nS: 250\nC: QUIT\nS: 221\n@eof\n", "C: NOOP\nS: 250\n")
    assert status(outcome) == "pass"
    assert "QUIT" in witness.remarks[0]


def test_going_on_behind_the_end() -> None:
    outcome, witness, _ = play("C: NOOP\nS: 250\nC: RSET\nS: 503\n", "C: NOOP\nS: 250\n")
    assert status(outcome) == "fail"
    assert witness.results[-1].differences[0].what == "surplus"


def test_too_many_commands() -> None:
    client = "C: RSET\nS: 503\n" * OBJECTIONS_LIMIT + "C: RSET\nS: 421\n@eof\n"
    outcome, _, _ = play(client, "C: NOOP\nS: 250\n")
    assert status(outcome) == "fail"


def test_giving_up_auth() -> None:
    outcome, _, said = play(
        "C: AUTH LOGIN\nS: 334\nC: *\nS: 501\n",
        "@auth user=x\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC~ {auth.user}\nS: 235\n",
    )
    assert "S 501" in said
    assert status(outcome) == "fail"


# ---------------------------------------------------------------- credentials

PLAIN = "@auth user=tim\nC~ AUTH PLAIN {auth.plain}\nS: 235 ok\n"
LOGIN = (
    "@auth user=tim\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC~ {auth.user}\nS: 334 UGFzc3dvcmQ6\nC~ {auth.pass}\nS: 235\n"
)
CRAM = "@auth user=tim\nC: AUTH CRAM-MD5\nS~ 334 {}\nC~ {auth.reply}\nS: 235\n"
FRESH = Casting(fresh_challenge=lambda: b"<1.2@mock.example.com>")


@pytest.mark.parametrize("script", [PLAIN, LOGIN, CRAM], ids=["PLAIN", "LOGIN", "CRAM-MD5"])
def test_credentials(script: str) -> None:
    """Without any given, all are good; with some, the others are answered 535 and the exchange begins anew."""
    given = FRESH._replace(credentials={"auth": TIM})
    assert status(play(script, script, STRANGER, FRESH)[0]) == "pass"
    assert status(play(script, script, AUTH, given)[0]) == "pass"
    refused = script.replace("S: 235", "S: 535")
    outcome, witness, said = play(refused, script, STRANGER, given)
    assert status(outcome) == "fail"
    assert "S 535" in said
    assert "another" not in repr(witness.results)
    again = refused.replace("{auth.", "{bob.").replace("@auth", "@auth[bob]") + script
    both = AUTH._replace(credentials={"auth": TIM, "bob": STRANGER.credentials["auth"]})
    outcome, witness, _ = play(again, script, both, given)
    assert [result.status for result in witness.results].count("fail") == 1
    assert witness.said[-1] == "S 235 " + ("AUTH" if script == PLAIN else "AUTH step")


def test_plain_may_name_whom_to_act_as() -> None:
    """That it is oneself makes no other password."""
    client = "C~ AUTH PLAIN {b64:tim\\0tim\\0tanstaaftanstaaf}\nS: 235\n"
    assert status(play(client, PLAIN, AUTH, Casting(credentials={"auth": TIM}))[0]) == "pass"


def test_a_fresh_challenge() -> None:
    """`S~ 334 {}` after AUTH CRAM-MD5 needs a challenge (RFC 2195 §2); elsewhere the hole stays empty."""
    _, witness, _ = play(CRAM, CRAM, AUTH, FRESH)
    assert "PDEuMkBtb2NrLmV4YW1wbGUuY29tPg==" in repr(witness.events)
    _, witness, _ = play(CRAM.replace("CRAM-MD5", "LOGIN"), CRAM.replace("CRAM-MD5", "LOGIN"), AUTH, FRESH)
    assert "PDEuMkBtb2Nr" not in repr(witness.events)


# ---------------------------------------------------------------- without a word about the server

LIST = (
    "C: EHLO a\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.com>\nC: DATA\nC: x\nC: .\n"
    'C: BDAT 3 LAST\nC"abc"\nC: RSET\nC: FROB\nC: STARTTLS\nC: EHLO a\nC: QUIT\n'
)


def test_a_list_of_commands_is_agreed_to() -> None:
    client, server, ours, _ = rehearse_both(LIST)
    assert (client.error, server.error) == (None, None)
    assert [line[2:5] for line in ours.said if line[0] == "S"] == (
        "220 250 250 250 354 250 250 250 502 220 250 221".split()
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_so_are_logins(mechanism: str) -> None:
    script = next(text for text in (PLAIN, LOGIN, CRAM) if mechanism in text)
    client = "".join(line + "\n" for line in script.split("\n") if not line.startswith("S"))
    outcome, _, said = rehearse_both(client, casting=AUTH, server_casting=FRESH)[1:4]
    assert status(outcome) == "pass"
    assert said.said[-1].startswith("S 235")


def test_a_file_of_commands() -> None:
    """What stands in the file is not known, so all of it is good."""
    for text in ("@send n\nC: QUIT\n", "S: 220\n@send n\nS: 250\nS: 250\nC: QUIT\nS: 221\n"):
        client, server, ours, _ = rehearse_both(text, files={"n": b"NOOP\r\nRSET\r\n"})
        assert (client.error, server.error) == (None, None)
        assert status(server) == "pass"
        assert ours.said[-1] == "S 221 QUIT"


def test_the_greeting_goes_without_saying() -> None:
    client, server, ours, _ = rehearse_both("C: NOOP\nS: 250 ok\n")
    assert (client.error, server.error) == (None, None)
    assert ours.said[1].startswith("S 220")


# ---------------------------------------------------------------- the end


def test_half_closed() -> None:
    """After @shutdown the client listens: what is to be said is said on the same connection."""
    client, server, ours, _ = rehearse_both("S: 220\nC: NOOP\n@shutdown\nS: 250 ok\n@eof\n")
    assert (client.error, server.error) == (None, None)
    assert status(server) == status(client) == "pass"
    assert ours.said.count("open") == 1


def test_who_is_gone_and_what_was_due() -> None:
    outcome, _, _ = play("@close\n", "C: NOOP\nS: 250\n")
    assert isinstance(outcome.error, PeerClosed)
    assert "where NOOP was due (line 2)" in outcome.error.message


def test_who_says_nothing_and_what_was_due() -> None:
    outcome, _, _ = play("@wait 100\n", "C: NOOP\nS: 250\n")
    assert isinstance(outcome.error, ReplyTimeout)
    assert "within 30 s where NOOP was due (line 2)" in outcome.error.message


def test_after_a_failure_the_end_is_no_error() -> None:
    """A client that gives up after a 503: that it said something else is what there is to tell."""
    outcome, witness, _ = play("C: RSET\nS: 503\n@close\n", "C: NOOP\nS: 250\n")
    assert status(outcome) == "fail"
    assert "closed" in witness.remarks[0]


def test_plaintext_after_starttls() -> None:
    """What comes before the handshake, where the script has nothing, was injected (RFC 3207 §5)."""
    outcome, witness, _ = play("C: STARTTLS\nC: EHLO evil\nS: 220\n", "C: STARTTLS\nS: 220\nC: EHLO a\nS: 250\n")
    assert isinstance(outcome.error, TlsError)
    assert outcome.error.kind == "data-before-handshake"
    assert witness.closes == [True]


@pytest.mark.parametrize("rest", ["C: AUTH PLAIN AHRpbQBwdw==", 'C"AUTH PLAIN AHRpbQBwdw=="'], ids=["whole", "cut"])
def test_a_password_behind_starttls_is_not_shown(rest: str) -> None:
    outcome, _, _ = play(f"C: STARTTLS\n{rest}\nS: 220\n", "C: STARTTLS\nS: 220\nC: EHLO a\nS: 250\n")
    assert isinstance(outcome.error, TlsError)
    assert "AUTH" in outcome.error.message
    assert "AHRpbQ" not in outcome.error.message


def test_a_flood_needs_no_memory() -> None:
    """A text of a hundred million octets is not laid out to be compared with what comes."""
    part = play_server(
        planned('S: 220 x\nC: DATA\nS: 354 go\nC"x"*100000000 "\\r\\n"\nC: .\nS: 250 ok\n'), Casting(), Witness()
    )
    next(part)
    said: list[bytes] = []
    happening: object = Opened("192.0.2.1", "192.0.2.1", 40000, "192.0.2.2", 25)
    answers = iter([Received(b"DATA\r\n", 0.1), Received(b"x\r\n.\r\n", 0.1), PeerGone()])
    result: PlayResult | None = None
    try:
        while True:
            action = part.send(happening)  # type: ignore[arg-type]
            happening = next(answers) if isinstance(action, Read) else None
            if isinstance(action, Send):
                said.append(action.octets)
    except StopIteration as stop:
        result = stop.value
    assert result is not None
    assert result.status == "pass"
    assert said == [b"220 x\r\n", b"354 go\r\n", b"250 ok\r\n"]
