"""Both kinds of poller tell the same of the same descriptors."""

import socket
from collections.abc import Iterator

import pytest

from smtp_repl.net.poller import READ, WRITE, Poller, new_poller

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(params=["selectors", "the best one"])
def poller(request: pytest.FixtureRequest) -> Iterator[Poller[str]]:
    made: Poller[str] = Poller() if request.param == "selectors" else new_poller()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_what_was_left_comes_back(poller: Poller[str], pair: Pair) -> None:
    """With what happened to its descriptor, and only if that was asked for."""
    one, other = pair
    assert list(poller.wait(0)) == []
    poller.watch(one, READ, "one")
    assert list(poller.wait(0)) == []
    other.send(b"x")
    assert list(poller.wait(10)) == [("one", READ)]
    poller.change(one, WRITE, "one, for writing")
    assert list(poller.wait(10)) == [("one, for writing", WRITE)]
    poller.change(one, READ | WRITE, "both")
    assert list(poller.wait(10)) == [("both", READ | WRITE)]


def test_a_peer_that_left_can_be_read(poller: Poller[str], pair: Pair) -> None:
    """Whatever else the system calls it: reading tells what it is."""
    one, other = pair
    poller.watch(one, READ, "one")
    other.close()
    ((left, events),) = poller.wait(10)
    assert left == "one"
    assert events & READ


def test_nothing_comes_of_what_was_left(poller: Poller[str], pair: Pair) -> None:
    """Also when it is closed next, and when its descriptor is another's then."""
    one, other = pair
    other.send(b"x")
    poller.watch(one, READ, "one")
    poller.leave(one)
    assert list(poller.wait(0)) == []
    poller.watch(one, READ, "one")
    poller.leave_closing(one)
    descriptor = one.fileno()
    one.close()
    with socket.socket() as another:
        if another.fileno() == descriptor:
            poller.watch(another, READ, "another")
            assert "one" not in [left for left, _ in poller.wait(0)]
