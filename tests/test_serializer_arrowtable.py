"""Arrow: schema, metadata, chunks and values as they were; or a refusal."""

import datetime as dt
import mmap
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from holdall.errors import SerializationError
from holdall.serializers.arrowtable import ArrowBatchSerializer, ArrowTableSerializer
from media import Medium

COLUMNS = {
    "ints": pa.array([1, None, 3], pa.int8()),
    "floats": pa.array(np.full(3, 0x7FF8000000000123, "u8").view("f8")),
    "half": pa.array(np.array([1, 2, 3], "f2")),
    "texts": pa.array(["a", None, "é\0"]),
    "views": pa.array(["a", None, "a text that is longer"], pa.string_view()),
    "bytes": pa.array([b"a", None, b""], pa.large_binary()),
    "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
    "bools": pa.array([True, None, False]),
    "nulls": pa.nulls(3),
    "moments": pa.array([0, None, 2], pa.timestamp("ns", "Europe/Paris")),
    "days": pa.array([dt.date(2020, 1, 1), None, dt.date(1, 1, 1)]),
    "times": pa.array([1, None, 3], pa.time32("ms")),
    "durations": pa.array([1, None, 3], pa.duration("us")),
    "decimals": pa.array([Decimal("1.50"), None, Decimal("2.00")], pa.decimal256(50, 2)),
    "lists": pa.array([[1], None, []], pa.list_(pa.field("x", pa.int8(), nullable=False))),
    "structs": pa.array([{"a": 1, "b": None}, None, {"a": None, "b": "x"}]),
    "maps": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8())),
    "dictionary": pa.array(["a", None, "b"]).dictionary_encode(),
    "runs": pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]),
    "union": pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]
    ),
}


def same(found, wanted):
    assert type(found) is type(wanted)
    assert found.schema.equals(wanted.schema, check_metadata=True)
    assert found.num_rows == wanted.num_rows
    for one, other in zip(found.columns, wanted.columns, strict=True):
        if isinstance(wanted, pa.Table):
            assert [len(chunk) for chunk in one.chunks] == [len(chunk) for chunk in other.chunks]
        assert one.type == other.type
        assert one.to_pylist() == other.to_pylist() or pa.types.is_floating(one.type)
        if pa.types.is_floating(one.type) and not one.null_count:
            assert one.to_numpy().tobytes() == other.to_numpy().tobytes()
    return True


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_column_comes_back(medium, kind):
    table = pa.table({kind: COLUMNS[kind], "other": [1, 2, 3]})
    assert same(medium.kept(ArrowTableSerializer, table), table)
    assert same(medium.kept(ArrowTableSerializer, table[1:2]), table[1:2])
    batch = pa.record_batch({kind: COLUMNS[kind]})
    assert same(medium.kept(ArrowBatchSerializer, batch), batch)


def test_schema_and_metadata(medium):
    fields = [pa.field("a", pa.int8(), nullable=False, metadata={"unit": "m"}), ("a", pa.int8())]
    table = pa.table([[1, 2], [3, None]], schema=pa.schema(fields, {"b": b"\xff", "a": ""}))
    assert same(medium.kept(ArrowTableSerializer, table), table)


@pytest.mark.parametrize(
    "lengths",
    [([3], [3]), ([1, 2], [1, 2]), ([1, 2], [3]), ([0, 3, 0], [2, 0, 1]), ([1, 1, 1], [2, 1])],
    ids=str,
)
def test_chunks_come_back(medium, lengths):
    columns = []
    for each in lengths:
        ends = np.cumsum(each)
        chunks = [
            pa.array(["a", "b", "c"][e - n : e], pa.string())
            for n, e in zip(each, ends, strict=True)
        ]
        columns.append(pa.chunked_array(chunks))
    table = pa.table(columns, ["a", "b"])
    assert same(medium.kept(ArrowTableSerializer, table), table)


def test_a_dictionary_a_chunk(medium):
    chunks = [pa.array(part).dictionary_encode() for part in (["a", "b"], ["c"], ["b", "c"])]
    table = pa.table({"a": pa.chunked_array(chunks), "b": pa.array(range(5))})
    found = medium.kept(ArrowTableSerializer, table)
    assert same(found, table)
    for one, other in zip(found["a"].chunks, chunks, strict=True):
        assert one.dictionary.equals(other.dictionary)


TABLES = {
    "nothing": pa.table({}),
    "rows alone": pa.table({"a": [1, 2]}).select([]),
    "rows and metadata": pa.table({"a": [1, 2]}).replace_schema_metadata({"a": "b"}).select([]),
    "no rows": pa.table({"a": pa.array([], pa.string())}),
    "no chunks": pa.table({"a": pa.chunked_array([], pa.int8())}),
}


@pytest.mark.parametrize("kind", TABLES)
def test_hardly_a_table(medium, kind):
    assert same(medium.kept(ArrowTableSerializer, TABLES[kind]), TABLES[kind])


def test_what_comes_back_is_the_file(tmp_path, monkeypatch):
    mapped = []
    real = mmap.mmap
    monkeypatch.setattr(mmap, "mmap", lambda *a, **k: mapped.append(real(*a, **k)) or mapped[-1])
    medium = Medium("files", tmp_path)
    before = pa.total_allocated_bytes()
    table = pa.table({"a": np.arange(100_000)})
    found = medium.kept(ArrowTableSerializer, table)
    assert len(mapped) == 1
    assert pa.total_allocated_bytes() - before < 100_000
    # It outlives the file, too.
    (tmp_path / medium.files()[0]).unlink()
    assert found.equals(table)


def test_anybody_can_read_the_file(tmp_path):
    medium = Medium("files", tmp_path)
    ArrowTableSerializer.pickle(pa.table({"a": [1, 2]}), medium.writing)
    with pa.ipc.open_stream(tmp_path / medium.files()[0]) as reader:
        assert reader.read_all().to_pydict() == {"a": [1, 2]}


def test_removed_means_nothing_is_left(medium):
    assert medium.removes(ArrowTableSerializer, pa.table({"a": [1]}))
    assert medium.removes(ArrowBatchSerializer, pa.record_batch({"a": [1]}))


class Metres(pa.ExtensionType):
    def __init__(self):
        super().__init__(pa.float64(), "tests.metres")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls()


def test_an_extension_type_must_be_registered(medium):
    table = pa.table({"a": pa.ExtensionArray.from_storage(Metres(), pa.array([1.5]))})
    with pytest.raises(SerializationError, match="register_extension_type"):
        ArrowTableSerializer.pickle(table, medium.writing)
    assert medium.files() == []
    pa.register_extension_type(Metres())
    try:
        assert same(medium.kept(ArrowTableSerializer, table), table)
    finally:
        pa.unregister_extension_type("tests.metres")
