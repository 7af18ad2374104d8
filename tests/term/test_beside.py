"""What is said beside what was said: who speaks of an event, and in which order."""

from collections.abc import Iterable

import pytest

from smtp_repl.script.transcript import Line, remark
from smtp_repl.term import beside
from smtp_repl.wire.events import Event, ReplySaid
from tests.term.sitting import Sitting


def test_a_voice_is_a_row_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """It speaks after the voices above it, knows how the session stands, and hears what they said."""

    def voice(event: Event, around: beside.Around) -> Iterable[Line]:
        if isinstance(event, ReplySaid) and event.reply.klass == 5:
            where = around.target.host if around.target is not None else ""
            yield remark(f"{where} refuses in phase {around.conversation.phase.value}; before: {len(around.told)}")

    monkeypatch.setattr(beside, "VOICES", [*beside.VOICES, voice])
    sitting = Sitting(b"334 \r\n", b"535 5.7.8 no\r\n", b"502 what\r\n").greeted("AUTH PLAIN")
    sitting.say(b"AUTH PLAIN\r\n")
    sitting.say(b"AGFAYgBj\r\n")
    assert sitting.shown[-2].startswith("# wrong user or wrong password")
    assert sitting.shown[-1] == "# mail.example.com refuses in phase greeted; before: 1"
    sitting.say(b"NOOP\r\n")
    assert sitting.shown[-1] == "# mail.example.com refuses in phase greeted; before: 1"


def test_remarks_are_in_no_file() -> None:
    """A recording tells what was said."""
    sitting = Sitting(b"503 no\r\n").open()
    sitting.say(b"DATA\r\n")
    assert any("RFC 5321" in line for line in sitting.shown)
    assert not any("RFC 5321" in line.text for line in sitting.desk.transcript)
