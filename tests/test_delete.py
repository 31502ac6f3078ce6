"""delete and clear."""

import pytest

import holdall
from holdall import get_store
from values import KEYS


def test_delete_removes_the_value(store):
    store.put("k", 1)
    assert store.delete("k") is None
    assert "k" not in store
    assert list(store) == []


def test_a_missing_key_raises_unless_errors_are_ignored(store):
    with pytest.raises(holdall.DoesNotExist, match="gone"):
        store.delete("gone")
    store.delete("gone", ignore_errors=True)
    with pytest.raises(KeyError):
        del store["gone"]


def test_a_store_that_does_not_raise_on_missing_keys_deletes_quietly(uri):
    with get_store(uri, raise_on_nonexist=False) as store:
        store.delete("gone")
        with pytest.raises(KeyError):
            del store["gone"]


def test_ignored_errors_are_those_of_missing_values_only(store):
    with pytest.raises(holdall.ValidationError):
        store.delete("../outside", ignore_errors=True)


def test_deleting_a_key_keeps_its_neighbours(store):
    store.put_many({"p": 1, "p/q": 2, "p/q/r": 3, "pp": 4})
    store.delete("p")
    assert sorted(store) == ["p/q", "p/q/r", "pp"]
    store.delete("p/q/r")
    del store["p/q"]
    store.put("p", 5)
    assert dict(store.items()) == {"p": 5, "pp": 4}


def test_a_deleted_key_can_be_written_again(store):
    for value in ("a", {"b": 1}, (3,)):
        store.put("a/b", value)
        assert store.get("a/b") == value
        store.delete("a/b")
        assert store.get("a/b", None) is None


def test_clear_removes_everything(store):
    store.put_many({key: key for key in KEYS})
    store.put("large", "x" * 300_000)
    store.put("expiring", 1, ttl=100)
    store.clear()
    assert len(store) == 0
    assert list(store) == []
    assert "large" not in store
    store.put("after", 1)
    assert list(store) == ["after"]


def test_a_store_without_values_is_still_true(store):
    assert store
    assert len(store) == 0
