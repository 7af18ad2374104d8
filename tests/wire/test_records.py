"""Records behave as named tuples do."""

import copy
import pickle
from typing import NamedTuple

import pytest

from smtp_repl.wire.records import Record


class Point(Record):
    """A point."""

    x: int
    y: int = 0
    """How high."""

    @property
    def total(self) -> int:
        return self.x + self.y

    @classmethod
    def origin(cls) -> "Point":
        return cls(0)


class Pair(NamedTuple):
    x: int
    y: int = 0


@pytest.mark.parametrize(
    "record", [Point(1, 2), Point(1, y=2), Point(x=1, y=2), Point(y=2, x=1), Point(1)._replace(y=2)], ids=repr
)
def test_a_record_is_a_tuple_with_names(record: Point) -> None:
    """However it is made, it is equal to the tuple of its values."""
    assert record == (1, 2) == Pair(1, 2)
    assert hash(record) == hash((1, 2))
    assert (record.x, record.y, record.total) == (1, 2, 3)
    assert repr(record) == "Point(x=1, y=2)"
    assert record._asdict() == {"x": 1, "y": 2}


def test_defaults_class_methods_and_documentation_are_kept() -> None:
    """The body of the class is an ordinary one."""
    assert Point.origin() == (0, 0)
    assert Point.__doc__ == "A point."
    assert Point._fields == ("x", "y")


def test_a_record_matches_by_position() -> None:
    """`match` takes the fields in their order."""
    match Point(3, 4):
        case Point(x, y):
            assert (x, y) == (3, 4)


def test_a_record_is_made_of_a_sequence() -> None:
    """In one go, where there are very many of them."""
    assert Point._make((3, 4)) == Point(3, 4)
    assert type(Point._make([3, 4])) is Point


def test_copies_are_equal() -> None:
    """copy and pickle give the same values and the same class."""
    for twin in (copy.copy(Point(1)), copy.deepcopy(Point(1))):
        assert twin == Point(1)
        assert type(twin) is Point
    assert Point(1).__reduce_ex__(pickle.HIGHEST_PROTOCOL)[1] == (Point, 1, 0)


@pytest.mark.parametrize(
    ("values", "named", "complaint"),
    [
        ((), {}, "needs a value for 'x'"),
        ((1, 2, 3), {}, "takes 2 values but 3 were given"),
        ((1,), {"z": 3}, "unexpected value for 'z'"),
        ((1,), {"x": 2}, "unexpected value for 'x'"),
    ],
    ids=str,
)
def test_wrong_values_are_refused(values: tuple[int, ...], named: dict[str, int], complaint: str) -> None:
    """As by any constructor."""
    with pytest.raises(TypeError, match=complaint):
        Point(*values, **named)


def test_only_fields_are_replaced() -> None:
    """A misspelt field is an error."""
    with pytest.raises(ValueError, match="has no field 'z'"):
        Point(1)._replace(z=1)  # type: ignore[call-arg]


def test_defaults_come_last() -> None:
    """As the type checker says too."""
    with pytest.raises(TypeError, match="without a default"):

        class _Wrong(Record):
            x: int = 0
            y: int  # type: ignore[misc]


def test_records_are_fixed() -> None:
    """A value is never changed in place."""
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
