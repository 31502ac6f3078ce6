"""Fingerprints of what libraries hold: frames, tables, sparse and labelled arrays, graphs, models."""

import copy
import pickle
import threading

import numpy as np
import pytest

from holdall.errors import SerializationError
from holdall.fingerprint import fingerprint


def assert_distinct(makes, *, pickled=True):
    """Every value differs from all others and agrees with itself made again, copied and pickled."""
    digests = {}
    for name, make in makes.items():
        value = make()
        digest = fingerprint(value)
        assert digest == fingerprint(make()), f"{name} made again"
        assert digest == fingerprint(copy.deepcopy(value)), f"{name} copied"
        if pickled:
            assert digest == fingerprint(pickle.loads(pickle.dumps(value))), f"{name} pickled"
        assert digest not in digests, f"{name} is like {digests[digest]}"
        digests[digest] = name


def test_pandas():
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2026-01-01", periods=3, freq="D")
    frame = {"a": [1, 2, 3], "b": ["x", "y", None], "c": [1.0, 2.0, np.nan]}
    assert_distinct(
        {
            "frame": lambda: pd.DataFrame(frame),
            "frame of objects": lambda: pd.DataFrame(frame).astype(object),
            "frame with a column renamed": lambda: pd.DataFrame(frame).rename(columns={"a": "A"}),
            "frame in another order": lambda: pd.DataFrame(frame)[["b", "a", "c"]],
            "frame of short ints": lambda: pd.DataFrame(frame).astype({"a": "int32"}),
            "frame of floats": lambda: pd.DataFrame(frame).astype({"a": float}),
            "frame with another index": lambda: pd.DataFrame(frame, index=[1, 2, 3]),
            "frame with a named index": lambda: pd.DataFrame(frame).rename_axis("i"),
            "frame with an index of ints": lambda: pd.DataFrame(frame, index=pd.Index([0, 1, 2])),
            "frame with a value changed": lambda: pd.DataFrame({**frame, "a": [1, 2, 4]}),
            "frame with attributes": lambda: with_attrs(pd.DataFrame(frame)),
            "empty frame": pd.DataFrame,
            "frame of no columns": lambda: pd.DataFrame(index=[0, 1]),
            "series": lambda: pd.Series([1, 2]),
            "named series": lambda: pd.Series([1, 2], name="n"),
            "nullable": lambda: pd.Series([1, 2], dtype="Int64"),
            "nullable, one missing": lambda: pd.Series([1, None], dtype="Int64"),
            "bools": lambda: pd.Series([True, None], dtype="boolean"),
            "nullable floats": lambda: pd.Series([1, None], dtype="Float32"),
            "categories": lambda: pd.Series(["a", "b"], dtype="category"),
            "other categories": lambda: pd.Series(
                pd.Categorical(["a", "b"], categories=["b", "a"])
            ),
            "ordered categories": lambda: pd.Series(pd.Categorical(["a", "b"], ordered=True)),
            "unused categories": lambda: pd.Series(pd.Categorical(["a", "b"], list("abc"))),
            "sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 0, 1])),
            "strings": lambda: pd.array(["a", None], dtype="string"),
            "python's strings": lambda: pd.array(["a", None], dtype=pd.StringDtype("python")),
            "index": lambda: pd.Index([1, 2]),
            "range": lambda: pd.RangeIndex(2),
            "days": lambda: days,
            "days without a frequency": lambda: pd.DatetimeIndex(list(days)),
            "days in UTC": lambda: days.tz_localize("UTC"),
            "days in Paris": lambda: days.tz_localize("Europe/Paris"),
            "durations": lambda: pd.timedelta_range("1D", periods=3),
            "months": lambda: pd.period_range("2026", periods=3, freq="M"),
            "levels": lambda: pd.MultiIndex.from_product([[1, 2], ["a", "b"]]),
            "named levels": lambda: pd.MultiIndex.from_product([[1], ["a"]], names=["x", "y"]),
            "category index": lambda: pd.CategoricalIndex(["a", "b"]),
            "intervals": lambda: pd.interval_range(0, 3),
            "timestamp": lambda: pd.Timestamp("2026"),
            "timestamp in UTC": lambda: pd.Timestamp("2026", tz="UTC"),
            "another timestamp": lambda: pd.Timestamp("2026") + pd.Timedelta(1),
            "timedelta": lambda: pd.Timedelta(1),
            "period": lambda: pd.Period("2026"),
            "interval": lambda: pd.Interval(0, 1),
            "NaT": lambda: pd.NaT,
            "NA": lambda: pd.NA,
            "business days": lambda: pd.offsets.BDay(2),
            "month's end": pd.offsets.MonthEnd,
            "hours": lambda: pd.offsets.Hour(3),
            "a month": lambda: pd.DateOffset(months=1),
            "category dtype": lambda: pd.CategoricalDtype(["a"]),
            "int dtype": pd.Int64Dtype,
        }
    )


def with_attrs(frame):
    frame.attrs["unit"] = "m"
    return frame


def test_pandas_views_are_like_copies():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": range(10), "b": range(10), "c": list("abcdefghij")})
    assert fingerprint(frame.iloc[2:5]) == fingerprint(frame.iloc[2:5].copy())
    wide = pd.DataFrame(np.arange(20).reshape(5, 4), columns=list("abcd"))
    apart = pd.DataFrame({name: wide[name].copy() for name in wide})
    assert fingerprint(wide) == fingerprint(apart)
    # What lies under the mask of what is missing is no part of it.
    dirty = pd.array([1, 2], dtype="Int64")
    dirty[0] = pd.NA
    assert fingerprint(dirty) == fingerprint(pd.array([None, 2], dtype="Int64"))
    levels = pd.MultiIndex.from_product([[1, 2], ["a", "b"]])
    rest = pd.MultiIndex.from_tuples([(1, "a"), (1, "b")])
    assert fingerprint(levels[:2]) == fingerprint(rest)


def test_pandas_subclasses():
    pd = pytest.importorskip("pandas")

    class Frame(pd.DataFrame):
        _metadata = ["unit"]

        @property
        def _constructor(self):
            return Frame

    one, other = Frame({"a": [1]}), Frame({"a": [1]})
    one.unit, other.unit = "m", "m"
    assert fingerprint(one) == fingerprint(other) != fingerprint(pd.DataFrame({"a": [1]}))
    other.unit = "km"
    assert fingerprint(one) != fingerprint(other)


def test_the_path_into_a_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": [None, threading.Lock()]}, dtype=object)
    with pytest.raises(SerializationError) as caught:
        fingerprint({"frame": frame})
    assert caught.value.path == "$['frame'].values[1][1]"


def test_arrow():
    pa = pytest.importorskip("pyarrow")
    rows = [1, 2, None]
    assert_distinct(
        {
            "table": lambda: pa.table({"a": rows, "b": ["x", None, "z"]}),
            "table of other names": lambda: pa.table({"A": rows, "b": ["x", None, "z"]}),
            "table with metadata": lambda: pa.table({"a": rows}).replace_schema_metadata(
                {"k": "v"}
            ),
            "table of lists": lambda: pa.table({"c": [[1], None, [2, 3]]}),
            "table of structs": lambda: pa.table({"d": [{"k": 1}, None, {"k": None}]}),
            "batch": lambda: pa.record_batch({"a": rows}),
            "ints": lambda: pa.array([1, 2]),
            "ints, one missing": lambda: pa.array(rows),
            "short ints": lambda: pa.array([1, 2], pa.int32()),
            "strings": lambda: pa.array(["a", None]),
            "long strings": lambda: pa.array(["a", None], pa.large_string()),
            "views": lambda: pa.array(["a", None], pa.string_view()),
            "bytes": lambda: pa.array([b"a", None]),
            "empty string": lambda: pa.array(["a", ""]),
            "bools": lambda: pa.array([True, None]),
            "dictionary": lambda: pa.array(["a", "a"]).dictionary_encode(),
            "moments": lambda: pa.array([1, 2], pa.timestamp("us", "UTC")),
            "moments without a zone": lambda: pa.array([1, 2], pa.timestamp("us")),
            "decimals": lambda: pa.array([1, 2], pa.decimal128(5, 2)),
            "blocks": lambda: pa.array([b"ab"], pa.binary(2)),
            "pairs": lambda: pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
            "maps": lambda: pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8())),
            "nulls": lambda: pa.nulls(3),
            "more nulls": lambda: pa.nulls(4),
            "lists": lambda: pa.array([[1], []]),
            "lists, one missing": lambda: pa.array([[1], None]),
            "chunks": lambda: pa.chunked_array([[1], [2]]),
            "union": lambda: pa.UnionArray.from_dense(
                pa.array([0, 1], pa.int8()),
                pa.array([0, 0], pa.int32()),
                [pa.array([1]), pa.array(["a"])],
            ),
            "schema": lambda: pa.schema([("a", pa.int8())]),
            "field": lambda: pa.field("a", pa.int8()),
            "field that is never null": lambda: pa.field("a", pa.int8(), nullable=False),
            "type": pa.int8,
            "scalar": lambda: pa.scalar(1),
            "buffer": lambda: pa.py_buffer(b"abc"),
        }
    )


def test_arrow_says_what_it_says_however_it_is_laid_out():
    pa = pytest.importorskip("pyarrow")
    types = {
        "a": pa.int64(),
        "b": pa.string(),
        "c": pa.list_(pa.int64()),
        "d": pa.struct([("k", pa.int64())]),
        "e": pa.bool_(),
        "f": pa.map_(pa.string(), pa.int8()),
        "g": pa.list_(pa.int8(), 2),
        "h": pa.dictionary(pa.int32(), pa.string()),
        "i": pa.large_binary(),
    }
    rows = [
        {
            "a": 1,
            "b": "x",
            "c": [1],
            "d": {"k": 1},
            "e": True,
            "f": [("a", 1)],
            "g": [1, 2],
            "h": "u",
            "i": b"1",
        },
        dict.fromkeys(types),
        {
            "a": 2,
            "b": "",
            "c": [],
            "d": {"k": None},
            "e": False,
            "f": [],
            "g": [3, 4],
            "h": "v",
            "i": b"",
        },
        {
            "a": 3,
            "b": "é",
            "c": [2, 3],
            "d": {"k": 3},
            "e": True,
            "f": [("b", 2)],
            "g": [5, 6],
            "h": "u",
            "i": b"abc",
        },
    ]
    table = pa.Table.from_pylist(rows, schema=pa.schema(list(types.items())))
    for start in range(4):
        for end in range(start, 5):
            cut = table.slice(start, end - start)
            fresh = pa.Table.from_pylist(cut.to_pylist(), schema=table.schema)
            for name in types:
                assert fingerprint(cut[name]) == fingerprint(fresh[name]), (name, start, end)
    twice = pa.concat_tables([table, table])
    assert twice["a"].num_chunks == 2
    assert fingerprint(twice) == fingerprint(twice.combine_chunks())


def test_polars():
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    assert_distinct(
        {
            "frame": lambda: pl.DataFrame({"a": [1, 2], "b": ["x", None]}),
            "frame in another order": lambda: pl.DataFrame({"b": ["x", None], "a": [1, 2]}),
            "frame of floats": lambda: pl.DataFrame({"a": [1.0, 2.0], "b": ["x", None]}),
            "empty frame": pl.DataFrame,
            "series": lambda: pl.Series([1, 2]),
            "named series": lambda: pl.Series("n", [1, 2]),
            "short ints": lambda: pl.Series([1, 2], dtype=pl.Int8),
            "categories": lambda: pl.Series(["a", "b"], dtype=pl.Categorical),
            "enumeration": lambda: pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
            "longer enumeration": lambda: pl.Series(["a", "b"], dtype=pl.Enum(["a", "b", "c"])),
            "lists": lambda: pl.Series([[1], [2]]),
            "arrays": lambda: pl.Series([[1], [2]], dtype=pl.Array(pl.Int64, 1)),
            "structs": lambda: pl.Series([{"a": 1}]),
            "nulls": lambda: pl.Series([None]),
            "decimals": lambda: pl.Series(["1.0"]).cast(pl.Decimal(10, 2)),
            "dtype": lambda: pl.Int64,
            "dtype with a unit": lambda: pl.Datetime("us"),
            "dtype with another unit": lambda: pl.Datetime("ms"),
        }
    )
    frame = pl.DataFrame({"a": range(10)})
    assert fingerprint(frame[2:5]) == fingerprint(pl.DataFrame({"a": [2, 3, 4]}))
    objects = pl.Series([{1}, {2}], dtype=pl.Object)
    assert fingerprint(objects) == fingerprint(pl.Series([{1}, {2}], dtype=pl.Object))
    with pytest.raises(SerializationError, match="collect"):
        fingerprint([frame.lazy()])


def test_xarray():
    xr = pytest.importorskip("xarray")
    pd = pytest.importorskip("pandas")
    data = np.arange(6).reshape(2, 3)
    coords = {"x": ["a", "b"]}
    assert_distinct(
        {
            "array": lambda: xr.DataArray(data, dims=("x", "y"), coords=coords, name="n"),
            "array of another name": lambda: xr.DataArray(
                data, dims=("x", "y"), coords=coords, name="m"
            ),
            "array without coordinates": lambda: xr.DataArray(data, dims=("x", "y"), name="n"),
            "array of other dimensions": lambda: xr.DataArray(data, dims=("y", "x"), name="n"),
            "array with an attribute": lambda: xr.DataArray(
                data, dims=("x", "y"), coords=coords, name="n", attrs={"unit": "m"}
            ),
            "array over time": lambda: xr.DataArray(
                [1, 2], dims="t", coords={"t": pd.date_range("2026", periods=2)}
            ),
            "dataset": lambda: xr.Dataset({"a": ("x", [1, 2]), "b": ("x", [1.0, 2])}),
            "dataset of other values": lambda: xr.Dataset(
                {"a": ("x", [1, 3]), "b": ("x", [1.0, 2])}
            ),
            "dataset with an attribute": lambda: xr.Dataset({"a": ("x", [1, 2])}, attrs={"u": 1}),
            "variable": lambda: xr.Variable("x", [1, 2]),
            "tree": lambda: xr.DataTree.from_dict({"/a": xr.Dataset({"a": ("x", [1, 2])})}),
        }
    )
    pytest.importorskip("dask")
    lazy = xr.Dataset({"a": ("x", [1, 2])}).chunk(x=1)
    assert fingerprint(lazy) == fingerprint(xr.Dataset({"a": ("x", [1, 2])}).chunk(x=1))
    assert fingerprint(lazy) != fingerprint(lazy.compute())


def increment(value):
    return value + 1


def decrement(value):
    return value - 1


def test_dask():
    dask = pytest.importorskip("dask")
    da = pytest.importorskip("dask.array")
    bag = pytest.importorskip("dask.bag")
    data = np.arange(1000).reshape(10, 100)
    assert_distinct(
        {
            "array": lambda: da.from_array(data, chunks=(5, 50)),
            "array in other chunks": lambda: da.from_array(data, chunks=(5, 100)),
            "array of other data": lambda: da.from_array(data + 1, chunks=(5, 50)),
            "array and one": lambda: da.from_array(data, chunks=(5, 50)) + 1,
            "array and two": lambda: da.from_array(data, chunks=(5, 50)) + 2,
            "sum": lambda: da.from_array(data, chunks=(5, 50)).sum(axis=0),
            "part": lambda: da.from_array(data, chunks=(5, 50))[:3].T.rechunk((3, 3)),
            "mapped": lambda: da.ones((4, 4), chunks=2).map_blocks(increment),
            "mapped otherwise": lambda: da.ones((4, 4), chunks=2).map_blocks(decrement),
            "random numbers": lambda: da.random.default_rng(1).random((4, 4), chunks=2),
            "bag": lambda: bag.from_sequence([1, 2, 3]).map(increment),
            "delayed": lambda: dask.delayed(increment)(dask.delayed(increment)(1)),
            "delayed of another": lambda: dask.delayed(increment)(dask.delayed(increment)(2)),
        },
        pickled=False,
    )
    # What Dask calls its tasks is no part of them.
    array, unnamed = da.from_array(data, chunks=5), da.from_array(data, chunks=5, name=False)
    assert array.name != unnamed.name
    assert fingerprint(array) == fingerprint(unnamed)
    with pytest.raises(SerializationError, match="lock cannot be fingerprinted") as caught:
        fingerprint([dask.delayed(print)(threading.Lock())])
    assert caught.value.path.startswith("$[0].graph")


def test_dask_frames():
    pd = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe")

    def frame(parts=2, last=9):
        return dd.from_pandas(pd.DataFrame({"a": [*range(9), last]}), npartitions=parts)

    assert_distinct(
        {
            "frame": frame,
            "frame in other parts": lambda: frame(3),
            "frame of other data": lambda: frame(last=8),
            "sum": lambda: frame().a.sum(),
            "mapped": lambda: frame().a.map(increment, meta=("a", "int64")),
        },
        pickled=False,
    )


def test_scipy():
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.eye(4)
    dense[0, 3] = 2
    makes = {
        f"{form} {kind}": lambda form=form, kind=kind: getattr(sparse, f"{form}_{kind}")(dense)
        for form in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok")
        for kind in ("array", "matrix")
    }
    makes["short floats"] = lambda: sparse.csr_array(dense.astype("f4"))
    makes["another value"] = lambda: sparse.csr_array(dense * 2)
    makes["another shape"] = lambda: sparse.csr_array(dense[:3])
    assert_distinct(makes)
    parts = sparse.coo_array(([1.0, 1.0, 2.0], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    whole = sparse.coo_array(([2.0, 2.0], ([1, 0], [1, 0])), shape=(2, 2))
    assert fingerprint(parts) == fingerprint(whole)


def test_torch():
    torch = pytest.importorskip("torch")
    assert_distinct(
        {
            "ints": lambda: torch.arange(6),
            "ints in rows": lambda: torch.arange(6).reshape(2, 3),
            "floats": lambda: torch.arange(6.0),
            "half as long": lambda: torch.arange(6.0).bfloat16(),
            "bools": lambda: torch.tensor([True, False]),
            "complex": lambda: torch.arange(6.0).to(torch.complex64),
            "with a gradient": lambda: torch.arange(6.0, requires_grad=True),
            "parameter": lambda: torch.nn.Parameter(torch.arange(6.0)),
            "none": lambda: torch.tensor([]),
            "dtype": lambda: torch.float32,
            "device": lambda: torch.device("cpu"),
            "shape": lambda: torch.Size([1]),
        }
    )
    rows = torch.arange(6).reshape(2, 3)
    assert fingerprint(rows.T) == fingerprint(rows.T.contiguous())
    one, other = (torch.nn.Linear(2, 2) for _ in range(2))
    other.load_state_dict(one.state_dict())
    assert fingerprint(one) == fingerprint(other)


def test_models():
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel):
        a: int = 1
        b: object = None

    class Loose(pydantic.BaseModel, extra="allow"):
        a: int = 1

    assert_distinct(
        {
            "model": lambda: Model(a=1),
            "model with another value": lambda: Model(a=2),
            "model of defaults": Model,
            "loose": lambda: Loose(a=1),
            "loose with more": lambda: Loose(a=1, c=2),
        },
        pickled=False,
    )
    assert fingerprint(Model(a=1, b=2)) == fingerprint(Model(b=2, a=1))
    with pytest.raises(SerializationError) as caught:
        fingerprint(Model(b=[threading.Lock()]))
    assert caught.value.path == "$.b[0]"


def test_attrs_and_structs():
    attrs = pytest.importorskip("attrs")
    msgspec = pytest.importorskip("msgspec")

    @attrs.define
    class Defined:
        a: object = 1

    @attrs.frozen(cache_hash=True)
    class Hashed:
        a: object = 1

    class Struct(msgspec.Struct):
        a: object = 1

    class Frozen(msgspec.Struct, frozen=True):
        a: object = 1

    kinds = (Defined, Hashed, Struct, Frozen)
    assert len({fingerprint(kind(a)) for kind in kinds for a in (1, 2, 1.0)}) == 12
    hashed = Hashed()
    hash(hashed)
    assert fingerprint(hashed) == fingerprint(Hashed())
    for kind in kinds:
        with pytest.raises(SerializationError) as caught:
            fingerprint(kind([threading.Lock()]))
        assert caught.value.path == "$.a[0]"
