"""Settings: from arguments, from the environment when the store is made, from defaults."""

import os
import pickle
from pathlib import Path

import pytest

import holdall
from holdall import Settings, get_store


def test_without_settings_there_is_an_embedded_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with get_store() as store:
        store.put("k", 1)
        assert store.uri == f"sqlite:///{tmp_path}/.holdall/store.db"
    assert (tmp_path / ".holdall" / "store.db").exists()
    assert Settings() == Settings.from_env({})


def test_the_environment_is_read_when_the_store_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDALL_URI", f"sqlite:///{tmp_path}/one.db")
    one = get_store()
    monkeypatch.setenv("HOLDALL_URI", f"file://{tmp_path}/two")
    two = get_store()
    assert one.uri.endswith("one.db")
    assert two.scheme == "file"


@pytest.mark.parametrize(
    ("variable", "value", "attribute", "expected"),
    [
        ("HOLDALL_URI", "memory://", "uri", "memory://"),
        ("HOLDALL_SERIALIZATION_MODE", "raw", "serialization_mode", "raw"),
        ("HOLDALL_SERIALIZATION_MODE", "cbor", "serialization_mode", "cbor"),
        ("HOLDALL_RAISE_ON_NONEXIST", "false", "raise_on_nonexist", False),
        ("HOLDALL_RAISE_ON_NONEXIST", "0", "raise_on_nonexist", False),
        ("HOLDALL_RAISE_ON_NONEXIST", "YES", "raise_on_nonexist", True),
        ("HOLDALL_DEFAULT_TTL", "1.5", "default_ttl", 1.5),
        ("HOLDALL_BACKEND_CONFIG__DURABILITY", "full", "backend_config", {"durability": "full"}),
        ("HOLDALL_BACKEND_CONFIG__BUSY_TIMEOUT", "3", "backend_config", {"busy_timeout": 3.0}),
    ],
)
def test_each_variable_has_its_setting(variable, value, attribute, expected):
    assert getattr(Settings.from_env({variable: value}), attribute) == expected
    assert (
        getattr(Settings.from_env({variable: ""}), attribute) == getattr(Settings(), attribute)
        or "__" in variable
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOLDALL_RAISE_ON_NONEXIST", "maybe"), ("HOLDALL_DEFAULT_TTL", "soon"), ("HOLDALL_DEFAULT_TTL", "-1"),
        ("HOLDALL_SERIALIZATION_MODE", "yaml"), ("HOLDALL_URI", "s3://x"), ("HOLDALL_BACKEND_CONFIG__DURABILITY", "some"),
        ("HOLDALL_BACKEND_CONFIG__TABLE", "x"), ("HOLDALL_BACKEND_CONFIG__READ_ONLY", "maybe"),
        ("HOLDALL_BACKEND_CONFIG__BUSY_TIMEOUT", "soon"), ("HOLDALL_DEFAULT_TTL", "nan"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_a_typed_error(monkeypatch, tmp_path, variable, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    with pytest.raises(holdall.ValidationError):
        get_store()


def test_the_settings_reach_the_store(monkeypatch):
    monkeypatch.setenv("HOLDALL_URI", "memory://")
    monkeypatch.setenv("HOLDALL_SERIALIZATION_MODE", "json")
    monkeypatch.setenv("HOLDALL_RAISE_ON_NONEXIST", "off")
    monkeypatch.setenv("HOLDALL_DEFAULT_TTL", "60")
    store = get_store()
    assert (store.uri, store.serialization_mode, store.raise_on_nonexist) == (
        "memory://",
        "json",
        False,
    )
    assert store.get("gone") is None
    store.put("k", {1: 2})
    assert store.get("k") == {"1": 2}
    assert store.info("k").expires_at is not None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SERIALIZATION_MODE", "xml"),
        ("RAISE_ON_NONEXIST", "maybe"),
        ("DEFAULT_TTL", "soon"),
        ("BACKEND_CONFIG__DURABILITY", "wrong"),
        ("BACKEND_CONFIG__BUSY_TIMEOUT", "x"),
        ("BACKEND_CONFIG__READ_ONLY", "2"),
        ("BACKEND_CONFIG__COLOUR", "red"),
    ],
)
def test_a_variable_that_does_not_fit_is_named(monkeypatch, name, text):
    monkeypatch.setenv(f"HOLDALL_{name}", text)
    with pytest.raises(holdall.ValidationError, match=f"HOLDALL_{name}"):
        get_store("memory://")


def test_an_argument_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("HOLDALL_URI", "file:///nowhere/at/all")
    monkeypatch.setenv("HOLDALL_SERIALIZATION_MODE", "json")
    monkeypatch.setenv("HOLDALL_RAISE_ON_NONEXIST", "off")
    monkeypatch.setenv("HOLDALL_DEFAULT_TTL", "60")
    monkeypatch.setenv("HOLDALL_BACKEND_CONFIG__DURABILITY", "full")
    store = get_store(
        "memory://",
        mode="auto",
        raise_on_nonexist=True,
        default_ttl=0,
        backend_config={"durability": "normal"},
    )
    assert store.to_dict()["durability"] == "normal"
    store.put("k", (1,))
    assert store.get("k") == (1,)
    assert store.info("k").expires_at is None
    with pytest.raises(holdall.DoesNotExist):
        store.get("gone")
    assert get_store("memory://", durability="normal")


def test_the_call_wins_over_the_store():
    store = get_store("memory://", mode="json", raise_on_nonexist=False)
    store.put("k", (1,), mode="auto")
    assert store.get("k", mode="auto") == (1,)
    with pytest.raises(holdall.DoesNotExist):
        store.get("gone", raise_on_nonexist=True)


def test_settings_may_be_given_as_an_object(monkeypatch):
    monkeypatch.setenv("HOLDALL_SERIALIZATION_MODE", "raw")
    settings = Settings(uri="memory://", serialization_mode="text")
    assert get_store(settings=settings).serialization_mode == "text"


def test_trust_is_never_taken_from_the_environment(monkeypatch):
    monkeypatch.setenv("HOLDALL_TRUST", "all")
    monkeypatch.setenv("HOLDALL_BACKEND_CONFIG__TRUST", "all")
    with pytest.raises(holdall.ValidationError, match="trust"):
        get_store("memory://")
    monkeypatch.delenv("HOLDALL_BACKEND_CONFIG__TRUST")
    store = get_store("memory://", keyset=holdall._holdall.keyset_new())
    store.put("k", len)
    with pytest.raises(holdall.UntrustedPayloadError):
        store.derive(keyset=holdall._holdall.keyset_new()).get("k")


@pytest.mark.parametrize(
    "spell", [str, Path, lambda path: path.as_uri(), lambda path: os.path.relpath(path)]
)
def test_every_spelling_of_a_folder_leads_to_it(tmp_path, spell):
    folder = tmp_path / "a b%20é"
    with get_store(spell(folder)) as store:
        store.put("k", "v")
    assert (folder / "k").read_text() == "v"
    assert store.scheme == "file"


def test_relative_places_stay_where_they_were_when_the_folder_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with get_store("sqlite:///data.db") as database, get_store("./data") as folder:
        monkeypatch.chdir("/")
        for store in (database, folder):
            store.put("k", 1)
            assert str(tmp_path) in store.uri
            with get_store(store.uri) as again:
                assert again.get("k") == 1


def test_each_call_gives_an_object_of_its_own():
    one, two = get_store("memory://"), get_store("memory://")
    one.put("k", 1)
    assert one is not two
    assert "k" not in two


def test_a_store_travels_by_its_uri_and_options(disk_uri):
    with get_store(disk_uri, mode="json", raise_on_nonexist=False) as store:
        store.put("k", {1: 2})
        again = pickle.loads(pickle.dumps(store))
        assert type(again) is type(store)
        assert again.uri == store.uri
        assert again.get("k") == {"1": 2}
        assert again.get("gone") is None
        assert again.serialization_mode == "json"
        again.close()
        kept = get_store("memory://")
        kept.put("a store", {"store": store})
        assert kept.get("a store")["store"].get("k") == {"1": 2}


def test_a_derived_store_shares_the_values_and_not_the_options(store):
    derived = store.derive(mode="json", raise_on_nonexist=False)
    derived.put("k", {1: 2})
    assert store.get("k") == {"1": 2}
    assert derived.get("gone") is None
    with pytest.raises(holdall.DoesNotExist):
        store.get("gone")
    assert store.serialization_mode == "auto"


@pytest.mark.parametrize("name", ["durability", "busy_timeout", "uri"])
def test_a_derived_store_refuses_what_only_opening_decides(store, name):
    with pytest.raises(holdall.ValidationError, match=name):
        store.derive(**{name: 1})


def test_a_derived_store_takes_both_spellings_of_the_mode(store):
    assert store.derive(serialization_mode="text").serialization_mode == "text"
    assert store.derive(mode="raw").derive().serialization_mode == "raw"


def test_a_keyset_may_be_given_as_a_path(tmp_path):
    path = tmp_path / "ring.json"
    path.write_text(holdall._holdall.keyset_new())
    with get_store("memory://", keyset=path) as store:
        store.put("k", len)
        frame = store.frame_bytes("k")
        assert store.get("k") is len
    assert holdall.loads(frame, keyset=path) is len
    assert holdall.loads(holdall.dumps(max, keyset=path), keyset=str(path)) is max
    with pytest.raises(holdall.UnknownKey):
        holdall.loads(frame)


def test_a_relative_folder_for_settings_is_ignored(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", "here")
    holdall.dumps({1})
    assert not (tmp_path / "here").exists()
