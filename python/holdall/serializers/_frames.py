"""Frames and series of pandas as tables of Arrow, and back."""

from typing import Any

import pandas as pd
import pyarrow as pa

from holdall.errors import SerializationError
from holdall.serializers._columns import decode, encode
from holdall.serializers._index import KEY, decode_index, encode_index, pack, unpack
from holdall.serializers._plain import plain_bytes, plain_value


def to_arrow(value: Any, path: str = "$") -> Any:
    """Return a DataFrame or a Series as a table, which says in its schema what else there is to it.

    Raises SerializationError for one that would not come back as it is.
    """
    kind = type(value)
    if kind not in (pd.DataFrame, pd.Series):
        name = f"{kind.__module__}.{kind.__qualname__}"
        raise SerializationError(
            f"{path}: a {name} may have more to it than pandas knows; keep a plain DataFrame or Series, "
            "or register a serializer for its class",
            path=path,
            data_type=name,
        )
    about: dict[str, Any] = {
        "kind": kind.__name__,
        "attrs": value.attrs,
        "duplicates": value.flags.allows_duplicate_labels,
    }
    plain_bytes(value.attrs, "attrs", path)
    if kind is pd.Series:
        plain_bytes(value.name, "the name of a series", path)
        about["name"] = value.name
        labels, arrays = [value.name], [value.array]
    else:
        about["columns"] = pack(value.columns, f"{path}.columns")
        labels = [*value.columns]
        arrays = [value.iloc[:, place].array for place in range(len(labels))]
    columns: list[Any] = []
    names: list[str] = []
    about["values"] = []
    for label, array in zip(labels, arrays, strict=True):
        spec, encoded = encode(array, f"{path}[{label!r}]")
        about["values"].append(spec)
        columns += encoded
        names += [str(label) if len(encoded) == 1 else f"{label} {n}" for n in range(len(encoded))]
    about["index"], encoded = encode_index(value.index, f"{path}.index")
    columns += encoded
    names += [f"index {n}" for n in range(len(encoded))]
    # The names are for other readers; ours goes by the place.
    if len({*names}) < len(names):
        names = [str(place) for place in range(len(names))]
    metadata = {KEY: plain_bytes(about, "the columns", path)}
    fields = [pa.field(name, column.type) for name, column in zip(names, columns, strict=True)]
    return pa.table(columns, schema=pa.schema(fields, metadata))


def from_arrow(table: Any) -> Any:
    """Return the frame or series of a table."""
    about = plain_value(table.schema.metadata[KEY])
    columns = [*table.columns]
    arrays = [decode(spec, columns) for spec in about["values"]]
    index = decode_index(about["index"], columns)
    series = [pd.Series(array, index, dtype=array.dtype, copy=False) for array in arrays]
    value: Any
    if about["kind"] == "Series":
        value = series[0]
        value.name = about["name"]
    else:
        value = pd.DataFrame(dict(enumerate(series)), index=index)
        value.columns = unpack(about["columns"])
    value.attrs = about["attrs"]
    return value if about["duplicates"] else value.set_flags(allows_duplicate_labels=False)
