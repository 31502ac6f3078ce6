"""The round trip as a property: what hypothesis thinks of comes back the same, on every backend.

`HOLDALL_EXAMPLES` sets how many values each property is tried with.
"""

import collections
import contextlib
import datetime as dt
import decimal
import json
import os
import pathlib
import pickle
import re
import zoneinfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import holdall
from holdall import get_store
from models import Color, Frozen, Level, Name, Pair, Point, Right, Table, Text, Words
from same import same

EXAMPLES = int(os.environ.get("HOLDALL_EXAMPLES", "40"))
PROPERTY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # A store serves all examples of a test: each is written over what the last one left.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
OFFSETS = st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)).map(dt.timezone)
NAMED = st.builds(dt.timezone, st.just(dt.timedelta(hours=1)), st.text(max_size=5))
TZ = st.none() | ZONES.map(zoneinfo.ZoneInfo) | OFFSETS | NAMED
SURROGATES = st.text(st.characters(categories=["Cs", "L"]), max_size=5)
DECIMALS = st.decimals(allow_nan=False) | st.sampled_from(["-0.00", "1E+999", "-Infinity"]).map(
    decimal.Decimal
)

TEXT = st.text()
JSON_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON_VALUES = st.recursive(
    JSON_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=25
)
JSON_DOCUMENTS = st.lists(JSON_VALUES) | st.dictionaries(TEXT, JSON_VALUES)

HASHABLE = st.recursive(
    JSON_SCALARS
    | SURROGATES
    | SURROGATES.map(Text)
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.complex_numbers()
    | st.binary()
    | st.datetimes(timezones=TZ)
    | st.builds(dt.datetime.replace, st.datetimes(), fold=st.integers(0, 1))
    | st.times(timezones=TZ)
    | st.dates()
    | st.timedeltas()
    | DECIMALS
    | st.fractions()
    | st.uuids()
    | st.ip_addresses()
    | TEXT.map(pathlib.PurePosixPath)
    | TEXT.map(pathlib.PureWindowsPath)
    | st.builds(range, st.integers(), st.integers(), st.integers(1))
    | st.sampled_from(
        [*Color, *Level, *Name, *Right, Right.READ | Right.WRITE, ..., int, KeyError]
    ),
    lambda inner: (
        st.lists(inner, max_size=4).map(tuple)
        | st.frozensets(inner, max_size=4)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=5,
)
SCALAR_TYPES = hnp.scalar_dtypes() | hnp.unicode_string_dtypes() | hnp.byte_string_dtypes()
ARRAYS = hnp.arrays(
    SCALAR_TYPES | hnp.array_dtypes(SCALAR_TYPES), hnp.array_shapes(min_dims=0, min_side=0)
).filter(lambda array: array.dtype.kind not in "mM" or array.dtype.isnative)  # a test of their own
FACTORIES = st.sampled_from([None, int, list, dict, set])
LEAVES = (
    HASHABLE
    | st.sampled_from(["NaN", "sNaN123"]).map(decimal.Decimal)
    | st.binary().map(bytearray)
    | st.builds(slice, st.none() | st.integers(), st.integers())
    | ARRAYS
    | ARRAYS.map(lambda array: array.T)
    | hnp.arrays(SCALAR_TYPES, 1).map(lambda array: array[0])
    | hnp.arrays(object, hnp.array_shapes(max_dims=2, max_side=2), elements=HASHABLE)
    | st.text("abc").map(collections.Counter)
)


def containers(inner):
    mappings = st.dictionaries(HASHABLE, inner, max_size=4)
    few = st.lists(inner, max_size=4)
    return (
        few
        | few.map(tuple)
        | few.map(Words)
        | mappings
        | mappings.map(Table)
        | mappings.map(collections.OrderedDict)
        | st.builds(collections.defaultdict, FACTORIES, mappings)
        | st.builds(collections.deque, few, st.none() | st.integers(0, 4))
        | st.sets(HASHABLE, max_size=4)
        | inner.map(lambda one: [one, one])
        | st.builds(Point, inner, inner)
        | st.builds(Frozen, inner)
    )


VALUES = st.recursive(LEAVES, containers, max_leaves=8)

LOOKALIKES = st.one_of(
    st.binary().map(b"\xc1H".__add__),
    VALUES.map(holdall.dumps),
    VALUES.map(pickle.dumps),
    JSON_VALUES.map(json.dumps).map(str.encode),
    st.sampled_from([b"", b"{", b"[]", b"\xef\xbb\xbf{}", b"null", b"NaN", b"1e5", b"\x80\x04"]),
).flatmap(lambda whole: st.integers(0, 3).map(lambda cut: whole[: len(whole) - cut]))


@PROPERTY
@given(value=VALUES)
def test_any_value_makes_the_round_trip(store, value):
    store.put("k", value)
    assert same(value, store.get("k"))


@pytest.mark.parametrize("kind", ["M8[s]", "m8[s]"])
def test_the_byte_order_of_dates_in_arrays_is_kept(kind):
    """NumPy's own pickling turns such an array, alone among all types, to native byte order."""
    value = np.zeros(2, dtype=np.dtype(kind).newbyteorder("S"))
    assert same(value, holdall.loads(holdall.dumps(value)))


@PROPERTY
@given(values=st.lists(VALUES | JSON_VALUES, max_size=5))
def test_many_values_make_the_round_trip_at_once(store, values):
    items = {f"k{number}": value for number, value in enumerate(values)}
    store.put_many(items)
    assert same(items, store.get_many(items))


@PROPERTY
@given(value=VALUES | JSON_VALUES | LOOKALIKES)
def test_any_value_makes_the_round_trip_as_bytes(value):
    assert same(value, holdall.loads(holdall.dumps(value)))


@PROPERTY
@given(value=JSON_VALUES)
def test_what_json_keeps_exactly_is_kept_as_json(store, value):
    store.put("k", value)
    assert store.info("k").codec == ("text" if isinstance(value, str) else "json")
    assert same(value, store.get("k"))
    raw = store.get("k", mode="raw").decode()
    assert same(value, raw if isinstance(value, str) else json.loads(raw))


@PROPERTY
@given(value=JSON_DOCUMENTS | TEXT.filter(lambda text: text and text[0] not in "{["))
def test_in_a_folder_such_values_are_plain_files(tmp_path, value):
    with get_store(f"{tmp_path}/store") as store:
        store.put("k.json", value)
        kept = (tmp_path / "store/k.json").read_bytes()
        assert same(value, kept.decode() if isinstance(value, str) else json.loads(kept))
        assert store.info("k.json").bare
        assert same(value, store.get("k.json"))


@PROPERTY
@given(data=LOOKALIKES | st.binary())
def test_bytes_that_look_like_something_else_stay_bytes(store, data):
    texts = [data.decode("latin-1"), data.decode(errors="replace")]
    store.put_many({"data": data, "latin": texts[0], "text": texts[1], "inside": [data, *texts]})
    assert same(data, store.get("data"))
    assert same(texts, [store.get("latin"), store.get("text")])
    assert same([data, *texts], store.get("inside"))
    with store.open("file", "wb") as file:
        file.write(data)
    assert store.get("file", mode="raw") == data
    raw = store.derive(mode="raw")
    raw.put("raw", data)
    assert same(data, raw.get("raw"))


# Keys

SEGMENTS = st.one_of(
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12),
    st.text("ab./:*?[]{}%_~\\", max_size=6),
    st.sampled_from(
        ["a", "A", "e\u0301", "\xe9", ".", "..", "a:", ".holdall", ".holdall@value", "x" * 255]
    ),
    st.integers(200, 1100).map("y".__mul__),
)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


def tidy(key):
    """The key that a spelling stands for, or None for one that must be refused."""
    segments = [segment for segment in key.split("/") if segment not in ("", ".")]
    foreign = re.match("[a-zA-Z0-9+.-]+://", key)
    if not segments or key.startswith("/") or ".." in segments or foreign:
        return None
    return "/".join(segments)


@PROPERTY
@given(keys=st.lists(KEYS, max_size=8), data=st.data())
def test_any_key_is_kept_listed_and_deleted_as_it_is(store, keys, data):
    store.clear()
    kept = {}
    for number, key in enumerate(keys):
        if tidy(key) is None:
            with pytest.raises(holdall.ValidationError):
                store.put(key, number)
        else:
            assert store.put(key, number)
            kept[tidy(key)] = number
            assert store.get(key) == number
    assert sorted(store) == sorted(kept)
    assert dict(store.items()) == kept == store.get_many(kept)
    prefix = data.draw(
        st.sampled_from(["a", *kept]).map(lambda key: key[: len(key) // 2]), "prefix"
    )
    assert sorted(store.iterate_keys(prefix=prefix)) == sorted(
        key for key in kept if key.startswith(prefix)
    )
    gone = data.draw(st.sets(st.sampled_from(sorted(kept))) if kept else st.just(set()), "gone")
    for key in gone:
        store.delete(key)
    assert sorted(store) == sorted(set(kept) - gone)
    assert all((key in store) is (key not in gone) for key in kept)
    assert len(store) == len(kept) - len(gone)


# Damage

FRAMED = {
    "json": {"a": [1, "b"]},
    "text": "text",
    "raw": b"raw",
    "empty": "",
    "pickle": (1, {2}),
    "function": lambda: 1,
}


def refused(damaged):
    """Every way into a frame refuses it; under trust="all" nothing but the checksum does."""
    for options in ({}, {"trust": "all"}, {"mode": "raw"}):
        with pytest.raises(holdall.HoldallError):
            holdall.loads(damaged, **options)
    with contextlib.suppress(holdall.HoldallError):
        holdall.inspect(damaged)


@pytest.mark.parametrize("name", FRAMED)
def test_each_flipped_bit_and_each_cut_of_a_frame_is_seen(name):
    frame = holdall.dumps(FRAMED[name])
    for bit in range(8 * min(len(frame), 120)):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        refused(bytes(damaged))
    for length in range(len(frame)):
        refused(frame[:length])


@PROPERTY
@given(value=VALUES | JSON_VALUES, other=VALUES, data=st.data())
def test_no_damaged_frame_is_read(value, other, data):
    frame, others = holdall.dumps(value), holdall.dumps(other)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(frame))] * 2), "place"))
    patch = data.draw(st.binary(max_size=20) | st.just(others), "patch")
    for damaged in (
        frame[:start] + patch + frame[end:],
        frame[:start] + frame[end:],
        frame[:end] + frame[start:],
        frame + patch,
    ):
        if damaged not in (frame, others):
            refused(damaged)
