"""What happened to which descriptor: on Linux asked of epoll itself, elsewhere of `selectors`.

With thousands of sessions the loop asks more often than anything else, and for one session there is a library less to
load. `selectors` files each descriptor under three names; here there is one name, and what was left there comes back.
"""

import select
import sys
from collections.abc import Sequence

from smtp_repl.wire.hints import Generic, Protocol, T

READ, WRITE = 1, 2


class HasFileno(Protocol):
    """A socket, or what has one."""

    def fileno(self) -> int:
        """Its descriptor."""
        ...


class Poller(Generic[T]):
    """Watches descriptors for READ, WRITE or both."""

    __slots__ = ("_selector",)

    def __init__(self) -> None:
        import selectors

        self._selector = selectors.DefaultSelector()

    def watch(self, one: HasFileno, events: int, left: T) -> None:
        """Watch what was not watched; what is `left` here comes back from `wait`."""
        self._selector.register(one.fileno(), events, left)

    def change(self, one: HasFileno, events: int, left: T) -> None:
        """Watch for something else."""
        self._selector.modify(one.fileno(), events, left)

    def leave(self, one: HasFileno) -> None:
        """Watch it no more."""
        self._selector.unregister(one.fileno())

    def leave_closing(self, one: HasFileno) -> None:
        """Watch it no more, for it is closed next."""
        self._selector.unregister(one.fileno())

    def wait(self, seconds: float) -> Sequence[tuple[T, int]]:
        """What was left with those to which something happened within these seconds, and what; trouble is both."""
        return [(key.data, events) for key, events in self._selector.select(seconds)]

    def close(self) -> None:
        """Watch nothing more."""
        self._selector.close()


if sys.platform == "linux":
    _ASKED = {READ: select.EPOLLIN, WRITE: select.EPOLLOUT, READ | WRITE: select.EPOLLIN | select.EPOLLOUT}
    _TOLD = {select.EPOLLIN: READ, select.EPOLLOUT: WRITE}

    class EpollPoller(Poller[T]):
        """The same with fewer words in between."""

        __slots__ = ("_epoll", "_left")

        def __init__(self) -> None:
            self._epoll = select.epoll()
            self._left: dict[int, T] = {}

        def watch(self, one: HasFileno, events: int, left: T) -> None:
            descriptor = one.fileno()
            self._epoll.register(descriptor, _ASKED[events])
            self._left[descriptor] = left

        def change(self, one: HasFileno, events: int, left: T) -> None:
            descriptor = one.fileno()
            self._epoll.modify(descriptor, _ASKED[events])
            self._left[descriptor] = left

        def leave(self, one: HasFileno) -> None:
            descriptor = one.fileno()
            del self._left[descriptor]
            self._epoll.unregister(descriptor)

        def leave_closing(self, one: HasFileno) -> None:
            del self._left[one.fileno()]  # the system does the rest

        def wait(self, seconds: float) -> Sequence[tuple[T, int]]:
            left = self._left
            return [
                (left[descriptor], _TOLD.get(events, READ | WRITE))
                for descriptor, events in self._epoll.poll(seconds, len(left) or 1)
            ]

        def close(self) -> None:
            self._epoll.close()


def new_poller() -> Poller[T]:
    """The best one that this system has."""
    return EpollPoller() if sys.platform == "linux" and hasattr(select, "epoll") else Poller()
