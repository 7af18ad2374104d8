"""What modules that a plain run loads need of `typing`, without loading it: that would take 3 ms of 40.

To the type checker these are the names of `typing`; to the running program they are stand-ins that do nothing.
"""

__all__ = ["TYPE_CHECKING", "Generic", "Never", "NoReturn", "Protocol", "T", "cast"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, Never, NoReturn, Protocol, TypeVar, cast

    T = TypeVar("T")
else:
    T = Never = NoReturn = object

    class Generic:
        def __class_getitem__(cls, parameter):
            return cls

    class Protocol:
        pass

    def cast(kind, value):
        return value
