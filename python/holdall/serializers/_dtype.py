"""NumPy's dtypes as plain data, and how arrays of them lie in HDF5 and Zarr.

`native` dtypes lie there as they are. Dates and durations are `int64`, which every reader knows; of the
others, `bytes`, the bytes are kept, along one more axis: neither format holds them all, and the two
versions of Zarr differ in which. Texts of any length are `text`.
"""

from typing import Any

import numpy as np

from holdall.errors import SerializationError

# What is plain data of a dtype: NumPy's own name, or the fields of a structured one.
Spec = Any

LARGEST = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}


def spec_of(dtype: np.dtype[Any], path: str = "$") -> Spec:
    """Return a dtype as plain data.

    Raises SerializationError for one with objects in it, and one that would not be the same again.
    """
    if dtype.kind == "T":
        return _text_spec(dtype, path)
    if dtype.hasobject:
        raise SerializationError(
            f"{path}: an array of objects (dtype {dtype}) has no exact form in a file of arrays; give it "
            "a dtype, such as numpy.dtypes.StringDType() for texts, or keep it as a list",
            path=path,
            data_type="numpy.ndarray",
        )
    if type(dtype).__module__.partition(".")[0] == "numpy" and dtype.itemsize:
        descr = np.lib.format.dtype_to_descr(dtype) if dtype.names else dtype.str
        spec = _plain(descr)
        if _same(dtype, dtype_of(spec)):
            return spec
    raise SerializationError(
        f"{path}: the dtype {dtype!r} would not come back as it is; copy the array to a plain dtype, "
        "without metadata or alignment",
        path=path,
        data_type="numpy.ndarray",
    )


def dtype_of(spec: Spec) -> np.dtype[Any]:
    """Return the dtype of `spec_of`."""
    if isinstance(spec, dict):
        return np.dtypes.StringDType(coerce=spec["coerce"])
    if isinstance(spec, str):
        return np.dtype(spec)
    return np.lib.format.descr_to_dtype([_tuples(field) for field in spec])


def _text_spec(dtype: Any, path: str) -> Spec:
    if hasattr(dtype, "na_object"):
        raise SerializationError(
            f"{path}: texts with a missing value ({dtype!r}) have no exact form in a file of arrays; fill "
            "them, or keep the array as a list",
            path=path,
            data_type="numpy.ndarray",
        )
    return {"text": True, "coerce": bool(dtype.coerce)}


def _plain(descr: Any) -> Any:
    """Turn a description into lists, which every plain form of data has."""
    return [_plain(part) for part in descr] if isinstance(descr, (list, tuple)) else descr


def _tuples(field: Any) -> Any:
    """Return a field as NumPy takes it: a tuple of name or (title, name), dtype, and shape."""
    name, dtype, *shape = field
    name = tuple(name) if isinstance(name, (list, tuple)) else name
    inner = dtype if isinstance(dtype, str) else [_tuples(part) for part in dtype]
    return (name, inner, *map(tuple, shape))


def _same(one: np.dtype[Any], other: np.dtype[Any]) -> bool:
    """Whether two dtypes are the same, which NumPy's == answers only by what is computed with them."""
    if one != other or type(one) is not type(other) or one.type is not other.type:
        return False
    if one.isalignedstruct != other.isalignedstruct or one.metadata != other.metadata:
        return False
    if one.subdtype is not None and other.subdtype is not None:
        return _same(one.subdtype[0], other.subdtype[0])
    if one.fields is None or other.fields is None:
        return True
    return all(_same(one.fields[name][0], other.fields[name][0]) for name in one.names or ())


def form_of(dtype: np.dtype[Any]) -> str:
    """Return how arrays of a dtype lie in HDF5 and Zarr: native, int64, bytes or text."""
    if dtype.kind == "T":
        return "text"
    if dtype.isnative and dtype.itemsize <= LARGEST.get(dtype.kind, 0):
        return "native"
    return "int64" if dtype.kind in "mM" and dtype.isnative else "bytes"


def stored(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array as it lies there."""
    form = form_of(array.dtype)
    if form == "native":
        return array
    if form == "int64":
        return array.view(np.int64)
    if form == "text":
        return array.astype(object)
    # The new axis comes from a view of bytes, which wants them side by side.
    there = np.ascontiguousarray(array).reshape(array.shape)
    return there.reshape((*array.shape, 1)).view(np.uint8)


def restored(there: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return an array from what lies there."""
    form = form_of(dtype)
    if form == "native":
        return np.asarray(there, dtype=dtype)
    if form == "int64":
        return np.asarray(there, dtype=np.int64).view(dtype)
    if form == "text":
        return np.asarray(there, dtype=object).astype(dtype)
    found: np.ndarray[Any, Any] = np.ascontiguousarray(there, dtype=np.uint8).view(dtype)
    return found.reshape(found.shape[:-1])


def lying(
    shape: tuple[int, ...], dtype: np.dtype[Any]
) -> tuple[tuple[int, ...], tuple[int, ...], Any]:
    """Return the shape of what lies there, its axes beyond the array's, and its dtype."""
    form = form_of(dtype)
    if form == "bytes":
        return (*shape, dtype.itemsize), (dtype.itemsize,), np.dtype(np.uint8)
    if form == "text":
        return shape, (), "text"
    return shape, (), dtype if form == "native" else np.dtype(np.int64)
