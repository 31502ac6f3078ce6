"""Properties of fingerprints, over values that Hypothesis makes up."""

import copy
import math
import pickle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fingerprint_values import Frozen, Pair, Plain, Point
from holdall.fingerprint import fingerprint

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(st.characters(exclude_categories=())),
    st.binary(max_size=300),
    st.dates(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.decimals(),
    st.fractions(),
    st.uuids(),
)
HASHABLE = st.one_of(st.integers(), st.text(), st.binary(), st.tuples(st.integers(), st.text()))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(HASHABLE, inner),
        st.sets(HASHABLE),
        st.frozensets(HASHABLE),
        st.builds(Point, inner, inner),
        st.builds(Frozen, inner, inner),
        st.builds(Plain, inner, inner),
        st.builds(Pair, inner, inner),
    ),
    max_leaves=30,
)
DTYPES = st.one_of(
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(),
    hnp.boolean_dtypes(),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.timedelta64_dtypes(endianness="?"),
    hnp.byte_string_dtypes(),
    hnp.unicode_string_dtypes(endianness="?"),
    hnp.array_dtypes(),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))


@given(VALUES)
@settings(deadline=None)
def test_copies_agree(value):
    digest = fingerprint(value)
    assert fingerprint(copy.deepcopy(value)) == digest
    assert fingerprint(pickle.loads(pickle.dumps(value))) == digest


def shape(value):
    """What a value is in words of which `==` is the whole truth; the reference, and slow."""
    kind = type(value)
    if kind is float:
        return kind, np.float64(value).tobytes()
    if kind is complex:
        return kind, shape(value.real), shape(value.imag)
    if kind in (list, tuple, Pair):
        return kind, tuple(map(shape, value))
    if kind is dict:
        return kind, tuple((shape(key), shape(item)) for key, item in value.items())
    if kind in (set, frozenset):
        return kind, frozenset(map(shape, value))
    if kind in (Point, Plain):
        return kind, tuple((name, shape(item)) for name, item in sorted(vars(value).items()))
    if kind is Frozen:
        return kind, shape(value.x), shape(value.y)
    if hasattr(value, "as_tuple"):
        return kind, value.as_tuple()
    if hasattr(value, "tzinfo"):
        return kind, value.replace(tzinfo=None), value.fold, str(value.tzinfo)
    return kind, value


@given(VALUES, VALUES)
@settings(deadline=None, max_examples=300)
def test_two_values_agree_only_if_they_are_alike(one, other):
    assert (fingerprint(one) == fingerprint(other)) == (shape(one) == shape(other))


@given(st.lists(LEAVES, min_size=1), st.data())
@settings(deadline=None)
def test_a_single_change_counts(items, data):
    at = data.draw(st.integers(0, len(items) - 1))
    changed = [*items]
    changed[at] = data.draw(LEAVES)
    alike = shape(items[at]) == shape(changed[at])
    for wrap in (list, tuple, lambda row: dict(enumerate(row)), lambda row: [{"a": row}, 1]):
        assert (fingerprint(wrap(items)) == fingerprint(wrap(changed))) == alike


@given(ARRAYS)
@settings(deadline=None)
def test_copies_of_arrays_agree(array):
    digest = fingerprint(array)
    gaps = np.zeros((*array.shape, 2), array.dtype)
    gaps[..., 0] = array
    again = pickle.loads(pickle.dumps(array))
    for alike in (
        array.copy("C"),
        array.copy("F"),
        # NumPy itself turns the bytes of small arrays round.
        again if again.dtype == array.dtype else array,
        np.broadcast_to(array, (2, *array.shape))[1:].reshape(array.shape),
        gaps[..., :1].squeeze(-1),
    ):
        assert fingerprint(alike) == digest


@given(ARRAYS, ARRAYS)
@settings(deadline=None)
def test_arrays_agree_only_if_they_are_alike(one, other):
    # What pickle keeps of both in C order: type, shape and bytes.
    alike = (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )
    assert (fingerprint(one) == fingerprint(other)) == alike


@given(hnp.arrays("f8", hnp.array_shapes(max_side=6)), st.data())
@settings(deadline=None)
def test_one_item_of_an_array_counts(array, data):
    changed = array.copy()
    at = tuple(data.draw(st.integers(0, side - 1)) for side in array.shape)
    changed[at] = data.draw(st.floats())
    alike = array[at].tobytes() == changed[at].tobytes()
    assert math.prod(array.shape) > 0
    assert (fingerprint(array) == fingerprint(changed)) == alike
