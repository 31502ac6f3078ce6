"""Classes and functions that another process finds by their names."""

import dataclasses
import enum
import threading
from typing import NamedTuple

import pydantic


class Color(enum.Enum):
    RED = "red"
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Name(enum.StrEnum):
    ANNA = "anna"


class Right(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


@dataclasses.dataclass
class Point:
    x: object
    y: object = None


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Label(Frozen):
    more: object = ()


@dataclasses.dataclass(repr=False)
class Solid(Point):
    z: list = dataclasses.field(default_factory=list)
    late: object = dataclasses.field(init=False)

    def _repr_pretty_(self, printer, cycle):
        printer.text("Solid(...)")


@dataclasses.dataclass(repr=False)
class Bare:
    """Fields may be unset, which would make a repr fail, and hypothesis hide what it found."""

    x: object
    y: object = None

    def _repr_pretty_(self, printer, cycle):
        printer.text(f"Bare({[] if cycle else sorted(vars(self).items())})")


@dataclasses.dataclass(slots=True, repr=False)
class Slotted:
    left: object
    right: object = None

    def _repr_pretty_(self, printer, cycle):
        printer.text("Slotted(...)")


@dataclasses.dataclass(eq=False)
class Node:
    """It is hashed by identity, so that it may be in a set that is in it."""

    name: str
    links: object = None


class Access(enum.IntFlag):
    NONE = 0
    READ = 1
    WRITE = 2
    BOTH = 3
    ADMIN = 8


class Planet(enum.Enum):
    EARTH = (5.976e24, 6.37814e6)
    MARS = (6.421e23, 3.3972e6)
    TERRA = EARTH

    def __init__(self, mass, radius):
        self.mass = mass
        self.radius = radius


class Triple(NamedTuple):
    a: object
    b: object = None
    c: object = ()


class Pair(NamedTuple):
    left: object
    right: object


class Text(str):
    __slots__ = ()


class Words(list):
    note = None


class Table(dict):
    pass


class Slots:
    __slots__ = ("held",)

    def __init__(self, held):
        self.held = held


class Model(pydantic.BaseModel):
    hello: str


class Aliased(pydantic.BaseModel):
    class_: str = pydantic.Field(alias="class")
    count: int = 0


class Empty(pydantic.BaseModel):
    pass


class Meddler:
    """Its comparison runs whatever a test wants to happen at that moment."""

    meddle = None

    def __eq__(self, other):
        type(self).meddle()
        return True

    __hash__ = None


def double(number):
    return number * 2


def lock():
    """Something that cannot be pickled."""
    return threading.Lock()
