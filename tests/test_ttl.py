"""ttl: an expired value is gone, for every verb and on every backend."""

import contextlib
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

import holdall
from holdall import get_store
from processes import run
from values import VALUES

SHORT = 0.05


def expire():
    time.sleep(SHORT + 0.03)


def test_a_value_lives_as_long_as_its_ttl(store):
    store.put("k", "v", ttl=0.5)
    assert store.get("k") == "v"
    time.sleep(0.25)
    assert store.get("k") == "v"
    time.sleep(0.3)
    assert store.get("k", None) is None


@pytest.mark.parametrize(
    "name", ["text", "list", "bytes", "tuple", "numpy large", "bytes long", "None"]
)
def test_every_class_of_value_can_expire(store, name):
    value, _ = VALUES[name]
    store.put("k", value, ttl=SHORT)
    expire()
    assert "k" not in store


def raises(error, verb, key):
    with pytest.raises(error):
        verb(key)
    return True


GONE = {
    "get": lambda store: store.get("k", None) is None,
    "item": lambda store: raises(KeyError, store.__getitem__, "k"),
    "pop": lambda store: store.pop("k", None) is None,
    "get_many": lambda store: store.get_many(["k"], default=None) == {"k": None},
    "in": lambda store: "k" not in store,
    "exists": lambda store: store.exists("k") is False,
    "len": lambda store: len(store) == 1,
    "keys": lambda store: list(store.iterate_keys()) == ["other"],
    "keys by prefix": lambda store: list(store.iterate_keys(prefix="k")) == [],
    "values": lambda store: list(store.iterate_values()) == [1],
    "items": lambda store: list(store.items()) == [("other", 1)],
    "info": lambda store: raises(holdall.DoesNotExist, store.info, "k"),
    "checksum": lambda store: raises(holdall.DoesNotExist, store.checksum, "k"),
    "open": lambda store: raises(holdall.DoesNotExist, store.open, "k"),
    "stream": lambda store: raises(holdall.DoesNotExist, store.stream, "k"),
    "delete": lambda store: raises(holdall.DoesNotExist, store.delete, "k"),
    "delete_many": lambda store: store.delete_many(["k"]) == 0,
    "compare_and_swap": lambda store: store.compare_and_swap("k", "v", "w") is False,
    "if_absent": lambda store: store.put("k", "w", if_absent=True) is True,
    "copy": lambda store: store.copy_to(get_store("memory://")) == 1,
}


@pytest.mark.parametrize("verb", GONE)
def test_for_each_verb_an_expired_value_does_not_exist(store, verb):
    store.put("other", 1)
    store.put("k", "v", ttl=SHORT)
    expire()
    assert GONE[verb](store)


@pytest.mark.parametrize("verb", GONE)
def test_for_each_verb_a_living_value_does_exist(store, verb):
    store.put("other", 1)
    store.put("k", "v", ttl=100)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        assert GONE[verb](store)


def test_writing_again_without_a_ttl_ends_it(store):
    store.put("k", "old", ttl=SHORT)
    store.put("k", "new")
    expire()
    assert store.get("k") == "new"
    assert list(store) == ["k"]


def test_writing_again_with_a_ttl_begins_it_anew(store):
    store.put("k", "old", ttl=SHORT)
    store.put("k", "new", ttl=100)
    expire()
    assert store.get("k") == "new"
    assert list(store) == ["k"]
    store.put("k", "brief", ttl=SHORT)
    expire()
    assert list(store) == []


def test_put_many_gives_all_of_them_the_ttl(store):
    store.put_many({"a": 1, "b": 2}, ttl=SHORT)
    expire()
    assert list(store) == []


def test_a_ttl_may_be_a_timedelta(store):
    store.put("k", 1, ttl=timedelta(hours=1))
    left = store.info("k").expires_at - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1, seconds=1)


def test_the_default_ttl_of_a_store_and_zero_against_it(uri):
    with get_store(uri, default_ttl=SHORT) as store:
        store.put("default", 1)
        store.put("for ever", 2, ttl=0)
        store.put("long", 3, ttl=100)
        with store.open("file", "wb") as file:
            file.write(b"4")
        expire()
        assert sorted(store) == ["for ever", "long"]


@pytest.mark.parametrize("ttl", [-1, float("nan"), float("inf"), "1", timedelta(-1), 1e300, [1]])
def test_an_impossible_ttl_is_refused(store, ttl):
    store.put("k", "former")
    with pytest.raises(holdall.ValidationError, match="ttl"):
        store.put("k", 1, ttl=ttl)
    assert store.get("k") == "former"


def test_the_longest_ttl_has_no_overflow(store):
    store.put("k", 1, ttl=timedelta.max)
    assert store.get("k") == 1
    assert store.info("k").expires_at > datetime.now(UTC)
    assert list(store) == ["k"]


def test_expiry_holds_for_other_processes_and_after_reopening(disk_uri):
    with get_store(disk_uri) as store:
        store.put("brief", 1, ttl=SHORT)
        store.put("long", 2, ttl=100)
    expire()
    assert run("print(*get_store(sys.argv[1]))", disk_uri) == "long\n"
    with get_store(disk_uri) as store:
        assert list(store) == ["long"]


def test_expired_rows_are_removed_by_later_writes(tmp_path):
    with get_store(f"sqlite:///{tmp_path}/a.db") as store:
        store.put_many({f"k{n}": "x" * 10_000 for n in range(150)}, ttl=0.01)
        store.put("large", "x" * 300_000, ttl=0.01)
        time.sleep(1.1)  # They are looked for once a second.
        for n in range(10):
            store.put("stays", n)
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        assert connection.execute("SELECT key FROM entries").fetchall() == [("stays",)]
    sizes = [
        path.stat().st_size
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name != "a.db"
    ]
    assert sum(sizes) < 100_000, "the side file of the large value is left over"


def test_expired_files_are_removed_by_later_listings(tmp_path):
    with get_store(tmp_path) as store:
        for n in range(20):
            store.put(f"folder/k{n}", "x", ttl=0.01)
        store.put("stays", "x")
        time.sleep(0.05)
        assert list(store.iterate_keys()) == ["stays"]
    kept = [
        path.name for path in tmp_path.rglob("*") if path.is_file() and ".holdall" not in path.parts
    ]
    assert kept == ["stays"]
    assert not list((tmp_path / ".holdall" / "ttl").iterdir())


def test_odd_keys_expire_too(store):
    for key in ["a/b", "%", "é", "x" * 300, "p", "p/q"]:
        store.put(key, "v", ttl=SHORT)
    expire()
    assert list(store) == []
    store.put("p/q", "stays")
    assert list(store) == ["p/q"]


def test_the_least_bit_of_time_is_not_for_ever(store):
    store.put("k", 1, ttl=1e-12)
    expire()
    assert "k" not in store
