"""One connection of a play: how it waits, ends and tells."""

import pytest

from smtp_repl.script.actions import Happening, Open, PeerGone, Received, Send, TimedOut
from smtp_repl.script.channel import Channel, describe_awaited
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, WireLimit
from tests.script.stage import Witness


def channel(*heard: bytes) -> Channel:
    conversation = Conversation()
    for octets in heard:
        conversation.receive(octets)
    return Channel("", Witness(), conversation=conversation)


def finish(doing: object, *happenings: Happening) -> object:
    """Run a generator of actions to its end."""
    part = iter(doing)  # type: ignore[call-overload]
    part.send(None)
    for happening in happenings:
        try:
            part.send(happening)
        except StopIteration as stop:
            return stop.value
    return None


def test_a_reply_is_given_once() -> None:
    one = channel()
    heard = finish(one.reply(5.0), Received(b"220 x\r\n250 y\r\n", 0.5))
    assert heard.said.reply.code == 220  # type: ignore[attr-defined]
    assert heard.seconds == 0.5  # type: ignore[attr-defined]
    assert one.due == 1
    with pytest.raises(StopIteration) as stop:
        next(one.reply(5.0))
    assert stop.value.value.said.reply.code == 250


def test_who_timed_out_is_told_what_came() -> None:
    one = channel()
    with pytest.raises(ReplyTimeout, match=r"greeting.*220-x") as caught:
        finish(one.reply(5.0), Received(b"220-x\r\n", 0.5), TimedOut(5.0))
    assert caught.value.kind == "greeting-timeout"


def test_a_timeout_where_nothing_was_due() -> None:
    with pytest.raises(ReplyTimeout, match="although none was due"):
        finish(channel(b"220 x\r\n").reply(5.0), TimedOut(5.0))


def test_a_flood_breaks_it() -> None:
    with pytest.raises(WireLimit):
        finish(channel().reply(5.0), Received(b"220-" + b"x" * 10_000, 0.5))


def test_closing_where_nothing_was_due() -> None:
    one = channel(b"220 x\r\n")
    with pytest.raises(PeerClosed, match=r"connection$"):
        finish(one.reply(5.0), PeerGone())
    assert one.gone
    assert list(one.close()) == []


def test_closing_what_was_never_opened() -> None:
    assert list(Channel("", Witness()).close()) == []


def test_a_driver_that_answers_wrongly_is_a_bug() -> None:
    for doing in (Channel("", Witness()).open(None), channel().start_tls(), channel().read(1.0, restart=True)):
        next(doing)  # type: ignore[call-overload]
        with pytest.raises(AssertionError):
            doing.send(None)


def test_opening_tells_whose_path_it_is() -> None:
    one = Channel("bob", Witness())
    assert next(one.open(None)) == Open("bob", None)
    assert not one.is_private


def test_a_write_is_noted_when_it_is_out() -> None:
    one = channel(b"220 x\r\n")
    doing = one.send(b"NOOP\r\n")
    assert next(doing) == Send("", b"NOOP\r\n")
    assert one.conversation.awaiting == ()
    with pytest.raises(StopIteration):
        next(doing)
    assert one.conversation.awaiting == ("NOOP",)


def test_a_stream_is_noted_block_by_block() -> None:
    """An observer is told of a large message as it goes out, not after it."""
    one = channel(b"220 x\r\n")
    (action,) = [next(one.stream(iter([b"NOOP\r\n", b"RSET\r\n"])))]
    blocks = action.blocks  # type: ignore[union-attr]
    next(blocks)
    assert one.conversation.awaiting == ("NOOP",)


@pytest.mark.parametrize(
    ("said", "words"), [("greeting", "greeting"), (".", "message"), ("AUTH step", "step"), ("MAIL", "MAIL")]
)
def test_what_is_awaited_in_words(said: str, words: str) -> None:
    assert words in describe_awaited(said)
