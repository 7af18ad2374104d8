"""What awaits a reply, and where the session will stand."""

import pytest

from smtp_repl.wire.outlook import Awaited, Outlook
from smtp_repl.wire.states import END_OF_DATA, LAST_CHUNK, Phase


def greeted() -> Outlook:
    outlook = Outlook()
    outlook.take()
    outlook.stand(Phase.GREETED, Phase.GREETED)
    return outlook


def test_a_session_awaits_the_greeting() -> None:
    outlook = Outlook()
    assert outlook.said == ("greeting",)
    assert outlook.ahead is Phase.OPENED


def test_replies_answer_first_in_first_out() -> None:
    outlook = greeted()
    for said in ("MAIL", "RCPT", "DATA"):
        outlook.say(Awaited(said))
    taken = [outlook.take() for _ in range(4)]
    assert [awaited.said if awaited else None for awaited in taken] == ["MAIL", "RCPT", "DATA", None]


def test_what_is_hoped_for_lies_ahead() -> None:
    outlook = greeted()
    outlook.say(Awaited("MAIL"))
    outlook.say(Awaited("RCPT"))
    assert outlook.ahead is Phase.RCPT
    outlook.say(Awaited("DATA"))
    assert outlook.ahead is Phase.DATA


def test_a_disappointment_is_followed_through() -> None:
    """After MAIL was refused, a NOOP that is still awaited leaves the session where it is."""
    outlook = greeted()
    outlook.say(Awaited("MAIL"))
    outlook.say(Awaited("NOOP"))
    outlook.take()
    outlook.stand(Phase.GREETED, Phase.MAIL)
    assert outlook.ahead is Phase.GREETED


@pytest.mark.parametrize("asks", [True, False])
def test_what_lies_ahead_is_the_same_whenever_one_asks(asks: bool) -> None:
    """It is worked out when somebody asks; whoever asked before each reply must have been told the same at the end."""
    outlook = greeted()
    for said in ("MAIL", "RCPT", "RCPT", "RSET", "MAIL", "RCPT"):
        outlook.say(Awaited(said))
    for phase, hoped in (
        (Phase.GREETED, Phase.MAIL),
        (Phase.GREETED, Phase.GREETED),
        (Phase.GREETED, Phase.GREETED),
        (Phase.GREETED, Phase.GREETED),
        (Phase.GREETED, Phase.MAIL),
    ):
        outlook.take()
        outlook.stand(phase, hoped)
        if asks:
            assert outlook.ahead is Phase.RCPT
    # What a server accepts out of order has happened all the same.
    assert outlook.ahead is Phase.RCPT


def test_a_long_group_that_is_refused_takes_no_long_time() -> None:
    """Each refusal once went through all that was still awaited: 40,000 recipients took minutes."""
    outlook = greeted()
    outlook.say(Awaited("MAIL"))
    outlook.take()
    outlook.stand(Phase.MAIL, Phase.MAIL)
    hopes = []

    class Counted(Awaited):
        def hope(self, phase: Phase) -> Phase:
            hopes.append(phase)
            return super().hope(phase)

    count = 500
    for _ in range(count):
        outlook.say(Counted("RCPT"))
    for _ in range(count):
        outlook.take()
        outlook.stand(Phase.MAIL, Phase.RCPT)
    assert outlook.ahead is Phase.MAIL
    assert len(hopes) < 3 * count


def test_the_text_after_a_refused_data_is_taken_for_commands() -> None:
    outlook = greeted()
    outlook.say(Awaited(END_OF_DATA, lines=2))
    outlook.say(Awaited("QUIT"))
    assert outlook.take_back_message(None)
    assert outlook.said == ("", "", "", "QUIT")
    assert not outlook.take_back_message(None)
    assert outlook.take_back_message(1)
    assert outlook.said == ("", "", "", "", "QUIT")


def test_lmtp_awaits_one_less_for_a_refused_recipient() -> None:
    outlook = greeted()
    outlook.say(Awaited(END_OF_DATA), 2)
    outlook.await_one_less()
    outlook.await_one_less()  # one reply comes whatever happens
    assert outlook.said == (END_OF_DATA,)
    chunks = greeted()
    chunks.say(Awaited(LAST_CHUNK))
    chunks.say_more(END_OF_DATA, 1)
    chunks.await_one_less()
    chunks.await_one_less()
    assert chunks.said == (LAST_CHUNK,)


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ([], ("greeting",)),
        (["EHLO"], ("greeting", "EHLO", "EHLO")),
        (["MAIL", "RCPT", "RCPT", "DATA"], ("greeting", "MAIL", "DATA")),
        (["DATA", "."], ("greeting", "DATA", "DATA")),
    ],
)
def test_ends(said: list[str], ends: tuple[str, ...]) -> None:
    """The oldest and the latest command are told, however many there are between; a message is none."""
    outlook = Outlook()
    for one in said:
        outlook.say(Awaited(one))
    assert outlook.ends == ends
    while outlook.take() is not None:
        pass
    assert outlook.ends == ()
