"""The round trip as a property: what hypothesis thinks of comes back the same, on every backend.

`HOLDALL_EXAMPLES` sets how many values each property is tried with.
"""

import contextlib
import json
import os
import pickle
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import holdall
from holdall import get_store
from holdall._holdall import _safe_cbor
from same import same
from sharing import shape_of_sharing
from strategies import JSON_DOCUMENTS, JSON_VALUES, OBJECTS, PASSIVE, TEXT, VALUES

EXAMPLES = int(os.environ.get("HOLDALL_EXAMPLES", "40"))
PROPERTY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # Not `explain`: it traces every line, which takes minutes for values as these.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    # A store serves all examples of a test: each is written over what the last one left.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

LOOKALIKES = st.one_of(
    st.binary().map(b"\xc1H".__add__),
    VALUES.map(holdall.dumps),
    VALUES.map(pickle.dumps),
    JSON_VALUES.map(json.dumps).map(str.encode),
    st.sampled_from([b"", b"{", b"[]", b"\xef\xbb\xbf{}", b"null", b"NaN", b"1e5", b"\x80\x04"]),
).flatmap(lambda whole: st.integers(0, 3).map(lambda cut: whole[: len(whole) - cut]))


def check(value, found):
    assert same(value, found)
    assert shape_of_sharing(value) == shape_of_sharing(found)


@PROPERTY
@given(value=VALUES)
def test_any_value_makes_the_round_trip(store, value):
    store.put("k", value)
    check(value, store.get("k"))


@PROPERTY
@given(value=PASSIVE)
def test_built_in_and_standard_values_need_neither_pickle_nor_a_signature(value):
    frame = holdall.dumps(value, keyset=None)
    assert holdall.inspect(frame).codec != "pickle"
    check(value, holdall.loads(frame, keyset=None))
    if isinstance(value, str | bytes):
        return
    payload = holdall.dumps(value, mode="cbor", frame=False)
    check(value, holdall.loads(payload, mode="cbor", frame=False))


@PROPERTY
@given(value=OBJECTS)
def test_instances_need_no_pickle(store, value):
    store.put("k", value)
    assert store.info("k").codec != "pickle"
    check(value, store.get("k"))
    check(value, holdall.loads(holdall.dumps([value], mode="cbor"))[0])


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


@pytest.mark.timeout(600)
@settings(PROPERTY, max_examples=max(EXAMPLES, 2000))
@given(value=VALUES | JSON_VALUES | LOOKALIKES)
def test_any_value_makes_the_round_trip_as_bytes(value):
    check(value, holdall.loads(holdall.dumps(value)))


@settings(PROPERTY, max_examples=max(EXAMPLES, 500))
@given(value=VALUES | JSON_VALUES)
def test_the_fast_and_the_safe_writer_of_cbor_agree_byte_for_byte(value):
    safe = _safe_cbor(value)
    if safe is None:
        with pytest.raises(holdall.SerializationError, match="mode 'cbor'"):
            holdall.dumps(value, mode="cbor", frame=False)
    else:
        assert holdall.dumps(value, mode="cbor", frame=False) == safe


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
