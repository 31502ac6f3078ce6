"""copy_to: from every backend to every backend."""

import fcntl
import io
import sys
import threading
import time

import pytest

import holdall
from conftest import SCHEMES, uri_in
from holdall import get_store
from holdall._holdall import keyset_new
from same import same
from values import KEYS, VALUES


@pytest.mark.parametrize("target", SCHEMES)
def test_every_value_and_key_arrives(store, tmp_path, target):
    items = {f"value/{name}": value for name, (value, _) in VALUES.items()}
    items |= {f"key/{key}"[:16384]: key for key in KEYS}
    store.put_many(items)
    with get_store(uri_in(target, tmp_path, "copy")) as other:
        assert store.copy_to(other) == len(items)
        assert set(other) == set(items)
        assert same(items, other.get_many(items))


@pytest.mark.parametrize("target", SCHEMES)
def test_expiry_travels_along(store, tmp_path, target):
    store.put("k", 1, ttl=100)
    store.put("active", KeyError, ttl=100)
    store.put("for ever", 1)
    with get_store(uri_in(target, tmp_path, "copy")) as other:
        store.copy_to(other)
        assert other.info("k").expires_at == store.info("k").expires_at
        assert other.info("active").expires_at == store.info("active").expires_at
        assert other.info("for ever").expires_at is None


def test_only_what_is_selected_is_copied(store):
    store.put_many({"a/1": 1, "a/2.json": 2, "a/3.json": 3, "b/4.json": 4})
    other = get_store("memory://")
    assert store.copy_to(other, prefix="a/", exclude_prefix="a/3", glob="*.json") == 1
    assert list(other) == ["a/2.json"]


def test_active_values_are_signed_anew_for_the_other_keyset(store):
    theirs = keyset_new()
    store.put("k", KeyError)
    other = get_store("memory://", keyset=theirs)
    store.copy_to(other)
    assert other.get("k") == KeyError
    assert other.info("k").signed_by != store.info("k").signed_by


def test_what_is_not_trusted_here_is_not_signed_for_there(store):
    store.put("passive", 1)
    store.put("active", KeyError)
    stranger = store.derive(keyset=keyset_new())
    other = get_store("memory://")
    with pytest.raises(holdall.UntrustedPayloadError, match="active"):
        stranger.copy_to(other)
    assert "active" not in other


def test_the_payload_and_the_codec_stay_the_same(store):
    store.put("k", {1: 2}, mode="json")
    store.put("text", "[1]")
    other = get_store("memory://")
    store.copy_to(other)
    assert other.get("k", mode="raw") == b'{"1":2}'
    assert other.get("text") == "[1]"


def test_progress_is_shown_when_asked_for_and_not_in_a_pipe(store, monkeypatch):
    store.put_many({"a": 1, "b": 2})
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    store.copy_to(get_store("memory://"))
    assert shown.getvalue() == ""
    store.copy_to(get_store("memory://"), progress=True)
    assert "2 of 2" in shown.getvalue()


def test_a_copy_to_itself_changes_nothing(store):
    store.put_many({"a": 1, "b": (2,)})
    assert store.copy_to(store) == 2
    assert dict(store.items()) == {"a": 1, "b": (2,)}


def test_a_copy_that_waits_leaves_the_other_threads_alone(tmp_path):
    """From memory to a database whose writer's lock is held: by a thread that needs its turn."""
    target = get_store(f"sqlite:///{tmp_path}/x.db", busy_timeout=20)
    target.put("first", 1)
    with get_store("memory://") as source, (tmp_path / "x.db.lock").open("rb") as held:
        source.put("k", KeyError)
        fcntl.flock(held, fcntl.LOCK_EX)
        timer = threading.Timer(0.3, lambda: fcntl.flock(held, fcntl.LOCK_UN))
        timer.start()
        began = time.monotonic()
        assert source.copy_to(target) == 1
        assert time.monotonic() - began < 15
        timer.join()
    assert target.get("k") == KeyError
    target.close()
