"""Stores whose options are written as JSON or YAML."""

import sys

import pytest

import holdall
from holdall import Store

JSON = '{"uri": "memory://", "mode": "json", "raise_on_nonexist": false}'
YAML = "uri: memory://\nmode: json\nraise_on_nonexist: false\n"
FROM = {"json": (JSON, Store.from_json_str), "yaml": (YAML, Store.from_yaml_str)}
FILES = {"json": Store.from_json_uri, "yaml": Store.from_yaml_uri}


@pytest.mark.parametrize("kind", FROM)
def test_a_text_describes_a_store_and_keywords_win(kind):
    text, make = FROM[kind]
    with make(text) as store:
        assert (store.scheme, store.serialization_mode) == ("memory", "json")
        assert store.get("gone") is None
    with make(text, mode="auto", raise_on_nonexist=True) as store:
        assert store.serialization_mode == "auto"
        with pytest.raises(holdall.DoesNotExist):
            store.get("gone")


@pytest.mark.parametrize("kind", FILES)
def test_a_file_describes_a_store(kind, tmp_path):
    (tmp_path / "store").write_text(FROM[kind][0], "utf-8")
    for place in (tmp_path / "store", (tmp_path / "store").as_uri()):
        with FILES[kind](place) as store:
            assert store.serialization_mode == "json"
    with pytest.raises(FileNotFoundError):
        FILES[kind](tmp_path / "missing")


@pytest.mark.parametrize("kind", FROM)
@pytest.mark.parametrize("text", ["[1]", '"x"', "1", "{1: [", "", '{"colour": "red"}'])
def test_what_describes_no_store_is_refused(kind, text):
    with pytest.raises(holdall.ValidationError):
        FROM[kind][1](text)


@pytest.mark.parametrize("kind", FROM)
def test_trust_and_code_are_never_taken_from_a_text(kind):
    make = FROM[kind][1]
    for name in ("trust", "keyset"):
        with pytest.raises(holdall.ValidationError, match=name):
            make(f'{{"uri": "memory://", "{name}": "all"}}')
    with pytest.raises(holdall.ValidationError):
        make('{"uri": "memory://", "x": !!python/object/apply:os.getpid []}')
    assert make('{"uri": "memory://"}', trust="all")


def test_without_pyyaml_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ImportError, match="pip install pyyaml"):
        Store.from_yaml_str(YAML)


def test_a_store_says_what_it_is(store, tmp_path):
    assert store.is_local
    assert store.is_fslike is (store.scheme == "file")
    assert store.is_sql is (store.scheme == "sqlite")
