"""Series and indexes of pandas of every kind, and what it means that two frames are the same."""

import datetime as dt
import math
import zoneinfo
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
MOMENTS = ["2020-03-29 01:30", None, "2020-10-25 02:30"]


def objects(*values):
    return pd.Series(np.fromiter(values, object), dtype=object)


SERIES = {
    "ints": pd.Series([1, -2, 3]),
    "uint8": pd.Series([1, 2, 255], dtype="u1"),
    "floats": pd.Series([1.5, math.nan, -0.0]),
    "odd NaNs": pd.Series(np.full(3, 0x7FF8000000000123, "u8").view("f8")),
    "half": pd.Series(np.array([1.5, 2, math.nan], "f2")),
    "bools": pd.Series([True, False, True]),
    "complex": pd.Series([1j, 2, math.nan]),
    "big-endian": pd.Series(np.arange(3, dtype=">i4")),
    "dates": pd.Series(np.array(["2020-01-01", "NaT", "1677-09-22"], "M8[ns]")),
    "seconds": pd.Series(np.array(["2020-01-01", "NaT", "9999-01-01"], "M8[s]")),
    "durations": pd.Series(np.array([1, "NaT", -3], "m8[us]")),
    "zoned": pd.Series(
        pd.DatetimeIndex(MOMENTS).as_unit("us").tz_localize("UTC").tz_convert(PARIS)
    ),
    "utc": pd.Series(pd.DatetimeIndex(MOMENTS).tz_localize(dt.UTC)),
    "offset": pd.Series(pd.DatetimeIndex(MOMENTS).tz_localize(dt.timezone(dt.timedelta(hours=2)))),
    "Int64": pd.Series([1, None, 2**63 - 1], dtype="Int64"),
    "UInt8": pd.Series([1, None, 255], dtype="UInt8"),
    "Float32": pd.Series([1.5, None, -0.0], dtype="Float32"),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "str": pd.Series(["a", None, "é\0\U0001f600"], dtype="str"),
    "string": pd.Series(["a", None, ""], dtype="string[python]"),
    "string of Arrow": pd.Series(["a", None, ""], dtype="string[pyarrow]"),
    "categories": pd.Series(["b", None, "a"], dtype=pd.CategoricalDtype(["unused", "a", "b"])),
    "ordered": pd.Series([3, 1, None], dtype=pd.CategoricalDtype([1, 3, 2], ordered=True)),
    "no categories": pd.Series([None] * 3, dtype=pd.CategoricalDtype(["a"])),
    "categories of dates": pd.Series(pd.Categorical(pd.date_range("2020", periods=3, freq="D"))),
    "periods": pd.Series(pd.PeriodIndex(["2020-01", None, "2021-03"], freq="M")),
    "intervals": pd.Series(pd.arrays.IntervalArray.from_tuples([(0, 1), (1, 2), (2, 5)], "left")),
    "intervals of dates": pd.Series(pd.interval_range(pd.Timestamp(0), periods=3)),
    "texts as objects": objects("a", "b", "é"),
    "texts and None": objects("a", None, "b"),
    "texts and NaN": objects("a", math.nan, "b"),
    "texts and NA": objects("a", pd.NA, "b"),
    "texts and NaT": objects("a", pd.NaT, "b"),
    "texts, None, NaN": objects("a", math.nan, None),
    "bytes": objects(b"a", None, b"\0\xff"),
    "surrogates": objects("\ud800", "a", "b"),
    "mixed": objects(1, "a", 2.5),
    "bool or int": objects(True, 1, 1.0),
    "decimals": objects(Decimal("1.50"), Decimal("NaN"), None),
    "days": objects(dt.date(2020, 1, 1), None, dt.date(1, 1, 1)),
    "lists": objects([1, 2], [3, 4], [5, [6]]),
    "dicts": objects({"a": 1}, {}, {"b": [1]}),
    "tuples": objects((1, 2), (3, 4), (5, 6)),
    "nothing": objects(None, None, None),
    "Arrow's ints": pd.Series([1, None, 3], dtype="int8[pyarrow]"),
    "Arrow's lists": pd.Series([[1], None, [2, 3]], dtype=pd.ArrowDtype(pa.list_(pa.int32()))),
    "Arrow's decimals": pd.Series(
        [Decimal("1.50"), None, Decimal("2.00")], dtype=pd.ArrowDtype(pa.decimal128(5, 2))
    ),
}

INDEXES = {
    "range": pd.RangeIndex(5, 11, 2),
    "named range": pd.RangeIndex(3, name="n"),
    "backwards": pd.RangeIndex(3, 0, -1),
    "ints": pd.Index([3, 1, 1], name=("a", 1)),
    "texts": pd.Index(["a", "b", "b"]),
    "objects": pd.Index(["a", 1, None], dtype=object),
    "texts as objects": pd.Index(["a", "b", "c"], dtype=object, name=0),
    "dates": pd.date_range("2020", periods=3, freq="D"),
    "months": pd.date_range("2020", periods=3, freq="ME", tz=PARIS, name="m"),
    "no frequency": pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-03"]),
    "durations": pd.timedelta_range("1h", periods=3, freq="90min"),
    "periods": pd.period_range("2020", periods=3, freq="Q"),
    "intervals": pd.interval_range(0, 3, closed="both"),
    "categories": pd.CategoricalIndex(["a", "b", "a"], ["b", "a", "c"], ordered=True),
    "floats": pd.Index([1.5, math.nan, 2]),
    "levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", None]),
    "missing": pd.MultiIndex.from_arrays([["a", None, "b"], pd.to_datetime(MOMENTS)]),
    "unused levels": pd.MultiIndex.from_product([["a", "b"], [1, 2]])[[0, 1, 2]],
    "Int64": pd.Index([1, None, 3], dtype="Int64"),
}


def same_values(one, other):
    """Whether two columns are alike to the last bit."""
    assert type(one) is type(other)
    if type(one) is pd.arrays.NumpyExtensionArray:
        one, other = one.to_numpy(), other.to_numpy()
    assert one.dtype == other.dtype
    assert repr(one.dtype) == repr(other.dtype)
    assert len(one) == len(other)
    if one.dtype == object:
        for a, b in zip(one, other, strict=True):
            assert type(a) is type(b)
            assert repr(a) == repr(b)
    elif isinstance(one.dtype, np.dtype):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
    elif isinstance(one.dtype, pd.CategoricalDtype):
        assert one.codes.tolist() == other.codes.tolist()
        assert one.ordered == other.ordered
        same_index(one.categories, other.categories)
    else:
        assert pd.Series(one).isna().tolist() == pd.Series(other).isna().tolist()
        for a, b in zip(one, other, strict=True):
            assert type(a) is type(b)
            assert repr(a) == repr(b)
        if isinstance(one.dtype, pd.DatetimeTZDtype):
            assert type(one.dtype.tz) is type(other.dtype.tz)


def same_index(one, other):
    assert type(one) is type(other)
    assert list(one.names) == list(other.names)
    assert [*map(type, one.names)] == [*map(type, other.names)]
    assert getattr(one, "freq", None) == getattr(other, "freq", None)
    if isinstance(one, pd.RangeIndex):
        assert (one.start, one.stop, one.step) == (other.start, other.stop, other.step)
    elif isinstance(one, pd.MultiIndex):
        assert [code.tolist() for code in one.codes] == [code.tolist() for code in other.codes]
        for level, again in zip(one.levels, other.levels, strict=True):
            same_index(level, again)
    else:
        same_values(one.array, other.array)


def same(one, other):
    """Whether two frames or series are alike in all that can be seen of them."""
    assert type(one) is type(other)
    assert one.attrs == other.attrs
    assert one.flags == other.flags
    same_index(one.index, other.index)
    if isinstance(one, pd.Series):
        assert one.name == other.name
        assert type(one.name) is type(other.name)
        same_values(one.array, other.array)
    else:
        same_index(one.columns, other.columns)
        for place in range(one.shape[1]):
            same_values(one.iloc[:, place].array, other.iloc[:, place].array)
    return True
