"""iterate_keys and iterate_values: prefix, exclude_prefix, glob and depth, whatever the characters."""

import threading
from collections.abc import Iterator

import pytest

import holdall
from processes import finish, start
from values import KEYS


@pytest.fixture
def filled(store):
    keys = ["foo", "foo/a", "foo/b.json", "foo/x/c.json", "food", "bar/a", "bar/foo/a", "z.json"]
    store.put_many({key: key.upper() for key in keys})
    return store


def keys(store, **selection):
    found = list(store.iterate_keys(**selection))
    assert len(found) == len(set(found))
    return set(found)


def test_all_keys_without_a_selection(filled):
    assert len(keys(filled)) == 8
    assert set(filled) == keys(filled)


def test_a_listing_is_lazy(filled):
    listing = filled.iterate_keys()
    assert isinstance(listing, Iterator)
    assert next(listing) in filled


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"prefix": ""}, "foo foo/a foo/b.json foo/x/c.json food bar/a bar/foo/a z.json"),
        ({"prefix": "foo"}, "foo foo/a foo/b.json foo/x/c.json food"),
        ({"prefix": "foo/"}, "foo/a foo/b.json foo/x/c.json"),
        ({"prefix": "foo/b"}, "foo/b.json"),
        ({"prefix": "fo"}, "foo foo/a foo/b.json foo/x/c.json food"),
        ({"prefix": "nothing"}, ""),
        ({"exclude_prefix": "foo"}, "bar/a bar/foo/a z.json"),
        ({"exclude_prefix": "foo/"}, "foo food bar/a bar/foo/a z.json"),
        ({"prefix": "foo", "exclude_prefix": "foo/x"}, "foo foo/a foo/b.json food"),
        ({"glob": "*"}, "foo food z.json"),
        ({"glob": "*.json"}, "z.json"),
        ({"glob": "**/*.json"}, "foo/b.json foo/x/c.json z.json"),
        ({"glob": "foo/*"}, "foo/a foo/b.json"),
        ({"glob": "foo/**"}, "foo/a foo/b.json foo/x/c.json"),
        ({"glob": "ba?/a"}, "bar/a"),
        ({"glob": "[fz]*"}, "foo food z.json"),
        ({"prefix": "foo", "glob": "*.json"}, "foo/b.json"),
        ({"depth": 1}, "foo food z.json"),
        ({"depth": 2}, "foo foo/a foo/b.json food bar/a z.json"),
        ({"prefix": "foo/", "depth": 1}, "foo/a foo/b.json"),
        ({"prefix": "foo", "depth": 1}, "foo food"),
        ({"prefix": "foo/", "glob": "**/*.json", "exclude_prefix": "foo/b", "depth": 2}, "foo/x/c.json"),
    ],
)  # fmt: skip
def test_the_criteria_and_all_of_them_together(filled, selection, expected):
    assert keys(filled, **selection) == set(expected.split())
    assert set(filled.iterate_values(**selection)) == set(expected.upper().split())


@pytest.mark.parametrize("key", KEYS)
def test_every_odd_key_is_found_by_its_own_beginning_alone(store, key):
    store.put(key, "value")
    store.put("other/key", 1)
    assert key in keys(store)
    for end in {1, len(key) // 2 or 1, len(key)}:
        assert key in keys(store, prefix=key[:end])
        if not "other/key".startswith(key[:end]):
            assert keys(store, prefix=key[:end]) == {key}
    assert key not in keys(store, exclude_prefix=key)


@pytest.mark.parametrize("character", "%_*?[]{}!\\.#'\"")
def test_no_character_of_a_prefix_is_wild(store, character):
    store.put_many({f"a{character}b": 1, "axb": 2, "ab": 3, "axxb": 4})
    assert keys(store, prefix=f"a{character}") == {f"a{character}b"}
    assert keys(store, exclude_prefix=f"a{character}") == {"axb", "ab", "axxb"}


@pytest.mark.parametrize("character", "*?[")
def test_special_characters_of_a_glob_are_escaped_in_brackets(store, character):
    store.put_many({f"a{character}b": 1, "axb": 2})
    assert keys(store, glob=f"a[{character}]b") == {f"a{character}b"}


def test_a_pattern_that_is_none_is_refused(store):
    with pytest.raises(holdall.ValidationError, match="escape"):
        store.iterate_keys(glob="a[")


def test_case_counts(store):
    store.put_many({"Key": 1, "key": 2})
    assert keys(store) == {"Key", "key"}
    assert keys(store, prefix="K") == {"Key"}
    assert keys(store, glob="k*") == {"key"}
    assert store.get_many(["Key", "key"]) == {"Key": 1, "key": 2}


def test_values_are_read_as_get_reads_them(store):
    store.put_many({"a": "1", "b": "2"})
    assert sorted(store.iterate_values(mode="raw")) == [b"1", b"2"]
    assert sorted(store.iterate_values(deserialization_func=int)) == [1, 2]


def test_a_value_none_is_a_value(store):
    store.put_many({"a": None, "b": 1})
    assert sorted(store.iterate_values(), key=str) == [1, None]
    assert dict(store.items()) == {"a": None, "b": 1}


def test_what_is_deleted_meanwhile_is_skipped(store):
    store.put_many({f"k{n}": n for n in range(200)})
    found = []
    for value in store.iterate_values():
        found.append(value)
        if len(found) == 1:
            store.clear()
    assert 1 <= len(found) <= 200
    assert list(store) == []


def test_writing_while_listing_loses_no_key_that_stays(store):
    stays = {f"stays/{n}" for n in range(300)}
    store.put_many(dict.fromkeys(stays, 1))
    met = set()
    for number, key in enumerate(store.iterate_keys()):
        met.add(key)
        store.put(f"new/{number}", 1)
        store.delete(f"new/{number}")
    assert stays <= met


def test_a_listing_that_is_dropped_half_way_holds_nothing(disk_store):
    disk_store.put_many({f"k{n}": n for n in range(500)})
    listing = disk_store.iterate_keys()
    next(listing)
    child = start("get_store(sys.argv[1], busy_timeout=5).put('other', 1)", disk_store.uri)
    finish(child)
    assert "other" in disk_store


def test_one_listing_can_be_shared_by_threads(store):
    store.put_many({f"k{n}": n for n in range(300)})
    listing, found = store.iterate_keys(), []

    def drain():
        found.extend(listing)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(found) == sorted(f"k{n}" for n in range(300))


def test_the_value_that_cannot_be_read_says_which_it_is(store):
    store.put("good", 1)
    store.put("bad", {1})
    with pytest.raises(holdall.SerializationError, match="bad"):
        list(store.iterate_values(mode="json"))


@pytest.mark.parametrize("glob", ["{" * 250 + "a" + "}" * 250, "?" * 1_000_000, "[", "{a"])
def test_a_pattern_that_is_none_or_too_large_is_refused(store, glob):
    with pytest.raises(holdall.ValidationError, match="glob"):
        store.iterate_keys(glob=glob)


@pytest.mark.parametrize(
    "bad",
    [{"depth": -1}, {"depth": "x"}, {"prefix": 1}, {"glob": b"x"}, {"exclude_prefix": "\ud800"}],
)
def test_a_criterion_of_another_type_is_refused_by_name(store, bad):
    with pytest.raises(holdall.ValidationError, match=next(iter(bad))):
        store.iterate_keys(**bad)
