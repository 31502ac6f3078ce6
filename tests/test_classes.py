"""Instances of classes: which are written as fields, and what they become when the class changes."""

import abc
import copyreg
import dataclasses
import enum
import http
import re
import signal
import sys
from collections import namedtuple
from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

import attrs
import msgspec
import pydantic
import pytest

from holdall._classes import UNSET, plan, resolve, state_of
from holdall._shape import shape_of
from models import Color, Frozen, Level, Meddler, Model, Name, Pair, Point, Right, Slots, Text
from objects import again, definition_of, made, module, taken_apart

T = TypeVar("T")
Bare = namedtuple("Bare", "a b", defaults=[2])
calls = []


@pytest.fixture
def shop(monkeypatch):
    """Loads a module `shop` from source, in place of the one before."""
    return lambda source: module(monkeypatch, source)


@dataclass
class Base:
    a: int
    tags: list = field(default_factory=list)
    kind: ClassVar[str] = "base"
    seed: InitVar[int] = 0

    def __post_init__(self, seed):
        calls.append("post_init")
        self.sum = self.a + seed


@dataclass(kw_only=True)
class Child(Base):
    __secret: int = 7
    late: int = field(init=False, default=3)
    never: int = field(init=False)


@dataclass(slots=True, weakref_slot=True)
class Slotted(Generic[T]):
    x: T
    y: Any = None


@dataclass(frozen=True, slots=True)
class Cold(Generic[T]):
    x: T
    y: Any = None


@dataclass(frozen=True, slots=True)
class Icy(Cold[int]):
    z: int = 0


@dataclass(slots=True)
class SlotsOverDict(Point):
    z: int = 0


@dataclass
class ByHand:
    __slots__ = ("__hidden", "x")
    x: int

    def __post_init__(self):
        self.__hidden = 5


@dataclass
class Doubling:
    """Setting `x` runs code; what is kept lies in the dict, and comes back as it was."""

    class Twice:
        def __set__(self, instance, value):
            instance.__dict__["x"] = value * 2

    x: int
    y: int = 0


Doubling.x = Doubling.Twice()


@dataclass
class Shadowed(ByHand):
    """Its slot is still there, but its name leads elsewhere."""

    y: int = 0


Shadowed.x = property(lambda self: "another")


class Held(Protocol):
    x: int


@dataclass
class Holder(abc.ABC, Held):
    x: int


class Shared(NamedTuple):
    left: int
    right: int = 2

    def norm(self):
        return self.left + self.right


class Plain(Bare):
    __slots__ = ()

    def both(self):
        return self.a, self.b


class Planet(enum.Enum):
    EARTH = (5.97, 6.37)
    TERRA = EARTH
    MARS = (0.64, 3.39)

    def __init__(self, mass, radius):
        self.mass = mass


class Odd(float, enum.Enum):
    NAN = float("nan")


class Bits(enum.IntFlag):
    NONE = 0
    A = 1
    B = 2
    AB = 3
    WIDE = 12


class Strict(enum.Flag):
    A = 1
    B = 2


# What is written as fields


def same_state(one, two):
    return type(one) is type(two) and taken_apart(one) == taken_apart(two)


@pytest.mark.parametrize(
    "value",
    [
        Point(1, [2]),
        Base(1),
        Child(a=1, tags=[1], seed=4),
        Frozen("a"),
        Slotted(1, "y"),
        Icy(1, 2, 3),
        SlotsOverDict(1, 2, 3),
        ByHand(1),
        Doubling(4),
        Holder(1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_dataclass_comes_back_as_it_was(value):
    calls.clear()
    back = again(value)
    assert same_state(back, value)
    assert calls == []  # neither __init__ nor __post_init__ runs


def test_what_a_plan_says():
    found = plan(Child)
    assert (found.form, found.name, found.version) == ("dataclass", "test_classes:Child", 0)
    assert found.fields == ("a", "tags", "_Child__secret", "late", "never")
    assert (found.slots, found.has_dict, found.copy) == ((), True, None)
    slotted = plan(Icy)
    assert [name for name, _ in slotted.slots] == ["z", "x", "y"]
    assert not slotted.has_dict
    assert slotted.slots[0][1].__get__(Icy(1, 2, 3)) == 3
    assert [name for name, _ in plan(ByHand).slots] == ["_ByHand__hidden", "x"]
    assert plan(SlotsOverDict).has_dict
    assert plan(Pair).fields == ("left", "right")
    assert [plan(kind).form for kind in (Pair, Color, Right)] == ["namedtuple", "enum", "flag"]


def test_a_field_and_its_slot_have_one_name():
    """The engine compares them by identity, also where the names were computed."""
    kind = dataclasses.make_dataclass("Made", [str(b"name", "ascii")], slots=True)
    found = shape_of(kind)
    assert found.fields[0] is found.slots[0][0]


def test_attributes_that_are_not_declared_are_kept():
    point = Point(1)
    point.note = "here"
    assert taken_apart(point)[0][4] == ["note"]
    assert again(point).note == "here"


def test_a_field_that_is_not_set_stays_so():
    point, slotted = Point(1), Slotted(1)
    del point.y, slotted.y
    assert taken_apart(point)[1] == [1, UNSET]
    # The class's own default shows through, as it does on the original.
    assert vars(again(point)) == {"x": 1}
    assert not hasattr(again(slotted), "y")


def test_only_simple_state_is_set_directly():
    assert resolve(definition_of(Point), True).direct
    assert resolve(definition_of(Point, ["note"]), True).direct
    assert resolve(definition_of(Icy), True).direct
    assert resolve(definition_of(Pair), True).direct
    # A descriptor would run, or the interpreter's own attribute would be changed.
    assert not resolve(definition_of(Doubling), True).direct
    assert not resolve(definition_of(Point, ["__class__"]), True).direct
    hidden = object.__new__(Shadowed)
    ByHand.x.__set__(hidden, 5)
    assert not resolve(definition_of(Shadowed), True).direct
    assert ByHand.x.__get__(again(hidden)) == 5
    strange = made(definition_of(Point, ["__class__"]), [1, 2, "text"])
    assert type(strange) is Point
    assert vars(strange)["__class__"] == "text"


def test_values_may_refer_to_the_instance():
    recipe = resolve(definition_of(Point), True)
    point = object.__new__(recipe.kind)
    recipe.fill(point, [1, [point]])
    assert point.y[0] is point


@pytest.mark.parametrize("value", [Pair(1, [2]), Bare(1), Shared(3), Plain(1, 2)])
def test_a_named_tuple_comes_back_as_it_was(value):
    back = again(value)
    assert type(back) is type(value)
    assert back == value


@pytest.mark.parametrize(
    "member",
    [
        *(Color.RED, Level.HIGH, Name.ANNA, Planet.TERRA, Odd.NAN, http.HTTPStatus.OK),
        *(signal.SIGINT, Right.READ | Right.WRITE, Right(0), Bits.NONE, Bits.AB, Bits(7)),
        *(Bits.WIDE, Bits.WIDE | Bits.A, Bits(64 + 1), ~Bits.A, re.I | re.M),
    ],
    ids=repr,
)
def test_a_member_is_the_member(member):
    assert again(member) is member


@pytest.mark.parametrize(
    ("member", "state"),
    [
        (Planet.TERRA, ["EARTH", (5.97, 6.37)]),
        (Level.LOW, ["LOW", 1]),
        (Bits.NONE, [0, {"NONE": 0}]),
        (Strict(0), [0, {}]),
        (Bits.AB, [3, {"A": 1, "B": 2, "AB": 3}]),
        (Bits(7), [7, {"A": 1, "B": 2}]),
        (Bits.WIDE | Bits.A, [13, {"A": 1, "WIDE": 12}]),
        (Bits(65), [65, {"A": 1}]),
    ],
    ids=repr,
)
def test_the_state_of_a_member(member, state):
    assert state_of(member) == state


def test_a_member_that_its_class_made_up_has_no_state():
    class Open(enum.Enum):
        KNOWN = 1

        @classmethod
        def _missing_(cls, value):
            member = object.__new__(cls)
            member._name_, member._value_ = "UNKNOWN", value
            return member

    assert state_of(Open(5)) is None
    assert state_of(Open.KNOWN) == ["KNOWN", 1]


# What is left to pickle


def hook(name, answer=lambda self, *rest: None, **options):
    """A dataclass with one method of its own."""
    names = {"x": 1, "__annotations__": {"x": int}, name: answer}
    return dataclass(type("Hooked", (), names), **options)


def refused():
    class Undecorated(Point):
        pass

    class Listed(list):
        x: int = 1

    class Renamed(Pair):
        __slots__ = ()

        def __new__(cls, left):
            return super().__new__(cls, left, left)

    class Roomy(Pair):
        pass

    class Emptied(Pair):
        __slots__ = ()

        def __getnewargs__(self):
            return (1, 2)

    class Reduced(enum.Enum):
        A = 1

        def __reduce_ex__(self, protocol):
            return "A"

    class Meta(type):
        pass

    class Unhashable(type(Color)):
        def __eq__(self, other):
            return self is other

    class Unhashed(enum.Enum, metaclass=Unhashable):
        __hash__ = enum.Enum.__hash__

    class ByMeta(metaclass=Meta):
        x: int = 1

    class Failure(Exception):
        x: int = 1

    class Twice(Slotted):
        __slots__ = ("x",)

    class Hidden:
        __slots__ = ("hidden", "x")
        __annotations__ = {"x": int}

    del Hidden.hidden  # the room for it is still there

    class Pretending:
        x: int = 1
        __class__ = int

    yield from (Undecorated, Unhashed, Renamed, Roomy, Emptied, Reduced, Slots, Text, Meddler)
    yield from (dataclass(Listed), dataclass(ByMeta), dataclass(Failure), dataclass(Twice))
    yield dataclass(Pretending)
    yield dataclass(Hidden)
    yield dataclass(type("Own", (), {"__new__": lambda cls: object.__new__(cls)}))
    for name in (
        *("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__"),
        *("__getnewargs_ex__", "__getattribute__"),
    ):
        yield hook(name)
    yield hook("__setstate__", None)
    yield hook("__getstate__", frozen=True, slots=True)
    yield pydantic.dataclasses.dataclass(type("Checked", (), {"__annotations__": {"x": int}}))
    yield Model
    yield attrs.define(type("Attrs", (), {"__annotations__": {"x": int}}))
    yield msgspec.defstruct("Struct", ["x"])
    yield from (int, object, type, tuple, sys.float_info.__class__, type(sys.version_info))


@pytest.mark.parametrize("kind", list(refused()), ids=lambda kind: kind.__name__)
def test_what_has_a_say_of_its_own_is_left_to_pickle(kind):
    assert shape_of(kind) is None
    assert plan(kind) is None


def test_the_same_classes_without_the_hook_are_written(monkeypatch):
    kind = hook("harmless")
    assert shape_of(kind).fields == ("x",)
    assert plan(kind) is None  # it cannot be imported
    monkeypatch.setattr(sys.modules[__name__], "Hooked", kind, raising=False)
    assert plan(kind).name == "test_classes:Hooked"


def test_copyreg_has_a_say(monkeypatch):
    assert plan(Point)
    monkeypatch.setitem(copyreg.dispatch_table, Point, lambda point: (Point, (1,)))
    assert plan(Point) is None


def test_a_class_that_cannot_be_imported_is_left_to_pickle(shop):
    @dataclass
    class Local:
        x: int

    assert plan(Local) is None
    old = shop("@dataclass\nclass A:\n    x: int").A
    assert plan(old)
    new = shop("@dataclass\nclass A:\n    x: int").A
    assert plan(old) is None
    assert plan(new)
    assert type(made(definition_of(new), [1])) is new
