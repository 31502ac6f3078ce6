"""The examples of the documentation that holdall follows, word for word but for the name."""

import types

import pydantic
import pytest

from processes import run


class MyPydanticModel(pydantic.BaseModel):
    hello: str


data = MyPydanticModel(hello="world")


def test_put_some_different_data_to_the_store(store):
    # a text string
    store.put("foo", "bar")
    assert store.get("foo") == "bar"

    # a number
    store.put("foo", 1)
    assert store.get("foo") == 1
    assert type(store.get("foo")) is int

    # a dictionary
    store.put("foo", {"data": 1})
    assert store.get("foo") == {"data": 1}

    # a pydantic object
    store.put("foo", data)
    assert store.get("foo") == {"hello": "world"}
    assert type(store.get("foo")) is dict

    # an arbitrary object
    store.put("func", lambda x: x * 2)
    func = store.get("func")
    assert func(2) == 4


def test_the_lambda_is_the_same_in_another_process(disk_uri):
    run("get_store(sys.argv[1]).put('func', lambda x: x * 2)", disk_uri)
    assert run("print(get_store(sys.argv[1]).get('func')(2))", disk_uri) == "4\n"


@pytest.mark.parametrize("keyword", ["mode", "serialization_mode"])
def test_use_the_serialization_mode(store, keyword):
    store.put("data", "hello")
    # this will return bytes:
    assert store.get("data", **{keyword: "raw"}) == b"hello"

    # explicitly use json serialization
    store.put("data", {1: 2}, **{keyword: "json"})
    assert store.get("data") == {"1": 2}

    # "raw": as is, assuming bytes
    store.put("data", b"\x00", **{keyword: "raw"})
    assert store.get("data", **{keyword: "raw"}) == b"\x00"

    # "pickle": use cloudpickle
    store.put("data", lambda: 1, **{keyword: "pickle"})
    assert store.get("data", **{keyword: "pickle"})() == 1


def test_store_and_retrieve_pydantic_models(store):
    store.put("data", data, model=MyPydanticModel)
    # retrieve the data as the pydantic model:
    res = store.get("data", model=MyPydanticModel)
    assert res == data
    assert type(res) is MyPydanticModel


def test_use_custom_functions(store):
    # a generator cannot be saved to a store
    data = range(100)

    def convert(data):
        return list(data)

    store.put("data", data, serialization_func=convert)
    assert store.get("data") == list(range(100))

    # convert back to the generator
    def unconvert(data):
        return (d for d in data)

    result = store.get("data", deserialization_func=unconvert)
    assert isinstance(result, types.GeneratorType)
    assert list(result) == list(range(100))


def test_lambdas_could_be_used_as_well(store):
    store.put("double_data", 4, serialization_func=lambda x: x * 2)
    assert store.get("double_data") == 8


def test_pop_and_stream_deserialize_too(store):
    store.put("data", "1\n2")
    assert list(store.stream("data", mode="json")) == [1, 2]
    assert store.pop("data", mode="raw") == b"1\n2"


def test_serialization_can_be_configured_in_the_settings(uri, monkeypatch):
    from holdall import get_store

    monkeypatch.setenv("HOLDALL_SERIALIZATION_MODE", "json")
    with get_store(uri) as store:
        store.put("data", {1: 2})
        assert store.get("data") == {"1": 2}
