"""compare_and_swap: replaced only if it still is what was expected, by type and value."""

import math
import threading
from collections import Counter, OrderedDict, deque

import numpy as np
import pytest

import holdall
from holdall import get_store
from models import Color, Meddler, Point
from processes import finish, start
from values import VALUES

# Their own `==` says no, or raises.
ODD = ["Decimal sNaN", "dataclass"]


def test_the_expected_value_is_replaced(store):
    store.put("k", {"n": 1})
    assert store.compare_and_swap("k", {"n": 1}, {"n": 2}) is True
    assert store.get("k") == {"n": 2}


def test_another_value_stays(store):
    store.put("k", {"n": 1})
    assert store.compare_and_swap("k", {"n": 3}, {"n": 2}) is False
    assert store.get("k") == {"n": 1}


def test_a_missing_key_is_no_value(store):
    assert store.compare_and_swap("gone", None, 1) is False
    assert "gone" not in store


@pytest.mark.parametrize("name", [name for name in VALUES if name not in ODD])
def test_every_value_equals_itself_after_the_round_trip(store, name):
    value, _ = VALUES[name]
    store.put("k", value)
    assert store.compare_and_swap("k", value, "swapped") is True
    assert store.get("k") == "swapped"


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (1, True), (1, 1.0), (0, False), ("1", 1), ("a", b"a"), ([1], (1,)), ([1], [True]),
        ({"a": 1}, {"a": 1.0}), ({1: "a"}, {True: "a"}), ((1, [2]), (1, [2.0])), ({1}, {1.0}),
        ({1}, frozenset({1})), (Color.GREEN, 2), (b"a", bytearray(b"a")), (None, False),
        (np.int64(1), 1), (np.array([1]), [1]), (np.array([1]), np.array([1.0])),
        (np.array([[1]]), np.array([1])), (OrderedDict(a=1), OrderedDict(a=True)),
        (OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)), (deque([1], 2), deque([1], 3)), (Point(1), Point(2)), (math.nan, 1.0),
    ],
)  # fmt: skip
def test_values_of_another_type_or_value_are_not_the_expected_one(store, stored, expected):
    store.put("k", stored)
    assert store.compare_and_swap("k", expected, "swapped") is False
    store.put("k", expected)
    assert store.compare_and_swap("k", stored, "swapped") is False


def test_the_order_in_which_a_set_was_filled_does_not_matter(store):
    store.put("k", {"a", "b", "c", "d"})
    assert store.compare_and_swap("k", {"d", "c", "b", "a"}, 1)


def test_equal_values_of_other_bytes_are_the_expected_one(store):
    """Shared and separate parts pickle differently; the values are equal all the same."""
    part = ("x" * 100,)
    store.put("k", (part, part, 1))
    assert store.compare_and_swap("k", (("x" * 100,), ("x" * 99 + "x",), 1), 2)


def test_a_cycle_can_be_compared(store):
    value = []
    value.append(value)
    store.put("k", value)
    assert store.compare_and_swap("k", value, 1) is True


def test_the_new_value_has_the_ttl_of_the_call(store):
    store.put("k", 1, ttl=100)
    assert store.compare_and_swap("k", 1, 2)
    assert store.info("k").expires_at is None
    assert store.compare_and_swap("k", 2, 3, ttl=50)
    assert store.info("k").expires_at is not None


def test_a_value_that_cannot_be_written_changes_nothing(store):
    store.put("k", 1)
    with pytest.raises(holdall.SerializationError):
        store.compare_and_swap("k", 1, threading.Lock())
    assert store.get("k") == 1


def test_it_works_in_stores_of_another_mode(uri):
    with get_store(uri, mode="raw") as store:
        store.put("k", b"1")
        assert store.compare_and_swap("k", b"0", b"2") is False
        assert store.compare_and_swap("k", b"1", b"2") is True
        assert store.get("k") == b"2"
    with get_store(uri + "2" if "memory" not in uri else uri, mode="json") as store:
        store.put("k", {1: 2})
        assert store.compare_and_swap("k", {"1": 2}, {3: 4}) is True
        assert store.get("k") == {"3": 4}


def test_no_increment_is_lost_among_threads(store):
    store.put("k", 0)

    def count():
        for _ in range(50):
            while True:
                number = store.get("k")
                if store.compare_and_swap("k", number, number + 1):
                    break

    threads = [threading.Thread(target=count) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert store.get("k") == 200


def test_no_increment_is_lost_among_processes(disk_uri):
    code = """
    store = get_store(sys.argv[1])
    for _ in range(50):
        while True:
            value = store.get("k")
            if store.compare_and_swap("k", value, (value[0] + 1,)):
                break
    """
    with get_store(disk_uri) as store:
        store.put("k", (0,))
        for child in [start(code, disk_uri) for _ in range(3)]:
            finish(child)
        assert store.get("k") == (150,)


def test_a_change_between_reading_and_writing_is_seen(store, monkeypatch):
    """The comparison runs user code; what it changes meanwhile must not be overwritten."""
    monkeypatch.setattr(Meddler, "meddle", lambda: store.put("k", "changed meanwhile"))
    store.put("k", Meddler())
    assert store.compare_and_swap("k", Meddler(), "swapped") is False
    assert store.get("k") == "changed meanwhile"


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (0.0, -0.0), ({"a": {1, 2}}, {"a": {2, 1}}),
        (Counter("ab"), Counter("ba")), ([math.nan], [float("nan")]),
    ],
)  # fmt: skip
def test_what_python_calls_equal_is_the_expected_value(store, stored, expected):
    store.put("k", stored)
    assert store.compare_and_swap("k", expected, "swapped") is True
