"""Observers are told everything, one or several of them, and take what they need."""

from smtp_repl.script.casting import Casting, Observer, Observers
from smtp_repl.script.player import play
from smtp_repl.script.selfplay import play_together
from smtp_repl.script.server_part import play_server
from tests.script.stage import TARGET, Witness, planned


def test_several_are_told_the_same() -> None:
    made = planned("S: 220 x\nC: STARTTLS\nS: 220 go\nC: QUIT\nS: 221 bye\n@eof\n")
    one, other, alone = Witness(), Witness(), Witness()
    play_together(play(made, Casting(TARGET), Observers([one, other])), play_server(made, Casting(), Observer()))
    play_together(play(made, Casting(TARGET), alone), play_server(made, Casting(), Observer()))
    assert one.events == other.events == alone.events
    assert one.said == other.said == alone.said == ["open", *alone.said[1:]]
    assert one.statuses == other.statuses == ["ok"] * 4
    assert one.closes == other.closes == [False]


def test_remarks_are_passed_on() -> None:
    witness = Witness()
    Observers([Observer(), witness]).remarked("", "no reply")
    assert witness.remarks == ["no reply"]


def test_results_are_made_only_for_who_wants_them() -> None:
    assert not Observer().wants_steps
    assert Witness().wants_steps
    assert Observers([Observer(), Witness()]).wants_steps
    assert not Observers([Observer()]).wants_steps
