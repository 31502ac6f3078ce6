"""model=: data when written, an instance when read."""

import dataclasses
import math

import attrs
import msgspec
import pydantic
import pytest
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

import holdall
from holdall import get_store
from models import Aliased, Empty, Model


def test_a_model_is_kept_as_its_data(store):
    store.put("k", Model(hello="world"))
    assert store.get("k") == {"hello": "world"}
    assert store.info("k").codec == "json"
    assert store.get("k", model=Model) == Model(hello="world")


def test_inside_another_value_it_is_an_instance(store):
    store.put("k", [Model(hello="world")])
    assert store.get("k") == [Model(hello="world")]


def test_written_and_read_with_the_model(store):
    store.put("k", Model(hello="world"), model=Model)
    found = store.get("k", model=Model)
    assert type(found) is Model
    assert found == Model(hello="world")
    assert store.pop("k", model=Model) == found


def test_data_that_fits_may_be_put_with_the_model(store):
    store.put("k", {"hello": "world"}, model=Model)
    assert store.get("k", model=Model) == Model(hello="world")


@pytest.mark.parametrize("how", ["put", "get"])
def test_data_that_does_not_fit_is_refused_with_its_path(store, how):
    store.put("k", {"hello": 5})
    with pytest.raises(holdall.SerializationError, match=r"\$\.hello: .*Model") as caught:
        store.put("k", {"hello": 5}, model=Model) if how == "put" else store.get("k", model=Model)
    assert caught.value.path == "$.hello"
    assert store.get("k") == {"hello": 5}


def test_a_model_for_the_whole_store(uri):
    with get_store(uri, model=Model) as store:
        store.put("k", Model(hello="world"))
        store.put_many({"many": Model(hello="many")})
        assert store.get("k") == Model(hello="world")
        assert store.get_many(["k", "many"]) == {
            "k": Model(hello="world"),
            "many": Model(hello="many"),
        }
        assert store.get("k", mode="raw") == b'{"hello":"world"}'
        assert sorted(value.hello for value in store.iterate_values()) == ["many", "world"]


@pytest.mark.parametrize(
    "value", [Aliased(**{"class": "a"}), Aliased(**{"class": "b", "count": 2}), Empty()]
)
def test_aliases_and_empty_models_make_the_round_trip(store, value):
    model = type(value)
    store.put("with", value, model=model)
    store.put("without", value)
    assert store.get("with", model=model) == value
    assert store.get("without", model=model) == value


def test_a_field_that_is_no_number_is_no_null(store):
    class Measured(pydantic.BaseModel):
        x: float
        y: tuple[int, ...]
        z: bytes

    value = Measured(x=math.nan, y=(1, 2), z=b"\xff")
    store.put("k", value, model=Measured)
    found = store.get("k", model=Measured)
    assert math.isnan(found.x)
    assert (found.y, found.z) == ((1, 2), b"\xff")
    store.put("data", value)
    assert store.get("data")["y"] == (1, 2)
    assert math.isnan(store.get("data")["x"])


@dataclasses.dataclass
class Data:
    number: int
    name: str = "x"


class Typed(TypedDict):
    number: int


def test_dataclasses_typed_dicts_and_plain_types_are_models_too(store):
    store.put("data", Data(1), model=Data)
    assert store.get("data", mode="raw") == b'{"number":1,"name":"x"}'
    assert store.get("data", model=Data) == Data(1)
    store.put("typed", {"number": 1}, model=Typed)
    assert store.get("typed", model=Typed) == {"number": 1}
    store.put("list", [Model(hello="a")], model=list[Model])
    assert store.get("list", model=list[Model]) == [Model(hello="a")]
    with pytest.raises(holdall.SerializationError, match="Data"):
        store.get("list", model=Data)


@attrs.define
class Attrs:
    number: int
    name: str = "x"


class Struct(msgspec.Struct):
    number: int
    name: str = "x"


@attrs.define
class Nested:
    one: Attrs
    many: list[Attrs]
    maybe: Attrs | None = None
    _private: int = 0


class Structs(msgspec.Struct):
    one: Struct
    many: tuple[Struct, ...]
    raw: bytes
    maybe: Struct | None = None


@pytest.mark.parametrize(
    "value",
    [
        Nested(Attrs(1), [Attrs(2), Attrs(3)], Attrs(4), private=5),
        Structs(Struct(1), (Struct(2), Struct(3)), b"\xff"),
    ],
)
def test_models_in_models_are_data_and_instances_again(store, value):
    model = type(value)
    store.put("k", value, model=model)
    kept = store.get("k")
    assert kept["one"] == {"number": 1, "name": "x"}
    assert list(kept["many"]) == [{"number": 2, "name": "x"}, {"number": 3, "name": "x"}]
    assert store.get("k", model=model) == value
    store.put("k", kept | {"maybe": {"wrong": 1}})
    with pytest.raises(holdall.SerializationError, match=r"\$\.maybe"):
        store.get("k", model=model)


@pytest.mark.parametrize("model", [Attrs, Struct])
def test_attrs_classes_and_structs_are_models_too(store, model):
    store.put("k", model(1), model=model)
    assert store.get("k", mode="raw") == b'{"number":1,"name":"x"}'
    assert store.get("k", model=model) == model(1)
    with pytest.raises(holdall.SerializationError, match="number"):
        store.put("k", {"number": "many"}, model=model)


@pytest.mark.parametrize("model", [5, "Model", object()])
def test_what_is_no_model_is_refused(store, model):
    with pytest.raises(holdall.ValidationError, match="model="):
        store.put("k", {}, model=model)
    assert "k" not in store


def test_raw_reads_the_bytes_whatever_the_stores_model(uri):
    with get_store(uri, model=Model) as store, store.open("k", "wb") as file:
        file.write(b"\xff")
    with get_store("memory://", model=Model) as store:
        store.put("k", Model(hello="a"))
        assert store.checksum("k")
        assert store.open("k").read() == b'{"hello":"a"}'
