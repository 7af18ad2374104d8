"""Which write a reply answers, and how long it took."""

from smtp_repl.term.pairing import Answer, Pairing


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def greeted(clock: Clock) -> Pairing:
    pairing = Pairing(clock)
    pairing.answer()
    return pairing


def test_the_greeting_answers_write_0() -> None:
    clock = Clock()
    pairing = Pairing(clock)
    clock.now = 2.0
    pairing.octets_come()
    assert pairing.answer() == Answer(0, 2.0, 2.0, True)
    assert pairing.answer() is None


def test_time_to_the_first_octet() -> None:
    """A reply that drips in took until its end; its first octet came before that."""
    clock = Clock()
    pairing = greeted(clock)
    pairing.wrote(1, 1)
    clock.now = 1.0
    pairing.octets_come()
    pairing.octets_came(is_unfinished=True)
    clock.now = 3.0
    pairing.octets_come()
    assert pairing.answer() == Answer(1, 3.0, 1.0, True)


def test_the_next_reply_has_a_first_octet_of_its_own() -> None:
    """The end of one reply and the beginning of the next may come at the same time."""
    clock = Clock()
    pairing = greeted(clock)
    pairing.wrote(1, 2)
    clock.now = 1.0
    pairing.octets_come()
    pairing.octets_came(is_unfinished=True)
    clock.now = 2.0
    pairing.octets_come()
    first, second = pairing.answer(), pairing.answer()
    assert first is not None
    assert second is not None
    assert (first.first_octet, second.first_octet) == (1.0, 2.0)


def test_a_play_sees_no_octets() -> None:
    """Whoever feeds the conversation himself tells of no octets; those of an earlier reply do not count."""
    clock = Clock()
    pairing = greeted(clock)
    pairing.octets_come()
    pairing.octets_came(is_unfinished=False)
    pairing.wrote(1, 1)
    clock.now = 2.0
    assert pairing.answer() == Answer(1, 2.0, None, True)


def test_replies_that_are_awaited_together_are_not_alone() -> None:
    """Each of them, the last one too."""
    pairing = greeted(Clock())
    pairing.wrote(1, 1)
    pairing.wrote(2, 2)
    first, second = pairing.answer(), pairing.answer()
    pairing.wrote(3, 1)
    third = pairing.answer()
    assert [answer.was_alone for answer in (first, second, third) if answer is not None] == [False, False, True]
    assert [answer.step for answer in (first, second, third) if answer is not None] == [1, 2, 3]


def test_what_is_given_up_is_awaited_no_more() -> None:
    """A refused DATA changes what is awaited; the conversation says how much that is."""
    pairing = greeted(Clock())
    pairing.wrote(1, 3)
    pairing.settle(1)
    assert pairing.answer() is not None
    assert pairing.answer() is None
