"""stream: one value a line."""

import pytest

import holdall
from holdall import get_store
from models import Model


def test_json_lines(store):
    store.put("k", '{"a": 1}\n[2]\n\n"three"\r\n4', mode="text")
    assert list(store.stream("k", mode="json")) == [{"a": 1}, [2], "three", 4]
    assert list(store.stream("k", serialization_mode="json")) == [{"a": 1}, [2], "three", 4]


def test_lines_of_text_and_of_bytes(store):
    store.put("text", "ä\n\nb")
    store.put("bytes", b"\xff\nb\n")
    assert list(store.stream("text")) == ["ä", "", "b"]
    assert list(store.stream("text", mode="raw")) == ["ä".encode(), b"", b"b"]
    assert list(store.stream("bytes")) == [b"\xff", b"b"]


def test_a_stored_json_value_is_one_line(store):
    store.put("k", {"a": "x\ny"})
    assert list(store.stream("k")) == [{"a": "x\ny"}]


def test_each_line_is_streamed_as_it_is_asked_for(store):
    store.put("k", "1\n2\nbroken\n4")
    lines = store.stream("k", mode="json")
    assert next(lines) == 1
    assert next(lines) == 2
    with pytest.raises(holdall.SerializationError, match="line 3"):
        next(lines)


def test_the_function_gets_each_line_once(store):
    store.put("k", "1\n2")
    assert list(store.stream("k", deserialization_func=int)) == [1, 2]
    assert list(store.stream("k", mode="json", deserialization_func=lambda n: n + 1)) == [2, 3]


def test_the_model_gets_each_line(store):
    store.put("k", '{"hello": "a"}\n{"hello": "b"}')
    assert list(store.stream("k", mode="json", model=Model)) == [Model(hello="a"), Model(hello="b")]
    with pytest.raises(holdall.ValidationError, match="both"):
        list(store.stream("k", model=Model, deserialization_func=str))


def test_a_missing_key_raises_at_once_or_streams_nothing(store, uri):
    with pytest.raises(holdall.DoesNotExist):
        store.stream("gone")
    assert list(store.stream("gone", raise_on_nonexist=False)) == []
    with get_store(uri + "x" if "memory" not in uri else uri, raise_on_nonexist=False) as quiet:
        assert list(quiet.stream("gone")) == []


def test_an_active_value_has_no_lines(store):
    store.put("k", KeyError)
    with pytest.raises(holdall.SerializationError, match="pickle"):
        store.stream("k")
    with pytest.raises(holdall.SerializationError, match="no lines"):
        store.stream("k", mode="pickle")


def test_the_mode_of_the_store_is_the_mode_of_the_lines(uri):
    with get_store(uri, mode="json") as store:
        store.put("k", "1\n[2]", mode="text")
        assert list(store.stream("k")) == [1, [2]]


def test_an_empty_value_has_no_lines(store):
    store.put("k", b"")
    assert list(store.stream("k")) == []
