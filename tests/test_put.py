"""put: what is written, how often functions are called, and what a refused value leaves behind."""

import threading

import pytest

import holdall
from holdall import get_store
from processes import finish, start
from values import VALUES


@pytest.mark.parametrize("name", VALUES)
def test_auto_takes_the_first_codec_that_is_exact(name):
    value, codec = VALUES[name]
    assert holdall.inspect(holdall.dumps(value)).codec == codec


def test_put_replaces_and_says_that_it_wrote(store):
    assert store.put("k", "first") is True
    assert store.put("k", ["second"]) is True
    assert store.get("k") == ["second"]


def test_setting_an_item_is_put(store):
    store["a/b"] = {"data": 1}
    assert store["a/b"] == {"data": 1}


def test_if_absent_writes_only_the_first(store):
    assert store.put("k", "first", if_absent=True) is True
    assert store.put("k", "second", if_absent=True) is False
    assert store.get("k") == "first"
    store.delete("k")
    assert store.put("k", "third", if_absent=True) is True


def test_if_absent_has_one_winner_among_threads(store):
    for round_ in range(20):
        barrier, won = threading.Barrier(6), []

        def race(name, key=f"k{round_}", barrier=barrier, won=won):
            barrier.wait()
            if store.put(key, name, if_absent=True):
                won.append(name)

        threads = [threading.Thread(target=race, args=(f"t{n}",)) for n in range(6)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert won == [store.get(f"k{round_}")]


def test_if_absent_has_one_winner_among_processes(disk_uri):
    code = """
    store = get_store(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    print(*[n for n in range(100) if store.put(f"k{n}", sys.argv[2], if_absent=True)])
    """
    children = [start(code, disk_uri, name) for name in "abc"]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    won = {name: finish(child).split() for name, child in zip("abc", children, strict=True)}
    with get_store(disk_uri) as store:
        assert sorted(n for wins in won.values() for n in wins) == sorted(map(str, range(100)))
        assert all(store.get(f"k{n}") == name for name, wins in won.items() for n in wins)


def test_none_is_a_value(store):
    store.put("k", None)
    assert store.get("k", "default") is None
    assert "k" in store


def test_without_none_values_putting_none_leaves_the_former_value(uri):
    with get_store(uri, store_none_values=False) as store:
        assert store.put("k", None) is False
        assert "k" not in store
        store.put("k", 1)
        store.put("k", None)
        store.put_many({"k": None, "other": None})
        assert store.get("k") == 1
        assert "other" not in store


def test_the_serialization_func_is_applied_once(store):
    store.put("k", 4, serialization_func=lambda x: x * 2)
    assert store.get("k") == 8


def test_what_a_serialization_func_returns_is_not_encoded_twice(store):
    store.put("k", {"a": 1}, mode="text", serialization_func=lambda value: '{"a":1}')
    assert store.get("k", mode="raw") == b'{"a":1}'


def test_the_calls_function_wins_over_the_stores(uri):
    with get_store(uri, serialization_func=lambda x: ["store", x]) as store:
        store.put("a", 1)
        store.put("b", 1, serialization_func=lambda x: ["call", x])
        assert store.get("a") == ["store", 1]
        assert store.get("b") == ["call", 1]


@pytest.mark.parametrize("keyword", ["mode", "serialization_mode"])
def test_both_spellings_of_the_mode_mean_the_same(store, keyword):
    store.put("k", {1: 2}, **{keyword: "json"})
    assert store.get("k") == {"1": 2}
    assert store.get("k", **{keyword: "raw"}) == b'{"1":2}'


def test_two_spellings_that_disagree_are_refused(store):
    with pytest.raises(holdall.ValidationError, match="one option"):
        store.put("k", "a", mode="text", serialization_mode="json")
    store.put("k", "a", mode="text", serialization_mode="text")
    assert store.get("k") == "a"


@pytest.mark.parametrize("value", [b"ab", bytearray(b"ab"), memoryview(b"xabx")[1:3]])
def test_raw_keeps_the_bytes_of_anything_bytes_like(store, value):
    store.put("k", value, mode="raw")
    assert store.get("k", mode="raw") == b"ab"


@pytest.mark.parametrize("value", ["text", 1, None, [b"a"]])
def test_raw_refuses_what_is_no_bytes(store, value):
    with pytest.raises(ValueError, match="raw"):
        store.put("k", value, mode="raw")
    assert "k" not in store


def test_text_refuses_what_is_no_text(store):
    with pytest.raises(holdall.SerializationError, match="text"):
        store.put("k", b"bytes", mode="text")
    with pytest.raises(holdall.SerializationError, match="surrogates"):
        store.put("k", "\ud800", mode="text")
    assert "k" not in store


def test_mode_pickle_signs_even_a_plain_value(store):
    store.put("k", {"a": 1}, mode="pickle")
    info = store.info("k")
    assert info.codec == "pickle"
    assert info.signed_by
    assert store.get("k") == {"a": 1}


def test_mode_json_is_as_lossy_as_json_and_says_what_it_cannot(store):
    store.put("k", (1, {2: (3,)}), mode="json")
    assert store.get("k") == [1, {"2": [3]}]
    with pytest.raises(holdall.SerializationError) as caught:
        store.put("k", {"a": [1, object()]}, mode="json")
    assert caught.value.path == "$['a'][1]"
    assert store.get("k") == [1, {"2": [3]}]


def test_cbor_can_be_asked_for_and_says_what_it_does_not_hold(store):
    store.put("k", {"a": [1]}, mode="cbor")
    assert store.info("k").codec == "cbor"
    assert store.get("k") == store.get("k", mode="cbor") == {"a": [1]}
    with pytest.raises(holdall.SerializationError, match="mode 'cbor'") as caught:
        store.put("k", {"a": [1, KeyError]}, mode="cbor")
    assert caught.value.path == "$['a'][1]"
    assert store.get("k") == {"a": [1]}


def test_a_value_that_cannot_be_written_leaves_the_former_one(store):
    store.put("k", "former")
    with pytest.raises(holdall.SerializationError):
        store.put("k", [threading.Lock()])
    assert store.get("k") == "former"


def test_a_value_may_use_the_store_while_it_is_being_written(store):
    class Reentrant:
        def __reduce__(self):
            store.put("inner", 1)
            return (list, ((store.get("inner"),),))

    store.put("outer", Reentrant())
    assert store.get("outer") == [1]


def test_what_is_stored_is_a_copy(store):
    value = {"list": [1]}
    store.put("k", value)
    value["list"].append(2)
    store.get("k")["list"].append(3)
    assert store.get("k") == {"list": [1]}
