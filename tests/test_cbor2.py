"""A CBOR library that is not ours reads every passive payload, and holdall reads what it writes."""

import collections
import datetime as dt
import decimal
import fractions
import uuid

import cbor2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import holdall
from cbor_view import Tag, View, seen_by_cbor2
from same import same
from sharing import shape_of_sharing
from strategies import JSON_VALUES, PASSIVE, SURROGATES
from test_exactness_matrix import CASES
from test_roundtrip import PROPERTY


def seen(value):
    return seen_by_cbor2(holdall.dumps(value, mode="cbor", frame=False))


@PROPERTY
@given(value=PASSIVE)
def test_cbor2_reads_every_passive_payload(value):
    assert View().agrees(seen(value), value)


PASSIVE_CASES = [case for case in CASES if "Enum" not in case.id and case.values[1] != "pickle"]


@pytest.mark.parametrize(("value", "codec"), PASSIVE_CASES)
def test_cbor2_reads_each_row_of_the_matrix(value, codec):
    assert View().agrees(seen(value), value)
    assert View().agrees(seen([value, (value,)]), [value, (value,)])


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ([1, [2]], [1, (2,)]),
        ({1: 2}, {1: 2.0}),
        ({1, (2,)}, {1, (3,)}),
        (bytearray(b"a"), b"a"),
        (collections.deque([1], 2), collections.deque([1], 3)),
        (np.zeros(3, ">u2"), np.zeros(3, "<u2")),
        (dt.timedelta(1), dt.timedelta(1, 0, 1)),
        ([[], []], [[]] * 2),
    ],
)
def test_the_comparison_sees_a_difference(value, other):
    assert View().agrees(seen(value), value)
    assert View().agrees(seen(other), other)
    assert not View().agrees(seen(value), other)
    assert not View().agrees(seen(other), value)


# What cbor2 writes: of the types that both know, without those that it writes as others.

FINITE = st.floats(allow_nan=False, allow_infinity=False)
MINUTES = st.integers(-1439, 1439).map(lambda number: dt.timezone(dt.timedelta(minutes=number)))
KEYS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=False),  # cbor2 writes one NaN for all
    st.text(),
    st.binary(),
    st.complex_numbers(allow_nan=False),
    # It leaves out which of two equal hours was meant.
    st.datetimes(timezones=MINUTES | st.just(dt.UTC)).map(lambda one: one.replace(fold=0)),
    st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False).filter(lambda one: one != 0),
    st.fractions(),
    st.uuids(),
    st.ip_addresses(),
)


def both(*more):
    """Values that both have, nested in those that both mark as shared, and in more."""
    return st.recursive(
        KEYS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(KEYS, inner, max_size=4),
            inner.map(lambda one: [one, one]),
            *more,
        ),
        max_leaves=8,
    )


@PROPERTY
@given(value=both(st.sets(KEYS, max_size=4)), sharing=st.booleans())
def test_holdall_reads_what_cbor2_writes(value, sharing):
    payload = cbor2.dumps(value, value_sharing=sharing)
    assert same(value, holdall.loads(payload, mode="cbor", frame=False))


@PROPERTY
@given(value=both())
def test_what_cbor2_marks_as_shared_is_one_object(value):
    """But for sets: it marks the items of one, and repeats the set."""
    found = holdall.loads(cbor2.dumps(value, value_sharing=True), mode="cbor", frame=False)
    assert same(value, found)
    assert shape_of_sharing(value) == shape_of_sharing(found)


def test_what_cbor2_writes_into_a_store_is_read(store):
    items = [{"when": dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "id": uuid.UUID(int=1)}]
    for number, item in enumerate(items):
        store.put(f"{number}", cbor2.dumps(item), mode="raw")
        assert store.get(f"{number}", mode="cbor") == item


@PROPERTY
@given(value=JSON_VALUES | st.lists(st.text(max_size=300) | st.integers() | FINITE))
def test_heads_of_every_length_are_the_shortest(value):
    """cbor2's canonical form is ours, but for floats, which are never shortened, and sorted keys."""
    ours = holdall.dumps(value, mode="cbor", frame=False)
    assert ours == cbor2.dumps(value)


def test_references_too_are_the_shortest():
    parts = [[number] for number in range(70_000)]
    value = [parts, parts[::-1]]
    ours = holdall.dumps(value, mode="cbor", frame=False)
    # A mark for each part, then a reference: its number takes 1, 2, 3 or 5 bytes.
    sizes = [1 if n < 24 else 2 if n < 256 else 3 if n < 65_536 else 5 for n in range(70_000)]
    plain = holdall.dumps([parts, []], mode="cbor", frame=False)
    assert len(ours) == len(plain) + 4 + sum(2 + 2 + size for size in sizes)
    found = holdall.loads(ours, mode="cbor", frame=False)
    assert all(one is other for one, other in zip(found[0], found[1][::-1], strict=True))


def test_decimals_of_any_length_are_read_from_the_tag():
    value = decimal.Decimal("-123456789012345678901234567890.5")
    assert same(holdall.loads(cbor2.dumps(value), mode="cbor", frame=False), value)


def test_text_that_is_no_unicode_is_seen_as_bytes():
    @given(SURROGATES.filter(lambda text: not text.isascii()))
    @settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
    def check(text):
        found = seen(text)
        if isinstance(found, Tag):
            assert found.tag == 273
            assert found.value.decode("utf-8", "surrogatepass") == text
        else:
            assert found == text

    check()


def test_typed_arrays_are_those_of_the_rfc():
    for letter in ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]:
        for order in "<>":
            kind = np.dtype(letter).newbyteorder(order)
            found = seen(np.arange(3, dtype=kind))
            size, bits = kind.itemsize, {"f": 16, "i": 8}.get(kind.kind, 0)
            shift = size.bit_length() - (2 if kind.kind == "f" else 1)
            little = 4 if kind.str[0] == "<" else 0
            assert found.tag == 64 + bits + little + shift, kind
    assert isinstance(seen(fractions.Fraction(1, 2)), fractions.Fraction)
