"""NumPy's values: by the meaning of the dtype, the shape, and the content in C order.

Arrays whose items are their bytes are the engine's. What is here turns any other into such arrays, or
into lists of what they refer to.
"""

from typing import Any

import numpy as np

from holdall.fingerprint.attributes import Attributes, below
from holdall.fingerprint.describe_code import name_of

Parts = tuple[Any, ...]

# The dtypes that the engine takes as they are, in this machine's byte order, each with its name.
# NumPy has one object for each.
CODES = "?bBhHiIlLqQefdFD"
PLAIN = [(np.dtype(code), np.dtype(code).str) for code in CODES]

contiguous = np.ascontiguousarray


def usual(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array with the dtype that NumPy has for all of its kind, if it is one of those above."""
    code = value.dtype.char
    known = np.dtype(code) if code in CODES else None
    return value.view(known) if known == value.dtype else value


def dtype_of(dtype: np.dtype[Any]) -> Parts:
    """Describe a dtype so that two are alike where NumPy says that they are equal."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return ("subarray", dtype_of(base), shape)
    if dtype.names is not None and dtype.fields is not None:
        fields = [(name, *field(dtype.fields[name])) for name in dtype.names]
        return ("fields", fields, dtype.itemsize, name_of(dtype.type))
    if dtype.kind == "T":
        return ("strings", getattr(dtype, "na_object", ...), getattr(dtype, "coerce", True))
    return (dtype.str, name_of(dtype.type))


def field(found: Any) -> Parts:
    """Describe a field: its dtype, its place, and its title if it has one."""
    dtype, offset, *title = found
    return (dtype_of(dtype), offset, *title)


def array(value: np.ndarray[Any, Any]) -> Parts:
    """Describe an array of which not every byte counts, or that the engine does not know."""
    return ("numpy.ndarray", dtype_of(value.dtype), value.shape, content(value))


def content(value: np.ndarray[Any, Any]) -> Any:
    """Return the items of an array as arrays of bytes or numbers, or as a list."""
    dtype = value.dtype
    if dtype.names is not None:
        return [content(value[name]) for name in dtype.names]
    if dtype.hasobject or dtype.kind == "T":
        return value.reshape(-1).tolist()
    if dtype.kind in "mM":
        return value.view(np.int64) if dtype.isnative else value.view(">i8").astype(np.int64)
    if dtype.kind in "fc" and dtype.itemsize not in {2, 4, 8, 16}:
        return significant(value)
    if dtype.char in "gG":
        return significant(value)
    return raw(value)


def raw(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the bytes of the items in C order."""
    if value.dtype.itemsize == 0:
        return np.empty(0, np.uint8)
    return contiguous(value).reshape(-1).view(np.uint8)


def significant(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the bytes of long doubles that count: the rest is what happened to be there."""
    parts = 2 if value.dtype.kind == "c" else 1
    size = value.dtype.itemsize // parts
    used = 10 if np.finfo(np.longdouble).nmant == 63 else size
    found = raw(value).reshape(-1, size)
    return contiguous(found[:, :used] if value.dtype.isnative else found[:, size - used :])


def scalar(value: np.generic) -> Parts:
    """Describe one item of an array as the array of it."""
    kind = type(value)
    if kind is value.dtype.type:
        return ("numpy.generic", *name_of(kind), np.asarray(value))
    return ("subclass", kind, below(value, np.generic), np.asarray(value))


def subarray(value: np.ndarray[Any, Any]) -> Parts:
    """Describe an array of a subclass as an array, with its attributes."""
    return ("subclass", type(value), below(value, np.ndarray), value.view(np.ndarray))


def dtype(value: np.dtype[Any]) -> Parts:
    """Describe a dtype as a value."""
    return ("numpy.dtype", dtype_of(value))


def masked(value: np.ma.MaskedArray[Any, Any]) -> Parts:
    """Describe an array with a mask, what is under the mask included: it can be seen."""
    return (
        "numpy.ma",
        Attributes(
            data=np.asarray(value.data),
            mask=np.ma.getmaskarray(value),
            fill_value=value.fill_value,
            hardmask=bool(value.hardmask),
        ),
    )


TABLE: dict[type, Any] = {
    np.ndarray: "array",
    # Where its memory lies is not what it is.
    np.memmap: "array",
    np.ma.MaskedArray: masked,
}
WHOLE: dict[type, Any] = {np.ndarray: subarray, np.generic: scalar, np.dtype: dtype}
