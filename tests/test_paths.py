"""Every error names where in the value it happened: writing and reading, in every kind of container."""

import collections
import dataclasses
import datetime as dt
import enum
import threading
import zoneinfo

import numpy as np
import pytest

import holdall
import models
from models import Frozen, Label, Node, Pair, Point, Slotted, Solid, Table, Words

LOCK = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Item:
    """What may be in a set and a key, and holds what may not be kept."""

    held: object = dataclasses.field(hash=False, compare=False)

    def __repr__(self):
        return "item"


# A container around something, and the step to it.
STEPS = {
    "list": (lambda inner: [0, inner], "[1]"),
    "tuple": (lambda inner: (inner, 0), "[0]"),
    "dict": (lambda inner: {"a": 0, "b c": inner}, "['b c']"),
    "dict of ints": (lambda inner: {1: inner}, "[1]"),
    "dict of tuples": (lambda inner: {(1, "a"): inner}, "[(1, 'a')]"),
    "dict of None": (lambda inner: {None: inner}, "[None]"),
    "OrderedDict": (lambda inner: collections.OrderedDict(a=0, b=inner), "['b']"),
    "defaultdict": (lambda inner: collections.defaultdict(list, {"k": inner}), "['k']"),
    "Counter": (lambda inner: collections.Counter({"k": inner}), "['k']"),
    "deque": (lambda inner: collections.deque([0, 0, inner]), "[2]"),
    "dataclass": (lambda inner: Point(0, inner), ".y"),
    "frozen with slots": (Frozen, ".name"),
    "slots": (lambda inner: Slotted(0, inner), ".right"),
    "inherited": (lambda inner: Label("a", inner), ".more"),
    "inherited field": (lambda inner: Solid(inner), ".x"),
    "further attribute": (lambda inner: with_note(Point(0), inner), ".note"),
    "NamedTuple": (lambda inner: Pair(0, inner), ".right"),
    "list subclass": (lambda inner: Words([0, inner]), "[1]"),
    "dict subclass": (lambda inner: Table(k=inner), "['k']"),
}
KEYS = {
    "key": (lambda inner: {Item(inner): 1}, "$.keys()[item].held"),
    "key in a tuple": (lambda inner: {(1, Item(inner)): 1}, "$.keys()[(1, item)][1].held"),
    "set": (lambda inner: {Item(inner)}, "$[item].held"),
    "frozenset": (lambda inner: frozenset([(Item(inner), 1)]), "$[(item, 1)][0].held"),
}


def with_note(point, note):
    point.note = note
    return point


def function():
    """What pickle keeps and CBOR does not."""


def refusal_of(value, mode):
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.dumps(value, mode=mode)
    assert caught.value.path in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", STEPS)
def test_what_cannot_be_kept_is_named(name, store):
    wrap, step = STEPS[name]
    error = refusal_of(wrap(LOCK), "auto")
    assert error.path == f"${step}"
    assert "_thread.lock" in str(error)
    with pytest.raises(holdall.SerializationError) as caught:
        store.put("k", wrap([LOCK]))
    assert caught.value.path == f"${step}[0]"
    assert str(caught.value).startswith('put "k": $')


@pytest.mark.parametrize("outer", STEPS)
@pytest.mark.parametrize("name", [name for name in STEPS if "subclass" not in name])
def test_what_cbor_does_not_take_is_named(name, outer):
    (wrap, step), (around, first) = STEPS[name], STEPS[outer]
    if "subclass" in outer:
        # That is what is refused here.
        first = step = ""
    error = refusal_of(around(wrap(function)), "cbor")
    assert error.path == f"${first}{step}"
    assert ("function" in str(error)) is bool(first)


@pytest.mark.parametrize("name", KEYS)
def test_the_way_through_keys_and_sets(name):
    wrap, path = KEYS[name]
    assert refusal_of(wrap(function), "cbor").path == path
    assert refusal_of([0, wrap(function)], "cbor").path == path.replace("$", "$[1]")


class Planet(enum.Enum):
    HELD = [1, function]


def test_the_value_of_an_enum_is_a_step(monkeypatch):
    monkeypatch.setattr(models, "Planet", Planet)
    monkeypatch.setattr(Planet, "__module__", "models")
    error = refusal_of({"a": Planet.HELD}, "cbor")
    assert error.path.startswith("$['a']")
    assert "function" in str(error)


def test_a_long_way_is_cut():
    value = function
    for _ in range(1000):
        value = [value]
    error = refusal_of(value, "cbor")
    assert error.path == "$" + "[0]" * 64 + "…"
    assert len(refusal_of({"k" * 1000: function}, "cbor").path) < 80


# Reading


def no_zone(monkeypatch):
    """A machine without time zones."""
    import importlib.resources

    def none(*_):
        raise FileNotFoundError

    monkeypatch.setattr(importlib.resources, "files", none)
    before = zoneinfo.TZPATH
    zoneinfo.ZoneInfo.clear_cache(only_keys=["Asia/Tokyo"])
    zoneinfo.reset_tzpath([])
    return before


def failure_of(frame):
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.loads(frame)
    assert caught.value.path in str(caught.value)
    return caught.value


READABLE = [name for name in STEPS if "subclass" not in name]


@pytest.mark.parametrize("name", READABLE)
def test_a_zone_that_is_not_there(name, monkeypatch):
    wrap, step = STEPS[name]
    frame = holdall.dumps(wrap(dt.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))))
    before = no_zone(monkeypatch)
    try:
        error = failure_of(frame)
    finally:
        zoneinfo.reset_tzpath(before)
        zoneinfo.ZoneInfo.clear_cache(only_keys=["Asia/Tokyo"])
    assert error.path == f"${step}"
    assert "Asia/Tokyo" in str(error)


class Smaller(enum.Enum):
    GREEN = 2


@pytest.mark.parametrize("name", READABLE)
def test_a_member_that_is_gone(name, monkeypatch):
    wrap, step = STEPS[name]
    frame = holdall.dumps(wrap([models.Color.RED]))
    monkeypatch.setattr(models, "Color", Smaller)
    error = failure_of(frame)
    assert error.path == f"${step}[0]"
    assert "'RED' is gone" in str(error)


@pytest.mark.parametrize("name", READABLE)
def test_a_class_that_is_gone(name, monkeypatch):
    wrap, step = STEPS[name]
    frame = holdall.dumps(wrap({"n": Node("a")}))
    monkeypatch.delattr(models, "Node")
    error = failure_of(frame)
    assert error.path.startswith(f"${step}['n']")
    assert "models:Node" in str(error)


@pytest.mark.parametrize("name", READABLE)
def test_content_that_a_tag_does_not_take(name):
    wrap, step = STEPS[name]
    frame = holdall.dumps(wrap(dt.date(2020, 12, 31)), mode="cbor", frame=False)
    damaged = frame.replace(b"2020-12-31", b"2020-13-31")
    assert damaged != frame
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.loads(damaged, mode="cbor", frame=False, trust="all")
    assert caught.value.path == f"${step}"


def test_the_way_to_a_damaged_key():
    for value, path in [
        ({"a": 1, dt.date(2020, 12, 31): 2}, "$.keys()[1]"),
        ([{(1, dt.date(2020, 12, 31)): 2}], "$[0].keys()[0][1]"),
        ({1: {2: {dt.date(2020, 12, 31)}}}, "$[1][2][0]"),
        (np.array(["2020-12-31"], "M8[D]").tolist(), "$[0]"),
    ]:
        payload = holdall.dumps(value, mode="cbor", frame=False)
        with pytest.raises(holdall.SerializationError) as caught:
            holdall.loads(payload.replace(b"2020-12", b"2020-13"), mode="cbor", frame=False)
        assert caught.value.path == path
