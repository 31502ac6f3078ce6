"""Arrow's values: by their types, and by what they say at each place.

Chunks, offsets into a shared buffer, and what lies in a buffer where nothing is said are no part of
them: a slice is like a copy of it.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdall.fingerprint.attributes import Attributes

Parts = tuple[Any, ...]


def of_table(value: Any) -> Parts:
    """Describe a table or a batch by its schema and its columns."""
    columns = [value.column(at) for at in range(value.num_columns)]
    return (
        "arrow.table",
        type(value).__name__,
        value.num_rows,
        Attributes(schema=value.schema, columns=columns),
    )


def of_schema(value: Any) -> Parts:
    """Describe a schema by its fields and what else it says."""
    return ("arrow.schema", [value.field(at) for at in range(len(value))], value.metadata)


def of_field(value: Any) -> Parts:
    """Describe a field."""
    return ("arrow.field", value.name, value.type, value.nullable, value.metadata)


def of_type(value: Any) -> Parts:
    """Describe a type by its name, and by the fields and types inside."""
    inside = [value.field(at) for at in range(value.num_fields)]
    beside: Any = None
    if isinstance(value, pa.BaseExtensionType):
        return ("arrow.extension", value.extension_name, value.storage_type, extra(value))
    if pa.types.is_dictionary(value):
        beside = (value.index_type, value.value_type)
    return ("arrow.type", str(value), inside, beside)


def extra(value: Any) -> bytes | None:
    """Return what an extension's type says of itself."""
    told = getattr(value, "__arrow_ext_serialize__", None)
    return None if told is None else bytes(told())


def of_chunks(value: Any) -> Parts:
    """Describe an array in chunks by what it is as a whole."""
    whole = value.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # too long for the offsets of its type
        pieces = [plain(chunk) for chunk in whole.chunks if len(chunk)]
        return ("arrow.chunks", value.type, len(value), pieces)
    return ("arrow.chunked", value.type, len(value), plain(whole))


def of_array(value: Any) -> Parts:
    """Describe an array."""
    return ("arrow.array", value.type, len(value), plain(value))


def plain(value: Any) -> Any:
    """Return what an array says as NumPy arrays, one for what is missing before the others."""
    kind = value.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(value.storage)
    if pa.types.is_dictionary(kind):
        return plain(value.dictionary_decode())
    if pa.types.is_null(kind):
        return None
    missing = None
    if value.null_count:
        missing = value.is_null().to_numpy(zero_copy_only=False)
    return (missing, inside(value, kind, missing))


def inside(value: Any, kind: Any, missing: Any) -> Any:
    """Return what an array says where it says something."""
    types = pa.types
    if types.is_boolean(kind):
        filled = value if missing is None else value.fill_null(False)
        return filled.to_numpy(zero_copy_only=False)
    if width := width_of(kind):
        return fixed(value, width, missing)
    if types.is_string(kind) or types.is_large_string(kind):
        return spans(value, "", np.int64 if types.is_large_string(kind) else np.int32)
    if types.is_binary(kind) or types.is_large_binary(kind):
        return spans(value, b"", np.int64 if types.is_large_binary(kind) else np.int32)
    if types.is_list(kind) or types.is_large_list(kind):
        lengths = pc.list_value_length(value).fill_null(0).to_numpy(zero_copy_only=False)
        return (lengths.astype(np.int64), plain(value.flatten()))
    if types.is_fixed_size_list(kind):
        return plain(value.flatten())
    if types.is_struct(kind):
        return [plain(field) for field in value.flatten()]
    return value.to_pylist()


def width_of(kind: Any) -> int:
    """Return how many bytes each item has, 0 where that is not so simple."""
    types = pa.types
    if types.is_primitive(kind) or types.is_decimal(kind) or types.is_fixed_size_binary(kind):
        return int(kind.bit_width) // 8
    return 0


def fixed(value: Any, width: int, missing: Any) -> Any:
    """Return the bytes of items of one width, zero where nothing is said."""
    data = value.buffers()[1]
    if data is None or not len(value):
        return None
    start = value.offset * width
    found = np.frombuffer(data, np.uint8)[start : start + len(value) * width]
    if missing is not None:
        found = found.reshape(len(value), width).copy()
        found[missing] = 0
    return found


def spans(value: Any, empty: Any, kind: Any) -> Any:
    """Return the lengths of items of any width, and all their bytes."""
    if value.null_count:
        value = value.fill_null(empty)
    _, places, data = value.buffers()
    if places is None or not len(value):
        return None
    ends = np.frombuffer(places, kind)[value.offset : value.offset + len(value) + 1]
    first, last = int(ends[0]), int(ends[-1])
    held = np.frombuffer(data, np.uint8)[first:last] if data is not None else None
    return (np.diff(ends).astype(np.int64), held)


def of_scalar(value: Any) -> Parts:
    """Describe a single value as an array of it."""
    return ("arrow.scalar", value.type, plain(pa.array([value.as_py()], value.type)))


def of_buffer(value: Any) -> Parts:
    """Describe memory by its bytes."""
    return ("arrow.buffer", memoryview(value))


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {
    pa.Table: of_table,
    pa.RecordBatch: of_table,
    pa.Schema: of_schema,
    pa.Field: of_field,
    pa.DataType: of_type,
    pa.ChunkedArray: of_chunks,
    pa.Array: of_array,
    pa.Scalar: of_scalar,
    pa.Buffer: of_buffer,
}
