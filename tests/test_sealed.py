"""Sealed values: who can read them, what of them shows, and what reading refuses."""

import dataclasses
import os
import pickle

import numpy as np
import pytest

import holdall
from holdall import dumps, inspect, loads
from holdall._holdall import keyset_new
from models import Point

VALUES = {
    "text": "nobody's business",
    "empty": "",
    "bytes": b"\xc1\x48\x00",
    "json": {"a": [1, 2.5, None, True]},
    "cbor": (1, {2, 3}, 2**70),
    "instance": Point(1, [2]),
    "pickle": lambda: 7,
    "large": os.urandom(300_000),
    "array": np.arange(200_000.0),
}


@pytest.fixture
def keyset(tmp_path):
    path = tmp_path / "keyset.json"
    path.write_text(keyset_new())
    return path


@pytest.mark.parametrize("name", VALUES)
def test_what_was_sealed_comes_back_for_who_holds_the_key(name, keyset):
    value = VALUES[name]
    data = dumps(value, seal=True, keyset=keyset)
    again = loads(data, keyset=keyset)
    if name == "pickle":
        assert again() == 7
    elif name == "array":
        np.testing.assert_array_equal(again, value)
    else:
        assert again == value
        assert type(again) is type(value)
    assert type(loads(bytearray(data), keyset=keyset, seal=True)) is type(value)
    for other in (keyset_new(), None):
        with pytest.raises(holdall.UnknownKey, match="HOLDALL_KEYSET"):
            loads(data, keyset=other, trust="all")
        with pytest.raises(holdall.UnknownKey):
            loads(data, keyset=other, mode="raw")


def test_nothing_of_the_value_shows(keyset):
    value = {"card": "4111 1111 1111 1111", "rows": ["4111 1111 1111 1111"] * 5000}
    data = dumps(value, seal=True, keyset=keyset)
    assert b"4111" not in data
    assert b"card" not in data
    # Nor whether two are the same.
    assert dumps(value, seal=True, keyset=keyset) != data
    seen = inspect(data)
    assert seen.codec == "json"
    assert seen.sealed_by in keyset.read_text()
    assert seen.signed_by is None
    assert seen.preview == "(sealed)"
    assert f"sealed by key {seen.sealed_by}" in str(seen)
    assert str(inspect(dumps(Point(1, 2), seal=True, keyset=keyset))).count("sealed") == 2


@pytest.mark.parametrize("mode", ["raw", "text", "json", "cbor", "pickle"])
def test_each_mode_is_sealed_and_asked_for_as_ever(mode, keyset):
    value = {"raw": b"x", "text": "x"}.get(mode, [1])
    data = dumps(value, mode=mode, seal=True, keyset=keyset)
    assert inspect(data).codec == mode
    assert loads(data, mode=mode, keyset=keyset) == value
    assert loads(data, mode="raw", keyset=keyset) == loads(
        dumps(value, mode=mode, keyset=keyset), mode="raw"
    )
    wrong = "pickle" if mode != "pickle" else "json"
    with pytest.raises(holdall.SerializationError, match=mode):
        loads(data, mode=wrong, keyset=keyset)


def test_a_seal_is_as_good_as_a_signature_and_no_better(keyset):
    data = dumps(Point(1, 2), seal=True, keyset=keyset)
    assert loads(data, keyset=keyset) == Point(1, 2)
    damaged = bytearray(data)
    damaged[-1] ^= 1
    with pytest.raises(holdall.CorruptFrame):
        loads(damaged, keyset=keyset)


def test_who_asks_for_a_seal_takes_nothing_else(keyset):
    for value in ("text", b"raw", {"a": 1}, Point(1, 2)):
        data = dumps(value, keyset=keyset)
        assert loads(data, keyset=keyset) == value
        with pytest.raises(holdall.UntrustedPayloadError, match="not sealed"):
            loads(data, keyset=keyset, seal=True)
    with pytest.raises(holdall.UntrustedPayloadError, match="not sealed"):
        loads(b"[1]", mode="json", frame=False, seal=True)
    with pytest.raises(holdall.NotAFrame):
        loads(pickle.dumps(1), keyset=keyset, seal=True)
    with pytest.raises(holdall.ValidationError, match="frame=False"):
        dumps("x", seal=True, frame=False, keyset=keyset)


@dataclasses.dataclass
class Unwritable:
    held: object


def test_what_cannot_be_written_cannot_be_sealed_either(keyset):
    with pytest.raises(holdall.SerializationError) as caught:
        dumps([Unwritable(memoryview(b""))], seal=True, keyset=keyset)
    assert caught.value.path == "$[0].held"


def test_the_users_own_keyset_seals_where_none_is_named():
    data = dumps("mine", seal=True)
    assert loads(data) == "mine"
    assert loads(data, seal=True) == "mine"


@pytest.mark.parametrize("value", ["text", {"a": 1}, (1, 2), Point(1, 2)], ids=str)
def test_a_sealed_value_in_a_folder_is_read_and_not_laid_open_by_a_copy(value, tmp_path, keyset):
    sealed = dumps(value, seal=True, keyset=keyset)
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "k").write_bytes(sealed)
    uri = (tmp_path / "store").as_uri()
    with holdall.get_store(uri, keyset=keyset) as store, holdall.get_store("memory://") as other:
        assert store.get("k") == value
        assert store.get_many(["k"]) == {"k": value}
        assert store.get("k", mode="raw") == loads(sealed, keyset=keyset, mode="raw")
        assert store.info("k").sealed_by == inspect(sealed).sealed_by
        with pytest.raises(holdall.UnsupportedVersion, match="sealed"):
            store.copy_to(other)
        assert list(other) == []
        assert store.compare_and_swap("k", value, "new")
    with holdall.get_store(uri, keyset=keyset) as store:
        (tmp_path / "store" / "k").write_bytes(sealed)
        assert store.pop("k") == value
    (tmp_path / "store" / "k").write_bytes(sealed)
    with (
        holdall.get_store(uri, keyset=keyset_new()) as store,
        pytest.raises(holdall.UnknownKey, match='get "k": '),
    ):
        store.get("k")


@pytest.mark.parametrize("value", ["text", 1, (1, 2)], ids=str)
def test_a_key_that_was_replaced_opens_and_a_disabled_one_does_not(value):
    text = keyset_new()
    data = dumps(value, seal=True, keyset=text)
    other = keyset_new()
    ours, theirs = inspect(data).sealed_by, inspect(dumps(1, seal=True, keyset=other)).sealed_by
    line = next(line for line in text.splitlines() if '"secret"' in line)
    both = other.replace("\n  ]", ",\n" + line + "\n  ]")
    assert loads(data, keyset=both) == value
    assert inspect(dumps(1, seal=True, keyset=both)).sealed_by == theirs
    disabled = both.replace(line, line.replace("enabled", "disabled"))
    with pytest.raises(holdall.UnknownKey, match=f"{ours}, which is disabled"):
        loads(data, keyset=disabled)
