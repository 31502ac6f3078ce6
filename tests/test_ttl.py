"""ttl: an expired value is gone, for every verb and on every backend."""

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


@pytest.mark.parametrize("name", ["text", "list", "bytes", "tuple", "numpy large", "bytes long", "None"])
def test_every_class_of_value_can_expire(store, name):
    value, _ = VALUES[name]
    store.put("k", value, ttl=SHORT)
    expire()
    assert "k" not in store


GONE = {
    "get": lambda store: store.get("k", None) is None,
    "item": lambda store: pytest.raises(KeyError, store.__getitem__, "k"),
    "pop": lambda store: store.pop("k", None) is None,
    "get_many": lambda store: store.get_many(["k"], default=None) == {"k": None},
    "in": lambda store: "k" not in store,
    "exists": lambda store: store.exists("k") is False,
    "len": lambda store: len(store) == 1,
    "keys": lambda store: list(store.iterate_keys()) == ["other"],
    "keys by prefix": lambda store: list(store.iterate_keys(prefix="k")) == [],
    "values": lambda store: list(store.iterate_values()) == [1],
    "items": lambda store: list(store.items()) == [("other", 1)],
    "info": lambda store: pytest.raises(holdall.DoesNotExist, store.info, "k"),
    "checksum": lambda store: pytest.raises(holdall.DoesNotExist, store.checksum, "k"),
    "open": lambda store: pytest.raises(holdall.DoesNotExist, store.open, "k"),
    "stream": lambda store: pytest.raises(holdall.DoesNotExist, store.stream, "k"),
    "delete": lambda store: pytest.raises(holdall.DoesNotExist, store.delete, "k"),
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


def test_expired_values_make_room(tmp_path):
    """They do not only hide: a store of brief values does not grow."""
    with get_store(f"sqlite:///{tmp_path}/a.db") as store:
        for _ in range(30):
            store.put_many({f"k{n}": "x" * 10_000 for n in range(20)}, ttl=0.001)
            time.sleep(0.003)
            store.clear()
        store.put("k", "v")
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 3_000_000


def test_odd_keys_expire_too(store):
    for key in ["a/b", "%", "é", "x" * 300, "p", "p/q"]:
        store.put(key, "v", ttl=SHORT)
    expire()
    assert list(store) == []
    store.put("p/q", "stays")
    assert list(store) == ["p/q"]
