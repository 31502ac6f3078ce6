"""get: what comes back, in which mode, and what happens without a value."""

import threading

import pytest

import holdall
from holdall import get_store
from processes import finish, start
from same import same
from values import VALUES


@pytest.mark.parametrize("name", VALUES)
def test_what_comes_out_is_what_went_in(store, name):
    value, _ = VALUES[name]
    store.put("k", value)
    found = store.get("k")
    assert same(value, found), found


def test_shared_parts_are_still_shared(store):
    part = []
    store.put("k", [part, part])
    one, two = store.get("k")
    assert one is two


def test_a_cycle_comes_back_as_a_cycle(store):
    value = {"a": []}
    value["a"].append(value)
    store.put("k", value)
    found = store.get("k")
    assert found["a"][0] is found


def test_a_missing_key_raises_what_dicts_and_files_raise(store):
    for error in (holdall.DoesNotExist, KeyError, FileNotFoundError):
        with pytest.raises(error):
            store.get("gone")
    with pytest.raises(KeyError):
        store["gone"]


@pytest.mark.parametrize("default", [None, 0, "default", [1]])
def test_a_default_stands_in_for_a_missing_value(store, default):
    assert store.get("gone", default) is default
    assert store.get("gone", default=default) is default


def test_raise_on_nonexist_false_gives_none(uri):
    with get_store(uri) as store:
        assert store.get("gone", raise_on_nonexist=False) is None
    with get_store(uri, raise_on_nonexist=False) as store:
        assert store.get("gone") is None
        with pytest.raises(holdall.DoesNotExist):
            store.get("gone", raise_on_nonexist=True)
        with pytest.raises(KeyError):
            store["gone"]


def test_raw_gives_the_payload_of_whatever_was_stored(store):
    store.put("text", "hé")
    store.put("json", {"a": [1]})
    store.put("bytes", b"\xff")
    store.put("active", KeyError)
    assert store.get("text", mode="raw") == "hé".encode()
    assert store.get("json", mode="raw") == b'{"a":[1]}'
    assert store.get("bytes", mode="raw") == b"\xff"
    assert store.get("active", mode="raw").startswith(b"\x80\x05")


def test_stored_text_and_bytes_are_read_as_text_or_json_on_request(store):
    store.put("text", "[1]")
    store.put("bytes", b"[1]")
    assert store.get("text") == "[1]"
    assert store.get("bytes") == b"[1]"
    for key in ("text", "bytes"):
        assert store.get(key, mode="json") == [1]
        assert store.get(key, mode="text") == "[1]"


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        ([1], "pickle"),
        ("a", "pickle"),
        (b"a", "pickle"),
        (KeyError, "json"),
        (KeyError, "text"),
        (1, "text"),
    ],
)
def test_another_mode_than_the_stored_one_is_refused_by_name(store, value, mode):
    store.put(
        "k", value, ttl=100
    )  # With a frame everywhere: a bare file may be read as anything passive.
    codec = store.info("k").codec
    with pytest.raises(holdall.SerializationError, match=f"{codec}.*{mode}"):
        store.get("k", mode=mode)
    assert same(value, store.get("k"))


@pytest.mark.parametrize("text", ["", "{", "[1,]", '{"a":1}x', "nul", "NaN", "01", "'a'", "[1 2]"])
def test_json_is_read_strictly(store, text):
    store.put("k", text)
    with pytest.raises(holdall.SerializationError):
        store.get("k", mode="json")


def test_bytes_that_are_no_text_are_refused_as_text(store):
    store.put("k", b"\xff")
    with pytest.raises(holdall.SerializationError, match="UTF-8"):
        store.get("k", mode="text")


def test_the_deserialization_func_is_applied_once_and_its_result_left_alone(store):
    store.put("k", "1")
    calls = []
    assert store.get("k", deserialization_func=lambda value: calls.append(value) or '"2"') == '"2"'
    assert calls == ["1"]


def test_the_calls_deserialization_func_wins_over_the_stores(uri):
    with get_store(uri, deserialization_func=lambda value: ("store", value)) as store:
        store.put("k", 1)
        assert store.get("k") == ("store", 1)
        assert store.get("k", deserialization_func=lambda value: ("call", value)) == ("call", 1)


def test_an_error_of_a_function_comes_through_as_it_is(store):
    store.put("k", 1)
    with pytest.raises(ZeroDivisionError):
        store.get("k", deserialization_func=lambda value: value / 0)


def test_a_reader_among_threads_never_sees_half_a_value(store):
    values = ["a" * 50_000, "b" * 200_000, ["c"] * 3_000]
    store.put("k", values[0])
    stop, torn, reads = threading.Event(), [], 0

    def write():
        while not stop.is_set():
            for value in values:
                store.put("k", value)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(300):
        found = store.get("k")
        reads += 1
        if found not in values:
            torn.append(found)
    stop.set()
    writer.join()
    assert reads == 300
    assert not torn


def test_a_reader_in_another_process_never_sees_half_a_value(disk_uri):
    sizes = [10, 4_000, 200_000]
    with get_store(disk_uri) as store:
        store.put("k", "0" * 10)
        writer = start(
            """
            store = get_store(sys.argv[1])
            print("ready", flush=True)
            deadline = time.monotonic() + 1.5
            while time.monotonic() < deadline:
                for digit, size in enumerate([10, 4_000, 200_000]):
                    store.put("k", str(digit) * size)
            """,
            disk_uri,
        )
        assert writer.stdout.readline() == "ready\n"
        met = set()
        while writer.poll() is None:
            found = store.get("k")
            met.add(found[0])
            assert found == found[0] * sizes[int(found[0])]
        finish(writer)
    assert met == {"0", "1", "2"}


def test_raw_asked_for_by_the_call_is_the_bytes_whatever_the_store_does():
    with get_store("memory://", deserialization_func=lambda value: ("made", value)) as store:
        store.put_many({"k": "text", "n": 1})
        assert store.get("k") == ("made", "text")
        assert store.get("k", mode="raw") == b"text"
        assert store.get_many(["n"], mode="raw") == {"n": b"1"}
        assert store.get("k", mode="raw", deserialization_func=len) == 4
        assert store.pop("k", mode="raw") == b"text"
    with get_store("memory://", mode="raw", deserialization_func=len) as store:
        store.put("k", b"four")
        assert store.get("k") == 4
