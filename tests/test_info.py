"""info, exists, touch and what a store says of itself."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import holdall
from holdall import get_store
from models import Model


def test_info_says_what_is_known_of_a_value(store):
    store.put("folder/data.json", {"data": 1})
    info = store.info("folder/data.json")
    assert (info.name, info.key, info.store) == ("data.json", "folder/data.json", store.uri)
    assert info.uri == store.to_uri("folder/data.json")
    assert info.size == len(b'{"data":1}')
    assert (info.codec, info.mimetype) == ("json", "application/json")
    assert info.expires_at is None
    assert info.signed_by is None
    assert info.python is None


@pytest.mark.parametrize(
    ("key", "value", "codec", "mimetype", "size"),
    [
        ("a", "hé", "text", "text/plain", 3), ("a.csv", "h", "text", "text/csv", 1), ("a", [1], "json", "application/json", 3),
        ("a", 1, "json", "application/json", 1), ("a", b"\xff", "raw", "application/octet-stream", 1),
        ("a.png", b"\xff", "raw", "image/png", 1), ("a", b"", "raw", "application/octet-stream", 0),
        ("a", "", "text", "text/plain", 0), ("a", "x" * 300_000, "text", "text/plain", 300_000),
        ("a", b"\xff" * 300_000, "raw", "application/octet-stream", 300_000),
    ],
)  # fmt: skip
def test_codec_type_and_size_of_the_payload(store, key, value, codec, mimetype, size):
    store.put(key, value)
    info = store.info(key)
    assert (info.codec, info.mimetype, info.size) == (codec, mimetype, size)


def test_info_of_an_active_value_tells_who_signed_it_and_what_code_it_holds(store):
    store.put("k", KeyError)
    store.put("code", lambda: 1)
    store.put("model", Model(hello="a"))
    ring = holdall._holdall.keyset_show()
    assert store.info("k").codec == "pickle"
    assert store.info("k").signed_by == ring["keys"][0]["id"]
    assert store.info("k").python is None
    assert store.info("code").python.startswith("3.")
    assert store.info("model").codec == "json"


def test_times_are_aware_and_in_order(store):
    # A disk's clock is the kernel's coarse one, which ticks every 1 to 10 ms.
    before = datetime.now(UTC) - timedelta(milliseconds=20)
    store.put("k", 1)
    first = store.info("k")
    time.sleep(0.02)
    store.put("k", 2, ttl=100)
    second = store.info("k")
    after = datetime.now(UTC) + timedelta(milliseconds=20)
    assert before <= first.created_at <= first.updated_at < second.updated_at <= after
    assert second.created_at <= second.updated_at
    assert second.expires_at - second.updated_at > timedelta(seconds=99)
    assert first.created_at.tzinfo is UTC


def test_info_of_a_missing_key(store):
    with pytest.raises(holdall.DoesNotExist, match="gone"):
        store.info("gone")


def test_exists_is_in(store):
    assert not store.exists("k")
    assert "k" not in store
    store.put("k", None)
    assert store.exists("k")
    assert "k" in store
    assert "./k/" in store


@pytest.mark.parametrize("key", ["", "/abs", "a/../b"])
def test_bad_keys_are_errors_and_not_absent(store, key):
    with pytest.raises(holdall.ValidationError):
        store.exists(key)


def test_touch_stores_the_time_and_gives_it(store):
    before = datetime.now(UTC)
    touched = store.touch("k")
    assert before <= touched <= datetime.now(UTC)
    assert store.get("k") == touched
    assert store.get("k").tzinfo is not None
    assert store.touch("k") >= touched


def test_len_counts_what_is_there(store):
    for number in range(5):
        store.put(f"folder/{number % 3}", number)
    assert len(store) == 3


def test_a_store_says_what_it_is(store, scheme):
    assert store.scheme == scheme
    assert store.is_local
    assert repr(store) == f"Store({store.uri!r})"
    assert store.uri.startswith(f"{scheme}://")


def test_the_uri_of_a_value_in_a_folder_leads_to_its_file(tmp_path):
    with get_store(tmp_path / "a b") as store:
        store.put("c d/é.txt", "hello")
        from urllib.parse import unquote, urlsplit

        assert Path(unquote(urlsplit(store.to_uri("c d/é.txt")).path)).read_text() == "hello"
