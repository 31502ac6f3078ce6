"""put_many, get_many, delete_many."""

import threading

import pytest

import holdall
from holdall import get_store
from models import Model
from same import same
from values import KEYS, VALUES


def test_many_values_of_every_class_make_the_round_trip_at_once(store):
    items = {name: value for name, (value, _) in VALUES.items()}
    assert store.put_many(items) is None
    assert same(items, store.get_many(items))


def test_many_odd_keys_make_the_round_trip_at_once(store):
    items = {key: number for number, key in enumerate(KEYS)}
    store.put_many(items)
    assert store.get_many(items) == items
    assert set(store) == set(items)
    assert len(store) == len(items)


def test_pairs_and_generators_are_items_too(store):
    store.put_many([("a", 1), ("b", 2)])
    store.put_many((key, key) for key in "cd")
    assert store.get_many(iter("abcd")) == {"a": 1, "b": 2, "c": "c", "d": "d"}


def test_get_many_keeps_the_order_that_was_asked_for(store):
    store.put_many({"a": 1, "b": 2, "c": 3})
    assert list(store.get_many(["c", "a", "b", "a"])) == ["c", "a", "b"]


def test_missing_keys_are_treated_as_by_get(store):
    store.put("a", 1)
    with pytest.raises(holdall.DoesNotExist, match="gone"):
        store.get_many(["a", "gone"])
    assert store.get_many(["a", "gone"], default=0) == {"a": 1, "gone": 0}
    assert store.get_many(["a", "gone"], raise_on_nonexist=False) == {"a": 1, "gone": None}


def test_nothing_at_all_is_fine(store):
    store.put_many({})
    assert store.get_many([]) == {}
    assert store.delete_many([]) == 0


def test_delete_many_says_how_many_there_were(store):
    store.put_many({"a": 1, "b": 2, "c": 3})
    assert store.delete_many(["a", "b", "gone", "a"]) == 2
    assert list(store) == ["c"]


def test_one_str_is_not_taken_for_many_keys(store):
    for call in (store.get_many, store.delete_many):
        with pytest.raises(holdall.ValidationError, match=r"\['ab'\]"):
            call("ab")


def test_one_bad_value_or_key_and_nothing_is_written(store):
    with pytest.raises(holdall.SerializationError, match="bad"):
        store.put_many({"good": 1, "bad": threading.Lock()})
    with pytest.raises(holdall.ValidationError):
        store.put_many({"good": 1, "../bad": 2})
    assert len(store) == 0


def test_modes_and_ttl_hold_for_all(store):
    store.put_many({"a": {1: 2}, "b": {3: 4}}, mode="json", ttl=100)
    assert store.get_many("ab".replace("", " ").split(), mode="raw") == {
        "a": b'{"1":2}',
        "b": b'{"3":4}',
    }
    assert all(store.info(key).expires_at for key in store)
    with pytest.raises(holdall.ValidationError, match="one option"):
        store.put_many({"a": "1"}, mode="json", serialization_mode="text")


def test_a_model_at_the_top_is_kept_as_its_data(store):
    store.put_many({"a": Model(hello="world")})
    assert store.get_many(["a"]) == {"a": {"hello": "world"}}


def test_a_raw_store_keeps_many_bytes(uri):
    with get_store(uri, mode="raw") as store:
        store.put_many({"a": b"1", "b": b"{"})
        assert store.get_many(["a", "b"]) == {"a": b"1", "b": b"{"}
        with pytest.raises(ValueError, match="raw"):
            store.put_many({"a": b"2", "c": "text"})
        assert store.get_many(["a"]) == {"a": b"1"}
        assert "c" not in store


def test_a_batch_in_the_database_is_seen_whole_or_not_at_all(tmp_path):
    with get_store(f"sqlite:///{tmp_path}/a.db") as store, get_store(store.uri) as reader:
        names = [f"k{n}" for n in range(50)]
        store.put_many(dict.fromkeys(names, 0))
        stop, seen, mixed = threading.Event(), set(), []

        def read():
            while not stop.is_set():
                found = set(reader.get_many(names).values())
                seen.update(found)
                if len(found) != 1:
                    mixed.append(found)

        thread = threading.Thread(target=read)
        thread.start()
        for number in range(1, 100):
            store.put_many(dict.fromkeys(names, number))
        stop.set()
        thread.join()
    assert not mixed
    assert len(seen) > 1


def test_ten_thousand_values_at_once(store):
    items = {f"folder/{n}": {"n": n} for n in range(2_000 if store.scheme == "file" else 10_000)}
    store.put_many(items)
    assert store.get_many(items) == items
    assert store.delete_many(items) == len(items)
