"""What serializers change without a word: every row reads "ok" for `auto`.

The rows are the kinds of values of which at least one of orjson, msgspec, ormsgpack, cbor2, pickle,
pyfory, rPickle, marshal and the standard library's json gives back something else, or nothing.
"""

import collections
import datetime as dt
import decimal
import fractions
import pathlib
import uuid
import zoneinfo

import numpy as np
import pytest

import holdall
from models import Color, Frozen, Level, Name, Pair, Planet, Point, Right, Slotted, Text
from same import same
from sharing import shape_of_sharing

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
MOMENT = dt.datetime(2020, 10, 25, 2, 30, 1, 999_999)
SHARED = [1]
CYCLE = [1]
CYCLE.append(CYCLE)


def circle(kind):
    """A container in which it is itself."""
    made = kind()
    made["self"] = [made]
    return made


# Row -> its values, each with the codec that keeps it.
ROWS = {
    "int 2**64": [
        (2**64, "cbor"), (-(2**64), "cbor"), (-(2**64) - 1, "cbor"), (2**64 - 1, "json"), (-(2**63), "json"),
        ([2**63], "json"), (10**1000, "cbor"), ({"a": [-(10**30)]}, "cbor"),
    ],
    "nan / inf": [
        (float("nan"), "cbor"), (float("inf"), "cbor"), (-float("inf"), "cbor"),
        ([{"a": float("nan")}], "cbor"), (-0.0, "json"),
    ],
    "str subclass": [(Text("a"), "pickle"), ([Text("")], "pickle")],
    "lone surrogate": [("\ud800", "cbor"), ({"\udfff": ["a\ud800b"]}, "cbor")],
    "tuple": [((), "cbor"), ((1, "a", (None,)), "cbor"), ({"a": [(1,)]}, "cbor")],
    "set / frozenset": [
        (set(), "cbor"), ({1, "1", (2,)}, "cbor"), (frozenset(), "cbor"), (frozenset({frozenset({1})}), "cbor"),
    ],
    "int key": [({1: "a", "1": "b", -1: "c", 2**70: "d"}, "cbor")],
    "None key": [({None: "a", "null": "b", "None": "c"}, "cbor"), ({True: 1, "true": 2}, "cbor")],
    "tuple key": [({(1, "a"): "b", (): "c", ((1,), 2.5): "d"}, "cbor")],
    "bytes / bytearray": [
        (b"", "raw"), (b"\xff\0", "raw"), ([b"hello"], "cbor"), (bytearray(b""), "cbor"), ([bytearray(b"\xff")], "cbor"),
    ],
    "complex": [(1 + 2j, "cbor"), (complex("-0-nanj"), "cbor"), (complex("inf-0j"), "cbor")],
    "datetime naive": [
        (MOMENT, "cbor"), (MOMENT.replace(fold=1), "cbor"), (dt.datetime.min, "cbor"), (dt.datetime.max, "cbor"),
    ],
    "datetime UTC / ZoneInfo": [
        (MOMENT.replace(tzinfo=dt.UTC), "cbor"),
        (MOMENT.replace(tzinfo=dt.UTC, fold=1), "cbor"),
        (MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(0), "UTC")), "cbor"),
        (MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(hours=-5, minutes=-30))), "cbor"),
        (MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(seconds=-1))), "cbor"),
        (MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(hours=1), "CET")), "cbor"),
        (MOMENT.replace(tzinfo=BERLIN), "cbor"),
        (MOMENT.replace(tzinfo=BERLIN, fold=1), "cbor"),
        (zoneinfo.ZoneInfo("UTC"), "cbor"),
        (dt.UTC, "cbor"),
    ],
    "date / time / timedelta": [
        (dt.date.min, "cbor"), (dt.date(2020, 2, 29), "cbor"),
        (dt.time(), "cbor"), (dt.time(23, 59, 59, 1, fold=1), "cbor"), (dt.time(1, tzinfo=BERLIN), "cbor"),
        (dt.time(1, tzinfo=dt.UTC), "cbor"),
        (dt.timedelta(0), "cbor"), (dt.timedelta(-1, 1, 1), "cbor"),
        (dt.timedelta.min, "cbor"), (dt.timedelta.max, "cbor"), (dt.timedelta(microseconds=-1), "cbor"),
    ],
    "Decimal / Fraction / UUID": [
        *((decimal.Decimal(text), "cbor") for text in [
            "1.10", "-0", "-0.00", "0E-30", "1E+999999", "NaN", "-sNaN5", "Infinity", "123456789012345678901234567890.1",
        ]),
        (fractions.Fraction(-1, 3), "cbor"), (fractions.Fraction(10**40, 7), "cbor"),
        (uuid.UUID(int=2**128 - 1), "cbor"),
        (uuid.UUID(int=0, is_safe=uuid.SafeUUID.unsafe), "cbor"),
    ],
    "Enum / dataclass / namedtuple": [
        (Color.RED, "cbor"), (Level.HIGH, "cbor"), (Name.ANNA, "cbor"), (Right.READ | Right.WRITE, "cbor"),
        (Planet.TERRA, "cbor"), ([Level.LOW, 1], "cbor"),
        (Point(1, (2,)), "cbor"), (Frozen("a"), "cbor"), (Slotted(1), "cbor"), ([Point(1)] * 2, "cbor"),
        (Pair(1, [2]), "cbor"), ({Pair(1, 2): Pair(1, 2), (1, 3): (1, 2)}, "cbor"),
    ],
    "Path range slice Ellipsis": [
        (pathlib.Path("a/../b"), "cbor"), (pathlib.PureWindowsPath("c:a\\b"), "cbor"),
        (range(10, 0, -3), "cbor"), (range(2**80), "cbor"),
        (slice(1, None, 2), "cbor"), (slice("a", (1,)), "cbor"), (..., "cbor"), (NotImplemented, "cbor"),
    ],
    "NumPy scalar / array": [
        (np.int64(1), "cbor"), (np.float16("nan"), "cbor"), (np.str_("é"), "cbor"), (np.bool_(True), "cbor"),
        (np.datetime64("NaT", "ns"), "cbor"), (np.longdouble(1) / 3, "cbor"), (np.bytes_(b"a\0b"), "cbor"),
        (np.arange(6, dtype=">u2").reshape(2, 3), "cbor"), (np.array(1.5), "cbor"), (np.empty((0, 3)), "cbor"),
        (np.asfortranarray(np.eye(3)), "cbor"), (np.arange(10)[::3], "cbor"), (np.arange(100_000.0), "cbor"),
        (np.array(["2020-01-01", "NaT"], dtype=">M8[D]"), "cbor"),
        (np.zeros(2, [("a", "i4"), ("b", ">f8", (2,))]), "cbor"),
        (np.array([1, "a", None], dtype=object), "pickle"),
    ],
    "OrderedDict / defaultdict / deque": [
        (collections.OrderedDict([("b", 1), ("a", 2)]), "cbor"),
        (collections.defaultdict(list, {1: [2]}), "cbor"), (collections.defaultdict(None, a=1), "cbor"),
        (collections.defaultdict(Point, a=1), "pickle"),
        (collections.deque([1, [2]]), "cbor"), (collections.deque(maxlen=0), "cbor"),
        (collections.Counter("aab"), "cbor"),
    ],
    "shared refs / cycle": [
        ([SHARED, SHARED], "cbor"), ({"a": SHARED, "b": (SHARED, [SHARED])}, "cbor"), (CYCLE, "cbor"),
        *((circle(kind), "cbor") for kind in (dict, collections.OrderedDict, lambda: collections.defaultdict(list))),
        ([bytearray(b"a")] * 2, "cbor"), ([np.arange(3)] * 2, "cbor"), ([{1}] * 2, "cbor"),
    ],
}  # fmt: skip
CASES = [
    pytest.param(value, codec, id=f"{row} {number}")
    for row, values in ROWS.items()
    for number, (value, codec) in enumerate(values)
]


def check(value, found):
    assert same(value, found)
    assert shape_of_sharing(value) == shape_of_sharing(found)


@pytest.mark.parametrize(("value", "codec"), CASES)
def test_dumps_and_loads_keep_it(value, codec):
    frame = holdall.dumps(value)
    assert holdall.inspect(frame).codec == codec
    check(value, holdall.loads(frame))
    # Inside others it is no less exact.
    check([value, {"a": value}], holdall.loads(holdall.dumps([value, {"a": value}])))


def test_stores_keep_all_of_it(store):
    values = {case.id: case.values for case in CASES}
    for key, (value, codec) in values.items():
        store.put(key, value)
        assert store.info(key).codec == codec, key
    for key, (value, _) in values.items():
        check(value, store.get(key))
    many = store.get_many(values)
    for key, (value, _) in values.items():
        check(value, many[key])


# Depth

DEEP = {
    "list": (lambda inner: [inner], lambda outer: outer[0]),
    "tuple": (lambda inner: (inner,), lambda outer: outer[0]),
    "dict": (lambda inner: {"a": inner}, lambda outer: outer["a"]),
    "key": (lambda inner: frozenset([inner]), lambda outer: next(iter(outer))),
    "deque": (lambda inner: collections.deque([inner]), lambda outer: outer[0]),
    "dataclass": (Point, lambda outer: outer.x),
    "NamedTuple": (lambda inner: Pair(inner, 0), lambda outer: outer.left),
}
LEVELS = 10_000


@pytest.mark.parametrize("kind", DEEP)
def test_ten_thousand_levels_are_kept_and_more_refused(kind):
    wrap, unwrap = DEEP[kind]
    # What a reducer makes of a deque is a level of its own.
    levels = LEVELS // 2 if kind == "deque" else LEVELS
    value = 7
    for _ in range(levels):
        value = wrap(value)
    frame = holdall.dumps(value)
    assert holdall.inspect(frame).codec == "cbor"
    found = holdall.loads(frame)
    layers = [value]
    for _ in range(levels):
        assert type(found) is type(value)
        value, found = unwrap(value), unwrap(found)
        layers.append(value)
    assert found == 7
    with pytest.raises(holdall.LimitExceeded, match="10000 levels"):
        holdall.dumps(wrap(layers[0]), mode="cbor")


def test_auto_refuses_what_neither_cbor_nor_pickle_can_nest(store):
    value = []
    for _ in range(1_000_000):
        value = [value]
    for write in (holdall.dumps, lambda value: store.put("k", value)):
        with pytest.raises(holdall.HoldallError) as caught:
            write(value)
        assert isinstance(caught.value, holdall.LimitExceeded | holdall.SerializationError)


def test_no_memory_leaks_through_the_gaps_of_records():
    """NumPy's own pickle copies such an array by fields, and what is between them is the heap's."""
    kind = np.dtype([("a", "u1"), ("b", "f8")], align=True)
    strided = np.frombuffer(bytes(range(160)), kind)[::-2]
    for kept in (strided, strided[1]):
        for mode in ("cbor", "pickle"):
            found = holdall.loads(holdall.dumps(kept, mode=mode))
            assert same(kept, found)
            assert holdall.dumps([kept], mode=mode) == holdall.dumps([kept], mode=mode)


@pytest.mark.parametrize("kind", ["i4", "f8", "c16", "U2", "f2", "M8[D]", "m8[s]", "g", "G"])
def test_pickles_keep_the_byte_order_of_arrays_in_pieces(kind):
    """NumPy's own pickle turns these to native byte order."""
    swapped = np.dtype(kind).newbyteorder("S")
    whole = np.arange(24).reshape(4, 6).astype(kind).astype(swapped)
    for array in (whole, whole.T, whole[::-2], whole[:, ::3], np.broadcast_to(whole[0], (2, 6))):
        frame = holdall.dumps([array, KeyError])
        assert holdall.inspect(frame).codec == "pickle"
        assert same([array, KeyError], holdall.loads(frame))
