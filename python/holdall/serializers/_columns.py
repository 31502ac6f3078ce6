"""A column of pandas as columns of Arrow, and back; each kind by a rule of its own.

Not by pandas' own conversion: that takes NaN for missing, objects for what they look like, and more. What
is written here is all of what can be seen of a column; what is not known is refused.
"""

import math
import struct
from typing import Any, Never

import numpy as np
import pandas as pd
import pyarrow as pa

from holdall.errors import SerializationError
from holdall.serializers._plain import plain_bytes, plain_value

# What kind of column it is and what else is needed to read it; and the columns of Arrow.
Encoded = tuple[dict[str, Any], list[Any]]

MASKED = {
    "boolean": pd.arrays.BooleanArray,
    **dict.fromkeys(
        ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"],
        pd.arrays.IntegerArray,
    ),
    **dict.fromkeys(["Float32", "Float64"], pd.arrays.FloatingArray),
}
MISSING = {type(None): None, type(pd.NA): pd.NA, type(pd.NaT): pd.NaT, float: math.nan}
NAN = struct.pack("d", math.nan)
# All that pandas has; the units that Arrow has, too.
UNITS = ("s", "ms", "us", "ns")


def encode(array: Any, path: str) -> Encoded:
    """Return a column: an array of pandas' or NumPy's.

    Raises SerializationError for one that would not come back as it is.
    """
    # Exactly: pandas' array of texts is derived from it.
    if type(array) is pd.arrays.NumpyExtensionArray:
        array = array.to_numpy()
    dtype = array.dtype
    if isinstance(dtype, np.dtype):
        values = np.asarray(array)
        return _objects(values, path) if dtype.kind == "O" else _numbers(values, path)
    name = type(dtype).__name__.removesuffix("Dtype")
    if type(dtype).__module__.partition(".")[0] == "pandas":
        if str(dtype) in MASKED:
            return _masked(array)
        if name in ENCODERS:
            return ENCODERS[name](array, path)
    return refuse(f"the column's dtype {dtype!r} has no form in Arrow that holds all of it", path)


def decode(spec: dict[str, Any], columns: list[Any]) -> Any:
    """Return the column; takes its columns of Arrow from the front of the list."""
    return DECODERS[spec["kind"]](spec, columns)


def refuse(why: str, path: str) -> Never:
    """Say why a column is not written."""
    raise SerializationError(f"{path}: {why}", path=path, data_type="pandas")


# NumPy's


def _numbers(values: np.ndarray[Any, Any], path: str) -> Encoded:
    dtype = values.dtype
    spec = {"kind": "numbers", "dtype": dtype.str}
    if dtype.metadata or np.dtype(dtype.str) != dtype:
        refuse(f"the column's dtype {dtype!r} would not come back as it is", path)
    native = values.astype(dtype.newbyteorder("="), copy=False)
    dated = dtype.kind in "mM" and np.datetime_data(dtype) in [(unit, 1) for unit in UNITS]
    if dated or (dtype.kind in "biuf" and dtype.itemsize <= 8):
        return spec, [pa.array(native, from_pandas=False)]
    # Complex numbers and the like: their bytes.
    there = np.ascontiguousarray(values)
    kind = pa.binary(dtype.itemsize)
    return spec, [pa.Array.from_buffers(kind, len(there), [None, pa.py_buffer(there.tobytes())])]


def _to_numbers(spec: dict[str, Any], columns: list[Any]) -> Any:
    dtype = np.dtype(spec["dtype"])
    column = columns.pop(0)
    if pa.types.is_fixed_size_binary(column.type):
        parts = [np.frombuffer(chunk.buffers()[1], dtype) for chunk in column.chunks]
        cut = [
            part[chunk.offset : chunk.offset + len(chunk)]
            for part, chunk in zip(parts, column.chunks, strict=True)
        ]
        return np.concatenate(cut) if cut else np.empty(0, dtype)
    # A copy where it is the file's own memory, which cannot be written to.
    found = column.to_numpy().astype(dtype, copy=False)
    return found if found.flags.writeable else found.copy()


def _objects(values: np.ndarray[Any, Any], path: str) -> Encoded:
    kinds = {*map(type, values)}
    for plain, arrow in ((str, pa.large_string()), (bytes, pa.large_binary())):
        rest = kinds - {plain}
        if len(rest) > 1 or not rest <= {*MISSING} or (float in rest and not _all_nan(values)):
            continue
        spec = {"kind": plain.__name__, "missing": next(iter(rest)).__name__ if rest else ""}
        here = [value if type(value) is plain else None for value in values]
        try:
            return spec, [pa.array(here, arrow)]
        except UnicodeEncodeError:
            # Half of a pair of surrogates: no text that others could read.
            break
    what = "a column of objects"
    return {"kind": "objects", "values": plain_bytes([*values], what, path)}, []


def _all_nan(values: np.ndarray[Any, Any]) -> bool:
    """Whether each float among the values is the NaN that everybody has."""
    return all(struct.pack("d", value) == NAN for value in values if type(value) is float)


def _to_objects(spec: dict[str, Any], columns: list[Any]) -> Any:
    if spec["kind"] == "objects":
        values = plain_value(spec["values"])
    else:
        values = columns.pop(0).to_pylist()
        named = {kind.__name__: value for kind, value in MISSING.items()}
        missing = named.get(spec["missing"])
        if missing is not None:
            values = [missing if value is None else value for value in values]
    return np.fromiter(values, object, len(values))


# pandas' own


def _masked(array: Any) -> Encoded:
    missing = np.asarray(array.isna())
    dtype = array.dtype.numpy_dtype
    data = array.to_numpy(dtype=dtype, na_value=dtype.type(0))
    spec = {"kind": "masked", "dtype": str(array.dtype)}
    return spec, [pa.array(data, mask=missing, from_pandas=False)]


def _to_masked(spec: dict[str, Any], columns: list[Any]) -> Any:
    column = columns.pop(0)
    missing = column.is_null().to_numpy()
    data = column.fill_null(False if spec["dtype"] == "boolean" else 0).to_numpy()
    return MASKED[spec["dtype"]](data.copy(), missing.copy())


def _string(array: Any, path: str) -> Encoded:
    spec = {"kind": "string", "dtype": _string_dtype(array.dtype)}
    try:
        column = array.__arrow_array__()
    except UnicodeEncodeError as error:
        refuse(f"a text is no text in UTF-8: {error}; keep the column as bytes", path)
    return spec, [column.cast(pa.large_string())]


def _string_dtype(dtype: Any) -> list[str]:
    # pandas before 2.3 has but one missing value a storage.
    missing = getattr(dtype, "na_value", pd.NA)
    return [dtype.storage, "NaN" if missing is not pd.NA else "NA"]


def _to_string(spec: dict[str, Any], columns: list[Any]) -> Any:
    storage, missing = spec["dtype"]
    dtype = pd.StringDtype(storage)
    if _string_dtype(dtype)[1] != missing:
        dtype = pd.StringDtype(storage, na_value=math.nan)
    return dtype.__from_arrow__(columns.pop(0))


def _zoned(array: Any, path: str) -> Encoded:
    tz = array.dtype.tz
    pytz = type(tz).__module__.partition(".")[0] == "pytz"
    zone = {"pytz": tz.zone} if pytz else {"tz": tz}
    plain_bytes(zone, f"the time zone {tz!r}", path)
    if _zone(zone) != tz:
        refuse(f"the time zone {tz!r} would not come back as it is", path)
    spec, columns = _numbers(np.asarray(array.tz_convert(None)), path)
    return {"kind": "zoned", "utc": spec, "zone": zone}, columns


def _zone(zone: dict[str, Any]) -> Any:
    if "tz" in zone:
        return zone["tz"]
    # Whoever wrote this had it.
    import pytz

    return pytz.timezone(zone["pytz"]) if zone["pytz"] else None


def _to_zoned(spec: dict[str, Any], columns: list[Any]) -> Any:
    utc = pd.DatetimeIndex(_to_numbers(spec["utc"], columns))
    # A copy, because what an index gives away cannot be written to.
    return utc.tz_localize("UTC").tz_convert(_zone(spec["zone"])).array.copy()


def _categorical(array: Any, path: str) -> Encoded:
    from holdall.serializers._index import pack

    categories = pack(array.categories, f"{path}.categories")
    codes = pa.array(np.asarray(array.codes), from_pandas=False)
    return {"kind": "categorical", "categories": categories, "ordered": array.ordered}, [codes]


def _to_categorical(spec: dict[str, Any], columns: list[Any]) -> Any:
    from holdall.serializers._index import unpack

    dtype = pd.CategoricalDtype(unpack(spec["categories"]), ordered=spec["ordered"])
    return pd.Categorical.from_codes(columns.pop(0).to_numpy().copy(), dtype=dtype)


def _period(array: Any, path: str) -> Encoded:
    name = str(array.dtype)
    if pd.api.types.pandas_dtype(name) != array.dtype:
        refuse(f"the period {array.dtype!r} would not come back as it is", path)
    return {"kind": "period", "dtype": name}, [pa.array(np.asarray(array.asi8), from_pandas=False)]


def _to_period(spec: dict[str, Any], columns: list[Any]) -> Any:
    dtype = pd.api.types.pandas_dtype(spec["dtype"])
    return pd.arrays.PeriodArray(columns.pop(0).to_numpy().copy(), dtype=dtype)


def _interval(array: Any, path: str) -> Encoded:
    left, here = encode(array.left.array, f"{path}.left")
    right, there = encode(array.right.array, f"{path}.right")
    spec = {"kind": "interval", "left": left, "right": right, "closed": array.closed}
    return spec, [*here, *there]


def _to_interval(spec: dict[str, Any], columns: list[Any]) -> Any:
    left, right = decode(spec["left"], columns), decode(spec["right"], columns)
    return pd.arrays.IntervalArray.from_arrays(left, right, closed=spec["closed"])


def _arrow(array: Any, path: str) -> Encoded:  # noqa: ARG001 - one signature for all
    return {"kind": "arrow"}, [array.__arrow_array__()]


def _to_arrow(spec: dict[str, Any], columns: list[Any]) -> Any:  # noqa: ARG001 - the same
    return pd.arrays.ArrowExtensionArray(columns.pop(0))


ENCODERS = {
    "Arrow": _arrow,
    "Categorical": _categorical,
    "DatetimeTZ": _zoned,
    "Interval": _interval,
    "Period": _period,
    "String": _string,
}
DECODERS = {
    "arrow": _to_arrow,
    "bytes": _to_objects,
    "categorical": _to_categorical,
    "interval": _to_interval,
    "masked": _to_masked,
    "numbers": _to_numbers,
    "objects": _to_objects,
    "period": _to_period,
    "str": _to_objects,
    "string": _to_string,
    "zoned": _to_zoned,
}
