"""Values for the tests of fingerprints: all distinct, each made anew by its function."""

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import operator
import pathlib
import re
import types
import uuid
import zoneinfo
from typing import NamedTuple

import numpy as np


def cycle(kind=list):
    found = kind()
    if kind is list:
        found.append(found)
    else:
        found["self"] = found
    return found


def long_cycle():
    first, second = [1], [2]
    first.append(second)
    second.append(first)
    return first


def nested(levels, inside=None):
    found = inside
    for _ in range(levels):
        found = [found]
    return found


# Of built-in types, the standard library and NumPy: their digests are kept in golden/fingerprint_values.json.
LASTING = {
    "none": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "ellipsis": lambda: ...,
    "not implemented": lambda: NotImplemented,
    "0": lambda: 0,
    "1": lambda: 1,
    "-1": lambda: -1,
    "255": lambda: 255,
    "2**30": lambda: 2**30,
    "2**60": lambda: 2**60,
    "2**63-1": lambda: 2**63 - 1,
    "2**63": lambda: 2**63,
    "2**64-1": lambda: 2**64 - 1,
    "2**64": lambda: 2**64,
    "-2**63": lambda: -(2**63),
    "-2**63-1": lambda: -(2**63) - 1,
    "-2**64": lambda: -(2**64),
    "2**100000": lambda: 2**100_000,
    "-2**100000": lambda: -(2**100_000),
    "0.0": lambda: 0.0,
    "-0.0": lambda: -0.0,
    "1.0": lambda: 1.0,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "0.1": lambda: 0.1,
    "1+0j": lambda: 1 + 0j,
    "1-0j": lambda: complex(1, -0.0),
    "1j": lambda: 1j,
    "''": lambda: "",
    "'1'": lambda: "1",
    "'é'": lambda: "é",
    "'é' of two": lambda: "e\u0301",
    "nul": lambda: "\0",
    "surrogate": lambda: "\ud800",
    "surrogate pair": lambda: "\ud83d\ude00",
    "emoji": lambda: "\U0001f600",
    "125 letters": lambda: "x" * 125,
    "126 letters": lambda: "x" * 126,
    "127 letters": lambda: "x" * 127,
    "100000 letters": lambda: "x" * 100_000,
    "b''": lambda: b"",
    "b'1'": lambda: b"1",
    "126 bytes": lambda: b"x" * 126,
    "127 bytes": lambda: b"x" * 127,
    "100000 bytes": lambda: b"x" * 100_000,
    "bytearray": lambda: bytearray(b"1"),
    "long bytearray": lambda: bytearray(b"x" * 100_000),
    "memoryview": lambda: memoryview(b"1"),
    "[]": list,
    "()": tuple,
    "{}": dict,
    "set()": set,
    "frozenset()": frozenset,
    "[1]": lambda: [1],
    "(1,)": lambda: (1,),
    "[1, 2]": lambda: [1, 2],
    "[2, 1]": lambda: [2, 1],
    "[[1], 2]": lambda: [[1], 2],
    "[[1, 2]]": lambda: [[1, 2]],
    "[[], []]": lambda: [[], []],
    "[[[]]]": lambda: [[[]]],
    "[1.0]": lambda: [1.0],
    "[True]": lambda: [True],
    "{1}": lambda: {1},
    "frozenset({1})": lambda: frozenset({1}),
    "{1, 2}": lambda: {1, 2},
    "set of strings": lambda: set(map(str, range(100))),
    "set of frozensets": lambda: {frozenset({"a", "b"}), frozenset({"a"}), frozenset()},
    "{1: 2}": lambda: {1: 2},
    "{2: 1}": lambda: {2: 1},
    "{1: 2, 3: 4}": lambda: {1: 2, 3: 4},
    "{3: 4, 1: 2}": lambda: {3: 4, 1: 2},
    "{1: {2: 3}}": lambda: {1: {2: 3}},
    "{'1': 2}": lambda: {"1": 2},
    "dict of a set": lambda: {"a": {"b", "c"}},
    "100000 ints": lambda: list(range(100_000)),
    "100000 ints but one": lambda: [*range(99_999), -1],
    "100 levels": lambda: nested(100),
    "101 levels": lambda: nested(101),
    "20000 levels": lambda: nested(20_000),
    "20000 levels round 1": lambda: nested(20_000, 1),
    "cycle": cycle,
    "cycle of a dict": lambda: cycle(dict),
    "cycle in a list": lambda: [cycle()],
    "cycle of two": long_cycle,
    "datetime": lambda: dt.datetime(2026, 1, 2, 3, 4, 5, 6),
    "datetime, fold": lambda: dt.datetime(2026, 1, 2, 3, 4, 5, 6, fold=1),
    "datetime in UTC": lambda: dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC),
    "datetime at +00": lambda: dt.datetime(
        2026, 1, 2, 3, 4, 5, 6, dt.timezone(dt.timedelta(0), "+00")
    ),
    "datetime in a zone": lambda: dt.datetime(
        2026, 1, 2, 3, 4, 5, 6, zoneinfo.ZoneInfo("Europe/Paris")
    ),
    "date": lambda: dt.date(2026, 1, 2),
    "time": lambda: dt.time(3, 4, 5, 6),
    "timedelta": lambda: dt.timedelta(1, 2, 3),
    "timezone": lambda: dt.timezone(dt.timedelta(hours=1)),
    "timezone with a name": lambda: dt.timezone(dt.timedelta(hours=1), "MEZ"),
    "zone": lambda: zoneinfo.ZoneInfo("Europe/Paris"),
    "decimal 1.0": lambda: decimal.Decimal("1.0"),
    "decimal 1.00": lambda: decimal.Decimal("1.00"),
    "decimal 1E+1": lambda: decimal.Decimal("1E+1"),
    "decimal -0": lambda: decimal.Decimal("-0"),
    "decimal nan": lambda: decimal.Decimal("NaN"),
    "decimal snan": lambda: decimal.Decimal("sNaN"),
    "decimal inf": lambda: decimal.Decimal("Infinity"),
    "fraction": lambda: fractions.Fraction(1, 2),
    "uuid": lambda: uuid.UUID(int=1),
    "path": lambda: pathlib.PurePosixPath("a/b"),
    "another path": lambda: pathlib.PurePosixPath("a/c"),
    "path of windows": lambda: pathlib.PureWindowsPath("a/b"),
    "text of a path": lambda: "a/b",
    "pattern": lambda: re.compile("a"),
    "pattern of bytes": lambda: re.compile(b"a"),
    "pattern with a flag": lambda: re.compile("a", re.I),
    "range": lambda: range(3),
    "range by two": lambda: range(0, 3, 2),
    "slice": lambda: slice(1, 2),
    "slice by three": lambda: slice(1, 2, 3),
    "deque": lambda: collections.deque([1, 2]),
    "deque of three": lambda: collections.deque([1, 2], 3),
    "ordered dict": lambda: collections.OrderedDict({1: 2}),
    "defaultdict": lambda: collections.defaultdict(None, {1: 2}),
    "defaultdict of lists": lambda: collections.defaultdict(list, {1: 2}),
    "counter": lambda: collections.Counter({1: 2}),
    "mappingproxy": lambda: types.MappingProxyType({1: 2}),
    "namespace": lambda: types.SimpleNamespace(a=1, b=2),
    "keys": lambda: {1: 2}.keys(),
    "values": lambda: {1: 2}.values(),
    "items": lambda: {1: 2}.items(),
    "array of bytes": lambda: array.array("b", [1]),
    "array of unsigned bytes": lambda: array.array("B", [1]),
    "exception": lambda: ValueError("a"),
    "another exception": lambda: TypeError("a"),
    "len": lambda: len,
    "str.upper": lambda: str.upper,
    "'a'.upper": lambda: "a".upper,
    "'b'.upper": lambda: "b".upper,
    "itemgetter": lambda: operator.itemgetter(1),
    "another itemgetter": lambda: operator.itemgetter(2),
    "partial": lambda: functools.partial(int, base=2),
    "another partial": lambda: functools.partial(int, base=3),
    "int": lambda: int,
    "a library's class": lambda: decimal.Decimal,
    "list[int]": lambda: list[int],
    "list[str]": lambda: list[str],
    "int | str": lambda: int | str,
    "module": lambda: types,
    "ints": lambda: np.arange(6),
    "ints in two rows": lambda: np.arange(6).reshape(2, 3),
    "ints in three rows": lambda: np.arange(6).reshape(3, 2),
    "short ints": lambda: np.arange(6, dtype="i4"),
    "unsigned ints": lambda: np.arange(6, dtype="u8"),
    "ints the other way round": lambda: np.arange(6, dtype=">i8"),
    "floats": lambda: np.arange(6, dtype="f8"),
    "no ints": lambda: np.array([], "i8"),
    "no ints in rows": lambda: np.zeros((0, 3), "i8"),
    "no floats": lambda: np.array([], "f8"),
    "array of one": lambda: np.array(1),
    "item of an array": lambda: np.int64(1),
    "item of short": lambda: np.int32(1),
    "item of floats": lambda: np.float64(1),
    "item of bools": lambda: np.bool_(True),
    "array's strings": lambda: np.array(["a", "bc"]),
    "array's bytes": lambda: np.array([b"a", b"bc"]),
    "array's objects": lambda: np.array(["a", None, [1]], object),
    "array's strings of any length": lambda: np.array(["a", "bc"], np.dtypes.StringDType()),
    "days": lambda: np.array(["2026-01-02"], "M8[D]"),
    "seconds": lambda: np.array(["2026-01-02"], "M8[s]"),
    "durations": lambda: np.array([1], "m8[s]"),
    "one day": lambda: np.datetime64("2026-01-02"),
    "records": lambda: np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]),
    "records of other names": lambda: np.array([(1, 2.0)], [("a", "i4"), ("c", "f8")]),
    "aligned records": lambda: np.array(
        [(1, 2.0)], np.dtype([("a", "i4"), ("b", "f8")], align=True)
    ),
    "rows in records": lambda: np.zeros(2, [("a", "i4", 3)]),
    "long doubles": lambda: np.array([1], "g"),
    "big array": lambda: np.arange(100_000),
    "big array but one": lambda: np.array([*range(99_999), 0]),
    "masked": lambda: np.ma.MaskedArray([1, 2], [True, False]),
    "masked otherwise": lambda: np.ma.MaskedArray([1, 2], [False, True]),
    "record array": lambda: np.arange(6).view(np.recarray),
    "dtype": lambda: np.dtype("i4"),
    "ufunc": lambda: np.add,
    "random numbers": lambda: np.random.default_rng(1),
    "more random numbers": lambda: np.random.default_rng(2),
}


# Of classes that are made here.


class Plain:
    def __init__(self, a=1, b=2):
        self.a = a
        self.b = b


class Other(Plain):
    pass


class Slots:
    __slots__ = ("__hidden", "a")

    def __init__(self, a=1, hidden=2):
        self.a = a
        self.__hidden = hidden


@dataclasses.dataclass
class Point:
    x: object = 1
    y: object = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: object = 1
    y: object = 2


class Pair(NamedTuple):
    x: object = 1
    y: object = 2


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Number(enum.IntEnum):
    ONE = 1


class Flags(enum.Flag):
    A = 1
    B = 2


class Kept:
    """Says what is its state."""

    def __init__(self, state):
        self.state = state
        self.lock = object()

    def __getstate__(self):
        return {"state": self.state}


class Own:
    def __init__(self, text):
        self.text = text

    def __holdall_fingerprint__(self):
        return self.text


def subclass(base, *args):
    return {base: type(base.__name__.title(), (base,), {"__module__": __name__})}[base](*args)


MADE = {
    "plain": Plain,
    "plain with another value": lambda: Plain(2),
    "plain with values exchanged": lambda: Plain(2, 1),
    "plain with a value of another type": lambda: Plain(1.0),
    "other": Other,
    "slots": Slots,
    "slots with another value": lambda: Slots(1, 3),
    "dataclass": Point,
    "dataclass with another value": lambda: Point(1, 3),
    "dataclass of lists": lambda: Point([1], [2]),
    "frozen": Frozen,
    "frozen with another value": lambda: Frozen(2),
    "named tuple": Pair,
    "named tuple with another value": lambda: Pair(2),
    "member": lambda: Colour.RED,
    "another member": lambda: Colour.BLUE,
    "int member": lambda: Number.ONE,
    "flag": lambda: Flags.A,
    "flags": lambda: Flags.A | Flags.B,
    "state": lambda: Kept(1),
    "another state": lambda: Kept(2),
    "own": lambda: Own("a"),
    "another's own": lambda: Own("b"),
    "class": lambda: Plain,
    "subclass": lambda: Other,
    "bound method": lambda: Plain().__init__,
    "bound method of another": lambda: Plain(2).__init__,
    **{
        f"subclass of {type(value).__name__}": functools.partial(subclass, type(value), value)
        for value in (
            1,
            1.5,
            1j,
            "1",
            b"1",
            bytearray(b"1"),
            [1],
            (1,),
            {1: 2},
            {1},
            frozenset({1}),
        )
    },
}

DISTINCT = {**LASTING, **MADE}
