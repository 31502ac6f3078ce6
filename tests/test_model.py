"""model=: data when written, an instance when read."""

import dataclasses
import math
import threading
from typing import (
    Annotated,
    Any,
    Generic,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
)

import attrs
import msgspec
import pydantic
import pytest
import typing_extensions

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


# Every kind of model, in every generic


class Record(pydantic.BaseModel):
    name: str
    size: float = 0.0


@dataclasses.dataclass
class RecordData:
    name: str
    size: float = 0.0


@attrs.define
class RecordAttrs:
    name: str
    size: float = 0.0


class RecordStruct(msgspec.Struct):
    name: str
    size: float = 0.0


class RecordDict(TypedDict):
    name: str
    size: float


class RecordDictExtended(typing_extensions.TypedDict):
    name: str
    size: float


class RecordTuple(NamedTuple):
    name: str
    size: float = 0.0


RECORDS = [
    Record, RecordData, RecordAttrs, RecordStruct, RecordDict, RecordDictExtended, RecordTuple,
]  # fmt: skip


def record(kind, name="a"):
    return kind(name=name, size=math.inf)


def is_data(value):
    """Whether a value is made of built-in types alone."""
    if isinstance(value, dict):
        return type(value) is dict and all(map(is_data, [*value, *value.values()]))
    if isinstance(value, list | tuple | set | frozenset):
        return type(value).__module__ == "builtins" and all(map(is_data, value))
    return type(value) in (int, str, float, bool, type(None), bytes)


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize(
    ("generic", "value"),
    [
        (lambda kind: kind, lambda one: one),
        (lambda kind: list[kind], lambda one: [one, one]),
        (lambda kind: dict[str, kind], lambda one: {"k": one}),
        (lambda kind: dict[int, list[kind]], lambda one: {1: [one], 2: []}),
        (lambda kind: Optional[kind], lambda one: one),  # noqa: UP045
        (lambda kind: Optional[kind], lambda one: None),  # noqa: UP045
        (lambda kind: tuple[kind, ...], lambda one: (one, one)),
        (lambda kind: tuple[int, kind], lambda one: (1, one)),
        (lambda kind: Annotated[list[kind], {"no": "hash"}], lambda one: [one]),
        (lambda kind: NewType("Named", kind), lambda one: one),
        (lambda kind: typing_extensions.TypeAliasType("Alias", list[kind]), lambda one: [one]),
    ],
)
def test_any_generic_of_any_kind_makes_the_round_trip(kind, generic, value):
    model, value = generic(kind), value(record(kind))
    frame = holdall.dumps(value, model=model)
    assert kind is RecordTuple or is_data(holdall.loads(frame, trust="all"))
    found = holdall.loads(frame, model=model)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize(
    ("generic", "place", "path"),
    [
        (lambda kind: kind, lambda bad, good: bad, "$.name"),
        (lambda kind: list[kind], lambda bad, good: [good, good, good, bad], "$[3].name"),
        (lambda kind: tuple[kind, ...], lambda bad, good: [good, bad], "$[1].name"),
        (lambda kind: dict[str, kind], lambda bad, good: {"a": good, "b'": bad}, '$["b\'"].name'),
        (
            lambda kind: dict[str, list[dict[int, kind]]],
            lambda bad, good: {"a": [{1: good}, {1: good, 5: bad, 7: good}], "b": [{1: bad}]},
            "$['a'][1][5].name",
        ),
        (lambda kind: list[Optional[kind]], lambda bad, good: [None, bad], "$[1].name"),  # noqa: UP045
        (lambda kind: list[kind], lambda bad, good: {}, "$"),
        (lambda kind: list[kind], lambda bad, good: [good, 5], "$[1]"),
        (lambda kind: kind, lambda bad, good: {"size": 1.0}, "$.name"),
        (lambda kind: dict[int, kind], lambda bad, good: {1: good, "x": good}, "$['x']"),
    ],
)
def test_the_path_leads_to_what_does_not_fit(kind, generic, place, path):
    value = place({"name": 5, "size": 1.0}, {"name": "a", "size": 1.0})
    with pytest.raises(holdall.SerializationError, match="does not fit") as caught:
        holdall.loads(holdall.dumps(value), model=generic(kind))
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: does not fit")
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.dumps(value, model=generic(kind))
    assert caught.value.path == path


@attrs.define
class Tree:
    value: int
    trees: "list[Tree]" = attrs.field(factory=list)


class Branch(TypedDict):
    branches: "list[Branch]"


class Twig(msgspec.Struct):
    twigs: "dict[str, Twig]" = {}


@pytest.mark.parametrize(
    ("model", "value", "wrong", "path"),
    [
        (Tree, Tree(1, [Tree(2, [Tree(3)])]), {"value": 1, "trees": [{"value": "x"}]}, "$.trees[0].value"),
        (Branch, {"branches": [{"branches": []}]}, {"branches": [{}]}, "$.branches[0].branches"),
        (Twig, Twig({"a": Twig({"b": Twig()})}), {"twigs": {"a": {"twigs": 1}}}, "$.twigs['a'].twigs"),
    ],
)  # fmt: skip
def test_a_model_may_hold_itself(model, value, wrong, path):
    assert holdall.loads(holdall.dumps(value, model=model), model=model) == value
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.loads(holdall.dumps(wrong), model=model)
    assert caught.value.path == path


@dataclasses.dataclass
class Mixed:
    attrs: RecordAttrs
    dicts: list[RecordDict]
    maybe: RecordAttrs | None = None


@dataclasses.dataclass
class MixedStructs:
    struct: dict[str, RecordStruct]
    model: Record
    attrs: RecordAttrs


class StructOfModels(msgspec.Struct):
    models: dict[str, Record]


@pytest.mark.parametrize(
    ("value", "wrong", "path"),
    [
        (
            Mixed(RecordAttrs("a"), [{"name": "b", "size": 1.0}], RecordAttrs("c")),
            {"attrs": {"name": "a"}, "dicts": [{"name": 5, "size": 1.0}]},
            "$.dicts[0].name",
        ),
        (
            MixedStructs({"k": RecordStruct("a")}, Record(name="b"), RecordAttrs("c")),
            {"struct": {"j": {"name": "a"}, "k": {"name": 5}}, "model": {}, "attrs": {}},
            "$.struct['k'].name",
        ),
        (
            StructOfModels({"k": Record(name="a")}),
            {"models": {"j": {"name": "a"}, "k": {"name": "b", "size": "many"}}},
            "$.models['k'].size",
        ),
    ],
)
def test_kinds_may_be_mixed(value, wrong, path):
    model = type(value)
    frame = holdall.dumps(value, model=model)
    assert is_data(holdall.loads(frame, trust="all"))
    assert holdall.loads(frame, model=model) == value
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.loads(holdall.dumps(wrong), model=model)
    assert caught.value.path == path


T = TypeVar("T")


class Box(pydantic.BaseModel, Generic[T]):
    item: T


@attrs.define
class BoxAttrs(Generic[T]):
    items: list[T]


class BoxStruct(msgspec.Struct, Generic[T]):
    item: T


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (Box[Record], Box[Record](item=Record(name="a"))),
        (BoxAttrs[RecordAttrs], BoxAttrs([RecordAttrs("a")])),
        (list[BoxStruct[RecordStruct]], [BoxStruct(RecordStruct("a"))]),
    ],
)
def test_generic_models_of_ones_own(model, value):
    assert holdall.loads(holdall.dumps(value, model=model), model=model) == value
    with pytest.raises(holdall.SerializationError):
        holdall.dumps({"item": 5, "items": [5]}, model=model)


# What must not be lost, and what is refused


class Partial(TypedDict, total=False):
    name: Required[str]
    size: float


class Whole(TypedDict):
    name: str
    size: NotRequired[float]


@pytest.mark.parametrize("model", [Partial, Whole])
def test_a_key_of_a_typed_dict_may_be_missing_but_none_may_be_added(model):
    for value in ({"name": "a"}, {"name": "a", "size": 1.0}):
        assert holdall.loads(holdall.dumps(value, model=model), model=model) == value
    for value, path in (({"size": 1.0}, "$.name"), ({"name": "a", "other": 1}, "$.other")):
        with pytest.raises(holdall.SerializationError) as caught:
            holdall.dumps(value, model=model)
        assert caught.value.path == path


class Awkward(pydantic.BaseModel, extra="forbid"):
    both: int = pydantic.Field(alias="Both")
    written: int = pydantic.Field(serialization_alias="Written")
    raw: bytes = b""
    _private: int = pydantic.PrivateAttr(default=0)

    @pydantic.computed_field
    def double(self) -> int:
        return 2 * self.both


def test_computed_fields_and_aliases_of_one_direction_are_no_obstacle(store):
    value = Awkward(Both=1, written=2, raw=b"\xff")
    store.put("k", value, model=Awkward)
    assert store.get("k", model=Awkward) == value
    assert store.get("k")["raw"] == b"\xff"


def test_what_would_not_be_read_is_not_written(store):
    value = Record(name="a")
    value.name = 5
    with pytest.raises(holdall.SerializationError, match=r"^.*\$\.name") as caught:
        store.put("k", value, model=Record)
    assert caught.value.path == "$.name"
    assert "k" not in store


@attrs.define
class Checked:
    number: Any = attrs.field(validator=attrs.validators.instance_of(int))


def test_a_classs_own_check_is_an_error_with_its_path():
    for model, value, path in (
        (Checked, {"number": "x"}, "$"),
        (list[Checked], [{"number": 1}, {"number": "x"}], "$[1]"),
    ):
        with pytest.raises(holdall.SerializationError, match="must be <class 'int'>") as caught:
            holdall.loads(holdall.dumps(value), model=model)
        assert caught.value.path == path


NOWHERE = list["Nowhere"]  # noqa: F821


@pytest.mark.parametrize(
    "model", [NOWHERE, threading.Thread, list[threading.Thread], RecordStruct | Record]
)
def test_what_cannot_be_a_model_is_refused_as_an_argument(model):
    with pytest.raises(holdall.ValidationError, match="model="):
        holdall.loads(holdall.dumps({}), model=model)


@pytest.mark.parametrize("kind", RECORDS)
def test_stores_take_them_everywhere(uri, kind):
    value = [record(kind), record(kind, "b")]
    with get_store(uri, model=list[kind]) as store:
        store.put("k", value)
        store.put_many({"many": value})
        assert store.get("k") == value
        assert store.get_many(["k", "many"]) == {"k": value, "many": value}
        assert list(store.iterate_values()) == [value, value]
        with pytest.raises(holdall.SerializationError) as caught:
            store.put_many({"bad": [{"name": 5, "size": 1.0}]})
        assert caught.value.path == "$[0].name"
        assert "bad" not in store
        assert store.pop("k") == value
