"""An index of pandas' as columns of Arrow, and back."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from holdall.serializers._columns import decode, encode, refuse
from holdall.serializers._plain import plain_bytes, plain_value

# Where a table of Arrow says what it is of.
KEY = b"holdall"
CLASSES = (
    pd.Index,
    pd.CategoricalIndex,
    pd.DatetimeIndex,
    pd.IntervalIndex,
    pd.PeriodIndex,
    pd.TimedeltaIndex,
)


def encode_index(index: Any, path: str) -> tuple[dict[str, Any], list[Any]]:
    """Return an index: what else is needed to read it, and the columns of Arrow.

    Raises SerializationError for one that would not come back as it is.
    """
    kind = type(index)
    plain_bytes(list(index.names), "the name of an index", path)
    if kind is pd.RangeIndex:
        span = [index.start, index.stop, index.step]
        return {"kind": "range", "span": span, "name": index.name}, []
    if kind is pd.MultiIndex:
        levels = [
            pack(level.rename(None), f"{path}.levels[{n}]") for n, level in enumerate(index.levels)
        ]
        codes = [pa.array(np.asarray(code), from_pandas=False) for code in index.codes]
        return {"kind": "levels", "levels": levels, "names": list(index.names)}, codes
    if kind not in CLASSES:
        refuse(f"the index is a {kind.__module__}.{kind.__qualname__}, none of pandas' own", path)
    values, columns = encode(index.array, path)
    freq = _freq(index, path) if kind in (pd.DatetimeIndex, pd.TimedeltaIndex) else None
    return {"kind": "values", "values": values, "name": index.name, "freq": freq}, columns


def decode_index(spec: dict[str, Any], columns: list[Any]) -> Any:
    """Return the index; takes its columns of Arrow from the front of the list."""
    if spec["kind"] == "range":
        return pd.RangeIndex(*spec["span"], name=spec["name"])
    if spec["kind"] == "levels":
        levels = [unpack(level) for level in spec["levels"]]
        codes = [columns.pop(0).to_numpy() for _ in levels]
        return pd.MultiIndex(
            levels=levels, codes=codes, names=spec["names"], verify_integrity=False
        )
    values = decode(spec["values"], columns)
    index = pd.Index(values, dtype=values.dtype, name=spec["name"], copy=False)
    if spec["freq"] is not None:
        index.freq = spec["freq"]
    return index


def _freq(index: Any, path: str) -> str | None:
    """Return an index's frequency by name, if its name is all there is to it."""
    if index.freq is None:
        return None
    name: str = index.freqstr
    try:
        again = pd.tseries.frequencies.to_offset(name)
    except ValueError:
        again = None
    if again != index.freq:
        refuse(
            f"the index has the frequency {index.freq!r}, whose name is not all there is to it; remove it "
            "with index._with_freq(None), or pd.DatetimeIndex(index, freq=None)",
            path,
        )
    return name


def pack(index: Any, path: str) -> bytes:
    """Return an index as bytes: a table of Arrow in itself."""
    spec, columns = encode_index(index, path)
    fields = [pa.field(str(n), column.type) for n, column in enumerate(columns)]
    schema = pa.schema(fields, {KEY: plain_bytes(spec, "an index", path)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.table(columns, schema=schema))
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack(packed: bytes) -> Any:
    """Return the index of `pack`."""
    table = pa.ipc.open_stream(packed).read_all()
    return decode_index(plain_value(table.schema.metadata[KEY]), [*table.columns])
